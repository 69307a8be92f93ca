"""The tables of an analysis within participants, ready to be read, saved and printed."""

from __future__ import annotations

import math

from analysis.literature.paper import Cell
from analysis.statistics.paragraph import degrees, p_words
from analysis.statistics.repeated import Effect
from analysis.statistics.within import BETWEEN_LEVELS, Within

Lines = tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]
"""Columns, and rows."""
NO_VARIANCE = "no variance"
"""Stands for a test where every participant gives the very same differences."""


def effect_rows(found: Within) -> Lines:
    """Return the table of the analysis: uncorrected, and with Greenhouse-Geisser and Huynh-Feldt."""
    columns = (
        "effect", "df1", "df2", "F", "p", "decides", "partial eta squared", "Mauchly W", "Mauchly p",
        "epsilon GG", "p GG", "epsilon HF", "p HF", "power (SPSS)", "power (Cohen's f)",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for each in found.effects:
        round_ = each.sphericity
        of_sphericity: tuple[Cell, ...] = (None,) * 6
        if round_ is not None:
            of_sphericity = (
                _known(round_.w),
                _known(round_.p),
                round_.greenhouse_geisser,
                each.corrected(round_.greenhouse_geisser)[2],
                round_.huynh_feldt,
                each.corrected(round_.huynh_feldt)[2],
            )
        rows.append(
            (
                each.name, each.df1, each.df2, _known(each.f), _known(each.p), _decides(each),
                _known(each.eta_p2), *of_sphericity, _known(each.power), _known(each.power_cohen),
            )
        )  # fmt: skip
    return columns, tuple(rows)


def _decides(effect: Effect) -> str:
    if effect.is_flat:
        return NO_VARIANCE
    return "p GG" if effect.epsilon < 1 else "p"


def pair_table(found: Within) -> Lines:
    """Return all pairs: of main effects, then inside the levels of the other factor."""
    columns = (
        "factor", "in", "one", "other", "difference", "from", "to", "t", "df", "p", "p Bonferroni", "d_z",
        "d = 2t/sqrt(df)",
    )  # fmt: skip
    every = [(name, each) for name, told in found.pairs.items() for each in told]
    every += [(simple.factor, each) for simple in found.simples for each in simple.pairs]
    rows: list[tuple[Cell, ...]] = [
        (
            name, each.inside or "all", each.one, each.other, each.mean, each.low, each.high, _known(each.t),
            float(each.df), _known(each.p), _known(each.p_bonferroni), _known(each.d_z), _known(each.d),
        )
        for name, each in every
    ]  # fmt: skip
    return columns, tuple(rows)


def simple_table(found: Within) -> Lines:
    """Return the simple effects, univariate and multivariate; what cannot be tested says so."""
    columns = (
        "factor", "in", "univariate", "p", "partial eta squared", "multivariate", "p multivariate",
        "partial eta squared multivariate",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for each in found.simples:
        one, many = each.univariate, each.multivariate
        told: tuple[Cell, ...] = (NO_VARIANCE, None, None)
        if one is not None:
            df1, df2, p = one.decided
            told = (f"F({degrees(df1)}, {degrees(df2)}) = {one.f:.3f}", p_words(p), one.eta_p2)
        rows.append(
            (
                each.factor,
                each.inside,
                *told,
                None if many is None else f"F({many.df1:.0f}, {many.df2:.0f}) = {many.f:.3f}",
                None if many is None else p_words(many.p),
                None if many is None else many.eta_p2,
            )
        )
    return columns, tuple(rows)


def cell_table(found: Within) -> Lines:
    """Return the cell means with SD, standard error and the within-participant interval."""
    columns = (*found.design.factors, "participants", "mean", "SD", "SE", "from", "to")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (*each.levels, float(each.n), each.mean, each.sd, each.se, each.low, each.high)
        for each in found.cells
    )
    return columns, rows


def lost_table(found: Within) -> Lines:
    """Return what went: trials, and participants, each with why."""
    rows: list[tuple[Cell, ...]] = [("trials used", float(found.trials), "")]
    rows += [("trials left out", float(count), why) for why, count in found.lost]
    rows += [(f"participant {code}", None, why) for code, why in found.left_out]
    rows += [
        (
            f"trimmed, {name.replace(BETWEEN_LEVELS, ' x ')}",
            float(lost),
            f"of {count}; limits {_limit(low)} to {_limit(high)}",
        )
        for name, count, lost, low, high in found.trimmed.groups
        if lost
    ]
    return ("what", "count", "why"), tuple(rows)


def item_table(found: Within) -> Lines:
    """Return the tests over stimuli or models as they decide, no row where there is none."""
    columns = ("effect", "df1", "df2", "F2", "p", "partial eta squared", "over", "between", "within")
    items = found.items
    if items is None:
        return columns, ()
    over = (f"{items.n} {items.units}", ", ".join(items.between), ", ".join(items.within))
    rows: list[tuple[Cell, ...]] = []
    for each in items.effects:
        df1, df2, p = each.decided
        rows.append((each.name, df1, df2, _known(each.f), _known(p), _known(each.eta_p2), *over))
    return columns, tuple(rows)


def _limit(value: float) -> str:
    if math.isinf(value):
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
