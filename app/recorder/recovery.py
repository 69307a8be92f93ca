"""Recovery: finish what a crash left, wherever it lies, and say what was lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

from analysis.session_file import SessionFileError, open_session
from app import clock
from app.plan import LIVE_SUFFIX, Lock, SessionPaths, at_work
from app.recorder.finishing import FinishingError, FinishResult, finish, finished_result
from stimuli.problems import EvokeError

WRITERS_S = 30.0


class RecoveryError(EvokeError):
    """There is nothing to recover, or it must not be done now."""


def recover(path: Path) -> list[FinishResult]:
    """Finish every session under `path`: a study, a folder, a live folder, a part or a finished file.

    A finished and sound file is reported as it is. Refuses a session that still runs. Raises
    RecoveryError or FinishingError; sessions of a folder that come before the failing one stay finished.
    """
    path = path.absolute()
    if not path.exists():
        # The live folder's name still says which session is meant after it has been finished.
        beside = SessionPaths.of_live(path).final if path.name.endswith(LIVE_SUFFIX) else path
        if beside == path or not beside.exists():
            raise RecoveryError(f"{path}: there is nothing of this name. Check the path.")
        path = beside
    if path.is_file():
        return _recover_file(path)
    if path.name.endswith(LIVE_SUFFIX):
        return _finished(SessionPaths.of_live(path))
    return _recover_folder(path)


def _recover_folder(folder: Path) -> list[FinishResult]:
    lives = [live for live in sorted(folder.rglob(f"*{LIVE_SUFFIX}")) if live.is_dir()]
    results: list[FinishResult] = []
    refused: list[EvokeError] = []
    for live in lives:
        try:
            results += _finished(SessionPaths.of_live(live))
        except (RecoveryError, FinishingError) as error:
            refused.append(error)
    if refused:
        raise refused[0] if len(refused) == 1 else RecoveryError("\n".join(map(str, refused)))
    if lives:
        return results
    files = [file for file in sorted(folder.rglob("*.h5")) if _is_finished(file)]
    if not files:
        raise RecoveryError(f"{folder}: holds no session, neither finished nor unfinished. Check the path.")
    return [_sound(file) for file in files]


def _recover_file(path: Path) -> list[FinishResult]:
    if path.parent.name.endswith(LIVE_SUFFIX):
        return _finished(SessionPaths.of_live(path.parent))
    if path.name.endswith(".h5.partial"):
        return recover(path.parent / f"{path.name.removesuffix('.h5.partial')}{LIVE_SUFFIX}")
    paths = SessionPaths(path.parent, path.stem)
    if paths.live.is_dir():
        return _finished(paths)
    # Whether a file with a checksum is sound is told by that, however little of it can be read.
    if not paths.checksum.exists() and not _is_finished(path):
        raise RecoveryError(
            f"{path}: is a part without its session's folder. Put it back into its `{LIVE_SUFFIX}` folder,"
            " beside session.json and the journals."
        )
    return [_sound(path)]


def _is_finished(path: Path) -> bool:
    try:
        with open_session(path) as session:
            return session.is_finished
    except SessionFileError as error:
        raise RecoveryError(str(error)) from error


def _sound(path: Path) -> FinishResult:
    try:
        return finished_result(path)
    except SessionFileError as error:
        raise RecoveryError(str(error)) from error


def _await_writers(paths: SessionPaths) -> None:
    """Let recorder and presenter of a killed supervisor end by themselves; raises RecoveryError."""
    deadline_s = clock.now() + WRITERS_S
    while left := at_work(paths):
        if clock.now() > deadline_s:
            who = ", ".join(f"{role} (process {pid})" for role, pid in left.items())
            raise RecoveryError(
                f"{paths.live}: the session has lost its supervisor and is still being ended by {who}."
                " Try again when the trial is over."
            )
        time.sleep(0.1)


def _finished(paths: SessionPaths) -> list[FinishResult]:
    lock = Lock.read(paths.lock)
    if lock is not None and lock.is_alive:
        what = "is being finished" if lock.finishing else "is still running"
        raise RecoveryError(f"{paths.live}: the session {what} (process {lock.pid}). Wait for its end.")
    if lock is not None and not lock.is_of_this_machine:
        raise RecoveryError(
            f"{paths.live}: was recorded on the computer {lock.host}, where it may still run."
            f" Recover it there, or remove {paths.lock.name} if that computer is off."
        )
    if not os.access(paths.folder, os.W_OK) or not os.access(paths.live, os.W_OK):
        raise RecoveryError(f"{paths.folder}: cannot be written. Mend its permissions, then try again.")
    _await_writers(paths)
    # Whoever else wants to finish it meanwhile finds it taken.
    Lock.of_this_process(0, "", "" if lock is None else lock.uuid).write(paths.lock)
    try:
        result = finish(paths)
    finally:
        # Still there only if it failed: then the next try must not wait for this process to end.
        if paths.live.exists() and lock is not None:
            lock.write(paths.lock)
        else:
            paths.lock.unlink(missing_ok=True)
    return [result, *result.more]
