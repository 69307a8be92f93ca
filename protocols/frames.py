"""Durations against the screen: what lasts a whole number of frames can be shown, the rest is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Nominal rates are rounded (59.94 Hz is sold as 60): a duration off by less counts as kept.
TOLERANCE_S = 0.0005


@dataclass(frozen=True, slots=True)
class Achievable:
    """A requested duration and the nearest one that the screen can show."""

    requested_s: float
    achievable_s: float
    frames: int
    rate_hz: float

    @property
    def is_exact(self) -> bool:
        """Whether the screen can show the requested duration itself."""
        return abs(self.requested_s - self.achievable_s) <= TOLERANCE_S

    def __str__(self) -> str:
        kept = "exact" if self.is_exact else f"asked for {self.requested_s * 1000:.1f} ms"
        return f"{self.achievable_s * 1000:.1f} ms = {self.frames} frames at {self.rate_hz:g} Hz ({kept})"


def achievable(duration_s: float, rate_hz: float) -> Achievable:
    """Return the whole number of frames nearest to `duration_s`, at least one.

    Raises ValueError unless both are positive.
    """
    if not (duration_s > 0 and rate_hz > 0):
        raise ValueError("a duration and a frame rate must be positive")
    frames = max(1, int(duration_s * rate_hz + 0.5))
    return Achievable(duration_s, frames / rate_hz, frames, rate_hz)


def step_frames(durations_s: Sequence[float], rate_hz: float) -> list[Achievable]:
    """Return what a screen shows of steps that follow each other without a gap.

    The end of each step is put on the nearest frame, so that the whole is as long as asked for to half a
    frame; each step has at least one frame. 60, 80 and 60 ms are 6, 8, 6 frames at 100 Hz and 4, 4, 4 at
    60 Hz. Raises ValueError unless durations and rate are positive.
    """
    shown: list[Achievable] = []
    asked_s, frames = 0.0, 0
    for duration_s in durations_s:
        achievable(duration_s, rate_hz)
        asked_s += duration_s
        end = max(frames + 1, int(asked_s * rate_hz + 0.5))
        shown.append(Achievable(duration_s, (end - frames) / rate_hz, end - frames, rate_hz))
        frames = end
    return shown
