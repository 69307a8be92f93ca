"""Open data sets as sessions of a study, for papers' tables: what `evoke import` does, without its talk."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from analysis.exchange.import_emodb import NAME as EMODB_NAME
from analysis.exchange.import_emodb import members as emodb_members
from analysis.exchange.import_session import Imported, ImportFileError, write_session
from analysis.exchange.import_set import Member
from analysis.session_file import SessionFileError, WriteFailedError
from app.analysing.literature.reproducing import LiteratureError
from app.copying import copy_verified
from app.deliveries import recording_paths
from app.distributions import version
from app.plan import SessionPlan
from app.study import Study

NAMESPACE = uuid.UUID("6f0f3c5e-3d5a-4f0e-9a55-0d6c9a3f1e11")
"""As `evoke import` has it: the same recording has the same number, whichever way it came in."""


def enter_emodb(
    study: Study,
    source: Path | None,
    said: Callable[[str], None] = lambda words: None,
    speakers: tuple[str, ...] = (),
) -> None:
    """Make each speaker of Emo-DB (or those named) a session of a study that does not have him yet.

    Raises LiteratureError where there is no such folder, a file is damaged, or the disk refuses.
    """
    known = {session.participant for session in study.sessions()}
    if source is None:
        if known:
            return
        raise LiteratureError("The folder of Emo-DB's wav files is needed: add it behind the name.")
    if not source.is_dir():
        raise LiteratureError(f"{source}: there is no such folder. Name the one of Emo-DB's wav files.")
    try:
        members = emodb_members(source)
        for member in members:
            if member.participant in known or (speakers and member.participant not in speakers):
                continue
            said(f"importing speaker {member.participant}")
            enter(study, member, "emodb")
    except ImportFileError as error:
        raise LiteratureError(str(error)) from error
    except (OSError, WriteFailedError, SessionFileError) as error:
        raise LiteratureError(
            f"{source}: could not be imported ({error}). Look at the disk's room."
        ) from error


def fullest(source: Path | None, count: int) -> tuple[str, ...]:
    """Return the `count` speakers of Emo-DB with most emotions, by their files' names; () without any."""
    emotions: dict[str, set[str]] = {}
    for path in sorted(source.glob("*.wav")) if source is not None and source.is_dir() else ():
        known = EMODB_NAME.fullmatch(path.stem)
        if known is not None:
            emotions.setdefault(known["speaker"], set()).add(known["emotion"])
    return tuple(sorted(emotions, key=lambda speaker: (-len(emotions[speaker]), speaker))[:count])


def enter(study: Study, member: Member, task: str) -> None:
    """Make one session of a data set a session of the study; raises ImportFileError and the disk's errors."""
    study.check_participant(member.participant)
    imported: Imported = member.read()
    claim = study.next_session(member.participant, member.session, task)
    paths = recording_paths(study, claim)
    plan = SessionPlan(
        uuid=str(uuid.uuid5(NAMESPACE, imported.fingerprint)),
        name=paths.name,
        origin="imported",
        study=study.name,
        participant=member.participant,
        session=member.session,
        run=claim.run,
        created_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
        window="none",
    )
    attributes = asdict(plan) | {"software": {"evoke": version()}}
    del attributes["protocol_yaml"], attributes["schedule"]
    with tempfile.TemporaryDirectory(prefix="evoke-import-") as folder:
        made = Path(folder) / paths.final.name
        sha256 = write_session(made, imported, attributes)
        study.slot_for(member.participant)
        copy_verified(made, paths.final, expected=sha256)
        paths.live.rmdir()
        study.enter(paths.final, sha256)
