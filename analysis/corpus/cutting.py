"""Where cases lie in time: trials, windows that never leave their trial, whole visits; artefacts masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Cases, CaseSpec, InputSpec
from analysis.corpus.corpus import CorpusError, Span, Trial
from analysis.corpus.presses import press_windows
from analysis.targets.recipe import Lost

TEXT = "text"
_ROUNDING_S = 1e-6
Row = tuple[Trial, Span]


def cases_of(
    trials: Sequence[Trial], spec: CaseSpec, masks: Mapping[str, Sequence[Span]], overlap: float
) -> tuple[list[Row], list[Lost]]:
    """Return each case's trial and span, and the trials that give none or not all of theirs.

    A case of which at least `overlap` lies under marks is lost. Raises CorpusError for windows of no length.
    """
    if spec.unit == "window" and spec.window_s <= 0:
        raise CorpusError("Cases of unit 'window' need a length: window_s must be over 0.")
    if spec.unit == "session":
        rows, lost = cases_of(trials, replace(spec, unit="trial"), masks, overlap)
        return [_visit(own) for own in _by_visit(rows)], lost
    rows = []
    lost = []
    for trial in trials:
        spans = trial.stages.get(spec.stage, ()) if spec.stage else (trial.shown,)
        if not spans:
            lost.append(Lost(trial.key, f"has no stage '{spec.stage}'"))
            continue
        if spec.unit == "trial":
            cut = [(min(first for first, _ in spans), max(stop for _, stop in spans))]
        elif spec.unit == "press":
            cut = press_windows(trial, spans if spec.stage else ((trial.start_s, trial.stop_s),), spec)
            if len(cut) < len(trial.presses):
                few = (
                    f"{len(trial.presses) - len(cut)} of {len(trial.presses)} presses are too near its edges"
                )
                lost.append(Lost(trial.key, few))
            if not cut:
                if not trial.presses:
                    lost.append(Lost(trial.key, "has no press"))
                continue
        else:
            cut = [window for span in spans for window in windows_of(span, spec.window_s, spec.hop_s)]
        if not cut:
            lost.append(Lost(trial.key, f"is shorter than a window of {spec.window_s:g} s"))
            continue
        marks = masks.get(trial.recording, ())
        clean = [span for span in cut if covered(span, marks) < max(overlap, _ROUNDING_S)]
        if len(clean) < len(cut):
            what = "lies under artefact marks"
            if spec.unit in ("window", "press"):
                what = f"{len(cut) - len(clean)} of {len(cut)} windows lie under artefact marks"
            lost.append(Lost(trial.key, what))
        rows += [(trial, span) for span in clean]
    return rows, lost


def _by_visit(rows: Sequence[Row]) -> Iterator[list[Trial]]:
    visits: dict[tuple[str, str], list[Trial]] = {}
    for trial, _ in rows:
        visits.setdefault((trial.participant, trial.session), []).append(trial)
    yield from visits.values()


def _visit(parts: Sequence[Trial]) -> Row:
    """Return the row of a visit: it goes by its first trial, and lies in that one's recording."""
    first = parts[0]
    own = [part for part in parts if part.recording == first.recording]
    span = min(part.shown[0] for part in own), max(part.shown[1] for part in own)
    whole = replace(first, stimulus="", category="", shown=span, stages={}, ratings={}, parts=tuple(parts))
    return whole, span


def within(row: Row, recording: str) -> Row:
    """Return the part of a row that lies in one recording; a visit may have several."""
    trial, span = row
    return replace(trial, parts=tuple(part for part in trial.parts if part.recording == recording)), span


def recordings_of(trial: Trial) -> tuple[str, ...]:
    """Return the recordings that a case's trial, or those of its visit, lie in."""
    return tuple(dict.fromkeys(part.recording for part in trial.parts)) or (trial.recording,)


