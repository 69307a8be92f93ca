"""Faces, tab Train: a PSA-YOLO on boxed pictures, its size told before, its three losses while it learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from analysis.recognizers.psa_yolo_card import PSA_YOLO_CARD
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.svg import SERIES, Axes, Figure, legend
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.faces_pictures import PictureChoice, read_pictures
from app.console.analyse.waiting import Told, Waiting
from app.console.choices import combo, number, whole
from app.console.parts import Banner, Card, Elided, Line, Primary, Tick, Tinted
from app.console.work import Work
from app.study import Study

TERMS = ("box", "objectness", "class")
LOOK_MS = 300
SIZES = (64, 96, 128, 160, 224, 320, 416)
SAID_FIRST = "The three losses are drawn here while it learns."
NETWORKS = ("0: 1-2-8-8-4 (CSPDarknet53)", "1: 1-1-4-4-2 (the paper's)", "2: 1-2-2-2-2", "3: 1-3-4-6-3")


class TrainTab(QWidget):
    """Trains and keeps a detector. `kept(folder)` when there is a new one."""

    said = Signal(str, str)
    kept = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self.losses: list[tuple[int, dict[str, float]]] = []
        self._pause: Any = None
        self._drawn = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        self.words = Elided()
        self.waiting = Waiting("Training", self.words)
        self.waiting.failed.connect(self._on_failed)
        self.waiting.stopped.connect(lambda: self._on_failed("Cancelled: nothing was kept."))
        self.trouble = Banner()
        row = QHBoxLayout()
        self.pictures = PictureChoice("Pictures to learn from")
        row.addWidget(self.pictures)
        row.addWidget(self.words, 1)
        row.addWidget(self.waiting, 1)
        self.pause_button = Tinted("Pause", "pause", self.pause)
        self.start_button = Primary("Train and keep", "start", self.start)
        row.addWidget(self.pause_button)
        row.addWidget(self.start_button)
        column.addLayout(row)
        column.addWidget(self.trouble)
        body = QHBoxLayout()
        body.addWidget(self._settings())
        self.figure = FigureView("Losses")
        self.figure.said.connect(self.said)
        self.figure.show_figure(None, SAID_FIRST)
        body.addWidget(self.figure, 1)
        column.addLayout(body, 1)
        self._counting: Work | None = None
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._draw)
        self._count_later = QTimer(self, interval=LOOK_MS, singleShot=True)
        self._count_later.timeout.connect(self._count)
        self._show_buttons()

    def _settings(self) -> QWidget:
        card = Card("Network")
        card.setMinimumWidth(330)
        card.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        form = QFormLayout()
        known = PSA_YOLO_CARD.defaults()
        self.side: QComboBox = combo("Size of the squares", 8)
        for size in SIZES:
            self.side.addItem(f"{size} x {size}", size)
        self.side.setCurrentIndex(SIZES.index(128))
        self.variant: QComboBox = combo("Backbone", 18)
        for place, name in enumerate(NETWORKS):
            self.variant.addItem(name, place)
        self.variant.setCurrentIndex(1)
        self.width_share = number("Share of the printed channels", 0.03125, 1.0, known["width"], 3)
        self.depth_share = number("Share of the printed blocks", 0.1, 1.0, known["depth"], 2)
        self.focus = _tick("Focus (halves without loss)")
        self.psa = _tick("Pyramid attention (PSA)")
        self.spc = _tick("SPC in the neck")
        self.alpha = number("Power of the box loss; 1 is CIoU", 1.0, 5.0, known["alpha"], 1)
        self.epochs = whole("Passes over the pictures, at most", 1, 2000, known["epochs"])
        self.batch = whole("Pictures a step; the paper has 64", 1, 512, 16)
        self.rate = number("Learning rate", 0.0001, 0.2, known["rate"], 4)
        for name, widget in (
            ("Squares", self.side), ("Backbone", self.variant), ("Width", self.width_share),
            ("Depth", self.depth_share), ("", self.focus), ("", self.psa), ("", self.spc),
            ("Box loss power", self.alpha), ("Epochs", self.epochs), ("Batch", self.batch),
            ("Learning rate", self.rate),
        ):  # fmt: skip
            form.addRow(name, widget)
        card.body.addLayout(form)
        self.count_words = Line("", "muted", True)
        card.body.addWidget(self.count_words)
        card.body.addStretch(1)
        for box in (self.side, self.variant):
            box.currentIndexChanged.connect(lambda _: self._count_later.start())
        for spin in (self.width_share, self.depth_share):
            spin.valueChanged.connect(lambda _: self._count_later.start())
        for tick in (self.focus, self.psa, self.spc):
            tick.toggled.connect(lambda _: self._count_later.start())
        return card

    @property
    def settings(self) -> Mapping[str, Any]:
        """What is chosen, as settings of the recognizer."""
        return {
            "variant": self.variant.currentData(), "width": self.width_share.value(),
            "depth": self.depth_share.value(), "focus": self.focus.isChecked(), "psa": self.psa.isChecked(),
            "spc": self.spc.isChecked(), "alpha": self.alpha.value(), "epochs": self.epochs.value(),
            "rate": self.rate.value(), "batch": self.batch.value(),
        }  # fmt: skip

    @property
    def is_busy(self) -> bool:
        """Whether it trains."""
        return self.waiting.is_busy

    def show_study(self, study: Study | None) -> None:
        """Train for this study."""
        self.study = study
        self._count_later.start()
        self._show_buttons()

    def _count(self) -> None:
        settings, size = dict(self.settings), int(self.side.currentData())
        self._counting = Work(lambda: _cost(settings, size), self)
        self._counting.done.connect(lambda words: self.count_words.setText(words))
        self._counting.failed.connect(lambda error: self.count_words.setText(str(error)))
        self._counting.start()

    def start(self) -> None:
        """Train on the chosen pictures, and keep the detector."""
        study = self.study
        if study is None or self.is_busy:
            return
        self.trouble.say("")
        self.losses, self._drawn = [], 0
        folder, size, settings = self.pictures.folder, int(self.side.currentData()), dict(self.settings)

        def run(told: Told) -> object:
            from app.analysing.face_training import Pause, train_on

            pictures, _ = read_pictures(study, folder, told)
            self._pause = Pause(told.cancelled)

            def heard(epoch: int, epochs: int, losses: Mapping[str, float]) -> None:
                self.losses.append((epoch, dict(losses)))
                said = ", ".join(f"{name} {value:.3g}" for name, value in losses.items())
                told(epoch, epochs, f"epoch {epoch} of {epochs}, {said}")

            return train_on(
                study, pictures, size, settings, progress=heard, cancelled=told.cancelled, pause=self._pause,
                told=told,
            )  # fmt: skip

        self.waiting.run(run, self._on_trained)
        self._look.start()
        self._show_buttons()

    def pause(self) -> None:
        """Hold, or go on."""
        if self._pause is not None:
            self._pause.set_on(not self._pause.is_on)
            self.pause_button.setText("Go on" if self._pause.is_on else "Pause")

    def _on_trained(self, trained: Any) -> None:
        self._end()
        self.words.set_whole(trained.words)
        self.said.emit("The detector is kept. Boxes and Live can use it.", "good")
        self.kept.emit(trained.folder)

    def _on_failed(self, text: str) -> None:
        self._end()
        self.trouble.say(text, "alarm" if "Cancelled" not in text else "warning")

    def _end(self) -> None:
        self._look.stop()
        self._pause = None
        self.pause_button.setText("Pause")
        self._draw()
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.start_button.setEnabled(self.study is not None and not self.is_busy)
        self.pause_button.setEnabled(self.is_busy)

    def _draw(self) -> None:
        if len(self.losses) != self._drawn and self.losses:
            self._drawn = len(self.losses)
            self.figure.show_figure(losses_figure(tuple(self.losses)))

    def closing(self) -> None:
        """Give up training."""
        if self._pause is not None:
            self._pause.set_on(False)
        self.waiting.give_up()
        self._look.stop()


def _tick(name: str) -> QCheckBox:
    box = Tick(name)
    box.setChecked(True)
    return box


def _cost(settings: Mapping[str, Any], size: int) -> str:
    from analysis.detection.counting import cost_of
    from analysis.detection.network import PsaYolo
    from analysis.detection.problems import DetectionError
    from app.analysing.face_comparison import architecture_of

    try:
        cost = cost_of(PsaYolo(architecture_of(settings, 7)), size)
    except DetectionError as error:
        return str(error)
    return (
        f"{cost.parameters / 1e6:.2f} million numbers to learn, {cost.flops / 1e9:.2f} billion operations a "
        "picture (7 expressions)."
    )


def losses_figure(losses: tuple[tuple[int, dict[str, float]], ...]) -> Shown:
    """Return the three losses by epoch, on a logarithmic scale."""
    import math

    rows = tuple((epoch, *(values.get(name) for name in TERMS)) for epoch, values in losses)
    known = [value for _, values in losses for value in values.values() if value > 0]
    low = math.floor(math.log10(min(known, default=0.1)))
    high = max(low + 1, math.ceil(math.log10(max(known, default=1.0))))

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, "Losses by epoch")
        last = max(2, losses[-1][0])
        axes = Axes(figure, 60, 30, max(60.0, width - 80), max(60.0, height - 80), (1, last), (low, high))
        axes.x_axis("epoch")
        axes.y_axis("loss, power of ten", tuple(range(low, high + 1)))
        for place, name in enumerate(TERMS):
            points = [
                (epoch, math.log10(max(values[name], 10.0**low)))
                for epoch, values in losses
                if name in values
            ]
            axes.curve(points, SERIES[place])
        legend(figure, TERMS, 62, 20)
        return figure

    about = "Box (alpha-CIoU), being a face at all, and its expression, each with its weight."
    return Shown("losses", "Losses", about, make, Table("losses", ("epoch", *TERMS), rows))
