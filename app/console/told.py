"""What happened with the participant and on the screen, in words; no Qt. Used live and by the story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["note", "warning", "alarm"]
ATTENTIONS: Mapping[str, str] = {"phq9-item9": "PHQ-9, item 9: an answer above 0"}
BY_PARTICIPANT = "participant"
STOPPED_BY_PARTICIPANT = "stopped by the participant"
ALARMED = ("rights_opened", "declined", "few_presses", "placeholder", "recommender_lost", "stimulus_failed")
"""The supervisor tells these to the operator as alarms and warnings of the same code."""
CHOICES: Mapping[str, str] = {
    "go_on": "The participant goes on.",
    "skip": "The participant leaves this out.",
    "stop": "The participant ends the session.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to know: how urgent, and what. `whose` is "participant" or "screen"."""

    level: Level
    text: str
    whose: str = BY_PARTICIPANT


def told_of(kind: str, payload: Mapping[str, Any], trial: int = -1, stage: str = "") -> Told | None:
    """Return what an event means to the experimenter, None for one that goes without saying.

    Copies of events hold less than the journal: what is missing is left out of the sentence.
    """
    place = _place(trial, stage)
    match kind:
        case "rights_opened":
            return Told("warning", f"The participant asked for a pause{place}.")
        case "rights_closed" if str(payload.get("choice")) in CHOICES:
            return Told("note", CHOICES[str(payload["choice"])])
        case "declined":
            return Told("note", f"Declined{_what(payload)}{place}.")
        case "few_presses":
            return Told("warning", _few(payload) + place + ".")
        case "attention_noted":
            return Told("note", f"Attention, noted: {payload.get('action') or 'without words'}")
        case "attention_open":
            return Told("alarm", "An answer called for attention, and nothing was noted.")
        case "placeholder":
            return Told("alarm", f"A placeholder stood for {_name(payload)}{place}.", "screen")
        case "recommender_lost":
            return Told("alarm", "The recommender was lost; stimuli came as listed from there on.", "screen")
        case "stimulus_failed":
            why = f": {payload['text']}" if payload.get("text") else ""
            return Told("alarm", f"{_name(payload).capitalize()} could not be shown{place}{why}.", "screen")
        case "schedule_ended" if payload.get("reason") == STOPPED_BY_PARTICIPANT:
            return Told("warning", "The participant ended the session.")
        case _:
            return None


def attention_words(code: str) -> str:
    """Return what called for attention."""
    return ATTENTIONS.get(code, code or "an answer")


def presses_words(presses: int, wanted: int) -> str:
    """Return how often the participant felt it, for the panel."""
    count = "no press yet" if not presses else f"{presses} press{'' if presses == 1 else 'es'}"
    return count if presses >= wanted else f"{count}, at least {wanted} hoped for"


def _few(payload: Mapping[str, Any]) -> str:
    presses = payload.get("presses")
    if presses is None:
        return "The emotion was felt less often than hoped"
    times = {0: "never", 1: "once"}.get(int(presses), f"{presses} times")
    return f"Imagery: felt {times}, at least {payload.get('min_presses', 2)} presses hoped for"


def _what(payload: Mapping[str, Any]) -> str:
    item, kind = payload.get("item"), payload.get("kind")
    return f": item {item}" if item else f": {kind}" if kind else ""


def _name(payload: Mapping[str, Any]) -> str:
    return f"stimulus {payload['stimulus']}" if payload.get("stimulus") else "a stimulus"


def _place(trial: int, stage: str) -> str:
    where = f"trial {trial + 1}" if trial >= 0 else ""
    return f" ({', '.join(filter(None, (where, stage.replace('_', ' '))))})" if where or stage else ""
