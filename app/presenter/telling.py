"""What the presenter's health message says of a run."""

from __future__ import annotations

import typing
from typing import Any

if typing.TYPE_CHECKING:
    from app.presenter.moves import Moves
    from protocols.schedule import Stage


def health(run: Moves, now: float) -> dict[str, Any]:
    """Return the presenter's health message at `now`, without its type.

    `stage_s` is how long the stage typically lasts, `closing` why the session ends while its debriefing is
    on, `takes_input` whether keys and pointer are the participant's. `task` holds what its task tells of
    itself: `presses` and `min_presses` of imagery, `talked_s` and `reprompts` of speaking.
    """
    stages = run._stages
    stage = stages[run._cursor] if run._cursor < len(stages) else None
    running = run.stage is not None
    begun = running or run._entered
    following = run._next(run._cursor + 1 if running else run._cursor)
    typical_s = stage.duration.typical_s if stage is not None else 0.0
    elapsed_s = min(typical_s, now - run._started_s) if running else 0.0
    ahead = [later for later in stages[run._cursor :] if run._runs(later.index)]
    ahead_s = sum(later.duration.typical_s for later in ahead)
    return {
        "state": run.state,
        "interrupted": run.state == "waiting" and run._resume is not None,
        "pausing": run._pause_at_end or bool(run._pause_after_trial),
        "ending": bool(run._ending),
        "closing": run._closing if run.state != "finished" else "",
        "rights": run.rights_are_open,
        "takes_input": run.takes_input,
        "stage": run._cursor if begun else -1,
        "stage_name": stage.name if stage is not None and begun else "",
        "kind": stage.kind if stage is not None and begun else "",
        "trial": stage.trial if stage is not None and begun else -1,
        "trials": len(run.schedule.trials),
        "done": len(run.course.done),
        "stage_started_s": run._started_s if running else None,
        "stage_s": typical_s,
        "next": stages[following].name if following < len(stages) else "",
        "next_trial": _next_trial(run, ahead),
        "task": _task_facts(run),
        "dropped_frames": run.dropped_frames,
        "remaining_s": 0.0 if run.state == "finished" else max(0.0, ahead_s - elapsed_s),
    }


def _next_trial(run: Moves, ahead: list[Stage]) -> dict[str, Any] | None:
    """Return the trial that comes after the one that runs; None if there is none."""
    index = next((stage.trial for stage in ahead if stage.trial >= 0 and stage.trial != run._trial), None)
    if index is None:
        return None
    trial = run.schedule.trials[index]
    return {"index": index, "stimulus": run.stimulus_of(index), "category": trial.category}


def _task_facts(run: Moves) -> dict[str, Any]:
    """Return what an operator wants to know of the task that is on; never an answer or a text."""
    task = run.task
    if run.stage is None or task is None:
        return {}
    facts: dict[str, Any] = {}
    presses = getattr(task, "presses_s", None)
    if presses is not None:
        facts |= {"presses": len(presses), "min_presses": getattr(task, "min_presses", 0)}
    for name in ("talked_s", "reprompts"):
        if hasattr(task, name):
            facts[name] = getattr(task, name)
    return facts
