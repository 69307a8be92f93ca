"""Reduced copies of journalled events for the link and for LSL: codes and timing, nothing personal.

What may leave is listed here, kind by kind; a field that is not listed stays in the journal. Answers,
typed text, characters and participant codes are never listed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pylsl import StreamOutlet

from analysis.records import Event, Origin, StreamInfo
from app.plan import SessionPlan
from app.streams import to_lsl

TIMING = ("intended_s", "actual_s", "frame")
STIMULUS = ("stimulus", "category", "valence", "arousal")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "schedule_started": ("protocol", "version", "trials", "stages", "typical_s"),
    "schedule_ending": ("reason", "by"),
    "schedule_ended": ("reason", "dropped_frames", "by"),
    "session_ended": ("reason",),
    "trial_started": (
        "stimulus",
        "category",
        "order",
        "block",
        "practice",
        "repetition",
        "repeated_exposure",
    ),
    "chosen": ("stimulus",),
    "trial_ended": ("reason",),
    "stage_started": ("kind", "index", "intended_s", "actual_s"),
    "stage_ended": ("reason", "index", "cause", "interrupted"),
    "stimulus_shown": (*STIMULUS, *TIMING),
    "stimulus_hidden": ("stimulus", "intended_s", "actual_s", "cause"),
    "response": ("item", "reaction_s"),
    "typing_result": ("sentence_id", "keys", "corrections"),
    "talk_started": (),
    "talk_ended": ("held_s", "enough"),
    "tone_played": ("intended_s", "actual_s"),
    "tone_missing": ("text",),
    "sound_played": ("stimulus", "intended_s", "actual_s"),
    "sound_missing": ("text",),
    "film_ended": ("stimulus",),
    "sequence_step": ("stimulus", "intended_s", "actual_s", "frames", "requested_s"),
    "stimulus_failed": ("stimulus", "text"),
    "placeholder": ("stimulus",),
    "recommender_lost": ("text",),
    "feeling_it": ("press",),
    "few_presses": ("presses", "min_presses"),
    "attention": ("code",),
    "declined": ("what",),
    "rights_opened": (),
    "rights_closed": ("choice", "by"),
    "focus_lost": (),
    "focus_back": ("away_s",),
    "close_refused": (),
    "screen_changed": ("name", "width", "height", "rate_hz", "verified", "measured_hz", "reason"),
    "screen_missing": ("wanted", "name"),
    "screen_lost": ("name",),
    "screen_back": ("name",),
    "paused": ("by",),
    "resumed": ("by",),
    "skipped": ("what", "by"),
    "screen": ("name", "width", "height", "rate_hz", "verified", "measured_hz", "jitter_sd_ms", "renderer"),
    "frames_dropped": ("count",),
    "key": ("edge", "class"),
}

# On LSL, where any machine may listen, their mere kind would tell what was answered.
UNSPOKEN = ("attention", "helper_text_shown")


def reduced(event: Event) -> Event:
    """Return the event with only those fields that may leave the journal."""
    allowed = ALLOWED.get(event.kind, ())
    return replace(event, payload={key: event.payload[key] for key in allowed if key in event.payload})


def event_sample(event: Event) -> str:
    """Return the LSL sample of an event."""
    sample: dict[str, Any] = {
        "source": event.source,
        "seq": event.seq,
        "kind": event.kind,
        "trial": event.trial,
        "stage": event.stage,
        "time": event.time,
    }
    if event.kind in ("trial_started", "stimulus_shown", "stimulus_hidden"):
        sample |= {key: event.payload[key] for key in STIMULUS if key in event.payload}
    return json.dumps(sample)


def key_sample(event: Event) -> str:
    """Return the LSL sample of a keystroke."""
    return json.dumps(
        {
            "source": event.source,
            "seq": event.seq,
            "edge": event.payload["edge"],
            "class": event.payload["class"],
            "time": event.time,
        }
    )


class LslCopies:
    """Two outlets of text: events and keys. Without a consumer the samples are dropped."""

    def __init__(self, plan: SessionPlan) -> None:
        self._events = _outlet(plan, "events", plan.origin)
        self._keys = _outlet(plan, "keys", plan.origin)

    def push(self, event: Event) -> None:
        """Send a copy, stamped with the event's own time."""
        if event.kind in UNSPOKEN:
            return
        if event.kind == "key":
            self._keys.push_sample([key_sample(event)], event.time)
        else:
            self._events.push_sample([event_sample(event)], event.time)


def _outlet(plan: SessionPlan, stream_id: str, origin: Origin) -> StreamOutlet:
    info = StreamInfo(
        id=stream_id,
        kind="Markers",
        origin=origin,
        channels=(stream_id,),
        units=("",),
        channel_kinds=("marker",),
        rate_hz=0.0,
        dtype="text",
        device="presenter",
        time_source="event time",
        source_id=plan.source_id(stream_id),
        details={"name": f"Evoke {stream_id}"},
    )
    return StreamOutlet(to_lsl(info))
