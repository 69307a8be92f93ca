"""The form of one part of a scheme; a question's scale and a trace's ends are asked in it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from analysis.labels.scheme import Dimension, Question
from app.console.annotate.scheme_draft import Part, Path
from app.console.annotate.scheme_editor_fields import SCALE, Asked, asked
from app.console.annotate.scheme_editor_rows import FlagRow, Row, make_row
from app.console.parts import Heading, Line

TITLES = {
    "Scheme": ("Scheme", "What is asked, and what annotators see while they answer."),
    "Tier": ("Tier", "One layer of labels, with answers of one kind."),
    "Label": (
        "Label",
        "One choice. Name, colour and key are always in sight, the definition on the key sheet.",
    ),
    "Question": ("Question", "A question about the whole trial."),
    "Dimension": ("Dimension", "One axis of the trace."),
}


class SchemeForm(QScrollArea):
    """Edits the part at a path; `edited(path, key, value)` says what to change."""

    edited = Signal(tuple, str, object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("The chosen part of the scheme")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows: dict[str, Row] = {}
        self._path: Path = ()
        self._shape: tuple[object, ...] = ()

    def show_part(self, path: Path, held: Part) -> None:
        """Show a part; rows are made anew only where others are asked, or another part is shown."""
        scale = held.scale if isinstance(held, Question) and held.kind == "scale" else None
        shape = (type(held), path, tuple(each.key for each in asked(held)), scale is not None)
        if shape != self._shape:
            self._shape, self._path = shape, path
            self._make(held, scale)
        for each in asked(held):
            self.rows[each.key].show_value(getattr(held, each.key))
        for each in SCALE if scale is not None else ():
            self.rows[f"scale.{each.key}"].show_value(getattr(scale, each.key))

    def focus(self, key: str) -> None:
        """Put the keyboard into a field, the first where there is no such field."""
        row = self.rows.get(key) or next(iter(self.rows.values()), None)
        if row is not None:
            row.focus()
            self.ensureWidgetVisible(row)

    def commit(self) -> None:
        """Tell what is being typed before it is paused over."""
        for row in self.rows.values():
            row.commit()

    def _make(self, held: Part, scale: Dimension | None) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 14, 8)
        title, about = TITLES[type(held).__name__]
        column.addWidget(Heading(title, 1.1))
        column.addWidget(Line(about, "muted", True))
        self.rows = {}
        column.addLayout(self._form(asked(held), self._path, ""))
        if scale is not None:
            column.addSpacing(6)
            column.addWidget(Heading("Its scale"))
            column.addLayout(self._form(SCALE, (*self._path, "scale"), "scale."))
        column.addStretch(1)
        # The row that was changed may be at work still: its page goes when it has returned.
        old = self.takeWidget()
        self.setWidget(page)
        if old is not None:
            old.hide()
            old.deleteLater()

    def _form(self, wanted: Iterable[Asked], path: Path, before: str) -> QFormLayout:
        form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for each in wanted:
            row = make_row(each)
            row.edited.connect(lambda key, value, at=path: self.edited.emit(at, key, value))
            self.rows[before + each.key] = row
            if isinstance(row, FlagRow):
                form.addRow(row)
                continue
            label = QLabel(each.title)
            label.setToolTip(each.tip)
            form.addRow(label, row)
        return form
