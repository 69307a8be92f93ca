"""One key of a part as something to edit: a line, a choice, texts by language, alternatives, a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.console import theme
from app.console.editor_fields import Field, fields, is_long, models
from app.console.editor_text import inline
from app.console.parts import Line

STARTS: Mapping[str, Mapping[str, Any]] = {
    "SelfPaced": {"typical_s": 10},
    "Spread": {"from_s": 0.5, "to_s": 1},
    "Measure": {"height_px": 400},
}
TYPING_PAUSE_MS = 350
AREA_LINES = 3


class Missing:
    """Stands for a key that is not in the file."""


MISSING = Missing()


class Row(QWidget):
    """Edits one key.

    `edited(path, value)`: `path` leads from the part to what changed, the value MISSING takes it out.
    """

    edited = Signal(tuple, object)

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.setToolTip(field.tip)
        self.setAccessibleName(field.label)
        self._shown: Any = MISSING

    def show_value(self, value: Any) -> None:
        """Show what the file says, unless it is what was written here last."""
        if value != self._shown or type(value) is not type(self._shown):
            self._shown = value
            self.fill(value)

    def fill(self, value: Any) -> None:
        """Show a value."""

    def tell(self, value: Any) -> None:
        """Say that somebody has changed the value here."""
        self._shown = value
        self.edited.emit((self.field.key,), value)

    def _line(self, said: str = "") -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(said or self.field.label)
        line.setToolTip(self.field.tip)
        return line


class LineRow(Row):
    """Text, a number with its unit, a colour, or names with commas between."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = self._line()
        self.line.setPlaceholderText(field.usual)
        row.addWidget(self.line)
        if field.kind in ("number", "whole"):
            self.line.setMaximumWidth(self.fontMetrics().averageCharWidth() * 16)
            row.addWidget(Line(field.unit, "muted"))
            row.addStretch(1)
        self._sample = self.line.addAction(QPixmap(), QLineEdit.ActionPosition.LeadingPosition)
        self._sample.setVisible(field.kind == "colour")
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._commit)
        self.line.textEdited.connect(lambda: self._pause.start())
        self.line.editingFinished.connect(self._finish)

    def fill(self, value: Any) -> None:
        """Show a value as it is typed."""
        self.line.setText("" if value is MISSING else written(self.field, value))
        # What goes on over many lines of the file would become one line here.
        is_wide = isinstance(value, dict) and any(isinstance(each, dict) for each in value.values())
        self.line.setReadOnly(is_wide)
        self.line.setToolTip("Change this in the text." if is_wide else self.field.tip)
        self.line.setCursorPosition(0)
        self._tint()

    def _finish(self) -> None:
        if self._pause.isActive():
            self._commit()

    def _commit(self) -> None:
        self._pause.stop()
        self._tint()
        value = read(self.field, self.line.text())
        if value != self._shown or type(value) is not type(self._shown):
            self.tell(value)

    def _tint(self) -> None:
        if self.field.kind == "colour":
            sample = QPixmap(14, 14)
            sample.fill(QColor(self.line.text() or self.field.usual or "#00000000"))
            painter = QPainter(sample)
            painter.setPen(QColor(theme.current().muted))
            painter.drawRect(0, 0, 13, 13)
            painter.end()
            self._sample.setIcon(sample)


class AreaRow(Row):
    """A text of several lines; notes are one line each."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.area = text_area(field.label, field.usual)
        column.addWidget(self.area)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._commit)
        self.area.textChanged.connect(self._typed)

    def fill(self, value: Any) -> None:
        """Show a value."""
        lines = value if isinstance(value, list) else [] if value is MISSING else [str(value)]
        self.area.blockSignals(True)
        self.area.setPlainText("\n".join(str(line) for line in lines))
        self.area.blockSignals(False)

    def _typed(self) -> None:
        self._pause.start()

    def _commit(self) -> None:
        text = self.area.toPlainText().strip()
        lines: Any = (
            [line for line in text.split("\n") if line.strip()] if self.field.kind == "notes" else text
        )
        self.tell(lines or MISSING)


class ChoiceRow(Row):
    """One of a few, or as usual."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box = combo(field.label)
        self.box.setToolTip(field.tip)
        if not field.needed:
            self.box.addItem(f"as usual ({field.usual})" if field.usual else "as usual", MISSING)
        for choice in field.choices:
            words = "yes" if choice is True else "no" if choice is False else str(choice)
            self.box.addItem(words, choice)
        self.box.activated.connect(lambda place: self.tell(self.box.itemData(place)))
        row.addWidget(self.box)

    def fill(self, value: Any) -> None:
        """Choose what the file says; something unknown is added, so that it can be seen."""
        for place in range(self.box.count()):
            data = self.box.itemData(place)
            if type(data) is type(value) and data == value:
                self.box.setCurrentIndex(place)
                return
        self.box.addItem(inline(value) if value is not MISSING else "", value)
        self.box.setCurrentIndex(self.box.count() - 1)


