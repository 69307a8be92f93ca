"""Tests of within-participant designs: from trials to the lines of a report."""
