"""Which stimulus a trial with candidates shows, by what this participant answered so far: pure functions.

Affect is a point (valence, arousal) on -1..1; ratings r of 1..9 become (r - 5) / 4, others in proportion.

| rule | what comes next |
|---|---|
| `nearest_affect` | closest to the affect of what was liked, each seen stimulus weighted by its liking |
| `content` | most alike in kind (category, valence, arousal) to what was liked |
| `hybrid` | `nearest_affect` at first, more and more `content` as ratings come in |
| one of `TARGETS` | closest to that affect, the norms moved as far as this participant differs from them |
| `as_listed` | the first candidate not shown yet: the comparison that knows nothing |
| `recommended` | what a recommender that the study keeps ranks first (`recommended:NAME`: that one) |

For variety 0.3 of the score is lost by likeness to the one already chosen that is most alike; probes and
other stimuli that were given and not chosen do not count there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.recommendation.playlists import next_clip
from analysis.recommendation.stored import Stored
from analysis.recommendation.viewings import Clip, Viewing
from app.presenter.course import Answer, Chooser, Pick
from app.recommenders import RULE, is_recommending
from protocols.scales import scales_of
from protocols.schedule import Schedule, Trial
from stimuli.problems import EvokeError

Affect = tuple[float, float]
Norms = Mapping[str, Mapping[str, Any]]

TARGETS: Mapping[str, Affect] = {
    "target_excited_joy": (0.65, 0.45),
    "target_calm_joy": (0.6, -0.5),
    "target_sadness": (-0.5, -0.4),
    "target_tension": (-0.55, 0.5),
    "target_neutral": (0.0, -0.55),
}
RULES = ("nearest_affect", "content", "hybrid", *TARGETS, "as_listed")
LEARNED = ("nearest_affect", "content", "hybrid")
"""Rules that, like `recommended`, are the same for everybody where nothing is answered."""
NEEDED = ("valence", "arousal", "liking")
"""The dimensions that answers are known by."""

WIDTH = 0.5
# Only near doubles count as alike.
ALIKE_WIDTH = WIDTH / 4
VARIETY = 0.3
# How many ratings weigh as much as what is known of everybody.
PRIOR = 5
LIKING = ("liking", "valence")
LOST = "The recommender was lost during the session: the next on the list."


class ChoosingError(EvokeError):
    """A rule that does not exist."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A stimulus that was rated: what was felt and how much it was liked (-1..1), None where not asked."""

    stimulus: str
    valence: float | None = None
    arousal: float | None = None
    liking: float | None = None


def make_chooser(
    schedule: Schedule, norms: Norms, recommender: Stored | None = None, is_lost: bool = False
) -> Chooser:
    """Return what chooses for the trials of `schedule`.

    Raises ChoosingError for a rule nobody knows, and for `recommended` without a recommender. Where that
    `is_lost` in a session that has begun, `as_listed` takes its place, and the choices say so.
    """
    for trial in schedule.trials:
        if trial.candidates and is_recommending(trial.chosen_by) and recommender is None and not is_lost:
            raise ChoosingError(
                f"the protocol chooses by '{trial.chosen_by}', and this session was given no recommender. "
                "Keep one in the study: Analyse, Playlist, “Keep for the protocol”."
            )
        if trial.candidates and not is_recommending(trial.chosen_by) and trial.chosen_by not in RULES:
            raise ChoosingError(
                f"no rule '{trial.chosen_by}' to choose a stimulus. There are: {', '.join((*RULES, RULE))}."
            )
    scales = scales_of(schedule)
    given = {trial.stimulus for trial in schedule.trials if not trial.candidates}

    def chooser(trial: Trial, answers: Sequence[Answer], used: Sequence[str]) -> Pick:
        chosen = [name for name in used if name not in given]
        if is_recommending(trial.chosen_by):
            seen = seen_in(answers, scales)
            if recommender is None:
                return replace(choose("as_listed", trial.candidates, norms, seen, used), reason=LOST)
            return recommend(recommender, trial.candidates, norms, seen, used, chosen, schedule.participant)
        return choose(trial.chosen_by, trial.candidates, norms, seen_in(answers, scales), used, chosen)

    return chooser


