"""A piece of a recording as a session file of its own, with nothing in it but what may be seen.

Times count from the piece's start and are corrected already. What identifies a person, a device or a moment
stays behind as in an anonymous export; what a scheme hides besides (condition, order, answers) is left out
here. Film frames, texts of other programs, notes and typed characters are never in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.exchange.export_files import LeftOut, row_blocks
from analysis.exchange.export_view import Terms, View, onset_s
from analysis.exchange.import_session import ImportedStream, Rows, write_part
from analysis.jpeg_plain import without_comments
from analysis.modalities import Modality, shown_as, without_text
from analysis.records import Event, Gap
from analysis.session_finished import Head, close_all, write_finished
from analysis.session_merge import open_part
from analysis.session_reader import Session, Stream
from analysis.session_tables import in_order

SOURCE = "excerpt"
"""Author of the events in it."""
TRIAL = 0
"""The number of the one trial in it."""
_TRIGGERS = ("trigger", "stim", "status", "event")
_ALWAYS = ("stimulus_shown", "stimulus_hidden", "talk_started", "talk_ended")
_ANSWERS = ("response", "typing_result", "declined")
_OF_ORDER = ("order", "block", "index", "repetition", "practice")
_OF_CONDITION = ("stimulus", "category", "sentence_id", "sentence_ids", "kind", "frame")
_TYPED_IN = ("typing", "speaking")


@dataclass(frozen=True, slots=True)
class Cut:
    """What goes into an excerpt: the stretch, seconds on the recording's clock, and what of it may be seen.

    `kinds` are names of `analysis.labels.scheme.SHOWABLE`, `muted_s` stretches in which sound is zero,
    `refused` the kinds of streams that the participant has not agreed to. `trial` is the trial's index in
    the recording. The flags say whether condition, answers and order may be known.
    """

    name: str
    uuid: str
    start_s: float
    end_s: float
    trial: int
    kinds: frozenset[str]
    muted_s: tuple[tuple[float, float], ...] = ()
    refused: tuple[Modality, ...] = ()
    condition: bool = False
    answers: bool = False
    order: bool = False


def write_excerpt(session: Session, target: Path, cut: Cut) -> tuple[LeftOut, ...]:
    """Write a piece of an open session to `target` (new, read-only); return what was left out and why.

    Beside `target` a part is written first and removed again. Raises OSError and the errors of the session
    file.
    """
    view = View(session, Terms(is_anonymous=True, refused=cut.refused))
    left_out = [each for each in view.left_out if each.what.startswith("stream ")]
    streams = []
    for stream in view.streams:
        if shown_as(stream.info) in cut.kinds:
            streams.append(_piece(view, stream, cut))
        else:
            left_out.append(LeftOut(f"stream {view.name(stream)}", "the scheme does not show it"))
    attributes = {"uuid": cut.uuid, "name": cut.name, "origin": str(session.attributes.get("origin", ""))}
    part = target.with_name(f"{target.stem}_part-001.h5")
    try:
        write_part(part, attributes, streams)
        opened = [open_part(part)]
        try:
            head = Head(attributes, end_reason="excerpt", in_order=True)
            events = in_order([*_events(view, cut), *_keys(session, cut)])
            numbered = [replace(event, seq=seq) for seq, event in enumerate(events)]
            write_finished(target, head, opened, numbered, lambda _: {}, lambda _: None)
        finally:
            close_all(opened)
    finally:
        part.unlink(missing_ok=True)
    target.chmod(0o444)
    return tuple(left_out)


def _piece(view: View, stream: Stream, cut: Cut) -> ImportedStream:
    info = stream.info
    channels = view.channels(stream)
    if not cut.condition and not info.is_blob:
        # Trigger inputs carry the number of the condition.
        channels = [c for c in channels if info.channel_kinds[c].lower() not in _TRIGGERS] or channels[:0]
    first, stop = _row_at(stream, cut.start_s), _row_at(stream, cut.end_s)
    plain = replace(
        info,
        id=view.name(stream),
        channels=tuple(info.channels[c] for c in channels),
        units=tuple(info.units[c] for c in channels),
        channel_kinds=tuple(info.channel_kinds[c] for c in channels),
        device=view.device(stream),
        serial="",
        source_id="",
        time_source="corrected",
        details={},
    )
    gaps = [
        Gap(gap.last - first, gap.first - first, gap.missing, gap.cause)
        for gap in stream.gaps
        if first <= gap.last and gap.first < stop
    ]

    def blocks() -> Iterator[Rows]:
        for start, end in row_blocks(stream, first, stop):
            times = stream.corrected_times(start, end)
            values: Any = stream.data[start:end]
            if info.is_blob:
                values = [without_comments(picture) for picture in values]
            else:
                values = values[:, channels]
                if shown_as(info) == "sound":
                    for from_s, to_s in cut.muted_s:
                        values[(times >= from_s) & (times <= to_s)] = 0
            yield times - cut.start_s, values

    return ImportedStream(plain, stop - first, blocks, tuple(gaps))


def _row_at(stream: Stream, time_s: float) -> int:
    """Return the first row at or behind a time (rows are in order of time)."""
    low, high = 0, stream.rows
    while low < high:
        middle = (low + high) // 2
        if float(stream.corrected_times(middle, middle + 1)[0]) < time_s:
            low = middle + 1
        else:
            high = middle
    return low


def _events(view: View, cut: Cut) -> Iterator[Event]:
    """Yield the trial itself, and of its events those that may be known."""
    length_s = cut.end_s - cut.start_s
    told: dict[str, Any] = {}
    events = [event for event in view.events if event.trial == cut.trial]
    started = next((event for event in reversed(events) if event.kind == "trial_started"), None)
    if started is not None:
        told = _cleaned(started.payload, cut)
    yield Event(0.0, SOURCE, 0, "trial_started", TRIAL, "", told)
    for event in events if "events" in cut.kinds else ():
        if event.kind in ("trial_started", "trial_ended") or not cut.start_s <= onset_s(event) <= cut.end_s:
            continue
        if not cut.condition and event.kind not in (*_ALWAYS, *_ANSWERS):
            continue
        if not cut.answers and event.kind in _ANSWERS:
            continue
        stage = event.stage if cut.condition else ""
        payload = _cleaned(view_moved(event.payload, -cut.start_s), cut)
        yield Event(event.time - cut.start_s, SOURCE, 2 + event.seq, event.kind, TRIAL, stage, payload)
    yield Event(length_s, SOURCE, 1, "trial_ended", TRIAL, "", {"reason": "completed"})


def view_moved(payload: Mapping[str, Any], shift_s: float) -> dict[str, Any]:
    """Return an event's payload with its moments (intended and actual onset) moved."""
    moments = ("intended_s", "actual_s")
    return {
        name: value + shift_s if name in moments and isinstance(value, int | float) else value
        for name, value in payload.items()
    }


