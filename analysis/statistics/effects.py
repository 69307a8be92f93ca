"""Sizes of effects from F and t, and the power that goes with them."""

from __future__ import annotations

import math

from scipy import special, stats

ALPHA = 0.05


def partial_eta_squared(f: float, df1: float, df2: float) -> float:
    """Return eta_p2 = df1 F / (df1 F + df2)."""
    return df1 * f / (df1 * f + df2)


def d_between_form(t: float, df: float) -> float:
    """Return d = 2 t / sqrt(df): a conversion for two groups, printed for paired t there."""
    return 2 * t / math.sqrt(df)


def d_z(t: float, n: int) -> float:
    """Return d_z = t / sqrt(n): the mean difference in units of the differences' own SD."""
    return t / math.sqrt(n)


def observed_power(f: float, df1: float, df2: float, alpha: float = ALPHA) -> float:
    """Return the power at the effect that was found, as SPSS prints it: noncentrality F df1.

    With partial eta squared as f^2 = eta_p2 / (1 - eta_p2) that is f^2 df2 (G*Power: "as in SPSS"). Degrees
    of freedom after a correction of sphericity shrink the noncentrality with them, as SPSS does.
    """
    return noncentral_power(f * df1, df1, df2, alpha)


def cohen_power(eta_p2: float, n: int, df1: float, df2: float, alpha: float = ALPHA) -> float:
    """Return the power of repeated measures on `n` people by Cohen's f: noncentrality f^2 n df1.

    f^2 = eta_p2 / (1 - eta_p2) = F / (n - 1), so that it is F df1 n / (n - 1). G*Power's option "as in Cohen
    (1988)" has the noncentrality f_v^2 n with f_v^2 = (levels - 1) f^2: an eta of a sample has to be put on
    that scale first. `df1` after a correction of sphericity holds its epsilon. Faul et al., Behavior Research
    Methods 39 (2007) 175-191.
    """
    if not eta_p2 < 1:
        return math.nan
    return noncentral_power(eta_p2 / (1 - eta_p2) * n * df1, df1, df2, alpha)


def noncentral_power(noncentrality: float, df1: float, df2: float, alpha: float = ALPHA) -> float:
    """Return P(F' > critical F) of the noncentral F distribution."""
    if not (math.isfinite(noncentrality) and df1 > 0 and df2 > 0):
        return math.nan
    if noncentrality <= 0:
        return alpha
    critical = stats.f.isf(alpha, df1, df2)
    found = 1.0 - float(special.ncfdtr(df1, df2, noncentrality, critical))
    # Far out the noncentral F loses its digits; there the power is 1.
    return min(1.0, found) if math.isfinite(found) else 1.0
