"""How much of each trial a stream covers, and how much of that can be believed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import Span, Trial
from analysis.corpus.signals import columns_of, read_signal, stream_of
from analysis.features.feature import Signal
from analysis.overview.row_times import RowTimes, row_times
from analysis.records import NOT_RECORDED, StreamInfo
from analysis.session_file import Session, Stream
from analysis.session_quality import quality_table

FAILED = "the monitor found it bad"
BEATS = "no believable heartbeats"
SKIN = "changes that skin cannot have"
COLD = "not the temperature of skin"
SKIN_DEGC = (20.0, 45.0)
LOOK_S, LOOK_ROWS = 1.0, 4
LOOKED_AT = ("eeg", "respiration", "peripheral", "speech", "eye")
"""Modalities of which a second in the middle of each trial is looked at: a dead channel stays the same."""


@dataclass(frozen=True, slots=True)
class JudgedTrial:
    """One trial: `covered` share of its stimulus, `quality` share that is there and not doubtful.

    `missing` is the cause of its longest hole, `flat` names channels that hold no signal.
    """

    covered: float
    covered_s: float
    quality: float
    missing: str = ""
    flat: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A modality of a recording; `doubts` are seconds inside the trials by what is doubtful."""

    trials: tuple[JudgedTrial, ...]
    doubts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """Where a trial is looked at: the span of its stimulus, and that in which it is spoken."""

    index: int
    shown: Span
    spoken: Span

    @classmethod
    def of(cls, trial: Trial) -> Looked:
        """Return that of a trial; without a stage of speaking all of it may be spoken in."""
        spoken = trial.stages.get("speaking", ((trial.start_s, trial.stop_s),))
        return cls(trial.index, trial.shown, (spoken[0][0], spoken[-1][1]))


def judge(session: Session, modality: str, names: Collection[str], trials: Sequence[Looked]) -> Judged | None:
    """Judge a modality in trials, None where the recording does not hold it.

    Holes are known from the stream's tables; those that the protocol means do not count. A pulse, an ECG,
    skin conductance and temperature are read whole and looked through as in the review, of other signals a
    second in each trial.
    """
    if modality == "keys":
        return _keys(session, trials)
    stream = stream_of(session, modality, names)
    if stream is None:
        return None
    times = row_times(stream)
    whole, holes = _stretches(stream, times)
    doubts = {FAILED: _failed(session, stream.info.id)} | _doubtful(session, modality, names, whole)
    looked_at = modality in LOOKED_AT
    found = []
    seconds = dict.fromkeys(doubts, 0.0)
    for trial in trials:
        start_s, stop_s = trial.spoken if modality == "speech" else trial.shown
        meant_s = _common_s(_spans([hole[:2] for hole in holes if hole[2] == NOT_RECORDED]), start_s, stop_s)
        length_s = max(stop_s - start_s - meant_s, 1e-9)
        covered_s = _common_s(whole, start_s, stop_s)
        flat: tuple[str, ...] = ()
        share_flat = 0.0
        if looked_at and covered_s:
            flat, share_flat = _flat(stream, times, columns_of(stream.info, modality), (start_s, stop_s))
        bad_s = 0.0
        for words, spans in doubts.items():
            each_s = min(_common_s(spans, start_s, stop_s), covered_s)
            seconds[words] += each_s
            bad_s = max(bad_s, each_s)
        quality = max(0.0, covered_s - bad_s) / length_s * (1 - share_flat)
        found.append(
            JudgedTrial(
                min(1.0, covered_s / length_s),
                covered_s,
                min(1.0, quality),
                _cause(holes, start_s, stop_s),
                flat,
            )
        )
    return Judged(tuple(found), {words: each for words, each in seconds.items() if each})


def _keys(session: Session, trials: Sequence[Looked]) -> Judged | None:
    table = session.keys
    if not len(table.get("time", ())):
        return None
    typed = set(np.asarray(table["trial"])[np.asarray(table["edge"]) == "down"].tolist())
    return Judged(
        tuple(
            JudgedTrial(1.0, trial.shown[1] - trial.shown[0], 1.0)
            if trial.index in typed
            else JudgedTrial(0.0, 0.0, 0.0, "no keys")
            for trial in trials
        )
    )


_Holes = list[tuple[float, float, str]]


def _stretches(stream: Stream, times: RowTimes) -> tuple[NDArray[np.float64], _Holes]:
    """Return the stretches (n, 2) without a hole, and the holes with their causes."""
    edges = [*times.starts[times.is_hole].tolist(), times.rows]
    firsts = [0, *edges[:-1]]
    step_s = 1 / stream.info.rate_hz if stream.info.rate_hz > 0 else 0.0
    begins = times.times(np.array(firsts))
    ends = times.times(np.array([each - 1 for each in edges])) + step_s
    causes = {gap.first: gap.cause for gap in stream.gaps}
    holes = [
        (float(end), float(begin), causes.get(row, ""))
        for end, begin, row in zip(ends[:-1], begins[1:], firsts[1:], strict=True)
    ]
    before = next((gap.cause for gap in stream.gaps if gap.last < 0), "")
    behind = next((gap.cause for gap in stream.gaps if not 0 <= gap.first < times.rows), "")
    around = [(-np.inf, float(begins[0]), before), (float(ends[-1]), np.inf, behind)]
    return np.column_stack([begins, ends]), [*holes, *around]