def _cleaned(payload: Mapping[str, Any], cut: Cut) -> dict[str, Any]:
    hidden = (*(() if cut.condition else _OF_CONDITION), *(() if cut.order else _OF_ORDER))
    return {name: value for name, value in payload.items() if name not in hidden}


def _keys(session: Session, cut: Cut) -> Iterator[Event]:
    """Yield the trial's keystrokes without what was typed; hidden answers also hide how they were given."""
    if "keys" not in cut.kinds or "typed_text" in cut.refused:
        return
    table = session.keys
    typed_in = _stages_of(session.protocol.get("schedule"), _TYPED_IN)
    for place in range(len(table.get("time", ()))):
        time_s, stage = float(table["time"][place]), str(table["stage"][place])
        if int(table["trial"][place]) != cut.trial or not cut.start_s <= time_s <= cut.end_s:
            continue
        if not cut.answers and stage not in typed_in:
            continue
        told = {name: str(table[name][place]) for name in ("key", "edge", "class")}
        payload = without_text("key", stage, told, frozenset())
        received_s = float(table["received_s"][place])
        if np.isfinite(received_s):
            payload = {**payload, "received_s": received_s - cut.start_s}
        name = stage if cut.condition else ""
        yield Event(time_s - cut.start_s, f"{SOURCE}-keys", place, "key", TRIAL, name, payload)


def _stages_of(schedule: Any, kinds: Sequence[str]) -> frozenset[str]:
    stages = schedule.get("stages", ()) if isinstance(schedule, Mapping) else ()
    return frozenset(str(stage.get("name", "")) for stage in stages if stage.get("kind") in kinds)
