"""What the two classes of a study differ in besides the target: fields of participants, length of answers.

A recognizer may find these instead of what the target means.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from analysis.corpus.cases import Batch
from app.analysing.speech_tasks import Answer
from app.analysing.target_people import GROUP, fields_of
from app.participants import roster
from app.study import Study

ASKED = ("age", "sex", "site")
"""Fields whose absence is told."""
LENGTH, VOICED = "length of answers (s)", "voice in answers (s)"
LEAST_D = 0.3
LEAST_SHARE = 0.15
MOST_KINDS = 12
LEAST_KNOWN = 2
SITES = ("site", "hospital", "clinic", "centre", "center", "lab")
"""Fields that may be held out as a whole."""

NO_VALUE = ("", "nan", "inf", "-inf", "na", "n/a", "none", "null", "-", "?")
MOSTLY = 2 / 3
"""Where more of the entries are numbers than this, the field is one of numbers."""

Values = tuple[list[str], list[str]]


def shift_notes(
    study: Study, batch: Batch, heard: Mapping[tuple[str, str], Sequence[Answer]]
) -> tuple[str, ...]:
    """Return in what persons of the two classes differ, what could not be compared, and what is alike.

    `heard` holds the answers of each visit (participant, session). There is one sentence at least.
    """
    assert batch.y is not None
    people = {
        person.code: {**fields_of(person), **({"language": person.language} if person.language else {})}
        for person in roster(study)
    }
    codes, first = np.unique(batch.cases.participant, return_index=True)
    kinds = [int(batch.y[row]) for row in first]
    rows = [{**people.get(code, {}), **_spoken(code, heard)} for code in codes.tolist()]
    names = [name for name in dict.fromkeys(name for fields in rows for name in fields) if name != GROUP]
    size = (kinds.count(0), kinds.count(1))
    notes: list[str] = []
    alike: list[str] = []
    for name in names:
        values: Values = ([], [])
        for fields, kind in zip(rows, kinds, strict=True):
            if name in fields:
                values[kind].append(fields[name])
        told = list(_compared(name, values, size, (batch.classes[0], batch.classes[1])))
        notes += told
        if not told:
            alike.append(name)
    missing = [name for name in ASKED if name not in names]
    if missing:
        notes.append(
            f"{', '.join(missing)} of the participants {'is' if len(missing) == 1 else 'are'} not entered: "
            "whether the groups differ in that is not known."
        )
    if alike:
        notes.append(
            f"Compared, and no difference above d {LEAST_D:g} or {LEAST_SHARE:.0%}: {', '.join(alike)}."
        )
    return tuple(notes)


def sites_of(study: Study, batch_codes: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return fields that name a site and have two values at least among these participants, by code."""
    people = {person.code: fields_of(person) for person in roster(study)}
    found: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(name for fields in people.values() for name in fields):
        own = {code: people[code][name] for code in batch_codes if name in people.get(code, {})}
        if name.lower() in SITES and len(set(own.values())) > 1:
            found[name] = own
    return found


def _spoken(code: str, heard: Mapping[tuple[str, str], Sequence[Answer]]) -> dict[str, str]:
    """Return the mean length of a participant's answers, and of the voice in them, as text."""
    own = [each for (participant, _), answers in heard.items() if participant == code for each in answers]
    found = {}
    for name, values in ((LENGTH, [e.length_s for e in own]), (VOICED, [e.voiced_s for e in own])):
        known = [value for value in values if math.isfinite(value)]
        if known:
            found[name] = str(float(np.mean(known)))
    return found


def _compared(name: str, values: Values, size: tuple[int, int], classes: tuple[str, str]) -> Iterator[str]:
    """Yield what is to be said of one field; nothing where all is known and alike."""
    given = [[text for text in own if text.strip().lower() not in NO_VALUE] for own in values]
    finite = [[number for text in own if (number := _number(text)) is not None] for own in given]
    # A few entries such as "34 y" among numbers are slips of the pen, not kinds.
    are_numbers = sum(map(len, finite)) > MOSTLY * sum(map(len, given))
    counted = [len(own) for own in (finite if are_numbers else given)]
    known = " and ".join(
        f"{count} of {of} {one}" for count, of, one in zip(counted, size, classes, strict=True)
    )
    odd = next((text for own in given for text in own if _number(text) is None), "") if are_numbers else ""
    slip = f" ('{odd}' is no number)" if odd else ""
    if min(counted) < LEAST_KNOWN:
        yield f"{name} is known of {known}{slip}: not compared."
        return
    if counted != list(size):
        yield f"{name} is known of {known}{slip}: only these are compared."
    yield from _of_numbers(name, finite, classes) if are_numbers else _of_kinds(name, given, classes)


def _of_numbers(name: str, values: Sequence[Sequence[float]], classes: tuple[str, str]) -> Iterator[str]:
    means = [float(np.mean(own)) for own in values]
    spread = float(np.sqrt(np.mean([np.var(own, ddof=1) for own in values])))
    gap = means[1] - means[0]
    if abs(gap) > LEAST_D * spread:
        size = f" (d {gap / spread:.2f})" if spread > 0 else " (the same in all of each)"
        yield f"{name} differs: {classes[0]} {means[0]:.3g}, {classes[1]} {means[1]:.3g}{size}."


def _of_kinds(name: str, values: Sequence[Sequence[str]], classes: tuple[str, str]) -> Iterator[str]:
    kinds = sorted({*values[0], *values[1]})
    if len(kinds) > MOST_KINDS:
        yield f"{name} has {len(kinds)} different entries: not compared."
        return
    shares = np.array([[own.count(kind) / len(own) for kind in kinds] for own in values])
    apart = np.abs(shares[1] - shares[0])
    if apart.max() > LEAST_SHARE:
        worst = int(apart.argmax())
        yield (
            f"{name} differs: {kinds[worst]} are {shares[0, worst]:.0%} of {classes[0]} and "
            f"{shares[1, worst]:.0%} of {classes[1]}."
        )


def _number(text: str) -> float | None:
    """Return a finite number, None for anything else."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
