"""A form out of a card's settings: a box a setting, what it means beside it; only changes are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from analysis.recognizers.recognizer import Setting
from app.console.choices import combo, fill_combo, named
from app.console.parts import Line, Tick, Tinted

MOST = 1_000_000


class SettingsForm(QWidget):
    """Shows settings at their defaults; `changed` whenever one is changed."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings: tuple[Setting, ...] = ()
        self._titles: dict[str, str] = {}
        self._read: dict[str, Callable[[], Any]] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._inner = QWidget()
        self._column.addWidget(self._inner)
        self.trouble = Line("", "alarm", True)
        self.trouble.hide()
        self._column.addWidget(self.trouble)
        self.defaults = Tinted("Put defaults back", "undo", self._put_back)
        self._column.addWidget(self.defaults, 0, Qt.AlignmentFlag.AlignLeft)
        self.boxes: dict[str, QWidget] = {}
        self.show_settings(())

    def show_settings(self, settings: Sequence[Setting], titles: Mapping[str, str] | None = None) -> None:
        """Show other settings, each at its default; `titles` says by name what one is called on screen."""
        self._settings, self._titles = tuple(settings), dict(titles or {})
        self._read, self.boxes = {}, {}
        old, self._inner = self._inner, QWidget()
        form = QFormLayout(self._inner)
        form.setContentsMargins(0, 0, 0, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        if not settings:
            form.addRow(Line("It has no settings.", "muted"))
        for setting in settings:
            box = self._box(setting)
            named(box, f"{setting.name}: {setting.about}")
            self.boxes[setting.name] = box
            label = QLabel(self._titles.get(setting.name, setting.name.replace("_", " ").capitalize()))
            label.setToolTip(setting.about)
            label.setBuddy(box)
            form.addRow(label, box)
        self._column.replaceWidget(old, self._inner)
        old.setParent(None)
        old.deleteLater()
        self.defaults.setVisible(bool(settings))
        self._on_changed()

    def _put_back(self) -> None:
        self.show_settings(self._settings, self._titles)

    def values(self) -> dict[str, Any]:
        """Return what differs from the defaults; what cannot be read is left out and told below."""
        found = {}
        for setting in self._settings:
            try:
                value = self._read[setting.name]()
            except ValueError:
                continue
            if value != setting.default:
                found[setting.name] = value
        return found

    @property
    def problem(self) -> str:
        """What cannot be read, "" if all can."""
        for setting in self._settings:
            try:
                self._read[setting.name]()
            except ValueError:
                return f"{setting.name}: write {_kind_words(setting.default)}."
        return ""

    def _on_changed(self) -> None:
        problem = self.problem
        self.trouble.setText(problem)
        self.trouble.setVisible(bool(problem))
        self.defaults.setEnabled(bool(self.values() or problem))
        self.changed.emit()

    def _box(self, setting: Setting) -> QWidget:
        default = setting.default
        if setting.choices:
            chosen: QComboBox = combo(setting.name)
            fill_combo(chosen, [(str(each), each) for each in setting.choices], default)
            chosen.currentIndexChanged.connect(lambda _: self._on_changed())
            self._read[setting.name] = chosen.currentData
            return chosen
        if isinstance(default, bool):
            tick = Tick("on")
            tick.setChecked(default)
            tick.toggled.connect(lambda _: self._on_changed())
            self._read[setting.name] = tick.isChecked
            return tick
        if isinstance(default, int):
            spin = QSpinBox()
            spin.setRange(-1 if default < 0 else 0, MOST)
            spin.setValue(default)
            spin.valueChanged.connect(lambda _: self._on_changed())
            self._read[setting.name] = spin.value
            return spin
        line = QLineEdit(f"{default:g}" if isinstance(default, float) else _text(default))
        line.setCursorPosition(0)
        line.textEdited.connect(lambda _: self._on_changed())
        self._read[setting.name] = lambda: _value(line.text(), default)
        return line


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value(text: str, default: Any) -> Any:
    """Return what was written, of the kind of the default; raises ValueError."""
    if isinstance(default, str):
        return text
    if isinstance(default, float):
        # What is shown of a default is rounded, and must still be the default.
        return default if text == f"{default:g}" else float(text.replace(",", "."))
    found = json.loads(text)
    return tuple(found) if isinstance(default, tuple) and isinstance(found, list) else found


def _kind_words(default: Any) -> str:
    if isinstance(default, float):
        return "a number, such as 0.001"
    return f"a value as {_text(default)}"
