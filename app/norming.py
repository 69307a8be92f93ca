"""The ratings of a study's norming sessions, and the protocol of a norming run in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.participants import roster
from app.settings import write_atomically
from app.study import FinishedSession, Study
from stimuli.norming import (
    NormingError,
    NormingRun,
    Ratings,
    by_rater,
    norming_name,
    norming_protocol,
    with_ratings,
)
from stimuli.problems import Problem
from stimuli.sets import StimulusSet
from stimuli.writing import is_bundled, write_copy, write_manifest


@dataclass(frozen=True, slots=True)
class Collected:
    """`ratings` of `raters` in `sessions` files; `left_out` says why other sessions did not count."""

    ratings: Ratings
    points: Mapping[str, int]
    raters: int
    sessions: int
    left_out: tuple[str, ...]


def write_run(study: Study, stimuli: StimulusSet, run: NormingRun) -> Path:
    """Write the protocol of a norming run into the study; return its file. Raises NormingError."""
    path = study.folder / f"{norming_name(stimuli)}.yaml"
    text = norming_protocol(stimuli, run, study.folder)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise NormingError(
            f"{path}: a norming run of this set is there already. Run it, or rename its file first."
        )
    write_atomically(path, text)
    return path


def collect(study: Study, protocol: str) -> Collected:
    """Gather the ratings of all finished sessions of a protocol; raises NormingError without any.

    Rehearsals, excluded participants and, in a study of people, sessions without one do not count; nor do
    practice and trials that were broken off. A session that went on counts with all its runs.
    """
    from analysis.session_file import SessionFileError, open_session

    excluded = {person.code for person in roster(study) if person.excluded}
    rows: list[tuple[str, str, str, float]] = []
    points: dict[str, int] = {}
    left_out: list[str] = []
    raters: set[str] = set()
    count = 0
    for session in study.sessions():
        if session.protocol != protocol or session.rehearsal:
            continue
        try:
            with open_session(study.folder / session.file) as file:
                rater = str(file.attributes.get("participant", session.participant))
                reason = _reason_against(study, session, rater in excluded)
                if reason:
                    left_out.append(f"{session.file}: {reason}")
                    continue
                found = _points(file.protocol.get("schedule") or {})
                changed = [scale for scale in found if points.get(scale, found[scale]) != found[scale]]
                if changed:
                    left_out.append(f"{session.file}: {changed[0]} has another number of points")
                    continue
                points |= found
                rows += [(rater, *row) for row in _ratings(file.trials, found)]
        except (SessionFileError, OSError) as error:
            left_out.append(f"{session.file}: {error}")
            continue
        raters.add(rater)
        count += 1
    if not rows:
        why = f" ({'; '.join(left_out[:3])})" if left_out else ""
        raise NormingError(f"{study.folder}: there is no finished session of {protocol} that counts{why}.")
    return Collected(by_rater(rows), points, len(raters), count, tuple(left_out))


def _reason_against(study: Study, session: FinishedSession, is_excluded: bool) -> str:
    if is_excluded:
        return "the participant is excluded"
    if study.kind == "people" and session.origin != "recorded":
        return f"it is {session.origin}"
    return ""


def _points(schedule: Mapping[str, Any]) -> dict[str, int]:
    """Return the scales that trials of the schedule ask with their points."""
    found: dict[str, int] = {}
    for stage in schedule.get("stages", ()):
        if stage.get("kind") == "questionnaire" and stage.get("trial", -1) >= 0:
            for item in (stage.get("content") or {}).get("items", ()):
                if isinstance(item.get("points"), int):
                    found[str(item["id"])] = item["points"]
    return found


def _ratings(trials: Mapping[str, Any], points: Mapping[str, int]) -> Iterator[tuple[str, str, float]]:
    for place in range(len(trials.get("stimulus", ()))):
        if bool(trials["practice"][place]) or str(trials["end_reason"][place]) != "completed":
            continue
        answers = json.loads(str(trials["ratings"][place]))
        for scale, value in answers.items():
            if scale in points and isinstance(value, int | float):
                yield str(trials["stimulus"][place]), scale, float(value)


@dataclass(frozen=True, slots=True)
class WrittenBack:
    """What `write_back` did: where the set with the ratings is, and where its manifest of before."""

    folder: Path
    rated: int
    collected: Collected
    unknown: tuple[str, ...]
    old: Path | None


def write_back(
    study: Study, stimuli: StimulusSet, *, protocol: str = "", min_raters: int = 1, out: Path | None = None
) -> WrittenBack:
    """Write the ratings of a study's norming sessions into the set, its manifest of before kept beside it.

    A set in `out` is a copy that is made for it: a bundled set is never written to. Raises NormingError or
    StimulusError.
    """
    if out is None and is_bundled(stimuli):
        raise NormingError(
            f"The set {stimuli.name} came with the program and stays as it is."
            " Name a folder for a copy with the ratings."
        )
    collected = collect(study, protocol or norming_name(stimuli))
    normed = with_ratings(stimuli, collected.ratings, collected.points, min_raters)
    old = None
    if out is None:
        old = write_manifest(stimuli.folder, normed.items)
    else:
        write_copy(stimuli, normed.items, out)
    return WrittenBack(out or stimuli.folder, normed.rated, collected, normed.unknown, old)


def needs(study: Study, stimuli: StimulusSet) -> list[Problem]:
    """Return the ids that the study's protocols need of a set and that it does not have."""
    from stimuli.checking import missing_ids, needed_ids

    found: list[Problem] = []
    for path in sorted(study.folder.glob("*.y*ml")):
        name, ids = needed_ids(path)
        is_it = name == stimuli.name or (path.parent / name).resolve() == stimuli.folder.resolve()
        if ids and name and is_it:
            found += missing_ids(stimuli, path)
    return found
