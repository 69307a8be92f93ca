"""Two results of one experiment, number by number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.evaluation.run_folder import Run

TOLERANCE = 1e-9
Leaf = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Number:
    """A number of both results, by its place in result.json; None where a result does not have it."""

    place: str
    old: Leaf
    new: Leaf

    @property
    def differs(self) -> bool:
        """Whether the two are not the same, `TOLERANCE` of rounding aside."""
        if isinstance(self.old, float) and isinstance(self.new, (int, float)):
            return not math.isclose(self.old, self.new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        return self.old != self.new


def numbers_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Number, ...]:
    """Return every number of two results, in the order of the old one.

    Rows of a participant, a fold or a class are matched by its name, so that one who is gone differs alone.
    """
    first, second = dict(_leaves(old, "")), dict(_leaves(new, ""))
    places = [*first, *(place for place in second if place not in first)]
    return tuple(Number(place, first.get(place), second.get(place)) for place in places)


def fold_differences(old: Run, new: Run) -> dict[str, str]:
    """Return for each fold "the same bits", or how its predictions differ, by name."""
    found = {}
    names = [*(fold.name for fold in old.division.folds)]
    names += [fold.name for fold in new.division.folds if fold.name not in names]
    done = [{each.name for each in run.folds if each.state == "finished"} for run in (old, new)]
    for name in names:
        if name not in done[0] or name not in done[1]:
            found[name] = "only in the old run" if name in done[0] else "only in the new run"
            if name not in done[0] and name not in done[1]:
                found[name] = "finished in neither"
            continue
        one, other = old.fold_arrays(name)["proba"], new.fold_arrays(name)["proba"]
        if one.shape != other.shape:
            found[name] = f"{len(one)} cases, now {len(other)}"
        elif np.array_equal(one, other):
            found[name] = "the same bits"
        else:
            found[name] = f"predictions differ by up to {np.abs(one - other).max():.3g}"
    return found


def _leaves(values: Any, place: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(values, Mapping):
        for name, each in values.items():
            yield from _leaves(each, f"{place}.{name}" if place else str(name))
    elif isinstance(values, Sequence) and not isinstance(values, str):
        if values and all(isinstance(each, Mapping) for each in values):
            for number, each in enumerate(values):
                name = each.get("participant") or each.get("fold") or each.get("label") or number
                yield from _leaves(each, f"{place}[{name}]")
        else:
            for number, each in enumerate(values):
                yield from _leaves(each, f"{place}[{number}]")
    elif not isinstance(values, str):
        yield place, values
