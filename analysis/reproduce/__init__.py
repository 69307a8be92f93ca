"""Open data sets with the protocols and settings by which recognizers are shown on them."""
