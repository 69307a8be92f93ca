"""A whole within-participant analysis: trials in, trimming, cells, tests, and what was lost on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.cells import Cell, cell_means
from analysis.statistics.items import ByItems, by_items
from analysis.statistics.pairs import Pair, Simple, main_pairs, simple_effects
from analysis.statistics.repeated import Effect, StatisticsError, anova
from analysis.statistics.trimming import Trimmed, Trimming, trim

BETWEEN_LEVELS = "\x1f"
"""Stands between the levels in the name of a cell: no level holds it."""
FEW = 12
"""Below this many participants the p values rest on normality that nobody can check."""


@dataclass(frozen=True, slots=True)
class Rows:
    """n trials: whose, of which stimulus, the level of each factor by its name, and the value measured.

    A value that is NaN was not measured; a level that is "" is none. `models` says whom the stimulus
    shows, "" or None where that is not known.
    """

    participants: NDArray[np.str_]
    items: NDArray[np.str_]
    levels: Mapping[str, NDArray[np.str_]]
    values: NDArray[np.float64]
    models: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Design:
    """What is tested: one or two factors, levels in the order shown (all there are, where not named)."""

    factors: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    trimming: Trimming = field(default_factory=Trimming)
    measure: str = "value"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Within:
    """What came of it.

    `means` (participants, levels, ...) are the numbers tested; `counts` the trials behind each. `lost` says
    how many trials went, and why; `left_out` which participants, and why.
    """

    design: Design
    levels: tuple[tuple[str, ...], ...]
    participants: tuple[str, ...]
    means: NDArray[np.float64]
    counts: NDArray[np.intp]
    trials: int
    lost: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, str], ...]
    trimmed: Trimmed
    effects: tuple[Effect, ...]
    pairs: Mapping[str, tuple[Pair, ...]]
    simples: tuple[Simple, ...]
    cells: tuple[Cell, ...]
    items: ByItems | None
    warnings: tuple[str, ...]


def analyse(rows: Rows, design: Design, lost: Sequence[tuple[str, int]] = ()) -> Within:
    """Trim, average by participant and cell, and test; `lost` are trials that went before, and why.

    Raises StatisticsError where no test can be made.
    """
    if not 1 <= len(design.factors) <= 2 or len(set(design.factors)) < len(design.factors):
        raise StatisticsError("Choose one factor, or two different ones.")
    told = list(lost)
    levels = tuple(_levels(rows, design, name) for name in design.factors)
    measured = np.isfinite(rows.values)
    known = np.all(
        [np.isin(rows.levels[name], own) for name, own in zip(design.factors, levels, strict=True)], axis=0
    )
    for words, gone in (("not of these levels", ~known), ("nothing measured", known & ~measured)):
        if gone.any():
            told.append((words, int(gone.sum())))
    kept = _some(rows, known & measured)
    if not len(kept):
        raise StatisticsError("No trial has both a value and a level of every factor.")
    cells = np.array(
        [BETWEEN_LEVELS.join(each) for each in zip(*_codes(kept, design), strict=True)], dtype=np.str_
    )
    trimmed = trim(kept.values, kept.participants, cells, design.trimming)
    if trimmed.lost:
        told.append(("trimmed", trimmed.lost))
    kept = _some(kept, trimmed.keep)
    people, means, counts = averaged(kept, design.factors, levels)
    complete = np.isfinite(means).reshape(len(people), -1).all(axis=1)
    left = tuple((str(people[place]), _missing(means[place], levels)) for place in np.flatnonzero(~complete))
    used = means[complete]
    if len(used) < 2:
        raise StatisticsError(
            f"{len(used)} of {len(people)} participants have every cell of this design; two are needed."
        )
    effects = anova(used, design.factors)
    two = len(levels) == 2
    simples = tuple(
        each
        for of in (0, 1)
        if two
        for each in simple_effects(used, (design.factors[0], design.factors[1]), (levels[0], levels[1]), of)
    )
    # Tests over stimuli rest on the same people as those over people.
    items, refused = _items(_some(kept, np.isin(kept.participants, people[complete])), design)
    return Within(
        design,
        levels,
        tuple(map(str, people[complete])),
        used,
        counts[complete],
        int(counts[complete].sum()),
        tuple(told),
        left,
        trimmed,
        effects,
        {name: main_pairs(used, place, levels[place]) for place, name in enumerate(design.factors)},
        simples,
        cell_means(used, levels),
        items,
        (*_warnings(used, counts[complete], left, design), *refused),
    )


def averaged(
    rows: Rows, factors: tuple[str, ...], levels: tuple[tuple[str, ...], ...]
) -> tuple[NDArray[np.str_], NDArray[np.float64], NDArray[np.intp]]:
    """Return the participants (p,), their cell means (p, levels, ...), NaN where empty, and the counts."""
    people, who = np.unique(rows.participants, return_inverse=True)
    shape = (len(people), *map(len, levels))
    place = (who, *(_place(rows.levels[name], own) for name, own in zip(factors, levels, strict=True)))
    total, count = np.zeros(shape), np.zeros(shape, np.intp)
    np.add.at(total, place, rows.values)
    np.add.at(count, place, 1)
    return people, np.divide(total, count, out=np.full(shape, np.nan), where=count > 0), count


def _place(values: NDArray[np.str_], levels: tuple[str, ...]) -> NDArray[np.intp]:
    known = {name: number for number, name in enumerate(levels)}
    return np.array([known[str(each)] for each in values], np.intp)


def _levels(rows: Rows, design: Design, name: str) -> tuple[str, ...]:
    there = sorted({str(each) for each in rows.levels[name]} - {""})
    wanted = tuple(design.levels.get(name, ())) or tuple(there)
    found = tuple(each for each in wanted if each in there)
    if len(found) < 2:
        raise StatisticsError(f"{name} has {len(found)} of its levels here; two are needed. Choose another.")
    return found


def _codes(rows: Rows, design: Design) -> list[NDArray[np.str_]]:
    return [rows.levels[name] for name in design.factors]


def _some(rows: Rows, which: NDArray[np.bool_]) -> Rows:
    return Rows(
        rows.participants[which],
        rows.items[which],
        {name: each[which] for name, each in rows.levels.items()},
        rows.values[which],
        None if rows.models is None else rows.models[which],
    )


def _missing(means: NDArray[np.float64], levels: tuple[tuple[str, ...], ...]) -> str:
    gone = [
        " x ".join(own[place] for own, place in zip(levels, each, strict=True))
        for each in np.argwhere(~np.isfinite(means))
    ]
    more = f" and {len(gone) - 2} more" if len(gone) > 2 else ""
    return f"no value in {', '.join(gone[:2])}{more}"


def _items(rows: Rows, design: Design) -> tuple[ByItems | None, tuple[str, ...]]:
    levels = tuple(_codes(rows, design))
    try:
        found = by_items(rows.items, levels, rows.values, design.factors, rows.models)
    except StatisticsError as error:
        return None, (f"Over stimuli: {error}",)
    said = []
    if found.unit == "stimulus":
        said.append("Over stimuli: pictures that show the same person count as separate stimuli here.")
    if found.left_out:
        said.append(f"Over {found.units}: {found.left_out} of them lack a cell and do not count.")
    return found, tuple(said)


def _warnings(
    means: NDArray[np.float64],
    counts: NDArray[np.intp],
    left: tuple[tuple[str, str], ...],
    design: Design,
) -> tuple[str, ...]:
    said = []
    if left:
        codes = ", ".join(code for code, _ in left)
        said.append(f"Left out, for they lack a cell: {codes}.")
    if len(means) < FEW:
        said.append(f"Only {len(means)} participants: p values rest on assumptions that cannot be checked.")
    if counts.min() < 3:
        said.append(f"Some participants have only {int(counts.min())} trials in a cell.")
    if len(set(counts.reshape(-1).tolist())) > 1:
        said.append("Cells differ in their number of trials; each participant's mean counts the same.")
    if design.trimming.side != "none" and design.trimming.within == "participant":
        said.append("Trimming over all cells together takes more from slower cells than from faster ones.")
    return tuple(said)
