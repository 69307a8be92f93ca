"""Participants against interval width for a frozen plan, from a pilot or simulations: table and figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.run_folder import Predictions
from analysis.recognizers.recognizer import Context
from analysis.recognizers.table import recognizer_class
from analysis.simulate.power import LEAST, Need, evaluated, need, outcomes_drawn, trained_anew
from analysis.simulate.settings import SimulationError
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words, prepare, recipe_of, without
from app.analysing.plans import load_plan
from app.analysing.svg import SERIES, Axes, Figure
from app.analysing.targets import make_target
from app.settings import write_atomically
from app.study import Study
from stimuli.problems import EvokeError

TABLE, FIGURE = "power.csv", "power.svg"
SIZES = (6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 80, 100)
TRAINED, DRAWN = 15, 60
"""Repetitions of the two ways."""
QUICK = ("majority", "logistic-regression", "svm", "svm-linear", "random-forest", "lda", "riemannian")
"""Recognizers that are trained anew for every repetition; of the others only outcomes are drawn."""
ASSUMED = (
    "Rows 'trained anew' draw different participants of this study and train the recognizer again, so they"
    " say what few training participants cost. Their draws overlap the more, the nearer they come to the size"
    " of the study: there their spread is too small.",
    "Rows 'outcomes drawn' take the predictions of one evaluation of this study and draw participants with"
    " putting back: they assume that more participants would not make the recognizer better, and that new"
    " participants are like these.",
    "Widths are those of the 95 % bootstrap interval over participants that a run reports; values are the"
    " mean over the repetitions, and the middle 90 % of them.",
)

Progress = Callable[[int, int, str], None]


class PowerError(EvokeError):
    """What a plan needs cannot be told."""


@dataclass(frozen=True, slots=True)
class Power:
    """The rows, what they assume, and where table and figure are."""

    plan: str
    metric: str
    pilot: int
    rows: tuple[Need, ...]
    assumed: tuple[str, ...]
    table: Path
    figure: Path

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "plan": self.plan,
            "metric": self.metric,
            "pilot": self.pilot,
            "rows": [row.to_json() for row in self.rows],
            "assumed": list(self.assumed),
            "table": str(self.table),
            "figure": str(self.figure),
        }


def power(
    study: Study,
    name: str,
    out: Path,
    *,
    most: int = 0,
    trained: int = TRAINED,
    outcomes: int = DRAWN,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Power:
    """Tell what a plan's recognizers give for how many participants; write table and figure into `out`.

    `most` participants at most, 0 for three times those of the study. Raises EvokeError, CancelledError.
    """
    plan = load_plan(study, name)
    tell = progress or _nobody
    rows: list[Need] = []
    people = 0
    try:
        with in_words():
            corpus = without(study_corpus(study), plan.excluded)
            for number, experiment in enumerate(plan.experiments):
                tell(number, len(plan.experiments), experiment.recognizer)
                target = make_target(study, corpus, recipe_of(experiment))
                ready = prepare(study, corpus, target, experiment, plan=plan, cancelled=cancelled)
                people = len(np.unique(ready.batch.cases.participant))
                times = (most or 3 * people, trained, outcomes)
                rows += _rows(ready.batch, ready.experiment, *times, Context(cancelled=cancelled))
    except SimulationError as error:
        raise PowerError(str(error)) from error
    tell(len(plan.experiments), len(plan.experiments), "done")
    return _written(name, plan.metric, people, tuple(rows), out)


def _rows(
    batch: Batch, experiment: Experiment, most: int, trained: int, outcomes: int, context: Context
) -> Iterator[Need]:
    people = len(np.unique(batch.cases.participant))
    if people < LEAST:
        raise PowerError(
            f"the study has {people} participants with cases for this plan, and needs at least {LEAST}."
            " Simulate more of them."
        )
    validation = recognizer_class(experiment.recognizer).card.validation
    whole = evaluated(batch, experiment, validation, context)

    def anew(size: int) -> Callable[[int], Predictions]:
        return lambda number: trained_anew(batch, experiment, validation, size, number, context)

    def stored(size: int) -> Callable[[int], Predictions]:
        return lambda number: outcomes_drawn(whole, experiment, size, number)

    for size in sizes(people, most):
        if size < people and experiment.recognizer in QUICK:
            yield need(experiment, size, "trained anew", trained, anew(size))
        yield need(experiment, size, "outcomes drawn", outcomes, stored(size))


def sizes(people: int, most: int) -> tuple[int, ...]:
    """Return the numbers of participants that are looked at: the pilot's own is one of them."""
    wanted = {size for size in SIZES if LEAST <= size <= max(most, people)}
    return tuple(sorted(wanted | {people}))


