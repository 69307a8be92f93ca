"""One entry of the study's own form: a line, a number with its unit, or a choice, as the field asks."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from app.participant_fields import FieldSpec
from app.study_files import StudyError


class FieldEntry(QWidget):
    """Edits one field's value; `changed` when somebody did."""

    changed = Signal()

    def __init__(
        self, spec: FieldSpec, value: str, language: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.spec = spec
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line: QLineEdit | None = None
        self.box: QComboBox | None = None
        label = spec.label_in(language)
        if spec.type == "choice":
            self.box = QComboBox()
            self.box.setAccessibleName(label)
            self.box.addItem("–", "")
            options = spec.options if not value or value in spec.options else (*spec.options, value)
            for option in options:
                self.box.addItem(option, option)
            self.box.setCurrentIndex(max(0, self.box.findData(value)))
            self.box.currentIndexChanged.connect(lambda _: self.changed.emit())
            row.addWidget(self.box, 1)
        else:
            self.line = QLineEdit(value)
            self.line.setAccessibleName(label)
            self.line.setMaxLength(200)
            self.line.textChanged.connect(lambda _: self.changed.emit())
            if spec.type == "number":
                self.line.setMaximumWidth(140)
            row.addWidget(self.line, 0 if spec.type == "number" else 1)
            if spec.unit:
                row.addWidget(QLabel(spec.unit))
            if spec.type == "number":
                row.addStretch(1)

    def value(self) -> str:
        """Return what stands there, "" for nothing."""
        if self.box is not None:
            return str(self.box.currentData() or "")
        return self.line.text().strip() if self.line is not None else ""

    def problem(self) -> str:
        """Return why the value cannot be kept, "" if it can; what is needed may follow later."""
        if not self.value():
            return ""
        try:
            self.spec.check(self.value())
        except StudyError as error:
            return str(error)
        return ""

    def setFocus(self) -> None:  # type: ignore[override]
        """Put the cursor into the entry."""
        target = self.line or self.box
        if target is not None:
            target.setFocus()
