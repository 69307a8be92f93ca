"""How late the participant's screen is, by a photodiode: what to do, the run, its histogram, and Keep."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import screens
from app.console.errand import Errand
from app.console.parts import Line, Primary, Tinted
from app.study import Study
from stimuli.problems import EvokeError

STEPS = (
    "1.  Connect the photodiode to an input that is recorded: an analogue channel of the amplifier, or the"
    " microphone's.\n"
    "2.  Lay it on the middle of the participant's screen and fix it. Switch off lamps that flicker.\n"
    "3.  Press Measure. The screen flashes for about a minute."
)
REASON = "measuring the screen"
ASPECT = 360 / 640


class Histogram(QWidget):
    """The report's histogram, as wide as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = QSvgRenderer(self)
        self.setAccessibleName("Histogram of the lags")
        self.setMinimumHeight(220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_picture(self, svg: bytes) -> None:
        """Show another histogram."""
        self._picture.load(QByteArray(svg))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it in the middle, in its own proportions."""
        width = min(float(self.width()), self.height() / ASPECT)
        painter = QPainter(self)
        self._picture.render(painter, QRectF((self.width() - width) / 2, 0, width, width * ASPECT))
        painter.end()


class TimingTestDialog(QDialog):
    """Runs `evoke timing-test` with the study's devices; nothing is kept before Keep is pressed."""

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Measure the screen's lag")
        self.setProperty("help", "timing-test")
        self.setMinimumWidth(640)
        self.report: dict[str, Any] = {}
        self._study = study
        self._folder = Path(tempfile.mkdtemp(prefix="evoke-timing-"))
        self.errand = Errand(self)
        self.errand.said.connect(self._on_line)
        self.errand.ended.connect(self._on_ended)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(Line(STEPS, "text", True))
        form = QFormLayout()
        form.setSpacing(8)
        self.stream, self.channel = QLineEdit(), QLineEdit()
        for field, name in ((self.stream, "Stream"), (self.channel, "Channel")):
            field.setPlaceholderText("found by itself")
            field.setAccessibleName(name)
            form.addRow(f"&{name}", field)
        self.flashes = QSpinBox()
        self.flashes.setRange(10, 1000)
        self.flashes.setSingleStep(10)
        self.flashes.setValue(100)
        self.flashes.setAccessibleName("Flashes")
        form.addRow("&Flashes", self.flashes)
        self.accept_checks = QCheckBox("Start although checks fail (this is no session)")
        self.accept_checks.setChecked(True)
        form.addRow("", self.accept_checks)
        column.addLayout(form)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName("The measurement runs")
        self.progress.hide()
        column.addWidget(self.progress)
        self.words = Line("", "muted", True)
        column.addWidget(self.words)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.histogram = Histogram()
        self.histogram.hide()
        column.addWidget(self.histogram, 1)
        row = QHBoxLayout()
        self.save_button = Tinted("Save report…", "export", self._save)
        self.save_button.hide()
        row.addWidget(self.save_button)
        row.addStretch(1)
        self.close_button = Tinted("Close", "", self.reject)
        self.measure_button = Primary("Measure", "", self.measure)
        self.keep_button = Primary("Keep for this screen", "", self.keep)
        self.keep_button.hide()
        for button in (self.close_button, self.measure_button, self.keep_button):
            row.addWidget(button)
        column.addLayout(row)
        self.measure_button.setDefault(True)

    def arguments(self) -> list[str]:
        """Return the command's words."""
        line = ["timing-test", "--study", str(self._study.folder), "--headless", "--json", "--no-keep"]
        line += ["--out", str(self._folder), "--flashes", str(self.flashes.value())]
        for option, field in (("--stream", self.stream), ("--channel", self.channel)):
            if field.text().strip():
                line += [option, field.text().strip()]
        return [*line, "--accept", REASON] if self.accept_checks.isChecked() else line

    def measure(self) -> None:
        """Flash, and look for the flashes in what was recorded."""
        self.report = {}
        self.problem.setText("")
        self.words.setText("Starting…")
        self._look()
        self.errand.start(self.arguments())
        self._look()

    def keep(self) -> None:
        """Remember the lag for this screen and close."""
        try:
            screens.remember_lag(self.report)
        except OSError as error:
            self.problem.setText(f"The lag cannot be kept: {error.strerror}.")
            return
        self.accept()

    def done(self, result: int) -> None:
        """End what runs, and leave nothing behind."""
        self.errand.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)
        super().done(result)

    def _on_line(self, line: str) -> None:
        self.words.setText(line)

    def _on_ended(self, status: int, out: str, problem: str) -> None:
        try:
            self.report = json.loads(out) if out.strip() else {}
        except ValueError:
            self.report = {}
        found = self.report
        if found.get("lag_ms") is not None:
            self.words.setText(
                f"{found['screen']}: light comes {found['lag_ms']:.1f} ms after the logged swap"
                f" (SD {found['sd_ms']:.2f} ms; {found['found']} of {found['flashes']} flashes,"
                f" {found['stream']} {found['channel']})."
            )
            picture = self._folder / "timing-test.svg"
            self.histogram.show_picture(picture.read_bytes() if picture.is_file() else b"")
        else:
            self.words.setText("")
        if problem:
            self.problem.setText(problem)
        elif found and not found["verified"]:
            self.problem.setText(
                "Too few flashes were found. Is the diode on the screen, and is its channel recorded?"
            )
        self._look()

    def _look(self) -> None:
        runs = self.errand.is_running
        has_result = bool(self.report) and self.report.get("lag_ms") is not None
        self.progress.setVisible(runs)
        self.histogram.setVisible(has_result)
        self.save_button.setVisible(has_result)
        self.keep_button.setVisible(bool(self.report.get("verified")))
        self.measure_button.setText("Measure again" if self.report else "Measure")
        for field in (self.stream, self.channel, self.flashes, self.accept_checks, self.measure_button):
            field.setEnabled(not runs)
        self.close_button.setText("Cancel" if runs else "Close")

    def _save(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the report")
        if not chosen:
            return
        try:
            for path in self._folder.iterdir():
                shutil.copy(path, Path(chosen) / path.name)
        except OSError as error:
            self.problem.setText(str(EvokeError(f"{chosen}: cannot be written ({error.strerror}).")))
