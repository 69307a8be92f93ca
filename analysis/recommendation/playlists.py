"""Lists of clips: by score, varied, within a time, each with its reason; and what a newcomer sees first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.recommendation.rankers import Ranker, Target, features_of
from analysis.recommendation.viewings import (
    Catalogue,
    RecommendationError,
    Viewing,
    clip_profile,
    person_shift,
)

VARIETY = 0.3
PROBES = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A clip of a list: its score on 0..1 among candidates, what it is expected to do, and why it is there.

    `sd` is the spread of responses to it, NaN where fewer than two people watched it.
    """

    clip: str
    score: float
    expected: Target
    sd: Target
    watched_by: int
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list must keep to: how many clips, minutes in all (0: no limit), kinds, none twice in a row."""

    count: int = 5
    minutes: float = 0.0
    categories: tuple[str, ...] = ()
    apart: bool = False
    again: bool = False
    """Whether clips that were seen may come again."""


def playlist(
    catalogue: Catalogue, ranker: Ranker, participant: str, wanted: Wanted, target: Target | None = None
) -> tuple[Entry, ...]:
    """Return the list: 0.7 * score - 0.3 * greatest likeness to what is on it, one clip after the other.

    `ranker` is fitted. Where there is a limit of time, clips of unknown length are left out (`unmeasured`).
    Raises RecommendationError where no clip is left or none fits the time.
    """
    seen = catalogue.of(participant)
    names = _candidates(catalogue, participant, wanted)
    if not names:
        raise RecommendationError(
            "no clip is left: all were seen, or none is of the kinds that are asked for."
        )
    left_out = unmeasured(catalogue, participant, wanted)
    names = [name for name in names if name not in left_out]
    if not names:
        raise RecommendationError("how long the clips are is not known. Ask for any length.")
    scores = _on_one(ranker.score(participant, seen, names))
    alike = _likeness(catalogue, names)
    chosen: list[int] = []
    left_s = wanted.minutes * 60.0 if wanted.minutes else np.inf
    while len(chosen) < wanted.count:
        free = [
            row
            for row, name in enumerate(names)
            if row not in chosen
            and catalogue.clips[name].duration_s <= left_s
            and not (wanted.apart and chosen and _same_kind(catalogue, names[chosen[-1]], name))
        ]
        if not free:
            break
        varied = [
            (1 - VARIETY) * scores[row] - VARIETY * max((alike[row, other] for other in chosen), default=0.0)
            for row in free
        ]
        best = free[int(np.argmax(varied))]
        chosen.append(best)
        left_s -= catalogue.clips[names[best]].duration_s
    if not chosen:
        raise RecommendationError("no clip fits into that time. Allow more minutes.")
    return tuple(
        _entry(catalogue, ranker, participant, seen, names[row], scores[row], target) for row in chosen
    )


def unmeasured(catalogue: Catalogue, participant: str, wanted: Wanted) -> frozenset[str]:
    """Return the clips that a list with a limit of time leaves out, since their length is not known."""
    if not wanted.minutes:
        return frozenset()
    names = _candidates(catalogue, participant, wanted)
    return frozenset(name for name in names if not catalogue.clips[name].duration_s > 0)


def _candidates(catalogue: Catalogue, participant: str, wanted: Wanted) -> list[str]:
    gone = set() if wanted.again else {each.clip for each in catalogue.of(participant)}
    return [
        name
        for name, clip in catalogue.clips.items()
        if name not in gone and (not wanted.categories or clip.category in wanted.categories)
    ]


QUADRANTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "pleasant and stirring": (1, 1),
        "pleasant and calm": (1, -1),
        "unpleasant and calm": (-1, -1),
        "unpleasant and stirring": (-1, 1),
    }
)


def probes(catalogue: Catalogue, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return a clip for each quadrant of valence and arousal: the one farthest into it. For newcomers."""
    return tuple(probe_of(catalogue, names).values())


def probe_of(catalogue: Catalogue, names: Sequence[str] = ()) -> dict[str, str]:
    """Return the probe clip of each quadrant by the quadrant's name; one without a clip in it is left out."""
    found = {}
    profiles = {name: clip_profile(catalogue, name).mean for name in names or catalogue.clips}
    for quadrant, (valence, arousal) in QUADRANTS.items():
        inside = {
            name: min(valence * mean["valence"], arousal * mean["arousal"])
            for name, mean in profiles.items()
            if "valence" in mean and "arousal" in mean
        }
        best = max(inside, key=lambda name: (inside[name], name), default=None)
        if best is not None and inside[best] > 0:
            found[quadrant] = best
    return found


