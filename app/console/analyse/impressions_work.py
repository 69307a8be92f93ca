"""What the step Impressions reads: scores, predicted against observed, late weights, one clip's bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import make_batch
from analysis.evaluation.run_folder import Predictions, Run, open_run, runs_of
from analysis.targets.recipe import TargetError
from analysis.targets.recipe_json import from_json
from app.analysing.applying import Kept, kept_of, load
from app.analysing.evaluating import in_words, store_of
from app.analysing.html_page import Table
from app.analysing.literature.personality import is_of_impressions
from app.analysing.run_figures import Shown
from app.analysing.svg import BLUE, GREY, SERIES, Axes, Figure
from app.console.analyse.known import material_of
from app.console.analyse.waiting import Told
from app.study import Study

RECOGNIZER = "personality"
MODELS = (RECOGNIZER, "svr", "tree-regression", "majority")
INTERVIEW = "interview"
WORDING = (
    "Apparent impressions of observers: nobody's traits, and no ground for choosing or refusing anybody."
)
MAY_BE_NEGATIVE = "A weight may be negative; each column adds up to 1."
BAR_PX = 34.0


@dataclass(frozen=True, slots=True)
class ClipLine:
    """A clip that was predicted: its row, and what it is called."""

    row: int
    title: str
    recording: str
    trial: int


@dataclass(frozen=True)
class Impressions:
    """A run as it is shown. `weights` is None where no late fusion is kept; `why` says why, or of what."""

    runs: tuple[tuple[str, Path], ...]
    run: Run | None
    scores: Table | None = None
    predictions: Predictions | None = None
    clips: tuple[ClipLine, ...] = ()
    weights: Table | None = None
    why: str = ""
    model: Kept | None = None


def read_impressions(study: Study, folder: Path | None, told: Told) -> Impressions:
    """Read the runs on observers' six impressions, and one of them; the newest where none is named."""
    told(0, 0, "runs")
    fitting = [
        run
        for run in reversed(runs_of(study.folder))
        if run.experiment.recognizer in MODELS and run.result and _is_of_impressions(run)
    ]
    lines = tuple((f"{run.experiment.recognizer}, {run.name}", run.folder) for run in fitting)
    chosen = next((run for run in fitting if run.folder == folder), fitting[0] if fitting else None)
    if chosen is None:
        return Impressions((), None)
    run = open_run(chosen.folder)
    predictions = run.predictions()
    cases = predictions.cases
    clips = tuple(
        ClipLine(row, f"{cases.participant[row]}, trial {trial + 1}", str(cases.recording[row]), trial)
        for row, trial in enumerate(cases.trial.tolist())
    )
    weights, why, model = _weights(run)
    return Impressions(lines, run, score_table(run, predictions), predictions, clips, weights, why, model)


def _is_of_impressions(run: Run) -> bool:
    try:
        return is_of_impressions(from_json(run.experiment.target, "experiment.json"))
    except TargetError:
        return False


def score_table(run: Run, predictions: Predictions) -> Table:
    """Return S of each impression, R², concordance and r, with the row of the training mean."""
    names = predictions.outputs
    result = run.result or {}
    rows: list[tuple[object, ...]] = []
    for key, title in (("one_minus_mae", "1 - MAE"), ("r2", "R²"), ("ccc", "concordance"), ("pearson", "r")):
        values = [_value((result["outputs"].get(name) or {}).get(key)) for name in names]
        rows.append((title, *values[:5], _mean(values[:5]), *values[5:]))
    answers = np.asarray(predictions.y, np.float64).reshape(len(predictions), -1)
    mean = [1 - float(np.nanmean(np.abs(column - _others(predictions, column)))) for column in answers.T]
    rows.append(("1 - MAE of the others' mean", *mean[:5], _mean(list(mean[:5])), *mean[5:]))
    return Table("impressions", ("score", *names[:5], "average", *names[5:]), tuple(rows))


