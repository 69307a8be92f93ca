"""Shapes of what bodies do: a pulse, a skin conductance response, the heart after a picture.

Sources: pulse wave with dicrotic notch (two Gaussians over a falling slope); bi-exponential skin conductance
responses 1-3 s after their cause (Boucsein, Electrodermal Activity, 2012); deceleration then acceleration of
the heart after an affective picture, the deceleration being deeper for unpleasant ones (Bradley et al.,
Emotion 1 (2001) 276-298).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def pulse_wave(phase: Floats) -> Floats:
    """Return the pulse wave at `phase` (0-1 of a beat): systolic peak, dicrotic notch, diastolic wave."""
    wave: Floats = np.full(np.shape(phase), -0.42)
    # The wave of the beat before runs out and that of the next begins: no corner where the phase wraps.
    for beat in (-1.0, 0.0, 1.0):
        p = phase % 1.0 - beat
        wave += np.exp(-0.5 * ((p - 0.17) / 0.065) ** 2)
        wave += 0.42 * np.exp(-0.5 * ((p - 0.47) / 0.075) ** 2)
        wave += 0.32 * np.exp(-0.5 * ((p - 0.38) / 0.22) ** 2)
    return wave


def skin_response(since_s: Floats) -> Floats:
    """Return a skin conductance response of height 1, `since_s` after its own onset."""
    t = np.maximum(since_s, 0.0)
    shape: Floats = np.exp(-t / 2.6) - np.exp(-t / 0.65)
    return shape / 0.5265


def heart_response(since_s: Floats, valence: float) -> Floats:
    """Return the change of heart rate in beats a minute at full drive, `since_s` after the onset."""
    slowing = (2.2 - 1.6 * valence) * np.exp(-0.5 * ((since_s - 1.6) / 0.8) ** 2)
    speeding = (7.0 + 1.2 * valence) * np.exp(-0.5 * ((since_s - 4.6) / 1.7) ** 2)
    change: Floats = np.where(since_s > 0, speeding - slowing, 0.0)
    return change
