"""What of a session goes out: all of it, or a cut without what identifies a person or a machine.

Every export reads a `View`, so that what was left out is left out of every format in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, get_args

from analysis.exchange.export_files import LeftOut
from analysis.modalities import Modality, modality_of, text_items, without_text
from analysis.records import Event
from analysis.session_reader import Session, Stream

Level = Literal["full", "no-face-voice", "signals"]
LEVELS: tuple[Level, ...] = get_args(Level)

_FACE_VOICE = re.compile(r"video|camera|face|audio|voice|speech|microphone|sound", re.IGNORECASE)
_BOOKKEEPING = ("time", "package", "counter", "marker")
_WALL_TIME = re.compile(r"unix|epoch|time_?stamp|utc|wall", re.IGNORECASE)
_SERIAL = re.compile(r"(?=.*\d)[0-9A-Fa-f]{3,}|[A-Za-z]{0,3}\d{4,}")
_WORD = re.compile(r"[A-Za-z0-9]+")

REFUSED = "the participant has not agreed to it"

MARKER_KINDS = (
    "trial_started",
    "trial_ended",
    "stage_started",
    "stage_ended",
    "stimulus_shown",
    "stimulus_hidden",
    "response",
    "talk_started",
    "talk_ended",
)
_LABEL_KEYS = ("category", "stimulus", "item", "value")

# What may leave in an anonymous export: of each kind of event the fields that no person types.
_OF_STREAMS = ("stream", "segment", "missing", "last_s", "first_s", "step_s", "count")
_SAFE_FIELDS: dict[str, tuple[str, ...]] = {
    "trial_started": ("stimulus", "category", "order", "block", "practice", "repetition"),
    "trial_ended": (),
    "stage_started": ("kind", "index", "intended_s", "actual_s"),
    "stage_ended": ("index",),
    "stimulus_shown": ("stimulus", "category", "intended_s", "actual_s", "frame"),
    "stimulus_hidden": ("stimulus", "intended_s", "actual_s"),
    "response": ("item", "value", "reaction_s", "first_reaction_s", "changes"),
    "typing_result": (
        "sentence_id",
        "keys",
        "corrections",
        "characters",
        "errors",
        "first_key_s",
        "typing_s",
    ),
    "talk_started": ("sentence_ids",),
    "talk_ended": ("held_s", "enough"),
    "schedule_started": ("trials", "stages"),
    "schedule_ended": ("dropped_frames",),
    "session_started": (),
    "session_ended": (),
    "paused": (),
    "resumed": (),
    "frames_dropped": ("count", "stimulus"),
    "stream_live": _OF_STREAMS,
    "stream_stale": _OF_STREAMS,
    "stream_lost": _OF_STREAMS,
    "stream_back": _OF_STREAMS,
    "gap": _OF_STREAMS,
    "clock_step": _OF_STREAMS,
    "no_samples": _OF_STREAMS,
    "machine_slept": ("seconds",),
}
_TIMES = (
    *("time", "received_s", "intended_s", "actual_s", "last_s", "first_s"),
    *("started_s", "ended_s", "intended_onset_s", "actual_onset_s", "offset_s"),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a session goes out.

    `level` says which streams. With `is_anonymous` serial numbers, machine, free text and the time of
    recording stay behind: `shift_s` is added to the session's clock and `utc_shift_s` to wall time.
    `refused` are the kinds of streams that the participant does not let go out, `run` another number where
    two sessions would have the same name.
    """

    level: Level = "full"
    is_anonymous: bool = False
    shift_s: float = 0.0
    utc_shift_s: float = 0.0
    refused: tuple[Modality, ...] = ()
    run: int | None = None


