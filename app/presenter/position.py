"""Where a schedule stands: what its trials are, and where a killed presenter was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.records import Event
from protocols.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Position:
    """Where an earlier run of the presenter ended.

    `begun` is the last stage that had begun, -1 if none. The three `open_*` tell what had begun and
    not ended. `ended` is the reason of an ended schedule, None while it runs; `closing` that of one that
    was ending with its debriefing, and `closing_by` who had asked for it. `exposed` are the trials whose
    stimulus had been on, `stimuli` those of all trials that had begun, `chosen` those that were chosen in
    the session, and `answers` is (trial, item, value) of every answer.
    """

    begun: int = -1
    open_stage: bool = False
    open_trial: int | None = None
    open_stimulus: bool = False
    trials_started: tuple[int, ...] = ()
    dropped_frames: int = 0
    ended: str | None = None
    closing: str = ""
    closing_by: str = ""
    exposed: tuple[int, ...] = ()
    stimuli: Mapping[int, str] = field(default_factory=dict)
    chosen: Mapping[int, str] = field(default_factory=dict)
    answers: tuple[tuple[int, str, Any], ...] = ()


def last_position(events: Iterable[Event]) -> Position | None:
    """Read from the presenter's journal where it was; None if the schedule had not begun."""
    started = False
    begun, open_stage, open_stimulus, dropped = -1, False, False, 0
    open_trial: int | None = None
    trials: list[int] = []
    ended: str | None = None
    closing = closing_by = ""
    exposed: list[int] = []
    stimuli: dict[int, str] = {}
    chosen: dict[int, str] = {}
    answers: list[tuple[int, str, Any]] = []
    for event in events:
        match event.kind:
            case "schedule_started":
                started = True
            case "schedule_ended":
                ended = str(event.payload.get("reason", ""))
            case "schedule_ending":
                closing = str(event.payload.get("reason", ""))
                closing_by = str(event.payload.get("by", ""))
            case "trial_started":
                open_trial = event.trial
                trials.append(event.trial)
                stimuli[event.trial] = str(event.payload.get("stimulus", ""))
            case "trial_ended":
                open_trial = None
            case "chosen":
                chosen[event.trial] = str(event.payload["stimulus"])
            case "stage_started":
                begun, open_stage = int(event.payload["index"]), True
            case "stage_ended":
                open_stage = False
            case "stimulus_shown":
                open_stimulus = True
                exposed.append(event.trial)
            case "stimulus_hidden":
                open_stimulus = False
            case "frames_dropped":
                dropped += int(event.payload["count"])
            case "response" if "item" in event.payload:
                answers.append((event.trial, str(event.payload["item"]), event.payload.get("value")))
    if not started and ended is None:
        return None
    return Position(
        begun=begun,
        open_stage=open_stage,
        open_trial=open_trial,
        open_stimulus=open_stimulus,
        trials_started=tuple(trials),
        dropped_frames=dropped,
        ended=ended,
        closing=closing,
        closing_by=closing_by,
        exposed=tuple(dict.fromkeys(trial for trial in exposed if trial >= 0)),
        stimuli=stimuli,
        chosen=chosen,
        answers=tuple(answers),
    )


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
