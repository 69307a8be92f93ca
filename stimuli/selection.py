"""Choosing stimuli: groups of equal size that are alike in what is matched, or the ends of a scale.

Same set, same request and same seed give the same choice anywhere: randomness only through
`random.Random(seed).random()`.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stimuli.comparing import Comparison, independent, mean, paired, sd
from stimuli.problems import EvokeError
from stimuli.sets import Stimulus

TRIES, TRIES_FOR_LESS = 20, 4
MEASURED = ("luminance", "contrast")
PLAIN = ("duration_s", "width_px", "height_px")

Values = Mapping[str, Mapping[str, float]]
"""What is known of each stimulus: id -> {dimension: value}."""


class SelectionError(EvokeError):
    """A choice that cannot be made; the text says why, and what the nearest is."""


@dataclass(frozen=True, slots=True)
class Request:
    """`n` of each group; `tolerances` say by how much group means may differ, in the dimension's unit.

    `groups` name the candidates' ids. With `spread`, group SDs are matched within the same tolerances.
    """

    groups: Mapping[str, tuple[str, ...]]
    n: int
    tolerances: Mapping[str, float]
    seed: int = 0
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """How two groups compare on one dimension; `sd_difference` is that of their SDs."""

    dimension: str
    one: str
    other: str
    comparison: Comparison
    sd_difference: float
    tolerance: float | None

    @property
    def is_within(self) -> bool:
        """Whether the means are as near as was asked (True where nothing was)."""
        return self.tolerance is None or abs(self.comparison.difference) <= self.tolerance + 1e-12


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen ids by group, and on each dimension the groups' (mean, SD, lowest, highest)."""

    ids: Mapping[str, tuple[str, ...]]
    summary: Mapping[str, Mapping[str, tuple[float, float, float, float]]]
    pairs: tuple[Pair, ...]


def known_values(items: Sequence[Stimulus], measured: Values | None = None) -> dict[str, dict[str, float]]:
    """Return every number that is known of each stimulus: ratings, size, duration, and `measured` ones."""
    found: dict[str, dict[str, float]] = {}
    for item in items:
        values = {name: getattr(item, name) for name in ("valence", "arousal", "dominance", *PLAIN)}
        values |= {score.scale: score.mean for score in item.scores}
        values |= (measured or {}).get(item.id, {})
        found[item.id] = {name: float(value) for name, value in values.items() if value is not None}
    return found


def select(request: Request, values: Values) -> Selection:
    """Choose; raises SelectionError where it cannot be done, naming the nearest that was found."""
    dimensions = tuple(request.tolerances)
    _check(request)
    names = sorted(request.groups)
    pools = {}
    for name in names:
        usable = sorted(
            key for key in set(request.groups[name]) if all(d in values.get(key, {}) for d in dimensions)
        )
        left = len(set(request.groups[name])) - len(usable)
        if len(usable) < request.n:
            without = f" ({left} more have no {' or '.join(dimensions)})" if left else ""
            raise SelectionError(
                f'{request.n} of each are asked for, and "{name}" has {len(usable)} candidates{without}.'
                f" Ask for {len(usable)} of each, or widen the group."
            )
        pools[name] = usable
    search = _Search(request, pools, values)
    chosen, worst = search.run(request.n)
    if worst > 1 + 1e-9:
        raise SelectionError(search.explain(chosen, values))
    ids = {name: tuple(sorted(chosen[name])) for name in request.groups}
    return describe(ids, values, request.tolerances)


def _check(request: Request) -> None:
    if len(request.groups) < 1 or request.n < 1:
        raise SelectionError("Nothing is asked for. Name a group and at least one of each.")
    for name, tolerance in request.tolerances.items():
        if not tolerance > 0:
            raise SelectionError(f"The tolerance of {name} is {tolerance:g}. It must be more than 0.")
    for one, other in itertools.combinations(request.groups, 2):
        both = sorted(set(request.groups[one]) & set(request.groups[other]))
        if both:
            raise SelectionError(
                f'"{both[0]}" is a candidate of "{one}" and of "{other}". Let groups have nothing in common.'
            )