class WordsRow(Row):
    """A text that participants read: one line or area a language."""

    def __init__(self, field: Field, languages: tuple[str, ...]) -> None:
        super().__init__(field)
        self.languages = languages
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.inputs: dict[str, QLineEdit | QPlainTextEdit] = {}
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._commit)
        for language in languages:
            line = QHBoxLayout()
            said = f"{field.label} ({language})" if len(languages) > 1 else field.label
            if len(languages) > 1:
                tag = Line(language, "muted")
                tag.setMinimumWidth(self.fontMetrics().horizontalAdvance("MMM"))
                line.addWidget(tag, 0, Qt.AlignmentFlag.AlignTop if is_long(field) else Qt.AlignmentFlag(0))
            entry: QLineEdit | QPlainTextEdit
            if is_long(field):
                entry = text_area(said, field.usual_in(language))
                entry.textChanged.connect(lambda: self._pause.start())
            else:
                entry = self._line(said)
                entry.setPlaceholderText(field.usual_in(language))
                entry.textEdited.connect(lambda: self._pause.start())
            self.inputs[language] = entry
            line.addWidget(entry)
            column.addLayout(line)

    def fill(self, value: Any) -> None:
        """Show a plain text in the first language, a table in all of them."""
        table = value if isinstance(value, Mapping) else {}
        plain = "" if value is MISSING or isinstance(value, Mapping) else str(value)
        for place, (language, entry) in enumerate(self.inputs.items()):
            text = str(table.get(language, "")) or (plain if place == 0 else "")
            entry.blockSignals(True)
            if isinstance(entry, QLineEdit):
                entry.setText(text)
                entry.setCursorPosition(0)
            else:
                entry.setPlainText(text)
            entry.blockSignals(False)

    def _commit(self) -> None:
        texts = {
            language: entry.text() if isinstance(entry, QLineEdit) else entry.toPlainText()
            for language, entry in self.inputs.items()
        }
        given = {language: text for language, text in texts.items() if text.strip()}
        was_table = isinstance(self._shown, Mapping)
        if not given:
            self.tell(MISSING)
        elif len(self.languages) == 1 and not was_table:
            self.tell(next(iter(given.values())))
        else:
            others = {k: v for k, v in self._shown.items() if k not in texts} if was_table else {}
            self.tell(given | others)


class EitherRow(Row):
    """One of several ways to say it: which, and its value."""

    def __init__(self, field: Field, languages: tuple[str, ...]) -> None:
        super().__init__(field)
        self._languages = languages
        self._inner: Row | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.box = combo(field.label)
        if not field.needed:
            self.box.addItem("as usual" + (f" ({field.usual})" if field.usual else ""), None)
        for words, way in field.ways:
            self.box.addItem(words, way)
        self.box.activated.connect(self._on_way)
        self.column.addWidget(self.box)

    def fill(self, value: Any) -> None:
        """Choose the way that the value is written in."""
        way = next((way for _, way in self.field.ways if fits(way, value)), None)
        place = next((n for n in range(self.box.count()) if self.box.itemData(n) is way), 0)
        self.box.setCurrentIndex(place)
        self._lay(way, value)

    def _lay(self, way: Field | None, value: Any) -> None:
        if self._inner is not None and (way is None or self._inner.field is not way):
            self._inner.hide()
            self._inner.deleteLater()
            self._inner = None
        if way is None or way.kind == "choice":
            return
        if self._inner is None:
            self._inner = make_row(way, self._languages)
            self._inner.edited.connect(self._on_inner)
            self.column.addWidget(self._inner)
        self._inner.show_value(value)

    def _on_way(self, place: int) -> None:
        way: Field | None = self.box.itemData(place)
        value: Any = MISSING if way is None else first_value(way)
        self._lay(way, value)
        self.tell(value)

    def _on_inner(self, path: tuple[Any, ...], value: Any) -> None:
        if len(path) > 1 and isinstance(self._shown, dict):
            self._shown = {**self._shown, path[-1]: value}
            self.edited.emit(path, value)
        elif value is not MISSING:
            self.tell(value)


