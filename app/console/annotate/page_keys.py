"""The keys of the page: one table for what they do and for the sheet, and who gets a key that was pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

TYPED = "[],.?"
"""Keys that are known by what they write: where they lie differs from keyboard to keyboard."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One thing that keys do; `command` names it for the page. `while_typing`: also where text is written."""

    keys: tuple[str, ...]
    text: str
    command: str
    group: str
    while_typing: bool = False


KEYS: tuple[KeyInfo, ...] = (
    KeyInfo(("Space",), "Play or pause", "play", "Play"),
    KeyInfo(("Ctrl+Space",), "Play or pause while typing", "play", "Play", True),
    KeyInfo(("Left",), "Previous frame", "frame_back", "Play"),
    KeyInfo(("Right",), "Next frame", "frame_on", "Play"),
    KeyInfo(("Shift+Left",), "One second back", "second_back", "Play"),
    KeyInfo(("Shift+Right",), "One second on", "second_on", "Play"),
    KeyInfo(("Ctrl+Left",), "Previous mark", "mark_back", "Play"),
    KeyInfo(("Ctrl+Right",), "Next mark", "mark_on", "Play"),
    KeyInfo((",",), "Slower", "slower", "Play"),
    KeyInfo((".",), "Faster", "faster", "Play"),
    KeyInfo(("Backspace",), "Usual speed", "usual_speed", "Play"),
    KeyInfo(("L",), "Loop the mark or what is selected", "loop", "Play"),
    KeyInfo(("Up",), "Previous question or tier", "up", "Answer"),
    KeyInfo(("Down",), "Next question or tier", "down", "Answer"),
    KeyInfo(("Return", "Enter"), "Begin or end a segment; confirm a mark; begin a trace", "enter", "Answer"),
    KeyInfo(("Ctrl+Return", "Ctrl+Enter"), "Finish this item and go on", "finish", "Answer", True),
    KeyInfo(("Tab",), "Next item without an answer", "next_open", "Answer"),
    KeyInfo(("Shift+Tab", "Backtab"), "Previous item without an answer", "previous_open", "Answer"),
    KeyInfo(("C",), "Ask the curator", "ask", "Answer"),
    KeyInfo(("[",), "Start of the mark is here", "set_start", "Marks"),
    KeyInfo(("]",), "End of the mark is here", "set_end", "Marks"),
    KeyInfo(("S",), "Split the mark here", "split", "Marks"),
    KeyInfo(("M",), "Merge with the next mark of the same label", "merge", "Marks"),
    KeyInfo(("Del",), "Delete the mark (undo brings it back)", "delete", "Marks"),
    KeyInfo(("Q",), "Go to the start of the mark", "to_start", "Marks"),
    KeyInfo(("E",), "Go to the end of the mark", "to_end", "Marks"),
    KeyInfo(("A",), "Accept the model's label", "accept", "Marks"),
    KeyInfo(("R",), "Reject the model's label; else signals raw or filtered", "reject", "Marks"),
    KeyInfo(("F",), "Show the mark from start to end", "fit", "View"),
    KeyInfo(("H",), "Show everything", "show_all", "View"),
    KeyInfo(("Ctrl+Z",), "Undo, also after a restart", "undo", "View", True),
    KeyInfo(("Ctrl+Shift+Z", "Ctrl+Y"), "Redo", "redo", "View", True),
    KeyInfo(("Ctrl+S",), "Nothing to do: everything is saved already", "saved", "View", True),
    KeyInfo(("?",), "This sheet", "sheet", "View"),
    KeyInfo(("Esc",), "Leave a text; drop what was begun", "escape", "View", True),
)
REPEATING = frozenset(
    {
        "frame_back",
        "frame_on",
        "second_back",
        "second_on",
        "mark_back",
        "mark_on",
        "up",
        "down",
        "undo",
        "redo",
    }
)
"""What a key that is kept down does again and again; everything else it does once."""
GROUPS = ("Answer", "Play", "Marks", "View")
RESERVED = frozenset(key.lower() for info in KEYS for key in info.keys if len(key) == 1)


def _combination(text: str) -> int:
    # The stubs know nothing of its index.
    sequence: Any = QKeySequence(text)
    return int(sequence[0].toCombined())


