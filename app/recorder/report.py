"""What the recorder tells about itself: health twice a second, and the head of every part."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app import clock
from app.link import Message
from app.plan import SessionPlan
from app.recorder.roster import MOST_WAITING_BYTES, Roster
from app.recorder.telling import behind_text
from app.recorder.writer import Writer

WINDOW_S = 5.0
BEHIND_S = 1.5


class Report:
    """Counts over the last five seconds."""

    def __init__(self, roster: Roster, writer: Writer) -> None:
        self._roster = roster
        self._writer = writer
        self._bytes: deque[tuple[float, int]] = deque()
        self._samples: dict[str, deque[tuple[float, int]]] = {}

    def health(self, now: float) -> Message:
        """Return the health message."""
        writer, waiting = self._writer, self._roster.waiting_bytes
        behind_s = writer.behind_s(now)
        health = {
            "type": "health",
            "part": writer.part,
            "flushed_s": writer.flushed_s,
            "bytes": writer.bytes_written,
            "free_bytes": writer.free_bytes,
            "bytes_per_s": rate(self._bytes, now, writer.bytes_written),
            "behind_s": round(behind_s, 1),
            "waiting_bytes": waiting,
            "streams": {stream_id: self._stream(stream_id, now) for stream_id in self._roster.expected},
        }
        if behind_s > BEHIND_S:
            health["message"] = behind_text(behind_s, waiting, waiting > MOST_WAITING_BYTES)
        return health

    def _stream(self, stream_id: str, now: float) -> dict[str, Any]:
        track = self._roster.track(stream_id)
        state: dict[str, Any] = {
            "state": self._roster.state(stream_id),
            "rate_hz": 0.0,
            "samples": 0,
            "last_s": None,
            "lost": 0,
            "gaps": 0,
            "segment": 1,
            "stale_after_s": 0.0,
        }
        if track is not None:
            state["samples"], state["lost"] = track.samples, track.missing
            state["gaps"], state["segment"] = track.gaps, track.segment
            state["stale_after_s"] = round(track.watch.stale_after_s, 2)
            if track.last_s is not None:
                state["last_s"] = track.last_s + track.clock.offset_s
            # Samples come in blocks: over their own times the rate is exact, over ours it trembles.
            own_s = state["last_s"] if state["state"] == "live" else None
            counts = self._samples.setdefault(stream_id, deque())
            if own_s is not None and counts and not -1.0 < own_s - counts[-1][0] < 2 * WINDOW_S:
                # The sender's clock has jumped.
                counts.clear()
            state["rate_hz"] = rate(counts, now if own_s is None else own_s, state["samples"])
        message = self._roster.message(stream_id, now)
        if message:
            state["message"] = message
        return state


def rate(counts: deque[tuple[float, int]], now: float, count: int) -> float:
    """Note a count and return its growth a second over the window; times that go back are left out."""
    if not counts or now > counts[-1][0]:
        counts.append((now, count))
    while len(counts) > 2 and now - counts[1][0] >= WINDOW_S:
        counts.popleft()
    (first_s, first), (last_s, last) = counts[0], counts[-1]
    return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


LATER = ("done", "exposed", "chosen", "answers", "rehearsal", "language", "group", "look")


def part_attributes(plan: SessionPlan) -> dict[str, Any]:
    """Return the root attributes of a part: the plan, and which clock its times are of.

    What came to plans later than the format is there only where it says something.
    """
    devices = [_without_folders(device) for device in plan.devices]
    known = {name: value for name, value in asdict(plan).items() if value or name not in LATER}
    return known | {"boot_id": clock.boot_id(), "devices": devices}


def _without_folders(value: Any) -> Any:
    """Keep the names of files, not where they lie on this computer: a study holds no absolute path."""
    if isinstance(value, Mapping):
        return {key: _without_folders(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(entry) for entry in value]
    is_place = isinstance(value, str) and Path(value).is_absolute() and not value.startswith("/dev/")
    return Path(value).name if is_place else value
