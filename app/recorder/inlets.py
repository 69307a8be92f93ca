"""LSL inlets: reading a stream without a Python step per sample.

Inlets run without processing flags: times stay as the sender stamped them.
"""

from __future__ import annotations

import ctypes
import json
import math
import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pylsl import StreamInfo as LslInfo
from pylsl import StreamInlet
from pylsl.lib import lib

from analysis.records import StreamInfo
from app import clock
from app.recorder.lifelines import Lifeline
from app.streams import FORMAT_OF_DTYPE

LOST_ERROR = -2
TEXT_ROWS = 256
# The library looks for another sender no sooner than a second after the old one has gone.
DRAINED_S = 0.25

Data = NDArray[np.generic] | tuple[bytes, ...]

_PULL = {
    "float32": lib.lsl_pull_chunk_f,
    "float64": lib.lsl_pull_chunk_d,
    "int8": lib.lsl_pull_chunk_c,
    "int16": lib.lsl_pull_chunk_s,
    "int32": lib.lsl_pull_chunk_i,
    "int64": lib.lsl_pull_chunk_l,
}


class SourceLostError(Exception):
    """The source of a stream has gone for good; it must be found and opened again."""


class Rows(NamedTuple):
    """Rows as they came: times (n,), data (n, channels) or n byte strings.

    `seq` is the first row's number where the source counts rows, else -1. `cause` says that the source
    was interrupted before or within these rows; `missing` how many rows it knows to have lost.
    """

    times: NDArray[np.float64]
    data: Data
    seq: int = -1
    cause: str = ""
    missing: int = 0

    @property
    def nbytes(self) -> int:
        """Return how much memory the rows take."""
        data = self.data
        return self.times.nbytes + (sum(map(len, data)) if isinstance(data, tuple) else data.nbytes)


class LslSource:
    """An open inlet; `pull` gives what has arrived since the last call.

    The inlet's own way of reconnecting is never used: it would take any stream of the same name and
    source id, on whatever computer. Whoever reads a source that is lost has to look for it again.
    """

    def __init__(
        self, inlet: StreamInlet, info: StreamInfo, lsl: LslInfo, lifeline: Lifeline | None = None
    ) -> None:
        self.info = info
        self.inlet = inlet
        self.uid = lsl.uid()
        self.lifeline = lifeline
        self._lock = threading.Lock()
        self._read: Callable[[], Rows | None] = (
            _TextReader(inlet, info) if info.is_blob else _NumberReader(inlet, info)
        )

    def pull(self) -> Rows | None:
        """Return the rows that arrived, None if there are none; raises SourceLostError."""
        with self._lock:
            # Asked before the rows are taken: the library reconnects more than a second after the last
            # old row arrived, so rows taken from now on would come from the new connection.
            if self.inlet is None or lib.lsl_was_clock_reset(self.inlet.obj):
                raise SourceLostError("closed, or reconnected by the library")
            rows = self._read()
        if rows is None and self.is_cut and clock.now() - self.cut_s > DRAINED_S:
            raise SourceLostError("the sender has gone")
        return rows

    @property
    def is_cut(self) -> bool:
        """Whether the sender has gone; what it sent before may still be on its way."""
        return self.lifeline is not None and self.lifeline.cut_s is not None

    @property
    def cut_s(self) -> float:
        """Return when the sender has gone; infinity if it has not."""
        return math.inf if self.lifeline is None or self.lifeline.cut_s is None else self.lifeline.cut_s

    def close(self) -> None:
        """Disconnect, without waiting for it."""
        with self._lock:
            inlet, self.inlet = self.inlet, None
        if self.lifeline is not None:
            self.lifeline.is_wanted = False
        if inlet is not None:
            threading.Thread(target=_let_go, args=(inlet,), name="inlet closing", daemon=True).start()


def _let_go(inlet: StreamInlet) -> None:
    # Its destructor waits for the library's threads.
    inlet.close_stream()
    del inlet


class _NumberReader:
    """Pulls into buffers made once; a call costs some microseconds however many rows there are."""

    def __init__(self, inlet: StreamInlet, info: StreamInfo) -> None:
        channels = len(info.channels)
        self._rows = max(64, round(info.rate_hz / 2))
        self._times = np.empty(self._rows, np.float64)
        self._data = np.empty((self._rows, channels), info.dtype)
        self._channels = channels
        self._error = ctypes.c_int()
        self._pull = _PULL[info.dtype]
        self._arguments = (
            inlet.obj,
            ctypes.c_void_p(self._data.ctypes.data),
            ctypes.c_void_p(self._times.ctypes.data),
            ctypes.c_size_t(self._rows * channels),
            ctypes.c_size_t(self._rows),
            ctypes.c_double(0.0),
            ctypes.byref(self._error),
        )

    def __call__(self) -> Rows | None:
        pieces: list[Rows] = []
        while True:
            count = int(self._pull(*self._arguments)) // self._channels
            if self._error.value == LOST_ERROR and not count:
                if pieces:
                    break
                raise SourceLostError
            if count:
                pieces.append(Rows(self._times[:count].copy(), self._data[:count].copy()))
            if count < self._rows:
                break
        if len(pieces) < 2:
            return pieces[0] if pieces else None
        return Rows(
            np.concatenate([piece.times for piece in pieces]),
            np.concatenate([piece.data for piece in pieces]),
        )


class _TextReader:
    """Pulls strings as bytes; of several channels a row becomes one JSON list."""

    def __init__(self, inlet: StreamInlet, info: StreamInfo) -> None:
        channels = len(info.channels)
        self._channels = channels
        self._values = TEXT_ROWS * channels
        self._pointers = (ctypes.c_void_p * self._values)()
        self._lengths = (ctypes.c_uint32 * self._values)()
        self._times = (ctypes.c_double * TEXT_ROWS)()
        self._error = ctypes.c_int()
        self._obj = inlet.obj

    def __call__(self) -> Rows | None:
        times: list[float] = []
        texts: list[bytes] = []
        while True:
            values = int(
                lib.lsl_pull_chunk_buf(
                    self._obj,
                    ctypes.byref(self._pointers),
                    ctypes.byref(self._lengths),
                    ctypes.byref(self._times),
                    ctypes.c_size_t(self._values),
                    ctypes.c_size_t(TEXT_ROWS),
                    ctypes.c_double(0.0),
                    ctypes.byref(self._error),
                )
            )
            # Older libraries allocate a string for every place of the buffer, filled or not.
            if values or self._pointers[0]:
                times += self._times[: values // self._channels]
                texts += self._take(values)
            if values < self._values:
                break
        if self._error.value == LOST_ERROR and not times:
            raise SourceLostError
        return Rows(np.array(times), tuple(texts)) if times else None

    def _take(self, values: int) -> list[bytes]:
        found = [ctypes.string_at(self._pointers[i] or 0, self._lengths[i]) for i in range(values)]
        for pointer in filter(None, self._pointers):
            lib.lsl_destroy_string(pointer)
        ctypes.memset(self._pointers, 0, ctypes.sizeof(self._pointers))
        if self._channels == 1:
            return found
        rows = [found[i : i + self._channels] for i in range(0, values, self._channels)]
        return [
            json.dumps([v.decode(errors="replace") for v in r], ensure_ascii=False).encode() for r in rows
        ]


assert set(_PULL) | {"text"} == set(FORMAT_OF_DTYPE)
