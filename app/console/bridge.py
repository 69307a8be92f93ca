"""The window's end of the link to a session's supervisor: what arrives becomes Qt signals."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.link import Link, LinkError
from app.plan import Lock, SessionPaths, SessionPlan

POLL_MS = 50
ENDED = ("finished", "failed")


class SessionBridge(QObject):
    """One session as a console sees it. `attach` may fail while the supervisor is not up yet.

    `state_arrived(state)` twice a second, `event_arrived(event)` for each journalled event,
    `lost()` once when the supervisor is gone although the session had not ended.
    """

    state_arrived = Signal(object)
    event_arrived = Signal(object)
    lost = Signal()

    def __init__(self, paths: SessionPaths, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paths = paths
        self.plan: SessionPlan | None = None
        self.state: Mapping[str, Any] = {}
        self._link: Link | None = None
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def phase(self) -> str:
        """The session's phase, "" before the first state."""
        return str(self.state.get("phase", ""))

    @property
    def is_attached(self) -> bool:
        """Whether the supervisor listens."""
        return self._link is not None and self._link.is_open

    @property
    def has_ended(self) -> bool:
        """Whether the session came to its own end."""
        return self.phase in ENDED

    def attach(self) -> bool:
        """Connect through the session's lock; False if nobody is there (yet)."""
        lock = Lock.read(self.paths.lock)
        if lock is None or not lock.is_alive:
            return False
        try:
            self.plan = SessionPlan.load(self.paths.plan)
            self._link = Link(lock.port, lock.token, "console", "console", os.getpid())
        except (LinkError, OSError, ValueError, KeyError, TypeError):
            return False
        self._timer.start()
        return True

    def command(self, name: str, text: str = "") -> bool:
        """Send an operator's command; False if the supervisor is gone."""
        message: dict[str, Any] = {"type": "command", "name": name}
        if text:
            message["text"] = text
        return self.send(message)

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send any message; False if the supervisor is gone."""
        return self._link is not None and self._link.send(message)

    def close(self) -> None:
        """Leave; the session goes on."""
        self._timer.stop()
        if self._link is not None:
            self._link.close()
            self._link = None

    def _poll(self) -> None:
        link = self._link
        if link is None:
            return
        newest: Mapping[str, Any] | None = None
        was_open = link.is_open
        for message in link.poll():
            if message.get("type") == "state":
                newest = message
            elif message.get("type") == "event":
                self.event_arrived.emit(message.get("event") or {})
        if newest is not None:
            self.state = newest
            self.state_arrived.emit(newest)
        if not was_open and self._link is link:
            self.close()
            if not self.has_ended:
                self.lost.emit()
