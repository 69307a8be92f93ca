"""The study's own fields of a participant: names, labels, types, options, and which may leave in exports."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from app.console.parts import Line, Tick, Tinted
from app.participant_fields import FieldSpec, fields_from_yaml
from app.study_files import StudyError

TYPES = (("text", "text"), ("number", "number"), ("choice", "choice among options"))
BETWEEN = "|"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class FieldEditor(QWidget):
    """Edits a list of fields; `changed` after each step. `fields()` raises StudyError for a wrong one."""

    changed = Signal()

    def __init__(self, fields: Sequence[FieldSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[dict[str, Any]] = [spec.to_yaml() for spec in fields]
        self._filling = False
        row = QHBoxLayout(self)
        left = QVBoxLayout()
        self.list = QListWidget()
        self.list.setAccessibleName("Fields")
        self.list.currentRowChanged.connect(self._show)
        left.addWidget(self.list, 1)
        buttons = QHBoxLayout()
        self.add_button = Tinted("Add", "add", self.add)
        self.remove_button = Tinted("Remove", "remove", self.remove)
        self.up_button = Tinted("Up", "", lambda: self.move_field(-1))
        self.down_button = Tinted("Down", "", lambda: self.move_field(1))
        for button in (self.add_button, self.remove_button, self.up_button, self.down_button):
            buttons.addWidget(button)
        left.addLayout(buttons)
        row.addLayout(left, 1)
        right = QVBoxLayout()
        self.form_box = QWidget()
        self._fill_form(QFormLayout(self.form_box))
        right.addWidget(self.form_box)
        self.problem = Line("", "alarm", True)
        right.addWidget(self.problem)
        right.addStretch(1)
        row.addLayout(right, 1)
        self._list()

    def _fill_form(self, form: QFormLayout) -> None:
        form.setContentsMargins(8, 0, 0, 0)
        form.setSpacing(8)
        self.name, self.label, self.unit, self.options = (QLineEdit() for _ in range(4))
        self.name.setPlaceholderText("small letters, digits and _: handedness")
        self.label.setPlaceholderText("Handedness, or en: Handedness | de: Händigkeit")
        self.options.setPlaceholderText("left | right | both")
        self.type = QComboBox()
        for value, words in TYPES:
            self.type.addItem(words, value)
        self.required = Tick("Needed")
        self.leaves = Tick("May leave in exports")
        for title, name, widget in (
            ("&Name", "Name of the field", self.name),
            ("&Label", "Label of the field", self.label),
            ("&Type", "Type of the field", self.type),
            ("&Unit", "Unit of the field", self.unit),
            ("&Options", "Options of the field", self.options),
        ):
            widget.setAccessibleName(name)
            form.addRow(title, widget)
        form.addRow("", self.required)
        form.addRow("", self.leaves)
        for line in (self.name, self.label, self.unit, self.options):
            line.textEdited.connect(self._take)
        self.type.currentIndexChanged.connect(self._take)
        for tick in (self.required, self.leaves):
            tick.toggled.connect(self._take)

    def fields(self) -> tuple[FieldSpec, ...]:
        """Return the fields as they stand; raises StudyError."""
        return fields_from_yaml(self._values, "study.yaml")

    def add(self) -> None:
        """Add a field behind the others."""
        taken = {values["name"] for values in self._values}
        number = next(n for n in range(1, len(taken) + 2) if f"field_{n}" not in taken)
        name = f"field_{number}"
        self._values.append({"name": name, "type": "text", "label": name, "required": False, "leaves": False})
        self._list(len(self._values) - 1)
        self.name.setFocus()
        self.name.selectAll()
        self._look()

    def remove(self) -> None:
        """Take the chosen field out of the form; what was entered in it stays in the table."""
        place = self.list.currentRow()
        if place >= 0:
            del self._values[place]
            self._list(min(place, len(self._values) - 1))
            self._look()

    def move_field(self, step: int) -> None:
        """Move the chosen field up or down."""
        place, other = self.list.currentRow(), self.list.currentRow() + step
        if place >= 0 and 0 <= other < len(self._values):
            self._values[place], self._values[other] = self._values[other], self._values[place]
            self._list(other)
            self._look()

    def _list(self, chosen: int = 0) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for values in self._values:
            self.list.addItem(_title(values))
        self.list.blockSignals(False)
        self.list.setCurrentRow(chosen if self._values else -1)
        self._show(self.list.currentRow())

    def _show(self, place: int) -> None:
        there = 0 <= place < len(self._values)
        for widget in (self.form_box, self.remove_button, self.up_button, self.down_button):
            widget.setEnabled(there)
        values = self._values[place] if there else {}
        self._filling = True
        self.name.setText(str(values.get("name", "")))
        self.label.setText(label_text(values.get("label", "")))
        self.type.setCurrentIndex(max(0, self.type.findData(values.get("type", "text"))))
        self.unit.setText(str(values.get("unit", "")))
        self.options.setText(f" {BETWEEN} ".join(values.get("options", ())))
        self.required.setChecked(bool(values.get("required")))
        self.leaves.setChecked(bool(values.get("leaves")))
        self._filling = False
        self._show_by_type()

    def _show_by_type(self) -> None:
        kind = self.type.currentData()
        self.unit.setEnabled(kind == "number")
        self.options.setEnabled(kind == "choice")

    def _take(self) -> None:
        place = self.list.currentRow()
        if self._filling or not 0 <= place < len(self._values):
            return
        kind = str(self.type.currentData())
        values: dict[str, Any] = {
            "name": self.name.text().strip(),
            "type": kind,
            "label": label_value(self.label.text()) or self.name.text().strip(),
            "required": self.required.isChecked(),
            "leaves": self.leaves.isChecked(),
        }
        if kind == "number" and self.unit.text().strip():
            values["unit"] = self.unit.text().strip()
        if kind == "choice":
            values["options"] = _parts(self.options.text())
        self._values[place] = values
        item = self.list.item(place)
        if item is not None:
            item.setText(_title(values))
        self._show_by_type()
        self._look()

    def _look(self) -> None:
        try:
            self.fields()
        except StudyError as error:
            self.problem.setText(str(error).removeprefix("study.yaml: "))
        else:
            self.problem.setText("")
        self.changed.emit()


def label_text(label: str | Mapping[str, str]) -> str:
    """Return a label as the editor shows it: one text, or one a language."""
    if isinstance(label, str):
        return label
    return f" {BETWEEN} ".join(f"{language}: {text}" for language, text in label.items())


def label_value(text: str) -> str | dict[str, str]:
    """Return what study.yaml says of a label that was written in the editor."""
    parts = [part.partition(":") for part in _parts(text)]
    by_language = {code.strip(): words.strip() for code, colon, words in parts if colon and words.strip()}
    if parts and len(by_language) == len(parts) and all(LANGUAGE.fullmatch(code) for code in by_language):
        return by_language
    return text.strip()


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(BETWEEN) if part.strip()]


def _title(values: Mapping[str, Any]) -> str:
    marks = [word for name, word in (("required", "needed"), ("leaves", "may leave")) if values.get(name)]
    return f"{values.get('name') or '(no name)'}: {', '.join((str(values.get('type')), *marks))}"
