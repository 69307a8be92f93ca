"""Targets of whole participants: a field of theirs, or what a questionnaire of the visit came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from analysis.corpus.corpus import Corpus, Recording
from analysis.session_file import SessionFileError, open_session
from analysis.targets.recipe import Recipe, TargetError
from app.analysing.target_labels import Said
from app.participants import Person, roster
from app.study import Study

SCORED = "scored"
TOTAL = "total"
OFFERED_AT: Mapping[tuple[str, str], tuple[float, ...]] = {("phq-9", TOTAL): (5.0, 10.0)}
"""Cut-offs that are offered: the score itself belongs to the upper class (Kroenke et al. 2001)."""
GROUP = "group"
MOST_CLASSES = 6


def recipes_of_people(study: Study, corpus: Corpus) -> Iterator[Recipe]:
    """Yield the recipes that participants' fields and questionnaires offer."""
    values: dict[str, set[str]] = {}
    codes = set(corpus.participants)
    for person in roster(study):
        if person.code in codes:
            for name, value in fields_of(person).items():
                values.setdefault(name, set()).add(value)
    for name, found in values.items():
        if len(found) < 2:
            continue
        is_number = all(_number(value) is not None for value in found)
        if is_number and len(found) > MOST_CLASSES:
            yield Recipe(name, "participant", (name,), "number")
        elif len(found) <= MOST_CLASSES:
            yield Recipe(name, "participant", (name,))
    scores = {each for recording in corpus.recordings for each in scores_of(recording)}
    for instrument, score in sorted(scores):
        name = instrument if score == TOTAL else f"{instrument}-{score}"
        yield Recipe(name, "questionnaire", (instrument, score), "number")
        for at in OFFERED_AT.get((instrument, score), ()):
            of = (instrument, score)
            yield Recipe(f"{name}-from-{at:g}", "questionnaire", of, "threshold", at=at, tie="high")


def fields_of(person: Person) -> dict[str, str]:
    """Return what is known of a participant, corrections applied: the group, and the study's own fields."""
    return {name: value for name, value in {GROUP: person.group, **person.fields}.items() if value}


def said_of_people(study: Study, corpus: Corpus, recipe: Recipe) -> Said:
    """Return what a recipe of the source "participant" or "questionnaire" says; raises TargetError."""
    return _of_field(study, corpus, recipe) if recipe.source == "participant" else _of_scores(corpus, recipe)


def _of_field(study: Study, corpus: Corpus, recipe: Recipe) -> Said:
    (name,) = recipe.of
    by_code = {person.code: fields_of(person) for person in roster(study)}
    said = Said(otherwise=f"the participant has no {name}")
    values = {code: fields.get(name, "") for code, fields in by_code.items()}
    for trial in corpus.trials:
        value = values.get(trial.participant, "")
        if value:
            number = _number(value)
            is_text = recipe.rule == "classes" or number is None
            said.answers[trial.key] = (value if is_text or number is None else number,)
    if not said.answers:
        known = sorted({field for fields in by_code.values() for field in fields})
        raise TargetError(
            f"target {recipe.name}: no participant has a value of '{name}'. There are: "
            f"{', '.join(known) or 'no fields'}."
        )
    return said


def _of_scores(corpus: Corpus, recipe: Recipe) -> Said:
    wanted = (recipe.of[0], recipe.of[1])
    said = Said(otherwise=f"{recipe.of[0]} was not answered in this visit")
    by_visit: dict[tuple[str, str], list[float]] = {}
    for recording in corpus.recordings:
        by_visit.setdefault((recording.participant, recording.session), []).extend(
            scores_of(recording).get(wanted, ())
        )
    for trial in corpus.trials:
        values = by_visit.get((trial.participant, trial.session))
        if values:
            said.answers[trial.key] = (values[-1],)
    differ = [f"{who}, visit {visit}" for (who, visit), values in by_visit.items() if len(set(values)) > 1]
    if differ:
        said.warnings.append(
            f"{wanted[0]} came to different scores ({wanted[1]}) within {len(differ)} "
            f"{'visit' if len(differ) == 1 else 'visits'}, of which the last counts: {', '.join(differ[:3])}"
            f"{', …' if len(differ) > 3 else ''}"
        )
    if not said.answers:
        known = sorted({" ".join(each) for recording in corpus.recordings for each in scores_of(recording)})
        raise TargetError(
            f"target {recipe.name}: nobody has the score {recipe.of[1]} of {recipe.of[0]}. There are: "
            f"{', '.join(known) or 'no scores'}."
        )
    return said


def scores_of(recording: Recording) -> Mapping[tuple[str, str], tuple[float, ...]]:
    """Return the scores of a recording's instruments, by (instrument, score), in the order of answering.

    Raises TargetError.
    """
    return _scores(recording.path, recording.sha256)


@lru_cache(maxsize=8192)
def _scores(path: Path, _: str) -> Mapping[tuple[str, str], tuple[float, ...]]:
    found: dict[tuple[str, str], tuple[float, ...]] = {}
    try:
        with open_session(path) as session:
            for event in session.events:
                if event.kind != SCORED:
                    continue
                name = str(event.payload.get("instrument", ""))
                parts = {TOTAL: event.payload.get(TOTAL), **(event.payload.get("subscales") or {})}
                for score, value in parts.items():
                    if isinstance(value, int | float) and not isinstance(value, bool):
                        found[name, str(score)] = (*found.get((name, str(score)), ()), float(value))
    except SessionFileError as error:
        raise TargetError(str(error)) from error
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
