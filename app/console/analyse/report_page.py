"""The step Report: a run's figures as they go into its one HTML file, and that file written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from analysis.evaluation.run_folder import open_run, runs_of
from analysis.evaluation.standing import standing
from app.analysing.html_page import Table
from app.analysing.rebuilt_figures import rebuilt_figures
from app.analysing.run_figures import Shown, figures_of, metric_table, metrics_figure, watermarked
from app.analysing.run_report import command_of, control_facts, modality_figures, report_run
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_runs import run_entries
from app.console.analyse.draw_table import TableView
from app.console.analyse.runs_list import RunLine, RunList
from app.console.analyse.step_page import RunStep
from app.console.analyse.waiting import Told
from app.console.choices import fill_combo
from app.console.folders import ask_folder
from app.console.parts import Banner, Card, Heading, Line, Primary, Tinted
from app.study import Study

READING = "Reading the runs…"
NO_RUNS = "No finished run yet. A report needs one: start a run in Experiment."


@dataclass(frozen=True)
class Preview:
    """What goes into the report of a run."""

    lines: tuple[RunLine, ...]
    folder: Path | None
    words: tuple[str, ...] = ()
    command: str = ""
    watermark: str = ""
    metrics: Table | None = None
    figures: tuple[Shown, ...] = ()


def preview(study: Study, folder: Path | None, told: Told) -> Preview:
    """Read what the report of a run shows; the newest finished one where none is named."""
    lines = tuple(line for line in RunList().read(study) if (line.folder / "result.json").exists())
    chosen = next((line for line in lines if line.folder == folder), lines[0] if lines else None)
    if chosen is None:
        return Preview((), None)
    told(0, 0, chosen.folder.name)
    run = open_run(chosen.folder)
    result = run.result
    assert result is not None
    mark = str(result["watermark"])
    words = [standing(run, runs_of(study.folder)).words, *map(str, result["notes"])]
    words += [f"{name}: {what}" for name, what in control_facts(result)]
    figures = tuple(
        watermarked(each, mark)
        for each in (
            metrics_figure(result),
            *figures_of(result),
            *modality_figures(run),
            *rebuilt_figures(run),
        )
    )
    return Preview(lines, chosen.folder, tuple(words), command_of(run), mark, metric_table(result), figures)


class ReportPage(RunStep):
    """Shows what a report holds, and writes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Report", "Report", NO_RUNS, parent)
        self.found: Preview | None = None
        self.written: Path | None = None
        self.views: list[FigureView] = []
        self.mark = Banner()
        self._lay_out(self._controls(), self._body(), self.mark)
        self._show_buttons()

    def _controls(self) -> tuple[QWidget, ...]:
        self.open_button = Tinted("Open", "folder", self._open)
        self.open_button.setToolTip("Open the report in the browser")
        self.save_as = Tinted("Write to…", "save", self._ask_folder)
        self.save_as.setToolTip("Choose a folder for the report and its tables")
        self.write_button = Primary("Write report", "save", self.write)
        self.write_button.setToolTip("One HTML file with a CSV for every figure, in the run's folder")
        return self.run, self.open_button, self.save_as, self.write_button

    def _body(self) -> QWidget:
        card = Card()
        inner = QWidget()
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 10, 0)
        self.column.setSpacing(14)
        self.title = Heading("", 1.1)
        self.title.setWordWrap(True)
        self.column.addWidget(self.title)
        self.words = Line("", "text", True)
        self.column.addWidget(self.words)
        self.command = Line("", "muted", True)
        self.command.setAccessibleName("Command that makes such a run")
        self.column.addWidget(self.command)
        self.metrics = TableView("Metrics")
        self.metrics.said.connect(self.said)
        self.column.addWidget(self.metrics)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName("Preview of the report")
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        card.body.addWidget(area)
        return card

    def _forget(self) -> None:
        self.found, self.folder, self.written = None, None, None

    def _read(self) -> None:
        study, folder = self.study, self.folder
        if study is not None:
            self._read_by(lambda told: preview(study, folder, told), self._on_found, READING)

    def _on_found(self, found: Preview) -> None:
        self.found = found
        self.folder = found.folder
        if found.folder is None:
            self._show_no_run(NO_RUNS)
            return
        fill_combo(self.run, run_entries(found.lines), found.folder)
        there = found.folder / "report.html"
        self.written = there if there.exists() else None
        self.summary.set_whole(
            f"{len(found.figures)} figures; written already"
            if self.written
            else f"{len(found.figures)} figures"
        )
        self.mark.say(f"{found.watermark}." if found.watermark else "", "alarm")
        self.title.setText(found.folder.name)
        self.words.setText("\n".join(words[:1].upper() + words[1:] for words in found.words))
        self.command.setText(found.command)
        self.metrics.show_table(found.metrics)
        rows = 0 if found.metrics is None else len(found.metrics.rows)
        line = self.metrics.table.verticalHeader().defaultSectionSize()
        self.metrics.table.setFixedHeight(line * (rows + 1) + 8)
        for view in self.views:
            view.deleteLater()
        self.views = []
        for shown in found.figures:
            view = FigureView(shown.title)
            view.show_figure(shown)
            view.area.setMinimumHeight(view.drawing.sizeHint().height() + 4)
            view.said.connect(self.said)
            self.views.append(view)
            self.column.addWidget(view)
        self.stack.setCurrentIndex(1)
        self._show_buttons()

    def _show_buttons(self) -> None:
        has = self.found is not None and self.found.folder is not None
        self.write_button.setEnabled(has)
        self.save_as.setEnabled(has)
        self.run.setEnabled(has)
        self.open_button.setEnabled(has and self.written is not None)

    def write(self, out: Path | None = None) -> None:
        """Write the report of the run that is shown, into its folder or into `out`."""
        folder = self.folder
        if folder is not None:
            self.waiting.run(lambda told: report_run(folder, out), self._on_written)

    def _on_written(self, path: Path) -> None:
        self.written = path
        self._show_buttons()
        self.said.emit(f"Written: {path}. Its tables lie beside it in csv.", "good")

    def _ask_folder(self) -> None:
        ask_folder(self, "Write the report to", lambda name: self.write(Path(name)))

    def _open(self) -> None:
        if self.written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.written)))
