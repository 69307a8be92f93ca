"""Figures of a choice of EEG channels: the ranking as bars, accuracy against K in three splits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analysis.evaluation.channel_sweep import Point, Sweep
from analysis.recognizers.channel_choice import ALL, RANDOM
from app.analysing.channels import Ranking
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.svg import BLUE, GREY, ORANGE, RED, Axes, Figure, number

SPLIT_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "segments-own": "By segment: LEAKY",
        "trials": "By block",
        "loso": "New people",
    }
)
BAR_PX = 18.0
_HEAD_PX = 30.0


def ranking_figure(found: Ranking, statistic: str, k: int, whose: str) -> Shown:
    """Return the channels as bars, best first; those behind the first K are grey."""
    rows = [(found.channels[place], float(found.scores[place])) for place in found.order]
    kept = len(found.first(k))
    names_px = 24 + 7.5 * max((len(name) for name, _ in rows), default=4)

    def make(width: float, height: float) -> Figure:
        del height
        figure = Figure(width, _HEAD_PX + BAR_PX * len(rows) + 8, f"Channels of {whose} by {statistic}")
        known = [value for _, value in rows if math.isfinite(value)]
        low, high = min([0.0, *known]), max([0.0, *known])
        axes = Axes(figure, names_px, _HEAD_PX, width - names_px - 90, 1.0, (low, high or 1.0), (0, 1))
        figure.text(names_px, 18, f"{statistic}, {whose}; the first {kept} of {len(rows)} are kept")
        zero = axes.at(0.0, 0)[0]
        for place, (name, value) in enumerate(rows):
            y = _HEAD_PX + BAR_PX * place
            is_kept = place < kept
            figure.text(names_px - 8, y + 13, name, "end", weight="bold" if is_kept else "normal")
            if not math.isfinite(value):
                figure.text(names_px + 4, y + 13, "does not move, or has gaps", opacity=0.8)
                continue
            end = axes.at(value, 0)[0]
            tip = f"{name}: {value:.4g}"
            figure.rect(
                min(zero, end), y + 3, abs(end - zero), BAR_PX - 5, BLUE if is_kept else GREY, tip=tip
            )
            figure.text(max(zero, end) + 6, y + 13, f"{value:.4g}")
            if place + 1 == kept < len(rows):
                figure.line(8, y + BAR_PX, width - 8, y + BAR_PX, dashes="4 3", opacity=0.7)
        return figure

    table = Table(
        "channels",
        ("rank", "channel", statistic, "kept"),
        tuple((rank, name, value, rank <= kept) for rank, (name, value) in enumerate(rows, 1)),
    )
    size = (420.0, _HEAD_PX + BAR_PX * len(rows) + 8)
    about = "Ranked by all segments, to look at; a network's choice uses its training segments only."
    return Shown("channels", "Channels by rank", about, make, table, size, (260.0, size[1]))


def curves_figure(swept: Sequence[Sweep], statistic: str, whose: str, left_out: Sequence[str] = ()) -> Shown:
    """Return accuracy against K, a panel a split: the statistic, by chance, all channels, majority.

    `left_out` says which splits are not there, and why.
    """

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, f"Accuracy against the number of channels, {whose}")
        room = width / max(1, len(swept))
        every = [point for each in swept for point in each.points]
        values = [100 * point.accuracy for point in every] + [100 * point.majority for point in every]
        low, high = min([40.0, *values]), max([70.0, *values])
        most = max((point.k for point in every), default=1)
        for place, each in enumerate(swept):
            left = place * room + 52
            axes = Axes(figure, left, 34, room - 70, height - 167, (0.0, float(most)), (low - 3, high + 3))
            figure.text(left, 18, SPLIT_TITLES.get(each.split, each.split), weight="bold")
            axes.x_axis("K")
            axes.y_axis("accuracy, %" if place == 0 else "")
            _lines(figure, axes, each, statistic)
            _seconds(figure, each, statistic, left, height - 77)
            if each.watermark:
                x, y = axes.left + axes.width / 2, axes.top + axes.height / 2
                figure.text(x, y, "LEAKY: to be shown only", "middle", 15, turn=-35, opacity=0.35)
        _legend(figure, statistic, height - 12)
        return figure

    words = (
        "One network a point, trained as the splits say. The best K here is an upper bound: it was found on"
    )
    about = f"{words} the tested side. {whose}."
    marks = sorted({each.watermark for each in swept if each.watermark})
    if marks:
        about += " By segment, windows of one block are in both sides."
    if len({each.people for each in swept}) > 1:
        about += " The splits are not of the same people: see the table's words."
    about = " ".join((about, *left_out))
    return Shown(
        "accuracy-by-k", "Accuracy against K", about, make, sweep_table(swept), (820.0, 400.0), (560.0, 320.0)
    )


def _lines(figure: Figure, axes: Axes, each: Sweep, statistic: str) -> None:
    for name, colour in ((statistic, BLUE), (RANDOM, ORANGE)):
        points = [(float(point.k), 100 * point.accuracy) for point in each.of(name)]
        axes.curve(points, colour, 2.0)
        for point in each.of(name):
            x, y = axes.at(float(point.k), 100 * point.accuracy)
            told = f"{name}, K = {point.k}: {100 * point.accuracy:.1f} %, {point.seconds:.2f} s a person"
            figure.dot(x, y, colour, tip=told)
    whole = each.whole
    levels: list[tuple[float, str, str]] = []
    if whole is not None:
        levels.append((100 * whole.accuracy, GREY, ""))
    if each.points:
        levels.append((100 * each.points[0].majority, RED, "3 4"))
    for value, colour, dashes in levels:
        y = axes.at(0.0, value)[1]
        figure.line(axes.left, y, axes.left + axes.width, y, colour, 1.6, dashes or "8 3")


def _seconds(figure: Figure, each: Sweep, statistic: str, left: float, top: float) -> None:
    best = best_point(each, statistic)
    if best is not None:
        figure.text(
            left, top, f"best {100 * best.accuracy:.1f} % at K = {best.k}, {best.seconds:.2f} s", size=11
        )
    if each.whole is not None:
        whole = each.whole
        figure.text(left, top + 15, f"all {100 * whole.accuracy:.1f} %, {whole.seconds:.2f} s", size=11)
    people = len(each.people)
    figure.text(left, top + 30, f"{people} {'person' if people == 1 else 'people'}", size=11)


def _legend(figure: Figure, statistic: str, top: float) -> None:
    x = 52.0
    for name, colour in ((statistic, BLUE), ("by chance", ORANGE), ("all channels", GREY), ("majority", RED)):
        figure.parts.append(
            f'<rect x="{number(x)}" y="{number(top - 9)}" width="10" height="10" fill="{colour}"/>'
        )
        figure.text(x + 15, top, name)
        x += 15 + 7.2 * len(name) + 18


def best_point(each: Sweep, statistic: str) -> Point | None:
    """Return the point of a statistic with the largest accuracy; of equal ones the fewest channels."""
    return max(each.of(statistic), key=lambda point: (point.accuracy, -point.k), default=None)


def sweep_table(swept: Sequence[Sweep]) -> Table:
    """Return every point as a row."""
    rows = tuple(
        (
            SPLIT_TITLES.get(each.split, each.split),
            "all channels" if point.statistic == ALL else point.statistic,
            point.k,
            len(point.people),
            round(100 * point.accuracy, 2),
            None if point.spread is None else round(100 * point.spread, 2),
            round(100 * point.f1, 2),
            round(100 * point.majority, 2),
            round(point.seconds, 3),
        )
        for each in swept
        for point in sorted(each.points, key=lambda point: (point.statistic, point.k))
    )
    heads = (
        "split", "channels_by", "K", "people", "accuracy_%", "SD", "macro_F1_%", "majority_%",
        "seconds_a_person",
    )  # fmt: skip
    return Table("accuracy-by-k", heads, rows)
