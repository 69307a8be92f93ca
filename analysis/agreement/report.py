"""Every coefficient that fits a table, with intervals, pairs, classes, boundary errors and lags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from analysis.agreement.alpha import alpha_sums
from analysis.agreement.bootstrap import RESAMPLES, Interval, bootstrap
from analysis.agreement.formulas import FORMULAS, Formula
from analysis.agreement.kappa import ClassRow, classes_of, cohen_sums, fleiss_sums, raw_sums
from analysis.agreement.numbers import (
    concordance,
    concordance_sums,
    differences,
    icc_sums,
    pearson,
    pearson_sums,
)
from analysis.agreement.outcome import FEW_RATERS, Floats, Outcome, Sums, mean_of, undefined
from analysis.agreement.spans import Boundaries, boundaries, f1_sums
from analysis.agreement.tables import Marks, Ratings, Table, Traces, clusters_of, in_bins
from analysis.agreement.traces import Lag, lags, trial_mean_sums

Over = Literal["trials", "participants"]
Noun = Literal["trials", "recordings", "bins", "points"]


@dataclass(frozen=True, slots=True)
class Line:
    """One coefficient of all raters; `noun` says what `outcome.n` counts."""

    formula: Formula
    outcome: Outcome
    interval: Interval
    noun: Noun


@dataclass(frozen=True, slots=True)
class Pair:
    """Two raters: their coefficients by key, and how far apart the ends of matched marks lie."""

    one: str
    other: str
    outcomes: dict[str, Outcome]
    boundaries: Boundaries | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is known about the agreement on one table.

    `missing` is the share of answers (of traces: points) that are missing among units x raters. `classes`
    are in the order of `class_names`, `noun` says what the units are; empty where there are no classes.
    """

    raters: tuple[str, ...]
    units: int
    missing: float
    noun: Noun
    lines: tuple[Line, ...]
    pairs: tuple[Pair, ...]
    classes: tuple[ClassRow, ...] = ()
    class_names: tuple[str, ...] = ()
    lags: tuple[Lag, ...] = ()
    over: Over = "trials"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Measure:
    key: str
    sums: Sums
    noun: Noun
    clusters: Sequence[str]


def assess(
    table: Table,
    *,
    over: Over = "trials",
    seed: int = 0,
    resamples: int = RESAMPLES,
    cancelled: Callable[[], bool] = lambda: False,
) -> Report:
    """Return every coefficient that fits the table; raises `bootstrap.CancelledError`."""
    measures, pairs = _measures(table, over)
    drawn = unit_noun(table) if over == "trials" else over
    lines = tuple(
        Line(
            FORMULAS[each.key],
            each.sums.outcome(),
            bootstrap(
                each.sums, each.clusters, noun=drawn, seed=seed, resamples=resamples, cancelled=cancelled
            ),
            each.noun,
        )
        for each in measures
    )
    report = Report(
        table.raters,
        len(table.units),
        share_missing(table),
        unit_noun(table),
        lines,
        tuple(pairs),
        over=over,
        seed=seed,
    )
    if isinstance(table, Traces):
        return replace(report, lags=lags(table.values, table.raters))
    ratings = table if isinstance(table, Ratings) else in_bins(table)
    classes = classes_of(ratings.values)
    return replace(report, classes=classes, class_names=tuple(ratings.name_of(row.value) for row in classes))


def unit_noun(table: Table) -> Noun:
    """Return what the units of a table are: trials, or whole recordings."""
    whole = bool(table.units) and all(unit.trial < 0 for unit in table.units)
    return "recordings" if whole else "trials"


def share_missing(table: Table) -> float:
    """Return the share of answers, worked units or points that are missing."""
    if isinstance(table, Marks):
        cells = [spans is None for row in table.marked for spans in row]
        return float(np.mean(cells)) if cells else 0.0
    values = np.concatenate(table.values) if isinstance(table, Traces) and table.values else table.values
    array = np.asarray(values, float)
    return float(np.mean(~np.isfinite(array))) if array.size else 0.0


def _measures(table: Table, over: Over) -> tuple[list[_Measure], list[Pair]]:
    if isinstance(table, Ratings):
        return _of_ratings(table, over)
    return _of_marks(table, over) if isinstance(table, Marks) else _of_traces(table, over)


def _pairs(count: int) -> Iterator[tuple[int, int]]:
    return combinations(range(count), 2)


def _mean(by_pair: Sequence[Sums], rows: int) -> Sums:
    return mean_of(by_pair) if by_pair else undefined(FEW_RATERS, rows)


def _paired(raters: Sequence[str], found: dict[str, list[Sums]]) -> list[Pair]:
    return [
        Pair(raters[one], raters[other], {key: sums[place].outcome() for key, sums in found.items()})
        for place, (one, other) in enumerate(_pairs(len(raters)))
    ]


