"""Faces, tab Compare: PSA-YOLO beside the cascade with the expression network, on the same pictures."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from analysis.literature.paper import Ours
from app.analysing.html_page import Table
from app.console.analyse.draw_table import TableView
from app.console.analyse.faces_pictures import PictureChoice, read_pictures
from app.console.analyse.waiting import Told, Waiting
from app.console.choices import combo, whole
from app.console.parts import Banner, Elided, Line, Primary, Tick
from app.study import Study

FIRST = (
    "Trains a PSA-YOLO with people kept apart and once more with a random split, looks at the same pictures "
    "with the cascade and the small expression network, and measures the time of a picture on this machine."
)
MOST_WORDS = 2400


class CompareTab(QWidget):
    """Makes and shows the tables; the settings of the network are those of Train."""

    said = Signal(str, str)

    def __init__(self, train: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self.train = train
        self.tables: tuple[Ours, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        self.pictures = PictureChoice("Pictures to compare on")
        self.folds = whole("Folds", 2, 20, 3, " folds")
        self.ablations = Tick("Leave parts out too")
        self.ablations.setToolTip("Train once more without PSA, SPC, Focus, and with the other backbones")
        self.words = Elided("The network is the one of Train.")
        self.waiting = Waiting("Comparing", self.words)
        self.waiting.failed.connect(lambda text: self._on_failed(text, "alarm"))
        self.waiting.stopped.connect(lambda: self._on_failed("Cancelled.", "warning"))
        self.start_button = Primary("Compare", "start", self.start)
        for widget in (self.pictures, self.folds, self.ablations):
            row.addWidget(widget)
        row.addWidget(self.words, 1)
        row.addWidget(self.waiting, 1)
        row.addWidget(self.start_button)
        column.addLayout(row)
        self.trouble = Banner()
        column.addWidget(self.trouble)
        self.choice: QComboBox = combo("Table", 50)
        self.choice.currentIndexChanged.connect(self._show)
        column.addWidget(self.choice)
        self.view = TableView("Comparison")
        self.view.said.connect(self.said)
        column.addWidget(self.view, 1)
        self.notes = Line("", "muted", True)
        column.addWidget(self.notes)
        self.choice.hide()
        self.view.show_table(None, FIRST)

    @property
    def is_busy(self) -> bool:
        """Whether it compares."""
        return self.waiting.is_busy

    def show_study(self, study: Study | None) -> None:
        """Compare for this study."""
        if study is None or self.study is None or study.folder != self.study.folder:
            self.tables = ()
            self.choice.clear()
            self.choice.hide()
            self.notes.setText("")
            self.view.show_table(None, FIRST)
        self.study = study
        self.start_button.setEnabled(study is not None and not self.is_busy)

    def start(self) -> None:
        """Make the tables."""
        study = self.study
        if study is None or self.is_busy:
            return
        self.trouble.say("")
        folder, folds, has_parts = self.pictures.folder, self.folds.value(), self.ablations.isChecked()
        settings, size = dict(self.train.settings), int(self.train.side.currentData())

        def run(told: Told) -> object:
            from analysis.detection.gathering import gather
            from app.analysing.face_comparison import ABLATIONS, Wish, compare_detectors
            from app.analysing.face_pictures import faces_in_words

            pictures, data = read_pictures(study, folder, told)
            with faces_in_words():
                gathered = gather(pictures, size, progress=lambda done, of: told(done, of, "pictures"))
            wish = Wish(settings, size, folds, 2, tuple(ABLATIONS) if has_parts else ())
            return compare_detectors(
                study, gathered, data, wish, said=lambda words: told(0, 0, words), cancelled=told.cancelled
            ).tables

        self.waiting.run(run, self._on_compared)
        self.start_button.setEnabled(False)

    def _on_compared(self, tables: tuple[Ours, ...]) -> None:
        self.start_button.setEnabled(True)
        self.tables = tables
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems([table.title for table in tables])
        self.choice.blockSignals(False)
        self.choice.show()
        self._show(0)
        self.said.emit("Compared. The runs are in Runs, with their guards.", "good")

    def _show(self, place: int) -> None:
        if 0 <= place < len(self.tables):
            table = self.tables[place]
            self.view.show_table(
                Table(f"faces-{place + 1}", table.columns, table.rows), f"{table.data}. {table.protocol}."
            )
            self.notes.setText("\n".join((*table.controls, *table.notes))[:MOST_WORDS])

    def _on_failed(self, text: str, level: str) -> None:
        self.trouble.say(text, level)
        self.start_button.setEnabled(self.study is not None)

    def closing(self) -> None:
        """Give up comparing."""
        self.waiting.give_up()