def quadrant_of(mean: Target) -> str:
    """Return the name of the quadrant that an affect lies in, "" on an axis or where it is not known."""
    valence, arousal = mean.get("valence", 0.0), mean.get("arousal", 0.0)
    return next(
        (name for name, (one, two) in QUADRANTS.items() if one * valence > 0 and two * arousal > 0), ""
    )


@dataclass(frozen=True, slots=True)
class Next:
    """The clip that comes next: the scores of all candidates, and why."""

    clip: str
    scores: Mapping[str, float]
    reason: str


def next_clip(
    catalogue: Catalogue,
    ranker: Ranker,
    participant: str,
    seen: Sequence[Viewing],
    candidates: Sequence[str],
    before: Sequence[str] = (),
    target: Target | None = None,
    shown: Sequence[str] = (),
) -> Next:
    """Return one clip of `candidates` for somebody of whom `seen` is known, none of whom is in the catalogue.

    Until four clips were on, the probe of a quadrant that none of them lies in comes first. `before` are
    clips that were chosen already: likeness to them costs 0.3. `shown` are others that were on; whether
    anybody was asked about a clip makes no difference to its being a probe. Raises ValueError without
    candidates.
    """
    if not candidates:
        raise ValueError("there is nothing to choose from")
    on = {each.clip for each in seen} | {name for name in (*before, *shown) if name in catalogue.clips}
    known = {quadrant_of(clip_profile(catalogue, name).mean) for name in on}
    if len(on) < PROBES:
        open_ones = {
            quadrant: name for quadrant, name in probe_of(catalogue, candidates).items()
            if quadrant not in known
        }  # fmt: skip
        if open_ones:
            quadrant, best = next(iter(open_ones.items()))
            why = f"little is known of this person yet ({len(seen)} rated): the probe that is {quadrant}"
            return Next(best, {name: float(name == best) for name in candidates}, why)
    plain = dict(zip(candidates, _on_one(ranker.score(participant, seen, candidates)), strict=True))
    every = tuple(dict.fromkeys((*candidates, *(name for name in before if name in catalogue.clips))))
    alike = _likeness(catalogue, every)
    others = [every.index(name) for name in dict.fromkeys(before) if name in catalogue.clips]
    scores = {
        name: (1 - VARIETY) * plain[name]
        - VARIETY * max((float(alike[row, other]) for other in others), default=0.0)
        for row, name in enumerate(candidates)
    }
    best = max(candidates, key=lambda name: scores[name])
    return Next(best, scores, _reason(catalogue, ranker, seen, best, target))


def _entry(
    catalogue: Catalogue,
    ranker: Ranker,
    participant: str,
    seen: Sequence[Viewing],
    name: str,
    score: float,
    target: Target | None,
) -> Entry:
    profile = clip_profile(catalogue, name)
    shift = person_shift(catalogue, participant, seen)
    expected = {
        key: float(np.clip(value + shift.get(key, 0.0), -1, 1)) for key, value in profile.mean.items()
    }
    return Entry(
        name, float(score), expected, profile.sd, profile.n, _reason(catalogue, ranker, seen, name, target)
    )


def _reason(
    catalogue: Catalogue, ranker: Ranker, seen: Sequence[Viewing], name: str, target: Target | None
) -> str:
    told = ranker.about
    liked = [each for each in seen if each.liking is not None and each.liking > 0]
    if not seen:
        return f"{told}; nothing is known of this person yet"
    if target is not None and not liked:
        return told
    names, _ = features_of(catalogue)
    alike = _likeness(catalogue, names)
    at = names.index(name)
    best = max(liked, key=lambda each: alike[at, names.index(each.clip)], default=None)
    return told if best is None else f"{told}; most like {best.clip}, which was liked"


def _likeness(
    catalogue: Catalogue, names: Sequence[str]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return how alike clips are (n, n), 0..1: a bell over the distance of their features."""
    every, table = features_of(catalogue)
    place = {name: row for row, name in enumerate(every)}
    rows = table[[place[name] for name in names]]
    distance = (
        ((rows[:, None] - rows[None]) ** 2).mean(axis=2) if rows.shape[1] else np.zeros((len(rows),) * 2)
    )
    return np.asarray(np.exp(-2.0 * distance))


def _same_kind(catalogue: Catalogue, one: str, other: str) -> bool:
    kind = catalogue.clips[one].category
    return bool(kind) and kind == catalogue.clips[other].category


def _on_one(scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    span = float(np.ptp(scores))
    return [1.0 if span < 1e-12 else float(each) for each in (scores - scores.min()) / max(span, 1e-12)]