def _written(name: str, metric: str, people: int, rows: tuple[Need, ...], out: Path) -> Power:
    out.mkdir(parents=True, exist_ok=True)
    table, figure = out / TABLE, out / FIGURE
    write_atomically(table, table_text(rows))
    write_atomically(figure, figure_text(rows, metric, people))
    return Power(name, metric, people, rows, ASSUMED, table, figure)


def table_text(rows: Sequence[Need]) -> str:
    """Return the rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0].to_json()), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        known = {
            key: f"{value:.6g}" if isinstance(value, float) else value for key, value in row.to_json().items()
        }
        writer.writerow({key: "" if value is None else value for key, value in known.items()})
    return text.getvalue()


def figure_text(rows: Sequence[Need], metric: str, people: int) -> str:
    """Return the figure as SVG: width of the interval, with the middle 90 % of the repetitions."""
    series = list(dict.fromkeys((row.recognizer, row.way) for row in rows))
    lines = -(-len(series) // 2)
    figure = Figure(640, 388 + 16 * lines, "Participants and the width of the interval")
    across = (0.0, 1.05 * max(row.participants for row in rows))
    axes = Axes(figure, 70, 40, 540, 300, across, (0.0, 1.1 * max(row.width_high for row in rows)))
    axes.x_axis("participants")
    axes.y_axis(f"width of the 95 % interval of {metric.replace('_', ' ')}")
    for place, key in enumerate(series):
        colour, own = SERIES[place % len(SERIES)], [row for row in rows if (row.recognizer, row.way) == key]
        axes.curve([(row.participants, row.width) for row in own], colour)
        for row in own:
            x, high = axes.at(row.participants, row.width_high)
            _, low = axes.at(row.participants, row.width_low)
            figure.line(x, low, x, high, colour, 1.2, opacity=0.6)
            at = axes.at(row.participants, row.width)
            figure.dot(*at, colour, tip=f"{row.participants}: {row.width:.3f}")
    x, bottom = axes.at(people, 0.0)
    figure.line(x, axes.top, x, bottom, dashes="4 3", opacity=0.5)
    figure.text(x + 4, axes.top + 10, f"this study: {people}")
    for place, (recognizer, way) in enumerate(series):
        figure.rect(70 + 270 * (place % 2), 386 + 16 * (place // 2), 10, 10, SERIES[place % len(SERIES)])
        figure.text(86 + 270 * (place % 2), 395 + 16 * (place // 2), f"{recognizer}, {way}")
    return figure.svg()


def lines_of(found: Power) -> Iterator[str]:
    """Yield what is told of it, a line a row."""
    yield f"plan {found.plan}, {found.metric}, from {found.pilot} participants"
    yield "recognizer            people  way             times  value  90 % of values   width  above chance"
    for row in found.rows:
        above = "" if row.above is None else f"{row.above:.0%}"
        yield (
            f"{row.recognizer:<21} {row.participants:>6}  {row.way:<14} {row.repetitions:>6}"
            f"  {row.value:.3f}  {row.low:.3f} to {row.high:.3f}  {row.width:.3f}  {above:>12}"
        )
    yield from found.assumed
    yield f"{found.table}"
    yield f"{found.figure}"


def _nobody(done: int, of: int, words: str) -> None:
    """Tell nobody."""
