"""From trials with answers to a batch: cases, their inputs cut out of whole recordings, and what was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Cases, CaseSpec, Input, InputSpec
from analysis.corpus.corpus import Corpus, CorpusError, Recording, Span, Trial
from analysis.corpus.cutting import cases_of, plain_cases, recordings_of, spans_of, trials_of, within
from analysis.corpus.padding import Cut, padded
from analysis.corpus.presses import few_presses
from analysis.corpus.signals import slowest_hz
from analysis.features.as_live import reach_of
from analysis.features.embedding import READY, ready_steps
from analysis.features.feature import FeatureError, Signal, feature
from analysis.features.store import Store, settings_of
from analysis.recognizers.recognizer import CancelledError
from analysis.targets.recipe import Lost, Target

LEAST_DISTINCT = 4
"""Fewer different numbers than these tell nothing about whether two cases are the same one."""
ProgressFn = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Built:
    """A batch with answers; trials that are not in it (or not whole) and why; what a reader must know.

    `files` are the recordings (by id) and label files that went in, with their SHA-256.
    """

    batch: Batch
    lost: tuple[Lost, ...]
    warnings: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)


def build(
    corpus: Corpus,
    target: Target,
    case_spec: CaseSpec,
    inputs: Sequence[InputSpec],
    store: Store,
    *,
    progress: ProgressFn = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Built:
    """Cut the trials that have an answer into cases and give each its inputs.

    Cases without any input are lost. Inputs that nobody has are dropped, and that is said. Raises CorpusError
    where no case is left or a file cannot be read, FeatureError for a feature that there is not, and
    CancelledError.
    """
    trials = [trial for trial in corpus.trials if trial.key in target.values]
    if case_spec.unit == "session":
        _check_visits(trials, target)
    made = make_batch(
        corpus,
        trials,
        case_spec,
        inputs,
        store,
        masks=target.masks,
        overlap=target.recipe.mask[2] if target.recipe.mask else 0.5,
        progress=progress,
        cancelled=cancelled,
    )
    values = np.array([target.values[key] for key in _keys(made.batch.cases)])
    if target.classes:
        batch = replace(made.batch, y=values.astype(np.int64), classes=target.classes)
    else:
        further = [target.further.get(key, ()) for key in _keys(made.batch.cases)]
        batch = replace(
            made.batch,
            y=np.column_stack([values, np.array(further)]).astype(np.float64),
            outputs=target.outputs,
        )
    used = {name: corpus.by_id[name].sha256 for name in _recordings_in(batch.cases, trials, case_spec)}
    return Built(
        batch, (*target.lost, *made.lost), (*target.warnings, *made.warnings), {**used, **target.files}
    )


def make_batch(
    corpus: Corpus,
    trials: Sequence[Trial],
    case_spec: CaseSpec,
    inputs: Sequence[InputSpec],
    store: Store,
    *,
    masks: Mapping[str, Sequence[Span]] | None = None,
    overlap: float = 0.5,
    progress: ProgressFn = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Built:
    """Return the cases of trials with their inputs, answers unknown: what a trained recognizer is given."""
    rows, lost = cases_of(trials, case_spec, masks or {}, overlap)
    if not rows:
        raise CorpusError(_none_left(trials, lost))
    by_recording: dict[str, list[int]] = {}
    for number, (trial, _) in enumerate(rows):
        for name in recordings_of(trial):
            by_recording.setdefault(name, []).append(number)
    cuts: dict[str, list[Cut]] = {spec.name: [] for spec in inputs}
    failed: dict[str, list[str]] = {}

    for done, (name, numbers) in enumerate(by_recording.items()):
        if cancelled():
            raise CancelledError("stopped")
        heard = partial(_heard, progress, done, len(by_recording))
        heard(0.0)
        own = [within(rows[number], name) for number in numbers]
        for spec, cut in inputs_of_recording(
            corpus.by_id[name],
            own,
            numbers,
            case_spec,
            inputs,
            store,
            failed,
            progress=heard,
            cancelled=cancelled,
        ):
            cuts[spec.name].append(cut)
    warnings = [f"{why} ({_recordings(names)})" for why, names in failed.items()]
    if case_spec.unit == "press" and (few := few_presses(trials)):
        warnings.append(few)
    every: dict[str, Input] = {}
    nobody: list[str] = []
    for spec in inputs:
        if not cuts[spec.name] and any(why.startswith(f"{spec.name}: ") for why in failed):
            continue
        if not any(len(cut.steps.values) for cut in cuts[spec.name]):
            nobody.append(spec.modality)
            continue
        each, told = padded(spec, cuts[spec.name], len(rows))
        warnings += told
        if each is not None:
            every[spec.name] = each
    if nobody and every:
        warnings.append(f"nobody has {', '.join(dict.fromkeys(nobody))}: left out")
    if not every:
        if failed:
            raise CorpusError(f"{corpus.name}: no input could be computed. {' '.join(warnings)}")
        wanted = ", ".join(dict.fromkeys(spec.modality for spec in inputs))
        raise CorpusError(f"{corpus.name}: no recording holds {wanted}. Choose another recognizer or inputs.")
    progress(1.0)
    return _whole(rows, every, lost, warnings)


def _recordings_in(cases: Cases, trials: Sequence[Trial], case_spec: CaseSpec) -> list[str]:
    """Return the recordings that cases were cut from; a visit may have several, and names its first."""
    found = {str(each) for each in cases.recording}
    if case_spec.unit == "session":
        visits = set(zip(cases.participant.tolist(), cases.session.tolist(), strict=True))
        found |= {trial.recording for trial in trials if (trial.participant, trial.session) in visits}
    return sorted(found)


def _heard(progress: ProgressFn, done: int, of: int, share: float) -> None:
    """Tell how far all is where of `of` parts `done` are finished, and of the next a share."""
    progress((done + share) / of)


def _check_visits(trials: Sequence[Trial], target: Target) -> None:
    """Raise CorpusError where trials of one visit have different answers: it has one, or none."""
    known: dict[tuple[str, str], tuple[float, Trial]] = {}
    for trial in trials:
        value = target.values[trial.key]
        first, before = known.setdefault((trial.participant, trial.session), (value, trial))
        if first != value:
            raise CorpusError(
                f"{trial.recording}: trials {before.index} and {trial.index} have different answers of the "
                f"target '{target.recipe.name}', and one case is a whole visit. Choose a target of the "
                "participant: a field or a questionnaire."
            )


def inputs_of_recording(
    recording: Recording,
    rows: Sequence[tuple[Trial, Span]],
    numbers: Sequence[int],
    case_spec: CaseSpec,
    inputs: Sequence[InputSpec],
    store: Store,
    failed: dict[str, list[str]],
    *,
    progress: ProgressFn = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[InputSpec, Cut]]:
    """Yield every input of one recording; its file is opened where the store cannot answer.

    `numbers` are those of the cases; `failed` collects what could not be computed, with the recordings.
    Raises CancelledError within an input that takes minutes.
    """
    with ExitStack() as stack:
        signals = _Signals(recording, stack)
        for place, spec in enumerate(inputs):
            if spec.feature == READY and spec.modality in recording.refused:
                continue
            if spec.feature == READY:
                try:
                    own = trials_of(rows, numbers, spec, case_spec)
                    cut = ready_steps([row for row, _ in own], spec.settings)
                except FeatureError as error:
                    failed.setdefault(f"{spec.name}: {error}", []).append(recording.id)
                else:
                    yield spec, Cut(cut, np.array([owner for _, owner in own], np.intp))
                continue
            spans, owners = spans_of(rows, numbers, spec, case_spec)
            if not len(spans):
                continue
            try:
                steps = store.steps(
                    recording,
                    spec,
                    spans,
                    lambda: signals.read(spec.modality),  # noqa: B023
                    progress=partial(_heard, progress, place, len(inputs)),
                    cancelled=cancelled,
                )
            except FeatureError as error:
                failed.setdefault(f"{spec.name}: {error}", []).append(recording.id)
                continue
            if steps is not None:
                what = feature(spec.feature)
                reach = reach_of(what, settings_of(spec, what), slowest_hz(recording, spec.modality))
                yield spec, Cut(steps, owners, reach.of(spans, spec.window_s), reach)


class _Signals:
    """Signals of one recording, each read once; the file is opened for the first."""

    def __init__(self, recording: Recording, stack: ExitStack) -> None:
        self._recording = recording
        self._stack = stack
        self._session: Any = None
        self._read: dict[str, Signal | None] = {}

    def read(self, modality: str) -> Signal | None:
        from analysis.corpus.signals import read_signal
        from analysis.session_file import SessionFileError, open_session

        if modality in self._recording.refused:
            return None
        if modality not in self._read:
            if self._session is None:
                try:
                    self._session = self._stack.enter_context(open_session(self._recording.path))
                except (SessionFileError, OSError) as error:
                    raise CorpusError(f"{self._recording.path}: cannot be read ({error}).") from error
            only = [info.id for info in self._recording.streams]
            self._read[modality] = read_signal(self._session, modality, only)
        return self._read[modality]


def _whole(
    rows: Sequence[tuple[Trial, Span]],
    every: Mapping[str, Input],
    lost: Sequence[Lost],
    warnings: Sequence[str],
) -> Built:
    has = np.any([each.present for each in every.values()], axis=0)
    without = [Lost(rows[int(number)][0].key, "no signal of any input") for number in np.flatnonzero(~has)]
    kept = np.flatnonzero(has)
    if not len(kept):
        raise CorpusError("No case has a signal of any input. Look at the data's coverage.")
    inputs = {name: each.rows(kept) for name, each in every.items()}
    chosen = [rows[int(number)] for number in kept]
    cases = replace(plain_cases(chosen), content=content_of(inputs))
    told = dict.fromkeys(without)
    return Built(Batch(cases, inputs, None), (*lost, *told), tuple(dict.fromkeys(warnings)))


def content_of(inputs: Mapping[str, Input]) -> NDArray[np.str_]:
    """Return a digest of what each case holds; "" where it holds too few different numbers to tell."""
    n = len(next(iter(inputs.values())).present)
    found = []
    for row in range(n):
        digest, distinct = sha256(), set[float]()
        for name in sorted(inputs):
            each = inputs[name]
            held = np.asarray(each.values[row, : each.lengths[row]], "<f4")
            digest.update(name.encode() + b"\0" + np.nan_to_num(held, nan=1e38, posinf=2e38).tobytes())
            if len(distinct) < LEAST_DISTINCT:
                distinct.update(np.unique(held[np.isfinite(held)])[:LEAST_DISTINCT].tolist())
        found.append(digest.hexdigest()[:32] if len(distinct) >= LEAST_DISTINCT else "")
    return np.array(found, dtype=np.str_)


def _keys(cases: Cases) -> Iterator[tuple[str, int]]:
    for recording, trial in zip(cases.recording, cases.trial, strict=True):
        yield str(recording), int(trial)


def _recordings(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more recordings"


def _none_left(trials: Sequence[Trial], lost: Sequence[Lost]) -> str:
    if not trials:
        return "No trial has an answer of this target. Look at it with `evoke targets`."
    whys = sorted({each.why for each in lost})
    return f"None of {len(trials)} trials gives a case: {'; '.join(whys[:3])}."
