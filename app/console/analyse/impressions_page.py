"""The step Impressions: how well observers' apparent impressions are told, and those of one clip."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QTabWidget, QVBoxLayout, QWidget

from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.impressions_work import (
    WORDING,
    ClipLine,
    Impressions,
    clip_bars,
    read_impressions,
    scatter,
)
from app.console.analyse.step_page import RunStep
from app.console.choices import combo, fill_combo
from app.console.parts import Card, Line, Tinted

NOTHING = (
    "There is no run of apparent impressions yet. Have observers rate trials by the scheme “impressions” (or "
    "bring ratings in), then run personality in Experiment on the target of all six questions."
)
READING = "Reading the runs…"


class ImpressionsPage(RunStep):
    """Scores, predicted against observed, late weights, one clip."""

    unreadable = "The run cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Impressions", "Impressions", NOTHING, parent)
        self.found: Impressions | None = None
        self.new = Tinted("New experiment", "balance", lambda: self.step_asked.emit("experiment", None))
        self._lay_out((self.run, self.new), self._body())
        self.run.hide()

    def _body(self) -> QWidget:
        card = Card()
        card.body.addWidget(Line(WORDING, "muted", True))
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Scores, predicted and observed, weights, one clip")
        self.scores = TableView("Scores")
        self.weights = TableView("Weights of late fusion")
        self.which: QComboBox = combo("Impression", 20)
        self.which.activated.connect(lambda _: self._show_scatter())
        self.dots = FigureView("Predicted against observed")
        self.clip: QComboBox = combo("Clip", 24)
        self.clip.activated.connect(lambda _: self._show_clip())
        self.bars = FigureView("One clip")
        for view in (self.scores, self.weights, self.dots, self.bars):
            view.said.connect(self.said)
        pages = (
            (self.scores, "Scores"),
            (_under(self.which, self.dots), "Predicted and observed"),
            (self.weights, "Late fusion"),
            (_under(self.clip, self.bars), "One clip"),
        )
        for widget, name in pages:
            self.tabs.addTab(widget, name)
        self.tabs.currentChanged.connect(lambda _: self._show_clip())
        card.body.addWidget(self.tabs, 1)
        return card

    def _forget(self) -> None:
        self.found, self.folder = None, None

    def _read(self) -> None:
        study, folder = self.study, self.folder
        if study is not None:
            self._read_by(lambda told: read_impressions(study, folder, told), self._on_found, READING)

    def _on_found(self, found: Impressions) -> None:
        self.found = found
        if found.run is None or found.predictions is None:
            self._show_no_run(NOTHING)
            self.run.hide()
            return
        self.run.show()
        self.folder = found.run.folder
        runs: list[tuple[str, object]] = list(found.runs)
        fill_combo(self.run, runs, found.run.folder)
        people = len(set(found.predictions.cases.participant.tolist()))
        self.summary.set_whole(f"{len(found.clips)} clips of {people} people")
        self.scores.show_table(found.scores, "Read 1 - MAE beside the last row: the mean alone is high.")
        self.weights.show_table(found.weights, found.why)
        names: list[tuple[str, object]] = [
            (name, place) for place, name in enumerate(found.predictions.outputs)
        ]
        fill_combo(self.which, names, self.which.currentData())
        clips: list[tuple[str, object]] = [(each.title, each) for each in found.clips]
        fill_combo(self.clip, clips, self.clip.currentData())
        self._show_scatter()
        self.stack.setCurrentIndex(1)
        self._show_clip()

    def _show_scatter(self) -> None:
        place = self.which.currentData()
        if self.found is not None and self.found.predictions is not None and isinstance(place, int):
            self.dots.show_figure(scatter(self.found.predictions, place))

    def _show_clip(self) -> None:
        study, found, clip = self.study, self.found, self.clip.currentData()
        if study is None or found is None or not isinstance(clip, ClipLine):
            return
        if self.tabs.tabText(self.tabs.currentIndex()) == "One clip":
            self.waiting.run(lambda told: clip_bars(study, found, clip, told), self.bars.show_figure)


def _under(choice: QComboBox, view: FigureView) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 8, 0, 0)
    column.addWidget(choice)
    column.addWidget(view, 1)
    return page
