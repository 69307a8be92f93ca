"""`evoke import`: another program's recording becomes a finished session of a participant."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app.copying import copy_verified
from app.deliveries import deliver, recording_paths
from app.plan import SessionPaths, SessionPlan
from app.settings import data_folder
from app.study import Study, StudyError
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.exchange.import_session import Imported

Found = TypeVar("Found")
READERS = {
    "e4": "analysis.exchange.import_e4:read_e4",
    "xdf": "analysis.exchange.import_xdf:read_xdf",
    "edf": "analysis.exchange.import_edf:read_edf",
}
"""Format -> `module:function`; the function takes a path and returns `import_session.Imported`."""
PLANNED = 2.2
"""Bytes on the disk for a byte of rows: the part, and the file made of it."""
NAMESPACE = uuid.UUID("6f0f3c5e-3d5a-4f0e-9a55-0d6c9a3f1e11")
"""Of session uuids: the same recording gets the same one, so that it comes in once."""


class ImportingError(EvokeError):
    """A recording cannot be imported; the study is as it was."""


class DiskError(ImportingError):
    """The session file could not be written: HDF5 crashes the interpreter if that comes to its exit."""


@dataclass(frozen=True, slots=True)
class Entered:
    """An imported session: its file (where the study could not be reached: here), and what to know of it."""

    path: Path
    uuid: str
    sha256: str
    message: str = ""


def import_(options: argparse.Namespace) -> int:
    """Import one recording, or all of a published data set, into a study."""
    from app.commands.importing_sets import SETS, import_set

    study = Study.open(options.study)
    if options.format in SETS:
        return import_set(study, options.format, options.source, options.json, options.name_rule)
    participant = options.participant.removeprefix("sub-")
    imported = read(options.format, options.source)
    with disk_errors_end_it():
        entered = enter(study, imported, participant, options.format, options.session)
    streams = [
        {
            "id": stream.info.id,
            "rate_hz": stream.info.rate_hz,
            "samples": stream.rows,
            "gaps": len(stream.gaps),
        }
        for stream in imported.streams
    ]
    if options.json:
        known = {"path": str(entered.path.absolute()), "uuid": entered.uuid, "sha256": entered.sha256}
        told = {"statements": list(imported.statements), "message": entered.message}
        print(json.dumps(known | {"streams": streams, "events": len(imported.events)} | told))
        return 0
    print(entered.path)
    for stream in streams:
        gaps = f", {stream['gaps']} gaps" if stream["gaps"] else ""
        rate = f"{stream['rate_hz']:g} Hz" if stream["rate_hz"] else "irregular"
        print(f"  {stream['id']}: {stream['samples']} samples, {rate}{gaps}")
    print(f"  events: {len(imported.events)}")
    for text in (*imported.statements, *filter(None, [entered.message])):
        print(f"evoke: {text}", file=sys.stderr)
    return 0


def reading_errors(place: Path, read: Callable[[], Found]) -> Found:
    """Turn what reading raises into ImportingError."""
    from analysis.exchange.import_session import ImportFileError

    try:
        return read()
    except ImportFileError as error:
        raise ImportingError(str(error)) from error
    except OSError as error:
        raise ImportingError(f"{place}: cannot be read ({error.strerror or error}).") from error


@contextlib.contextmanager
def disk_errors_end_it() -> Iterator[None]:
    """Leave at once where a session file could not be written: see DiskError."""
    try:
        yield
    except DiskError as error:
        sys.stdout.flush()
        print(f"evoke: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def read(kind: str, source: Path) -> Imported:
    """Read a recording of format `kind`; raises ImportingError."""
    if not source.exists():
        raise ImportingError(f"{source}: there is nothing of this name. Check the path.")
    module, _, function = READERS[kind].partition(":")
    reader: Callable[[Path], Imported] = getattr(importlib.import_module(module), function)
    return reading_errors(source, lambda: reader(source))


def enter(
    study: Study, imported: Imported, participant: str, task: str, session: int | None = None
) -> Entered:
    """Make a finished session of the study out of a recording; raises EvokeError, the study as it was.

    The file is written and verified outside of the study first. The same recording is refused a second
    time, whatever its file is called.
    """
    study.check_participant(participant)
    identity = str(uuid.uuid5(NAMESPACE, imported.fingerprint))
    for known in study.sessions():
        if known.uuid == identity:
            raise ImportingError(f"this recording is in the study already: {known.file}.")
    number = study.next_visit(participant) if session is None else session
    with _workshop() as folder:
        free, needed = shutil.disk_usage(folder).free, PLANNED * imported.bytes
        if free < needed:
            raise ImportingError(
                f"{folder.parent}: {free / 1e6:.0f} MB are free and {needed / 1e6:.0f} are needed. Free some."
            )
        is_new = all(person.code != participant for person in study.participants())
        claim = study.next_session(participant, number, task)
        try:
            paths = recording_paths(study, claim)
            plan = SessionPlan(
                uuid=identity,
                name=paths.name,
                origin="imported",
                study=study.name,
                participant=participant,
                session=number,
                run=claim.run,
                created_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
                window="none",
            )
            sha256 = _written(folder / paths.final.name, imported, plan)
            study.slot_for(participant)
            return _entered(study, paths, folder / paths.final.name, sha256, identity)
        except BaseException:
            _undo(study, claim.paths, participant if is_new else "")
            raise


def _written(target: Path, imported: Imported, plan: SessionPlan) -> str:
    from analysis.exchange.import_session import write_session
    from analysis.session_file import SessionFileError, WriteFailedError
    from app.distributions import version

    attributes: dict[str, Any] = asdict(plan) | {"software": {"evoke": version()}}
    del attributes["protocol_yaml"], attributes["schedule"]
    try:
        return write_session(target, imported, attributes)
    except (OSError, WriteFailedError) as error:
        reason = os.strerror(error.errno) if error.errno else "the disk refused"
        raise DiskError(
            f"{target.parent}: the session file could not be written ({reason}). Free some space there."
        ) from error
    except SessionFileError as error:
        raise ImportingError(str(error)) from error


def _entered(study: Study, paths: SessionPaths, made: Path, sha256: str, identity: str) -> Entered:
    copy_verified(made, paths.final, expected=sha256)
    with contextlib.suppress(FileNotFoundError):
        paths.live.rmdir()
    delivery = deliver(paths, study)
    if delivery.path == paths.final and delivery.is_in_study:
        study.enter(paths.final, sha256)
    return Entered(delivery.path or paths.final, identity, sha256, delivery.message)


def _undo(study: Study, claimed: SessionPaths, newcomer: str) -> None:
    """Take back a claim and what came after it; what others put there meanwhile stays."""
    local = SessionPaths.of_live(claimed.live)
    if local.folder != claimed.folder:
        shutil.rmtree(local.folder, ignore_errors=True)
    shutil.rmtree(claimed.live, ignore_errors=True)
    entered = {session.file for session in study.sessions()}
    if study.relative(claimed.final) not in entered:
        claimed.final.unlink(missing_ok=True)
    for folder in (claimed.folder, claimed.folder.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()
    if newcomer:
        with contextlib.suppress(StudyError):
            study.forget_newcomer(newcomer)


@contextlib.contextmanager
def _workshop() -> Iterator[Path]:
    """Give an empty folder in the user's data and remove it in the end, with what a killed import left."""
    parent = data_folder() / "importing"
    folder = parent / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            parent.rmdir()
