"""What can be computed again from the printed figures on micro-expressions, and whether it comes out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

from scipy import stats

from analysis.literature.micro_expressions import (
    ANOVAS,
    DYNAMIC_ACCURACY,
    DYNAMIC_MIDPOINTS,
    INTERVAL_P,
    INTERVALS,
    PRINTED_ACCURACY,
    RATING_INTERVALS,
    RATINGS,
    SIMPLES,
    TESTS,
    TEXT_ACCURACY,
    N,
)
from analysis.literature.paper import Cell
from analysis.statistics.effects import (
    cohen_power,
    d_between_form,
    d_z,
    noncentral_power,
    partial_eta_squared,
)
from analysis.statistics.paragraph import p_words

EXPRESSIONS = ("happy", "disgust", "neutral")
Means = dict[str, dict[str, float]]
ETA_CLOSE, D_CLOSE, MEAN_CLOSE = 0.0006, 0.006, 0.001
HALF = 0.0005
"""Half of the last digit that is printed of F and of p."""
POWERS = ((0.349, 3, 0.978), (0.535, 2, 0.999), (0.436, 2, 0.999))
"""Printed partial eta squared, levels of the factor, printed power."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """One order of the printed means, and how far its differences are from the intervals' middles at most."""

    means: Means
    worst: float


def labellings() -> tuple[Labelling, ...]:
    """Return all 36 ways to label the text's means of E1 accuracy, the best first."""
    found = []
    for attractive, unattractive in product(*(permutations(TEXT_ACCURACY[level]) for level in TEXT_ACCURACY)):
        means = {
            "attractive": dict(zip(EXPRESSIONS, attractive, strict=True)),
            "unattractive": dict(zip(EXPRESSIONS, unattractive, strict=True)),
        }
        found.append(Labelling(means, misfit(means, INTERVALS)))
    return tuple(sorted(found, key=lambda each: each.worst))


def misfit(means: Means, intervals: tuple[tuple[str, str, float, float], ...]) -> float:
    """Return how far main-effect differences of these means are from the middles of intervals, at most."""
    return max(abs(difference(means, one, other) - (low + high) / 2) for one, other, low, high in intervals)


def difference(means: Means, one: str, other: str) -> float:
    """Return the main-effect difference of two expressions: the mean over both levels."""
    return sum(level[one] - level[other] for level in means.values()) / len(means)


def eta_rows() -> tuple[tuple[Cell, ...], ...]:
    """Return (measure, effect, F, printed p, p of F, printed eta, ours, verdict) of every test with an F.

    The verdict is that on partial eta squared; `p_agreeing` counts the other.
    """
    rows: list[tuple[Cell, ...]] = []
    for measure, effect, df1, df2, f, p, printed in ANOVAS:
        rows.append(
            _eta_row(measure, effect, (df1, df2, f), "p < .001" if p is None else p_words(p), printed)
        )
    for measure, level, df1, df2, f, printed in SIMPLES:
        rows.append(_eta_row(measure, f"expression in {level} faces", (df1, df2, f), None, printed))
    return tuple(rows)


def _eta_row(
    measure: str, effect: str, test: tuple[float, float, float], p: str | None, printed: float | None
) -> tuple[Cell, ...]:
    df1, df2, f = test
    ours = partial_eta_squared(f, df1, df2)
    told = f"F({df1:g}, {df2:g}) = {f}"
    again = p_words(float(stats.f.sf(f, df1, df2)))
    return (measure, effect, told, p, again, printed, round(ours, 4), _says(ours, printed))


def p_agreeing() -> tuple[int, int]:
    """Return how many printed p of the analyses follow from their F within its rounding, and of how many."""
    agreeing = 0
    for _, _, df1, df2, f, printed, _ in ANOVAS:
        least, most = (float(stats.f.sf(f + way * HALF, df1, df2)) for way in (1, -1))
        agreeing += least < 0.001 if printed is None else least - HALF <= printed <= most + HALF
    return agreeing, len(ANOVAS)


def _says(ours: float, printed: float | None, close: float = ETA_CLOSE) -> str:
    if printed is None:
        return "not printed"
    return "agrees" if abs(ours - printed) <= close else "does not agree"


