"""The recommenders that a study keeps, and which of them a protocol wants.

derivatives/recommendation/NAME.json     made once and never changed; another one gets another name
LIVE/recommender.json                    the one that a session uses, gone with the live folder
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from analysis.recommendation.stored import Stored, parse, to_text
from analysis.recommendation.viewings import RecommendationError
from app.settings import write_atomically
from app.study_files import writing
from stimuli.problems import EvokeError

FOLDER = Path("derivatives") / "recommendation"
IN_SESSION = "recommender.json"
RULE = "recommended"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class RecommenderError(EvokeError):
    """A recommender is missing, damaged or cannot be kept; the text is the one clear message."""


def is_recommending(rule: str) -> bool:
    """Whether a protocol's rule asks for a recommender: `recommended`, or `recommended:NAME`."""
    return rule == RULE or (rule.startswith(f"{RULE}:") and bool(_NAME.fullmatch(rule.partition(":")[2])))


def wanted_by(rules: Iterable[str]) -> str | None:
    """Return the name of the recommender that rules ask for, "" for the newest, None for none.

    Raises RecommenderError where they ask for several: a session has one.
    """
    names = {rule.partition(":")[2] for rule in rules if is_recommending(rule)}
    if len(names) > 1:
        listed = ", ".join(sorted(name or "the newest" for name in names))
        raise RecommenderError(f"the protocol asks for several recommenders ({listed}). Name one only.")
    return next(iter(names), None)


def names(study: Path) -> tuple[str, ...]:
    """Return the names of the recommenders that a study keeps."""
    return tuple(path.stem for path in sorted((study / FOLDER).glob("*.json")))


def kept(study: Path) -> tuple[tuple[Stored, ...], tuple[str, ...]]:
    """Return the recommenders of a study, the newest first, and why others cannot be read."""
    found, damaged = [], []
    for name in names(study):
        try:
            found.append(read(study / FOLDER / f"{name}.json"))
        except RecommenderError as error:
            damaged.append(str(error))
    return (
        tuple(sorted(found, key=lambda each: (each.created_utc, each.name), reverse=True)),
        tuple(damaged),
    )


def find(study: Path, name: str) -> Path:
    """Return the file of a recommender, "" for the newest.

    Raises RecommenderError where there is none, and for "" where one cannot be read: that may be the newest.
    """
    if name:
        path = study / FOLDER / f"{name}.json"
        if path.is_file():
            read(path)
            return path
    else:
        readable, damaged = kept(study)
        if damaged:
            raise RecommenderError(
                f"{damaged[0]} The protocol chooses by the newest recommender, and it may be this one."
                " Restore or remove the file, or name another in the protocol: by: recommended:NAME."
            )
        if readable:
            return study / FOLDER / f"{readable[0].name}.json"
    there = ", ".join(names(study)) or "none yet"
    which = f"the recommender '{name}'" if name else "a recommender"
    raise RecommenderError(
        f"The protocol chooses stimuli by {which}, and the study keeps {there}. Keep one: Analyse, Playlist, "
        f"“Keep for the protocol”, or evoke recommend {study} --save {name or 'NAME'}."
    )


def read(path: Path) -> Stored:
    """Read a recommender; raises RecommenderError."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecommenderError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise RecommenderError(f"{path}: is damaged. Keep it anew under another name.") from error
    except RecommendationError as error:
        raise RecommenderError(f"{path}: {error} Keep it anew under another name.") from error


def keep(study: Path, stored: Stored) -> Path:
    """Write a recommender into a study; raises RecommenderError for a name that is taken or no name."""
    if not _NAME.fullmatch(stored.name):
        raise RecommenderError(
            f"'{stored.name}' is no name for a recommender. Use small letters, digits and hyphens, up to 40."
        )
    path = study / FOLDER / f"{stored.name}.json"
    if path.exists():
        raise RecommenderError(
            f"{path}: is there already, and sessions may have used it. Choose another name."
        )
    with writing(study):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, to_text(stored))
    return path
