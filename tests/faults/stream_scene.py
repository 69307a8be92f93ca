"""A recorder with senders that can be killed, stopped and started: what the scenarios are played on."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import clock
from app.link import Message
from app.streams import Expected
from tests.faults import stream_senders
from tests.faults.stream_senders import Sender
from tests.helpers import outlets
from tests.helpers.desk import Desk, Stream
from tests.helpers.outlets import USUAL_WRAP, Counter

Publisher = Counter | Sender

EEG = Counter("EEG", 8, 250, "float32", "faults:eeg")
MARKERS = Counter("Markers", 1, 4, "text", "faults:markers", "Markers")


class Scene:
    """A desk for a recorder, and the senders of its streams by the ids of the streams."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.desk = Desk(folder)
        self.senders: dict[str, subprocess.Popen[bytes]] = {}
        self._seen: set[tuple[str, int]] = set()

    def publish(self, *publishers: Publisher) -> None:
        """Start senders; streams are named by their names in small letters."""
        for publisher in publishers:
            self.senders[publisher.name.lower()] = (
                outlets.start(publisher)
                if isinstance(publisher, Counter)
                else stream_senders.start(publisher)
            )

    def record(self, *publishers: Publisher, **how: Any) -> None:
        """Start a recorder of these streams and wait until it is ready."""
        self.desk.expected = [wanted(publisher) for publisher in publishers]
        self.desk.start(**how)
        self.desk.wait_type("ready")

    def record_with(self, fault: str, switch: Path, *publishers: Publisher) -> None:
        """Record with a recorder that has a fault of `stream_patched` built in."""
        launcher = [sys.executable, "-m", "tests.faults.stream_patched", fault, str(switch), "--"]
        self.record(*publishers, launcher=launcher)

    def let_pass(self, seconds: float) -> None:
        """Go on for some seconds."""
        until_s = clock.now() + seconds
        self.desk.wait_for(lambda message: clock.now() > until_s, seconds + 20)

    def signal(self, stream: str, number: signal.Signals) -> float:
        """Send a signal to a stream's sender; return when."""
        os.kill(self.senders[stream].pid, number)
        return clock.now()

    def kill(self, stream: str) -> float:
        """Kill a stream's sender; return when."""
        at_s = self.signal(stream, signal.SIGKILL)
        outlets.end(self.senders.pop(stream))
        return at_s

    def told(self, kind: str, stream: str = "", patience_s: float = 20.0) -> tuple[float, Message]:
        """Return when the next event of a kind was heard of, and its payload; waits for it."""

        def is_wanted(message: Message) -> bool:
            event = message.get("event", {})
            fits = event.get("kind") == kind and stream in ("", event["payload"].get("stream"))
            return fits and (kind, event["seq"]) not in self._seen

        found = [(at_s, message) for at_s, message in self.desk.messages if is_wanted(message)]
        if not found:
            self.desk.wait_for(is_wanted, patience_s)
            found = self.desk.messages[-1:]
        at_s, message = found[0]
        self._seen.add((kind, message["event"]["seq"]))
        return at_s, message["event"]["payload"]

    def kinds(self, stream: str) -> list[str]:
        """Return the kinds of a stream's events, in order, without the writer's own (gap, clock_step)."""
        own = ("gap", "clock_step")
        return [
            event.kind
            for event in self.desk.events()
            if event.payload.get("stream") == stream and event.kind not in own
        ]

    def close(self) -> None:
        """Leave nothing behind."""
        self.desk.close()
        for process in self.senders.values():
            outlets.end(process)


@contextlib.contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Play a scene."""
    playing = Scene(folder)
    try:
        yield playing
    finally:
        playing.close()


def wanted(publisher: Publisher) -> Expected:
    """Return what a recorder is told of a sender."""
    return Expected(publisher.name.lower(), "lsl", True, {"source_id": publisher.lsl_id})


def lost(stream: Stream, wrap: int = USUAL_WRAP) -> int:
    """Return how many rows a counting stream left out; fails for one that was doubled or went back."""
    counter = stream.counter
    steps = [(after - before) % wrap for before, after in itertools.pairwise(counter)]
    assert all(0 < step < wrap - 1000 for step in steps), "a row was doubled"
    return sum(step - 1 for step in steps)