def choose(
    by: str,
    candidates: Sequence[str],
    norms: Norms,
    seen: Sequence[Seen],
    used: Sequence[str] = (),
    chosen: Sequence[str] = (),
) -> Pick:
    """Return the candidate with the highest score under rule `by`, the earlier one of equals.

    What was `used` is left out unless nothing else is left; `chosen` are those that choosing itself
    brought, for variety. Raises ChoosingError for an unknown rule, ValueError without candidates.
    """
    if by not in RULES:
        raise ChoosingError(f"no rule '{by}' to choose a stimulus. There are: {', '.join(RULES)}.")
    if not candidates:
        raise ValueError("there is nothing to choose from")
    free = [name for name in candidates if name not in used] or list(candidates)
    if by == "as_listed":
        return Pick(
            free[0], {name: 1.0 if name == free[0] else 0.0 for name in free}, "The next on the list."
        )
    plain = _scores(by, free, norms, seen)
    scores = {
        name: round(
            (1 - VARIETY) * score
            - VARIETY * max((_alike(name, other, norms) for other in chosen), default=0),
            4,
        )
        for name, score in plain.items()
    }
    best = max(free, key=lambda name: scores[name])
    return Pick(best, scores, _reason(by, best, norms, seen))


def recommend(
    recommender: Stored,
    candidates: Sequence[str],
    norms: Norms,
    seen: Sequence[Seen],
    used: Sequence[str] = (),
    chosen: Sequence[str] = (),
    participant: str = "",
) -> Pick:
    """Return the candidate that a stored recommender ranks first by what was answered in this session.

    Stimuli that the recommender does not know have their norms. The rest is as in `choose`.
    """
    catalogue = recommender.widened({name: _clip(name, norms) for name in (*norms, *candidates)})
    viewings = [
        Viewing(
            participant,
            each.stimulus,
            order,
            {key: value for key, value in (("valence", each.valence), ("arousal", each.arousal))
             if value is not None},
            each.liking,
        )
        for order, each in enumerate(seen)
        if each.stimulus in catalogue.clips
    ]  # fmt: skip
    free = [name for name in candidates if name not in used] or list(candidates)
    found = next_clip(
        catalogue,
        recommender.fitted_on(catalogue),
        participant,
        viewings,
        free,
        chosen,
        recommender.target,
        used,
    )
    people = f"{recommender.people} {'person' if recommender.people == 1 else 'people'}"
    reason = f"{found.reason[0].upper()}{found.reason[1:]} (recommender {recommender.name}, of {people})."
    scores = {name: round(score, 4) for name, score in found.scores.items()}
    return Pick(found.clip, scores, reason, f"{recommender.name} {recommender.sha256}")


def _clip(name: str, norms: Norms) -> Clip:
    known = norms.get(name, {})
    means = {
        key: (float(value) - 5) / 4 for key in ("valence", "arousal") if (value := known.get(key)) is not None
    }
    return Clip(name, 0.0, means, str(known.get("category") or ""))


def seen_in(answers: Iterable[Answer], scales: Mapping[str, tuple[str, float, float]]) -> list[Seen]:
    """Gather answers by stimulus; `scales` gives each item's dimension with its lowest and highest point."""
    felt: dict[str, dict[str, float]] = {}
    for answer in answers:
        if not answer.stimulus:
            continue
        for dimension, value in _values(answer, scales):
            felt.setdefault(answer.stimulus, {})[dimension] = value
    return [
        Seen(
            name,
            each.get("valence"),
            each.get("arousal"),
            next((each[key] for key in LIKING if key in each), None),
        )
        for name, each in felt.items()
    ]


def _values(answer: Answer, scales: Mapping[str, tuple[str, float, float]]) -> Iterable[tuple[str, float]]:
    if answer.item not in scales:
        return
    dimension, low, high = scales[answer.item]
    # A grid's answer is a point: its item measures two dimensions, named with a space between.
    values = answer.value if isinstance(answer.value, list | tuple) else [answer.value]
    for name, value in zip(dimension.split(), values, strict=False):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, max(-1.0, min(1.0, 2 * (value - low) / (high - low) - 1))


def _scores(by: str, free: Sequence[str], norms: Norms, seen: Sequence[Seen]) -> dict[str, float]:
    if by in TARGETS:
        shift = _shift(norms, seen)
        return {name: _near(_moved(_affect(name, norms), shift), TARGETS[by]) for name in free}
    liked = _liked(norms, seen)
    affect = {name: _near(_affect(name, norms), liked) for name in free}
    if by == "nearest_affect":
        return affect
    content = {name: _content(name, norms, seen) for name in free}
    if by == "content":
        return content
    share = len(seen) / (len(seen) + PRIOR)
    return {name: (1 - share) * affect[name] + share * content[name] for name in free}


