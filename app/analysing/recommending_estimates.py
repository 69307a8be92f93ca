"""What kept recognizers say of viewings that they were not trained on, on -1..1 with their error.

A recognizer of numbers gives its held-out numbers, and their course from window to window; one that decides
whether a rating is high gives 2 p - 1, p its held-out probability after Platt's curve (Wang & Zhao: margins
of classifiers cannot be compared, probabilities can). The curve of a participant's trials is the others'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.evaluation.run_folder import Run, RunError
from analysis.recommendation.viewings import DIMENSIONS, Estimate
from analysis.targets.rules import LOW_HIGH
from app.analysing.applying import kept
from app.study import Study
from protocols.scales import Scale

Key = tuple[str, int]
"""A trial: its recording and index."""
Scales = Mapping[str, Mapping[str, Scale]]
"""By recording and item."""
Ratings = Mapping[Key, Mapping[str, float]]
"""What was answered in each trial, by dimension on -1..1."""
Floats = NDArray[np.float64]
SURE = 1e-6
"""A probability nearer to 0 or 1 than this counts as this: its log odds stay finite."""


@dataclass
class Told:
    """What kept recognizers said of trials: estimates and courses by trial and dimension.

    `runs` are those that were used; `unused` learned ratings too and give nothing that can be.
    """

    estimates: dict[Key, dict[str, list[Estimate]]] = field(default_factory=dict)
    curves: dict[Key, dict[str, Floats]] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def told_of(study: Study, scales: Scales, ratings: Ratings) -> Told:
    """Gather what a study's kept recognizers say.

    The course of a trial is the newest recognizer's that cuts it into windows.
    """
    found = Told()
    for model in kept(study):
        run = model.run
        try:
            told = list(of_numbers(run, scales)) or [
                (*each, np.zeros(0)) for each in of_classes(run, scales, ratings)
            ]
        except (RunError, OSError, ValueError, KeyError):
            continue
        for key, dimension, estimate, curve in told:
            found.estimates.setdefault(key, {}).setdefault(dimension, []).append(estimate)
            if len(curve) > 1:
                found.curves.setdefault(key, {}).setdefault(dimension, curve)
        if told:
            found.runs.append(run.name)
        elif run.experiment.target.get("source") == "rating":
            found.unused.append(run.name)
    return found


def of_numbers(run: Run, scales: Scales) -> Iterator[tuple[Key, str, Estimate, Floats]]:
    """Yield trial, dimension, the held-out estimate of it on -1..1, and its course second by second.

    Each number is read on the scale on which its recording asked for the rating; where that is not known, or
    a truth lies outside of it, nothing is taken. An estimate is the mean over the trial's windows; its error
    is the root mean square of single windows.
    """
    columns = _rated(run)
    if not columns or run.division.leaks:
        return
    predictions = run.predictions()
    answers = predictions.y.reshape(len(predictions), -1).astype(float)
    cases = predictions.cases
    for column, item in columns.items():
        truth, guessed = answers[:, column], predictions.proba[:, column]
        squares: dict[str, list[float]] = {}
        windows: dict[tuple[str, Key], list[tuple[float, float]]] = {}
        is_other = False
        for row in ((truth == truth) & (guessed == guessed)).nonzero()[0]:
            key = (str(cases.recording[row]), int(cases.trial[row]))
            dimension, low, high = scales.get(key[0], {}).get(item, ("", 0.0, 0.0))
            if dimension in DIMENSIONS and high > low:
                is_other |= not low <= truth[row] <= high
                true, said = (2 * (float(each[row]) - low) / (high - low) - 1 for each in (truth, guessed))
                squares.setdefault(dimension, []).append((true - said) ** 2)
                middle_s = float(cases.start_s[row] + cases.stop_s[row]) / 2
                windows.setdefault((dimension, key), []).append((middle_s, said))
        for (dimension, key), told in () if is_other else windows.items():
            rmse = float(np.mean(squares[dimension])) ** 0.5
            mean = sum(said for _, said in told) / len(told)
            yield key, dimension, Estimate(max(-1.0, min(1.0, mean)), rmse, run.name), course(told)


def of_classes(run: Run, scales: Scales, ratings: Ratings) -> Iterator[tuple[Key, str, Estimate]]:
    """Yield trial, dimension and the estimate of a run that decides whether a rating is high.

    Whether something is more positive than negative is a high valence.
    Its error is the root mean square distance to the ratings. Nothing where the others of a participant are
    fewer than two, or all of one class.
    """
    from analysis.recognizers.speech_tasks_parts import rising, sigmoid

    wanted, item = _decided(run)
    if not wanted or run.division.leaks:
        return
    predictions = run.predictions()
    if wanted not in predictions.classes or len(predictions.classes) != 2:
        return
    high = predictions.classes.index(wanted)
    cases = predictions.cases
    windows: dict[Key, list[float]] = {}
    person: dict[Key, str] = {}
    is_high: dict[Key, int] = {}
    dimensions: dict[Key, str] = {}
    for row in np.isfinite(predictions.proba[:, high]).nonzero()[0]:
        key = (str(cases.recording[row]), int(cases.trial[row]))
        # Positive less negative is a valence whatever its items are called.
        dimension = scales.get(key[0], {}).get(item, ("", 0.0, 0.0))[0] if item else "valence"
        if dimension in DIMENSIONS and dimension in ratings.get(key, {}):
            share = min(max(float(predictions.proba[row, high]), SURE), 1 - SURE)
            windows.setdefault(key, []).append(float(np.log(share / (1 - share))))
            person[key] = str(cases.participant[row])
            is_high[key] = int(predictions.y[row] == high)
            dimensions[key] = dimension
    keys = list(windows)
    scores = np.array([np.mean(windows[key]) for key in keys])
    y, who = np.array([is_high[key] for key in keys]), np.array([person[key] for key in keys])
    told: dict[Key, float] = {}
    for name in dict.fromkeys(who.tolist()):
        others = who != name
        if len(set(who[others].tolist())) > 1 and len(set(y[others].tolist())) > 1:
            a, b = rising(scores[others], y[others])
            for place in (~others).nonzero()[0]:
                told[keys[place]] = float(2 * sigmoid(-(a * scores[place] + b)) - 1)
    for dimension in dict.fromkeys(dimensions[key] for key in told):
        own = [key for key in told if dimensions[key] == dimension]
        rmse = float(np.mean([(told[key] - ratings[key][dimension]) ** 2 for key in own])) ** 0.5
        for key in own:
            yield key, dimension, Estimate(told[key], rmse, run.name)


def course(windows: Sequence[tuple[float, float]]) -> Floats:
    """Return what windows (middle in s, value) say from the first to the last, once a second.

    Linear between the middles, on -1..1; a single value where there is one window.
    """
    at_s, values = np.array(sorted(windows), float).T
    seconds = np.arange(at_s[0], at_s[-1] + 1e-6, 1.0)
    found: Floats = np.clip(np.interp(seconds, at_s, values), -1.0, 1.0)
    return found


def _decided(run: Run) -> tuple[str, str]:
    """Return the class that stands for much of a rating, and its item; of two opposite ones no item.

    Two empty texts where a run decides something else.
    """
    target = run.experiment.target
    items = [str(each) for each in target.get("of") or ()]
    if target.get("source") != "rating":
        return "", ""
    if target.get("rule") == "threshold" and len(items) == 1:
        return LOW_HIGH[1], items[0]
    if target.get("rule") == "higher" and set(items) == {"positive", "negative"}:
        return "positive", ""
    return "", ""


def _rated(run: Run) -> dict[int, str]:
    """Return the item that each column of a run's numbers estimates; none where it learned no ratings."""
    target = run.experiment.target
    items = list(target.get("of") or ())
    if target.get("source") != "rating" or target.get("rule") != "number" or len(items) != len(run.outputs):
        return {}
    return dict(enumerate(map(str, items)))