def d_rows() -> tuple[tuple[Cell, ...], ...]:
    """Return (measure, in, pair, t, printed d, 2t / sqrt(36), 2t / sqrt(37), d_z, verdict) of every test."""
    rows: list[tuple[Cell, ...]] = []
    for measure, level, pair, t, printed in TESTS:
        by36, by37 = d_between_form(t, N - 2), d_between_form(t, N - 1)
        fitting = [str(df) for df, value in ((36, by36), (37, by37)) if abs(value - printed) <= D_CLOSE]
        verdict = f"agrees with df {' and '.join(fitting)}" if fitting else "does not agree"
        ours = (round(by36, 3), round(by37, 3), round(d_z(t, N), 3))
        rows.append((measure, level, pair, t, printed, *ours, verdict))
    return tuple(rows)


def mean_rows() -> tuple[tuple[Cell, ...], ...]:
    """Return (measure, means, pair, difference of the means, middle of the interval, verdict)."""
    best = labellings()[0].means
    rows: list[tuple[Cell, ...]] = []
    sets = (
        ("E1 accuracy", "the table's", PRINTED_ACCURACY, INTERVALS),
        ("E1 accuracy", "the best of 36 labellings of the text's", best, INTERVALS),
        ("E1 rating", "the table's", RATINGS, RATING_INTERVALS),
    )
    for measure, which, means, intervals in sets:
        for one, other, low, high in intervals:
            ours, middle = difference(means, one, other), (low + high) / 2
            verdict = _says(ours, middle, MEAN_CLOSE)
            rows.append((measure, which, f"{one} - {other}", round(ours, 4), round(middle, 4), verdict))
    for level, middle in zip(DYNAMIC_ACCURACY, DYNAMIC_MIDPOINTS, strict=True):
        own = DYNAMIC_ACCURACY[level]
        ours = own["happy"] - own["disgust"]
        words = f"happy - disgust in {level} faces"
        verdict = _says(ours, middle, MEAN_CLOSE)
        rows.append(("E2 accuracy", "the reconstruction", words, round(ours, 4), middle, verdict))
    return tuple(rows)


def pair_rows() -> tuple[tuple[Cell, ...], ...]:
    """Return (pair, difference, t(37) and p that the printed interval implies, printed p) of E1 accuracy."""
    rows: list[tuple[Cell, ...]] = []
    tests = len(INTERVALS)
    critical = float(stats.t.isf(0.025 / tests, N - 1))
    for (one, other, low, high), printed in zip(INTERVALS, INTERVAL_P, strict=True):
        t = (low + high) / (high - low) * critical
        p = min(1.0, tests * 2 * float(stats.t.sf(abs(t), N - 1)))
        rows.append((f"{one} - {other}", round((low + high) / 2, 4), round(t, 3), p_words(p), printed))
    return tuple(rows)


def square_rows() -> tuple[tuple[Cell, ...], ...]:
    """Return (measure, in, F, t, t squared, verdict) of two expressions: F must be the square of t."""
    rows: list[tuple[Cell, ...]] = []
    told = {(measure, level): f for measure, level, df1, _, f, _ in SIMPLES if df1 == 1}
    for measure, level, _, t, _ in TESTS:
        f = told.get((measure, level))
        if f is not None:
            rows.append((measure, level, f, t, round(t**2, 3), _says(t**2, f, 0.004 * f)))
    return tuple(rows)


def power_rows() -> tuple[tuple[Cell, ...], ...]:
    """Return (eta, printed power, G*Power for groups, Cohen's f with the repeated df, SPSS' form)."""
    rows: list[tuple[Cell, ...]] = []
    for eta, levels, printed in POWERS:
        ratio = eta / (1 - eta)
        df1, df2 = levels - 1, (levels - 1) * (N - 1)
        groups = noncentral_power(ratio * N, df1, N - levels)
        repeated = cohen_power(eta, N, df1, df2)
        observed = noncentral_power(ratio * df2, df1, df2)
        rows.append((eta, printed, round(groups, 5), round(repeated, 5), round(observed, 5)))
    return tuple(rows)