def describe(
    ids: Mapping[str, Sequence[str]], values: Values, tolerances: Mapping[str, float] | None = None
) -> Selection:
    """Compare groups on every dimension that all their members have; matched ones come first."""
    tolerances = tolerances or {}
    members = [key for group in ids.values() for key in group]
    shared = set.intersection(*(set(values.get(key, {})) for key in members)) if members else set()
    dimensions = [*tolerances, *sorted(shared - set(tolerances))]
    lists = {d: {name: [values[key][d] for key in group] for name, group in ids.items()} for d in dimensions}
    summary = {
        d: {name: (mean(v), sd(v), min(v), max(v)) for name, v in groups.items()}
        for d, groups in lists.items()
    }
    pairs = tuple(
        Pair(
            d,
            one,
            other,
            independent(lists[d][one], lists[d][other]),
            sd(lists[d][one]) - sd(lists[d][other]),
            tolerances.get(d),
        )
        for d in dimensions
        for one, other in itertools.combinations(ids, 2)
    )
    return Selection({name: tuple(group) for name, group in ids.items()}, summary, pairs)


class _Search:
    """Exchanges members one by one until the groups are as alike as asked, from many random beginnings."""

    def __init__(self, request: Request, pools: Mapping[str, Sequence[str]], values: Values) -> None:
        self.request = request
        self.pools = pools
        self.names = list(pools)
        dimensions = list(request.tolerances)
        scale = np.array([request.tolerances[d] for d in dimensions])
        self.points = {
            name: np.array([[values[key][d] for d in dimensions] for key in pool]).reshape(len(pool), -1)
            / scale
            for name, pool in pools.items()
        }
        if request.spread:
            # Equal means of values and of squares around a common middle make equal SDs.
            middle = np.mean([points.mean(0) for points in self.points.values()], axis=0)
            self.wide = {
                name: np.hstack([points, (points - middle) ** 2 / (2 * np.maximum(points.std(0), 0.5))])
                for name, points in self.points.items()
            }
        else:
            self.wide = self.points

    def run(self, n: int, tries: int = TRIES) -> tuple[dict[str, list[str]], float]:
        """Return the chosen ids and the largest difference in tolerances: at most 1 is what was asked for."""
        draw = random.Random(f"{self.request.seed}:{n}").random
        best: dict[str, NDArray[np.intp]] = {}
        least = np.inf
        for _ in range(1 if self._bound(n) else tries):
            rows = {name: _drawn(len(self.pools[name]), n, draw) for name in self.names}
            worst = self._improve(rows, n)
            if worst < least:
                best, least = {name: row.copy() for name, row in rows.items()}, worst
            if least <= 1:
                break
        return {name: [self.pools[name][k] for k in best[name]] for name in self.names}, float(least)

    def _improve(self, rows: dict[str, NDArray[np.intp]], n: int) -> float:
        """Make the one exchange that helps most, as long as one does and it is needed."""
        worst = self._worst(rows)
        while worst > 1:
            means = np.array([self.wide[name][rows[name]].mean(0) for name in self.names])
            now = _scatter(means)
            best = (now - 1e-12, "", 0, 0)
            for place, name in enumerate(self.names):
                points = self.wide[name]
                outside = np.setdiff1d(np.arange(len(points)), rows[name])
                if not len(outside):
                    continue
                moved = means[place] + (points[outside][None] - points[rows[name]][:, None]) / n
                others = np.delete(means, place, axis=0)
                total = others.sum(0) + moved
                spread = (moved**2).sum(-1) + (others**2).sum() - (total**2).sum(-1) / len(means)
                k, j = np.unravel_index(int(np.argmin(spread)), spread.shape)
                if spread[k, j] < best[0]:
                    best = (float(spread[k, j]), name, int(k), int(outside[j]))
            if not best[1]:
                break
            rows[best[1]][best[2]] = best[3]
            worst = self._worst(rows)
        return worst

    def _worst(self, rows: Mapping[str, NDArray[np.intp]]) -> float:
        chosen = [self.points[name][rows[name]] for name in self.names]
        if not self.request.tolerances or len(chosen) < 2:
            return 0.0
        figures = [np.array([points.mean(0) for points in chosen])]
        if self.request.spread and len(chosen[0]) > 1:
            figures.append(np.array([points.std(0, ddof=1) for points in chosen]))
        return float(max((figure.max(0) - figure.min(0)).max() for figure in figures))

    def explain(self, chosen: Mapping[str, Sequence[str]], values: Values) -> str:
        """Say what stands in the way, what came nearest, and how many of each would do."""
        request = self.request
        nearest = describe(chosen, values, request.tolerances)
        matched = [pair for pair in nearest.pairs if pair.tolerance is not None]
        off = max(matched, key=lambda pair: self._off(pair) / (pair.tolerance or 1))
        means = [nearest.summary[off.dimension][name][0] for name in (off.one, off.other)]
        words = (
            f"{request.n} of each cannot be matched on {off.dimension} within {off.tolerance:g}: the nearest"
            f" differs by {abs(off.comparison.difference):.3g} ({off.one} {means[0]:.3g},"
            f" {off.other} {means[1]:.3g})"
        )
        if off.is_within:
            words += f", its SDs by {abs(off.sd_difference):.3g}"
        words += "."
        bound = self._bound(request.n)
        smaller = self._most_below(request.n)
        advice = f" {smaller} of each can be matched." if smaller else ""
        needed = max(self._off(pair) / (pair.tolerance or 1) for pair in matched)
        return f"{words}{bound}{advice} Or allow {needed:.2g} times the tolerance, or widen the groups."

    def _off(self, pair: Pair) -> float:
        return max(abs(pair.comparison.difference), abs(pair.sd_difference) if self.request.spread else 0.0)

    def _most_below(self, n: int) -> int:
        """Return the most of each that can be matched, 0 for none; fewer are never harder to match."""
        low, high = 1, n - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.run(middle, TRIES_FOR_LESS)[1] <= 1 + 1e-9:
                low = middle
            else:
                high = middle - 1
        return low if low > 1 else 0

    def _bound(self, n: int) -> str:
        """Say where no choice at all could help: the groups' reachable means lie apart; "" elsewhere."""
        worst, words = 1.0, ""
        for place, (dimension, tolerance) in enumerate(self.request.tolerances.items()):
            reach = {}
            for name in self.names:
                ordered = np.sort(self.points[name][:, place])
                reach[name] = (float(ordered[:n].mean()), float(ordered[-n:].mean()))
            for low, high in itertools.permutations(self.names, 2):
                apart = reach[high][0] - reach[low][1]
                if apart > worst:
                    worst = apart
                    most, least = reach[low][1] * tolerance, reach[high][0] * tolerance
                    words = (
                        f' No choice can: "{low}" reaches {dimension} {most:.3g} at most,'
                        f' "{high}" {least:.3g} at least.'
                    )
        return words


