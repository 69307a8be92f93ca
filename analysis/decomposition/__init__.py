"""Empirical mode decomposition of one channel: plain, masked and with ensembles, and what modes say."""
