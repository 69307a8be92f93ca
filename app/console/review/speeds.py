"""How fast a recording can be played."""

from __future__ import annotations

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)


def next_speed(speed: float, step: int) -> float:
    """Return the next faster (1) or slower (-1) speed, the last one at the ends."""
    nearest = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - speed))
    return SPEEDS[min(len(SPEEDS) - 1, max(0, nearest + step))]


def speed_words(speed: float) -> str:
    """Return a speed as it is told: `0.25×`."""
    return f"{speed:g}×"
