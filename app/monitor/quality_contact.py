"""Contact of the electrodes: measured where the board measures it, else estimated from the signal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.monitor.quality_mains import Mains, Spectrum
from app.monitor.rules import RULES

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BRAIN_HZ = (1.0, 45.0)
LOUD_UV = RULES["contact"].limit
"""An RMS that no brain makes: MNE-Python's tutorials reject epochs of 100-150 uV from peak to peak."""
HUM_UV = 50.0
HUM_SHARE = 0.8


def measured(resistance_kohm: Floats) -> list[float | None]:
    """Return each channel's newest resistance (n, channels); None where the board measures none.

    BrainFlow's boards deliver zeros while they are not told to measure.
    """
    found: list[float | None] = []
    for column in resistance_kohm.T:
        known = column[np.isfinite(column) & (column > 0)]
        found.append(round(float(known[-1]), 1) if len(known) else None)
    return found


def is_poor(found: Spectrum, hum: Mains | None) -> Mask:
    """Estimate which channels (in uV) have poor contact: too large for a brain, or large and mostly hum."""
    poor: Mask = found.rms(*BRAIN_HZ) > LOUD_UV
    if hum is not None:
        poor |= (hum.share > HUM_SHARE) & (hum.rms > HUM_UV)
    return poor


def names_of(labels: tuple[str, ...], electrodes: tuple[str, ...]) -> tuple[str, ...]:
    """Return names for resistance channels: those of the EEG electrodes in order, then their own."""
    return (*electrodes[: len(labels)], *labels[len(electrodes) :])
