"""The same tests over stimuli instead of people: whether an effect holds for other stimuli than these.

A factor is between stimuli where each has one level of it only (its expression, its category); where every
stimulus was shown in every cell, stimuli are repeated measures as participants are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics.effects import partial_eta_squared
from analysis.statistics.repeated import FLAT, StatisticsError, anova, contrasts

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ItemEffect:
    """A line of the table over stimuli: F2(df1, df2), p, partial eta squared."""

    name: str
    df1: float
    df2: float
    f: float
    p: float
    eta_p2: float


@dataclass(frozen=True, slots=True)
class ByItems:
    """Tests over `n` stimuli; `is_between`: each stimulus belongs to one cell."""

    n: int
    is_between: bool
    effects: tuple[ItemEffect, ...]


def by_items(
    items: NDArray[np.str_], levels: tuple[NDArray[np.str_], ...], values: Floats, names: tuple[str, ...]
) -> ByItems:
    """Return the tests over the stimuli of n trials; `levels` holds each factor's level of every trial.

    Raises StatisticsError where stimuli are in some cells, but neither in one nor in all, or too few.
    """
    shape = tuple(len(np.unique(each)) for each in levels)
    if min(shape) < 2:
        raise StatisticsError("A factor needs at least two levels. Choose another one.")
    codes = [np.unique(each, return_inverse=True)[1] for each in levels]
    cell = np.ravel_multi_index(codes, shape)
    stimuli, of = np.unique(items, return_inverse=True)
    total = np.zeros((len(stimuli), int(np.prod(shape))))
    count = np.zeros_like(total)
    np.add.at(total, (of, cell), values)
    np.add.at(count, (of, cell), 1)
    means = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    cells = (count > 0).sum(axis=1)
    if (cells == 1).all():
        own = count.argmax(axis=1)
        effects = between(means[np.arange(len(own)), own], np.stack(np.unravel_index(own, shape)), names)
        return ByItems(len(stimuli), True, effects)
    if (cells == total.shape[1]).all():
        told = anova(means.reshape(-1, *shape), names)
        effects = tuple(ItemEffect(e.name, *e.decided[:2], e.f, e.decided[2], e.eta_p2) for e in told)
        return ByItems(len(stimuli), False, effects)
    raise StatisticsError(
        "Stimuli are in several cells, but not in all of them: there is no test over stimuli of this design."
    )


def between(values: Floats, codes: NDArray[np.intp], names: tuple[str, ...]) -> tuple[ItemEffect, ...]:
    """Return the tests of n values whose levels are `codes` (factors, n): sums of squares of type III.

    Raises StatisticsError where a cell is empty or none has two values.
    """
    shape = tuple(int(each.max()) + 1 for each in codes)
    counts = np.zeros(shape)
    np.add.at(counts, tuple(codes), 1)
    if counts.min() < 1 or len(values) <= counts.size:
        raise StatisticsError("Every cell needs a stimulus, and some need two, for a test over stimuli.")
    places = range(len(names))
    wanted = [each for size in range(1, len(names) + 1) for each in combinations(places, size)]
    blocks = {each: _columns(codes, shape, each) for each in wanted}
    whole = np.column_stack([np.ones(len(values)), *blocks.values()])
    error, df2 = _residual(whole, values), len(values) - whole.shape[1]
    if error <= FLAT * float(((values - values.mean()) ** 2).sum()):
        raise StatisticsError("Stimuli of one cell do not differ at all; F has no error.")
    found = []
    for each in wanted:
        less = [block for name, block in blocks.items() if name != each]
        ss = _residual(np.column_stack([np.ones(len(values)), *less]), values) - error
        df1 = blocks[each].shape[1]
        f = max(0.0, ss / df1) / (error / df2)
        p = float(stats.f.sf(f, df1, df2))
        name = " x ".join(names[place] for place in each)
        found.append(ItemEffect(name, float(df1), float(df2), f, p, partial_eta_squared(f, df1, df2)))
    return tuple(found)


def _columns(codes: NDArray[np.intp], shape: tuple[int, ...], factors: tuple[int, ...]) -> Floats:
    made = np.ones((codes.shape[1], 1))
    for place in factors:
        own = contrasts(shape[place])[codes[place]]
        made = (made[:, :, None] * own[:, None, :]).reshape(len(made), -1)
    return made


def _residual(columns: Floats, values: Floats) -> float:
    weights = np.linalg.lstsq(columns, values, rcond=None)[0]
    return float(((values - columns @ weights) ** 2).sum())