def _affect(name: str, norms: Norms) -> Affect | None:
    known = norms.get(name, {})
    valence, arousal = known.get("valence"), known.get("arousal")
    return None if valence is None or arousal is None else ((valence - 5) / 4, (arousal - 5) / 4)


def _moved(point: Affect | None, shift: Affect) -> Affect | None:
    return None if point is None else (point[0] + shift[0], point[1] + shift[1])


def _near(point: Affect | None, target: Affect | None, width: float = WIDTH) -> float:
    """Return 1 at the target, falling off like a bell; 0 where either is unknown."""
    if point is None or target is None:
        return 0.0
    return math.exp(-(math.dist(point, target) ** 2) / (2 * width**2))


def _weight(each: Seen) -> float:
    """Return how much a stimulus speaks for what comes next: 0 for the least liked, 1 for the most."""
    return 0.5 if each.liking is None else (each.liking + 1) / 2


def _felt(each: Seen, norms: Norms) -> Affect | None:
    """Return what was felt, from the norms where it was not asked."""
    norm = _affect(each.stimulus, norms)
    valence = each.valence if each.valence is not None else norm and norm[0]
    arousal = each.arousal if each.arousal is not None else norm and norm[1]
    return None if valence is None or arousal is None else (valence, arousal)


def _liked(norms: Norms, seen: Sequence[Seen]) -> Affect | None:
    """Return the affect of what was liked; before anything is rated, the middle of pleasant ones."""
    weighted = [(_weight(each), point) for each in seen if (point := _felt(each, norms)) is not None]
    total = sum(weight for weight, _ in weighted)
    if not total:
        return (0.5, 0.0)
    return (
        sum(weight * point[0] for weight, point in weighted) / total,
        sum(weight * point[1] for weight, point in weighted) / total,
    )


def _shift(norms: Norms, seen: Sequence[Seen]) -> Affect:
    """Return by how much this participant's ratings differ from the norms, the less the fewer there are."""
    pairs = [
        (felt, norm)
        for each in seen
        if each.valence is not None and each.arousal is not None
        if (felt := _felt(each, norms)) is not None and (norm := _affect(each.stimulus, norms)) is not None
    ]
    weight = len(pairs) + PRIOR
    return (
        sum(felt[0] - norm[0] for felt, norm in pairs) / weight,
        sum(felt[1] - norm[1] for felt, norm in pairs) / weight,
    )


def _features(name: str, norms: Norms) -> dict[str, float]:
    """Return what a stimulus is like, by name of the feature."""
    point = _affect(name, norms)
    features = {"valence": point[0], "arousal": point[1]} if point is not None else {}
    category = str(norms.get(name, {}).get("category") or "")
    return features | ({f"category {category}": 0.5} if category else {})


def _content(name: str, norms: Norms, seen: Sequence[Seen]) -> float:
    """Return the cosine between the candidate and what was liked less what was not, on 0..1."""
    liked: dict[str, float] = {}
    for each in seen:
        for feature, value in _features(each.stimulus, norms).items():
            liked[feature] = liked.get(feature, 0.0) + (2 * _weight(each) - 1) * value
    mine = _features(name, norms)
    lengths = math.hypot(*mine.values()) * math.hypot(*liked.values())
    if not lengths:
        return 0.5
    return 0.5 + 0.5 * sum(value * liked.get(feature, 0.0) for feature, value in mine.items()) / lengths


def _alike(name: str, other: str, norms: Norms) -> float:
    return 1.0 if name == other else _near(_affect(name, norms), _affect(other, norms), ALIKE_WIDTH)


def _reason(by: str, best: str, norms: Norms, seen: Sequence[Seen]) -> str:
    if _affect(best, norms) is None:
        return "Nothing is known of the candidates: the first one."
    if by in TARGETS:
        wanted = by.removeprefix("target_").replace("_", " ")
        told = f", corrected by {len(seen)} ratings of this participant" if seen else ", by the norms alone"
        return f"Closest to {wanted}{told}."
    if not seen:
        return "Nothing was rated yet: closest to what pleases most people."
    like = max(seen, key=lambda each: _weight(each) * (0.01 + _alike(best, each.stimulus, norms)))
    return f"Like {like.stimulus}, which was liked, among {len(seen)} that were rated."
