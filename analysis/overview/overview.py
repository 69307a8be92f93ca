"""Reading a recording at any zoom: columns of smallest and largest values, samples, gaps."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.overview.cache import (
    Cancelled,
    Key,
    OverviewError,
    Progress,
    beside,
    build,
    elsewhere,
    numeric_streams,
    open_valid,
)
from analysis.overview.columns import Floats, Items, to_columns
from analysis.overview.levels import Level, levels_of
from analysis.overview.row_times import RowTimes
from analysis.records import StreamInfo
from analysis.session_format import payload_name
from analysis.session_reader import Session, Stream, open_session

IN_MEMORY_BYTES = 24 * 1024 * 1024
"""A level up to this size is read once and kept."""
IRREGULAR_ROWS = 200_000
"""So many rows of an irregular stream are read themselves: their bins may be as long as hours."""


@dataclass(frozen=True, slots=True)
class GapSpan:
    """A hole of a stream, seconds on the recording's clock, with its cause ("" if nobody knows)."""

    from_s: float
    to_s: float
    cause: str


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """How far the channels (n,) of a stream usually swing: their middle, and the swing around it."""

    middle: Floats
    swing: Floats


class Overview:
    """An open recording with its cache; use as a context manager, or `close` it. `infos` by stream id.

    A damaged cache is built anew when it is met.
    """

    def __init__(self, session: Session, cache: Any) -> None:
        self.session = session
        self.path = session.path
        self._file = cache
        self.cache = Path(cache.filename)
        """The cache file."""
        self._streams: dict[str, Stream] = {s.info.id: s for s in numeric_streams(session)}
        self.infos: Mapping[str, StreamInfo] = {name: s.info for name, s in self._streams.items()}
        self._times: dict[str, RowTimes] = {}
        self._levels: dict[str, tuple[Level, ...]] = {}
        self._kept: dict[tuple[str, int], NDArray[Any]] = {}
        self._load()

    @property
    def extent_s(self) -> tuple[float, float]:
        """From the first row of any stream to the last, seconds on the recording's clock."""
        found = [times for times in self._times.values() if times.rows]
        if not found:
            return (0.0, 0.0)
        return (min(times.first_s for times in found), max(times.last_s for times in found))

    def __enter__(self) -> Overview:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the cache and the recording."""
        self._file.close()
        self.session.close()

    def row_times(self, stream_id: str) -> RowTimes:
        """Return when the rows of a stream were; raises KeyError."""
        return self._times[stream_id]

    def span_s(self, stream_id: str) -> tuple[float, float]:
        """Return the times of a stream's first and last row, NaN where there is none."""
        times = self._times[stream_id]
        return (times.first_s, times.last_s)

    def rows_between(self, stream_id: str, start_s: float, stop_s: float) -> int:
        """Return about how many rows lie between two times."""
        first, stop = self._times[stream_id].rows_between(start_s, stop_s)
        return max(0, stop - first)

    def columns(
        self, stream_id: str, start_s: float, stop_s: float, columns: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the lowest and highest values (channels, columns) of equal stretches of time.

        NaN in gaps and beyond the stream. A column between two samples lies on the line that joins them.
        Where a column holds 16 rows or more they are looked up in bins, each counted in the column of its
        middle: no value is lost, none is further than half a column from its place.
        """
        times = self._times[stream_id]
        first, stop = times.rows_between(start_s, stop_s)
        per_column = (stop - first) / max(1, columns)
        is_regular = self.infos[stream_id].rate_hz > 0
        level = None
        if is_regular or stop - first > IRREGULAR_ROWS:
            level = next((x for x in reversed(self._levels[stream_id]) if x.factor <= per_column), None)
        items = (
            self._rows(stream_id, first, stop) if level is None else self._bins(stream_id, level, first, stop)
        )
        return to_columns(items, start_s, stop_s, columns, len(self.infos[stream_id].channels))

    def samples(self, stream_id: str, start_s: float, stop_s: float) -> tuple[Floats, NDArray[Any]]:
        """Return the rows of start_s <= time < stop_s: corrected times (n,) and values (n, channels)."""
        times = self._times[stream_id]
        first, stop = times.rows_between(start_s, stop_s)
        stamps = times.times(np.arange(first, stop))
        inside = (stamps >= start_s) & (stamps < stop_s)
        values = self._payload(stream_id)[first:stop]
        return (stamps, values) if inside.all() else (stamps[inside], values[inside])

    def gaps(self, stream_id: str) -> tuple[GapSpan, ...]:
        """Return the holes of a stream in the order of time; one that nothing follows ends the recording."""
        stream, times = self._streams[stream_id], self._times[stream_id]
        if not times.rows:
            return ()
        listed = {gap.first: gap.cause for gap in stream.gaps}
        spans = []
        for row in times.starts[times.is_hole].tolist():
            ends = times.times(np.array([row - 1, row]))
            spans.append(GapSpan(float(ends[0]), float(max(ends)), listed.get(row, "")))
        low, high = self.extent_s
        for gap in stream.gaps:
            if gap.last < 0 and gap.first == 0 and times.first_s > low:
                spans.append(GapSpan(low, times.first_s, gap.cause))
            elif not 0 <= gap.first < times.rows and gap.last >= 0 and times.last_s < high:
                spans.append(GapSpan(times.last_s, high, gap.cause))
        return tuple(sorted(spans, key=lambda span: span.from_s))

    def reach(self, stream_id: str) -> Reach:
        """Return how far a stream's channels usually swing, from the coarsest look at all of it."""
        levels, count = self._levels[stream_id], len(self.infos[stream_id].channels)
        values = self._level(stream_id, levels[-1], 0, levels[-1].bins) if levels else None
        if values is None:
            rows = self._payload(stream_id)[: self._times[stream_id].rows]
            values = np.stack([rows, rows], axis=1)
        values = values.astype(np.float64)
        middle, swing = np.full(count, np.nan), np.full(count, np.nan)
        seen = np.isfinite(values).all(axis=1).any(axis=0) if len(values) else np.zeros(count, bool)
        if seen.any():
            low, high = values[:, 0, seen], values[:, 1, seen]
            middle[seen] = np.nanmedian((low + high) / 2, axis=0)
            swing[seen] = np.nanmedian(high - low, axis=0)
        return Reach(middle, swing)

    def _load(self) -> None:
        for name in self._streams:
            group = self._file[name]
            knots = {key: group[key][:] for key in ("knot_rows", "knot_times", "starts", "is_hole")}
            rows = self._streams[name].rows
            self._times[name] = RowTimes(rows, **knots)
            self._levels[name] = levels_of(rows, knots["starts"]) if rows else ()

    def _payload(self, stream_id: str) -> Any:
        stream = self._streams[stream_id]
        return stream.group[payload_name(stream.info)]

    def _rows(self, stream_id: str, first: int, stop: int) -> Items:
        """Return rows with one neighbour at either side."""
        times = self._times[stream_id]
        first, stop = max(0, first - 1), min(times.rows, stop + 1)
        rows = np.arange(first, stop)
        values = self._payload(stream_id)[first:stop].astype(np.float32)
        stamps = times.times(rows)
        is_hole = np.isin(rows, times.starts[times.is_hole])
        return Items(stamps, stamps, stamps, values, values, is_hole, is_line=True)

    def _bins(self, stream_id: str, level: Level, first: int, stop: int) -> Items:
        times = self._times[stream_id]
        low = max(0, level.bin_of(first) - 1)
        high = min(level.bins, level.bin_of(max(first, stop - 1)) + 2)
        bins = np.arange(low, high)
        starts, lasts = level.first_rows(bins), level.last_rows(bins)
        values = self._level(stream_id, level, low, high)
        return Items(
            times.times((starts + lasts) / 2),
            times.times(starts),
            times.times(lasts),
            values[:, 0],
            values[:, 1],
            np.isin(starts, times.starts[times.is_hole]),
            is_line=False,
        )

    def _level(self, stream_id: str, level: Level, low: int, high: int) -> NDArray[Any]:
        kept = self._kept.get((stream_id, level.factor))
        if kept is not None:
            return kept[low:high]
        try:
            column = self._file[stream_id][str(level.factor)]
            if column.nbytes > IN_MEMORY_BYTES:
                found: NDArray[Any] = column[low:high]
                return found
            whole: NDArray[Any] = column[:]
        except (OSError, RuntimeError, KeyError):
            self._build_anew()
            return self._level(stream_id, level, low, high)
        self._kept[stream_id, level.factor] = whole
        return whole[low:high]

    def _build_anew(self) -> None:
        self._file.close()
        with contextlib.suppress(OSError):
            self.cache.unlink(missing_ok=True)
        self._kept.clear()
        self.cache = build(self.session)
        self._file = _opened(self.session, self.cache)


def open_overview(
    session_path: Path | str, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> Overview:
    """Open a recording's overview, building its cache where there is none that fits.

    `progress` gets the share that is done, 0 to 1; `cancelled` is asked now and then. Raises
    SessionFileError, OverviewError, OverviewCancelledError.
    """
    session = open_session(session_path)
    try:
        key = Key.of(session)
        for place in (beside(session.path), elsewhere(session.path)):
            file = open_valid(place, key)
            if file is not None:
                with contextlib.suppress(OSError, RuntimeError, KeyError, ValueError):
                    return Overview(session, file)
                file.close()
        return Overview(session, _opened(session, build(session, progress, cancelled)))
    except BaseException:
        session.close()
        raise


def _opened(session: Session, place: Path) -> Any:
    file = open_valid(place, Key.of(session))
    if file is None:
        raise OverviewError(f"{session.path.name}: changed while its overview was made. Open it again.")
    return file
