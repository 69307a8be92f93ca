"""A desk for a recorder: a plan, a real link server in the supervisor's place, and readers of parts."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from analysis.records import Event
from app import clock
from app.events import read_journal
from app.link import LinkServer, Message, Peer
from app.plan import Lock, SessionPaths, SessionPlan
from app.streams import Expected

PATIENCE_S = 20.0


class Desk:
    """Starts recorders for one session, talks to them, and reads what they wrote."""

    def __init__(self, folder: Path, name: str = "session") -> None:
        self.paths = SessionPaths(folder, name)
        self.plan = SessionPlan(uuid=uuid.uuid4().hex, name=name, origin="simulated", window="none")
        self.paths.live.mkdir(parents=True)
        self.plan.save(self.paths.plan)
        self.expected: list[Expected] = []
        self.messages: list[tuple[float, Message]] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._arrived: queue.SimpleQueue[tuple[float, Message]] = queue.SimpleQueue()
        self.server = LinkServer(self._hear, lambda peer: None)
        Lock.of_this_process(self.server.port, self.server.token, self.plan.uuid).write(self.paths.lock)

    def _hear(self, peer: Peer, message: Message) -> None:
        self._arrived.put((clock.now(), message))
        if message["type"] == "hello":
            peer.send(self._streams())

    def _streams(self) -> Message:
        return {"type": "streams", "expected": [expected.to_json() for expected in self.expected]}

    def start(self, launcher: Sequence[str] = (), **more: Any) -> subprocess.Popen[bytes]:
        """Start a recorder, by another command than the usual one if given."""
        usual = [sys.executable, "-m", "app", "_recorder"]
        self.process = subprocess.Popen([*(launcher or usual), "--live", str(self.paths.live)], **more)
        return self.process

    def expect(self, *expected: Expected) -> None:
        """Add streams to the list, and tell a running recorder."""
        self.expected += expected
        self.server.broadcast(self._streams())

    def wait_for(self, wanted: Callable[[Message], bool], patience_s: float = PATIENCE_S) -> Message:
        """Return the next message that is wanted."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                at_s, message = self._arrived.get(timeout=0.1)
                self.messages.append((at_s, message))
                if wanted(message):
                    return message
            if self.process is not None and self.process.poll() is not None and self._arrived.empty():
                raise AssertionError(f"the recorder has ended with status {self.process.returncode}")
        raise AssertionError(f"no such message; the last: {self.messages[-5:]}")

    def wait_type(self, kind: str) -> Message:
        """Return the next message of a type."""
        return self.wait_for(lambda message: message["type"] == kind)

    def wait_state(self, stream: str, *states: str) -> Message:
        """Return the next health message in which a stream has one of the states."""
        return self.wait_for(
            lambda message: (
                message["type"] == "health" and message["streams"].get(stream, {}).get("state") in states
            )
        )

    def wait_event(self, kind: str) -> Event:
        """Return the next event of a kind that the recorder sent a copy of."""
        message = self.wait_for(lambda m: m["type"] == "event" and m["event"]["kind"] == kind)
        return Event.from_json(message["event"])

    def stop(self) -> Message:
        """Stop the recorder in order; return its last word."""
        assert self.process is not None
        self.server.broadcast({"type": "stop", "cutoff_s": clock.now(), "reason": "completed"})
        closed = self.wait_type("closed")
        assert self.process.wait(PATIENCE_S) == 0
        return closed

    def kill(self) -> float:
        """Kill the recorder; return when."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        at_s = clock.now()
        self.process.wait()
        return at_s

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.server.close()
        shutil.rmtree(self.plan.runtime, ignore_errors=True)

    def events(self, kind: str | None = None) -> list[Event]:
        """Return what the recorder journalled."""
        events = read_journal(self.paths.journal("recorder")).events
        return [event for event in events if kind in (None, event.kind)]

    def part(self, number: int) -> dict[str, Stream]:
        """Return what a part holds."""
        return read_part(self.paths.part(number))


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of a part, as far as it is committed."""

    time: np.ndarray[Any, np.dtype[np.float64]]
    data: np.ndarray[Any, Any] | list[bytes]
    chunks: np.ndarray[Any, Any]
    offsets: np.ndarray[Any, Any]
    gaps: list[tuple[int, int, int, str]]

    @property
    def counter(self) -> list[int]:
        """Return channel 0."""
        if isinstance(self.data, list):
            return [int(blob) for blob in self.data]
        return [int(value) for value in self.data[:, 0]]

    @property
    def seqs(self) -> list[int]:
        """Return the number of each row."""
        return [int(c["seq"]) + k for c in self.chunks for k in range(int(c["count"]))][: len(self.time)]


def read_part(path: Path) -> dict[str, Stream]:
    """Read a part, closed or not."""
    with h5py.File(path, "r", libver="latest", swmr=True) as file:
        return {name: _read_stream(group) for name, group in file["streams"].items()}


def _read_stream(group: Any) -> Stream:
    times = group["time"][:]
    rows = min(len(times), int(sum(group["chunks"]["count"])))
    data: Any
    if "data" in group:
        data = group["data"][:rows]
    else:
        content = group["frames" if "frames" in group else "text"][:].tobytes()
        index = group["index"][:rows]
        data = [content[int(i["offset"]) : int(i["offset"]) + int(i["length"])] for i in index]
    gaps = [
        (int(g["last"]), int(g["first"]), int(g["missing"]), g["cause"].decode()) for g in group["gaps"][:]
    ]
    return Stream(times[:rows], data, group["chunks"][:], group["offsets"][:], gaps)


def assert_counts(counter: Sequence[int], wrap: int, breaks: Sequence[int] = ()) -> None:
    """Check that a counter leaves out and doubles nothing, except before the rows in `breaks`."""
    for row in range(1, len(counter)):
        if row not in breaks:
            assert counter[row] == (counter[row - 1] + 1) % wrap, f"row {row} of {len(counter)}"