class View:
    """A session as it goes out."""

    def __init__(self, session: Session, terms: Terms | None = None) -> None:
        self.session = session
        self.terms = terms or Terms()
        self.left_out: list[LeftOut] = []
        self.streams: list[Stream] = []
        for stream in session:
            why = self._refused(stream)
            if why:
                self.left_out.append(LeftOut(f"stream {self.name(stream)}", why))
            else:
                self.streams.append(stream)
        if self.terms.level == "signals" and len(session.keys.get("time", ())):
            self.left_out.append(LeftOut("keys", "typing rhythm identifies; the level is signals"))
        if self._hides_text:
            self.left_out.append(LeftOut("typed text", REFUSED))

    @property
    def is_anonymous(self) -> bool:
        """Whether what identifies a machine or a moment stays behind."""
        return self.terms.is_anonymous

    @property
    def shift_s(self) -> float:
        """What is added to every time of the session's clock."""
        return self.terms.shift_s

    @property
    def head(self) -> dict[str, Any]:
        """What is told of the session as a whole."""
        attributes = self.session.attributes
        names = ["origin", "participant", "session", "run"]
        if not self.is_anonymous:
            names += ["uuid", "study", "name"]
        known = {name: attributes[name] for name in names if attributes.get(name) not in (None, "")}
        if self.terms.run is not None:
            known["run"] = self.terms.run
        protocol = self.session.protocol
        software = attributes.get("software")
        version = software.get("evoke", "") if isinstance(software, Mapping) else ""
        told = {"protocol": str(protocol.get("name", "")), "protocol_version": self.version}
        return known | told | {"evoke": str(version)}

    @property
    def version(self) -> int:
        """The version of the protocol that was recorded, 0 without one."""
        return int(self.session.protocol.get("version", 0))

    @property
    def task(self) -> str:
        """The BIDS task label: letters and digits of the protocol's name."""
        return re.sub(r"[^A-Za-z0-9]", "", str(self.session.protocol.get("name", ""))) or "session"

    def name(self, stream: Stream) -> str:
        """Return a stream's name; one that holds a serial number gets another in an anonymous export."""
        return self._names[stream.info.id]

    def channels(self, stream: Stream) -> list[int]:
        """Return which channels go out: in anonymous exports not the device's own clock and counters."""
        kinds = stream.info.channel_kinds
        if not self.is_anonymous or stream.info.is_blob:
            return list(range(len(kinds)))
        return [
            place
            for place, kind in enumerate(kinds)
            if kind.lower() not in _BOOKKEEPING
            and not _WALL_TIME.search(stream.info.channels[place])
            and not (self._cuts and _FACE_VOICE.search(kind))
        ]

    def device(self, stream: Stream) -> str:
        """Return the device's name, without numbers of one piece in an anonymous export."""
        device = stream.info.device
        return without_serial(device, stream.info.serial) if self.is_anonymous else device

    def alignment(self, stream: Stream) -> str:
        """Return how far the stream's alignment to others was proved, without the day when anonymous."""
        text = str(stream.info.details.get("alignment") or "not verified")
        return re.sub(r" *\d{4}-\d{2}-\d{2}[^\s,]*,?", "", text) if self.is_anonymous else text

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened, as far as it may go out; times not shifted."""
        events = self.session.events
        if self._hides_text:
            items = self._text_items
            events = tuple(
                replace(event, payload=without_text(event.kind, event.stage, event.payload, items))
                for event in events
            )
        if not self.is_anonymous:
            return events
        return tuple(cleaned for event in events if (cleaned := self._cleaned(event)))

    @property
    def markers(self) -> list[tuple[float, str]]:
        """The events that epochs are cut by: (time, kind/stage/category/stimulus); times not shifted."""
        found = [(onset_s(event), label(event)) for event in self.events if event.kind in MARKER_KINDS]
        return sorted(found, key=lambda marker: marker[0])

    @cached_property
    def keys(self) -> list[dict[str, Any]]:
        """Keystrokes, a dictionary each; times not shifted."""
        if self.terms.level == "signals":
            return []
        hides = self.is_anonymous or self._hides_text
        hidden = ("payload", "key", "char") if hides else ("payload",)
        return list(_rows(self.session.keys, hidden))

    @cached_property
    def frames(self) -> list[dict[str, Any]]:
        """Film frames, a dictionary each; times not shifted."""
        return list(_rows(self.session.frames, ("payload",)))

    @cached_property
    def trials(self) -> list[dict[str, Any]]:
        """Trials with their ratings under `ratings`, a dictionary each; times not shifted."""
        hidden = [name for name in self.session.trials if name.startswith("rating_")]
        rows = []
        for row in _rows(self.session.trials, hidden):
            ratings = json.loads(row.pop("ratings", "{}") or "{}")
            if self.is_anonymous:
                ratings = {item: value for item, value in ratings.items() if self._may_answer(value)}
            if self._hides_text:
                free = {item for _, item in self._text_items}
                ratings = {item: value for item, value in ratings.items() if item not in free}
            rows.append(row | {"ratings": ratings})
        return rows

    def moved(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return an event, key, frame or trial with the shift on each of its times."""
        moved = dict(row)
        for name in _TIMES:
            if self.shift_s and isinstance(moved.get(name), int | float):
                moved[name] += self.shift_s
        if isinstance(moved.get("payload"), Mapping):
            moved["payload"] = self.moved(moved["payload"])
        return moved

    @cached_property
    def _anchors(self) -> list[tuple[float, float]]:
        return [
            (float(event.payload["monotonic_s"]), float(event.payload["utc_s"]))
            for event in self.session.events
            if "utc_s" in event.payload and "monotonic_s" in event.payload
        ]

    def utc_s(self, time_s: float) -> float | None:
        """Return the (shifted) wall time of a moment of the session's clock, None if it is not known."""
        if self._anchors:
            monotonic_s, wall_s = min(self._anchors, key=lambda pair: abs(pair[0] - time_s))
            return wall_s + time_s - monotonic_s + self.terms.utc_shift_s
        try:
            return datetime.fromisoformat(self._started).timestamp() + self.terms.utc_shift_s
        except ValueError:
            return None

    @property
    def started_utc(self) -> str:
        """The (shifted) wall time of the session's start, '' if it is not known."""
        if not self.terms.utc_shift_s or not self._started:
            return self._started
        shifted = datetime.fromisoformat(self._started).timestamp() + self.terms.utc_shift_s
        return utc_moment(shifted).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def _started(self) -> str:
        attributes = self.session.attributes
        return str(attributes.get("started_utc") or attributes.get("created_utc") or "")

    @property
    def _hides_text(self) -> bool:
        return "typed_text" in self.terms.refused

    @cached_property
    def _text_items(self) -> frozenset[tuple[str, str]]:
        schedule = self.session.protocol.get("schedule")
        return text_items(schedule if isinstance(schedule, Mapping) else None)

    @property
    def _cuts(self) -> bool:
        return self.terms.level != "full"

    @cached_property
    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for stream in self.session:
            info = stream.info
            name = info.id
            if self.is_anonymous and without_serial(name, info.serial) != name:
                kind = re.sub(r"[^a-z0-9]", "", info.kind.lower()) or "stream"
                taken = (*names.values(), *self.session.streams)
                counts = range(1, len(taken) + 2)
                name = next(named for count in counts if (named := f"{kind}-{count}") not in taken)
            names[info.id] = name
        return names

    def _refused(self, stream: Stream) -> str:
        info = stream.info
        about = " ".join((info.id, info.kind, *(info.channel_kinds if len(info.channel_kinds) == 1 else ())))
        if modality_of(info) in self.terms.refused:
            return REFUSED
        if self._cuts and (info.dtype == "jpeg" or _FACE_VOICE.search(about)):
            return f"shows the face or holds the voice; the level is {self.terms.level}"
        if self.is_anonymous and info.dtype == "text":
            return "texts of another program may say anything"
        if self.is_anonymous and not info.is_blob and not self.channels(stream):
            return "holds nothing but the device's own clock and counters"
        return ""

    def _may_answer(self, value: Any) -> bool:
        return isinstance(value, bool | int | float) or value is None

    def _cleaned(self, event: Event) -> Event | None:
        safe = _SAFE_FIELDS.get(event.kind)
        if safe is None:
            return None
        payload = {name: event.payload[name] for name in safe if name in event.payload}
        if event.kind == "response" and not self._may_answer(payload.get("value")):
            del payload["value"]
        if "stream" in payload:
            payload["stream"] = self._names.get(str(payload["stream"]), "")
        return replace(event, payload=payload)


