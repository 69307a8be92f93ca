"""How many participants an analysis needs: their number against the width of the interval it will report.

Two ways, and every row says which:

trained anew     `n` different participants of the pilot are drawn (none is put back: somebody drawn twice
                 would train and test at once), folds are made and the recognizer is trained as the plan
                 says. Only possible up to the pilot's size. It tells what few training participants cost.
outcomes drawn   the pilot is evaluated once; then `n` participants are drawn, each put back, and their
                 stored predictions stand for those of `n` new people. Assumes that the recognizer is no
                 better for having more people to learn from, and that new people are as the pilot's.

In both the interval is the 95 % participant bootstrap that a run reports.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.bootstrap import LEAST_CLUSTERS, bootstrap
from analysis.corpus.cases import Batch, Cases
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.fold import Training, evaluate_fold
from analysis.evaluation.jobs import training_of
from analysis.evaluation.metrics import sums_of
from analysis.evaluation.run_folder import Predictions
from analysis.evaluation.splits import divide
from analysis.recognizers.recognizer import Context
from analysis.simulate.settings import SimulationError

Way = Literal["trained anew", "outcomes drawn"]
CHANCE = {"auc": 0.5, "auc_participants": 0.5, "ccc": 0.0, "pearson": 0.0}
"""What a metric is by chance, whatever the classes."""
BY_CLASSES = ("balanced_accuracy", "uar")
"""Metrics that are one by the number of classes by chance."""
RESAMPLES = 300
LEAST = LEAST_CLUSTERS
"""Over fewer participants there is no interval."""


@dataclass(frozen=True, slots=True)
class Need:
    """What `participants` give, over `repetitions`: mean value of the metric, and of its interval's width.

    `low` and `high` are the middle 90 % of the values, `width_low` and `width_high` those of the widths.
    `above` is the share of repetitions whose whole interval lies above chance, None where that is unknown.
    """

    recognizer: str
    participants: int
    way: Way
    repetitions: int
    value: float
    low: float
    high: float
    width: float
    width_low: float
    width_high: float
    above: float | None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


def evaluated(batch: Batch, experiment: Experiment, validation: float, context: Context) -> Predictions:
    """Return the predictions of all folds of an experiment, trained here and now.

    Raises SplitError, LeakError, RecognizerError, StepError, CancelledError.
    """
    assert batch.y is not None
    division = divide(batch.cases, batch.y, experiment.split, validation)
    rows: list[NDArray[np.intp]] = []
    proba: list[NDArray[np.float64]] = []
    names: list[str] = []
    for fold in division.folds:
        context.check()
        training: Training = training_of(experiment, fold.name)
        outcome = evaluate_fold(batch, fold, training, context, explain=False)
        rows.append(fold.test)
        proba.append(outcome.proba)
        names += [fold.name] * len(fold.test)
    tested = np.concatenate(rows)
    return Predictions(
        batch.cases.rows(tested),
        batch.y[tested],
        np.concatenate(proba),
        np.array(names),
        batch.classes,
        batch.outputs,
    )


def of_some(batch: Batch, participants: Sequence[str]) -> Batch:
    """Return the cases of some participants, numbered anew."""
    part = batch.rows(np.flatnonzero(np.isin(batch.cases.participant, list(participants))))
    return replace(part, cases=replace(part.cases, id=np.arange(len(part), dtype=np.intp)))


def drawn(predictions: Predictions, participants: Sequence[str]) -> Predictions:
    """Return the predictions of participants, one drawn twice being two people."""
    parts = [np.flatnonzero(predictions.cases.participant == each) for each in participants]
    found = predictions.rows(np.concatenate(parts).astype(np.intp))
    codes = np.concatenate([np.full(len(part), f"{number}") for number, part in enumerate(parts)])
    cases: Cases = replace(found.cases, participant=codes)
    return replace(found, cases=cases)


def chance_of(metric: str, classes: int) -> float | None:
    """Return what a metric is by chance, None where that depends on the data."""
    return 1.0 / classes if metric in BY_CLASSES and classes else CHANCE.get(metric)


def trained_anew(
    batch: Batch, experiment: Experiment, validation: float, size: int, number: int, context: Context
) -> Predictions:
    """Return the predictions of a plan with `size` participants, drawn for repetition `number`."""
    people = np.unique(batch.cases.participant)
    random = np.random.default_rng([experiment.seed, size, number])
    some = random.choice(people, size, replace=False)
    return evaluated(of_some(batch, some.tolist()), experiment, validation, context)


def outcomes_drawn(predictions: Predictions, experiment: Experiment, size: int, number: int) -> Predictions:
    """Return stored predictions of `size` participants drawn with putting back, for repetition `number`."""
    people = np.unique(predictions.cases.participant)
    random = np.random.default_rng([experiment.seed, size, number])
    return drawn(predictions, random.choice(people, size, replace=True).tolist())


def need(
    experiment: Experiment, size: int, way: Way, repetitions: int, draw: Callable[[int], Predictions]
) -> Need:
    """Return what a number of participants gives; `draw(number)` are the predictions of a repetition.

    Raises SimulationError where no repetition has a value (a class is missing, say).
    """
    values, widths, above = [], [], []
    for number in range(repetitions):
        predictions = draw(number)
        sums = sums_of(experiment.metric, predictions)
        value = sums.outcome().value
        people = predictions.cases.participant.tolist()
        interval = bootstrap(sums, people, noun="participants", seed=number, resamples=RESAMPLES)
        if value is None or interval.low is None or interval.high is None:
            continue
        chance = chance_of(experiment.metric, len(predictions.classes))
        values.append(value)
        widths.append(interval.high - interval.low)
        above.append(None if chance is None else interval.low > chance)
    if not values:
        raise SimulationError(
            f"{experiment.recognizer}: with {size} participants {experiment.metric} has no value. Begin with"
            " more of them."
        )
    ends = np.quantile(values, (0.05, 0.95)), np.quantile(widths, (0.05, 0.95))
    known = [each for each in above if each is not None]
    return Need(
        experiment.recognizer,
        size,
        way,
        len(values),
        float(np.mean(values)),
        float(ends[0][0]),
        float(ends[0][1]),
        float(np.mean(widths)),
        float(ends[1][0]),
        float(ends[1][1]),
        float(np.mean(known)) if known else None,
    )
