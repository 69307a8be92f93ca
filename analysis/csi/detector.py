"""Is somebody passing? A baseline that follows slowly, and two states, for each reading of the level.

Song et al. (2023), its detector. The printed baseline follows every reading while nothing is
detected, also those of a passage that begins: with beta 0.96 a fall of 6 dB is down to 0.8 dB after the 50
readings that the detector waits for, and no step below 30 dB is ever found; a deeper one
never ends, for the baseline is frozen where the passage was. So here the baseline takes no
reading that is off by the threshold or more; `follows_all` is the printed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BETA, WINDOW, THRESHOLD_DB = 0.96, 50, 4.0
LONGEST = 3000
"""Readings after which what is detected is the new quiet: a node was moved, not passed (a minute, ours)."""
FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """`window` readings in a row must be `threshold_db` off the baseline (or must not) to change state."""

    beta: float = BETA
    window: int = WINDOW
    threshold_db: float = THRESHOLD_DB
    longest: int = LONGEST
    follows_all: bool = False


@dataclass(frozen=True, slots=True)
class Detection:
    """Of n readings: the baseline (n,), which are detected (n,), and events as rows (first, behind the last).

    An event begins with the first of the readings that changed the state and ends with the last that was off.
    """

    baseline_db: Floats
    detected: NDArray[np.bool_]
    events: tuple[tuple[int, int], ...]


def level_db(amplitudes: Floats) -> Floats:
    """Return 20 log10 of the mean amplitude over the subcarriers of n readings (n, 52), (n,) in dB."""
    known = np.isfinite(amplitudes)
    count = known.sum(axis=1)
    total = np.where(known, amplitudes, 0.0).sum(axis=1)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return np.asarray(20 * np.log10(np.maximum(mean, FLOOR)), np.float64)


def detect(level: Floats, spec: DetectorSpec = DetectorSpec()) -> Detection:
    """Run the detector over n readings (n,) in dB; a reading that is missing (NaN) ends every count."""
    baseline = np.empty(len(level))
    detected = np.zeros(len(level), bool)
    events: list[tuple[int, int]] = []
    known = level[np.isfinite(level)]
    base = float(np.median(known[: spec.window])) if len(known) else 0.0
    is_on, run, began, last = False, 0, 0, 0
    for row, reading in enumerate(level.tolist()):
        if reading != reading:
            run = 0
        else:
            off = abs(reading - base) >= spec.threshold_db
            if not is_on and (spec.follows_all or not off):
                base = spec.beta * base + (1 - spec.beta) * reading
            if off:
                last = row
            run = run + 1 if off != is_on else 0
            if run >= spec.window:
                if is_on:
                    events.append((began, last + 1))
                else:
                    began = row - spec.window + 1
                is_on, run = not is_on, 0
            elif is_on and row - began >= spec.longest:
                recent = level[max(0, row - spec.window) : row + 1]
                base = float(np.median(recent[np.isfinite(recent)]))
                is_on, run = False, 0
        baseline[row] = base
        detected[row] = is_on
    if is_on:
        events.append((began, last + 1))
    return Detection(baseline, detected, tuple(events))


def reach_of_printed(spec: DetectorSpec = DetectorSpec()) -> float:
    """Return the smallest step (dB) that the printed form can find: the baseline runs after the reading."""
    return float(spec.threshold_db / spec.beta ** (spec.window - 1))
