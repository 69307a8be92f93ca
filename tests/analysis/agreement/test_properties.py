"""What holds for every table: who sits where does not matter, and 1 means that nobody differs."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.agreement.alpha import Level, krippendorff_alpha
from analysis.agreement.kappa import cohen_kappa, fleiss_kappa
from analysis.agreement.numbers import concordance, icc, pearson
from analysis.agreement.outcome import Outcome

Floats = NDArray[np.float64]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
FEW = settings(max_examples=25)


@st.composite
def tables(draw: st.DrawFn, missing: bool = True, least: int = 2) -> Floats:
    """A table of whole numbers (units, raters), NaN in places."""
    units, raters = draw(st.integers(least, 8)), draw(st.integers(2, 5))
    cell = st.integers(1, 5) if not missing else st.one_of(st.integers(1, 5), st.integers(1, 5), st.none())
    rows = draw(st.lists(st.lists(cell, min_size=raters, max_size=raters), min_size=units, max_size=units))
    return np.array([[np.nan if value is None else value for value in row] for row in rows], float)


def same(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes are equal up to rounding."""
    if one.value is None or other.value is None:
        return (one.value, one.n) == (other.value, other.n)
    return math.isclose(one.value, other.value, abs_tol=1e-9) and one.n == other.n


@FEW
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_raters_and_units_does_not_matter(table: Floats, random: object) -> None:
    seed = getattr(random, "randrange")(2**31)  # noqa: B009
    chance = np.random.default_rng(seed)
    mixed = table[chance.permutation(len(table))][:, chance.permutation(table.shape[1])]
    for level in LEVELS:
        assert same(krippendorff_alpha(table, level), krippendorff_alpha(mixed, level))
    assert same(fleiss_kappa(table), fleiss_kappa(mixed))
    assert same(icc(table, "single"), icc(mixed, "single"))
    assert same(icc(table, "average"), icc(mixed, "average"))


@FEW
@given(tables())
def test_two_raters_can_change_places(table: Floats) -> None:
    one, other = table[:, 0], table[:, 1]
    assert same(cohen_kappa(one, other), cohen_kappa(other, one))
    assert same(cohen_kappa(one, other, "quadratic"), cohen_kappa(other, one, "quadratic"))
    assert same(concordance(one, other), concordance(other, one))
    assert same(pearson(one, other), pearson(other, one))


@FEW
@given(tables())
def test_alpha_is_one_exactly_where_nobody_differs(table: Floats) -> None:
    differs = any(len(set(row[np.isfinite(row)])) > 1 for row in table)
    for level in LEVELS:
        value = krippendorff_alpha(table, level).value
        if value is not None:
            assert (value == 1.0) is not differs
            assert value <= 1.0


@FEW
@given(tables(), st.permutations([1.0, 2.0, 3.0, 4.0, 5.0]))
def test_names_of_classes_do_not_matter(table: Floats, names: list[float]) -> None:
    renamed = np.full_like(table, np.nan)
    for old, new in zip((1.0, 2.0, 3.0, 4.0, 5.0), names, strict=True):
        renamed[table == old] = new
    assert same(krippendorff_alpha(table, "nominal"), krippendorff_alpha(renamed, "nominal"))
    assert same(cohen_kappa(table[:, 0], table[:, 1]), cohen_kappa(renamed[:, 0], renamed[:, 1]))
    assert same(fleiss_kappa(table), fleiss_kappa(renamed))


@FEW
@given(tables(), st.floats(0.1, 100), st.floats(-100, 100))
def test_the_unit_of_a_scale_does_not_matter(table: Floats, factor: float, shift: float) -> None:
    moved = factor * table + shift
    ordinal, interval = krippendorff_alpha(moved, "ordinal"), krippendorff_alpha(moved, "interval")
    assert same(krippendorff_alpha(table, "ordinal"), ordinal)
    assert same(krippendorff_alpha(table, "interval"), interval)
    assert same(concordance(table[:, 0], table[:, 1]), concordance(moved[:, 0], moved[:, 1]))


@FEW
@given(tables())
def test_concordance_is_never_more_than_correlation(table: Floats) -> None:
    agreed, linear = concordance(table[:, 0], table[:, 1]).value, pearson(table[:, 0], table[:, 1]).value
    if agreed is not None and linear is not None:
        assert abs(agreed) <= abs(linear) + 1e-12


@FEW
@given(tables(missing=False, least=3))
def test_icc_is_what_the_analysis_of_variance_says(table: Floats) -> None:
    n, k = table.shape
    rows, columns, grand = table.mean(axis=1), table.mean(axis=0), table.mean()
    msr = k * float(((rows - grand) ** 2).sum()) / (n - 1)
    msc = n * float(((columns - grand) ** 2).sum()) / (k - 1)
    mse = float(((table - rows[:, None] - columns + grand) ** 2).sum()) / ((n - 1) * (k - 1))
    below = msr + (k - 1) * mse + k * (msc - mse) / n
    value = icc(table, "single").value
    if value is None:
        assert np.ptp(table) == 0
    else:
        assert math.isclose(value, (msr - mse) / below, abs_tol=1e-9)
        assert value <= 1 + 1e-12


@FEW
@given(tables(missing=False))
def test_with_two_raters_quadratic_kappa_is_concordance(table: Floats) -> None:
    # Known: with variances over n and weights from the scale the two are one coefficient.
    quadratic = cohen_kappa(table[:, 0], table[:, 1], "quadratic").value
    agreed = concordance(table[:, 0], table[:, 1]).value
    if quadratic is not None and agreed is not None:
        assert math.isclose(quadratic, agreed, abs_tol=1e-9)
