"""The study's second place: chosen here, kept with this user's settings and never in the study."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import copies
from app.console.exchange_dialog import beside
from app.console.parts import Line, Primary, Tinted
from app.console.work import Work
from app.study import Study


class SecondCopyDialog(QDialog):
    """Asks for a folder on another disk; an empty one ends the copying."""

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Second copy of {study.name}")
        self.setProperty("help", "copies")
        self.setMinimumWidth(560)
        self._study = study
        self._work: Work | None = None
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(
            Line(
                "Each finished session is copied there and compared byte by byte. A place that cannot be"
                " reached is tried again every minute; it never holds up a session.",
                "muted",
                True,
            )
        )
        self.place = QLineEdit(str(copies.place_of(study) or ""))
        self.place.setAccessibleName("Folder for the second copy")
        self.place.setPlaceholderText("a folder on another disk or on a server")
        self.place.textChanged.connect(self._look)
        column.addLayout(beside(self.place, Tinted("Choose…", "folder", self._choose)))
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Tinted("Cancel", "", self.reject))
        self.keep_button = Primary("Keep", "", self.keep)
        row.addWidget(self.keep_button)
        column.addLayout(row)
        self.keep_button.setDefault(True)
        self._look()

    def keep(self) -> None:
        """Remember the place."""
        text = self.place.text().strip()
        study, place = self._study, Path(text).expanduser() if text else None
        self.keep_button.setEnabled(False)
        self._work = Work(lambda: copies.choose_place(study, place), self)
        self._work.done.connect(lambda _: self.accept())
        self._work.failed.connect(self._on_failed)
        self._work.start()

    def _on_failed(self, error: Exception) -> None:
        self._look()
        self.problem.setText(str(error))

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the second copy", self.place.text())
        if chosen:
            self.place.setText(chosen)

    def _look(self) -> None:
        text = self.place.text().strip()
        place = Path(text).expanduser()
        problem = ""
        if text and not place.is_absolute():
            problem = "Give the whole path of the folder."
        elif text and (place == self._study.folder or self._study.folder in place.parents):
            problem = "A copy inside the study is lost with it. Choose a folder on another disk."
        self.problem.setText(problem)
        self.keep_button.setEnabled(not problem)
        self.keep_button.setText("Keep" if text else "Make no second copy")
