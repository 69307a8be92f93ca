"""Open data sets as sessions of a study, for papers' tables: what `evoke import` does, without its talk."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from analysis.exchange.import_emodb import NAME as EMODB_NAME
from analysis.exchange.import_emodb import members as emodb_members
from analysis.exchange.import_session import Imported, ImportFileError, write_session
from analysis.exchange.import_set import Member
from analysis.exchange.import_speech import TABLE, wav_files
from analysis.exchange.import_speech import members as speech_members
from analysis.exchange.speech_names import scheme_of
from analysis.session_file import SessionFileError, WriteFailedError
from app.analysing.literature.reproducing import LiteratureError
from app.copying import copy_verified
from app.deliveries import recording_paths
from app.distributions import version
from app.plan import SessionPlan
from app.study import Study

NAMESPACE = uuid.UUID("6f0f3c5e-3d5a-4f0e-9a55-0d6c9a3f1e11")
"""As `evoke import` has it: the same recording has the same number, whichever way it came in."""

CORPORA: Mapping[str, str] = MappingProxyType({"emodb": "Emo-DB", "tess": "TESS", "ravdess": "RAVDESS"})
"""Names of corpora by the word of their sessions' files."""


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


def enter_speech(
    study: Study,
    source: Path | None,
    said: Callable[[str], None] = lambda words: None,
    speakers: tuple[str, ...] = (),
) -> str:
    """Make a folder of speech sessions of a study that does not have them yet; return the corpus's name.

    By its table where there is one, else by the published naming that its files follow. `speakers` are those
    of Emo-DB to be taken, () for all. Raises LiteratureError with one clear message.
    """
    if source is None:
        tasks = {_task(session.file) for session in study.sessions()}
        if not tasks:
            raise LiteratureError(
                "The folder of Emo-DB's wav files is needed, or of other speech: add it behind the name."
            )
        return CORPORA.get(tasks.pop(), "speech") if len(tasks) == 1 else "speech"
    try:
        is_table = source.is_dir() and (source / TABLE).is_file()
        scheme = "" if is_table or not source.is_dir() else scheme_of(path.stem for path in wav_files(source))
        if source.is_dir() and not is_table and not scheme:
            raise LiteratureError(
                f"{source}: its wav files are named as none of {', '.join(CORPORA.values())}. Put a table "
                f"{TABLE} there with the columns file, speaker, emotion."
            )
        if not is_table and scheme in ("", "emodb"):
            enter_emodb(study, source, said, speakers)
            return CORPORA["emodb"]
        known = {session.participant for session in study.sessions()}
        for member in speech_members(source, scheme):
            if member.participant not in known:
                said(f"importing speaker {member.participant}")
                enter(study, member, scheme or "speech")
    except ImportFileError as error:
        raise LiteratureError(str(error)) from error
    except (OSError, WriteFailedError, SessionFileError) as error:
        raise LiteratureError(
            f"{source}: could not be imported ({error}). Look at the disk's room."
        ) from error
    return CORPORA.get(scheme, f"speech of {source.resolve().name}")


def _task(file: str) -> str:
    """Return the word for the task in a session file's name."""
    return file.rpartition("_task-")[2].partition("_")[0]


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
