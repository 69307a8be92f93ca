"""A recommender as plain numbers: what ranks clips where the people it learned from are not to be known.

Clips with their profiles, and others' likings without codes, in an order drawn by chance. Who is in it can
be asked of it by a recording's name, and not read from it: names are kept as salted SHA-256 sums.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.recommendation.factorisation import Factors, factorise
from analysis.recommendation.rankers import RANKERS, Factorisation, Ranker, Target, make_ranker
from analysis.recommendation.viewings import Catalogue, Clip, Profile, RecommendationError, Viewing

FORMAT, VERSION = "evoke-recommender", 1
OF_LIKINGS = ("most-liked", "collaborative", "hybrid")
"""Rankers that need what each person liked; the others get along with profiles, or factors."""


@dataclass(frozen=True)
class Stored:
    """A recommender to use: `catalogue` holds stored profiles and nameless viewings.

    `people` and `viewings` count what it was made from; `salt` and `marks` tell whether a recording is in it.
    """

    name: str
    ranker: str
    target: Target | None
    created_utc: str
    people: int
    viewings: int
    catalogue: Catalogue
    factors: Factors | None = None
    salt: str = ""
    marks: tuple[str, ...] = ()
    sha256: str = ""

    def fitted(self) -> Ranker:
        """Return its ranker, ready to score."""
        return self.fitted_on(self.catalogue)

    def fitted_on(self, catalogue: Catalogue) -> Ranker:
        """Return its ranker for a catalogue with more clips than its own."""
        made = make_ranker(self.ranker, self.target)
        if isinstance(made, Factorisation) and self.factors is not None:
            made.catalogue, made.factors = catalogue, self.factors
        else:
            made.fit(catalogue)
        return made

    def holds(self, recordings: Iterable[str]) -> bool:
        """Whether any of these recordings (by id) is in it."""
        return any(_mark(self.salt, name) in self.marks for name in recordings)

    def widened(self, clips: Mapping[str, Clip]) -> Catalogue:
        """Return its catalogue with clips that it does not know, which get their norms as a profile."""
        own = self.catalogue
        more = {name: clip for name, clip in clips.items() if name not in own.clips}
        if not more:
            return own
        known = {name: Profile(dict(clip.norms), {}, 0) for name, clip in more.items()}
        return Catalogue({**own.clips, **more}, own.viewings, {**own.profiles, **known})


def store(
    name: str,
    ranker: str,
    catalogue: Catalogue,
    recordings: Sequence[str],
    created_utc: str,
    target: Target | None = None,
    salt: str = "",
) -> Stored:
    """Make a recommender of a catalogue without anybody's code.

    `recordings` are the ids of those it was made from. Raises RecommendationError for an unknown ranker or
    one that needs likings where there are none.
    """
    if ranker not in RANKERS:
        raise RecommendationError(f"there is no ranker '{ranker}'. There are: {', '.join(RANKERS)}.")
    if ranker == "grey-relational":
        raise RecommendationError(
            "grey-relational needs courses of affect of each person, which no recommender keeps."
            " Choose another."
        )
    if not any(profile.mean for profile in catalogue.profiles.values()):
        raise RecommendationError("nothing is known of any clip: no norms, and no ratings.")
    likings = [
        (each.participant, each.clip, each.liking) for each in catalogue.viewings if each.liking is not None
    ]
    if ranker in (*OF_LIKINGS, "factorisation") and not likings:
        raise RecommendationError(f"{ranker} needs ratings of how much clips were liked. Nobody gave any.")
    random = secrets.SystemRandom()
    people = list(catalogue.participants)
    random.shuffle(people)
    place = {code: f"other-{number}" for number, code in enumerate(people, 1)}
    kept = [
        Viewing(place[who], clip, 0, liking=liking) for who, clip, liking in likings
    ] if ranker in OF_LIKINGS else []  # fmt: skip
    random.shuffle(kept)
    salt = salt or secrets.token_hex(16)
    # Features of a clip are said by its maker; its profile is what people felt.
    made = Stored(
        name,
        ranker,
        target,
        created_utc,
        len(people),
        len(catalogue.viewings),
        Catalogue(
            catalogue.clips, tuple(sorted(kept, key=lambda each: each.participant)), catalogue.profiles
        ),
        factorise(likings) if ranker == "factorisation" else None,
        salt,
        tuple(sorted(_mark(salt, each) for each in dict.fromkeys(recordings))),
    )
    return replace(made, sha256=_sum_of(_content(made)))


def to_text(stored: Stored) -> str:
    """Return it as JSON."""
    return json.dumps({**_content(stored), "sha256": stored.sha256}, ensure_ascii=False, indent=1) + "\n"


def parse(text: str) -> Stored:
    """Read `to_text`; raises RecommendationError for what is not a recommender or was changed since."""
    try:
        values = json.loads(text)
        sha256 = values.pop("sha256")
        if values["format"] != FORMAT or values["version"] != VERSION:
            raise RecommendationError("it is of another kind or a later version of Evoke.")
        if _sum_of(values) != sha256:
            raise RecommendationError("it was changed since it was made. Make it again.")
        return _read(values, str(sha256))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise RecommendationError(f"it cannot be read as a recommender ({type(error).__name__}).") from error


def holds(values: Mapping[str, Any], recordings: Iterable[str]) -> bool:
    """Whether a stored recommender's JSON holds any of these recordings, also one that is damaged."""
    marks = values.get("marks")
    salt = str(values.get("salt", ""))
    return isinstance(marks, list) and any(_mark(salt, name) in marks for name in recordings)


