"""What a long session did to valence and arousal: a trained recognizer over its first and last minutes.

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", section IV-C: means of the first and the last 15 minutes on the circumplex, scaled to -1..1.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import make_batch
from analysis.corpus.cases import Batch, CaseSpec
from analysis.corpus.corpus import Corpus, CorpusError, Recording, Span, Trial
from analysis.corpus.loading import load_recording
from analysis.corpus.signals import stream_of
from analysis.features.feature import FeatureError
from analysis.features.store import Store
from analysis.overview.row_times import row_times
from analysis.recognizers.recognizer import RecognizerError
from analysis.session_file import SessionFileError, open_session
from app.analysing.axes import AXES, MIDDLE, axis_named, high_side
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.evaluation.trained import Trained

FIRST, LAST = 0, 1
WINDOW_S = 30.0
"""Windows of a model that was trained on whole trials."""
BLOCK_S = 60.0
DRAWS = 2000
EXPECTED = ("II", "IV")
QUADRANTS: Mapping[str, str] = {
    "I": "high valence, high arousal",
    "II": "low valence, high arousal",
    "III": "low valence, low arousal",
    "IV": "high valence, low arousal",
}


class TherapyError(EvokeError):
    """The assessment cannot be made; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean on -1..1 with its 95 % interval over the participant's own windows."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """Where a participant was on the circumplex: mean of `windows` windows."""

    valence: Mean
    arousal: Mean
    windows: int

    @property
    def quadrant(self) -> str:
        """I to IV, against the clock from high valence and high arousal."""
        if self.arousal.value >= 0:
            return "I" if self.valence.value >= 0 else "II"
        return "IV" if self.valence.value >= 0 else "III"


@dataclass(frozen=True, slots=True)
class Person:
    """One session: before and after, and the change with its own intervals."""

    participant: str
    recording: str
    before: Point
    after: Point
    valence_change: Mean
    arousal_change: Mean

    @property
    def is_as_expected(self) -> bool:
        """Whether valence rose and arousal fell: the way from quadrant II to IV."""
        return self.valence_change.value > 0 > self.arousal_change.value


@dataclass(frozen=True, slots=True)
class Assessment:
    """Every session's movement; `model` says what estimated it, `notes` what a reader must know."""

    model: str
    minutes: float
    people: tuple[Person, ...]
    notes: tuple[str, ...] = ()

    @property
    def expected(self) -> int:
        """How many sessions moved as a therapy is expected to move them."""
        return sum(person.is_as_expected for person in self.people)


@dataclass(frozen=True, slots=True)
class _Axis:
    """One coordinate: which model tells it, and from which column of what it says."""

    trained: Trained
    column: int
    is_probability: bool
    middle: float = MIDDLE
    """Of the scale from 1 that its answers were asked on, where no class is told."""

    @property
    def half(self) -> float:
        return self.middle - 1

    @property
    def top(self) -> float:
        return 2 * self.middle - 1

    def of(self, proba: NDArray[np.float64]) -> NDArray[np.float64]:
        told = proba[:, self.column]
        return 2 * told - 1 if self.is_probability else np.clip((told - self.middle) / self.half, -1, 1)

    def cut(self, who: str, name: str, proba: NDArray[np.float64]) -> Iterator[str]:
        """Yield how many windows lay outside the scale: a point on the edge is no estimate."""
        outside = np.abs(proba[:, self.column] - self.middle) > self.half
        if not self.is_probability and outside.any():
            share = f"{outside.sum()} of {len(outside)} windows"
            ends = f"1 to {self.top:g}"
            yield f"{who}, {name}: {share} were estimated outside {ends} and count as the scale's end."