_BY_TYPED = {key: info for info in KEYS for key in info.keys if key in TYPED}
_BY_KEY = {_combination(key): info for info in KEYS for key in info.keys if key not in TYPED}
_PLAIN = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


def info_of(event: QKeyEvent) -> KeyInfo | None:
    """Return what a key does."""
    modifiers = event.modifiers() & ~(
        Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
    )
    if not modifiers & _PLAIN and event.text() in _BY_TYPED:
        return _BY_TYPED[event.text()]
    if event.key() == Qt.Key.Key_Backtab:
        modifiers = Qt.KeyboardModifier.NoModifier
    return _BY_KEY.get(modifiers.value | event.key())


def choice_of(event: QKeyEvent) -> str:
    """Return the digit or letter of a key that may choose a label, "" for any other."""
    if event.modifiers() & _PLAIN:
        return ""
    digit = event.key() - Qt.Key.Key_0.value
    if 0 <= digit <= 9:
        return str(digit)
    text = event.text().lower()
    return text if len(text) == 1 and text.isalnum() and text not in RESERVED else ""


def is_typing(widget: QWidget | None) -> bool:
    """Whether keys go into a field."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    fields = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox)
    return isinstance(widget, fields) and not (
        isinstance(widget, QTextEdit | QPlainTextEdit | QLineEdit) and widget.isReadOnly()
    )


class KeyRouter(QObject):
    """Takes the page's keys before any menu or button does, while the page is watched.

    `commands` maps names of the table to what is done; one that returns False leaves the key to others.
    `press(key, event)` and `release(key)` hear of digits and letters of labels.
    """

    def __init__(
        self,
        page: QWidget,
        commands: Mapping[str, Callable[[], bool | None]],
        press: Callable[[str], bool],
        release: Callable[[str], None],
        is_active: Callable[[], bool],
    ) -> None:
        super().__init__(page)
        self._page = page
        self._commands = commands
        self._press, self._release = press, release
        self._is_active = is_active
        self._is_watching = False

    def watch(self, on: bool) -> None:
        """Begin or end to take keys."""
        application = QApplication.instance()
        if application is None or on == self._is_watching:
            return
        self._is_watching = on
        if on:
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a key of the page."""
        kind = event.type()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride):
            return False
        if not isinstance(event, QKeyEvent):
            return False
        if not self._is_ours(watched):
            return self._is_early(watched, event)
        if kind == QEvent.Type.KeyRelease:
            key = choice_of(event)
            if key and not event.isAutoRepeat():
                self._release(key)
            return False
        return self._on_key(watched, event, kind == QEvent.Type.ShortcutOverride)

    def _on_key(self, watched: QObject, event: QKeyEvent, is_question: bool) -> bool:
        typing = is_typing(watched if isinstance(watched, QWidget) else None)
        info = info_of(event)
        if typing and (info is None or not info.while_typing or self._is_text_undo(watched, info)):
            return False
        if info is not None and info.command in self._commands:
            if is_question:
                event.accept()
                return True
            if event.isAutoRepeat() and info.command not in REPEATING:
                return True
            return self._commands[info.command]() is not False
        key = choice_of(event)
        if not key or typing:
            return False
        if is_question:
            event.accept()
            return True
        return event.isAutoRepeat() or self._press(key)

    def _is_text_undo(self, watched: QObject, info: KeyInfo) -> bool:
        """Whether a field takes back what is being typed in it."""
        if info.command not in ("undo", "redo"):
            return False
        document = getattr(watched, "document", None)
        source = document() if callable(document) else watched
        able = getattr(source, "isUndoAvailable" if info.command == "undo" else "isRedoAvailable", None)
        return bool(able()) if callable(able) else False

    def _is_early(self, watched: QObject, event: QKeyEvent) -> bool:
        """Keep back the key that finishes an item while the next one is opened: the window's is 'Connect'."""
        info = info_of(event)
        if info is None or info.command != "finish" or self._is_active() or not self._is_here(watched):
            return False
        event.accept()
        return True

    def _is_ours(self, watched: QObject) -> bool:
        return self._is_active() and self._is_here(watched)

    def _is_here(self, watched: QObject) -> bool:
        if not isinstance(watched, QWidget):
            return False
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
            return False
        focus = QApplication.focusWidget()
        if focus is None:
            return watched is self._page.window()
        return watched is focus and (focus is self._page or self._page.isAncestorOf(focus))
