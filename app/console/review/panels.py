"""The figures around a recording: a line a panel."""

from __future__ import annotations

from app.console.review.averages_panel import AveragesPanel
from app.console.review.compare_panel import ComparePanel
from app.console.review.figure_panel import FigurePanel
from app.console.review.head_map import HeadMapPanel
from app.console.review.spectrum_panel import SpectrumPanel


def make_panels() -> list[FigurePanel]:
    """Return one of each panel, in the order of the menu."""
    return [SpectrumPanel(), HeadMapPanel(), AveragesPanel(), ComparePanel()]
