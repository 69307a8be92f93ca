"""How well rankers do on people: a person is left out whole, or only what was watched last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.evaluation.class_sums import mean_of_cases
from analysis.evaluation.intervals import told_of
from analysis.recommendation.playlists import probes
from analysis.recommendation.rankers import RANKERS, has_material, make_ranker
from analysis.recommendation.viewings import (
    Catalogue,
    RecommendationError,
    Viewing,
    clip_profile,
    person_shift,
)

Floats = NDArray[np.float64]
How = Literal["newcomer", "last"]
LAST, K = 3, 5
PREDICTING = ("most-liked", "collaborative", "factorisation")
"""Rankers whose score is a liking itself, so that its error means something."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a ranker did for one person: counts and scores.

    NaN where it cannot be said: all liked, none, or the best five of five or fewer.
    """

    participant: str
    tested: int
    precision: float
    recall: float
    f1: float
    auc: float
    mae: float
    rmse: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A ranker over all people."""

    ranker: str
    viewers: tuple[Viewer, ...]

    def told(self, metric: str, seed: int = 1) -> dict[str, Any]:
        """Return the mean over viewers with its interval: value, n, reason, interval (over viewers)."""
        values = np.array([getattr(each, metric) for each in self.viewers], float)
        has = np.isfinite(values)
        if not has.any():
            return {
                "value": None,
                "n": 0,
                "reason": "no viewer has it",
                "interval": {"low": None, "high": None},
            }
        people = [each.participant for each, known in zip(self.viewers, has, strict=True) if known]
        return told_of(mean_of_cases(values[has]), people, seed)


def evaluate(
    catalogue: Catalogue,
    how: How,
    rankers: Sequence[str] = tuple(RANKERS),
    seed: int = 1,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Scored, ...]:
    """Score rankers person by person; a clip is relevant to a person where it was liked (above 0).

    "newcomer": nothing of the person but the responses to the four probe clips is known, all else is tested.
    "last": the last three clips that came for the first time are tested by what came before them. The tested
    clips, and what the person saw after them, are never in what a ranker is fitted on. A clip is tested once,
    by its first viewing. A ranker that has nothing to go by has no viewers. Raises RecommendationError where
    nobody can be tested.
    """
    found: dict[str, list[Viewer]] = {name: [] for name in rankers}
    able = [name for name in rankers if has_material(name, catalogue)]
    for participant in catalogue.participants if able else ():
        known, tested = _parted(catalogue, participant, how)
        if not tested:
            continue
        own = {id(each) for each in known} if how == "last" else set()
        left = catalogue.without([each for each in catalogue.of(participant) if id(each) not in own])
        for name in able:
            if cancelled():
                raise RecommendationError("stopped")
            ranker = make_ranker(name, None, seed)
            ranker.fit(left)
            scores = ranker.score(participant, known, [each.clip for each in tested])
            found[name].append(_viewer(participant, scores, tested, how, name in PREDICTING))
    if able and not any(found.values()):
        raise RecommendationError(
            "nobody can be tested: people must have rated how much they liked more clips than the "
            f"{'probe clips' if how == 'newcomer' else f'last {LAST}'}."
        )
    return tuple(Scored(name, tuple(viewers)) for name, viewers in found.items())


def affect_errors(catalogue: Catalogue, how: How = "newcomer") -> dict[str, dict[str, float]]:
    """Return errors of the expected affect by dimension: mae, rmse, ccc, and the mae of the norms alone.

    Each viewing is predicted by profiles of other people, moved by what is known of the person. All figures
    of a dimension are of the same viewings, those of clips with a norm; a dimension without any is left out.
    """
    told: dict[str, list[tuple[float, float, float]]] = {}
    for participant in catalogue.participants:
        known, tested = _parted(catalogue, participant, how)
        others = catalogue.without(catalogue.of(participant))
        shift = person_shift(catalogue, participant, known)
        for viewing in tested:
            profile = clip_profile(others, viewing.clip).mean
            for dimension, value in profile.items():
                felt = viewing.felt(dimension)
                norm = catalogue.clips[viewing.clip].norms.get(dimension)
                if felt is not None and norm is not None:
                    told.setdefault(dimension, []).append((felt, value + shift.get(dimension, 0.0), norm))
    return {
        dimension: errors(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
        | {"norms_mae": float(np.mean([abs(row[0] - row[2]) for row in rows]))}
        for dimension, rows in told.items()
    }


def errors(truth: Floats, told: Floats) -> dict[str, float]:
    """Return n, mae, rmse and ccc = 2 cov / (var + var + difference of means squared)."""
    apart = told - truth
    spread = truth.var() + told.var() + (truth.mean() - told.mean()) ** 2
    covariance = float(((truth - truth.mean()) * (told - told.mean())).mean())
    return {
        "n": float(len(truth)),
        "mae": float(np.abs(apart).mean()),
        "rmse": float(np.sqrt((apart**2).mean())),
        "ccc": 2 * covariance / float(spread) if spread > 0 else float("nan"),
    }


def precision_recall(scores: Floats, relevant: NDArray[np.bool_], k: int = K) -> tuple[float, float, float]:
    """Return precision and recall of the k best, and their F1; recall is NaN where nothing is relevant."""
    k = min(k, len(scores))
    best = np.argsort(-scores, kind="stable")[:k]
    hits, total = int(relevant[best].sum()), int(relevant.sum())
    precision = hits / k if k else float("nan")
    recall = hits / total if total else float("nan")
    if not total:
        return precision, recall, float("nan")
    return precision, recall, 2 * hits / (k + total)


def auc(scores: Floats, relevant: NDArray[np.bool_]) -> float:
    """Return the share of pairs in order, ties half; NaN without both kinds."""
    good, bad = scores[relevant], scores[~relevant]
    if not len(good) or not len(bad):
        return float("nan")
    apart = good[:, None] - bad[None]
    return float((apart > 0).mean() + 0.5 * (apart == 0).mean())


def _parted(
    catalogue: Catalogue, participant: str, how: How
) -> tuple[tuple[Viewing, ...], tuple[Viewing, ...]]:
    watched = catalogue.of(participant)
    places: dict[str, int] = {}
    for place, each in enumerate(watched):
        places.setdefault(each.clip, place)
    # Of a clip that came again the viewer's own rating would be known.
    rated = [watched[place] for place in places.values() if watched[place].liking is not None]
    if how == "last":
        tested = tuple(rated[-LAST:]) if len(rated) > LAST else ()
        return watched[: places[tested[0].clip]] if tested else watched, tested
    first = probes(catalogue.without(watched), tuple(dict.fromkeys(each.clip for each in watched)))
    known = tuple(each for each in watched if each.clip in first)
    return known, tuple(each for each in rated if each.clip not in first)


def _viewer(participant: str, scores: Floats, tested: Sequence[Viewing], how: How, predicts: bool) -> Viewer:
    liking = np.array([each.liking for each in tested], float)
    relevant = liking > 0
    # Of three clips the best five are no choice: there the best one is taken, for everybody.
    k = K if how == "newcomer" else 1
    precision = recall = f1 = float("nan")
    if len(tested) > k:
        precision, recall, f1 = precision_recall(scores, relevant, k)
    told = errors(liking, np.clip(scores, -1, 1)) if predicts else {"mae": np.nan, "rmse": np.nan}
    return Viewer(
        participant, len(tested), precision, recall, f1, auc(scores, relevant), told["mae"], told["rmse"]
    )