class PartRow(Row):
    """The few plain values of an inner part."""

    def __init__(self, field: Field, languages: tuple[str, ...]) -> None:
        super().__init__(field)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(4)
        self.rows: dict[str, Row] = {}
        for inner in fields(next(models(field.model))):
            row = make_row(inner, languages)
            row.edited.connect(self._on_inner)
            self.rows[inner.key] = row
            label = Line(inner.label, "muted")
            label.setToolTip(inner.tip)
            form.addRow(label, row)

    def fill(self, value: Any) -> None:
        """Show the values of the part, or the usual ones."""
        values = value if isinstance(value, dict) else {}
        for key, row in self.rows.items():
            row.show_value(values.get(key, MISSING))

    def _on_inner(self, path: tuple[Any, ...], value: Any) -> None:
        if isinstance(self._shown, dict):
            self._shown = {**self._shown, path[0]: value}
            if value is MISSING:
                self._shown.pop(path[0])
            self.edited.emit((self.field.key, *path), value)
        elif value is not MISSING:
            self.tell({path[0]: value})


def make_row(field: Field, languages: tuple[str, ...]) -> Row:
    """Return what edits a field."""
    if field.kind in ("choice", "flag"):
        return ChoiceRow(field)
    if field.kind in ("area", "notes"):
        return AreaRow(field)
    if field.kind == "words":
        return WordsRow(field, languages)
    if field.kind == "either":
        return EitherRow(field, languages)
    return PartRow(field, languages) if field.kind == "part" else LineRow(field)


def read(field: Field, text: str) -> Any:
    """Return what a line means; what cannot be meant stays text, so that the problems can say so."""
    text = text.strip()
    if not text:
        return MISSING
    if field.kind == "names":
        return [name.strip() for name in text.split(",") if name.strip()]
    if field.kind == "whole":
        return int(text) if text.lstrip("-").isdecimal() else text
    if field.kind == "number":
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            return text
        return int(number) if number == int(number) else number
    if field.kind in ("yaml", "range"):
        opened = "{" + text + "}" if field.is_mapping else "[" + text + "]"
        for tried in (opened, text):
            try:
                found = yaml.safe_load(tried)
            except yaml.YAMLError:
                continue
            if isinstance(found, dict | list) and None not in (
                found.values() if isinstance(found, dict) else found
            ):
                return found
    return text


def written(field: Field, value: Any) -> str:
    """Return a value as its line shows it."""
    if field.kind in ("yaml", "range") and isinstance(value, dict | list):
        return inline(value)[1:-1]
    if field.kind == "names" and isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return inline(value)
    return "" if value is None else value if isinstance(value, str) else inline(value)


def fits(way: Field, value: Any) -> bool:
    """Whether a value is written in this way."""
    if way.kind == "choice":
        return value in way.choices
    if way.kind == "part":
        known = {field.key for field in fields(next(models(way.model)))}
        return isinstance(value, dict) and bool(not value or known & set(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def first_value(way: Field) -> Any:
    """Return what a way begins with."""
    if way.kind == "choice":
        return way.choices[0]
    if way.kind == "part":
        return dict(STARTS.get(next(models(way.model)).__name__, {}))
    return 0.5 if way.key == "size" else 5


def combo(said: str) -> QComboBox:
    """Return a combo box that gives way to its neighbours."""
    box = QComboBox()
    box.setAccessibleName(said)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(10)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def text_area(said: str, usual: str) -> QPlainTextEdit:
    """Return a box for a few lines of text; Tab leaves it."""
    area = QPlainTextEdit()
    area.setAccessibleName(said)
    area.setPlaceholderText(usual)
    area.setTabChangesFocus(True)
    area.setFixedHeight(area.fontMetrics().lineSpacing() * AREA_LINES + 14)
    return area
