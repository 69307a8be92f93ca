"""The roster: which streams a recording waits for, has, has lost and gets back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from analysis.records import StreamInfo
from app import clock
from app.plan import SessionPlan
from app.recorder.finder import Finder
from app.recorder.inlets import LslSource
from app.recorder.rings import RingSource, first_number, left_behind, load_flushed, open_ring
from app.recorder.tracks import Track, live_ring
from app.recorder.watch import State
from app.ring import RingError
from app.streams import Expected

# Streams that are not there by then come in a later part.
GRACE_S = 3.0
TOGETHER_S = 0.5
INTERRUPTED: tuple[State, ...] = ("stale", "lost", "recovering")

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
        self._checking: set[str] = set()
        self._lock = threading.Lock()
        self._finder = Finder(self._on_found, hurry=restarted)
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
                self._finder.want(expected)

    def track(self, stream_id: str) -> Track | None:
        """Return a stream's track, None as long as its shape is unknown."""
        return next((track for track in self.tracks if track.id == stream_id), None)

    def state(self, stream_id: str) -> State:
        """Return a stream's state."""
        track = self.track(stream_id)
        return "expected" if track is None else track.watch.state

    def message(self, stream_id: str) -> str:
        """Return why a stream is not there, or ''."""
        return self._finder.message(stream_id)

    @property
    def is_ready(self) -> bool:
        """Whether the list has come and every required stream is live."""
        return self._since_s is not None and all(
            self.state(expected.id) == "live" for expected in self.expected.values() if expected.required
        )

    def update(self, now: float) -> list[Change]:
        """Attach what was found, look at every stream's state; return what is to be journalled."""
        self._attach_found(now)
        self._attach_rings(now)
        changes: list[Change] = []
        for track in self.tracks:
            before, state = track.watch.check(now, track.clock.answered_s)
            if state != before:
                changes += self._change(track, before, state)
            self._seek_again(track, before, state)
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

    def _change(self, track: Track, before: State, state: State) -> list[Change]:
        payload: dict[str, Any] = {"stream": track.id, "last_s": track.last_s}
        if state == "live":
            if before in INTERRUPTED:
                return [("stream_back", payload)]
            return [("stream_live", payload)]
        if state == "lost":
            return [("stream_lost", payload)]
        return []

    def _seek_again(self, track: Track, before: State, state: State) -> None:
        """Have the finder look for what was lost, and look once at what the library has reconnected."""
        if track.expected.transport != "lsl":
            return
        if track.is_lost:
            track.is_lost = False
            self._finder.want(track.expected)
            return
        returned = state == "live" and before in INTERRUPTED
        if (returned or state in ("lost", "recovering")) and track.id not in self._checking:
            self._checking.add(track.id)
            source = track.source
            self._finder.want(track.expected, source if isinstance(source, LslSource) else None)
        elif state == before == "live":
            self._checking.discard(track.id)
