"""Every coefficient: to the digits that were published, and to 1e-10 of a computation of its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.agreement.alpha import Level, krippendorff_alpha
from analysis.agreement.kappa import Weights, classes_of, cohen_kappa, confusion, fleiss_kappa, raw_sums
from analysis.agreement.numbers import Form, concordance, differences, icc, pearson
from tests.helpers import agreement_oracles as oracles

Floats = NDArray[np.float64]
X = np.nan
EXACT = 1e-10

# Krippendorff (2011), example C: four observers, twelve units.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, X, X, X],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, X, 3],
        [X, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, X],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, X],
    ]
).T
# Krippendorff (2011), example A (two observers, yes or no) and example B (nominal, five classes).
BINARY = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], float).T
BEN, GERRY = "aabbdcccedda", "babbbccceddd"
NOMINAL = np.array([["abcde".index(c) for c in BEN], ["abcde".index(c) for c in GERRY]], float).T

# Fleiss (1971), table 1: 30 patients, 6 psychiatrists, 5 diagnoses; how many said each.
DIAGNOSES = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0], [2, 0, 4, 0, 0],
        [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6], [1, 0, 0, 5, 0], [1, 1, 0, 4, 0],
        [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1], [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0],
        [0, 2, 0, 4, 0], [1, 0, 2, 0, 3], [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0],
        [1, 0, 0, 4, 1], [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ]
)  # fmt: skip
# The example of statistics courses: 10 subjects, 14 raters, 5 classes.
FOURTEEN = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
# Shrout and Fleiss (1979), table 2: six targets, four judges.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)
# The example of the R package irr (`anxiety`), which names its coefficients after McGraw and Wong (1996).
ANXIETY = np.array(
    [
        [3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3],
        [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4],
        [2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2],
    ],
    float,
).T
# Bland and Altman (1986), Lancet: peak flow of 17 people, first readings of two meters.
WRIGHT = np.array(
    [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427], float
)
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451], float)
# Agresti (1990), 91 married couples, four answers.
COUPLES = np.array([[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]])
# Cohen (1968), 200 patients in three classes.
PATIENTS = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
# Two raters with different habits: one says 0 much more often.
BIASED = np.array([[41, 18], [1, 6]])


def spread_out(counts: NDArray[np.int_]) -> Floats:
    """Return how many raters chose each class as one column a rater."""
    return np.array([np.repeat(np.arange(counts.shape[1]), row) for row in counts], float)


def two_raters(table: NDArray[np.int_]) -> tuple[Floats, Floats]:
    """Return the ratings behind a confusion matrix."""
    cells = [(i, j) for (i, j), count in np.ndenumerate(table) for _ in range(count)]
    return np.array([i for i, _ in cells], float), np.array([j for _, j in cells], float)


def exact(table: Floats) -> list[list[int | None]]:
    """Return whole numbers for the oracles, None for NaN."""
    return [[None if np.isnan(value) else int(value) for value in row] for row in np.atleast_2d(table)]


@pytest.mark.parametrize(
    ("table", "level", "published"),
    [
        (OBSERVERS, "nominal", 0.743),
        (OBSERVERS, "ordinal", 0.815),
        (OBSERVERS, "interval", 0.849),
        (BINARY, "nominal", 0.095),
        (NOMINAL, "nominal", 0.692),
    ],
)
def test_alpha_of_the_published_examples(table: Floats, level: Level, published: float) -> None:
    found = krippendorff_alpha(table, level)
    assert found.value == pytest.approx(published, abs=0.0005)
    assert found.value == pytest.approx(float(oracles.alpha(exact(table), level)), abs=EXACT)


def test_alpha_counts_the_units_with_two_ratings() -> None:
    assert krippendorff_alpha(OBSERVERS, "nominal").n == 11


@pytest.mark.parametrize(("counts", "published"), [(DIAGNOSES, 0.430), (FOURTEEN, 0.210)])
def test_fleiss_of_the_published_examples(counts: NDArray[np.int_], published: float) -> None:
    table = spread_out(counts)
    found = fleiss_kappa(table)
    assert found.value == pytest.approx(published, abs=0.0005)
    assert found.value == pytest.approx(float(oracles.fleiss(exact(table))), abs=EXACT)


def test_the_margins_of_fleiss_are_the_published_ones() -> None:
    rows = classes_of(spread_out(DIAGNOSES))
    assert [row.ratings for row in rows] == [26, 26, 30, 55, 43]
    assert [round(row.prevalence, 3) for row in rows] == [0.144, 0.144, 0.167, 0.306, 0.239]
    assert raw_sums(spread_out(DIAGNOSES)).outcome().value == pytest.approx(0.5556, abs=0.00005)


@pytest.mark.parametrize(
    ("table", "form", "published"),
    [(JUDGES, "single", 0.290), (JUDGES, "average", 0.620), (ANXIETY, "single", 0.198)],
)
def test_icc_of_the_published_examples(table: Floats, form: Form, published: float) -> None:
    found = icc(table, form)
    assert found.value == pytest.approx(published, abs=0.0005)
    assert found.value == pytest.approx(float(oracles.icc(exact(table))[form == "average"]), abs=EXACT)


@pytest.mark.parametrize(
    ("table", "weights", "published", "digits"),
    [
        (PATIENTS, "none", 0.492, 3),
        (COUPLES, "none", 0.1293, 4),
        (COUPLES, "linear", 0.2374, 4),
    ],
)
def test_kappa_of_the_published_examples(
    table: NDArray[np.int_], weights: Weights, published: float, digits: int
) -> None:
    one, other = two_raters(table)
    found = cohen_kappa(one, other, weights)
    assert found.value == pytest.approx(published, abs=0.5 * 10**-digits)
    assert found.value == pytest.approx(
        float(oracles.kappa(exact(one)[0], exact(other)[0], weights)), abs=EXACT
    )


def test_concordance_and_correlation_of_the_peak_flow_meters() -> None:
    found = concordance(WRIGHT, MINI)
    assert found.value == pytest.approx(0.943, abs=0.0005)
    assert found.value == pytest.approx(float(oracles.ccc(exact(WRIGHT)[0], exact(MINI)[0])), abs=EXACT)
    assert pearson(WRIGHT, MINI).value == pytest.approx(0.94, abs=0.005)
    assert pearson(WRIGHT, MINI).value == pytest.approx(np.corrcoef(WRIGHT, MINI)[0, 1], abs=EXACT)


def test_cohen_keeps_each_raters_own_margins() -> None:
    one, other = two_raters(BIASED)
    found = cohen_kappa(one, other)
    assert found.value == pytest.approx(0.267, abs=0.0005)
    assert float(oracles.pooled_kappa(exact(one)[0], exact(other)[0])) == pytest.approx(0.199, abs=0.0005)
    # For two raters Fleiss' kappa is the pooled one: the two names are two numbers.
    assert fleiss_kappa(np.column_stack([one, other])).value == pytest.approx(0.199, abs=0.0005)


def test_a_missing_value_is_no_point_at_zero() -> None:
    random = np.random.default_rng(4)
    one = random.normal(0.5, 0.3, 400)
    other = one + random.normal(0.05, 0.12, 400)
    gaps_one, gaps_other = one.copy(), other.copy()
    gaps_one[:80], gaps_other[:80] = np.nan, np.nan
    kept = concordance(one[80:], other[80:])
    assert concordance(gaps_one, gaps_other) == kept
    filled = concordance(np.nan_to_num(gaps_one), np.nan_to_num(gaps_other)).value
    assert filled is not None and kept.value is not None
    # A program that counts missing pairs as the point (0, 0) reports more than there is.
    assert filled - kept.value > 0.01


FEW_AND_MANY = [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 20))]


def some_table(seed: int, missing: float) -> Floats:
    """Return raters who more or less agree about a scale of nine (units, raters), NaN in places."""
    random = np.random.default_rng(seed)
    units, raters = int(random.integers(4, 14)), int(random.integers(2, 6))
    truth = random.integers(1, 8, units)
    table: Floats = np.clip(truth[:, None] + random.integers(-2, 3, (units, raters)), 1, 9).astype(np.float64)
    table[random.random(table.shape) < missing] = np.nan
    return table


@pytest.mark.parametrize("seed", FEW_AND_MANY)
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_everything_against_its_definition(seed: int, missing: float) -> None:
    table = some_table(seed, missing)
    rows = exact(table)
    for level in ("nominal", "ordinal", "interval"):
        found = krippendorff_alpha(table, level)
        assert found.value == pytest.approx(float(oracles.alpha(rows, level)), abs=EXACT), level
    one, other = table[:, 0], table[:, 1]
    first, second = exact(one)[0], exact(other)[0]
    for weights in ("none", "linear", "quadratic"):
        found = cohen_kappa(one, other, weights)
        assert found.value == pytest.approx(float(oracles.kappa(first, second, weights)), abs=EXACT), weights
    assert concordance(one, other).value == pytest.approx(float(oracles.ccc(first, second)), abs=EXACT)
    whole = [row for row in rows if None not in row]
    if len(whole) >= 3:
        single, average = oracles.icc(whole)
        assert icc(table, "single").value == pytest.approx(float(single), abs=EXACT)
        assert icc(table, "average").value == pytest.approx(float(average), abs=EXACT)
        assert icc(table, "single").n == len(whole)
    if not missing:
        assert fleiss_kappa(table).value == pytest.approx(float(oracles.fleiss(rows)), abs=EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_kappas_against_other_programs(seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import aggregate_raters
    from statsmodels.stats.inter_rater import fleiss_kappa as fleiss_of_statsmodels

    table = some_table(seed, 0.0)
    one, other = table[:, 0], table[:, 1]
    every_step = list(range(1, 10))
    for ours, theirs in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
        found = cohen_kappa(one, other, ours)  # type: ignore[arg-type]
        known = cohen_kappa_score(one, other, labels=every_step, weights=theirs)
        assert found.value == pytest.approx(known, abs=EXACT), ours
    for values in (table, spread_out(DIAGNOSES), spread_out(FOURTEEN)):
        counts, _ = aggregate_raters(values.astype(int))
        assert fleiss_kappa(values).value == pytest.approx(fleiss_of_statsmodels(counts), abs=EXACT)


def test_weighted_kappa_measures_on_the_scale_and_not_by_rank() -> None:
    # Nobody used 2 to 8: ranks would make a distance of one step out of eight.
    one, other = np.array([1.0, 1, 9, 9, 1]), np.array([1.0, 9, 9, 9, 1])
    with_middle = np.append(one, 5.0), np.append(other, 5.0)
    found = cohen_kappa(*with_middle, "linear").value
    assert found == pytest.approx(
        float(oracles.kappa([1, 1, 9, 9, 1, 5], [1, 9, 9, 9, 1, 5], "linear")), abs=EXACT
    )


NAMES = {0.0: "calm", 1.0: "angry", 2.0: "sad"}


def name(value: float) -> str:
    """Return the name of a class."""
    return NAMES[value]


ONE_CLASS = np.zeros((6, 3))
ALL_CALM = "all raters used calm"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (krippendorff_alpha(ONE_CLASS, "nominal", name), ALL_CALM),
        (krippendorff_alpha(ONE_CLASS, "ordinal", name), ALL_CALM),
        (krippendorff_alpha(ONE_CLASS, "interval", name), ALL_CALM),
        (cohen_kappa(ONE_CLASS[:, 0], ONE_CLASS[:, 1], "none", name), ALL_CALM),
        (cohen_kappa(ONE_CLASS[:, 0], ONE_CLASS[:, 1], "quadratic", name), ALL_CALM),
        (fleiss_kappa(ONE_CLASS, name), ALL_CALM),
        (icc(ONE_CLASS, "single", name), "all raters gave calm every time"),
        (concordance([4, 4, 4], [4, 4, 4]), "both raters gave 4 every time"),
        (concordance([0.1] * 7, [0.1] * 7), "both raters gave 0.1 every time"),
        (pearson([1, 2, 3], [5, 5, 5]), "one rater gave the same value every time"),
        (pearson([5, 5, 5], [5, 5, 5]), "both raters gave the same value every time"),
        (krippendorff_alpha(OBSERVERS[:, :1], "nominal"), "fewer than two raters"),
        (fleiss_kappa(OBSERVERS[:, :1]), "fewer than two raters"),
        (icc(OBSERVERS[:, :1], "single"), "fewer than two raters"),
        (krippendorff_alpha([[1, X], [X, 2]], "nominal"), "no unit was rated by two raters"),
        (fleiss_kappa([[1, X], [X, 2]]), "no unit was rated by two raters"),
        (cohen_kappa([1, X], [X, 2]), "the two raters have no unit in common"),
        (concordance([1, X], [X, 2]), "the two raters have no unit in common"),
        (pearson([1, X], [X, 2]), "the two raters have no unit in common"),
        (concordance([1, X], [3, 2]), "the two raters have one unit in common"),
        (icc([[1, X], [X, 2]], "single"), "no unit was rated by all raters"),
        (icc(np.array([[1, 2], [X, 2]]), "single"), "fewer than two units were rated by all raters"),
        (
            icc(np.array([[1.0, 2], [2, 1]]), "average"),
            "the units differ less than chance would make them differ",
        ),
    ],
)
def test_what_is_undefined_says_why(outcome: object, reason: str) -> None:
    assert getattr(outcome, "value") is None  # noqa: B009
    assert getattr(outcome, "reason") == reason  # noqa: B009


def test_fleiss_says_so_where_the_number_of_ratings_varies() -> None:
    found = fleiss_kappa(OBSERVERS)
    assert found.value is None
    assert found.reason.startswith("units have 1 to 4 ratings, and Fleiss' kappa needs the same number")


def test_one_rater_who_always_says_the_same_agrees_by_chance_only() -> None:
    assert cohen_kappa([0, 0, 0, 0], [0, 1, 0, 2]).value == 0.0


def test_icc_leaves_out_raters_without_any_rating_and_incomplete_units() -> None:
    silent = np.column_stack([JUDGES, np.full(6, np.nan)])
    assert icc(silent, "single").value == pytest.approx(icc(JUDGES, "single").value, abs=EXACT)
    holed = JUDGES.copy()
    holed[2, 1] = np.nan
    assert icc(holed, "single").value == pytest.approx(
        icc(np.delete(JUDGES, 2, axis=0), "single").value, abs=EXACT
    )
    assert icc(holed, "single").n == 5


def test_specific_agreement_is_that_of_two_by_two_tables() -> None:
    # Positive agreement 2a / (2a + b + c).
    one, other = two_raters(BIASED)
    rows = classes_of(np.column_stack([one, other]))
    assert [row.agreement for row in rows] == pytest.approx([2 * 41 / (2 * 41 + 19), 2 * 6 / (2 * 6 + 19)])


def test_confusion_has_rater_one_in_rows() -> None:
    assert confusion([0, 0, 1, X], [1, 0, 1, 1], [0, 1]).tolist() == [[1, 1], [0, 1]]


def test_differences_need_both_ends() -> None:
    found = differences([1.0, 3.0, np.nan, 4.0, 4.5])
    assert found[0] == 2.0 and found[3] == 0.5
    assert np.isnan(found[1:3]).all()