def _read(values: Mapping[str, Any], sha256: str) -> Stored:
    clips, profiles = {}, {}
    for name, each in values["clips"].items():
        clips[name] = Clip(
            name, float(each["duration_s"]), each["norms"], str(each["category"]), each["features"]
        )
        profiles[name] = Profile(each["mean"], each["sd"], int(each["n"]))
    viewings = tuple(
        Viewing(f"other-{number}", clip, order, liking=float(liking))
        for number, likings in enumerate(values["likings"], 1)
        for order, (clip, liking) in enumerate(likings)
    )
    told = values["factors"]
    factors = None
    if told is not None:
        place = {name: row for row, name in enumerate(told["clips"])}
        factors = Factors(float(told["mean"]), place, np.array(list(told["clips"].values()), float))
    if values["ranker"] not in RANKERS:
        raise KeyError(values["ranker"])
    return Stored(
        str(values["name"]),
        str(values["ranker"]),
        values["target"],
        str(values["created_utc"]),
        int(values["people"]),
        int(values["viewings"]),
        Catalogue(clips, viewings, profiles),
        factors,
        str(values["salt"]),
        tuple(values["marks"]),
        sha256,
    )


def _content(stored: Stored) -> dict[str, Any]:
    own = stored.catalogue
    factors = stored.factors
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": stored.name,
        "ranker": stored.ranker,
        "target": None if stored.target is None else dict(stored.target),
        "created_utc": stored.created_utc,
        "people": stored.people,
        "viewings": stored.viewings,
        "clips": {name: _clip(clip, own.profiles[name]) for name, clip in own.clips.items()},
        "likings": [
            [[each.clip, each.liking] for each in own.viewings if each.participant == who]
            for who in own.participants
        ],
        "factors": None if factors is None else {
            "mean": factors.mean,
            "clips": {name: factors.clips[row].tolist() for name, row in factors.place.items()},
        },
        "salt": stored.salt,
        "marks": list(stored.marks),
    }  # fmt: skip


def _clip(clip: Clip, profile: Profile) -> dict[str, Any]:
    return {
        "duration_s": clip.duration_s,
        "category": clip.category,
        "norms": dict(clip.norms),
        "features": dict(clip.features),
        "mean": dict(profile.mean),
        "sd": {key: value for key, value in profile.sd.items() if math.isfinite(value)},
        "n": profile.n,
    }


def _mark(salt: str, recording: str) -> str:
    return hashlib.sha256(f"{salt}/{recording}".encode()).hexdigest()


def _sum_of(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
