"""Effect sizes between categories within participants, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_PARTICIPANTS = 3
LEAST_FOR_INTERVAL = 6
"""With fewer participants resampling them says next to nothing."""
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference of two categories over n participants, in its unit and in SDs of the difference (d_z).

    Source: Cohen (1988), Statistical power analysis for the behavioral sciences, 2.3.5; corrected for few
    participants by 1 - 3 / (4 (n - 1) - 1), Hedges and Olkin (1985). None where it is not known.
    """

    participants: int
    difference: float | None
    dz: float | None
    low: float | None
    high: float | None
    why: str = ""


def paired_effect(
    one: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]], seed: int = 1
) -> Effect:
    """Return the effect of `other` less `one`: values of trials by participant, those without both left out.

    Trials are averaged within participants first. The interval (95 %) is a percentile bootstrap over
    participants; none is given for fewer than six.
    """
    means = [
        (mean_one, mean_other)
        for code in sorted(set(one) & set(other))
        if (mean_one := _mean(one[code])) is not None and (mean_other := _mean(other[code])) is not None
    ]
    n = len(means)
    if n < LEAST_PARTICIPANTS:
        return Effect(
            n, None, None, None, None, f"only {n} participants have both" if n else "nobody has both"
        )
    differences = np.array([mean_other - mean_one for mean_one, mean_other in means])
    # Rounding leaves a little of a constant difference.
    if float(np.ptp(differences)) <= 1e-9 * max(1.0, float(np.abs(differences).max())):
        return Effect(n, float(differences.mean()), None, None, None, "the same for everybody")
    size = float(_dz(differences[None])[0])
    if n < LEAST_FOR_INTERVAL:
        return Effect(n, float(differences.mean()), size, None, None, f"no interval: only {n} participants")
    draws = np.random.default_rng(seed).integers(0, n, (RESAMPLES, n))
    resampled = differences[draws]
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = _dz(resampled)
    low, high = np.percentile(sizes[np.isfinite(sizes)], [2.5, 97.5])
    return Effect(n, float(differences.mean()), size, float(low), float(high))


def _dz(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    n = differences.shape[1]
    correction = 1 - 3 / (4 * (n - 1) - 1)
    sizes: NDArray[np.float64] = correction * differences.mean(axis=1) / differences.std(axis=1, ddof=1)
    return sizes


def _mean(values: Sequence[float]) -> float | None:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else None
