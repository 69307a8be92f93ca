"""Agreement straight from the definitions: exact fractions, plain loops, nothing shared with the product."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, permutations, product

Value = int | Fraction | None
Row = Sequence[Value]


def _pairable(rows: Sequence[Row]) -> list[list[Fraction]]:
    found = [[Fraction(value) for value in row if value is not None] for row in rows]
    return [row for row in found if len(row) >= 2]


def alpha(rows: Sequence[Row], level: str) -> Fraction:
    """1 - observed / expected disagreement, over every ordered pair of ratings one by one."""
    units = _pairable(rows)
    everything = [value for unit in units for value in unit]

    def distance(one: Fraction, other: Fraction) -> Fraction:
        if level == "nominal":
            return Fraction(one != other)
        if level == "interval":
            return (one - other) ** 2
        low, high = min(one, other), max(one, other)
        between = sum(low <= value <= high for value in everything)
        ends = sum(value == one for value in everything) + sum(value == other for value in everything)
        return Fraction(0) if one == other else (between - Fraction(ends, 2)) ** 2

    total = len(everything)
    observed = sum(
        (
            sum((distance(a, b) for a, b in permutations(unit, 2)), Fraction(0)) / (len(unit) - 1)
            for unit in units
        ),
        Fraction(0),
    )
    expected = sum((distance(a, b) for a, b in permutations(everything, 2)), Fraction(0))
    return 1 - (observed / total) / (expected / (total * (total - 1)))


def kappa(one: Row, other: Row, weights: str = "none") -> Fraction:
    """Cohen: every pair of the two raters' own ratings is as likely as their margins say."""
    pairs = [
        (Fraction(a), Fraction(b)) for a, b in zip(one, other, strict=True) if a is not None and b is not None
    ]

    def distance(a: Fraction, b: Fraction) -> Fraction:
        return {"none": Fraction(a != b), "linear": abs(a - b), "quadratic": (a - b) ** 2}[weights]

    n = len(pairs)
    observed = sum((distance(a, b) for a, b in pairs), Fraction(0)) / n
    firsts, seconds = [a for a, _ in pairs], [b for _, b in pairs]
    expected = sum((distance(a, b) for a, b in product(firsts, seconds)), Fraction(0)) / n**2
    return 1 - observed / expected


def pooled_kappa(one: Row, other: Row) -> Fraction:
    """Scott's pi: the margins of both raters thrown together, as some programs compute 'Cohen's kappa'."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    n = len(pairs)
    observed = Fraction(sum(a == b for a, b in pairs), n)
    pooled = [value for pair in pairs for value in pair]
    expected = sum(Fraction(pooled.count(value), 2 * n) ** 2 for value in set(pooled))
    return (observed - expected) / (1 - expected)


def fleiss(rows: Sequence[Row]) -> Fraction:
    """Fleiss: the share of agreeing pairs, unit by unit, against the margins of all."""
    units = [[value for value in row if value is not None] for row in rows]
    units = [unit for unit in units if unit]
    shares = []
    for unit in units:
        pairs = list(combinations(unit, 2))
        shares.append(Fraction(sum(a == b for a, b in pairs), len(pairs)))
    everything = [value for unit in units for value in unit]
    expected = sum(Fraction(everything.count(v), len(everything)) ** 2 for v in set(everything))
    observed = sum(shares, Fraction(0)) / len(shares)
    return (observed - expected) / (1 - expected)


def icc(rows: Sequence[Row]) -> tuple[Fraction, Fraction]:
    """ICC(A,1) and ICC(A,k) from the mean squares of a two-way analysis of variance, term by term."""
    table = [[Fraction(value) for value in row if value is not None] for row in rows if None not in row]
    n, k = len(table), len(table[0])
    grand = sum((sum(row, Fraction(0)) for row in table), Fraction(0)) / (n * k)
    row_means = [sum(row, Fraction(0)) / k for row in table]
    column_means = [sum((row[j] for row in table), Fraction(0)) / n for j in range(k)]
    msr = k * sum(((mean - grand) ** 2 for mean in row_means), Fraction(0)) / (n - 1)
    msc = n * sum(((mean - grand) ** 2 for mean in column_means), Fraction(0)) / (k - 1)
    left = [
        (table[i][j] - row_means[i] - column_means[j] + grand) ** 2 for i, j in product(range(n), range(k))
    ]
    mse = sum(left, Fraction(0)) / ((n - 1) * (k - 1))
    return (msr - mse) / (msr + (k - 1) * mse + Fraction(k, n) * (msc - mse)), (msr - mse) / (
        msr + (msc - mse) / n
    )


def ccc(one: Row, other: Row) -> Fraction:
    """Lin: twice the covariance over the variances and the squared difference of means, all over n."""
    pairs = [
        (Fraction(a), Fraction(b)) for a, b in zip(one, other, strict=True) if a is not None and b is not None
    ]
    n = len(pairs)
    mean_a, mean_b = sum(a for a, _ in pairs) / Fraction(n), sum(b for _, b in pairs) / Fraction(n)
    var_a = sum(((a - mean_a) ** 2 for a, _ in pairs), Fraction(0)) / n
    var_b = sum(((b - mean_b) ** 2 for _, b in pairs), Fraction(0)) / n
    both = sum(((a - mean_a) * (b - mean_b) for a, b in pairs), Fraction(0)) / n
    return 2 * both / (var_a + var_b + (mean_a - mean_b) ** 2)


def most_matches(likes: Sequence[Sequence[bool]]) -> int:
    """Return how many pairs a one-to-one matching can have, by trying every one."""
    if not likes:
        return 0
    rest = likes[1:]
    best = most_matches(rest)
    for column, is_like in enumerate(likes[0]):
        if is_like:
            without = [[like and place != column for place, like in enumerate(row)] for row in rest]
            best = max(best, 1 + most_matches(without))
    return best
