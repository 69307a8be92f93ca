"""The sound of a recording's microphone at any moment and any rate, silence in its holes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.overview.row_times import RowTimes
from analysis.session_reader import Stream

Wave = NDArray[np.float32]
Spans = Sequence[tuple[float, float]]
EDGE = 2
"""Samples that the interpolation needs on both sides."""
HOLE_PERIODS = 1.5
"""Samples further apart than this have a hole between them."""


class SoundRows:
    """Reads a microphone by time; all channels together, full scale is 1."""

    def __init__(self, stream: Stream, times: RowTimes) -> None:
        self.stream = stream
        self._times = times
        self._period_s = 1 / stream.info.rate_hz
        whole = np.dtype(stream.info.dtype)
        self._full = float(np.iinfo(whole).max) if whole.kind == "i" else 1.0

    def at(self, start_s: float, count: int, rate_hz: float) -> Wave:
        """Return `count` samples at `rate_hz` from `start_s` on, on the recording's clock."""
        wanted = start_s + np.arange(count) / rate_hz
        silence = np.zeros(count, np.float32)
        if not count or not self._times.rows:
            return silence
        edge_s = EDGE * self._period_s
        first, stop = self._times.rows_between(float(wanted[0]) - edge_s, float(wanted[-1]) + edge_s)
        if stop - first < 2 * EDGE:
            return silence
        stamps = np.maximum.accumulate(self._times.times(np.arange(first, stop)))
        values = np.asarray(self.stream.data[first:stop], np.float32).mean(axis=1)
        rows = np.nan_to_num(values) / np.float32(self._full)
        places = np.interp(wanted, stamps, np.arange(len(stamps), dtype=np.float64))
        before = np.clip(places.astype(np.int64), 0, len(stamps) - 2)
        is_hole = stamps[before + 1] - stamps[before] > HOLE_PERIODS * self._period_s
        is_out = (wanted < stamps[0] - self._period_s) | (wanted > stamps[-1] + self._period_s)
        return np.where(is_hole | is_out, np.float32(0), _interpolated(rows, places))


def mixed(sounds: Sequence[SoundRows], start_s: float, count: int, rate_hz: float) -> Wave:
    """Return several microphones together, never beyond full scale."""
    total = np.zeros(count, np.float32)
    for sound in sounds:
        total += sound.at(start_s, count, rate_hz)
    return np.clip(total, -1.0, 1.0, out=total)


def silenced(wave: Wave, start_s: float, rate_hz: float, muted_s: Spans) -> Wave:
    """Take the sound out of the stretches `muted_s`."""
    for begin_s, end_s in muted_s:
        first = max(0, int(np.floor((begin_s - start_s) * rate_hz)))
        stop = int(np.ceil((end_s - start_s) * rate_hz))
        if stop > first:
            wave[first:stop] = 0
    return wave


def _interpolated(rows: Wave, places: NDArray[np.float64]) -> Wave:
    """Read between samples by cubic (Catmull-Rom) interpolation."""
    whole = np.clip(np.floor(places).astype(np.int64), 1, len(rows) - 3)
    t = (places - whole).astype(np.float32)
    before, one, two, behind = (rows[whole + step] for step in (-1, 0, 1, 2))
    bend = ((3 * (one - two) - before + behind) * t + 2 * before - 5 * one + 4 * two - behind) * t
    found: Wave = one + 0.5 * t * (bend + two - before)
    return found
