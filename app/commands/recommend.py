"""`evoke recommend`: a list of clips for somebody, the recommenders that a study keeps, and keeping one."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.recommendation.playlists import Entry, Wanted, playlist, unmeasured
from analysis.recommendation.stored import Stored
from analysis.recommendation.viewings import RecommendationError
from app import recommenders
from app.analysing.recommending import (
    RANKED,
    RecommendingError,
    fitted,
    keep_recommender,
    material_of,
    unmeasured_words,
)
from app.study import Study


def recommend(options: argparse.Namespace) -> int:
    """Keep a recommender, print a list, or name the recommenders that there are."""
    study = Study.open(options.study)
    if options.ranker not in RANKED:
        raise RecommendingError(f"there is no ranker '{options.ranker}'. There are: {', '.join(RANKED)}.")
    if options.count < 1:
        raise RecommendingError("--count: a list has at least one clip.")
    target = _target(options.target)
    if options.save:
        made = keep_recommender(study, material_of(study), options.save, options.ranker, target)
        _print(options.json, {"kept": stored_json(made)}, [f"kept: {_told(made)}"])
    elif options.participant:
        material = material_of(study)
        ranker = fitted(material, options.ranker, target)
        wanted = Wanted(options.count, options.minutes)
        try:
            entries = playlist(material.catalogue, ranker, options.participant, wanted, target)
        except RecommendationError as error:
            raise RecommendingError(f"{study.name}: {error}") from error
        left_out = unmeasured(material.catalogue, options.participant, wanted)
        notes = [*material.notes, *unmeasured_words(len(left_out))]
        told = {
            "participant": options.participant,
            "ranker": options.ranker,
            "target": target,
            "known": len(material.catalogue.of(options.participant)),
            "clips": [entry_json(each) for each in entries],
            "notes": notes,
        }
        _print(options.json, told, [*_lines(entries), *(f"note: {note}" for note in notes)])
    else:
        found, damaged = recommenders.kept(study.folder)
        none = ["none is kept yet: evoke recommend STUDY --ranker hybrid --save NAME"]
        _print(
            options.json,
            {"recommenders": [stored_json(each) for each in found], "damaged": list(damaged)},
            [*map(_told, found), *(f"damaged: {why}" for why in damaged)] or none,
        )
    return 0


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return a place of a list, JSON-ready; an SD that is not known is None."""
    return {
        "clip": entry.clip,
        "score": entry.score,
        "expected": dict(entry.expected),
        "sd": {key: value if math.isfinite(value) else None for key, value in entry.sd.items()},
        "watched_by": entry.watched_by,
        "reason": entry.reason,
    }


def stored_json(stored: Stored) -> dict[str, Any]:
    """Return what a kept recommender is, JSON-ready."""
    return {
        "name": stored.name,
        "ranker": stored.ranker,
        "target": None if stored.target is None else dict(stored.target),
        "created_utc": stored.created_utc,
        "people": stored.people,
        "viewings": stored.viewings,
        "sha256": stored.sha256,
    }


def _lines(entries: tuple[Entry, ...]) -> Iterator[str]:
    widest = max(len(each.clip) for each in entries)
    for place, each in enumerate(entries, 1):
        affect = ", ".join(f"{key} {_with_sd(value, each.sd, key)}" for key, value in each.expected.items())
        yield (
            f"{place:2}. {each.clip:{widest}}  {each.score:.2f}  {affect or 'affect unknown'}; "
            f"{each.watched_by} watched; {each.reason}"
        )


def _with_sd(value: float, sd: Mapping[str, float], key: str) -> str:
    spread = sd.get(key, math.nan)
    return f"{value:+.2f}" + (f" (SD {spread:.2f})" if math.isfinite(spread) else "")


def _told(stored: Stored) -> str:
    aim = ""
    if stored.target is not None:
        aim = ", target " + ", ".join(f"{key} {value:+.2f}" for key, value in stored.target.items())
    return (
        f"{stored.name}: {stored.ranker}{aim}; {stored.viewings} viewings of {stored.people} people, "
        f"{stored.created_utc}, {stored.sha256[:12]}"
    )


def _target(told: tuple[float, float] | None) -> dict[str, float] | None:
    return None if told is None else {"valence": told[0], "arousal": told[1]}


def _print(as_json: bool, values: Mapping[str, Any], lines: list[str]) -> None:
    print(json.dumps(values, ensure_ascii=False) if as_json else "\n".join(lines))
