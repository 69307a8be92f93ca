"""All streams of a running session, buffered, and which of them is taken for which modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.signals import columns_of, preferred
from analysis.features.feature import Signal
from analysis.live.buffers import FrameBuffer, GridBuffer, KeyBuffer
from analysis.records import StreamInfo

Floats = NDArray[np.float64]
KEYS = "keys"
"""The id under which key strokes are pushed."""
Buffer = GridBuffer | FrameBuffer


class Streams:
    """Buffers of the streams that any of `modalities` may need, `memory_s` of each."""

    def __init__(self, modalities: Sequence[str], memory_s: float) -> None:
        self.modalities = tuple(dict.fromkeys(modalities))
        self.memory_s = memory_s
        self._buffers: dict[str, Buffer] = {}
        self._keys = KeyBuffer(memory_s)

    def add(self, info: StreamInfo) -> bool:
        """Make room for a stream; whether it is one that anybody needs."""
        if not any(columns_of(info, each) for each in self.modalities if each != KEYS):
            return False
        known = self._buffers.get(info.id)
        if known is None or known.info.shape != info.shape:
            made: Buffer = (
                FrameBuffer(info, self.memory_s) if info.dtype == "jpeg" else GridBuffer(info, self.memory_s)
            )
            self._buffers[info.id] = made
        return True

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The streams that there are."""
        return tuple(buffer.info for buffer in self._buffers.values())

    def push(
        self,
        stream: str,
        times_s: Floats,
        data: NDArray[Any] | Sequence[bytes],
        begins: bool = False,
        is_exact: bool = False,
    ) -> None:
        """Take rows of a stream that was added."""
        buffer = self._buffers[stream]
        if isinstance(buffer, FrameBuffer):
            buffer.push(times_s, [bytes(each) for each in data])
        else:
            buffer.push(times_s, np.asarray(data), begins, is_exact)

    def push_keys(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take key strokes: rows of the table /keys."""
        self._keys.push(rows)

    def buffer_of(self, modality: str) -> Buffer | None:
        """Return the buffer that is taken for a modality, as a recording's reader takes streams."""
        for info in preferred(self.infos, modality):
            buffer = self._buffers[info.id]
            if buffer.has_rows:
                return buffer
        return None

    def first_s(self, modality: str) -> float:
        """Return when a modality began, NaN where nothing of it has come."""
        if modality == KEYS:
            return self._keys.start_s
        buffer = self.buffer_of(modality)
        return float("nan") if buffer is None else buffer.start_s

    def is_ready(self, modality: str, stop_s: float) -> bool:
        """Whether everything of a modality before a moment has come; keys are never waited for."""
        if modality == KEYS:
            return True
        buffer = self.buffer_of(modality)
        return buffer is not None and buffer.is_ready(stop_s)

    def signal(self, modality: str, stop_s: float, memory_s: float) -> Signal | None:
        """Return what is known of a modality at a moment, None where nothing of it has come."""
        if modality == KEYS:
            return self._keys.signal(stop_s, memory_s) if self._keys.has_rows else None
        buffer = self.buffer_of(modality)
        return None if buffer is None else buffer.signal(modality, stop_s, memory_s)
