"""What participants felt: their answers by category and stimulus, against the norms (Yang et al., Fig. 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.corpus.corpus import Corpus
from app.analysing.html_page import Page, Table
from app.analysing.svg import GREY, SERIES, Axes, Figure

COLUMNS = ("item", "of", "name", "answers", "mean", "sd", "median", "above_middle", "below_middle", "norm")


@dataclass(frozen=True, slots=True)
class Spread:
    """The answers to one item about a category or a stimulus."""

    item: str
    of: str
    name: str
    values: tuple[float, ...]
    middle: float | None
    norm: float | None = None

    @property
    def row(self) -> tuple[object, ...]:
        """The row of the table; shares are of the answers, those in the middle in neither."""
        found = np.array(self.values)
        above = below = None
        if self.middle is not None:
            above, below = float((found > self.middle).mean()), float((found < self.middle).mean())
        sd = float(found.std(ddof=1)) if len(found) > 1 else None
        return (
            self.item, self.of, self.name, len(found), float(found.mean()), sd, float(np.median(found)),
            above, below, self.norm,
        )  # fmt: skip


def spreads(
    corpus: Corpus, middles: Mapping[str, float], norms: Mapping[str, Mapping[str, float]]
) -> tuple[Spread, ...]:
    """Return the answers by item: of each category, then of each stimulus with its norm."""
    by: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for trial in corpus.trials:
        for item, value in trial.ratings.items():
            by[item, "category", trial.category or "–"].append(value)
            if trial.stimulus:
                by[item, "stimulus", trial.stimulus].append(value)
    return tuple(
        Spread(item, of, name, tuple(values), middles.get(item), norms.get(name, {}).get(item))
        for (item, of, name), values in sorted(by.items())
    )


def add_ratings(
    page: Page, corpus: Corpus, middles: Mapping[str, float], norms: Mapping[str, Mapping[str, float]]
) -> None:
    """Add the section to a page."""
    page.section("Ratings")
    found = spreads(corpus, middles, norms)
    if not found:
        page.text("Nobody was asked for a number.")
        return
    table = Table("ratings", COLUMNS, tuple(each.row for each in found))
    items = sorted({each.item for each in found})
    for item in items:
        categories = [each for each in found if each.item == item and each.of == "category"]
        page.figure(
            histograms(categories, middles.get(item)),
            f"{item}: distribution of the answers by category; the dotted line is their mean.",
            table,
        )
    compared = [each for each in found if each.of == "stimulus" and each.norm is not None]
    for item in sorted({each.item for each in compared}):
        chosen = [each for each in compared if each.item == item]
        page.figure(
            against_norms(chosen),
            f"{item}: mean answer to each stimulus against its norm.",
            Table(f"norms-{item}", COLUMNS, tuple(each.row for each in chosen)),
        )
    page.table(table, most=40)


def histograms(groups: Sequence[Spread], middle: float | None) -> Figure:
    """Return a histogram a category, one bin a point of the scale, the mean as a dotted line."""
    low = min(min(each.values) for each in groups)
    high = max(max(each.values) for each in groups)
    if middle is not None:
        low, high = min(low, 1.0), max(high, 2 * middle - 1)
    whole = all(value == round(value) for each in groups for value in each.values)
    edges = np.arange(low - 0.5, high + 1) if whole and high - low < 12 else np.linspace(low, high + 1e-9, 11)
    wide = 200.0
    figure = Figure(76 + (wide + 24) * len(groups), 230, f"Answers to {groups[0].item} by category")
    tallest = max(float(np.histogram(each.values, edges)[0].max() / len(each.values)) for each in groups)
    for place, each in enumerate(groups):
        axes = Axes(
            figure, 60 + (wide + 24) * place, 30, wide, 140, (edges[0], edges[-1]), (0, 100 * tallest * 1.05)
        )
        axes.x_axis(each.item if place == 0 else "")
        if place == 0:
            axes.y_axis("% of answers")
        figure.text(axes.left, 20, f"{each.name} (n = {len(each.values)})", weight="600")
        for count, start, stop in zip(
            np.histogram(each.values, edges)[0], edges[:-1], edges[1:], strict=True
        ):
            share = 100 * float(count) / len(each.values)
            left, top = axes.at(float(start), share)
            right, bottom = axes.at(float(stop), 0)
            colour = SERIES[place % len(SERIES)]
            figure.rect(left + 1, top, right - left - 2, bottom - top, colour, 0.8, f"{share:.1f} %")
        mean = float(np.mean(each.values))
        x, top = axes.at(mean, axes.y[1])
        figure.line(x, top, x, axes.top + axes.height, width=1.5, dashes="2 3")
        figure.text(x + 4, top + 10, f"{mean:.2f}")
    return figure


def against_norms(rows: Sequence[Spread]) -> Figure:
    """Return each stimulus' mean answer over its norm, with the line where both are equal."""
    pairs = [(float(each.norm or 0), float(np.mean(each.values))) for each in rows]
    low = min(min(pair) for pair in pairs) - 0.3
    high = max(max(pair) for pair in pairs) + 0.3
    figure = Figure(420, 380, f"{rows[0].item}: answers against norms")
    axes = Axes(figure, 56, 16, 340, 310, (low, high), (low, high))
    axes.x_axis("norm")
    axes.y_axis("mean answer")
    figure.line(*axes.at(low, low), *axes.at(high, high), GREY, dashes="4 3")
    for each, pair in zip(rows, pairs, strict=True):
        figure.dot(*axes.at(*pair), tip=f"{each.name}: norm {pair[0]:.2f}, answered {pair[1]:.2f}")
    return figure
