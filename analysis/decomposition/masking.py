"""Decomposition with masks: a sinusoid above a mode's frequency, in even phases, keeps slower waves out.

Spec 09, section 4 (IMEMD, Algorithm 2 of the paper); Deering & Kaiser, ICASSP 2005 (masking signals); Wang,
Hu & Lo, 2018 (uniform phases, dyadic periods).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.decomposition.settings import Floats, Settings
from analysis.decomposition.sifting import Stop, first_mode
from analysis.decomposition.spectra import instantaneous, mean_frequency_hz

SCALE = 1.5
"""Of the rule "scaled": how far above the mode's mean frequency its mask lies."""
HIGHEST = 0.45
"""No mask is faster than this share of the rate: at half the rate it could not be sampled."""
FASTEST_PERIOD = 2
"""Samples of the shortest period of uniform phase EMD, doubled from mode to mode."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A mask: frequency in cycles a sample, amplitude in the signal's unit."""

    frequency: float
    amplitude: float


def masks(mask: Mask, n_phases: int, n: int) -> Floats:
    """Return the masks (phases, n): amplitude * sin(2 pi f t + 2 pi i / phases). They add up to 0."""
    phase = 2 * np.pi * np.arange(n_phases) / n_phases
    return np.asarray(mask.amplitude * np.sin(2 * np.pi * mask.frequency * np.arange(n) + phase[:, None]))


def masked_mode(rest: Floats, mask: Mask, n_phases: int, sifts: int, cancelled: Stop) -> Floats:
    """Return the mean over phases of the first mode of `rest` (n,) with each mask (Algorithm 2, line f)."""
    rows = rest[None] + masks(mask, n_phases, len(rest))
    return np.asarray(first_mode(rows, sifts, cancelled).mean(axis=0), np.float64)


def mask_of(rest: Floats, settings: Settings, before: float, cancelled: Stop) -> tuple[Mask, float]:
    """Return the mask for the next mode, and the mean frequency (cycles a sample) of its plain first mode.

    `before` is that of the mode before, 0 for the first.
    """
    plain = first_mode(rest[None], settings.sifts, cancelled)
    found = instantaneous(plain, 1.0)
    own = float(mean_frequency_hz(found)[0])
    match settings.mask_rule:
        case "scaled":
            frequency = SCALE * own
        case "adjacent-sum":
            second = first_mode(rest[None] - plain, settings.sifts, cancelled)
            frequency = own + float(mean_frequency_hz(instantaneous(second, 1.0))[0])
        case _:
            frequency = own + (before or own)
    amplitude = settings.xi0 * float(found.amplitude.mean())
    return Mask(min(frequency, HIGHEST), amplitude), own


def dyadic_mask(rest: Floats, number: int, settings: Settings) -> Mask:
    """Return the mask of uniform phase EMD for mode `number` (from 0): its period doubles each time."""
    period = FASTEST_PERIOD * 2.0 ** (number + 1)
    return Mask(1 / period, settings.noise * float(rest.std()))


def signal_over(rest: Floats, energy: float) -> float:
    """Return signal over rest in decibels, infinite where nothing is left."""
    left = float(np.square(rest).sum())
    return float("inf") if left == 0 else 10 * float(np.log10(energy / left))
