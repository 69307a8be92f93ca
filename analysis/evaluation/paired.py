"""Tests over paired differences (one a participant), and Holm's correction for several of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

EXACT_TO = 16
DRAWS = 9999
LEAST = 5
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Test:
    """A p value (two-sided) and how it was computed; None with the reason where there is none."""

    p: float | None
    how: str
    n: int
    reason: str = ""


def sign_flip(differences: NDArray[np.float64], seed: int = 0) -> Test:
    """Return how often random signs give a mean at least as far from 0; exact up to `EXACT_TO` differences.

    Source: Pesarin and Salmaso (2010), Permutation Tests for Complex Data; p = (b + 1) / (draws + 1) where
    signs are drawn.
    """
    n = len(differences)
    if n < LEAST:
        return Test(None, "sign-flip permutation", n, f"needs at least {LEAST} participants, there are {n}")
    observed = abs(float(differences.sum()))
    least = observed - 1e-12 * max(1.0, observed)
    if n <= EXACT_TO:
        total = 1 << n
        reached = 0
        for start in range(0, total, _AT_ONCE):
            numbers = np.arange(start, min(start + _AT_ONCE, total))
            signs = 1.0 - 2.0 * ((numbers[:, None] >> np.arange(n)) & 1)
            reached += int((np.abs(signs @ differences) >= least).sum())
        return Test(reached / total, f"sign-flip permutation, exact ({total} signs)", n)
    random = np.random.default_rng(seed)
    reached = 0
    for start in range(0, DRAWS, _AT_ONCE):
        count = min(_AT_ONCE, DRAWS - start)
        signs = 1.0 - 2.0 * random.integers(0, 2, (count, n))
        reached += int((np.abs(signs @ differences) >= least).sum())
    return Test((reached + 1) / (DRAWS + 1), f"sign-flip permutation, {DRAWS} draws", n)


def wilcoxon(differences: NDArray[np.float64]) -> Test:
    """Return Wilcoxon's signed-rank test, differences of 0 left out; exact up to 50 without ties."""
    from scipy import stats

    moved = differences[np.abs(differences) > 1e-12]
    if len(moved) < LEAST:
        why = f"needs at least {LEAST} participants who differ, there are {len(moved)}"
        return Test(None, "Wilcoxon signed-rank", len(moved), why)
    sizes = np.abs(moved).round(12)
    exact = len(np.unique(sizes)) == len(sizes) and len(moved) <= 50
    signed = np.copysign(sizes, moved)
    method: Literal["exact", "approx"] = "exact" if exact else "approx"
    found = stats.wilcoxon(signed, method=method, axis=None)
    how = "exact" if exact else "normal approximation"
    return Test(float(found.pvalue), f"Wilcoxon signed-rank, {how}", len(moved))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p values corrected for how many there are (Holm 1979); None stays None and is not counted."""
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    reached = 0.0
    for rank, (value, place) in enumerate(known):
        reached = max(reached, min(1.0, (len(known) - rank) * value))
        corrected[place] = reached
    return corrected
