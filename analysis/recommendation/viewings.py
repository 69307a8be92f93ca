"""What is known: clips with their norms, and who watched which with what response.

Affect lies on -1..1: a rating r of 1..9 becomes (r - 5) / 4, others in proportion (Wang & Zhao).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = ("valence", "arousal", "dominance")
PRIOR = 5.0
"""How many ratings weigh as much as a clip's norm."""
RATING_RMSE = 0.1
"""How exact a person's own rating counts beside a recognizer, on -1..1."""


class RecommendationError(Exception):
    """Nothing can be ranked or evaluated; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip: norms on -1..1 by dimension, its kind, and features of its own by name."""

    name: str
    duration_s: float = 0.0
    norms: Mapping[str, float] = field(default_factory=dict)
    category: str = ""
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a recognizer made of a response: on -1..1, with its root mean square error on people not seen."""

    value: float
    rmse: float
    by: str = ""


@dataclass(frozen=True, slots=True)
class Viewing:
    """One person watched one clip: place in the order, ratings on -1..1, what recognizers say, curves.

    `liking` on -1..1, None where it was not asked. `curves` are affect second by second, by dimension.
    """

    participant: str
    clip: str
    order: int
    ratings: Mapping[str, float] = field(default_factory=dict)
    liking: float | None = None
    estimates: Mapping[str, Sequence[Estimate]] = field(default_factory=dict)
    curves: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def felt(self, dimension: str) -> float | None:
        """Return what was felt, rating and recognizers weighted by their exactness; None where unknown.

        x = sum(e_m / s_m^2) / sum(1 / s_m^2), s_m the root mean square error of each source.
        """
        told = [(each.value, each.rmse) for each in self.estimates.get(dimension, ())]
        if dimension in self.ratings:
            told.append((self.ratings[dimension], RATING_RMSE))
        weights = [1.0 / max(rmse, 1e-6) ** 2 for _, rmse in told]
        if not told:
            return None
        return sum(w * value for w, (value, _) in zip(weights, told, strict=True)) / sum(weights)


@dataclass(frozen=True, slots=True)
class Profile:
    """A clip's affect: shrunken mean and standard deviation by dimension, from `n` viewings."""

    mean: Mapping[str, float]
    sd: Mapping[str, float]
    n: int


@dataclass(frozen=True)
class Catalogue:
    """Clips by name, and every viewing of them; `kept` are profiles that were computed before and stored."""

    clips: Mapping[str, Clip]
    viewings: tuple[Viewing, ...]
    kept: Mapping[str, Profile] | None = None

    def __post_init__(self) -> None:
        """Check that every clip is known."""
        for viewing in self.viewings:
            if viewing.clip not in self.clips:
                raise RecommendationError(
                    f"{viewing.participant} watched '{viewing.clip}', which no set has."
                )

    @cached_property
    def participants(self) -> tuple[str, ...]:
        """Everybody who watched anything, in order of appearance."""
        return tuple(dict.fromkeys(each.participant for each in self.viewings))

    @cached_property
    def profiles(self) -> Mapping[str, Profile]:
        """What every clip does to people: (n * mean + 5 * norm) / (n + 5) by dimension."""
        if self.kept is not None:
            return self.kept
        watched: dict[str, list[Viewing]] = {name: [] for name in self.clips}
        for viewing in self.viewings:
            watched[viewing.clip].append(viewing)
        return {name: _profile(self.clips[name], viewings) for name, viewings in watched.items()}

    def of(self, participant: str) -> tuple[Viewing, ...]:
        """Return a person's viewings in the order in which they happened."""
        own = [each for each in self.viewings if each.participant == participant]
        return tuple(sorted(own, key=lambda each: each.order))

    def without(self, left_out: Sequence[Viewing]) -> Catalogue:
        """Return it without some viewings; stored profiles stay as they are."""
        gone = {id(each) for each in left_out}
        if not gone:
            return self
        return Catalogue(self.clips, tuple(each for each in self.viewings if id(each) not in gone), self.kept)


def clip_profile(catalogue: Catalogue, name: str) -> Profile:
    """Return (n * mean + 5 * norm) / (n + 5) by dimension; without a norm the mean itself."""
    return catalogue.profiles[name]


def _profile(clip: Clip, watched: Sequence[Viewing]) -> Profile:
    mean, sd = {}, {}
    for dimension in DIMENSIONS:
        values = [value for each in watched if (value := each.felt(dimension)) is not None]
        norm = clip.norms.get(dimension)
        if not values and norm is None:
            continue
        own = float(np.mean(values)) if values else 0.0
        prior = 0.0 if norm is None else PRIOR
        mean[dimension] = (len(values) * own + prior * (norm or 0.0)) / (len(values) + prior)
        sd[dimension] = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    return Profile(mean, sd, len(watched))


def person_shift(catalogue: Catalogue, participant: str, seen: Sequence[Viewing]) -> dict[str, float]:
    """Return by how much a person feels other than the clips' profiles say, the less the fewer are known.

    The profiles are those without this person.
    """
    others = catalogue.without([each for each in catalogue.viewings if each.participant == participant])
    shift = {}
    for dimension in DIMENSIONS:
        apart = [
            felt - known
            for each in seen
            if (felt := each.felt(dimension)) is not None
            and (known := clip_profile(others, each.clip).mean.get(dimension)) is not None
        ]
        shift[dimension] = sum(apart) / (len(apart) + PRIOR)
    return shift