def windows_of(span: Span, window_s: float, hop_s: float) -> Iterator[Span]:
    """Yield windows every `hop_s` (0: one after the other) that lie inside a span."""
    hop = hop_s if hop_s > 0 else window_s
    count = int(np.floor((span[1] - span[0] - window_s + _ROUNDING_S) / hop)) + 1
    for number in range(count):
        start = span[0] + number * hop
        yield start, min(start + window_s, span[1])


def covered(span: Span, marks: Sequence[Span]) -> float:
    """Return the share of a span that lies under marks, what several cover counted once."""
    if span[1] <= span[0]:
        return 0.0
    total, reached = 0.0, span[0]
    for first, stop in sorted(marks):
        low, high = max(first, reached), min(stop, span[1])
        if high > low:
            total += high - low
            reached = high
    return total / (span[1] - span[0])


def spans_of(
    rows: Sequence[Row], numbers: Sequence[int], spec: InputSpec, cases: CaseSpec
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the spans (m, 2) that an input is cut from, in seconds, and whose case (m,) each is.

    A case that is a trial takes the input's own stage, all spans of it; a window takes itself; a visit the
    same of each of its trials that the input names. A text without a stage is that of the whole trial: people
    speak about a stimulus after it, and what is said has times of its own.
    """
    spans: list[Span] = []
    owners: list[int] = []
    for number, (trial, span) in zip(numbers, rows, strict=True):
        own: tuple[Span, ...] = (span,)
        if cases.unit == "session":
            own = tuple(
                each
                for part in named_parts(trial, spec)
                for each in (part.stages.get(spec.stage, ()) if spec.stage else (_whole(part, spec),))
            )
        elif spec.stage and cases.unit == "trial":
            own = tuple(trial.stages.get(spec.stage, ()))
        elif spec.modality == TEXT and cases.unit == "trial" and not cases.stage:
            own = (_whole(trial, spec),)
        for each in own:
            if each[1] > each[0]:
                spans.append(each)
                owners.append(number)
    return np.array(spans, np.float64).reshape(-1, 2), np.array(owners, np.intp)


def _whole(trial: Trial, spec: InputSpec) -> Span:
    """Return the span of a whole trial as an input without a stage sees it."""
    return (trial.start_s, trial.stop_s) if spec.modality == TEXT else trial.shown


def named_parts(trial: Trial, spec: InputSpec) -> tuple[Trial, ...]:
    """Return the trials of a visit that an input is cut from."""
    return tuple(part for part in trial.parts if spec.trial in ("", part.stimulus, part.category))


def trials_of(
    rows: Sequence[Row], numbers: Sequence[int], spec: InputSpec, cases: CaseSpec
) -> list[tuple[Row, int]]:
    """Return the trials that an input is of, each with its span and whose case it is."""
    found: list[tuple[Row, int]] = []
    for number, (trial, span) in zip(numbers, rows, strict=True):
        if cases.unit == "session":
            found += [((part, part.shown), number) for part in named_parts(trial, spec)]
        else:
            found.append(((trial, span), number))
    return found


def plain_cases(rows: Sequence[Row]) -> Cases:
    """Return cases without any input: what a split needs to know of them."""
    trials = [trial for trial, _ in rows]
    return Cases(
        id=np.arange(len(rows), dtype=np.intp),
        recording=np.array([trial.recording for trial in trials], dtype=np.str_),
        participant=np.array([trial.participant for trial in trials], dtype=np.str_),
        session=np.array([trial.session for trial in trials], dtype=np.str_),
        trial=np.array([trial.index for trial in trials], dtype=np.int64),
        stimulus=np.array([trial.stimulus for trial in trials], dtype=np.str_),
        category=np.array([trial.category for trial in trials], dtype=np.str_),
        start_s=np.array([span[0] for _, span in rows], dtype=np.float64),
        stop_s=np.array([span[1] for _, span in rows], dtype=np.float64),
        content=np.full(len(rows), "", dtype=np.str_),
    )
