"""What the viewers of `evoke bench review` share: commands as JSON lines, and how frames are timed.

Runs with the standard library alone: it is imported in the opponents' own environments, too.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

DROPPED = 2
LEAST_FRAMES = 3


class Viewer(Protocol):
    """A viewer under test: positions are seconds from the recording's start."""

    def open(self, known: dict[str, Any]) -> None:
        """Open the recording and paint its first picture."""

    def show(self, start_s: float, width_s: float, fresh: bool) -> None:
        """Move the view and return when that request's data has been painted; `fresh`: nothing kept."""

    def seen(self, start_s: float, width_s: float, spikes: Sequence[tuple[float, int, float]]) -> int:
        """Show a view, and count the spikes (time, channel, height) that are in what is drawn."""


def scroll(viewer: Viewer, asked: dict[str, Any]) -> dict[str, Any]:
    """Move the view by equal steps, there and back, and time every frame; the first two do not count."""
    width_s, length_s = float(asked["width_s"]), float(asked["length_s"])
    room_s = max(length_s - width_s, 1e-6)
    wall_ms: list[float] = []
    cpu_ms: list[float] = []
    begun_s, place_s = time.perf_counter(), float(asked["from_s"])
    for _ in range(int(asked["steps"]) + DROPPED):
        place_s += float(asked["share"]) * width_s
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        viewer.show(bounced(place_s, room_s), width_s, bool(asked["fresh"]))
        cpu_ms.append((time.process_time() - cpu_s) * 1e3)
        wall_ms.append((time.perf_counter() - wall_s) * 1e3)
        is_enough = len(wall_ms) >= DROPPED + LEAST_FRAMES
        if is_enough and time.perf_counter() - begun_s > float(asked["most_s"]):
            break
    return {"wall_ms": wall_ms[DROPPED:], "cpu_ms": cpu_ms[DROPPED:]}


def bounced(place_s: float, room_s: float) -> float:
    """Return a place between 0 and `room_s`, turning back at both ends."""
    turned = place_s % (2 * room_s)
    return turned if turned <= room_s else 2 * room_s - turned


def serve(viewer: Viewer, more: dict[str, Callable[[dict[str, Any]], dict[str, Any]]]) -> None:
    """Answer commands from standard input until it ends."""
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "open":
            begun_s = time.perf_counter()
            viewer.open(asked)
            answer: dict[str, Any] = {"first_picture_s": time.perf_counter() - begun_s}
        elif asked["do"] == "scroll":
            answer = scroll(viewer, asked)
        elif asked["do"] == "spikes":
            spikes = [(float(t), int(c), float(h)) for t, c, h in asked["spikes"]]
            seen = viewer.seen(float(asked["from_s"]), float(asked["width_s"]), spikes)
            answer = {"seen": seen, "of": len(spikes)}
        else:
            answer = more[asked["do"]](asked)
        out.write(json.dumps(answer) + "\n")
        out.flush()
