"""Sizes and power: against noncentral distributions drawn by hand, tables, and what each option means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.effects import cohen_power, noncentral_power, observed_power, partial_eta_squared
from analysis.statistics.repeated import anova


def test_power_of_no_effect_is_alpha_and_grows_with_it() -> None:
    assert noncentral_power(0.0, 2, 74) == pytest.approx(0.05)
    assert noncentral_power(1e-6, 2, 74) == pytest.approx(0.05, abs=1e-5)
    assert 0.05 < observed_power(2.0, 2, 74) < observed_power(6.0, 2, 74) < 1
    # Cohen (1988), one-way analysis with three groups of 52: f = .25 has a power of .80.
    assert noncentral_power(0.25**2 * 156, 2, 153) == pytest.approx(0.80, abs=0.005)


@pytest.mark.parametrize(("levels", "n", "eta"), [(2, 38, 0.349), (3, 20, 0.15), (5, 12, 0.3)])
def test_noncentralities_of_repeated_measures(levels: int, n: int, eta: float) -> None:
    df1, df2 = levels - 1, (levels - 1) * (n - 1)
    f2 = eta / (1 - eta)
    f = f2 * df2 / df1
    assert partial_eta_squared(f, df1, df2) == pytest.approx(eta)
    critical = stats.f.isf(0.05, df1, df2)
    # SPSS: F df1 = f^2 df2. By Cohen's f: f_v^2 n with f_v^2 = (levels - 1) f^2, F df1 n / (n - 1).
    assert observed_power(f, df1, df2) == pytest.approx(stats.ncf.sf(critical, df1, df2, f2 * df2))
    by_cohen = stats.ncf.sf(critical, df1, df2, f2 * (levels - 1) * n)
    assert cohen_power(eta, n, df1, df2) == pytest.approx(by_cohen)
    assert cohen_power(eta, n, df1, df2) == pytest.approx(
        stats.ncf.sf(critical, df1, df2, f * df1 * n / (n - 1))
    )


def test_power_by_cohens_f_is_how_often_such_an_effect_is_found() -> None:
    random = np.random.default_rng(2)
    n, shift = 16, np.array([0.0, 0.25, 0.75])
    # The population's f^2 = (sum of squared deviations / (k - 1)) / error variance; lambda = n f^2 (k - 1).
    f2 = float(((shift - shift.mean()) ** 2).sum()) / 2
    found = [anova(shift + random.normal(size=(n, 3)), ("a",))[0].p < 0.05 for _ in range(1500)]
    assert np.mean(found) == pytest.approx(cohen_power(f2 / (1 + f2), n, 2, 2 * (n - 1)), abs=0.035)


def test_a_correction_of_sphericity_shrinks_the_noncentrality() -> None:
    whole, half = observed_power(5.0, 4, 40), observed_power(5.0, 2, 20)
    assert half < whole
    assert half == pytest.approx(stats.ncf.sf(stats.f.isf(0.05, 2, 20), 2, 20, 10.0))


def test_power_of_nothing_known_is_nothing_known() -> None:
    assert math.isnan(observed_power(math.nan, 2, 10))
    assert math.isnan(cohen_power(math.nan, 6, 2, 10)) and math.isnan(cohen_power(1.0, 6, 2, 10))
