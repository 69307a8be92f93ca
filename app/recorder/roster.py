"""The roster: which streams a recording waits for, has, has lost and gets back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.records import StreamInfo
from app import clock
from app.plan import SessionPlan
from app.recorder.finder import Finder, bound
from app.recorder.inlets import LslSource
from app.recorder.rings import RingSource, first_number, left_behind, load_flushed, open_ring
from app.recorder.telling import (
    back_text,
    no_samples_text,
    stale_text,
)
from app.recorder.tracks import Track, live_ring
from app.recorder.watch import INTERRUPTED, PRESENT, State
from app.recorder.windows import Windows
from app.ring import RingError
from app.streams import Expected

# Streams that are not there by then come in a later part.
GRACE_S = 3.0
TOGETHER_S = 0.5
# A disk that hangs must not fill the memory.
MOST_WAITING_BYTES = 256 * 1024 * 1024

Change = tuple[str, dict[str, Any]]


class Roster:
    """Keeps a track for each stream whose description is known, and a source for each that is there."""

    def __init__(self, plan: SessionPlan, restarted: bool) -> None:
        self.flushed_path = plan.runtime / "recorder.flushed"
        self.flushed = load_flushed(self.flushed_path) if restarted else {}
        self.tracks: tuple[Track, ...] = ()
        self.expected: dict[str, Expected] = {}
        self._plan = plan
        self._restarted = restarted
        self._found: dict[str, LslSource] = {}
        self._ambiguous: list[tuple[str, int]] = []
        self._sought: set[str] = set()
        self._told_lost: dict[str, bool] = {}
        self._missing_before: dict[str, int] = {}
        self._empty: set[str] = set()
        self._lock = threading.Lock()
        self._finder = Finder(self._on_found, self._on_ambiguous, hurry=restarted)
        self._windows: dict[str, Windows] = {}
        self._since_s: float | None = None
        self._begun = False
        self._changed_s = 0.0
        plan.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)

    def expect(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Take the full list of the streams to record."""
        if self._since_s is None:
            self._since_s = clock.now()
        for entry in entries:
            expected = Expected.from_json(entry)
            self.expected[expected.id] = expected
            info = self._known_info(expected)
            if self.track(expected.id) is None and info is not None:
                self._add(expected, info)
            track = self.track(expected.id)
            if expected.transport == "lsl" and (track is None or track.source is None):
                self._seek(expected, track)

    def keep_to(self, switches: Mapping[str, Sequence[tuple[float, bool]]]) -> None:
        """Keep, of these streams, only what lies in the open times: (time, open) each, all so far."""
        for stream_id, times in switches.items():
            self._windows.setdefault(stream_id, Windows()).set(times)
            track = self.track(stream_id)
            if track is not None:
                track.windows = self._windows[stream_id]

    def track(self, stream_id: str) -> Track | None:
        """Return a stream's track, None as long as its shape is unknown."""
        return next((track for track in self.tracks if track.id == stream_id), None)

    def state(self, stream_id: str) -> State:
        """Return a stream's state."""
        track = self.track(stream_id)
        return "expected" if track is None else track.watch.state

    def message(self, stream_id: str, now: float) -> str:
        """Return what is wrong with a stream, or why it is not there; '' for a good one."""
        missing = self._finder.message(stream_id)
        track = self.track(stream_id)
        if track is None:
            return missing
        state = track.watch.state
        if state in INTERRUPTED:
            return " ".join(filter(None, (self._stale_text(track, now), missing)))
        if track.watch.has_no_samples(now):
            return no_samples_text(stream_id, track.watch.silent_s(now))
        return missing if state not in PRESENT else ""

    @property
    def is_ready(self) -> bool:
        """Whether the list has come and every required stream is there and sends, if it has a rate."""
        return self._since_s is not None and all(
            self.state(expected.id) in PRESENT for expected in self.expected.values() if expected.required
        )

    @property
    def waiting_bytes(self) -> int:
        """Return how much waits in memory for the writer."""
        return sum(track.waiting_bytes for track in self.tracks)

    def pull(self) -> None:
        """Take what has arrived on every stream; for the puller's thread only.

        While the writer is too far behind everything stays where it is: in the library's buffers (half
        a minute at least) and in the rings of cameras and microphones.
        """
        if self.waiting_bytes <= MOST_WAITING_BYTES:
            for track in self.tracks:
                track.pull(clock.now())

    def slept(self, seconds: float, now: float) -> None:
        """Note that the computer slept."""
        for track in self.tracks:
            track.slept(seconds, now)

    def update(self, now: float) -> list[Change]:
        """Attach what was found, look at every stream's state; return what is to be journalled."""
        self._attach_found(now)
        self._attach_rings(now)
        changes: list[Change] = []
        with self._lock:
            ambiguous, self._ambiguous = self._ambiguous, []
        for stream_id, count in ambiguous:
            text = self._finder.message(stream_id)
            changes.append(("ambiguous", {"stream": stream_id, "count": count, "text": text}))
        for track in self.tracks:
            before, state = track.check(now)
            if state != before:
                changes += self._change(track, before, state, now)
            elif track.watch.has_no_samples(now) and track.id not in self._empty:
                self._empty.add(track.id)
                text = no_samples_text(track.id, track.watch.silent_s(now))
                changes.append(("no_samples", {"stream": track.id, "text": text}))
            self._seek_again(track, state)
        return changes

    def tracks_to_record(self, now: float, wanted: tuple[Track, ...] | None) -> tuple[Track, ...] | None:
        """Return the tracks that a new part should hold, None while the present one will do."""
        if self._since_s is None or wanted == self.tracks:
            return None
        if wanted is None:
            complete = len(self.tracks) == len(self.expected)
            late = now - self._since_s > GRACE_S and len(self.tracks) > 0
            self._begun = complete or late
            return self.tracks if self._begun else None
        # Streams that come together share a part.
        return self.tracks if now - self._changed_s > TOGETHER_S else None

    def have_passed(self, time_s: float) -> bool:
        """Whether every live regular stream has delivered rows later than `time_s`."""
        return all(
            track.has_passed(time_s) or track.watch.state != "live"
            for track in self.tracks
            if track.info.rate_hz
        )

    def _known_info(self, expected: Expected) -> StreamInfo | None:
        if self._restarted or expected.transport == "ring":
            try:
                return open_ring(self._plan.ring(expected.id)).info
            except RingError:
                pass
        return expected.info

    def _add(self, expected: Expected, info: StreamInfo) -> Track:
        """Make a stream's track; in a restarted recorder with the rows that the former left behind."""
        path = self._plan.ring(expected.id)
        former = self.track(expected.id)
        flushed = self.flushed.get(expected.id)
        resumed = None
        if self._restarted and expected.transport == "lsl" and former is None:
            resumed = left_behind(path, flushed.next_seq if flushed else 0)
        track = Track(expected, info, live_ring(path, expected, info, first_number(self._restarted)))
        track.windows = self._windows.get(expected.id)
        if former is not None:
            track.samples = former.samples
        elif flushed is not None or resumed is not None:
            track.resume(resumed, flushed.rows if flushed else 0)
        with self._lock:
            self.tracks = (*(other for other in self.tracks if other is not former), track)
        self._changed_s = clock.now()
        return track

    def _on_found(self, expected: Expected, source: LslSource) -> None:
        with self._lock:
            self._found[expected.id] = source

    def _on_ambiguous(self, expected: Expected, count: int) -> None:
        with self._lock:
            self._ambiguous.append((expected.id, count))

    def _attach_found(self, now: float) -> None:
        with self._lock:
            found, self._found = self._found, {}
        for stream_id, source in found.items():
            expected, track = self.expected[stream_id], self.track(stream_id)
            if track is None or track.info.shape != source.info.shape:
                if track is not None and track.source is not None:
                    track.source.close()
                track = self._add(expected, source.info)
            track.connect(source, now)

    def _attach_rings(self, now: float) -> None:
        for expected in self.expected.values():
            if expected.transport != "ring":
                continue
            track = self.track(expected.id)
            if track is not None and isinstance(track.source, RingSource):
                if track.watch.state in ("stale", "lost") and track.source.is_replaced:
                    track.source = None
                else:
                    continue
            try:
                source = RingSource(self._plan.ring(expected.id), self._first_row(expected.id))
            except RingError:
                continue
            if track is None or track.info.shape != source.info.shape:
                track = self._add(expected, source.info)
            track.connect(source, now)

    def _first_row(self, stream_id: str) -> int | None:
        """Say where to begin in a ring: where the former recorder ended, else at the newest row.

        What comes while a recording runs is taken from its first row.
        """
        if stream_id in self.flushed:
            return self.flushed[stream_id].next_seq
        return 0 if self._restarted or self._begun else None

    def _change(self, track: Track, before: State, state: State, now: float) -> list[Change]:
        payload: dict[str, Any] = {"stream": track.id, "last_s": track.last_s}
        if state in PRESENT:
            if before in PRESENT:
                return []
            if before not in INTERRUPTED:
                return [("stream_live", payload | {"state": state})]
            self._told_lost.pop(track.id, None)
            missing = track.missing - self._missing_before.pop(track.id, track.missing)
            payload |= {"segment": track.segment, "missing": missing}
            text = back_text(track.id, track.segment, missing, track.info.rate_hz > 0)
            return [("stream_back", payload | {"text": text})]
        if state not in INTERRUPTED or before == "expected":
            return []
        changes: list[Change] = []
        if track.id not in self._told_lost:
            self._told_lost[track.id] = False
            self._missing_before[track.id] = track.missing
            changes.append(("stream_stale", payload | {"text": self._stale_text(track, now)}))
        if state == "lost" and not self._told_lost[track.id]:
            self._told_lost[track.id] = True
            changes.append(("stream_lost", payload | {"text": self._stale_text(track, now)}))
        return changes

    def _stale_text(self, track: Track, now: float) -> str:
        watch = track.watch
        return stale_text(track.id, watch.silent_s(now), watch.is_cut, track.host, track.answers(now))

    def _seek(self, expected: Expected, track: Track | None, gone: str = "") -> None:
        self._finder.want(expected if track is None else bound(expected, track.info), gone=gone)

    def _seek_again(self, track: Track, state: State) -> None:
        """Have the finder look for what was lost, and for another sender of what has long been silent."""
        if track.expected.transport != "lsl":
            return
        source = track.source
        if track.gone:
            gone, track.gone = track.gone, ""
            self._seek(track.expected, track, gone)
        elif state == "lost" and isinstance(source, LslSource) and track.id not in self._sought:
            self._sought.add(track.id)
            self._finder.want(bound(track.expected, track.info), source)
        elif state in PRESENT:
            self._sought.discard(track.id)
