"""How far a session came: which trials need not be done again, and which were begun."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.session_reader import Session

DONE = ("completed", "skipped", "declined")
"""Why a trial ended that is not for a later run: also what was left out was left out on purpose."""
CUT = ("", "aborted", "interrupted", "stopped", "ended")
"""Why a trial stopped that did not come to its end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The trials of a session by their index in the schedule.

    `planned` is how many the schedule has (-1 without one), `ended` how many came to an end of any kind in
    this run. `done` are those of this run and of the ones it continues that need not be done again, `exposed`
    those others of which the stimulus was shown. `chosen` are the stimuli that were chosen in the session for
    any of these, by trial, and `answers` what was answered by a number there: (trial, stimulus, item, value),
    a value with several numbers as a list.
    """

    planned: int
    ended: int
    done: tuple[int, ...]
    exposed: tuple[int, ...]
    chosen: Mapping[int, str] = field(default_factory=dict)
    answers: tuple[tuple[int, str, str, Any], ...] = ()

    @property
    def remaining(self) -> int:
        """How many trials are left."""
        return max(0, self.planned - len(self.done))


def progress_of(session: Session) -> Progress:
    """Return how far a finished session came."""
    schedule = session.protocol.get("schedule")
    trials = schedule.get("trials") if isinstance(schedule, dict) else None
    table = session.trials
    reasons = {event.payload.get("reason") for event in session.events if event.kind == "schedule_ended"}
    cut = {*CUT, *(str(reason) for reason in reasons if reason not in DONE)}
    ended = 0
    done = {int(index) for index in session.attributes.get("done") or ()}
    exposed = {int(index) for index in session.attributes.get("exposed") or ()}
    for row in range(len(table.get("index", ()))):
        index, reason = int(table["index"][row]), str(table["end_reason"][row])
        ended += reason not in cut
        if reason in DONE:
            done.add(index)
        elif not np.isnan(table["intended_onset_s"][row]):
            exposed.add(index)
    planned = -1 if trials is None or not session.protocol.get("name") else len(trials)
    known = done | exposed
    earlier = {int(index): str(name) for index, name in session.attributes.get("chosen") or ()}
    chosen = earlier | {
        event.trial: str(event.payload["stimulus"]) for event in session.events if event.kind == "chosen"
    }
    return Progress(
        planned,
        ended,
        tuple(sorted(done)),
        tuple(sorted(exposed - done)),
        {index: name for index, name in sorted(chosen.items()) if index in known},
        tuple(each for each in _answers(session) if each[0] in known),
    )


def _answers(session: Session) -> Iterator[tuple[int, str, str, Any]]:
    """Yield what was answered by numbers in trials with a stimulus, in the runs before and in this one."""
    for index, stimulus, item, value in session.attributes.get("answers") or ():
        yield int(index), str(stimulus), str(item), value
    shown: dict[int, str] = {}
    for event in session.events:
        if event.kind == "trial_started":
            shown[event.trial] = str(event.payload.get("stimulus", ""))
        elif event.kind == "response" and shown.get(event.trial) and "item" in event.payload:
            value = event.payload.get("value")
            several = value if isinstance(value, list | tuple) else (value,)
            if several and all(_is_number(each) for each in several):
                yield event.trial, shown[event.trial], str(event.payload["item"]), value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
