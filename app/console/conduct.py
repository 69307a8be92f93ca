"""The session in hand and those whose files are still being made: commands, alarms, endings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.console.notifier import Level, Notifier
from app.console.session_panel import needs_choice
from app.console.sitting import Sitting
from app.plan import SessionPaths

NEEDS_PHASE: Mapping[str, tuple[str, ...]] = {
    "start": ("waiting",),
    "pause": ("running", "paused"),
    "skip": ("running", "paused"),
    "abort": ("checking", "waiting", "running", "paused"),
    "note": ("waiting", "running", "paused"),
}
CHOICES = ("repeat", "next", "end")
MARK = "mark_"


class Conduct(QObject):
    """Owns the sittings. At most one records; older ones may still be making their files.

    `changed()` whenever what is possible may have changed, `state_arrived(state)` and
    `event_arrived(event)` of the one in hand, `attached(plan)`, `recording_ended()` when its file begins to
    be made, `progress(name, share)`, `file_ready(path)`, `stopped(text)`, `alarms(list)` is left to the page
    that lists them.
    """

    changed = Signal()
    attached = Signal(object)
    state_arrived = Signal(object)
    event_arrived = Signal(object)
    recording_ended = Signal()
    progress = Signal(str, float)
    file_ready = Signal(object)
    stopped = Signal(str)

    def __init__(self, notifier: Notifier, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self.current: Sitting | None = None
        self.finishing: list[Sitting] = []

    @property
    def is_recording(self) -> bool:
        """Whether a session is in hand that somebody must look after."""
        return self.current is not None and (self.current.is_recording or self.current.phase == "")

    @property
    def state(self) -> Mapping[str, Any]:
        """The newest state of the session in hand, {} if there is none."""
        return {} if self.current is None else self.current.state

    def is_possible(self, name: str) -> bool:
        """Whether an action of a session can be done now."""
        state = self.state
        phase = str(state.get("phase", ""))
        if name in CHOICES:
            return needs_choice(state)
        if name.startswith(MARK):
            name = "note"
        return phase in NEEDS_PHASE.get(name, (phase,))

    def launch(self, arguments: Sequence[str], folder: Path) -> None:
        """Start a session as a process of its own."""
        sitting = self._take(Sitting(self))
        try:
            sitting.launch(arguments, folder)
        except OSError as error:
            self._on_failed(sitting, f"The session could not be started: {error}.")

    def attach(self, paths: SessionPaths) -> None:
        """Attach to a session that runs."""
        self._take(Sitting(self)).attach(paths)

    def command(self, name: str, text: str = "") -> bool:
        """Send a command to the session in hand; says so if nobody takes it."""
        if self.current is not None and self.current.command(name, text):
            return True
        self._notifier.say("The session did not take that: its supervisor does not answer.", "alarm")
        return False

    def note_attention(self, attention: object, text: str) -> bool:
        """Say what was done about an answer that called for attention; says so if nobody takes it."""
        message = {"type": "attention_noted", "id": attention, "text": text}
        if self.current is not None and self.current.send(message):
            return True
        self._notifier.say("The note was not taken: the session's supervisor does not answer.", "alarm")
        return False

    def start(self) -> None:
        """Give the start."""
        self.command("start")

    def pause_or_resume(self) -> None:
        """Pause, or go on after a pause."""
        self.command("resume" if self.state.get("phase") == "paused" else "pause")

    def close(self) -> None:
        """Leave all sessions to themselves."""
        for sitting in (self.current, *self.finishing):
            if sitting is not None:
                sitting.close()

    def _take(self, sitting: Sitting) -> Sitting:
        old = self.current
        if old is not None and not old.is_over:
            if old.phase == "finishing":
                self.finishing.append(old)
            else:
                old.close()
        self.current = sitting
        sitting.attached.connect(lambda: self._on_attached(sitting))
        sitting.state_arrived.connect(lambda state: self._on_state(sitting, state))
        sitting.event_arrived.connect(lambda event: self._on_event(sitting, event))
        sitting.finished.connect(lambda path: self._on_finished(sitting, path))
        sitting.failed.connect(lambda text: self._on_failed(sitting, text))
        sitting.lost.connect(lambda text: self._on_failed(sitting, text))
        self._last_phase = ""
        self.changed.emit()
        return sitting

    def _on_attached(self, sitting: Sitting) -> None:
        if sitting is self.current:
            self.attached.emit(sitting.plan)

    def _on_state(self, sitting: Sitting, state: Mapping[str, Any]) -> None:
        if state.get("phase") == "finishing":
            name = sitting.paths.name if sitting.paths is not None else ""
            share = float((state.get("finishing") or {}).get("done") or 0)
            self.progress.emit(name, share)
        if sitting is not self.current:
            return
        self.state_arrived.emit(state)
        phase = str(state.get("phase", ""))
        if phase != self._last_phase:
            self._last_phase = phase
            if phase == "finishing":
                self.recording_ended.emit()
        self.changed.emit()

    def _on_event(self, sitting: Sitting, event: Mapping[str, Any]) -> None:
        if sitting is self.current:
            self.event_arrived.emit(event)

    def _on_finished(self, sitting: Sitting, path: Path) -> None:
        self._drop(sitting)
        self.file_ready.emit(path)
        self.changed.emit()

    def _on_failed(self, sitting: Sitting, text: str) -> None:
        was_current = sitting is self.current
        self._drop(sitting)
        if was_current:
            self.stopped.emit(text)
        else:
            self._notifier.say(text, "alarm")
        self.changed.emit()

    def _drop(self, sitting: Sitting) -> None:
        sitting.close()
        if sitting in self.finishing:
            self.finishing.remove(sitting)
        if sitting is self.current:
            self.current = None
        sitting.deleteLater()


def level_of(alarm: Mapping[str, Any]) -> Level:
    """Return how urgent an alarm is as a message."""
    return "alarm" if alarm.get("level") == "alarm" else "warning"
