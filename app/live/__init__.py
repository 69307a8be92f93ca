"""Trained recognizers on a running session, on LSL streams, or on a session that is replayed."""
