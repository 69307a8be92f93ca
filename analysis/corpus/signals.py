"""The signals of a recording by modality, whole, on an even grid of its corrected clock."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import MODALITIES
from analysis.corpus.corpus import CorpusError, Recording, Span
from analysis.corpus.texts import text_signal
from analysis.features.feature import Signal
from analysis.modalities import modality_of
from analysis.overview.row_times import RowTimes, row_times
from analysis.records import StreamInfo
from analysis.session_file import Session, SessionFileError, Stream, open_session
from analysis.session_quality import quality_table

KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "eeg": frozenset({"eeg"}),
        "ecg": frozenset({"ecg", "ekg"}),
        "bvp": frozenset({"bvp", "ppg", "optical", "pleth", "plethysmogram"}),
        "eda": frozenset({"eda", "gsr", "skin_conductance"}),
        "temperature": frozenset({"temperature", "temp", "skt"}),
        "respiration": frozenset({"respiration", "resp", "rsp"}),
        "acceleration": frozenset({"acceleration", "accelerometer", "accel", "acc"}),
        "peripheral": frozenset({"emg", "eog"}),
        "eye": frozenset({"eye", "gaze", "pupil"}),
        "csi": frozenset({"csi"}),
    }
)
"""Kinds of channels by modality. A stream of kind `PERIPHERAL` holds that modality with all its channels."""
PERIPHERAL = "peripheral"
OWN = frozenset({"time", "package", "marker", "battery", "other", ""})
"""Kinds of channels that say nothing of the body."""
KEY_COLUMNS = ("time", "edge", "key", "class", "trial", "stage", "press")
"""Of a table of keys; "press" is what a key's down and up share, told without what was typed."""
NEAREST_FROM_HZ = 2000.0
"""From this rate on a grid point takes its nearest sample: a line between two of them would dull a sound."""
EXACT_ROWS = 1e-3
BLOCK_POINTS = 500_000


def read_signal(session: Session, modality: str, only: Collection[str] | None = None) -> Signal | None:
    """Return what an open session holds of a modality, None where it holds nothing of it.

    Of several streams the one that is of this kind itself goes before one that has such channels among
    others, then the one with more of them; `only` names the streams that may be used. Values are NaN in gaps;
    sound of whole numbers becomes -1 to 1. `doubtful` is what the monitor failed while it was recorded.
    The frames of a "face" are read from the session while that is open. Raises CorpusError for a modality
    that there is not, or a file that cannot be read.
    """
    _check(modality)
    if modality == "keys":
        return _keys(session)
    if modality == "text":
        return text_signal(session)
    for stream in _streams(session, modality, only):
        if stream.rows:
            return _pictures(session, stream) if modality == "face" else _numbers(session, stream, modality)
    return None


def signal_of(recording: Recording, modality: str) -> Signal | None:
    """Open a recording and return its signal, of the streams that it names; see `read_signal`.

    Not for "face", whose frames need the session open.
    """
    if modality == "face":
        raise CorpusError("the frames of a face are read from an open session: use read_signal.")
    if modality in recording.refused:
        return None
    try:
        with open_session(recording.path) as session:
            return read_signal(session, modality, [info.id for info in recording.streams])
    except SessionFileError as error:
        raise CorpusError(str(error)) from error


def modalities_of(recording: Recording) -> tuple[str, ...]:
    """Return the modalities of which a recording holds something, in the order of `MODALITIES`."""
    names = frozenset(info.id for info in recording.streams)
    found = _modalities(recording.path, recording.sha256 + recording.transcript, names)
    return tuple(name for name in found if name not in recording.refused)


@lru_cache(maxsize=8192)
def _modalities(path: Path, _: str, names: frozenset[str]) -> tuple[str, ...]:
    try:
        with open_session(path) as session:
            return tuple(name for name in MODALITIES if _holds(session, name, names))
    except SessionFileError as error:
        raise CorpusError(str(error)) from error


def _holds(session: Session, modality: str, names: Collection[str]) -> bool:
    if modality == "keys":
        return len(session.keys.get("time", ())) > 0
    if modality == "text":
        return text_signal(session) is not None
    return any(stream.rows for stream in _streams(session, modality, names))


def columns_of(info: StreamInfo, modality: str) -> tuple[int, ...]:
    """Return which channels of a stream hold a modality; () where none does, or it has no even rate."""
    _check(modality)
    if modality == "face":
        return (0,) if info.dtype == "jpeg" else ()
    if info.is_blob or info.rate_hz <= 0 or modality in ("keys", "text"):
        return ()
    if modality == "speech":
        return tuple(range(len(info.channels))) if modality_of(info) == "voice" else ()
    own = info.kind.strip().lower()
    kinds = [kind.strip().lower() or own for kind in info.channel_kinds]
    if modality == PERIPHERAL and own == PERIPHERAL:
        return tuple(place for place, kind in enumerate(kinds) if kind not in OWN)
    return tuple(place for place, kind in enumerate(kinds) if kind in KINDS[modality])


def slowest_hz(recording: Recording, modality: str) -> float:
    """Return the lowest rate of the streams that may hold a modality, 0 where none has one."""
    rates = [info.rate_hz for info in recording.streams if columns_of(info, modality)]
    return min((rate for rate in rates if rate > 0), default=0.0)


def stream_of(session: Session, modality: str, only: Collection[str] | None = None) -> Stream | None:
    """Return the stream that `read_signal` would take, None where there is none with a row."""
    return next((stream for stream in _streams(session, modality, only) if stream.rows), None)


