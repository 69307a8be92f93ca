"""Runs side by side: each with its interval, each participant in each run, paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.evaluation.compare import Comparison
from app.analysing.html_page import Table
from app.analysing.run_figures import AROUND_PX, ROW_PX, Shown, metric_title, short, wilson
from app.analysing.svg import SERIES, Axes, Estimate, Figure, forest, legend

SUB_PX = 13.0


@dataclass(frozen=True, slots=True)
class RunRow:
    """A finished run in the table: `label` is short and its own; p is None with a reason under 99."""

    folder: Path
    name: str
    label: str
    recognizer: str
    target: str
    recipe: str
    split: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    why: str
    baseline: float | None
    p: float | None
    p_words: str
    standing: str
    watermark: str
    cases: int
    participants: int
    metrics: tuple[str, ...]
    people: tuple[Mapping[str, Any], ...] = ()

    @property
    def score(self) -> str:
        """The metric with its interval."""
        if self.value is None:
            return "undefined"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


COLUMNS = (
    "run", "recognizer", "target", "split", "metric", "value", "low", "high", "why_no_interval", "baseline",
    "p", "p_by", "standing", "watermark", "cases", "participants",
)  # fmt: skip


def run_table(rows: Sequence[RunRow]) -> Table:
    """Return runs as a table."""
    told = tuple(
        (
            row.name, row.recognizer, row.target, row.split, row.metric, row.value, row.low, row.high,
            row.why, row.baseline, row.p, row.p_words, row.standing, row.watermark, row.cases,
            row.participants,
        )
        for row in rows
    )  # fmt: skip
    return Table("runs", COLUMNS, told)


def runs_figure(rows: Sequence[RunRow], metric: str) -> Shown:
    """Return a forest plot, a row a run."""
    label = metric_title(metric)
    own = [row for row in rows if row.metric == metric]
    levels = {row.baseline for row in own if row.baseline is not None}
    level = levels.pop() if len(levels) == 1 else None
    estimates = []
    for row in rows:
        name = row.label + (" (LEAKY)" if row.watermark else "")
        if row.metric == metric:
            estimates.append(Estimate(name, row.value, row.low, row.high, row.why))
        else:
            estimates.append(Estimate(name, None, None, None, f"it has no {label}"))
    about = f"{label} of each run with its 95 % interval over participants"
    about += f"; dashed: the majority baseline ({level:.3f})." if level is not None else "."
    without = [row for row in own if row.low is None and row.why]
    if without:
        about += f" No interval: {without[0].why}."
    high = AROUND_PX + ROW_PX * len(rows)

    def make(width: float, height: float) -> Figure:
        del height
        return forest(estimates, "Runs", label, level, width)

    return Shown("runs", "Runs", about, make, run_table(rows), (860.0, high), (560.0, high))


def people_figure(rows: Sequence[RunRow], measure: str = "accuracy") -> Shown:
    """Return a forest plot of every participant, a line for each run below the other."""
    people = sorted({str(each["participant"]) for row in rows for each in row.people})
    known: dict[tuple[str, str], Mapping[str, Any]] = {
        (row.label, str(each["participant"])): each for row in rows for each in row.people
    }
    label = metric_title(measure)
    is_share = measure == "accuracy"
    cells = []
    for who in people:
        for row in rows:
            told = known.get((row.label, who))
            value = None if told is None else told.get(measure)
            n = 0 if told is None else int(told["cases"])
            ends = wilson(round(value * n), n) if is_share and value is not None else (None, None)
            cells.append((who, row.name, n, value, *ends))
    each_px = max(ROW_PX, SUB_PX * len(rows) + 6)
    high = 96.0 + each_px * len(people)

    def make(width: float, height: float) -> Figure:
        del height
        figure = Figure(width, high, "Participants")
        names_px = 24 + 7.0 * min(18, max((len(who) for who in people), default=4))
        values = [v for cell in cells for v in cell[3:6] if isinstance(v, float | int)]
        low, top = (0.0, 1.0) if is_share else (min([0.0, *values]), max([1e-9, *values]))
        axes = Axes(figure, names_px, 34, max(120.0, width - names_px - 30), high - 90, (low, top), (0, 1))
        axes.x_axis(label, grid=True)
        legend(figure, [row.label for row in rows], names_px, 18)
        for place, (who, _, n, value, below, above) in enumerate(cells):
            person, run = divmod(place, len(rows))
            y = 34 + each_px * person + (each_px - SUB_PX * (len(rows) - 1)) / 2 + SUB_PX * run
            if run == 0:
                figure.text(names_px - 10, 38 + each_px * (person + 0.5), short(who, 18), "end")
                if person:
                    edge = 34 + each_px * person
                    figure.line(names_px, edge, axes.left + axes.width, edge, opacity=0.12)
            if value is None:
                continue
            colour = SERIES[run % len(SERIES)]
            if below is not None and above is not None:
                figure.line(axes.at(below, 0)[0], y, axes.at(above, 0)[0], y, colour, 1.5)
            tip = f"{who}, {rows[run].label}: {value:.3f}, n {n}"
            marker(figure, run, axes.at(value, 0)[0], y, colour, tip)
        return figure

    about = f"{label} of each participant in each run" + (
        ", with Wilson's 95 % interval over their trials (one vote each) or cases." if is_share else "."
    )
    heads = ("participant", "run", "cases", measure, "low", "high")
    table = Table("participants", heads, tuple(cells))
    return Shown("participants", "Participants", about, make, table, (860.0, high), (520.0, high))


def marker(figure: Figure, number: int, x: float, y: float, colour: str, tip: str) -> None:
    """Draw the sign of a series: disc, square or ring, so that colour is not all."""
    if number % 3 == 1:
        figure.rect(x - 3.5, y - 3.5, 7, 7, colour, tip=tip)
    else:
        figure.dot(x, y, colour, 4.0, tip)
        if number % 3 == 2:
            figure.dot(x, y, "#ffffff", 1.8)


def pairs_figure(found: Comparison) -> Shown:
    """Return the mean differences of pairs of runs, over participants, with Holm's p."""
    label = metric_title(found.metric)
    estimates = [
        Estimate(f"{short(pair.first, 24)} - {short(pair.second, 24)}", pair.mean, pair.low, pair.high)
        for pair in found.pairs
    ]
    high = AROUND_PX + ROW_PX * len(estimates)

    def make(width: float, height: float) -> Figure:
        del height
        return forest(estimates, "Differences", f"difference of {label}, first minus second", 0.0, width)

    left = f" {found.left_out} cases are not in all of them and are left out." if found.left_out else ""
    about = (
        f"Paired over participants, on the {found.cases} cases that all runs predicted.{left} "
        "p by sign-flip permutation, corrected after Holm for the number of pairs."
    )
    return Shown("pairs", "Pairs", about, make, pair_table(found), (860.0, high), (640.0, high))


PAIR_HEADS = (
    "first", "second", "difference", "low", "high", "interval_by", "p", "p_holm", "test", "wilcoxon_p",
    "wilcoxon_p_holm", "participants", "why_none",
)  # fmt: skip


def pair_table(found: Comparison) -> Table:
    """Return every pair as a table."""
    rows = tuple(
        (
            each.first, each.second, each.mean, each.low, each.high, each.interval, each.flip_p,
            each.flip_holm, each.flip_how, each.wilcoxon_p, each.wilcoxon_holm, each.participants,
            each.reason,
        )
        for each in found.pairs
    )  # fmt: skip
    return Table("pairs", PAIR_HEADS, rows)
