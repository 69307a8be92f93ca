"""Lines of a study's list of sessions, without the recordings themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.study import FinishedSession

BROKEN: dict[str, Any] = {"reason": "aborted", "ended": 5, "done": 4}
"""How a line differs whose session was aborted after four of its sixteen trials."""


def finished(code: str, session: int, run: int = 1, **more: Any) -> FinishedSession:
    """Return the line of a finished session, complete unless `more` says otherwise."""
    folder = f"sub-{code}/ses-{session:02d}"
    known = FinishedSession(
        file=f"{folder}/sub-{code}_ses-{session:02d}_task-demo_run-{run:02d}.h5",
        sha256="",
        uuid=f"{code}-{session}-{run}",
        origin="recorded",
        participant=code,
        session=session,
        run=run,
        protocol="demo",
        protocol_version=2,
        rehearsal=False,
        added=f"2026-11-{session:02d}T10:00:00Z",
        reason="completed",
        trials=16,
        ended=16,
        done=16,
    )
    return replace(known, **more)