def _others(predictions: Predictions, answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each case the mean answer of the cases of other folds: what looks at nothing reaches."""
    found = np.empty(len(answers))
    for fold in np.unique(predictions.fold):
        inside = predictions.fold == fold
        others = answers[~inside] if (~inside).any() else answers
        found[inside] = np.nanmean(others)
    return found


def _value(told: object) -> float | None:
    value = told.get("value") if isinstance(told, dict) else None
    return None if value is None else float(value)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return float(np.mean(known)) if known else None


def _weights(run: Run) -> tuple[Table | None, str, Kept | None]:
    model = kept_of(run)
    if run.experiment.recognizer != RECOGNIZER:
        return None, "This recognizer has one predictor: there is nothing to weigh.", model
    if model is None:
        return None, "Train on all and keep it (Apply) to see its weights.", None
    from analysis.recognizers.personality import Personality

    recognizer = load(model).recognizer
    if not isinstance(recognizer, Personality) or recognizer.settings["fusion"] != "late":
        return None, "Only late fusion has weights; this one learns a layer over all streams.", model
    found = recognizer.late_weights
    names = run.predictions().outputs
    rows = [
        (name, *found[:, place].tolist(), float(found[:, place].mean()))
        for place, name in enumerate(recognizer.predictors)
    ]
    told = recognizer.about_weights
    about = f"{told[:1].upper()}{told[1:]}. {MAY_BE_NEGATIVE}" if told else MAY_BE_NEGATIVE
    return Table("late-weights", ("predictor", *names, "mean"), tuple(rows)), about, model


def scatter(predictions: Predictions, place: int) -> Shown:
    """Return predicted against observed of one impression, a dot a clip; the line is where both are equal."""
    name = predictions.outputs[place]
    answers = np.asarray(predictions.y, np.float64).reshape(len(predictions), -1)[:, place]
    found = predictions.proba[:, place]
    known = np.isfinite(answers)
    both = np.concatenate([answers[known], found[known]]) if known.any() else np.array([0.0, 1.0])
    low, high = float(both.min()), float(both.max())
    margin = 0.05 * max(high - low, 1e-3)
    ends = (low - margin, high + margin)
    cases = predictions.cases
    rows = [
        (str(cases.participant[row]), int(cases.trial[row]) + 1, float(answers[row]), float(found[row]))
        for row in np.flatnonzero(known)
    ]

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, f"{name}: predicted against observed")
        axes = Axes(figure, 64, 20, width - 90, height - 80, ends, ends)
        axes.x_axis(f"observed {name}")
        axes.y_axis("predicted")
        figure.line(*axes.at(ends[0], ends[0]), *axes.at(ends[1], ends[1]), GREY, 1.0, "4 3")
        for who, trial, observed, predicted in rows:
            tip = f"{who}, trial {trial}: observed {observed:.2f}, predicted {predicted:.2f}"
            figure.dot(*axes.at(observed, predicted), BLUE, tip=tip)
        return figure

    table = Table("predicted-observed", ("participant", "trial", "observed", "predicted"), tuple(rows))
    about = f"Each clip predicted by a model that had not seen its person. {WORDING}"
    return Shown("predicted-observed", name, about, make, table)


def clip_bars(study: Study, found: Impressions, clip: ClipLine, told: Told) -> Shown:
    """Return one clip's impressions as bars: percentiles of training, and each stream's own answer."""
    assert found.predictions is not None
    predictions = found.predictions
    names = predictions.outputs
    values = predictions.proba[clip.row].tolist()
    answers = np.asarray(predictions.y, np.float64).reshape(len(predictions), -1)
    beside = [float((answers[:, k] < values[k]).mean() * 100) for k in range(len(names))]
    single: dict[str, list[float]] = {}
    words = "Predicted by a model that had not seen this person; percentiles are of all observed answers."
    if found.model is not None and found.run is not None:
        told(0, 0, "the clip's streams")
        trained = load(found.model)
        corpus = material_of(study).corpus
        trials = [each for each in corpus.trials if each.key == (clip.recording, clip.trial)]
        if trials:
            with in_words():
                spec = trained.experiment.cases or trained.card.cases
                made = make_batch(corpus, trials, spec, trained.inputs, store_of(study))
                proba, why = trained.predict(made.batch)
            values = proba[0].tolist()
            single = {
                key.removeprefix("prediction."): each[0].tolist()
                for key, each in why.weights.items()
                if key.startswith("prediction.")
            }
            if "percentile" in why.weights:
                beside = why.weights["percentile"][0].tolist()
            words = "By the kept recognizer, which may have been trained on this clip."
    low = float(min(np.nanmin(answers), *values))
    high = float(max(np.nanmax(answers), *values))
    rows = [
        (name, values[k], beside[k], *(each[k] for each in single.values())) for k, name in enumerate(names)
    ]
    heads = ("impression", "value", "percentile", *single)
    about = f"{clip.title}. {words} {WORDING}"
    make = _bars(names, values, beside, single, (low, high))
    return Shown("clip", clip.title, about, make, Table("clip", heads, tuple(rows)), (620, 60 + 6 * BAR_PX))


def _bars(
    names: Sequence[str],
    values: Sequence[float],
    beside: Sequence[float],
    single: dict[str, list[float]],
    ends: tuple[float, float],
) -> Callable[[float, float], Figure]:
    width_of = max(ends[1] - ends[0], 1e-6)

    def make(width: float, height: float) -> Figure:
        wide = max(width, 460.0)
        figure = Figure(wide, 70 + len(names) * BAR_PX, "Impressions of one clip")
        left, room = 140.0, wide - 330.0
        for place, name in enumerate(names):
            y = 14 + place * BAR_PX
            figure.text(left - 10, y + 15, name, "end")
            figure.rect(left, y, room, 20, GREY, 0.15)
            share = min(1.0, max(0.0, (values[place] - ends[0]) / width_of))
            figure.rect(left, y, max(1.0, room * share), 20, BLUE, tip=f"{name} {values[place]:.2f}")
            for number, (stream, each) in enumerate(single.items()):
                at = left + room * min(1.0, max(0.0, (each[place] - ends[0]) / width_of))
                colour = SERIES[(number + 1) % len(SERIES)]
                figure.dot(at, y + 10, colour, 4.0, f"{stream}: {each[place]:.2f}")
            figure.text(left + room + 12, y + 15, f"{values[place]:.2f}, above {beside[place]:.0f} %")
        x, y = left, 26 + len(names) * BAR_PX
        for number, stream in enumerate(single):
            figure.dot(x, y, SERIES[(number + 1) % len(SERIES)], 4.0)
            figure.text(x + 9, y + 4, stream)
            x += 30 + 7.2 * len(stream)
            if x > wide - 140:
                x, y = left, y + 18
        return figure

    return make
