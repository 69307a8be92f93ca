"""Is the wristband worn, and does the hand move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.monitor.rules import RULES

Floats = NDArray[np.float64]

DRY_US = RULES["off_wrist"].limit
"""Below this an electrode touches no skin: of the Stress-Predict data, all worn, 3 windows in 1000 are."""
ROOM_DEGC = 26.0
"""Worn skin was warmer in all of the Stress-Predict data once the band had warmed up (26.3 and more)."""


@dataclass(frozen=True, slots=True)
class Wear:
    """What the streams of one wristband say together; None where no stream tells.

    `eda_us` and `skin_degc` are medians of the window; `has_pulse` says whether a beat was found lately.
    """

    eda_us: float | None = None
    skin_degc: float | None = None
    has_pulse: bool | None = None

    @property
    def is_dry(self) -> bool:
        """Whether the skin conductance is that of air."""
        return self.eda_us is not None and self.eda_us < DRY_US

    @property
    def is_cold(self) -> bool:
        """Whether the thermometer shows the room."""
        return self.skin_degc is not None and self.skin_degc < ROOM_DEGC

    @property
    def is_worn(self) -> bool | None:
        """Whether it is on the wrist; None where that cannot be told.

        A pulse settles it. Without one, dry electrodes or a cold thermometer mean off the wrist; a dry
        electrode alone does where there is no pulse sensor.
        """
        if self.has_pulse:
            return True
        if self.is_dry:
            return False
        if self.has_pulse is None:
            return None if self.eda_us is None else True
        if self.is_cold:
            return False
        return None if self.eda_us is None and self.skin_degc is None else True


def motion_g(acceleration: Floats) -> float | None:
    """Return how much `acceleration` (n, axes) in g varies: the root of the axes' summed variances."""
    known = acceleration[np.isfinite(acceleration).all(axis=1)]
    return float(np.sqrt(known.var(axis=0).sum())) if len(known) > 1 else None
