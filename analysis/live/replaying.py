"""A finished session as it came: its rows in the order of their times, ready to be pushed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import CorpusError, Recording, Span, Trial
from analysis.corpus.loading import load_recording
from analysis.corpus.signals import BLOCK_POINTS, EXACT_ROWS, key_columns, preferred
from analysis.live.plan import LiveError
from analysis.live.streams import KEYS, Streams
from analysis.modalities import Modality
from analysis.overview.row_times import RowTimes, row_times
from analysis.records import StreamInfo
from analysis.session_file import Session, SessionFileError, Stream, open_session

Floats = NDArray[np.float64]


@dataclass
class _Track:
    """A stream being replayed: which row is next, where stretches begin, which of them lie on the grid."""

    stream: Stream
    times_s: Floats
    starts: frozenset[int]
    exact: frozenset[int]
    next: int = 0


class Replay:
    """Reads an open session file from its beginning; use as a context manager.

    Nothing is read of streams that the participant `refused`. Raises LiveError.
    """

    def __init__(self, path: Path, modalities: Sequence[str], refused: Sequence[Modality] = ()) -> None:
        try:
            self.recording, _, _ = load_recording(path, refused=refused)
            self._stack = ExitStack()
            self._session: Session = self._stack.enter_context(open_session(path))
        except (CorpusError, SessionFileError, OSError) as error:
            raise LiveError(f"{path}: cannot be replayed ({error}).") from error
        names = {info.id for info in self.recording.streams}
        wanted = [each for each in modalities if each not in self.recording.refused]
        infos = [stream.info for name, stream in self._session.streams.items() if name in names]
        streams = {
            info.id: self._session.streams[info.id]
            for modality in wanted
            if modality != KEYS
            for info in preferred(infos, modality)
            if self._session.streams[info.id].rows
        }
        self._tracks = {name: _track(stream) for name, stream in streams.items()}
        self._keys: Mapping[str, NDArray[Any]] = key_columns(self._session.keys) if KEYS in wanted else {}
        self._next_key = 0
        if not self._tracks and not len(self._keys.get("time", ())):
            raise LiveError(
                f"{path}: holds none of {', '.join(modalities)}, which the recognizer was trained on."
            )

    def __enter__(self) -> Replay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The streams that are replayed."""
        return tuple(track.stream.info for track in self._tracks.values())

    @property
    def begin_s(self) -> float:
        """The first time of any stream, in seconds of the recording's corrected clock."""
        return min(self._firsts())

    @property
    def end_s(self) -> float:
        """The last time of any stream."""
        last = [float(track.times_s[-1]) for track in self._tracks.values()]
        keys: list[float] = self._keys.get("time", np.zeros(0))[-1:].tolist()
        return max((*last, *keys))

    def _firsts(self) -> list[float]:
        known: list[float] = [float(track.times_s[0]) for track in self._tracks.values()]
        return known or [float(self._keys["time"][0])]

    def push(self, streams: Streams, until_s: float) -> int:
        """Push everything before `until_s` that was not pushed yet; return how many rows."""
        count = 0
        for name, track in self._tracks.items():
            stop = int(np.searchsorted(track.times_s, until_s, "left"))
            while track.next < stop:
                count += self._piece(streams, name, track, stop)
        time_s = self._keys.get("time", np.zeros(0))
        stop = int(np.searchsorted(time_s, until_s, "left"))
        if stop > self._next_key:
            rows = [
                {name: column[row] for name, column in self._keys.items()}
                for row in range(self._next_key, stop)
            ]
            streams.push_keys(rows)
            count += stop - self._next_key
            self._next_key = stop
        return count

    def _piece(self, streams: Streams, name: str, track: _Track, stop: int) -> int:
        first = track.next
        # Rows of two stretches are never pushed in one piece.
        inner = [start for start in track.starts if first < start < stop]
        stop = min((stop, first + BLOCK_POINTS, *inner))
        begun = max((start for start in track.starts if start <= first), default=0)
        data = track.stream.data[first:stop]
        streams.push(name, track.times_s[first:stop], data, first in track.starts, begun in track.exact)
        track.next = stop
        return stop - first


def _track(stream: Stream) -> _Track:
    if stream.info.is_blob:
        return _Track(stream, stream.corrected_times(), frozenset({0}), frozenset())
    times = row_times(stream)
    every = np.asarray(stream.corrected_times(), np.float64)
    starts = times.starts.tolist()
    exact = {
        first
        for first, stop in zip(starts, [*starts[1:], times.rows], strict=True)
        if _is_exact(times, first, stop, stream.info.rate_hz)
    }
    return _Track(stream, every, frozenset(starts), frozenset(exact))


def _is_exact(times: RowTimes, first: int, stop: int, rate_hz: float) -> bool:
    """Whether a recording's reader takes the samples of a stretch as they are, and draws no lines."""
    inside = (times.knot_rows >= first) & (times.knot_rows <= stop - 1)
    knots, moments = times.knot_rows[inside], np.maximum.accumulate(times.knot_times[inside])
    low = max(0, int(np.ceil((moments[0] - times.first_s) * rate_hz - 0.5)))
    high = int(np.floor((moments[-1] - times.first_s) * rate_hz + 0.5)) + 1
    for begin in range(low, high, BLOCK_POINTS):
        grid = times.first_s + np.arange(begin, min(high, begin + BLOCK_POINTS)) / rate_hz
        at = np.interp(grid, moments, knots)
        if np.abs(at - np.rint(at)).max(initial=0.0) > EXACT_ROWS:
            return False
    return True


def whole_trial(recording: Recording, span: Span) -> Trial:
    """Return a trial that is a stretch of a recording, whatever was shown in it."""
    who, visit = recording.participant, recording.session
    return Trial(recording.id, who, visit, 0, "", "", *span, shown=span)


def replayed(replay: Replay, streams: Streams, step_s: float) -> Iterator[float]:
    """Push a session in steps; yield up to when everything was pushed, the last time beyond its end."""
    for info in replay.infos:
        streams.add(info)
    until_s = replay.begin_s
    while until_s <= replay.end_s:
        until_s += step_s
        replay.push(streams, until_s)
        yield until_s