def _check(modality: str) -> None:
    if modality not in MODALITIES:
        raise CorpusError(f"there is no modality '{modality}'. There are: {', '.join(MODALITIES)}.")


def _streams(session: Session, modality: str, only: Collection[str] | None) -> list[Stream]:
    infos = [stream.info for name, stream in session.streams.items() if only is None or name in only]
    return [session.streams[info.id] for info in preferred(infos, modality)]


def preferred(infos: Iterable[StreamInfo], modality: str) -> list[StreamInfo]:
    """Return the streams that hold a modality, in the order in which they are taken for it."""
    found = [(info, len(columns)) for info in infos if (columns := columns_of(info, modality))]
    kinds = KINDS.get(modality, frozenset()) | {modality}

    def rank(entry: tuple[StreamInfo, int]) -> tuple[bool, int]:
        return (entry[0].kind.strip().lower() not in kinds, -entry[1])

    return [info for info, _ in sorted(found, key=rank)]


def key_columns(table: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return those of `KEY_COLUMNS` that a session's table of keys has; "press" where all are numbered."""
    columns = {name: table[name] for name in KEY_COLUMNS if name in table}
    if "payload" in table:
        known = [json.loads(str(each) or "{}").get("press") for each in table["payload"]]
        if all(each is not None for each in known):
            # Each author counts its own presses: a presenter that came back begins anew.
            authors = table.get("source", np.full(len(known), ""))
            columns["press"] = np.array([f"{who} {each}" for who, each in zip(authors, known, strict=True)])
    return columns


def _keys(session: Session) -> Signal | None:
    table = session.keys
    if not len(table.get("time", ())):
        return None
    columns = key_columns(table)
    texts = {name: np.array(column, str) for name, column in columns.items() if column.dtype == object}
    start_s = float(table["time"].min())
    return Signal("keys", 0.0, start_s, np.zeros((0, 0), np.float32), (), (), table=columns | texts)


def _pictures(session: Session, stream: Stream) -> Signal:
    info = stream.info
    times = stream.corrected_times()

    def frame(number: int) -> bytes:
        picture: bytes = stream.data[number]
        return picture

    return Signal(
        "face",
        info.rate_hz,
        float(times[0]),
        np.zeros((0, 0), np.float32),
        info.channels,
        info.units,
        times_s=times,
        frames=frame,
        doubtful=_doubtful(session, info.id),
    )


def _numbers(session: Session, stream: Stream, modality: str) -> Signal:
    info = stream.info
    columns = columns_of(info, modality)
    times = row_times(stream)
    start_s, rate_hz = times.first_s, info.rate_hz
    count = int(np.floor((times.last_s - start_s) * rate_hz + 0.5)) + 1
    values = np.full((count, len(columns)), np.nan, np.float32)
    scale = 1.0
    if modality == "speech" and info.dtype.startswith("int"):
        scale = 1.0 / (float(np.iinfo(info.dtype).max) + 1.0)
    for rows in pairwise([*times.starts.tolist(), times.rows]):
        _fill(values, stream, times, rows, list(columns), start_s, scale)
    return Signal(
        modality,
        rate_hz,
        start_s,
        values,
        tuple(info.channels[place] for place in columns),
        tuple(info.units[place] for place in columns),
        doubtful=_doubtful(session, info.id),
    )


def _fill(
    values: NDArray[np.float32],
    stream: Stream,
    times: RowTimes,
    rows: tuple[int, int],
    columns: list[int],
    start_s: float,
    scale: float,
) -> None:
    """Put the rows of one stretch without a hole on the grid."""
    first, stop = rows
    rate_hz = stream.info.rate_hz
    inside = (times.knot_rows >= first) & (times.knot_rows <= stop - 1)
    knot_rows, knot_times = times.knot_rows[inside], np.maximum.accumulate(times.knot_times[inside])
    low = max(0, int(np.ceil((knot_times[0] - start_s) * rate_hz - 0.5)))
    high = min(len(values), int(np.floor((knot_times[-1] - start_s) * rate_hz + 0.5)) + 1)
    for begin in range(low, high, BLOCK_POINTS):
        end = min(high, begin + BLOCK_POINTS)
        at = np.interp(start_s + np.arange(begin, end) / rate_hz, knot_times, knot_rows)
        whole = np.rint(at)
        if rate_hz >= NEAREST_FROM_HZ or np.abs(at - whole).max() <= EXACT_ROWS:
            at = whole
        before = np.clip(np.floor(at).astype(np.int64), first, stop - 1)
        after = np.clip(before + 1, first, stop - 1)
        base = int(before[0])
        block = np.asarray(stream.data[base : int(after[-1]) + 1], np.float64)[:, columns] * scale
        share = (at - before)[:, None]
        found = block[before - base]
        if share.any():
            # Where a sample is hit exactly, a missing neighbour must not spoil it.
            found = np.where(share > 0, found + share * (block[after - base] - found), found)
        values[begin:end] = np.where(np.isfinite(found), found, np.nan)


def _doubtful(session: Session, stream_id: str) -> tuple[Span, ...]:
    spans = []
    for row in quality_table(session.events).get(stream_id, ()):
        if row.get("verdict") == "failed":
            end_s = float(row["time"])
            spans.append((end_s - float(row.get("seconds") or 0.0), end_s))
    return tuple(spans)
