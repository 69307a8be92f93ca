"""What the export and the import dialog share: questions above, the command's report below."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.console.errand import Errand
from app.console.parts import Line, Primary, Tinted


class ExchangeDialog(QDialog):
    """Runs one command and shows what it said; closing it while the command runs cancels the command."""

    def __init__(self, title: str, verb: str, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setProperty("help", "exchange")
        self.setMinimumWidth(600)
        self._verb = verb
        self._shown_folder: Path | None = None
        self.errand = Errand(self)
        self.errand.said.connect(self._on_line)
        self.errand.ended.connect(self._on_ended)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(self.form)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(f"{verb} runs")
        self.progress.hide()
        column.addWidget(self.progress)
        self.report = QTextBrowser()
        self.report.setAccessibleName("Report")
        self.report.setMinimumHeight(170)
        self.report.hide()
        column.addWidget(self.report, 1)
        row = QHBoxLayout()
        self.folder_button = Tinted("Show in folder", "folder", self._show_folder)
        self.folder_button.hide()
        row.addWidget(self.folder_button)
        row.addStretch(1)
        self.close_button = Tinted("Close", "", self.reject)
        self.go_button = Primary(verb, icon, self.go)
        row.addWidget(self.close_button)
        row.addWidget(self.go_button)
        column.addLayout(row)
        # Enter in a field starts the work; it must not press the first button of the form.
        self.close_button.setAutoDefault(False)
        self.folder_button.setAutoDefault(False)
        self.go_button.setDefault(True)

    def go(self) -> None:
        """Start the command; a class of its own says which."""
        raise NotImplementedError

    def run(self, arguments: Sequence[str], folder: Path | None) -> None:
        """Run a command whose result lies in `folder`."""
        self._shown_folder = folder
        self.report.clear()
        self.report.show()
        self.problem.setText("")
        self.folder_button.hide()
        self.progress.show()
        self.go_button.setEnabled(False)
        self.close_button.setText("Cancel")
        self.errand.start(arguments)

    def on_success(self, out: str) -> None:
        """Called with what the command printed when it succeeded."""

    def reject(self) -> None:
        """Close; a command that runs is cancelled first and the dialog stays."""
        if self.errand.is_running:
            self.errand.cancel()
            self.problem.setText(f"{self._verb} was cancelled. What it had written may be deleted.")
            return
        super().reject()

    def _on_line(self, line: str) -> None:
        self.report.append(html.escape(line))

    def _on_ended(self, status: int, out: str, problem: str) -> None:
        self.progress.hide()
        self.go_button.setEnabled(True)
        self.close_button.setText("Close")
        if out.startswith("#"):
            self.report.setMarkdown(out)
        elif out.strip():
            self.report.setPlainText(out.rstrip())
        self.report.moveCursor(self.report.textCursor().MoveOperation.Start)
        if status == 0:
            self.folder_button.setVisible(self._shown_folder is not None)
            self.on_success(out)
        elif problem:
            self.problem.setText(problem)
            told = self.report.toPlainText().strip()
            self.report.setVisible(bool(told) and problem not in told)

    def _show_folder(self) -> None:
        if self._shown_folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._shown_folder)))


def choice(name: str) -> QComboBox:
    """Return a box of choices that a long entry does not widen."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(20)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.setMinimumHeight(box.sizeHint().height())
    return box


def labelled(text: str, buddy: QWidget) -> QLabel:
    """Return a field's label whose underlined letter leads to it."""
    label = QLabel(text)
    label.setBuddy(buddy)
    return label


def beside(first: QWidget, second: QWidget) -> QHBoxLayout:
    """Return a row: a field and its button."""
    row = QHBoxLayout()
    row.addWidget(first, 1)
    row.addWidget(second)
    if isinstance(second, QPushButton):
        second.setAutoDefault(False)
    return row
