"""`evoke import` of a published data set: every participant becomes a session file of the study."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.importing import ImportingError, disk_errors_end_it, enter, reading_errors
from app.participant_fields import FieldSpec
from app.participants import change
from app.study import Study, StudyError, task_label
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.exchange.import_set import Member

FIELDS = (
    FieldSpec("sex", {"": "Sex"}, "choice", options=("female", "male")),
    FieldSpec("age", {"": "Age"}, "number", "years"),
)
"""What sets say of participants, as a study that does not ask for it itself is given it."""
SETS = {
    name: f"analysis.exchange.import_{name.replace('-', '_')}:members"
    for name in ("stress-predict", "emodb", "deap", "seed", "amigos", "wesad", "csi", "speech")
}
"""Published data sets; the function takes a path and returns `import_set.Member`s, a session each."""
OF_STRANGERS = frozenset(SETS) - {"csi", "speech"}
"""Sets that number people of their own; logs and speech may be of people of the study."""


def import_set(study: Study, name: str, source: Path, as_json: bool, name_rule: str = "") -> int:
    """Import every session of a data set that the study does not have; return the exit status.

    One that cannot be read is said, and the others come in all the same. `name_rule` says how files of speech
    are named.
    """
    if study.kind == "simulation":
        raise ImportingError(
            f"{study.folder}: holds simulations only, and {name} is of people. Make a study of people for it."
        )
    entered: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for member in members(name, source, name_rule):
        about = {"participant": member.participant, "session": member.session}
        try:
            there = _there(study, member, name)
            if there:
                known.append({**about, "file": there})
                _tell(as_json, f"{there}: in the study already")
                continue
            imported = reading_errors(member.place, member.read)
            with disk_errors_end_it():
                made = enter(study, imported, member.participant, name, member.session)
        except EvokeError as error:
            failed.append({**about, "error": str(error)})
            print(f"evoke: {member.participant}: {error}", file=sys.stderr, flush=True)
            continue
        said = (*imported.statements, *filter(None, [made.message, _noted(study.folder, member)]))
        entered.append(
            {
                **about,
                "path": str(made.path.absolute()),
                "uuid": made.uuid,
                "sha256": made.sha256,
                "trials": len(imported.trials),
                "streams": [stream.info.id for stream in imported.streams],
                "statements": list(said),
            }
        )
        _tell(as_json, f"{made.path}\n  trials: {len(imported.trials)}")
        for text in said:
            print(f"evoke: {member.participant}: {text}", file=sys.stderr, flush=True)
    if as_json:
        print(json.dumps({"sessions": entered, "known": known, "failed": failed}, ensure_ascii=False))
    else:
        print(f"{len(entered)} imported, {len(known)} there already, {len(failed)} failed")
    return 1 if failed else 0


def _noted(folder: Path, member: Member) -> str:
    """Write what a set says of a participant into the study's fields; return why not, "" if it is there."""
    if not member.about:
        return ""
    try:
        study = Study.open(folder)
        there = {spec.name for spec in study.participant_fields}
        new = tuple(spec for spec in FIELDS if spec.name in member.about and spec.name not in there)
        if new:
            study = study.with_settings(participant_fields=(*study.participant_fields, *new))
        change(study, member.participant, fields=member.about)
    except StudyError as error:
        return f"what the set says of this person is not noted: {error}"
    return ""


def _tell(as_json: bool, text: str) -> None:
    if not as_json:
        print(text, flush=True)


def _there(study: Study, member: Member, name: str) -> str:
    """Return the file of a session that the study has of the same participant and visit, "" for none.

    Raises ImportingError where the code is that of somebody else: sets count their people alike.
    """
    amendments = study.amendments()
    own = [
        known
        for known in study.sessions()
        if not known.rehearsal
        and amendments.code_of(known.participant, known.uuid, known.file) == member.participant
    ]
    for known in own:
        if name in OF_STRANGERS and f"_task-{task_label(name)}_run-" not in known.file:
            raise ImportingError(
                f"{known.file} is of a {member.participant} who is not of {name}: two people would be one."
                " Import the set into a study of its own."
            )
    return next((known.file for known in own if known.session == member.session), "")


def members(name: str, source: Path, name_rule: str = "") -> tuple[Member, ...]:
    """Return the sessions of a data set at a place; raises ImportingError."""
    if not source.exists():
        raise ImportingError(f"{source}: there is nothing of this name. Check the path.")
    module, _, function = SETS[name].partition(":")
    find: Callable[..., tuple[Member, ...]] = getattr(importlib.import_module(module), function)
    return reading_errors(source, lambda: find(source, name_rule) if name_rule else find(source))