def _drawn(count: int, n: int, draw: Callable[[], float]) -> NDArray[np.intp]:
    """Return `n` of `count` places at random, in any order."""
    places = list(range(count))
    for k in range(n):
        j = k + int(draw() * (count - k))
        places[k], places[j] = places[j], places[k]
    return np.array(places[:n], np.intp)


def _scatter(means: NDArray[np.float64]) -> float:
    return float((means**2).sum() - (means.sum(0) ** 2).sum() / len(means))


@dataclass(frozen=True, slots=True)
class Ends:
    """The `k` stimuli with the highest and the lowest means, in order, and their paired t over items."""

    scale: str
    top: tuple[str, ...]
    bottom: tuple[str, ...]
    top_mean: float
    top_sd: float
    bottom_mean: float
    bottom_sd: float
    comparison: Comparison


def ends(items: Sequence[Stimulus], scale: str, k: int) -> Ends:
    """Return both ends of a scale; of equal means the smaller id goes first. Raises SelectionError.

    Items are paired by rank: the highest with the least low, as the t test of spec 06 has it.
    """
    rated = [(score.mean, item.id) for item in items if (score := item.score(scale)) is not None]
    if k < 1 or len(rated) < 2 * k:
        raise SelectionError(
            f"{k} from each end are asked for, and {len(rated)} stimuli have a mean {scale}."
            f" Ask for at most {len(rated) // 2}."
        )
    ordered = sorted(rated, key=lambda pair: (-pair[0], pair[1]))
    top, bottom = ordered[:k], ordered[-k:]
    highs, lows = [value for value, _ in top], [value for value, _ in bottom]
    return Ends(
        scale,
        tuple(key for _, key in top),
        tuple(key for _, key in bottom),
        mean(highs),
        sd(highs),
        mean(lows),
        sd(lows),
        paired(highs, lows),
    )


def as_categories(ids: Mapping[str, Sequence[str]]) -> str:
    """Return groups as the `categories:` of a protocol file."""
    lines = ["categories:"]
    for name, group in ids.items():
        listed = ", ".join(json.dumps(key, ensure_ascii=False) for key in group)
        lines.append(f"  {name}: {{ids: [{listed}]}}")
    return "\n".join(lines) + "\n"
