"""A stand-in for the supervisor: a live folder, a link server, and the child processes of devices."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.records import StreamInfo
from app.link import LinkServer, Message, Peer
from app.plan import Lock, SessionPaths, SessionPlan

WAIT_S = 20.0


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
    """Return the condition's first true value; fail after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {timeout_s:g} s in vain for {what}")


class Supervision:
    """A session that only its devices know of."""

    def __init__(self, folder: Path, devices: Sequence[Mapping[str, Any]]) -> None:
        self.plan = SessionPlan(uuid=str(uuid.uuid4()), name="s", origin="simulated", devices=tuple(devices))
        self.paths = SessionPaths(folder, "s")
        self.paths.live.mkdir(parents=True)
        self.plan.save(self.paths.plan)
        self.plan.runtime.mkdir(mode=0o700, parents=True)
        self.messages: list[tuple[str, Message]] = []
        self.server = LinkServer(self._take, lambda peer: None)
        Lock.of_this_process(self.server.port, self.server.token, self.plan.uuid).write(self.paths.lock)
        self.children: list[subprocess.Popen[bytes]] = []

    def start(
        self, role: str, device_id: str, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a device's process."""
        self.paths.logs.mkdir(exist_ok=True)
        arguments = [f"_{role}", "--live", str(self.paths.live), "--device", device_id]
        with (self.paths.logs / f"{device_id}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "app", *arguments],
                stdout=log,
                stderr=log,
                env=None if env is None else dict(env),
                start_new_session=True,
            )
        self.children.append(child)
        return child

    def of(self, kind: str, device_id: str) -> list[Message]:
        """Return the messages of one type from one device, oldest first."""
        return [m for name, m in list(self.messages) if name == device_id and m["type"] == kind]

    def declared(self, device_id: str) -> dict[str, StreamInfo]:
        """Wait for a device's newest declaration."""
        message = wait_for(lambda: self.of("declare", device_id), f"{device_id} to declare")[-1]
        infos = [StreamInfo.from_json(values) for values in message["streams"]]
        return {info.id: info for info in infos}

    def health(self, device_id: str, state: str, since: int = 0) -> Message:
        """Wait for a health message of `state`, after the first `since` ones."""

        def found() -> Message | None:
            return next((m for m in self.of("health", device_id)[since:] if m["state"] == state), None)

        message: Message = wait_for(found, f"{device_id} to be {state}")
        return message

    def log(self, device_id: str) -> str:
        """Return what a device's process printed."""
        return (self.paths.logs / f"{device_id}.log").read_text(encoding="utf-8")

    def stop(self) -> list[int]:
        """Ask all children to stop and return their exit statuses."""
        self.server.broadcast({"type": "stop"})
        return [child.wait(10) for child in self.children]

    def close(self) -> None:
        """Kill what is left and clean up."""
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGKILL)
            child.wait(10)
        self.server.close()
        shutil.rmtree(self.plan.runtime, ignore_errors=True)

    def _take(self, peer: Peer, message: Message) -> None:
        self.messages.append((peer.name, message))


@contextlib.contextmanager
def supervision(folder: Path, *devices: Mapping[str, Any]) -> Iterator[Supervision]:
    """Run a block with a supervision of `devices`."""
    running = Supervision(folder, devices)
    try:
        yield running
    finally:
        running.close()
