"""A trained recognizer on buffered streams: every hop the last window is a case, computed as offline."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input, InputSpec
from analysis.corpus.corpus import Span, Trial
from analysis.corpus.cutting import plain_cases
from analysis.corpus.padding import Cut, padded
from analysis.evaluation.steps import StepError, is_transductive
from analysis.evaluation.trained import Trained, TrainedError
from analysis.features.as_live import AS_LIVE
from analysis.features.feature import FeatureError, Signal, feature
from analysis.features.store import settings_of
from analysis.features.windows import EPSILON_S
from analysis.live.plan import LivePlan
from analysis.live.streams import KEYS, Streams
from analysis.recognizers.recognizer import RecognizerError

State = Literal["present", "missing", "late", "flat", "uncomputable"]
FLAT = frozenset({"eeg", "ecg", "bvp", "respiration", "acceleration", "peripheral", "speech"})
"""Modalities that never stand still on a living body: one that does is not connected."""
MOST_BASELINE = 120
"""Cases of a baseline that are kept: more cost time at every decision and change nothing."""
WHO = "live"


@dataclass(frozen=True, slots=True)
class Heard:
    """How the signal of an input is, why it is not as it should be, and whether it was computed and used.

    As in a recording, what can be computed is used, also of a signal that stands still.
    """

    name: str
    modality: str
    state: State
    why: str = ""
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recognizer says of one window of the session's clock.

    `proba` (k,) probabilities or numbers by `names`; None where it pauses, and `paused` says why. Seconds
    say how long inputs and recognizer took.
    """

    start_s: float
    stop_s: float
    names: tuple[str, ...]
    is_classes: bool
    proba: NDArray[np.float64] | None
    inputs: tuple[Heard, ...]
    paused: str = ""
    features_s: float = 0.0
    recognizer_s: float = 0.0


@dataclass
class LiveRecognizer:
    """Runs one trained recognizer on buffers that somebody fills.

    `begin_s` is where the first window begins, by itself when its streams are there; none ends after `end_s`.
    `baseline` holds cuts of
    cases that were collected before.
    """

    trained: Trained
    plan: LivePlan
    streams: Streams
    begin_s: float | None = None
    end_s: float = float("inf")
    baseline: list[dict[str, Cut]] = field(default_factory=list)
    skipped: int = 0
    _number: int = 0

    def advance(self, now_s: float, newest_only: bool = False) -> Iterator[Answer]:
        """Yield an answer for every window that is due at `now_s` of the session's clock.

        With `newest_only` windows that computing could not keep up with are left out, and counted in
        `skipped`.
        """
        for span in self._due(now_s, newest_only):
            yield self.answer(span)

    def collect(self, now_s: float) -> Iterator[dict[str, Cut]]:
        """Yield the inputs alone of every window that is due: cases of a baseline."""
        for span in self._due(now_s, False):
            cuts: dict[str, Cut] = {}
            for spec in self.plan.inputs:
                self._input(spec, span, cuts)
            yield cuts

    def _due(self, now_s: float, newest_only: bool) -> Iterator[Span]:
        if self.begin_s is None:
            self.begin_s = self._begins(now_s)
            if self.begin_s is None:
                return
        while self._is_due(self._number, now_s):
            if newest_only:
                while self._is_due(self._number + 1, now_s):
                    self._number += 1
                    self.skipped += 1
            span = self._span(self._number)
            self._number += 1
            yield span

    def _span(self, number: int) -> Span:
        """Return a window, to the last bit as `analysis.corpus.cutting.windows_of` cuts it."""
        assert self.begin_s is not None
        start_s = self.begin_s + number * self.plan.hop_s
        return start_s, start_s + self.plan.case_s

    def _begins(self, now_s: float) -> float | None:
        """Return when the first window begins: when all streams are there, or some and no more come."""
        first = [self.streams.first_s(spec.modality) for spec in self.plan.inputs if spec.modality != KEYS]
        known = [each for each in first if np.isfinite(each)]
        if not known:
            keys = self.streams.first_s(KEYS)
            return keys if not first and np.isfinite(keys) else None
        if len(known) < len(first) and now_s - min(known) < 2 * self.plan.patience_s:
            return None
        return max(known)

    def _is_due(self, number: int, now_s: float) -> bool:
        _, stop_s = self._span(number)
        if stop_s > min(now_s, self.end_s + EPSILON_S):
            return False
        if now_s >= stop_s + self.plan.patience_s:
            return True
        return all(self._is_settled(spec.modality, stop_s, now_s) for spec in self.plan.inputs)

    def _is_settled(self, modality: str, stop_s: float, now_s: float) -> bool:
        """Whether waiting longer would bring nothing: all has come, or the stream is not there (any more)."""
        if self.streams.is_ready(modality, stop_s):
            return True
        buffer = self.streams.buffer_of(modality)
        return buffer is None or now_s - buffer.newest_s > self.plan.patience_s

    def answer(self, span: Span) -> Answer:
        """Return what the recognizer says of one window."""
        began = time.perf_counter()
        cuts: dict[str, Cut] = {}
        heard = [self._input(spec, span, cuts) for spec in self.plan.inputs]
        took_s = time.perf_counter() - began
        names = self.trained.classes or self.trained.outputs
        known = (*span, names, bool(self.trained.classes))
        waits = self._baseline(span, cuts)
        if waits:
            return Answer(*known, None, tuple(heard), waits, took_s)
        began = time.perf_counter()
        proba, paused = self._decided(span, cuts)
        return Answer(*known, proba, tuple(heard), paused, took_s, time.perf_counter() - began)

    def _input(self, spec: InputSpec, span: Span, cuts: dict[str, Cut]) -> Heard:
        settings = settings_of(spec, feature(spec.feature))
        memory_s = float(settings.pop(AS_LIVE))
        signal = self.streams.signal(spec.modality, span[1], memory_s)
        if signal is None:
            return Heard(spec.name, spec.modality, "missing", "no such stream has come")
        state, why = _state(signal, span)
        if not _is_known(signal):
            return Heard(spec.name, spec.modality, state, why)
        try:
            spans = np.array([span], np.float64)
            steps = feature(spec.feature).extract(signal, spans, spec.window_s, spec.hop_s, settings)
        except FeatureError as error:
            return _unused(spec, state, why or str(error))
        if not np.isfinite(steps.values).any():
            return _unused(spec, state, why or "nothing could be computed of this window")
        others = set(self.trained.shapes[spec.name]) - set(steps.names) if steps.names else set()
        if others:
            why = f"other channels than it was trained with: {', '.join(sorted(others)[:3])} are not there"
            return Heard(spec.name, spec.modality, "uncomputable", why)
        cuts[spec.name] = Cut(steps, np.zeros(1, np.intp))
        return Heard(spec.name, spec.modality, state, why, is_used=True)

    def _baseline(self, span: Span, cuts: dict[str, Cut]) -> str:
        """Collect a baseline where one is needed; return what is still waited for, "" for nothing."""
        if not is_transductive(self.trained.steps.names):
            return ""
        begin_s = span[0] if self.begin_s is None else self.begin_s
        left_s = self.plan.baseline_s - (span[1] - begin_s - self.plan.case_s)
        if left_s <= 0:
            return "" if self.baseline else "The baseline holds no usable case."
        if cuts:
            self.baseline.append(cuts)
            if len(self.baseline) > MOST_BASELINE:
                del self.baseline[1::2]
        return f"Baseline: {left_s:.0f} s left."

    def _decided(self, span: Span, cuts: dict[str, Cut]) -> tuple[NDArray[np.float64] | None, str]:
        if not cuts:
            return None, "Paused: none of its inputs is there."
        try:
            batch = batch_of(self.plan.inputs, [*self.baseline, cuts], span)
            return self.trained.probabilities(batch)[-1], ""
        except (TrainedError, StepError, RecognizerError) as error:
            return None, f"Paused: {error}"


