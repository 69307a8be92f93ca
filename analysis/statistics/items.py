"""The same tests over stimuli instead of people: whether an effect holds for other stimuli than these.

What is counted is a stimulus or, where it is known whom pictures show, that model: two pictures of one face
are not independent. A factor is between the counted where each has one level of it only (a face's
attractiveness); it is within them where each has several (a face's expressions), as participants have in the
main tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.repeated import Effect, StatisticsError, contrasts, effect, of_effect

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
UNITS = {"model": "models", "stimulus": "stimuli"}
TOO_FEW = "Every cell needs a stimulus, and some need two, for a test over stimuli."


@dataclass(frozen=True, slots=True)
class ByItems:
    """Tests over `n` of what is counted (`unit`: "stimulus" or "model"), with the factors between and within.

    `left_out` of them lack a cell of the factors within.
    """

    unit: str
    n: int
    between: tuple[str, ...]
    within: tuple[str, ...]
    left_out: int
    effects: tuple[Effect, ...]

    @property
    def units(self) -> str:
        """What is counted, in words."""
        return UNITS[self.unit]


def by_items(
    items: NDArray[np.str_],
    levels: tuple[NDArray[np.str_], ...],
    values: Floats,
    names: tuple[str, ...],
    models: NDArray[np.str_] | None = None,
) -> ByItems:
    """Return the tests over the stimuli of n trials, or over `models` where every trial has one.

    `levels` holds each factor's level of every trial. Sums of squares are of type III. Raises StatisticsError
    where too few have all they need, or they do not differ.
    """
    unit = "stimulus"
    if models is not None and len(models) and (models != "").all():
        unit, items = "model", models
    if (items == "").any():
        raise StatisticsError("Some trials have no stimulus with a name: there is no test over stimuli.")
    met = [np.unique(each, return_inverse=True) for each in levels]
    shape = tuple(len(own) for own, _ in met)
    if min(shape) < 2:
        raise StatisticsError("A factor needs at least two levels. Choose another one.")
    means = _means(items, np.ravel_multi_index([codes for _, codes in met], shape), values, shape)
    there = [np.isfinite(means).any(axis=_others(shape, place)) for place in range(len(shape))]
    is_between = tuple(bool((each.sum(axis=1) == 1).all()) for each in there)
    codes = [each.argmax(axis=1) for each in there]
    for place, told in enumerate(is_between):
        if told:
            own = codes[place].reshape(-1, *(1 for _ in shape))
            means = np.take_along_axis(means, own, axis=place + 1)
    complete = np.isfinite(means).reshape(len(means), -1).all(axis=1)
    if 2 * complete.sum() < len(means):
        raise StatisticsError(
            f"{UNITS[unit].capitalize()} are in several cells, but not in all of them: no test over "
            f"{UNITS[unit]}. Choose factors of which each has one level, or all."
        )
    codes = [each[complete] for each in codes]
    for own_codes, told, levels_there in zip(codes, is_between, shape, strict=True):
        if told and len(np.unique(own_codes)) < levels_there:
            raise StatisticsError(TOO_FEW)
    apart = dict(zip(names, is_between, strict=True))
    effects = mixed(means[complete], tuple(codes), is_between, names)
    between, within = (tuple(name for name in names if apart[name] is told) for told in (True, False))
    return ByItems(unit, int(complete.sum()), between, within, int((~complete).sum()), effects)


def mixed(
    values: Floats, codes: tuple[Codes, ...], is_between: tuple[bool, ...], names: tuple[str, ...]
) -> tuple[Effect, ...]:
    """Return every main effect and interaction of `values` (n, levels, ...), a mean a cell.

    A factor between has one level in `values`: its place is in its `codes` (n,). Sums of squares are of type
    III, so that cells count the same whatever their number is. Raises StatisticsError where a cell is empty,
    none has two, or nothing differs.
    """
    apart = [place for place, told in enumerate(is_between) if told]
    inside = [place for place, told in enumerate(is_between) if not told]
    flat, shape = values.reshape(len(values), -1), tuple(values.shape[place + 1] for place in inside)
    blocks = {each: _columns(codes, each, len(values)) for each in _subsets(apart)}
    whole = np.column_stack(list(blocks.values()))
    df_error = len(values) - whole.shape[1]
    if np.linalg.matrix_rank(whole) < whole.shape[1] or df_error < 1:
        raise StatisticsError(TOO_FEW)
    found = []
    for each in _subsets(range(len(names)))[1:]:
        own = tuple(place for place in each if place in apart)
        scores = flat @ of_effect(shape, tuple(inside.index(place) for place in each if place in inside))
        error = _residual(whole, scores)
        less = [block for name, block in blocks.items() if name != own]
        without = _residual(np.column_stack(less), scores) if less else scores.T @ scores
        ss = float(np.trace(without) - np.trace(error))
        name = " x ".join(names[place] for place in each)
        found.append(effect(name, ss, error, blocks[own].shape[1], df_error, len(values), values))
    if all(each.is_flat for each in found):
        raise StatisticsError("Stimuli of one cell do not differ at all; F has no error.")
    return tuple(found)


def _subsets(places: Iterable[int]) -> list[tuple[int, ...]]:
    """Return all subsets, the empty one first, then by size."""
    known = tuple(places)
    return [each for size in range(len(known) + 1) for each in combinations(known, size)]


def _others(shape: tuple[int, ...], place: int) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in range(len(shape)) if axis != place)


def _means(items: NDArray[np.str_], cells: Codes, values: Floats, shape: tuple[int, ...]) -> Floats:
    """Return the mean of each item and cell (items, levels, ...), NaN where it was never in it."""
    found, of = np.unique(items, return_inverse=True)
    total = np.zeros((len(found), int(np.prod(shape))))
    count = np.zeros_like(total)
    np.add.at(total, (of, cells), values)
    np.add.at(count, (of, cells), 1)
    means = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return means.reshape(-1, *shape)


def _columns(codes: tuple[Codes, ...], factors: tuple[int, ...], n: int) -> Floats:
    """Return the columns (n, parameters) of an effect between: of no factor, that of the mean."""
    made = np.ones((n, 1))
    for place in factors:
        levels = int(codes[place].max()) + 1
        own = contrasts(levels)[codes[place]]
        made = (made[:, :, None] * own[:, None, :]).reshape(n, -1)
    return made


def _residual(columns: Floats, scores: Floats) -> Floats:
    """Return the sums of squares and products (q, q) of scores (n, q) that `columns` leave."""
    weights = np.linalg.lstsq(columns, scores, rcond=None)[0]
    left: Floats = scores - columns @ weights
    return left.T @ left
