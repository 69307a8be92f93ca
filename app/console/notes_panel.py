"""Notes and alarms in the order in which they came, with a line to write and marks to press."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app import clock
from app.console import icons, theme
from app.console.parts import Primary, Tinted
from app.console.told import Told

MARKS: Mapping[str, str] = {
    "mark_movement": "Movement",
    "mark_noise": "Noise",
    "mark_speech": "Speech",
    "mark_artefact": "Artefact",
}
LONG_AGO_S = 1.0


class NotesPanel(QWidget):
    """Emits `note_written(text)` for typed notes and marks."""

    note_written = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "notes")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(6)
        self.list = QListWidget()
        self.list.setAccessibleName("Notes and alarms")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setWordWrap(True)
        self.list.setIconSize(QSize(16, 16))
        self.list.setMinimumHeight(40)
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        self.line = QLineEdit()
        self.line.setAccessibleName("Note")
        self.line.setPlaceholderText("Write a note (F7), Enter keeps it")
        self.line.returnPressed.connect(self.keep)
        self.line.textEdited.connect(self._typed)
        row.addWidget(self.line, 1)
        self.keep_button = Primary("Keep", "", self.keep)
        row.addWidget(self.keep_button)
        self.marks: dict[str, Tinted] = {}
        for number, (name, word) in enumerate(MARKS.items(), start=1):
            button = Tinted(word, "mark")
            button.setToolTip(f"Note: {word.lower()} (Alt+{number})")
            # A press types nothing, so it may be done while the participant answers.
            button.setProperty("oneClick", True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, chosen=name: self.mark(chosen))
            self.marks[name] = button
            row.addWidget(button)
        column.addLayout(row)
        self._begun_s: float | None = None
        self._alarms_seen: dict[tuple[float, str], QListWidgetItem] = {}
        self._over: set[tuple[float, str]] = set()
        self.set_possible(False)

    def set_possible(self, is_possible: bool) -> None:
        """Let notes be written, or not."""
        for widget in (self.line, self.keep_button, *self.marks.values()):
            widget.setEnabled(is_possible)

    def clear(self) -> None:
        """Forget everything: another session."""
        self.list.clear()
        self.line.clear()
        self._alarms_seen.clear()
        self._over.clear()

    def mark(self, name: str) -> None:
        """Note one of the marks."""
        self.note_written.emit(MARKS[name].lower())

    def keep(self) -> None:
        """Hand over what was typed, with how long ago its first letter was."""
        text = self.line.text().strip()
        if not text:
            return
        ago_s = 0.0 if self._begun_s is None else clock.now() - self._begun_s
        self._begun_s = None
        self.line.clear()
        self.note_written.emit(f"{text} [begun {ago_s:.1f} s before]" if ago_s > LONG_AGO_S else text)

    def add_note(self, text: str, at_s: float | None = None) -> None:
        """List a note that was kept."""
        self._add(at_s if at_s is not None else clock.now(), "note", "accent", text)

    def add_told(self, told: Told, at_s: float) -> None:
        """List something that happened with the participant or on the screen."""
        icon = {"note": "person" if told.whose == "participant" else "info"}.get(told.level, told.level)
        colour = "accent" if told.level == "note" else told.level
        self._add(at_s, icon, colour, told.text)

    def show_alarms(self, state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """List alarms that are new, grey those that are over, and return the new ones."""
        fresh = []
        for alarm in state.get("alarms") or ():
            key = (float(alarm.get("time") or 0), str(alarm.get("text")))
            level = "alarm" if alarm.get("level") == "alarm" else "warning"
            if key not in self._alarms_seen:
                fresh.append(alarm)
                text = said(alarm)
                self._alarms_seen[key] = self._add(key[0], level, level, text, stands(alarm))
            cleared_s = alarm.get("cleared_s")
            if cleared_s is not None and key not in self._over:
                self._over.add(key)
                self._grey(self._alarms_seen[key], level, float(cleared_s))
        return fresh

    def changeEvent(self, event: QEvent) -> None:
        """Tint the icons anew when the palette changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for place in range(self.list.count()):
                item = self.list.item(place)
                self._tint(item)

    def _typed(self, text: str) -> None:
        if not text:
            self._begun_s = None
        elif self._begun_s is None:
            self._begun_s = clock.now()

    def _add(
        self, at_s: float, icon: str, colour: str, text: str, is_standing: bool = False
    ) -> QListWidgetItem:
        item = QListWidgetItem(f"{_when(at_s)}  {text}")
        item.setData(Qt.ItemDataRole.UserRole, (icon, colour, colour if is_standing else "text"))
        item.setToolTip(text)
        self._tint(item)
        self.list.addItem(item)
        self.list.scrollToBottom()
        return item

    def _grey(self, item: QListWidgetItem, icon: str, over_s: float) -> None:
        item.setText(f"{item.text()}  (over at {_when(over_s)})")
        item.setData(Qt.ItemDataRole.UserRole, (icon, "muted", "muted"))
        self._tint(item)

    def _tint(self, item: QListWidgetItem) -> None:
        name, colour, ink = item.data(Qt.ItemDataRole.UserRole)
        item.setIcon(icons.icon(name, getattr(theme.current(), colour)))
        item.setForeground(QColor(getattr(theme.current(), ink)))


def stands(alarm: Mapping[str, Any]) -> bool:
    """Whether an alarm still holds."""
    return bool(alarm.get("stands", alarm.get("level") == "alarm" and alarm.get("cleared_s") is None))


def is_over(alarm: Mapping[str, Any]) -> bool:
    """Whether all was well again after an alarm."""
    return alarm.get("cleared_s") is not None


def said(alarm: Mapping[str, Any]) -> str:
    """Return an alarm with whose it is in front."""
    text, whose = str(alarm.get("text")), str(alarm.get("stream") or "")
    return f"{whose}: {text}" if whose and whose not in text else text


def _when(at_s: float) -> str:
    wall_s = time.time() - (clock.now() - at_s) if at_s else time.time()
    return time.strftime("%H:%M:%S", time.localtime(wall_s))
