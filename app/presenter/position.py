"""Where a schedule stands: what its trials are, and where a killed presenter was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.records import Event
from protocols.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Position:
    """Where an earlier run of the presenter ended.

    `begun` is the last stage that had begun, -1 if none. The three `open_*` tell what had begun and
    not ended. `ended` is the reason of an ended schedule, None while it runs.
    """

    begun: int = -1
    open_stage: bool = False
    open_trial: int | None = None
    open_stimulus: bool = False
    trials_started: tuple[int, ...] = ()
    dropped_frames: int = 0
    ended: str | None = None


def last_position(events: Iterable[Event]) -> Position | None:
    """Read from the presenter's journal where it was; None if the schedule had not begun."""
    started = False
    begun, open_stage, open_stimulus, dropped = -1, False, False, 0
    open_trial: int | None = None
    trials: list[int] = []
    ended: str | None = None
    for event in events:
        match event.kind:
            case "schedule_started":
                started = True
            case "schedule_ended":
                ended = str(event.payload.get("reason", ""))
            case "trial_started":
                open_trial = event.trial
                trials.append(event.trial)
            case "trial_ended":
                open_trial = None
            case "stage_started":
                begun, open_stage = int(event.payload["index"]), True
            case "stage_ended":
                open_stage = False
            case "stimulus_shown":
                open_stimulus = True
            case "stimulus_hidden":
                open_stimulus = False
            case "frames_dropped":
                dropped += int(event.payload["count"])
    if not started and ended is None:
        return None
    return Position(begun, open_stage, open_trial, open_stimulus, tuple(trials), dropped, ended)


def first_of_trial(schedule: Schedule, index: int) -> int:
    """Return the first stage of the trial that stage `index` belongs to, or the stage itself."""
    trial = schedule.stages[index].trial
    while trial >= 0 and index > 0 and schedule.stages[index - 1].trial == trial:
        index -= 1
    return index


def after_trial(schedule: Schedule, index: int) -> int:
    """Return the stage that follows the trial of stage `index` (or the stage itself, outside of trials)."""
    trial = schedule.stages[index].trial
    index += 1
    while trial >= 0 and index < len(schedule.stages) and schedule.stages[index].trial == trial:
        index += 1
    return index
