"""Durations against the screen: what lasts a whole number of frames can be shown, the rest is rounded."""

from __future__ import annotations

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
