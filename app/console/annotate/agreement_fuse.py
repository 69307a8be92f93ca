"""Fusing: what annotators said in a tier becomes labels of an annotator of its own, with its recipe."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from analysis.agreement.fuse import LEAST_RATERS, Method
from analysis.labels.scheme import Tier
from app.annotation.agreeing import Labels
from app.annotation.fusing import Fused, fuse_tier, methods_for
from app.console.parts import Banner, Line, Tick, without_icons
from app.console.work import Work
from stimuli.problems import EvokeError

METHODS: dict[Method, tuple[str, str]] = {
    "mean": ("Mean", "The mean of the raters; classes by majority. Ties have no label."),
    "median": ("Median", "The rater in the middle; classes by majority. Ties have no label."),
    "majority": (
        "Majority",
        "What most raters chose; segments: what more than half marked. Ties have no label.",
    ),
    "weighted": (
        "Weighted by evaluator",
        "Each rater counts by the correlation with the mean of the others (classes: mean kappa), from 0.",
    ),
}


class FuseDialog(QDialog):
    """Asks how a tier is to be fused; `fused(words)` when it was written."""

    fused = Signal(str)

    def __init__(self, labels: Labels, tier: Tier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Fuse labels")
        self.setMinimumWidth(480)
        self._labels, self._tier = labels, tier
        self._work: Work | None = None
        column = QVBoxLayout(self)
        self.trouble = Banner()
        column.addWidget(self.trouble)
        told = f"{tier.title or tier.name} of {labels.scheme.title or labels.scheme.id}"
        column.addWidget(Line(f"{told}: one label out of those of all annotators.", "text", True))
        form = QFormLayout()
        self.method = QComboBox()
        self.method.setAccessibleName("Method")
        for method in methods_for(tier):
            self.method.addItem(METHODS[method][0], method)
        self.method.currentIndexChanged.connect(self._look)
        form.addRow("&Method", self.method)
        self.words = Line("", "muted", True)
        form.addRow("", self.words)
        self.raters = QListWidget()
        self.raters.setAccessibleName("Annotators who count")
        self.raters.setMaximumHeight(120)
        for rater in labels.raters:
            entry = QListWidgetItem(rater)
            entry.setFlags(entry.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            entry.setCheckState(Qt.CheckState.Checked)
            self.raters.addItem(entry)
        self.raters.itemChanged.connect(lambda _: self._look())
        form.addRow("&Annotators", self.raters)
        self.least = QSpinBox()
        self.least.setAccessibleName("Fewest annotators")
        self.least.setRange(1, max(1, len(labels.raters)))
        self.least.setSuffix(" annotators a label")
        self.least.setValue(min(LEAST_RATERS, len(labels.raters)))
        form.addRow("At &least", self.least)
        self.lag = Tick("Move each trace earlier by its annotator's lag")
        self.lag.setVisible(tier.kind.startswith("trace"))
        form.addRow("", self.lag)
        column.addLayout(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = QPushButton("Fuse")
        self.go.setDefault(True)
        buttons.addButton(self.go, QDialogButtonBox.ButtonRole.ActionRole)
        without_icons(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        self.go.clicked.connect(self.start)
        column.addWidget(buttons)
        self._look()

    def chosen(self) -> list[str]:
        """Return the annotators who count."""
        entries = [self.raters.item(row) for row in range(self.raters.count())]
        return [entry.text() for entry in entries if entry.checkState() == Qt.CheckState.Checked]

    def start(self) -> None:
        """Fuse in the background."""
        method: Method = self.method.currentData()
        without = [rater for rater in self._labels.raters if rater not in self.chosen()]
        lag, least = self.lag.isChecked(), self.least.value()
        self.go.setEnabled(False)
        self.trouble.say("Fusing…", "info")
        self._work = Work(self._job(method, lag, least, without), self)
        self._work.done.connect(self._on_done)
        self._work.failed.connect(self._on_failed)
        self._work.start()

    def _job(self, method: Method, lag: bool, least: int, without: list[str]) -> Callable[[], Fused]:
        return lambda: fuse_tier(self._labels, self._tier.name, method, lag=lag, least=least, without=without)

    def _on_done(self, result: Fused) -> None:
        self.fused.emit(f"{result.words}.")
        self.accept()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, EvokeError):
            raise error
        self.go.setEnabled(True)
        self.trouble.say(str(error), "alarm")

    def _look(self) -> None:
        method = self.method.currentData()
        if method is None:
            self.words.setText("Points cannot be fused: nobody can say which of them mean the same moment.")
        else:
            self.words.setText(METHODS[method][1])
        self.go.setEnabled(method is not None and len(self.chosen()) >= 1)
