"""What a protocol owes its participants: a warning before what hurts, help after what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protocols.expand import expand
from protocols.parts import Names
from protocols.pools import possible_stimuli
from protocols.problems import ProtocolError
from protocols.protocol import Protocol
from protocols.schedule import Schedule, Stage
from stimuli.problems import Problem

# Pictures of a lower mean valence (1 to 9) count as unpleasant.
UNPLEASANT_BELOW = 3.0
# More flashes in a second can cause seizures (WCAG 2.2, 2.3.1); each is a change of light and its return.
FLASHES_A_SECOND = 3
# Changes of relative luminance below this are no flash (the same source).
NOTICEABLE = 0.1


def safety_problems(protocol: Protocol) -> Iterator[Problem]:
    """Yield what is missing: the helper text of an instrument that asks for it, the warnings of content."""
    document = protocol.document
    for loc, stage, _ in document.stages():
        instrument = protocol.instruments.get(getattr(stage, "instrument", None) or "")
        if instrument is not None and instrument.attention is not None and document.helper_text is None:
            message = f'"{instrument.id}" asks about harm, and there is no text with where to find help.'
            yield _problem(protocol, (*loc, "instrument"), message, "Add helper_text to the protocol.")
    warning = document.warning
    remedy = "Add a warning ({%s: TEXT, screening: [{id, text}]})."
    unpleasant = _unpleasant(protocol)
    if unpleasant and (warning is None or warning.unpleasant is None):
        place, what = unpleasant
        message = f"unpleasant content ({what}) needs a warning and a screening question first."
        yield _problem(protocol, place, message, remedy % "unpleasant")
    flashing = _flashing(protocol)
    if flashing and (warning is None or warning.flashes is None):
        place, what = flashing
        message = (
            f"more than {FLASHES_A_SECOND} flashes a second ({what}) need a warning and a screening question "
            "first."
        )
        yield _problem(protocol, place, message, remedy % "flashes")


def demand_safe(protocol: Protocol) -> None:
    """Raise ProtocolError with everything that `safety_problems` finds."""
    problems = list(safety_problems(protocol))
    if problems:
        raise ProtocolError(problems)


def _problem(protocol: Protocol, loc: Names, message: str, remedy: str) -> Problem:
    while loc and loc not in protocol.lines:
        loc = loc[:-1]
    return Problem(protocol.file, protocol.lines.get(loc), message, remedy)


def _unpleasant(protocol: Protocol) -> tuple[Names, str] | None:
    """Return where unpleasant content is shown and what it is, None if there is none."""
    document = protocol.document
    drawn = {
        name
        for block in document.blocks
        for name in (*block.draw, *(block.insert.draw if block.insert else ()))
    }
    for name, category in document.stimuli.categories.items():
        if category.unpleasant and name in drawn:
            return ("stimuli", "categories", name), f'the category "{name}"'
    for loc, stage, trial in document.stages():
        for key in possible_stimuli(document, stage, trial, protocol.pools):
            stimulus = protocol.stimuli.items.get(key)
            if stimulus is not None and stimulus.valence is not None and stimulus.valence < UNPLEASANT_BELOW:
                return loc, f"{key} has valence {stimulus.valence:g}"
    return None


def _flashing(protocol: Protocol) -> tuple[Names, str] | None:
    for name, category in protocol.document.stimuli.categories.items():
        if category.flashes:
            return ("stimuli", "categories", name), f'the category "{name}"'
    worst = flashing_stage(expand(protocol, "check", 1, 0, 0))
    if worst is None:
        return None
    for loc, stage, trial in protocol.document.stages():
        if stage.label == worst.name and bool(trial) == (worst.trial >= 0):
            return loc, f'the stage "{worst.name}"'
    return (), f'the stage "{worst.name}"'


def flashing_stage(schedule: Schedule) -> Stage | None:
    """Return the first stage in which the light changes more often than three flashes a second, if any.

    What is inside a film is not looked at: mark its category with `flashes: true`.
    """
    changes: list[float] = []
    time_s, before = 0.0, None
    for stage in schedule.stages:
        for length_s, look in _looks(stage):
            if before is not None and _differ(before, look):
                changes = [at for at in changes if at > time_s - 1 + 1e-6] + [time_s]
                if len(changes) > 2 * FLASHES_A_SECOND:
                    return stage
            time_s, before = time_s + length_s, look
    return None


def _looks(stage: Stage) -> Iterator[tuple[float, Any]]:
    """Yield (seconds, what is seen): a relative luminance where it is known, else what names it."""
    if stage.kind == "sequence":
        for step in stage.content["steps"]:
            if "blank" in step:
                yield step["duration_s"], luminance(step["blank"])
            else:
                yield step["duration_s"], step.get("stimulus") or f"mask {step['pattern_seed']}"
        return
    length_s = stage.duration.typical_s
    if stage.kind in ("blank", "flash"):
        yield length_s, luminance(str(stage.content["background"]))
    elif stage.kind == "mask":
        yield length_s, f"mask {stage.content['pattern_seed']}"
    elif stage.kind in ("picture", "film"):
        yield length_s, stage.stimulus or f"stage {stage.index}"
    else:
        yield length_s, "page"


def _differ(before: Any, after: Any) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return abs(before - after) >= NOTICEABLE
    return bool(before != after)


def luminance(colour: str) -> float:
    """Return the relative luminance (0 black to 1 white) of a colour such as "#808080" (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
