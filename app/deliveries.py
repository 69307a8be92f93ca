"""Sessions of a study on a network or in a synchronised folder: recorded here, then brought there."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from app import away, copying
from app.places import kind_of
from app.plan import LIVE_SUFFIX, Lock, SessionPaths
from app.settings import data_folder
from app.study import Claim, FinishedSession, Study, StudyError
from stimuli.problems import EvokeError

REACH_S = 5.0
"""A network folder that does not answer so long is out of reach; asking it may take for ever."""
NEW_S = 60.0
"""A live folder younger than this may still get its plan."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a session's files are now: in the study, or still on this computer with the reason.

    `path` is the session file (None where nothing was recorded), `session` its line in the study's list,
    `message` one sentence for the operator, "" if there is nothing to tell.
    """

    path: Path | None
    is_in_study: bool
    message: str = ""
    sessions: tuple[FinishedSession, ...] = ()


def recording_paths(study: Study, claim: Claim) -> SessionPaths:
    """Return where the session of `claim` is to be recorded; its live folder exists there.

    The claim's own places for a study on this computer. Else places in this user's data folder, while the
    claim keeps the session's name in the study; then `deliver` must be called with them in the end, also
    if nothing was recorded. Raises StudyError, giving up the claim.
    """
    if kind_of(study.folder) == "local" or kind_of(data_folder()) != "local":
        # Where the user's own data are no safer there is nothing to gain.
        return claim.paths
    place = study.relative(claim.paths.folder)
    belongs = away.Belongs(study.identity(), str(study.folder.resolve()), place, claim.paths.name)
    try:
        folder = away.begin(claim.paths.live, belongs)
        # Another computer learns from it who records here; only ours look further.
        host = f"{socket.gethostname()} (in the account of who ran it)"
        Lock(0, 0.0, "", 0, "", "", host).write(claim.paths.lock)
    except OSError as error:
        _unclaim(claim.paths.live)
        raise StudyError(
            f"{error.filename or study.folder}: cannot be written ({error.strerror}). Nothing was recorded;"
            " mend the permissions there or free some space."
        ) from error
    return SessionPaths(folder, claim.paths.name)


def deliver(paths: SessionPaths, study: Study | None = None) -> Delivery:
    """Bring a finished session that was recorded by `recording_paths` into its study.

    Each file is copied, verified by SHA-256 and entered in the study's list; only then it is removed here
    and the place in the study is free of its claim. Does nothing for a session that was recorded in the
    study, or that is not finished. Never raises for a study that cannot be reached or written: then the
    files stay, the message says where, and the next start of the study (`finish_left_over`) or
    `evoke recover STUDY` calls this again. `study` is where the study lies now, if it was moved.
    """
    belongs = away.Belongs.read(paths.folder)
    if belongs is None or away.recordings() != paths.folder.parent:
        return Delivery(paths.final if paths.final.exists() else None, True)
    if _is_unfinished(paths):
        message = f"{paths.live}: is not finished. `evoke recover {paths.live}` finishes it."
        return Delivery(None, False, message)
    from analysis.session_file import SessionFileError

    found = sorted(paths.folder.glob("*.h5"))
    try:
        home = _reached(Path(belongs.folder) if study is None else study.folder, belongs.study)
        return _delivered(paths, belongs, home, found)
    except (EvokeError, SessionFileError, OSError) as error:
        if not found:
            return Delivery(None, False)
        message = (
            f"{paths.name} is finished and safe in {paths.folder}, but not yet in the study ({_bare(error)})."
            " It is copied when the study is used next, or by `evoke recover` on the study."
        )
        return Delivery(paths.final if paths.final.exists() else found[0], False, message)


def deliver_waiting(study: Study) -> list[Delivery]:
    """Deliver every finished session of the study that still lies here, and say what became of each."""
    deliveries = []
    for folder in away.waiting(study.uuid) if study.uuid else ():
        belongs = away.Belongs.read(folder)
        if belongs is not None and not _is_unfinished(SessionPaths(folder, belongs.name)):
            deliveries.append(deliver(SessionPaths(folder, belongs.name), study))
    for live in study.folder.glob(f"**/sub-*/ses-*/*{LIVE_SUFFIX}"):
        note = away.Elsewhere.read(live)
        if note is not None and note.is_ours and not note.folder.exists():
            _unclaim(live)
    return deliveries


def unfinished_away(study: Study) -> list[SessionPaths]:
    """Return the study's sessions that a crash left in this user's data folder."""
    left = []
    for folder in away.waiting(study.uuid) if study.uuid else ():
        belongs = away.Belongs.read(folder)
        if belongs is not None:
            paths = SessionPaths(folder, belongs.name)
            lock = Lock.read(paths.lock)
            if lock is not None and not lock.is_alive:
                left.append(paths)
    return left


def _is_unfinished(paths: SessionPaths) -> bool:
    if not paths.live.exists():
        return False
    # A live folder without a plan is one that has just been made, or of a start that failed.
    is_new = time.time() - paths.live.stat().st_mtime < NEW_S
    return is_new or paths.plan.exists() or bool(paths.parts())


def _reached(folder: Path, uuid: str) -> Study:
    """Return the study in `folder`; raises StudyError if it is not there or does not answer in time."""
    found: list[Study] = []

    def look() -> None:
        with contextlib.suppress(EvokeError, OSError):
            found.append(Study.open(folder))

    # A network folder that has gone can keep whoever asks for it waiting for ever.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(REACH_S)
    if not found or found[0].uuid != uuid:
        raise StudyError(f"the study's folder {folder} is out of reach")
    return found[0]


def _delivered(paths: SessionPaths, belongs: away.Belongs, study: Study, found: list[Path]) -> Delivery:
    target = study.folder / belongs.place
    sessions, told = [], []
    first: Path | None = None
    for path in found:
        copy, sha256 = _copied(path, target, belongs.name)
        if copy.name != path.name:
            told.append(f"{path.stem} was taken in the study meanwhile; the session is there as {copy.stem}.")
        sessions.append(study.enter(copy, sha256))
        first = first or copy
    for path in sorted(entry for entry in paths.logs.rglob("*") if entry.is_file()):
        with contextlib.suppress(copying.DiffersError):
            copying.copy_verified(path, target / paths.logs.name / path.relative_to(paths.logs))
    claim = target / f"{belongs.name}{LIVE_SUFFIX}"
    note = away.Elsewhere.read(claim)
    if note is not None and note.recording == paths.folder.name:
        _unclaim(claim)
    _remove(paths.folder)
    return Delivery(first, True, " ".join(told), tuple(sessions))


def _copied(path: Path, target: Path, claimed: str) -> tuple[Path, str]:
    """Copy a session file into the study under its own name or the next run that is free."""
    copy = target / path.name
    while True:
        is_claimed = copy.with_suffix(LIVE_SUFFIX).exists() and copy.stem != claimed
        if not is_claimed:
            with contextlib.suppress(copying.DiffersError):
                return copy, copying.copy_verified(path, copy)
        run = re.search(r"_run-(\d+)", copy.stem)
        number = int(run[1]) + 1 if run else 2
        stem = copy.stem[: run.start()] if run else copy.stem
        copy = copy.with_name(f"{stem}_run-{number:02d}.h5")


def _unclaim(live: Path) -> None:
    """Give a session's name in the study free; what else may lie there stays."""
    for name in ("session.lock", away.NOTE):
        with contextlib.suppress(OSError):
            (live / name).unlink()
    with contextlib.suppress(OSError):
        live.rmdir()


def _remove(folder: Path) -> None:
    """Remove a delivered session here, last what says where it belongs: killed before, it is done again."""
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name != away.BELONGS:
            with contextlib.suppress(OSError):
                entry.chmod(0o600)
            entry.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _bare(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")
