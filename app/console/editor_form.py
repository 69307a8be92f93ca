"""The form of one part of a protocol: a row for each key of its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.console.editor_fields import fields, is_small
from app.console.editor_rows import MISSING, Row, make_row
from app.console.parts import Heading, Line


class PartForm(QScrollArea):
    """Edits the part at `loc`; `edited(loc, value)` says what to write where, MISSING what to take out."""

    edited = Signal(tuple, object)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows: dict[str, Row] = {}
        self._shape: tuple[Any, ...] = ()
        self._loc: tuple[str | int, ...] = ()

    def show_part(
        self, loc: tuple[str | int, ...], title: str, model: Any, values: Any, languages: tuple[str, ...]
    ) -> None:
        """Show a part; rows are made anew only for a part of another kind."""
        shape = (model, title, languages)
        self._loc = loc
        if shape != self._shape:
            self._shape = shape
            self._make(title, model, languages)
        given = values if isinstance(values, Mapping) else {}
        for key, row in self.rows.items():
            row.show_value(given.get(key, MISSING))

    def _make(self, title: str, model: Any, languages: tuple[str, ...]) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(10, 8, 14, 8)
        column.addWidget(Heading(title, 1.1))
        about = _about(model)
        if about:
            column.addWidget(Line(about, "muted", True))
        form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(form)
        column.addStretch(1)
        self.rows = {}
        for field in fields(model) if model is not None else ():
            if field.kind == "parts" or (field.kind == "part" and not is_small(field.model)):
                continue
            row = make_row(field, languages)
            row.edited.connect(self._on_edited)
            self.rows[field.key] = row
            label = QLabel(f"{field.label} *" if field.needed else field.label)
            label.setToolTip(field.tip)
            form.addRow(label, row)
        self.setWidget(page)

    def _on_edited(self, path: tuple[str | int, ...], value: Any) -> None:
        self.edited.emit((*self._loc, *path), value)


def _about(model: Any) -> str:
    """Return the first sentence of a part's description."""
    text = " ".join((getattr(model, "__doc__", None) or "").split()).replace("`", "")
    return text.split(". ")[0].rstrip(".") + "." if text else ""
