"""Rankers: each is fitted on viewings of others, and scores clips for a person by what that one has seen.

Formulas: spec of the survey of affective video recommenders, section 7, step 3. Higher is better; the scores
of different rankers are not comparable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.recommendation.factorisation import Factors, factorise, fold_in
from analysis.recommendation.viewings import Catalogue, Viewing, clip_profile, person_shift

Target = Mapping[str, float]
WIDTH = 0.5
NEIGHBOURS = 20
ENOUGH = 10
"""Clips in common from which on a likeness counts whole."""
PRIOR = 5.0
GREY = 0.5
BANDIT_SD = 0.5
"""How far a liking lies off what the features tell, for the bandit."""


class Ranker(Protocol):
    """What ranks clips."""

    name: str
    about: str

    def fit(self, catalogue: Catalogue) -> None:
        """Learn from everybody's viewings."""

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return a score for each clip, for somebody of whom `seen` is known; (n,) float64."""


@dataclass
class _Fitted:
    name = ""
    about = ""
    target: Target | None = None
    seed: int = 1

    def fit(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue


class Chance(_Fitted):
    """Knows nothing."""

    name, about = "random", "in an order drawn by chance"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return numbers drawn by the seed and the person."""
        key = [self.seed, *participant.encode()]
        return np.random.default_rng(key).random(len(clips))


class MostLiked(_Fitted):
    """What others liked best, the same for everybody."""

    name, about = "most-liked", "what the others liked best"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return the others' mean liking, drawn towards the mean of all clips."""
        del seen
        rated = [
            (each.clip, each.liking)
            for each in self.catalogue.viewings
            if each.liking is not None and each.participant != participant
        ]
        overall = float(np.mean([liking for _, liking in rated])) if rated else 0.0
        sums = dict.fromkeys(clips, PRIOR * overall)
        counts = dict.fromkeys(clips, PRIOR)
        for name, liking in rated:
            if name in sums:
                sums[name] += liking
                counts[name] += 1
        return np.array([sums[name] / counts[name] for name in clips])


class Norms(_Fitted):
    """Nearness of the norms to the target (or, without one, how pleasant they are); nobody's response."""

    name, about = "norms", "by the norms alone"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return the bell around the target at the norms."""
        del participant, seen
        return _nearness([self.catalogue.clips[name].norms for name in clips], self.target)


class TargetAffect(_Fitted):
    """exp(-d^2 / (2 * 0.5^2)), d from the clip's profile, moved as this person differs, to the target.

    Without a target: to the affect of what this person liked, each clip weighted by its liking.
    """

    name, about = "target", "closest to the wanted affect, corrected by this person's responses"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return the bell around the target."""
        shift = person_shift(self.catalogue, participant, seen)
        target = self.target or _liked_affect(seen)
        moved = [
            {
                key: value + shift.get(key, 0.0)
                for key, value in clip_profile(self.catalogue, name).mean.items()
            }
            for name in clips
        ]
        return _nearness(moved, target)


class Content(_Fitted):
    """Cosine between a clip's features and the liking-weighted mean of those that were seen."""

    name, about = "content", "alike in kind to what was liked"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return cosines; 0 where nothing is liked or known."""
        del participant
        names, table = features_of(self.catalogue)
        place = {name: row for row, name in enumerate(names)}
        wanted = np.zeros(table.shape[1])
        for each in seen:
            wanted += (each.liking or 0.0) * table[place[each.clip]]
        length = np.linalg.norm(wanted)
        rows = table[[place[name] for name in clips]]
        lengths = np.linalg.norm(rows, axis=1) * length
        found: NDArray[np.float64] = np.divide(
            rows @ wanted, lengths, out=np.zeros(len(clips)), where=lengths > 0
        )
        return found


class Bandit(_Fitted):
    """Thompson sampling on the Bayesian linear regression of this person's liking on the clips' features.

    Weights have the prior N(0, 1 / number of features), likings the noise SD 0.5 (the survey names neither).
    One set of weights is drawn from what the likings leave possible: what is uncertain gets its turn.
    """

    name, about = "bandit", "what may be liked, tried out where little is known"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return likings by drawn weights: the same for the same seed, person and number of likings."""
        names, table = features_of(self.catalogue)
        table = np.column_stack([np.ones(len(names)), table])
        place = {name: row for row, name in enumerate(names)}
        rated = [(place[each.clip], each.liking) for each in seen if each.liking is not None]
        rows = table[[row for row, _ in rated]]
        likings = np.array([liking for _, liking in rated], float)
        precision = table.shape[1] * np.eye(table.shape[1]) + rows.T @ rows / BANDIT_SD**2
        mean = np.linalg.solve(precision, rows.T @ likings / BANDIT_SD**2)
        random = np.random.default_rng([self.seed, len(rated), *participant.encode()])
        # With precision = L L', L'^-1 z has the posterior's covariance.
        drawn = np.linalg.solve(np.linalg.cholesky(precision).T, random.normal(size=len(mean)))
        found: NDArray[np.float64] = table[[place[name] for name in clips]] @ (mean + drawn)
        return found


