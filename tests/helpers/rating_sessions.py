"""Finished norming sessions, made in a moment: who rated which stimulus how."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analysis.records import Origin
from app.recorder.finishing import finish
from app.study import FinishedSession, Study
from tests.helpers.people import EEG, live_session
from tests.helpers.recordings import PLAN, SCHEDULE, START_S, Script

Answers = Mapping[str, Mapping[str, Any]]


def rated_session(
    study: Study,
    code: str,
    answers: Answers,
    *,
    points: Mapping[str, int],
    protocol: str = "norming-mine",
    origin: Origin = "recorded",
    aborted: tuple[str, ...] = (),
    practice: tuple[str, ...] = (),
    session: int = 1,
) -> FinishedSession:
    """Record `answers` (stimulus -> scale -> value) of one rater; trials of `aborted` broke off."""
    study.slot_for(code)
    claim = study.next_session(code, session, protocol)
    script = Script("presenter")
    script.add(START_S, "schedule_started")
    for trial, (stimulus, values) in enumerate(answers.items()):
        t = START_S + 0.1 + trial / 5
        script.add(t, "trial_started", trial, stimulus=stimulus, category="rated", order=trial)
        for item, value in values.items():
            script.add(t + 0.1, "response", trial, "ratings", item=item, value=value, reaction_s=0.1)
        script.add(t + 0.15, "trial_ended", trial, reason="aborted" if stimulus in aborted else "completed")
    script.add(START_S + 2.2, "schedule_ended", reason="completed")
    plan = replace(
        PLAN,
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, claim.paths.name)),
        name=claim.paths.name,
        origin=origin,
        study=study.name,
        participant=code,
        session=session,
        run=claim.run,
        schedule={
            **SCHEDULE,
            "protocol": protocol,
            "participant": code,
            **_trials(answers, points, practice),
        },
        protocol_yaml=f"name: {protocol}\nversion: 1\n",
        auto=origin != "recorded",
    )
    result = finish(live_session(claim.paths, plan, script, "completed", EEG))
    return study.enter(result.path, result.sha256)


def _trials(answers: Answers, points: Mapping[str, int], practice: tuple[str, ...]) -> dict[str, Any]:
    items = [{"id": name, "text": name, "scale": "likert", "points": count} for name, count in points.items()]
    stage = {"index": 0, "trial": 0, "block": "main", "kind": "questionnaire", "name": "ratings"}
    stage |= {"duration": [0, 1, None], "stimulus": "", "content": {"items": items}}
    trials = [
        {"index": k, "block": "main", "practice": key in practice, "stimulus": key, "category": "rated"}
        for k, key in enumerate(answers)
    ]
    return {"trials": trials, "stages": [stage]}
