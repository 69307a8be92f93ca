"""The therapy assessment as files: a table, the circumplex as a figure, everything as JSON."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.analysing.svg import GREEN, GREY, RED, Axes, Figure
from app.analysing.therapy import EXPECTED, QUADRANTS, Assessment, Mean, Person, Point, TherapyError

TABLE, FIGURE, VALUES = "therapy.csv", "therapy.svg", "therapy.json"
SIDE_PX, MARGIN_PX, LEGEND_PX, ROW_PX = 480.0, 64.0, 270.0, 20.0
COLUMNS = (
    "participant", "recording",
    *(
        f"{when}_{axis}{part}"
        for when in ("before", "after", "change")
        for axis in ("valence", "arousal")
        for part in ("", "_low", "_high")
    ),
    "before_windows", "after_windows", "before_quadrant", "after_quadrant", "as_expected",
)  # fmt: skip


def write(assessment: Assessment, folder: Path) -> tuple[Path, ...]:
    """Write table, figure and JSON into a folder; returns their paths. Raises TherapyError."""
    paths = tuple(folder / name for name in (TABLE, FIGURE, VALUES))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with paths[0].open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(table(assessment))
        paths[1].write_text(circumplex(assessment).svg(), encoding="utf-8")
        paths[2].write_text(json.dumps(to_json(assessment), indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise TherapyError(f"{folder}: cannot be written ({error.strerror or error}).") from error
    return paths


def to_json(assessment: Assessment) -> dict[str, Any]:
    """Return everything, JSON-ready."""
    people = [
        {
            **asdict(person),
            "before": {**asdict(person.before), "quadrant": person.before.quadrant},
            "after": {**asdict(person.after), "quadrant": person.after.quadrant},
            "as_expected": person.is_as_expected,
        }
        for person in assessment.people
    ]
    return {**asdict(assessment), "people": people, "expected": assessment.expected}


def table(assessment: Assessment) -> list[tuple[Any, ...]]:
    """Return a row a session, in the order of `COLUMNS`."""
    return [_row(person) for person in assessment.people]


def _row(person: Person) -> tuple[Any, ...]:
    means = (
        person.before.valence, person.before.arousal, person.after.valence, person.after.arousal,
        person.valence_change, person.arousal_change,
    )  # fmt: skip
    numbers = [f"{each:.4f}" for mean in means for each in (mean.value, mean.low, mean.high)]
    return (
        person.participant, person.recording, *numbers, person.before.windows, person.after.windows,
        person.before.quadrant, person.after.quadrant, "yes" if person.is_as_expected else "no",
    )  # fmt: skip


def circumplex(assessment: Assessment) -> Figure:
    """Return the figure: before (red, ring) and after (green, disc) of each session, an arrow between."""
    size = SIDE_PX + 2 * MARGIN_PX
    title = f"Before and after, first and last {assessment.minutes:g} minutes: {assessment.model}"
    height = max(size, MARGIN_PX + 110 + ROW_PX * len(assessment.people))
    figure = Figure(size + LEGEND_PX, height, title)
    axes = Axes(figure, MARGIN_PX, MARGIN_PX, SIDE_PX, SIDE_PX, (-1, 1), (-1, 1))
    figure.text(MARGIN_PX, 30, title, weight="bold", size=14)
    marks = (-1, -0.5, 0, 0.5, 1)
    axes.x_axis("valence", marks)
    axes.y_axis("arousal", marks, grid=False)
    figure.line(*axes.at(0, -1), *axes.at(0, 1), opacity=0.5)
    figure.line(*axes.at(-1, 0), *axes.at(1, 0), opacity=0.5)
    _quadrants(figure, axes)
    for number, person in enumerate(assessment.people, 1):
        _person(figure, axes, person, number)
    _legend(figure, assessment, size - 20)
    return figure


def _quadrants(figure: Figure, axes: Axes) -> None:
    for name, words in QUADRANTS.items():
        right, upper = name in ("I", "IV"), name in ("I", "II")
        x, y = axes.at(0.98 if right else -0.98, 0.94 if upper else -0.94)
        figure.text(x, y, f"{name}: {words}", "end" if right else "start", size=11, opacity=0.75)


def _person(figure: Figure, axes: Axes, person: Person, number: int) -> None:
    for point, colour in ((person.before, RED), (person.after, GREEN)):
        across, up = point.valence, point.arousal
        figure.line(*axes.at(across.low, up.value), *axes.at(across.high, up.value), colour, 1, opacity=0.5)
        figure.line(*axes.at(across.value, up.low), *axes.at(across.value, up.high), colour, 1, opacity=0.5)
    start, end = _at(axes, person.before), _at(axes, person.after)
    _arrow(figure, start, end)
    told = f"{number} {person.participant}"
    figure.dot(*start, RED, 5, f"{told}, before: {_words(person.before)}")
    # A hole tells before from after without its colour.
    figure.dot(*start, "#ffffff", 2.2)
    figure.dot(*end, GREEN, 5, f"{told}, after: {_words(person.after)}")
    figure.text(end[0] + 7, end[1] - 7, str(number), size=11)


def _at(axes: Axes, point: Point) -> tuple[float, float]:
    return axes.at(point.valence.value, point.arousal.value)


def _arrow(figure: Figure, start: tuple[float, float], end: tuple[float, float]) -> None:
    across, down = end[0] - start[0], end[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    if length < 14:
        return
    across, down = across / length, down / length
    tip = (end[0] - 7 * across, end[1] - 7 * down)
    figure.line(start[0] + 6 * across, start[1] + 6 * down, *tip, GREY, 1.5)
    for side in (1, -1):
        back = (tip[0] - 8 * across - side * 4 * down, tip[1] - 8 * down + side * 4 * across)
        figure.line(*tip, *back, GREY, 1.5)


def _legend(figure: Figure, assessment: Assessment, left: float) -> None:
    y = MARGIN_PX + 6
    figure.dot(left, y - 4, RED, 5)
    figure.dot(left, y - 4, "#ffffff", 2.2)
    figure.text(left + 12, y, f"before: first {assessment.minutes:g} minutes")
    figure.dot(left, y + 16, GREEN, 5)
    figure.text(left + 12, y + 20, f"after: last {assessment.minutes:g} minutes")
    figure.text(left - 5, y + 44, "thin lines: 95 % interval over windows", size=11)
    figure.text(left - 5, y + 62, f"expected: from quadrant {EXPECTED[0]} to {EXPECTED[1]}", size=11)
    people = len(assessment.people)
    figure.text(left - 5, y + 78, f"valence up, arousal down: {assessment.expected} of {people}", size=11)
    for number, person in enumerate(assessment.people, 1):
        below = y + 88 + ROW_PX * number
        way = f"{person.before.quadrant} → {person.after.quadrant}"
        sign = "as expected" if person.is_as_expected else "otherwise"
        cells = (f"{number}", _short(person.participant), way, sign)
        for across, words in zip((-5, 18, 140, 195), cells, strict=True):
            figure.text(left + across, below, words, size=11)


def _short(text: str, most: int = 18) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _words(point: Point) -> str:
    return f"valence {_mean(point.valence)}, arousal {_mean(point.arousal)}, quadrant {point.quadrant}"


def _mean(mean: Mean) -> str:
    return f"{mean.value:+.2f} [{mean.low:+.2f}, {mean.high:+.2f}]"