def utc_moment(utc_s: float) -> datetime:
    """Return a wall time, also of years before 1970, which some systems cannot convert."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=utc_s)


def view_of(session: Session | View) -> View:
    """Return a session as it is, or the view that was made of it."""
    return session if isinstance(session, View) else View(session)


def onset_s(event: Event) -> float:
    """Return when an event took effect: of a stimulus the measured swap where there was a screen."""
    actual = event.payload.get("actual_s")
    is_stimulus = event.kind in ("stimulus_shown", "stimulus_hidden")
    return float(actual) if is_stimulus and isinstance(actual, int | float) else event.time


def label(event: Event) -> str:
    """Return an event's short name: kind/stage/category/stimulus or kind/stage/item/value."""
    known = [str(event.payload[key]) for key in _LABEL_KEYS if event.payload.get(key) not in (None, "")]
    return "/".join([event.kind, *([event.stage] if event.stage else []), *known])


def without_serial(text: str, serial: str) -> str:
    """Return a device's name without its serial number and without what looks like one."""
    if serial:
        text = re.sub(re.escape(serial), "", text, flags=re.IGNORECASE)
    cleaned = _WORD.sub(lambda word: "" if _SERIAL.fullmatch(word.group()) else word.group(), text)
    return cleaned.strip(" -_:()") if cleaned != text or serial else text


def _rows(table: Mapping[str, Any], hidden: tuple[str, ...] | list[str]) -> Iterator[dict[str, Any]]:
    names = [name for name in table if name not in hidden]
    columns = [[getattr(value, "item", lambda v=value: v)() for value in table[name]] for name in names]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))
