"""Figures as SVG: a legend stays inside its figure."""

from __future__ import annotations

import re

import pytest

from app.analysing.svg import LEGEND_PX, Figure, legend

NAMES = ("interview-negative", "interview-neutral", "interview-positive", "picture-negative")


@pytest.mark.parametrize(("right", "lines"), [(1000.0, 1), (400.0, 2), (1.0, 4)])
def test_names_that_do_not_fit_go_on_a_line_lower(right: float, lines: int) -> None:
    figure = Figure(right, 200, "names")
    assert legend(figure, NAMES, 20, 16, right) == lines
    placed = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]+)<', figure.svg())
    assert [name for _, _, name in placed] == list(NAMES)
    assert sorted({float(y) for _, y, _ in placed}) == [16 + LEGEND_PX * line for line in range(lines)]
