"""A bridge's or capture's place in a session: its link, its orders, and when it has to end."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from analysis.records import StreamInfo
from app import clock
from app.devices.entries import DeviceEntry
from app.link import Link, Message
from app.plan import Lock, SessionPaths, SessionPlan
from stimuli.problems import EvokeError

HEALTH_S = 0.5


class NoSessionError(EvokeError):
    """The live folder holds no session that this process could join."""


class Service:
    """How long a process serves a session: `stopping` is set when it has to end.

    SIGTERM and the stop message end it; so does the end of the supervisor where no recorder is left that
    could use its work.
    """

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._recorder: psutil.Process | None = None
        stop_on_signals(self.stopping)

    def attend(self, link: Link) -> bool:
        """Take the messages that came; False when it is time to end."""
        for message in link.poll():
            self._take(message)
        if not link.is_open and not self._has_recorder():
            self.stopping.set()
        return not self.stopping.is_set()

    def _take(self, message: Message) -> None:
        if message.get("type") == "stop":
            self.stopping.set()
        elif message.get("type") == "peers":
            pid = dict(message.get("pids", {})).get("recorder")
            self._recorder = None
            with contextlib.suppress(psutil.Error, TypeError, ValueError):
                # Remembers the start time too: another process with that pid later is not the recorder.
                self._recorder = psutil.Process(int(pid)) if pid else None

    def _has_recorder(self) -> bool:
        if self._recorder is None:
            return False
        with contextlib.suppress(psutil.Error):
            return self._recorder.is_running() and self._recorder.status() != psutil.STATUS_ZOMBIE
        return False


class Child:
    """Joins the session in `live` as `role` for device `device_id`; raises NoSessionError or LinkError."""

    def __init__(self, live: Path, role: str, device_id: str) -> None:
        self.paths = SessionPaths.of_live(live)
        self.plan, self.entry = _read(self.paths, device_id)
        lock = Lock.read(self.paths.lock)
        if lock is None:
            raise NoSessionError(f"{live.name}: there is no running session. Start one with evoke run.")
        self._next_health_s = 0.0
        self._service = Service()
        self.stopping = self._service.stopping
        self.link = Link(lock.port, lock.token, role, device_id, os.getpid())

    def attend(self) -> bool:
        """Take the messages that came; False when it is time to end."""
        return self._service.attend(self.link)

    def declare(self, streams: Iterable[StreamInfo]) -> None:
        """Tell the supervisor that these streams exist now."""
        self.link.send({"type": "declare", "streams": [info.to_json() for info in streams]})

    def report(self, health: Mapping[str, Any]) -> None:
        """Send the health, at most every half second."""
        now = clock.now()
        if now >= self._next_health_s:
            self._next_health_s = now + HEALTH_S
            self.link.send({"type": "health", **health})


def stop_on_signals(stopping: threading.Event) -> None:
    """Let SIGTERM and Ctrl-C ask for a stop instead of ending the process somewhere."""
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda *_: stopping.set())


def _read(paths: SessionPaths, device_id: str) -> tuple[SessionPlan, DeviceEntry]:
    try:
        plan = SessionPlan.load(paths.plan)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NoSessionError(f"{paths.live.name}: the session's plan cannot be read: {error}.") from error
    for values in plan.devices:
        if values.get("id") == device_id:
            return plan, DeviceEntry.from_json(values)
    raise NoSessionError(f'{paths.live.name}: the session has no device "{device_id}".')