class Collaborative(_Fitted):
    """Pearson's r over clips in common, times min(n, 10) / 10; the 20 most alike tell their liking.

    rhat = own mean + sum of s (r - its mean) / sum of |s|.
    """

    name, about = "collaborative", "what people like this one liked"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return predicted likings."""
        own = {each.clip: each.liking for each in seen if each.liking is not None}
        mean = float(np.mean(list(own.values()))) if own else _mean_liking(self.catalogue, participant)
        others: dict[str, dict[str, float]] = {}
        for each in self.catalogue.viewings:
            if each.liking is not None and each.participant != participant:
                others.setdefault(each.participant, {})[each.clip] = each.liking
        alike = sorted(
            ((likeness(own, likings), person) for person, likings in others.items()),
            key=lambda pair: (-pair[0], pair[1]),
        )[:NEIGHBOURS]
        scores = []
        for name in clips:
            told = [
                (s, others[person][name] - float(np.mean(list(others[person].values()))))
                for s, person in alike
                if name in others[person] and s != 0
            ]
            weight = sum(abs(s) for s, _ in told)
            scores.append(mean + (sum(s * apart for s, apart in told) / weight if weight else 0.0))
        return np.array(scores)


class Factorisation(_Fitted):
    """rhat = mu + b_u + b_c + p_u . q_c: 8 factors, ridge 0.05, alternating least squares."""

    name, about = "factorisation", "likings taken apart into factors of people and clips"
    factors: Factors | None = None

    def fit(self, catalogue: Catalogue) -> None:
        """Find the factors of everybody's likings."""
        self.catalogue = catalogue
        self.factors = factorise(
            [(each.participant, each.clip, each.liking) for each in catalogue.viewings
             if each.liking is not None],
            seed=self.seed,
        )  # fmt: skip

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return predicted likings; a person who was not there is folded in by what was seen."""
        del participant
        assert self.factors is not None
        own = [(each.clip, each.liking) for each in seen if each.liking is not None]
        return fold_in(self.factors, own, clips)


class GreyRelational(_Fitted):
    """Grey relational grade of a clip's affect curve to the one of the clip that this person liked best.

    xi(k) = (Dmin + 0.5 Dmax) / (D_i(k) + 0.5 Dmax), D_i(k) = |y_0(k) - y_i(k)|; the grade is the mean of xi.
    """

    name, about = "grey-relational", "a course of affect like that of what was liked best"

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return grades, mean over valence and arousal; 0 where there is no curve."""
        liked = [each for each in seen if each.liking is not None]
        if not liked:
            return np.zeros(len(clips))
        best = max(liked, key=lambda each: (each.liking or 0.0, -each.order))
        grades = []
        for dimension in ("valence", "arousal"):
            reference = best.curves.get(dimension)
            if reference is None:
                reference = _mean_curve(self.catalogue, best.clip, dimension, "")
            curves = [_mean_curve(self.catalogue, name, dimension, participant) for name in clips]
            if reference is not None:
                grades.append(grey_grades(reference, curves))
        return np.mean(grades, axis=0) if grades else np.zeros(len(clips))


class Hybrid(_Fitted):
    """(1 - a) target + a collaborative, a = n / (n + 5) with n clips seen; each put on 0..1 first."""

    name, about = "hybrid", "the wanted affect at first, more and more what people alike liked"

    def fit(self, catalogue: Catalogue) -> None:
        """Fit both."""
        self.catalogue = catalogue
        self._parts = (TargetAffect(self.target, self.seed), Collaborative(self.target, self.seed))
        for each in self._parts:
            each.fit(catalogue)

    def score(self, participant: str, seen: Sequence[Viewing], clips: Sequence[str]) -> NDArray[np.float64]:
        """Return the mixture."""
        share = len(seen) / (len(seen) + PRIOR)
        near, liked = (_on_one(each.score(participant, seen, clips)) for each in self._parts)
        return np.asarray((1 - share) * near + share * liked)


RANKERS: Mapping[str, type[_Fitted]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Chance, MostLiked, Norms, TargetAffect, Content, Bandit, Collaborative, Factorisation,
            GreyRelational, Hybrid,
        )
    }
)  # fmt: skip
BASELINES = ("random", "most-liked", "norms")


def make_ranker(name: str, target: Target | None = None, seed: int = 1) -> Ranker:
    """Return a ranker by name; raises KeyError. `target`: the wanted affect on -1..1, for those that aim."""
    made: Ranker = RANKERS[name](target, seed)  # type: ignore[assignment]
    return made


