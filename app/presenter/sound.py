"""The sounds of a session: the computer's loudspeaker, and the tone that ends a rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.loudspeaker import (
    LATENCY_S,
    LONG_SOUND_LATENCY_S,
    STARTING_S,
    Block,
    Played,
    Player,
    Samples,
    Source,
    Timeline,
    Voice,
    open_player,
)

__all__ = [
    "LATENCY_S",
    "LONG_SOUND_LATENCY_S",
    "STARTING_S",
    "Block",
    "Played",
    "Player",
    "Samples",
    "Source",
    "Timeline",
    "Voice",
    "end_tone",
    "open_player",
]

END_TONE_S, END_TONE_HZ, END_TONE_LEVEL = 0.5, 523.25, 0.3


def end_tone(rate_hz: float) -> NDArray[np.float64]:
    """Return the soft sound that ends a rest: half a second that fades in and out, within -1..1."""
    t = np.arange(round(END_TONE_S * rate_hz)) / rate_hz
    swell = np.sin(np.pi * t / END_TONE_S) ** 2
    return np.asarray(END_TONE_LEVEL * np.sin(2 * np.pi * END_TONE_HZ * t) * swell, np.float64)
