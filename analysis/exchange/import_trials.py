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
IMAGERY, PRESS = "imagery", "feeling_it"
"""The stage of a block of imagery, and the event of a press in it, as our own protocol has them."""
BLOCK, BLOCK_END = f"{IMAGERY}:", "end"
"""A text such as "imagery: joy" begins a block, and "imagery: end" ends it."""
AFTER_LAST_S = 2.0
"""How long a block goes on behind its last press, where nothing says when it ended."""


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
    is kept with the trial's beginning. `item` is the emotion that was imagined, `presses` are the moments at
    which it was felt.
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
    item: str = ""
    presses: tuple[float, ...] = ()


def imagined(events: Sequence[tuple[float, str, Mapping[str, Any]]]) -> tuple[ImportedTrial, ...]:
    """Return the blocks of imagery that another program's texts tell of; () where they tell of none.

    A text "imagery: joy" begins a block of that emotion, which lasts to "imagery: end", else to the next
    block, else to a little after its last press; a text "feeling_it" in it is a press. A block with neither
    a press nor an end has no length and is left out. `events` are time, kind and payload of each.
    """
    told = sorted(
        (time_s, str(payload["text"]).strip().lower()) for time_s, _, payload in events if "text" in payload
    )
    marks = [(time_s, text.removeprefix(BLOCK).strip()) for time_s, text in told if text.startswith(BLOCK)]
    presses = [time_s for time_s, text in told if text == PRESS]
    found = []
    for place, (start_s, emotion) in enumerate(marks):
        if not emotion or emotion == BLOCK_END:
            continue
        next_s = marks[place + 1][0] if place + 1 < len(marks) else math.inf
        own = tuple(press_s for press_s in presses if start_s <= press_s < next_s)
        stop_s = next_s if math.isfinite(next_s) else max(own, default=start_s - AFTER_LAST_S) + AFTER_LAST_S
        if stop_s > start_s:
            stage = ImportedStage(IMAGERY, IMAGERY, start_s, stop_s)
            found.append(ImportedTrial(emotion, "", start_s, stop_s, (stage,), item=emotion, presses=own))
    return tuple(found)


def imagery_words(
    events: Sequence[tuple[float, str, Mapping[str, Any]]], trials: Sequence[ImportedTrial]
) -> tuple[str, ...]:
    """Return, in words, how many blocks and presses `imagined` found; () where texts tell of none."""
    told = sum(str(payload.get("text", "")).strip().lower() == PRESS for _, _, payload in events)
    held = sum(len(trial.presses) for trial in trials)
    if not trials and not told:
        return ()
    found = [f"Blocks of imagery named in its events: {len(trials)}, presses in them: {held}."]
    if told > held:
        found.append(f"Presses in no block, which were left out: {told - held}.")
    return (" ".join(found),)


def trial_events(trials: Sequence[ImportedTrial]) -> Iterator[Told]:
    """Yield what happened in the trials as a presenter would have told it; no onset was measured by us."""
    for index, trial in enumerate(trials):
        payload = {
            "stimulus": trial.stimulus,
            "category": trial.category,
            "order": trial.order or index + 1,
            "practice": False,
            **({"item": {"id": trial.item}} if trial.item else {}),
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
        for number, press_s in enumerate(trial.presses, 1):
            pressed = {"press": number, "since_onset_s": press_s - trial.start_s}
            yield press_s, PRESS, index, IMAGERY, pressed
        for item, value in trial.ratings.items():
            if math.isfinite(value):
                yield trial.stop_s, "response", index, RATING, {"item": item, "value": value}
        yield trial.stop_s, "trial_ended", index, "", {"reason": "completed"}