def _common_s(spans: NDArray[np.float64], start_s: float, stop_s: float) -> float:
    if not len(spans):
        return 0.0
    inside = np.minimum(spans[:, 1], stop_s) - np.maximum(spans[:, 0], start_s)
    return float(np.maximum(inside, 0.0).sum())


def _cause(holes: _Holes, start_s: float, stop_s: float) -> str:
    """Return why the largest part of a trial that is missing is missing."""
    inside = [(min(end, stop_s) - max(begin, start_s), cause) for begin, end, cause in holes]
    length_s, cause = max(inside, default=(0.0, ""))
    return cause if length_s > 0 else ""


def _failed(session: Session, stream_id: str) -> NDArray[np.float64]:
    rows = quality_table(session.events).get(stream_id, ())
    ends = [
        (float(row["time"]), float(row.get("seconds") or 0.0)) for row in rows if row["verdict"] == "failed"
    ]
    return _spans([(end_s - length_s, end_s) for end_s, length_s in ends])


def _spans(found: Sequence[Span]) -> NDArray[np.float64]:
    return np.array(found, np.float64).reshape(-1, 2)


def _doubtful(
    session: Session, modality: str, names: Collection[str], whole: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return what the review would mark as doubtful, by what is wrong."""
    if modality not in ("bvp", "ecg", "eda", "temperature"):
        return {}
    signal = read_signal(session, modality, names)
    assert signal is not None, "it has rows"
    values = signal.values[:, 0].astype(np.float64)
    times = signal.start_s + np.arange(len(values)) / signal.rate_hz
    if modality == "temperature":
        return {COLD: _cold(signal, values, times)}
    if modality == "eda":
        return {SKIN: _skin(signal, values, times)}
    return {BEATS: _without_beats(signal, values, times, whole)}


def _cold(signal: Signal, values: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    from analysis.views.curves import spans_where

    if signal.units[0] != "degC":
        return _spans(())
    with np.errstate(invalid="ignore"):
        return _spans(spans_where((values < SKIN_DEGC[0]) | (values > SKIN_DEGC[1]), times))


def _skin(signal: Signal, values: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    from analysis.views.derived import TO_MICROSIEMENS
    from analysis.views.skin import LEAST_RATE_HZ, doubtful_spans

    unit = signal.units[0].strip().lower()
    scale = TO_MICROSIEMENS.get(unit) if unit else None
    if scale is None or signal.rate_hz < LEAST_RATE_HZ:
        return _spans(())
    return _spans(doubtful_spans(values * scale, times, signal.rate_hz))


def _without_beats(
    signal: Signal,
    values: NDArray[np.float64],
    times: NDArray[np.float64],
    whole: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what lies in no interval between two heartbeats that can be believed."""
    from analysis.views.curves import joined
    from analysis.views.heart import LEAST_RATE_HZ, beats_of_ecg, beats_of_pulse

    if signal.rate_hz < LEAST_RATE_HZ:
        return _spans(())
    find = beats_of_ecg if signal.modality == "ecg" else beats_of_pulse
    beats = find(values, times, signal.rate_hz)
    good = beats.is_plausible
    ends = beats.times_s[good]
    believable = joined(list(zip(ends - beats.intervals_s[good], ends, strict=True)))
    left = []
    for begin_s, end_s in whole.tolist():
        at_s = begin_s
        for from_s, to_s in believable:
            if to_s <= begin_s or from_s >= end_s:
                continue
            if from_s > at_s:
                left.append((at_s, from_s))
            at_s = max(at_s, to_s)
        if end_s > at_s:
            left.append((at_s, end_s))
    return _spans(left)


def _flat(
    stream: Stream, times: RowTimes, columns: Sequence[int], span: Span
) -> tuple[tuple[str, ...], float]:
    """Return the channels that do not change in the middle of a span, and their share."""
    info: StreamInfo = stream.info
    length_s = max(LOOK_S, LOOK_ROWS / info.rate_hz)
    middle_s = (span[0] + span[1]) / 2
    first, stop = times.rows_between(middle_s - length_s / 2, middle_s + length_s / 2)
    if stop - first < LOOK_ROWS - 1:
        return (), 0.0
    values = np.asarray(stream.data[first:stop], np.float64)[:, list(columns)]
    finite = np.isfinite(values).all(axis=0)
    dead = ~finite | (np.ptp(np.where(np.isfinite(values), values, 0.0), axis=0) == 0)
    names = tuple(info.channels[column] for column, is_dead in zip(columns, dead, strict=True) if is_dead)
    return names, float(dead.mean())
