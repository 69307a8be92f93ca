"""What the recorder tells about itself: health twice a second, and the head of every part."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app import clock
from app.link import Message
from app.plan import SessionPlan
from app.recorder.roster import Roster
from app.recorder.writer import Writer

WINDOW_S = 5.0


class Report:
    """Counts over the last five seconds."""

    def __init__(self, folder: Path, roster: Roster, writer: Writer) -> None:
        self._folder = folder
        self._roster = roster
        self._writer = writer
        self._bytes: deque[tuple[float, int]] = deque()
        self._samples: dict[str, deque[tuple[float, int]]] = {}

    def health(self, now: float) -> Message:
        """Return the health message."""
        written = self._writer.bytes_written
        return {
            "type": "health",
            "part": self._writer.part,
            "flushed_s": self._writer.flushed_s,
            "bytes": written,
            "free_bytes": shutil.disk_usage(self._folder).free,
            "bytes_per_s": rate(self._bytes, now, written),
            "streams": {stream_id: self._stream(stream_id, now) for stream_id in self._roster.expected},
        }

    def _stream(self, stream_id: str, now: float) -> dict[str, Any]:
        track = self._roster.track(stream_id)
        state: dict[str, Any] = {
            "state": self._roster.state(stream_id),
            "rate_hz": 0.0,
            "samples": 0,
            "last_s": None,
            "lost": 0,
        }
        if track is not None:
            state["samples"], state["lost"] = track.samples, track.missing
            if track.last_s is not None:
                state["last_s"] = track.last_s + track.clock.offset_s
            # Samples come in blocks: over their own times the rate is exact, over ours it trembles.
            own_s = state["last_s"] if state["state"] == "live" else None
            counts = self._samples.setdefault(stream_id, deque())
            state["rate_hz"] = rate(counts, now if own_s is None else own_s, state["samples"])
        message = self._roster.message(stream_id)
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


def part_attributes(plan: SessionPlan) -> dict[str, Any]:
    """Return the root attributes of a part: the plan, and which clock its times are of."""
    devices = [_without_folders(device) for device in plan.devices]
    return asdict(plan) | {"boot_id": clock.boot_id(), "devices": devices}


def _without_folders(value: Any) -> Any:
    """Keep the names of files, not where they lie on this computer: a study holds no absolute path."""
    if isinstance(value, Mapping):
        return {key: _without_folders(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(entry) for entry in value]
    is_place = isinstance(value, str) and Path(value).is_absolute() and not value.startswith("/dev/")
    return Path(value).name if is_place else value
