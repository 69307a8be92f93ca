"""Events in words, as far as they may be told; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.records import Event
from app.annotation.visible import Visible
from app.console.told import told_of

PLAIN_KINDS = frozenset(
    {
        "trial_started",
        "trial_ended",
        "stage_started",
        "stage_ended",
        "stimulus_shown",
        "stimulus_hidden",
        "session_started",
        "session_ended",
        "schedule_started",
        "schedule_ended",
        "response",
    }
)
"""Kinds that tell nothing of condition, names and answers once their payload is left out."""
ANSWERS = frozenset(
    {
        "response",
        "declined",
        "typing_result",
        "speaking_result",
        "choice",
        "chosen",
        "few_presses",
        "feeling_it",
        "talk_started",
        "talk_ended",
        "attention",
        "attention_open",
        "attention_noted",
        "rights_opened",
        "rights_closed",
    }
)
"""Kinds by which the participant answers."""
TECHNICAL = frozenset(
    {
        "clock_anchor",
        "checks",
        "awake",
        "screen",
        "quality",
        "device_opened",
        "stream_live",
        "focus_lost",
        "focus_back",
    }
)
TECHNICAL_BEGINS = ("journal_", "process_", "part_")
TITLES: Mapping[str, str] = {
    "trial_started": "trial begins",
    "trial_ended": "trial ends",
    "stage_started": "stage",
    "stage_ended": "stage ends",
    "stimulus_shown": "stimulus on",
    "stimulus_hidden": "stimulus off",
    "response": "answer",
    "note": "note",
    "import_statement": "on the import",
    "clock_anchor": "clock reading",
}


def is_technical(kind: str) -> bool:
    """Whether an event is about the computer, and not about the participant or the course of the session."""
    return kind in TECHNICAL or kind.startswith(TECHNICAL_BEGINS)


def is_answer(event: Event) -> bool:
    """Whether an event tells what the participant answered."""
    return event.kind in ANSWERS


def title_of(kind: str) -> str:
    """Return what a kind of event is called."""
    return TITLES.get(kind, kind.replace("_", " "))


def words_of(event: Event, visible: Visible) -> str:
    """Return an event in one line, without what may not be known."""
    title, payload = title_of(event.kind), event.payload
    number = f" {event.trial + 1}" if event.trial >= 0 and visible.order else ""
    if event.kind in ("trial_started", "trial_ended"):
        title = f"trial{number} {'begins' if event.kind == 'trial_started' else 'ends'}"
    details = _details(event, payload, visible)
    return f"{title}: {details}" if details else title


def _details(event: Event, payload: Mapping[str, Any], visible: Visible) -> str:
    knows_all = visible.condition and visible.names and visible.answers
    match event.kind:
        case "trial_started" | "stimulus_shown" | "stimulus_hidden":
            named = (str(payload.get(name) or "") for name in ("stimulus", "category"))
            return ", ".join(filter(None, named)) if visible.condition else ""
        case "trial_ended" | "session_ended" | "schedule_ended":
            return str(payload.get("reason") or "") if knows_all else ""
        case "stage_started" | "stage_ended":
            return event.stage.replace("_", " ").replace("-", " ") if visible.condition else ""
        case "response":
            if not visible.answers:
                return ""
            item = str(payload.get("item") or "")
            return f"{item} {_value(payload.get('value'))}".strip() if visible.condition else ""
    if not knows_all:
        return ""
    told = told_of(event.kind, payload, event.trial, event.stage)
    if told is not None:
        return told.text.rstrip(".")
    telling = ("text", "reason", "stream", "device", "name", "process", "code")
    return next((str(payload[name]) for name in telling if payload.get(name)), "")


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)