def _of_ratings(table: Ratings, over: Over) -> tuple[list[_Measure], list[Pair]]:
    values, name_of = table.values, table.name_of
    columns = [(values[:, one], values[:, other]) for one, other in _pairs(len(table.raters))]
    by_pair: dict[str, list[Sums]] = {}
    if table.level == "nominal":
        whole = {"alpha_nominal": alpha_sums(values, "nominal", name_of)}
        by_pair["cohen"] = [cohen_sums(*both, "none", name_of) for both in columns]
        whole["cohen"] = _mean(by_pair["cohen"], len(values))
        whole["fleiss"] = fleiss_sums(values, name_of)
    else:
        whole = {
            "alpha_ordinal": alpha_sums(values, "ordinal", name_of),
            "alpha_interval": alpha_sums(values, "interval", name_of),
            "icc_single": icc_sums(values, "single", name_of),
            "icc_average": icc_sums(values, "average", name_of),
        }
        by_pair["kappa_quadratic"] = [cohen_sums(*both, "quadratic", name_of) for both in columns]
        by_pair["kappa_linear"] = [cohen_sums(*both, "linear", name_of) for both in columns]
        by_pair["ccc"] = [concordance_sums(*both, name_of) for both in columns]
        by_pair["pearson"] = [pearson_sums(*both) for both in columns]
        whole |= {key: _mean(sums, len(values)) for key, sums in by_pair.items()}
    whole["raw"] = raw_sums(values)
    by_pair["raw"] = [raw_sums(np.column_stack(both)) for both in columns]
    clusters = clusters_of(table.units, over)
    rows = [clusters[unit] for unit in table.row_units()]
    noun: Noun = "bins" if table.rows else unit_noun(table)
    return [_Measure(key, sums, noun, rows) for key, sums in whole.items()], _paired(table.raters, by_pair)


def _of_marks(table: Marks, over: Over) -> tuple[list[_Measure], list[Pair]]:
    bins = in_bins(table)
    clusters = clusters_of(table.units, over)
    bin_clusters = [clusters[unit] for unit in bins.row_units()]
    columns = list(zip(*table.marked, strict=True)) or [() for _ in table.raters]
    key = "f1_points" if table.points else "f1_segments"
    f1 = [f1_sums(columns[one], columns[other], table.points) for one, other in _pairs(len(table.raters))]
    alpha = alpha_sums(bins.values, "nominal", bins.name_of)
    binned = [
        alpha_sums(bins.values[:, [one, other]], "nominal", bins.name_of)
        for one, other in _pairs(len(table.raters))
    ]
    pairs = [
        replace(pair, boundaries=boundaries(columns[one], columns[other], table.points))
        for pair, (one, other) in zip(
            _paired(table.raters, {key: f1, "alpha_bins": binned}), _pairs(len(table.raters)), strict=True
        )
    ]
    measures = [
        _Measure("alpha_bins", alpha, "bins", bin_clusters),
        _Measure(key, _mean(f1, len(table.units)), unit_noun(table), clusters),
        _Measure("raw", raw_sums(bins.values), "bins", bin_clusters),
    ]
    return measures, pairs


def _of_traces(table: Traces, over: Over) -> tuple[list[_Measure], list[Pair]]:
    clusters = clusters_of(table.units, over)
    cells = {key: _by_trial(table, key) for key in ("ccc_trials", "pearson_trials", "pearson_differences")}
    if not table.bounded:
        # The level of a relative trace means nothing.
        del cells["ccc_trials"]
    pairs = [
        Pair(
            table.raters[one],
            table.raters[other],
            {key: _mean_cell(found[:, place]) for key, found in cells.items()},
        )
        for place, (one, other) in enumerate(_pairs(len(table.raters)))
    ]
    reason = FEW_RATERS if len(table.raters) < 2 else _NO_TRIAL
    measures = [
        _Measure(key, trial_mean_sums(found, reason), unit_noun(table), clusters)
        for key, found in cells.items()
    ]
    if table.bounded:
        values = np.concatenate(table.values) if table.values else np.empty((0, len(table.raters)))
        rows = [cluster for cluster, grid in zip(clusters, table.values, strict=True) for _ in grid]
        measures[1:1] = [
            _Measure("icc_single", icc_sums(values, "single"), "points", rows),
            _Measure("icc_average", icc_sums(values, "average"), "points", rows),
        ]
    return measures, pairs


_NO_TRIAL = "in no trial have two raters traces that can be compared: nothing common, or they never move"


def _by_trial(table: Traces, key: str) -> Floats:
    """Return a coefficient (trials, pairs), NaN where it is undefined."""
    chosen = list(_pairs(len(table.raters)))
    found = np.full((len(table.units), len(chosen)), np.nan)
    for row, grid in enumerate(table.values):
        values = differences(grid) if key == "pearson_differences" else grid
        for place, (one, other) in enumerate(chosen):
            compute = concordance if key == "ccc_trials" else pearson
            value = compute(values[:, one], values[:, other]).value
            found[row, place] = np.nan if value is None else value
    return found


def _mean_cell(values: Floats) -> Outcome:
    known = values[np.isfinite(values)]
    return Outcome(float(known.mean()), len(known)) if len(known) else Outcome(None, 0, _NO_TRIAL)
