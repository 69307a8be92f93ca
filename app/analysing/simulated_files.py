"""The live folder of a simulated session: journals and one part, as those of a live one are left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from analysis.records import Event
from analysis.session_file import PartWriter
from analysis.simulate.course import Course, course_of, recorded_spans
from analysis.simulate.participant import Felt, Participant, feel
from analysis.simulate.streams import Simulated, Track, simulate_signals
from app.events import encode
from app.plan import SessionPaths, SessionPlan

BOOT = "simulated"
BEFORE_S, AFTER_S = 4.0, 2.0
FLUSH_S = 10.0
OFFSET_EVERY_S, OFFSET_UNCERTAINTY_S = 5.0, 5e-5
ANCHOR_EVERY_S = 10.0
TRUTH = "simulated"
"""The kind of the one event that tells what is known because the session was made."""

LivedThrough = Callable[[Participant, Mapping[int, Felt]], list[Event]]


def record(
    paths: SessionPaths,
    plan: SessionPlan,
    person: Participant,
    expected: Mapping[int, float],
    live: LivedThrough,
) -> Simulated:
    """Write journals and part of a session into its live folder, ready to be finished."""
    felt = feel(person, expected)
    events = live(person, felt)
    course = course_of(events, BEFORE_S, AFTER_S)
    schedule = plan.schedule or {}
    camera, microphone = (recorded_spans(course, schedule, device) for device in ("camera", "microphone"))
    made = simulate_signals(person, course, felt, camera, microphone)
    _write_journals(paths, plan, course, events, made)
    _write_part(paths, plan, course, made.tracks)
    return made


class _Author:
    """Numbers the events of one author as a journal does."""

    def __init__(self, source: str, at_s: float, utc_s: float) -> None:
        self._source, self._utc_s = source, utc_s
        self.events: list[Event] = []
        self.add(at_s, "journal_opened", boot_id=BOOT, pid=0, utc_s=utc_s + at_s, monotonic_s=at_s)

    def add(self, time_s: float, kind: str, **payload: Any) -> None:
        self.events.append(Event(time_s, self._source, len(self.events), kind, payload=payload))

    def anchors(self, start_s: float, stop_s: float) -> None:
        for at_s in np.arange(start_s, stop_s, ANCHOR_EVERY_S).tolist():
            self.add(at_s, "clock_anchor", monotonic_s=at_s, utc_s=self._utc_s + at_s, uncertainty_s=1e-6)


def _write_journals(
    paths: SessionPaths, plan: SessionPlan, course: Course, events: Sequence[Event], made: Simulated
) -> None:
    start_s, stop_s = course.start_s, course.stop_s
    # What to add to our seconds to get UTC.
    utc_s = datetime.fromisoformat(plan.created_utc).timestamp() - start_s
    supervisor, recorder = _Author("supervisor", start_s, utc_s), _Author("recorder", start_s, utc_s)
    presenter, simulation = _Author("presenter", start_s, utc_s), _Author("simulation", start_s, utc_s)
    supervisor.add(start_s, "session_started", uuid=plan.uuid, name=plan.name)
    supervisor.anchors(start_s, stop_s)
    supervisor.add(stop_s, "session_ended", reason="completed")
    recorder.add(start_s, "part_started", part=1, streams=[track.info.id for track in made.tracks])
    for track in made.tracks:
        first_s = float(track.times_s[0])
        recorder.add(first_s, "stream_live", stream=track.info.id, last_s=first_s, state="live")
    recorder.add(stop_s, "part_ended", part=1, reason="completed")
    for event in events:
        presenter.events.append(
            Event(
                event.time,
                event.source,
                len(presenter.events),
                event.kind,
                event.trial,
                event.stage,
                event.payload,
            )
        )
    simulation.add(start_s, TRUTH, **made.truth.to_json())
    for author in (supervisor, recorder, presenter, simulation):
        lines = b"".join(encode(event) for event in author.events)
        paths.journal(author.events[0].source).write_bytes(lines)


def _write_part(paths: SessionPaths, plan: SessionPlan, course: Course, tracks: Sequence[Track]) -> None:
    head = asdict(plan) | {"boot_id": BOOT, "part": 1}
    writer = PartWriter.create(paths.part(1), head, [track.info for track in tracks])
    done = dict.fromkeys((track.info.id for track in tracks), 0)
    offsets = np.random.default_rng(0).normal(0.0, 1e-5, int((course.stop_s - course.start_s) / FLUSH_S) + 2)
    for turn, now_s in enumerate(np.arange(course.start_s, course.stop_s, FLUSH_S) + FLUSH_S):
        for track in tracks:
            _append(writer, track, done, float(now_s))
            if track.info.source_id.startswith("ring:"):
                continue
            for part in range(int(FLUSH_S / OFFSET_EVERY_S)):
                at_s = float(now_s) - FLUSH_S + part * OFFSET_EVERY_S
                writer.add_offset(track.info.id, at_s, float(offsets[turn]), OFFSET_UNCERTAINTY_S, True)
        writer.flush()
    for track in tracks:
        for gap in track.gaps:
            writer.add_gap(track.info.id, gap)
    writer.close("completed")


def _append(writer: PartWriter, track: Track, done: dict[str, int], now_s: float) -> None:
    info = track.info
    first, stop = done[info.id], int(np.searchsorted(track.times_s, now_s))
    if stop > first:
        times, rows = track.times_s[first:stop], track.rows[first:stop]
        seq = round(float(times[0] - track.times_s[0]) * info.rate_hz)
        if isinstance(rows, list):
            writer.append_blobs(info.id, times, rows, now_s, seq)
        else:
            writer.append(info.id, times, rows, now_s, seq)
        done[info.id] = stop
