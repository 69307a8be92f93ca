"""Recognizers: what is common to them, the models of the literature, and the baselines beside them."""