def assess(
    model_folder: Path,
    sessions: Sequence[Path],
    minutes: float = 15.0,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Assessment:
    """Estimate valence and arousal over the first and the last minutes of each session.

    `model_folder` holds a trained recognizer of both, a run with one, or one folder for each of the two.
    `progress` is told the share that is done. Raises TherapyError, and CancelledError where it was stopped.
    """
    from analysis.evaluation.guards import LeakError
    from analysis.evaluation.steps import StepError
    from analysis.evaluation.trained import TrainedError

    if minutes <= 0:
        raise TherapyError(f"{minutes:g} minutes are no length of time. Give more than 0.")
    try:
        axes = _axes(model_folder)
        notes: list[str] = [*_said_of(axes)]
        people: list[Person] = []
        with tempfile.TemporaryDirectory(prefix="evoke-therapy-") as folder:
            for done, path in enumerate(sessions):

                def told(share: float, done: int = done) -> None:
                    progress((done + share) / len(sessions))

                people.append(_person(path, axes, minutes, Store(Path(folder)), notes, told, cancelled))
        progress(1.0)
    except (
        TrainedError, CorpusError, FeatureError, LeakError, StepError, RecognizerError, SessionFileError
    ) as error:  # fmt: skip
        raise TherapyError(str(error)) from error
    models = dict.fromkeys(axis.trained.card.title for axis in axes.values())
    return Assessment(" and ".join(models), minutes, tuple(people), tuple(dict.fromkeys(notes)))


def _axes(folder: Path) -> dict[str, _Axis]:
    """Return who tells valence and who arousal; raises TherapyError where one of them is missing."""
    from analysis.evaluation.trained import load_trained

    found: dict[str, _Axis] = {}
    models = list(_model_folders(folder))
    if not models:
        raise TherapyError(
            f"{folder} holds no trained recognizer. Train one on a target of valence and arousal first."
        )
    for each in models:
        trained = load_trained(each)
        for name, axis in _told_by(trained):
            if name in found:
                raise TherapyError(f"{folder}: two models tell {name}. Leave one of them.")
            found[name] = axis
    for name in AXES:
        if name not in found:
            raise TherapyError(
                f"{folder}: no model in it tells {name}. Train one on a target whose name has the word "
                f"{name}, and put the models of valence and of arousal into one folder."
            )
    return found


def _model_folders(folder: Path) -> Iterator[Path]:
    for each in (folder, folder / "model"):
        if (each / "model.json").is_file():
            yield each
            return
    for inner in sorted(folder.glob("*/")) if folder.is_dir() else ():
        for each in (inner, inner / "model"):
            if (each / "model.json").is_file():
                yield each
                break


def _told_by(trained: Trained) -> Iterator[tuple[str, _Axis]]:
    if not trained.classes:
        for column, output in enumerate(trained.outputs):
            name = axis_named(output)
            if name:
                # A model that was trained before its scale was kept says nothing of it.
                middle = (trained.about.get("middles") or {}).get(output, MIDDLE)
                yield name, _Axis(trained, column, False, float(middle))
        return
    target: Mapping[str, Any] = trained.experiment.target
    name = axis_named(" ".join((str(target.get("name", "")), *map(str, target.get("of", ())))))
    if name and len(trained.classes) == 2:
        high = high_side(trained.classes, name, str(target.get("rule", "")))
        if high is None:
            raise TherapyError(
                f"{trained.card.title}: which of {' and '.join(trained.classes)} is the high side of {name} "
                "is not known. Name the classes high and low, or cut a rating at a threshold."
            )
        yield name, _Axis(trained, high, True)


def _said_of(axes: Mapping[str, _Axis]) -> Iterator[str]:
    for name in AXES:
        if axes[name].is_probability:
            high = axes[name].trained.classes[axes[name].column]
            words = f"2 p - 1, where p is the probability of '{high}'; the model tells two classes apart."
            yield f"{name}: {words}"
        else:
            axis = axes[name]
            words = f"(label - {axis.middle:g}) / {axis.half:g}"
            yield f"{name}: {words}; the model's labels are taken to go from 1 to {axis.top:g}."


def _person(
    path: Path,
    axes: Mapping[str, _Axis],
    minutes: float,
    store: Store,
    notes: list[str],
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Person:
    recording, _, _ = load_recording(path)
    trials = _ends_of(
        recording, {spec.modality for axis in axes.values() for spec in axis.trained.inputs}, minutes
    )
    corpus = Corpus(recording.id, (recording,), trials)
    told: dict[str, tuple[NDArray[np.float64], NDArray[np.int64], float]] = {}
    for name in AXES:
        axis = axes[name]
        spec = _windows_of(axis.trained)
        same = next((other for other in told if axes[other].trained is axis.trained), None)
        if same is None:
            made = make_batch(
                corpus, trials, spec, axis.trained.inputs, store, progress=progress, cancelled=cancelled
            )
            notes += made.warnings
            proba, _ = axis.trained.predict(_as_trained(made.batch, axis.trained))
            ends = made.batch.cases.trial
        notes += axis.cut(recording.participant or recording.id, name, proba)
        told[name] = (axis.of(proba), ends, spec.hop_s or spec.window_s)
    before, after = (_point(recording, told, end) for end in (FIRST, LAST))
    return Person(
        recording.participant or recording.id,
        recording.id,
        before[0],
        after[0],
        *(_change(before[1][name], after[1][name]) for name in AXES),
    )


def _ends_of(recording: Recording, modalities: set[str], minutes: float) -> tuple[Trial, Trial]:
    """Return the first and the last minutes of what was recorded, as two trials."""
    begin_s, end_s = _extent(recording, modalities)
    length_s = minutes * 60
    if end_s - begin_s < 2 * length_s:
        most = math.floor((end_s - begin_s) / 60 / 2 * 10) / 10
        raise TherapyError(
            f"{recording.path}: lasts {(end_s - begin_s) / 60:.1f} minutes, less than twice {minutes:g}. "
            f"Take at most {most:g} minutes at each end."
        )
    return (
        _trial(recording, FIRST, (begin_s, begin_s + length_s)),
        _trial(recording, LAST, (end_s - length_s, end_s)),
    )


def _trial(recording: Recording, index: int, span: Span) -> Trial:
    name = ("before", "after")[index]
    who, visit = recording.participant, recording.session
    return Trial(recording.id, who, visit, index, name, name, *span, shown=span)


def _extent(recording: Recording, modalities: set[str]) -> Span:
    """Return from when to when all signals that the model looks at were recorded."""
    names = [info.id for info in recording.streams]
    try:
        with open_session(recording.path) as session:
            streams = [stream_of(session, each, names) for each in sorted(modalities - {"keys"})]
            times = [row_times(each) for each in streams if each is not None]
    except SessionFileError as error:
        raise TherapyError(str(error)) from error
    if not times:
        raise TherapyError(
            f"{recording.path}: holds none of {', '.join(sorted(modalities))}, which the model was trained "
            "on."
        )
    return max(each.first_s for each in times), min(each.last_s for each in times)


def _windows_of(trained: Trained) -> CaseSpec:
    """Return windows as it was trained on, wherever they lay; of `WINDOW_S` where it knows trials only."""
    known = trained.experiment.cases or trained.card.cases
    if known.unit == "window":
        return replace(known, stage="")
    return CaseSpec("window", WINDOW_S, WINDOW_S)


def _as_trained(batch: Batch, trained: Trained) -> Batch:
    """Return samples under the names they had in training: another amplifier names its channel otherwise."""
    renamed = {}
    for spec in trained.inputs:
        each, names = batch.inputs.get(spec.name), trained.shapes[spec.name]
        if each is not None and spec.feature == "samples" and names and each.names:
            # Another number of leads: the first ones, or the same one again.
            places = np.arange(len(names)) % len(each.names)
            renamed[spec.name] = replace(each, values=each.values[..., places], names=names)
    return replace(batch, inputs={**batch.inputs, **renamed})


def _point(
    recording: Recording,
    told: Mapping[str, tuple[NDArray[np.float64], NDArray[np.int64], float]],
    end: int,
) -> tuple[Point, dict[str, tuple[float, NDArray[np.float64]]]]:
    """Return one end's point, and by axis its mean with bootstrap means."""
    means: dict[str, tuple[float, NDArray[np.float64]]] = {}
    windows = 0
    for name, (values, ends, hop_s) in told.items():
        own = values[ends == end]
        if not len(own):
            where = ("first", "last")[end]
            raise TherapyError(f"{recording.path}: has no usable signal in its {where} minutes.")
        windows = len(own)
        block = max(1, round(BLOCK_S / hop_s))
        means[name] = (float(own.mean()), block_means(own, block, seed=end))
    valence, arousal = (_interval(*means[name]) for name in AXES)
    return Point(valence, arousal, windows), means


def _change(before: tuple[float, NDArray[np.float64]], after: tuple[float, NDArray[np.float64]]) -> Mean:
    return _interval(after[0] - before[0], after[1] - before[1])


def _interval(value: float, draws: NDArray[np.float64]) -> Mean:
    low, high = np.quantile(draws, (0.025, 0.975))
    return Mean(value, float(low), float(high))


def block_means(
    values: NDArray[np.float64], block: int, draws: int = DRAWS, seed: int = 0
) -> NDArray[np.float64]:
    """Return means (draws,) of resampled windows (n,): whole blocks of neighbours, end joined to start.

    Neighbouring windows resemble each other; drawn one by one they would make the interval too narrow
    (circular block bootstrap, Politis & Romano 1992).
    """
    n = len(values)
    size = min(block, n)
    count = -(-n // size)
    starts = np.random.default_rng(seed).integers(0, n, (draws, count))
    places = (starts[:, :, None] + np.arange(size)).reshape(draws, -1)[:, :n] % n
    return np.asarray(values[places].mean(axis=1))
