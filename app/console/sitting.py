"""One session from the console's side: started or found, attached, followed to its finished file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.console.bridge import SessionBridge
from app.console.launcher import Launcher
from app.plan import SessionPaths, SessionPlan

RETRY_MS = 300
PATIENCE = 40


class Sitting(QObject):
    """Follows one session.

    `attached()` when its supervisor listens, `state_arrived(state)`, `event_arrived(event)`,
    `finished(path)` with the finished file, `failed(text)` if it could not be started or stopped with a
    message, `lost(text)` when its supervisor vanished.
    """

    attached = Signal()
    state_arrived = Signal(object)
    event_arrived = Signal(object)
    finished = Signal(object)
    failed = Signal(str)
    lost = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paths: SessionPaths | None = None
        self.bridge: SessionBridge | None = None
        self.launcher: Launcher | None = None
        self.is_over = False
        self._tries = 0
        self._retry = QTimer(self, interval=RETRY_MS)
        self._retry.timeout.connect(self._try)

    @property
    def phase(self) -> str:
        """The session's phase, "" before its first state."""
        return "" if self.bridge is None else self.bridge.phase

    @property
    def state(self) -> Mapping[str, Any]:
        """The newest state, {} before the first."""
        return {} if self.bridge is None else self.bridge.state

    @property
    def plan(self) -> SessionPlan | None:
        """The session's plan once attached."""
        return None if self.bridge is None else self.bridge.plan

    @property
    def is_recording(self) -> bool:
        """Whether something would be missed if nobody looked after it."""
        return not self.is_over and self.phase in ("checking", "waiting", "running", "paused")

    def launch(self, arguments: Sequence[str], folder: Path, known: SessionPaths | None = None) -> None:
        """Start a supervisor whose session will appear in study `folder`, or is `known` already."""
        self.launcher = Launcher(arguments, folder, self, known)
        self.launcher.found.connect(self.attach)
        self.launcher.failed.connect(self._fail)
        self.launcher.ended.connect(self._on_process_end)

    def attach(self, paths: SessionPaths) -> None:
        """Attach to a session that is there."""
        self.paths = paths
        self.bridge = SessionBridge(paths, self)
        self.bridge.state_arrived.connect(self._on_state)
        self.bridge.event_arrived.connect(self.event_arrived)
        self.bridge.lost.connect(self._on_lost)
        self._try()

    def command(self, name: str, text: str = "") -> bool:
        """Send an operator's command; False if nobody is there to take it."""
        return self.bridge is not None and self.bridge.command(name, text)

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send any message to the supervisor; False if nobody is there to take it."""
        return self.bridge is not None and self.bridge.send(message)

    def close(self) -> None:
        """Leave the session to itself."""
        self.is_over = True
        self._retry.stop()
        if self.bridge is not None:
            self.bridge.close()
        if self.launcher is not None:
            self.launcher.stop()

    def _try(self) -> None:
        assert self.bridge is not None
        if self.bridge.attach():
            self._retry.stop()
            self.attached.emit()
            return
        self._tries += 1
        if self._tries > PATIENCE:
            self._retry.stop()
            self._fail("The session's supervisor does not answer. Open the study again to see its state.")
        elif not self._retry.isActive():
            self._retry.start()

    def _on_state(self, state: Mapping[str, Any]) -> None:
        self.state_arrived.emit(state)
        if self.is_over or self.paths is None:
            return
        if self.phase == "finished":
            self.is_over = True
            # A file of a study elsewhere has been brought there meanwhile.
            self.finished.emit(Path(str(state.get("path") or self.paths.final)))
        elif self.phase == "failed":
            self._fail(str(state.get("message") or "The session was stopped."))

    def _on_lost(self) -> None:
        if self.is_over or self.paths is None:
            return
        self.is_over = True
        if self.paths.final.exists():
            self.finished.emit(self.paths.final)
            return
        self.lost.emit(
            "The program that supervised the session has stopped. What was recorded is safe; make the"
            " session's file on the study page (Finish now)."
        )

    def _on_process_end(self, status: int) -> None:
        # An aborted or refused start ends without a last state.
        if not self.is_over and status != 0 and self.launcher is not None and not self.state:
            from app.console.launcher import what_it_said

            self._fail(what_it_said(self.launcher.said) or f"The session ended with status {status}.")

    def _fail(self, text: str) -> None:
        if not self.is_over:
            self.is_over = True
            self.failed.emit(text)
