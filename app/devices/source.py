"""What a bridge needs of a device: streams to describe, and rows to fetch at each poll."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from app.devices.losses import Loss
from stimuli.problems import EvokeError

NameSource = Callable[[str], str]
"""Makes the LSL source id of a stream id (`SessionPlan.source_id` in a session)."""


class DeviceError(EvokeError):
    """A device cannot be opened or has stopped; the text says which, why and what helps."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that arrived together: times (n,) in `clock.now()` seconds, data (n, channels)."""

    stream_id: str
    times: NDArray[np.float64]
    data: NDArray[np.float64]


class Source(Protocol):
    """A device as its bridge sees it. `open` may block for long and runs beside the polling."""

    poll_s: float

    @property
    def quiet_s(self) -> float:
        """Silence after which the device counts as gone and is opened again."""

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """The streams, known once `open` has returned."""

    def open(self) -> None:
        """Connect and start; raises DeviceError."""

    def poll(self) -> list[Chunk]:
        """Return what arrived since the last call; raises DeviceError."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What the device has said of itself (serial, firmware), known once `open` has returned."""

    @property
    def notice(self) -> str:
        """One sentence about what is not as it should be, or empty."""

    def lost(self, stream_id: str) -> int:
        """Return how many rows the device itself is known to have lost."""

    def losses(self) -> list[Loss]:
        """Return the losses found since the last call."""

    def close(self) -> None:
        """Stop and let go, whatever state the device is in."""