def has_material(name: str, catalogue: Catalogue) -> bool:
    """Whether a ranker has what it goes by: grey relational analysis needs courses of affect."""
    return name != GreyRelational.name or any(each.curves for each in catalogue.viewings)


def likeness(own: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return Pearson's r over the clips in common times min(n, 10) / 10; 0 under two, or without spread."""
    common = [name for name in own if name in other]
    if len(common) < 2:
        return 0.0
    one, two = (np.array([which[name] for name in common]) for which in (own, other))
    one, two = one - one.mean(), two - two.mean()
    spread = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return 0.0 if spread < 1e-12 else float((one * two).sum()) / spread * min(len(common), ENOUGH) / ENOUGH


def grey_grades(
    reference: NDArray[np.float64], curves: Sequence[NDArray[np.float64] | None]
) -> NDArray[np.float64]:
    """Return the grade of each curve; all are brought to the reference's length. 0 where there is none.

    Smallest and largest distances are those over all curves, as in grey relational analysis.
    """
    apart = [
        None if curve is None or not len(curve) else np.abs(reference - resampled(curve, len(reference)))
        for curve in curves
    ]
    known = [each for each in apart if each is not None]
    if not known:
        return np.zeros(len(curves))
    least, most = min(each.min() for each in known), max(each.max() for each in known)
    if most == 0:
        return np.array([0.0 if each is None else 1.0 for each in apart])
    return np.array(
        [
            0.0 if each is None else float(((least + GREY * most) / (each + GREY * most)).mean())
            for each in apart
        ]
    )


def resampled(curve: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return a curve of another length, linearly between its points."""
    if len(curve) == 1:
        return np.full(length, curve[0])
    places = np.linspace(0.0, len(curve) - 1.0, length)
    return np.interp(places, np.arange(len(curve)), curve)


def features_of(catalogue: Catalogue) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the clips' names and their features (n, d): norms, kind, their own, each scaled to SD 1."""
    names = tuple(catalogue.clips)
    rows = []
    for name in names:
        clip = catalogue.clips[name]
        row = {f"norm {key}": value for key, value in clip.norms.items()} | dict(clip.features)
        if clip.category:
            row[f"kind {clip.category}"] = 1.0
        rows.append(row)
    columns = sorted({key for row in rows for key in row})
    table = np.array([[row.get(key, 0.0) for key in columns] for row in rows], float).reshape(len(names), -1)
    if not table.size:
        return names, table
    table = table - table.mean(axis=0)
    spread = table.std(axis=0)
    return names, np.divide(table, spread, out=np.zeros_like(table), where=spread > 1e-12)


def _nearness(points: Sequence[Mapping[str, float]], target: Target | None) -> NDArray[np.float64]:
    """Return the bell around the target at each point (n,); 0 where part of what is wanted is not known.

    What is known of no point at all is not asked for. Without a target: how pleasant they are.
    """
    wanted = target or {"valence": 1.0}
    asked = [key for key in wanted if any(key in point for point in points)]
    scores = np.zeros(len(points))
    for place, point in enumerate(points):
        if asked and all(key in point for key in asked):
            distance = sum((point[key] - wanted[key]) ** 2 for key in asked)
            scores[place] = np.exp(-distance / (2 * WIDTH**2))
    return scores


def _liked_affect(seen: Sequence[Viewing]) -> Target | None:
    found = {}
    for dimension in ("valence", "arousal"):
        told = [
            ((each.liking + 1) / 2, felt)
            for each in seen
            if each.liking is not None and (felt := each.felt(dimension)) is not None
        ]
        weight = sum(w for w, _ in told)
        if weight:
            found[dimension] = sum(w * felt for w, felt in told) / weight
    return found or None


def _mean_liking(catalogue: Catalogue, participant: str) -> float:
    likings = [
        each.liking
        for each in catalogue.viewings
        if each.liking is not None and each.participant != participant
    ]
    return float(np.mean(likings)) if likings else 0.0


def _mean_curve(catalogue: Catalogue, clip: str, dimension: str, without: str) -> NDArray[np.float64] | None:
    """Return the mean course of affect over the people who watched a clip, but for one."""
    curves = [
        each.curves[dimension]
        for each in catalogue.viewings
        if each.clip == clip and dimension in each.curves and each.participant != without
    ]
    if not curves:
        return None
    length = int(np.median([len(curve) for curve in curves]))
    mean: NDArray[np.float64] = np.mean([resampled(curve, length) for curve in curves], axis=0)
    return mean


def _on_one(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    span = float(np.ptp(scores)) if len(scores) else 0.0
    return np.zeros_like(scores) if span < 1e-12 else (scores - scores.min()) / span