def batch_of(specs: Sequence[InputSpec], cases: Sequence[dict[str, Cut]], span: Span) -> Batch:
    """Return cases as a recording's would be, all of one person; `span` stands for the time of each."""
    inputs: dict[str, Input] = {}
    for spec in specs:
        own = [
            Cut(cuts[spec.name].steps, np.full(1, number, np.intp))
            for number, cuts in enumerate(cases)
            if spec.name in cuts
        ]
        each, _ = padded(spec, own, len(cases))
        if each is not None:
            inputs[spec.name] = each
    trial = Trial(WHO, WHO, "", 0, "", "", *span, span)
    plain = plain_cases([(trial, span)] * len(cases))
    return Batch(plain, inputs, None)


def _unused(spec: InputSpec, state: State, why: str) -> Heard:
    return Heard(spec.name, spec.modality, "uncomputable" if state == "present" else state, why)


def _is_known(signal: Signal) -> bool:
    """Whether anything of a signal has come within what is known of it."""
    if signal.modality == KEYS:
        return True
    if signal.times_s is not None:
        return len(signal.times_s) > 0
    return bool(np.isfinite(signal.values).any())


def _state(signal: Signal, span: Span) -> tuple[State, str]:
    """Return whether a signal says anything of a window."""
    if signal.modality == KEYS:
        return "present", ""
    if signal.times_s is not None:
        if not ((signal.times_s >= span[0]) & (signal.times_s < span[1])).any():
            return "late", "no picture in the last window"
        return "present", ""
    rows = max(1, round((span[1] - span[0]) * signal.rate_hz))
    newest = signal.values[-rows:]
    known = np.isfinite(newest)
    if not known.any():
        return "late", "no sample in the last window"
    if signal.modality in FLAT and rows > 1:
        spread = np.nanmax(newest[:, known.any(axis=0)], axis=0) - np.nanmin(
            newest[:, known.any(axis=0)], axis=0
        )
        if not spread.any():
            return "flat", "it stands still: is it connected?"
    return "present", ""
