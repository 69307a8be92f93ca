"""What a crash left in a study is finished before the next session; finished files enter the study's list."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app.plan import SessionPlan
from app.study import REHEARSALS, FinishedSession, Study
from stimuli.problems import EvokeError


def finish_left_over(study: Study, say: Callable[[str], None]) -> None:
    """Finish every session of the study that nobody looks after any more, saying so.

    One that cannot be finished is named and left as it is: it keeps nobody from the next session.
    """
    left = study.unfinished()
    if not left:
        return
    from app.recorder.recovery import recover

    for paths in left:
        say(f"{paths.name}: was interrupted; finishing it.")
        try:
            plan = SessionPlan.load(paths.plan)
            results = recover(paths.live)
        except (EvokeError, OSError, ValueError, KeyError) as error:
            say(
                f"{paths.name}: could not be finished now ({error}). What was recorded stays in {paths.live}."
            )
            continue
        shutil.rmtree(plan.runtime, ignore_errors=True)
        for result in results:
            lost = {stream: seconds for stream, seconds in result.lost_s.items() if seconds}
            say(f"{result.path.name}: finished" + (f"; seconds lost: {lost}." if lost else "; nothing lost."))
            add_to_study(study, plan, result.path, result.sha256)


def add_to_study(study: Study, plan: SessionPlan, path: Path, sha256: str) -> None:
    """Enter the finished file at `path`, recorded by `plan` or (another boot) after it, in the list."""
    file = study.relative(path)
    run = re.search(r"_run-(\d+)", path.name)
    schedule = plan.schedule or {}
    study.add_finished(
        FinishedSession(
            file=file,
            sha256=sha256,
            uuid=plan.uuid if path.stem == plan.name else _uuid_in(path),
            origin=plan.origin,
            participant=plan.participant,
            session=plan.session,
            run=int(run.group(1)) if run else plan.run,
            protocol=str(schedule.get("protocol", "")),
            protocol_version=int(schedule.get("version", 0)),
            rehearsal=file.startswith(f"{REHEARSALS}/"),
            added=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
    )


def _uuid_in(path: Path) -> str:
    from analysis.session_file import open_session

    with open_session(path) as session:
        return str(session.attributes["uuid"])
