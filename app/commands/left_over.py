"""What a crash or a vanished network left of a study is finished and brought home before the next session."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app import away
from app.deliveries import deliver, deliver_waiting, unfinished_away
from app.plan import LIVE_SUFFIX, SessionPaths, SessionPlan
from app.study import REHEARSALS, Study
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.recorder.finishing import FinishResult


def finish_left_over(study: Study, say: Callable[[str], None]) -> None:
    """Finish every session of the study that nobody looks after any more, saying so.

    One that cannot be finished is named and left as it is: it keeps nobody from the next session. Those
    that were recorded away from the study are brought into it.
    """
    for paths in dict.fromkeys([*study.unfinished(), *unfinished_away(study)]):
        _finish(study, paths, say)
    _enter_unlisted(study, say)
    for delivery in deliver_waiting(study):
        for session in delivery.sessions:
            say(f"{session.file}: was recorded on this computer and is in the study now.")
        if delivery.message:
            say(delivery.message)


def _enter_unlisted(study: Study, say: Callable[[str], None]) -> None:
    """Enter finished sessions in the list that somebody was killed behind, before he could do so."""
    listed = {session.file for session in study.sessions()}
    found = [
        path for top in ("", f"{REHEARSALS}/") for path in study.folder.glob(f"{top}sub-*/ses-*/sub-*.h5")
    ]
    unlisted = sorted(path for path in found if study.relative(path) not in listed)
    if not unlisted:
        return
    from analysis.session_file import SessionFileError
    from app.recorder.finishing import finished_result

    for path in unlisted:
        with contextlib.suppress(EvokeError, SessionFileError, OSError, KeyError):
            study.enter(path, finished_result(path).sha256)
            say(f"{path.name}: was finished and not listed; it is in the study's list now.")


def _finish(study: Study, paths: SessionPaths, say: Callable[[str], None]) -> None:
    from app.recorder.recovery import recover

    say(f"{paths.name}: was interrupted; finishing it.")
    try:
        plan = SessionPlan.load(paths.plan)
        results = recover(paths.live)
    except (EvokeError, OSError, ValueError, KeyError) as error:
        say(f"{paths.name}: could not be finished now ({error}). What was recorded stays in {paths.live}.")
        return
    shutil.rmtree(plan.runtime, ignore_errors=True)
    for result in results:
        lost = {stream: seconds for stream, seconds in result.lost_s.items() if seconds}
        say(f"{result.path.name}: finished" + (f"; seconds lost: {lost}." if lost else "; nothing lost."))
        if away.Belongs.read(paths.folder) is None:
            study.enter(result.path, result.sha256)


def recover_at(path: Path, say: Callable[[str], None]) -> list[FinishResult]:
    """Recover what `path` means, sessions of a study that are recorded elsewhere too; raises EvokeError.

    Finished files enter the study's list; those recorded elsewhere are in the study afterwards, or `say`
    tells why not.
    """
    from app.recorder.recovery import recover

    results: list[FinishResult] = []
    study = Study.open(path) if (path / "study.yaml").exists() else None
    if study is not None:
        for paths in unfinished_away(study):
            results += recover(paths.live)
        results = [_brought_home(result, study, say) for result in results]
        results += [result for result in _waiting(study, say) if result.path not in _places(results)]
    if not results or any(path.glob(f"**/*{LIVE_SUFFIX}")):
        results += [_brought_home(result, study, say) for result in recover(path)]
    return results


def _places(results: list[FinishResult]) -> set[Path]:
    return {result.path for result in results}


def _waiting(study: Study, say: Callable[[str], None]) -> list[FinishResult]:
    from app.recorder.finishing import finished_result

    results = []
    for delivery in deliver_waiting(study):
        if delivery.message:
            say(delivery.message)
        results += [finished_result(study.folder / session.file) for session in delivery.sessions]
    return results


def _brought_home(result: FinishResult, study: Study | None, say: Callable[[str], None]) -> FinishResult:
    """Enter a finished file in the study that it lies in, or bring it into the one that it belongs to."""
    belongs = away.Belongs.read(result.path.parent)
    if belongs is None:
        around = Study.containing(result.path)
        if around is not None:
            around.enter(result.path, result.sha256)
        return result
    delivery = deliver(SessionPaths(result.path.parent, belongs.name), study)
    if delivery.message:
        say(delivery.message)
    for session in delivery.sessions:
        if session.sha256 == result.sha256:
            return replace(result, path=_home_of(delivery.path, session.file))
    return result


def _home_of(path: Path | None, file: str) -> Path:
    """Return the place of `file` (relative to the study) beside a session's file `path`."""
    assert path is not None, "what was delivered has a path"
    return path.parent / Path(file).name
