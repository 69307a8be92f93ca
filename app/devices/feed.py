"""What a capture reads: a camera's pictures or a microphone's blocks, real or generated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from app.devices.losses import Loss
from app.devices.source import DeviceError


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG picture and when it was taken."""

    time_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """A block of sound: times (n,) and samples (n, 1)."""

    times: NDArray[np.float64]
    data: NDArray[np.int16]


class Feed(Protocol):
    """An open device. Used by one thread.

    `frame_bytes` is what to allow for a picture on average, 0 for sound.
    """

    frame_bytes: int

    @property
    def info(self) -> StreamInfo:
        """The stream it gives."""

    @property
    def notice(self) -> str:
        """One sentence about what is not as it should be, or empty."""

    def next(self, timeout_s: float) -> Picture | Sound | None:
        """Wait for what comes next; None if nothing came in time; raises DeviceError when it is gone."""

    def losses(self) -> list[Loss]:
        """Return what was found to be missing since the last call."""

    def health(self) -> dict[str, Any]:
        """Return what the device's health adds to its stream's."""

    def close(self) -> None:
        """Let the device go."""


def open_with_fallback(
    real: Callable[[], Feed], generated: Callable[[str], Feed] | None, origin_so_far: str | None
) -> Feed:
    """Open the real device, or its generated stand-in where that is wanted; raises DeviceError.

    A stream keeps its origin: one that began with a real device waits for it, one that began generated
    stays so. `origin_so_far` is the origin of what the ring already holds.
    """
    if generated is None:
        return real()
    if origin_so_far == "simulated":
        return generated("The session goes on with the generated stand-in.")
    try:
        return real()
    except DeviceError as error:
        if origin_so_far is not None:
            raise
        return generated(str(error))
