"""Agreement of numbers: ICC for absolute agreement, Lin's concordance, Pearson's correlation.

Sources: McGraw and Wong (1996), Psychol. Methods 1:30, case 2A; Shrout and Fleiss (1979), Psychol. Bull.
86:420; Lin (1989), Biometrics 45:255.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analysis.agreement.alpha import ROUNDING
from analysis.agreement.outcome import FEW_RATERS, NO_COMMON, Floats, NameOf, Outcome, Sums, plain, undefined

Form = Literal["single", "average"]


def icc(values: ArrayLike, form: Form, name_of: NameOf = plain) -> Outcome:
    """Return ICC(A,1) or ICC(A,k) of (units, raters): two-way, absolute agreement.

    Raters without any rating are left out; then only units that all the others rated count.
    """
    return icc_sums(np.asarray(values, float), form, name_of).outcome()


def icc_sums(values: Floats, form: Form, name_of: NameOf = plain) -> Sums:
    """Return the ICC as a function of sums over units."""
    raters = np.flatnonzero(np.isfinite(values).any(axis=0))
    if len(raters) < 2:
        return undefined(FEW_RATERS, len(values))
    table = values[:, raters]
    whole = np.isfinite(table).sum(axis=1) == len(raters)
    if not whole.any():
        return undefined("no unit was rated by all raters", len(values))
    centre = float(table[whole].mean())
    moved = np.where(whole[:, None], table - centre, 0.0)
    k = moved.shape[1]

    def finish(total: Floats) -> Outcome:
        n = int(total[0])
        by_rater, rows, squares = total[1 : 1 + k], float(total[1 + k]), float(total[2 + k])
        if n < 2:
            return Outcome(None, n, "fewer than two units were rated by all raters")
        correction = float(by_rater.sum()) ** 2 / (n * k)
        between_rows = rows / k - correction
        between_raters = float((by_rater**2).sum()) / n - correction
        whole_spread = squares - correction
        if whole_spread <= ROUNDING * squares:
            mean = centre + float(by_rater.sum()) / (n * k)
            return Outcome(None, n, f"all raters gave {name_of(mean)} every time")
        msr = between_rows / (n - 1)
        msc = between_raters / (k - 1)
        mse = max(whole_spread - between_rows - between_raters, 0.0) / ((n - 1) * (k - 1))
        if mse <= ROUNDING * whole_spread:
            mse = 0.0
        if form == "single":
            return Outcome((msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n), n)
        below = msr + (msc - mse) / n
        if below <= ROUNDING * whole_spread:
            return Outcome(None, n, "the units differ less than chance would make them differ")
        return Outcome((msr - mse) / below, n)

    parts = [whole.astype(float), moved, moved.sum(axis=1) ** 2, (moved**2).sum(axis=1)]
    return Sums(np.column_stack(parts), finish)


def concordance(one: ArrayLike, other: ArrayLike, name_of: NameOf = plain) -> Outcome:
    """Return Lin's concordance of two raters (units,), variances over n; pairs with a NaN are left out."""
    return concordance_sums(np.asarray(one, float), np.asarray(other, float), name_of).outcome()


def concordance_sums(one: Floats, other: Floats, name_of: NameOf = plain) -> Sums:
    """Return Lin's concordance as a function of sums over units."""
    parts, centre = _paired(one, other)

    def finish(total: Floats) -> Outcome:
        n = int(total[0])
        if n == 0:
            return Outcome(None, 0, NO_COMMON)
        if n == 1:
            return Outcome(None, 1, "the two raters have one unit in common")
        first, second, first_spread, second_spread, together = _moments(total)
        below = first_spread + second_spread + (first - second) ** 2
        if below == 0:
            return Outcome(None, n, f"both raters gave {name_of(centre + first)} every time")
        return Outcome(2 * together / below, n)

    return Sums(parts, finish)


def pearson(one: ArrayLike, other: ArrayLike) -> Outcome:
    """Return Pearson's correlation of two raters (units,); pairs with a NaN are left out."""
    return pearson_sums(np.asarray(one, float), np.asarray(other, float)).outcome()


def pearson_sums(one: Floats, other: Floats) -> Sums:
    """Return Pearson's correlation as a function of sums over units."""
    parts, _ = _paired(one, other)

    def finish(total: Floats) -> Outcome:
        n = int(total[0])
        if n < 2:
            return Outcome(None, n, NO_COMMON if n == 0 else "the two raters have one unit in common")
        _, _, first_spread, second_spread, together = _moments(total)
        if first_spread == 0 or second_spread == 0:
            who = "both raters" if first_spread == second_spread else "one rater"
            return Outcome(None, n, f"{who} gave the same value every time")
        return Outcome(float(np.clip(together / np.sqrt(first_spread * second_spread), -1, 1)), n)

    return Sums(parts, finish)


def differences(values: ArrayLike) -> Floats:
    """Return what each value of (n,) or (n, raters) adds to the one before; NaN where one is missing."""
    return np.diff(np.asarray(values, float), axis=0)


def _paired(one: Floats, other: Floats) -> tuple[Floats, float]:
    """Return n, sums, squares and products of the units that both rated, moved by a common centre."""
    both = np.isfinite(one) & np.isfinite(other)
    centre = float(np.median(np.concatenate([one[both], other[both]]))) if both.any() else 0.0
    first, second = np.where(both, one - centre, 0.0), np.where(both, other - centre, 0.0)
    columns = [both.astype(float), first, second, first**2, second**2, first * second]
    return np.column_stack(columns), centre


def _moments(total: Floats) -> tuple[float, float, float, float, float]:
    """Return means, variances and covariance over n; a variance that is only rounding is 0."""
    n, first, second, first_square, second_square, product = map(float, total)
    first, second = first / n, second / n
    spreads = []
    for square, mean in ((first_square / n, first), (second_square / n, second)):
        spread = square - mean**2
        spreads.append(spread if spread > ROUNDING * square else 0.0)
    together = product / n - first * second if all(spreads) else 0.0
    return first, second, spreads[0], spreads[1], together
