"""Studies of people with finished sessions, made in a moment; nobody is real."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.records import StreamInfo
from app import consent
from app.consent import Answers
from app.plan import SessionPaths, SessionPlan
from app.recorder.finishing import finish
from app.study import FinishedSession, Study
from tests.helpers.recordings import PLAN, SCHEDULE, START_S, Script, record, samples, supervisor_script

PROTOCOL, VERSION = "small", 1
EEG = (samples("eeg", 2, 20.0),)
FREE_TEXT = {
    "index": 0,
    "trial": 0,
    "block": "main",
    "kind": "questionnaire",
    "name": "rating",
    "duration": [0, 1, None],
    "stimulus": "",
    "content": {"items": [{"id": "why", "text": "Why?", "scale": "text"}]},
}


def trials_script(done: int, begun: int = 0, reason: str = "completed") -> Script:
    """Return what a presenter writes down of `done` whole trials and `begun` ones that broke off."""
    script = Script("presenter")
    script.add(START_S, "schedule_started")
    for trial in range(done + begun):
        t = START_S + 0.1 + trial / 2
        script.add(t, "trial_started", trial, stimulus=f"s{trial}", category="neutral", order=trial)
        script.add(
            t + 0.1, "stimulus_shown", trial, "picture", stimulus=f"s{trial}", intended_s=t, actual_s=t
        )
        typed = {"key": "Q", "char": "Q", "edge": "down", "class": "letter", "received_s": t}
        script.add(t + 0.2, "key", trial, "rating", **typed)
        script.add(t + 0.2, "response", trial, "rating", item="why", value="because of mum", reaction_s=0.1)
        script.add(t + 0.2, "response", trial, "rating", item="valence", value=5, reaction_s=0.1)
        script.add(t + 0.4, "trial_ended", trial, reason="completed" if trial < done else "aborted")
    script.add(START_S + 2.2, "schedule_ended", reason=reason)
    return script


def agree(study: Study, code: str, **answers: Any) -> None:
    """Note a consent to the small protocol."""
    consent.give(study, Answers(**answers).consent(code, PROTOCOL, VERSION))


def recorded(
    study: Study,
    code: str,
    session: int = 1,
    *,
    done: int = 2,
    begun: int = 0,
    reason: str = "completed",
    streams: Sequence[StreamInfo] = EEG,
    **plan: Any,
) -> FinishedSession:
    """Record a session of a participant in the study, as if somebody had sat there."""
    study.slot_for(code)
    claim = study.next_session(code, session, PROTOCOL)
    known = consent.consent_for(study, code, PROTOCOL, VERSION)
    own = replace(
        PLAN,
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, claim.paths.name)),
        name=claim.paths.name,
        origin="recorded",
        study=study.name,
        participant=code,
        session=session,
        run=claim.run,
        schedule={**SCHEDULE, "participant": code, "session": session, "stages": [FREE_TEXT]},
        consent={} if known is None else known.to_json(),
        characters=True,
        auto=False,
        **plan,
    )
    result = finish(live_session(claim.paths, own, trials_script(done, begun, reason), reason, streams))
    return study.enter(result.path, result.sha256)


def live_session(
    paths: SessionPaths, plan: SessionPlan, presenter: Script, reason: str, streams: Sequence[StreamInfo]
) -> SessionPaths:
    """Fill a live folder with a session that has ended in order and is not finished."""
    plan.save(paths.plan)
    presenter.append_to(paths.journal("presenter"))
    supervisor_script(START_S + 2.5, reason).append_to(paths.journal("supervisor"))
    Script("recorder").append_to(paths.journal("recorder"))
    record(paths.part(1), START_S, START_S + 2.5, plan, streams)
    return paths


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines, none where there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
