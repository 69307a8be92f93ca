"""The rows of the scheme editor's forms: what edits one field of a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.console.annotate.scheme_editor_fields import Asked
from app.console.editor_fields import Field
from app.console.editor_rows import MISSING, AreaRow, LineRow, Missing, combo
from app.console.parts import Tick


class Row(QWidget):
    """Edits one field; `edited(key, value)` when somebody has changed it."""

    edited = Signal(str, object)

    def __init__(self, each: Asked) -> None:
        super().__init__()
        self.asked = each
        self.setToolTip(each.tip)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)

    def show_value(self, value: Any) -> None:
        """Show what the part holds."""
        raise NotImplementedError

    def focus(self) -> None:
        """Put the keyboard here."""
        raise NotImplementedError

    def commit(self) -> None:
        """Tell what is being typed."""


class TextRow(Row):
    """A line, a few lines, a number or a colour: the rows of the protocol editor."""

    def __init__(self, each: Asked) -> None:
        super().__init__(each)
        kind = each.kind if each.kind in ("area", "number", "colour") else "text"
        field = Field(each.key, kind, each.tip)
        self.inner = AreaRow(field) if kind == "area" else LineRow(field)
        self.input: QWidget = self.inner.area if isinstance(self.inner, AreaRow) else self.inner.line
        self.input.setAccessibleName(each.title)
        self.inner.edited.connect(lambda _, value: self._tell(value))
        self.column.addWidget(self.inner)

    def show_value(self, value: Any) -> None:
        """Show a text or a number; nothing for an empty one."""
        self.inner.show_value(MISSING if value == "" else value)

    def focus(self) -> None:
        """Put the keyboard here."""
        self.input.setFocus()

    def commit(self) -> None:
        """Tell what is being typed."""
        for timer in self.inner.findChildren(QTimer):
            if timer.isActive():
                timer.stop()
                timer.timeout.emit()

    def _tell(self, value: Any) -> None:
        if isinstance(value, Missing):
            value = 0.0 if self.asked.kind == "number" else ""
        elif self.asked.kind == "number" and isinstance(value, int):
            value = float(value)
        self.edited.emit(self.asked.key, value)


class WordRow(Row):
    """One of a few, told in words."""

    def __init__(self, each: Asked) -> None:
        super().__init__(each)
        self.box = combo(each.title)
        for value, words in (each.choices or {}).items():
            self.box.addItem(words, value)
        self.box.activated.connect(lambda at: self.edited.emit(each.key, self.box.itemData(at)))
        self.column.addWidget(self.box)

    def show_value(self, value: Any) -> None:
        """Choose what the part holds."""
        self.box.setCurrentIndex(self.box.findData(value))

    def focus(self) -> None:
        """Put the keyboard here."""
        self.box.setFocus()


class FlagRow(Row):
    """Yes or no."""

    def __init__(self, each: Asked) -> None:
        super().__init__(each)
        self.tick = Tick(each.title)
        self.tick.clicked.connect(lambda on: self.edited.emit(each.key, bool(on)))
        self.column.addWidget(self.tick)

    def show_value(self, value: Any) -> None:
        """Show yes or no."""
        self.tick.setChecked(bool(value))

    def focus(self) -> None:
        """Put the keyboard here."""
        self.tick.setFocus()


class SetRow(Row):
    """Any of a few: a box to tick for each."""

    def __init__(self, each: Asked) -> None:
        super().__init__(each)
        self.ticks: Mapping[str, Tick] = {name: Tick(words) for name, words in (each.choices or {}).items()}
        for tick in self.ticks.values():
            tick.clicked.connect(lambda _: self.edited.emit(each.key, self.chosen()))
            self.column.addWidget(tick)

    def chosen(self) -> frozenset[str]:
        """Return what is ticked."""
        return frozenset(name for name, tick in self.ticks.items() if tick.isChecked())

    def show_value(self, value: Any) -> None:
        """Tick what the part holds."""
        for name, tick in self.ticks.items():
            tick.setChecked(name in value)

    def focus(self) -> None:
        """Put the keyboard here."""
        next(iter(self.ticks.values())).setFocus()


def make_row(each: Asked) -> Row:
    """Return what edits a field."""
    made: Mapping[str, type[Row]] = {"choice": WordRow, "flag": FlagRow, "set": SetRow}
    return made.get(each.kind, TextRow)(each)
