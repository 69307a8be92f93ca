"""Recordings at any zoom: the smallest and largest value of every stretch, in a cache beside the file."""

from analysis.overview.cache import SUFFIX, OverviewCancelledError, OverviewError, erase_overview
from analysis.overview.overview import GapSpan, Overview, Reach, open_overview

__all__ = [
    "SUFFIX",
    "GapSpan",
    "Overview",
    "OverviewCancelledError",
    "OverviewError",
    "Reach",
    "erase_overview",
    "open_overview",
]
