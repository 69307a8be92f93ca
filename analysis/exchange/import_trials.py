"""Trials of another program's recording, and the events by which a session file tells of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Told = tuple[float, str, int, str, Mapping[str, Any]]
"""Time, kind, trial, stage, payload of an event."""
RATING = "rating"
"""Name of the stage that a published rating is said to have been given in."""


@dataclass(frozen=True, slots=True)
class ImportedStage:
    """A part of a trial: `kind` is one of the protocol's kinds of stages."""

    name: str
    kind: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class ImportedTrial:
    """A trial, seconds of the recording's clock; trials are counted by their place in the list.

    `shown` names the stage in which the stimulus was there, "" where there was none; `ratings` are answers by
    item, NaN for one that was not given. `order` counts from 1, 0 where the list's order is meant; `about`
    is kept with the trial's beginning.
    """

    stimulus: str
    category: str
    start_s: float
    stop_s: float
    stages: tuple[ImportedStage, ...] = ()
    shown: str = ""
    ratings: Mapping[str, float] = field(default_factory=dict)
    order: int = 0
    about: Mapping[str, Any] = field(default_factory=dict)


def trial_events(trials: Sequence[ImportedTrial]) -> Iterator[Told]:
    """Yield what happened in the trials as a presenter would have told it; no onset was measured by us."""
    for index, trial in enumerate(trials):
        payload = {
            "stimulus": trial.stimulus,
            "category": trial.category,
            "order": trial.order or index + 1,
            "practice": False,
            **trial.about,
        }
        yield trial.start_s, "trial_started", index, "", payload
        for place, stage in enumerate(trial.stages):
            told = {"kind": stage.kind, "index": place, "intended_s": stage.start_s, "actual_s": None}
            yield stage.start_s, "stage_started", index, stage.name, told
            is_shown = stage.name == trial.shown
            if is_shown:
                shown = {"stimulus": trial.stimulus, "intended_s": stage.start_s, "actual_s": None}
                yield stage.start_s, "stimulus_shown", index, stage.name, shown
                hidden = {"stimulus": trial.stimulus, "intended_s": stage.stop_s, "actual_s": None}
                yield stage.stop_s, "stimulus_hidden", index, stage.name, hidden
            yield stage.stop_s, "stage_ended", index, stage.name, {"reason": "completed", "index": place}
        for item, value in trial.ratings.items():
            if math.isfinite(value):
                yield trial.stop_s, "response", index, RATING, {"item": item, "value": value}
        yield trial.stop_s, "trial_ended", index, "", {"reason": "completed"}
