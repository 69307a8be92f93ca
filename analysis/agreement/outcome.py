"""What a coefficient gives back: a number, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NameOf = Callable[[float], str]

FEW_RATERS = "fewer than two raters"
NO_OVERLAP = "no unit was rated by two raters"
NO_COMMON = "the two raters have no unit in common"


class AgreementError(Exception):
    """Labels that cannot be compared or fused; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`value` is None where the coefficient is undefined, and `reason` says why; `n` units went in."""

    value: float | None
    n: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """A coefficient as a function of sums over units, so that resampling only weights the sums.

    `parts` is (units, p); its first column is 1 for a unit that counts and 0 for one that does not.
    `finish` turns the p sums into the coefficient. A coefficient that sums do not suffice for has `weigh`
    instead: it takes how many times each unit (units,) counts.
    """

    parts: Floats
    finish: Callable[[Floats], Outcome]
    weigh: Callable[[Floats], Outcome] | None = None

    def outcome(self) -> Outcome:
        """Return the coefficient of all units."""
        return self.weighted(np.ones(len(self.parts)))

    def weighted(self, weights: Floats) -> Outcome:
        """Return the coefficient where each unit counts so many times; `weights` is (units,)."""
        return self.finish(weights @ self.parts) if self.weigh is None else self.weigh(weights)


def undefined(reason: str, units: int = 0) -> Sums:
    """Return a coefficient that has no value for any choice of units."""
    return Sums(np.zeros((units, 1)), lambda total: Outcome(None, 0, reason))


def mean_of(pairs: Sequence[Sums]) -> Sums:
    """Return the mean of coefficients of pairs.

    Pairs that are undefined for all units are left out; where one of the others is undefined for a
    resample, so is the mean.
    """
    kept = [pair for pair in pairs if pair.outcome().value is not None]
    if not kept:
        reasons = dict.fromkeys(pair.outcome().reason for pair in pairs)
        return undefined("; ".join(reasons) or FEW_RATERS, len(pairs[0].parts) if pairs else 0)
    used = np.max([pair.parts[:, 0] for pair in kept], axis=0)
    edges = np.cumsum([1] + [pair.parts.shape[1] for pair in kept])

    def finish(total: Floats) -> Outcome:
        values = []
        for pair, start, stop in zip(kept, edges[:-1], edges[1:], strict=True):
            outcome = pair.finish(total[start:stop])
            if outcome.value is None:
                return Outcome(None, int(total[0]), outcome.reason)
            values.append(outcome.value)
        return Outcome(float(np.mean(values)), int(total[0]))

    return Sums(np.column_stack([used, *(pair.parts for pair in kept)]), finish)


def plain(value: float) -> str:
    """Return a value as it is told where values have no names."""
    return f"{value:g}"


def all_used(name: str) -> str:
    """Return why a coefficient of one class only is undefined."""
    return f"all raters used {name}"
