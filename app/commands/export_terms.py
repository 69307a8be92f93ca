"""Which sessions of a study may go out, for what use, and what stays behind of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.amendments import FILE as AMENDMENTS
from analysis.amendments import Amendments
from app.consent import ConsentError, Modality, Use, demand_use
from app.participants import roster
from app.study import FinishedSession, Study, task_label
from app.study_files import append_line, exclusively, utc_now, writing
from app.withdrawal import EXPORTS
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.exchange.export_dataset import People
    from analysis.exchange.export_files import LeftOut


@dataclass(frozen=True, slots=True)
class Leaving:
    """A session that goes out: its file, the true participant, what was refused, another run's number."""

    path: Path
    participant: str
    refused: tuple[Modality, ...] = ()
    run: int | None = None


def leaving(study: Study, use: Use) -> tuple[list[Leaving], list[LeftOut]]:
    """Return the finished sessions that may go out for a use, and what may not with the reason.

    Raises EvokeError where the study holds corrections that this Evoke cannot apply.
    """
    from analysis.exchange.export_files import LeftOut

    amendments = understood(study)
    going: list[Leaving] = []
    left_out: list[LeftOut] = []
    names: set[tuple[str, int, str, int]] = set()
    for session in study.sessions():
        whose = amendments.code_of(session.participant, session.uuid, session.file)
        why = _refusal(study, session, amendments)
        refused: tuple[Modality, ...] = ()
        if not why:
            try:
                refused = demand_use(study, session, whose, use)
            except ConsentError as error:
                why = str(error)
        if why:
            left_out.append(LeftOut(f"session {Path(session.file).stem}", why))
            continue
        number, task = session.run, task_label(session.protocol)
        # A session under a corrected code may meet another of the same visit.
        while (whose, session.session, task, number) in names:
            number += 1
        names.add((whose, session.session, task, number))
        run = None if number == session.run else number
        going.append(Leaving(study.folder / session.file, whose, refused, run))
    for live in study.live_sessions():
        if live.live.parent.parent.parent == study.folder:
            left_out.append(LeftOut(f"session {live.name}", "is not finished"))
    return going, left_out


def leaving_alone(study: Study | None, path: Path, use: Use) -> Leaving:
    """Return the terms of one session that was asked for by its file; raises ConsentError, EvokeError."""
    session = None
    if study is not None:
        name = study.relative(path)
        session = next((entry for entry in study.sessions() if entry.file == name), None)
    if study is None or session is None:
        return Leaving(path, "")
    amendments = understood(study)
    whose = amendments.code_of(session.participant, session.uuid, session.file)
    try:
        refused = () if session.rehearsal else demand_use(study, session, whose, use)
    except ConsentError as error:
        raise ConsentError(f"{path}: {error}. Nothing was written.") from error
    return Leaving(path, whose, refused)


def understood(study: Study) -> Amendments:
    """Return the study's corrections; raises EvokeError for one that this Evoke cannot apply.

    What would go out then is what somebody has corrected already.
    """
    amendments = study.amendments()
    if amendments.unknown:
        raise EvokeError(
            f"{study.folder / AMENDMENTS}:{amendments.unknown[0]}: a correction that this export cannot"
            " apply, so nothing was written. Update Evoke, or export single sessions."
        )
    return amendments


def _refusal(study: Study, session: FinishedSession, amendments: Amendments) -> str:
    if session.rehearsal:
        return "is a rehearsal"
    reason = amendments.exclusion(session.participant, session.uuid, session.file)
    if reason is not None:
        return f"is excluded: {reason}" if reason else "is excluded"
    if not (study.folder / session.file).exists():
        return "its file is gone (withdrawn or moved)"
    return ""


def people_of(study: Study, codes: Iterable[str]) -> People:
    """Return what the study lets go out of some participants: group, and its fields that may leave."""
    from analysis.exchange.export_dataset import People

    wanted = set(codes)
    people = [each for each in roster(study) if each.code in wanted]
    columns: dict[str, Mapping[str, Any]] = {}
    if any(each.group for each in people):
        columns["group"] = {"Description": "Group of the participant in the study"}
    for spec in study.participant_fields:
        if spec.leaves:
            described: dict[str, Any] = {"Description": spec.label_in("en")}
            if spec.unit:
                described["Units"] = spec.unit
            if spec.options:
                described["Levels"] = {option: option for option in spec.options}
            columns[spec.name] = described
    values = {
        each.code: {name: each.group if name == "group" else each.fields.get(name, "") for name in columns}
        for each in people
    }
    return People(columns, values)


def note_export(study: Study, name: str, to: str, use: Use, going: Sequence[Leaving]) -> None:
    """Note that participants went out, so that a withdrawal can name where they are; raises StudyError.

    Only the name of the folder is kept: no place of this computer is stored in a study.
    """
    line = {
        "time": utc_now(),
        "name": name,
        "format": to,
        "use": use,
        "participants": [f"sub-{code}" for code in dict.fromkeys(each.participant for each in going)],
    }
    with writing(study.folder), exclusively(study.folder):
        append_line(study.folder / EXPORTS, line)
