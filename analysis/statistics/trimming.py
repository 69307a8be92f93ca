"""Leaving out slow (or all extreme) reactions by each participant's own mean and SD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Side = Literal["none", "upper", "both"]
Within = Literal["participant", "cell"]

SD = 1.5
"""Of the experiments on micro-expressions (the micro-expression experiments): above the own mean + 1.5 SD."""


@dataclass(frozen=True, slots=True)
class Trimming:
    """What is left out: values further than `sd` standard deviations (n - 1) from the mean.

    `side` "upper" leaves out the slow ones only; `within` says over what mean and SD are taken: all of a
    participant's values, or each of the participant's cells by itself.
    """

    side: Side = "none"
    sd: float = SD
    within: Within = "participant"

    @property
    def words(self) -> str:
        """What it does, in words."""
        if self.side == "none":
            return "nothing is trimmed"
        where = "above the mean + " if self.side == "upper" else "further from the mean than "
        over = "of the participant" if self.within == "participant" else "of the participant's own cell"
        return f"values {where}{self.sd:g} SD {over} are left out"


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Which values (n,) stay, and of each group: whose, how many there were, how many went, the limits."""

    keep: NDArray[np.bool_]
    groups: tuple[tuple[str, int, int, float, float], ...]

    @property
    def lost(self) -> int:
        """How many values went."""
        return int((~self.keep).sum())


def trim(
    values: NDArray[np.float64],
    participants: NDArray[np.str_],
    cells: NDArray[np.str_],
    spec: Trimming,
) -> Trimmed:
    """Return which of n values stay; a group of fewer than two values, or without spread, stays whole."""
    groups = participants if spec.within == "participant" else _joined(participants, cells)
    keep = np.isfinite(values)
    if spec.side == "none":
        return Trimmed(keep, ())
    told = []
    for name in np.unique(groups):
        own = np.flatnonzero((groups == name) & np.isfinite(values))
        low, high = limits(values[own], spec)
        keep[own] = (values[own] >= low) & (values[own] <= high)
        lost = int((~keep[own]).sum())
        told.append((str(name), len(own), lost, low, high))
    return Trimmed(keep, tuple(told))


def limits(values: NDArray[np.float64], spec: Trimming) -> tuple[float, float]:
    """Return the lowest and the highest value that stay."""
    if len(values) < 2 or spec.side == "none":
        return -np.inf, np.inf
    middle, reach = float(values.mean()), spec.sd * float(values.std(ddof=1))
    # A value on the limit stays, whatever rounding made of it.
    slack = 1e-9 * max(1.0, abs(middle) + reach)
    low = middle - reach - slack if spec.side == "both" else -np.inf
    return low, middle + reach + slack


def _joined(participants: NDArray[np.str_], cells: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.array([f"{who}, {cell}" for who, cell in zip(participants, cells, strict=True)], dtype=np.str_)
