"""What the presenter tells of the participant and her windows, in the operator's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.records import Event
from app.supervisor.alarms import Alarms
from app.supervisor.state import Level


@dataclass(frozen=True, slots=True)
class Sign:
    """How an event is told. `{name}` in `text` is filled from its payload; `ends` is what it takes back."""

    text: str = ""
    level: Level = "warning"
    ends: str = ""


SIGNS: Mapping[str, Sign] = {
    "focus_lost": Sign(
        "The participant's window lost the keyboard. It takes it back; what is typed meanwhile is not"
        " recorded.",
        "alarm",
    ),
    "focus_back": Sign(ends="focus_lost"),
    "screen_lost": Sign(
        "The participant's screen {name} is gone. The session pauses; connect it again, then resume.", "alarm"
    ),
    "screen_back": Sign(
        "The participant's screen {name} is back. Resume when you are ready.", ends="screen_lost"
    ),
    "screen_missing": Sign("The screen {wanted} is not there; the participant's window is on {name}."),
    "screen_changed": Sign("The participant's screen is not the one that was measured any more: {reason}."),
    "close_refused": Sign("Somebody tried to close the participant's window; it stays open."),
    "placeholder": Sign("A placeholder is shown for {stimulus}. The session is marked."),
    "recommender_lost": Sign(
        "The recommender was lost: {text} Stimuli come as listed from here on; the session file says so.",
        "alarm",
    ),
    "stimulus_failed": Sign("{stimulus} could not be shown. {text}"),
    "rights_opened": Sign("The participant has paused and chooses whether to go on."),
    "declined": Sign("The participant declined {what}."),
    "few_presses": Sign("Felt {presses} times; {min_presses} were hoped for."),
    "tone_missing": Sign("No sound output: {text}"),
    "sound_missing": Sign("No sound: {text}"),
}


def tell(alarms: Alarms, event: Event) -> None:
    """Raise or clear what an event of the presenter means for the operator."""
    sign = SIGNS.get(event.kind)
    if sign is None or (event.kind == "placeholder" and event.stage):
        # Placeholders are told of when the session opens, not each time that one is shown.
        return
    if sign.ends:
        alarms.clear(sign.ends, "presenter")
    if sign.text:
        known = {key: str(value) for key, value in event.payload.items()}
        text = sign.text.format_map(_Filled(known)).strip()
        alarms.raise_(event.kind, "presenter", text, sign.level)


class _Filled(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
