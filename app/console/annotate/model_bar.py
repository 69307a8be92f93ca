"""Labels of a model: from what confidence on they are shown, accept and reject, and what that means."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from app.console.annotate.lane_model import LOW_CONFIDENCE
from app.console.parts import Line, Tinted

GOLD = "Labels made with a model in sight are not counted as gold."


class ModelBar(QWidget):
    """Shown where labels of models are. `threshold_changed(0..1)`, `accept_asked`, `reject_asked`."""

    threshold_changed = Signal(float)
    accept_asked = Signal()
    reject_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.names: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 2, 8, 2)
        column.setSpacing(2)
        row = QHBoxLayout()
        self.told = Line("", "text")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setAccessibleName("Show labels of the model from this confidence on")
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.slider.setMaximumWidth(220)
        self.slider.valueChanged.connect(self._on_moved)
        self.accept = Tinted("Accept (A)", "good", self.accept_asked.emit)
        self.reject = Tinted("Reject (R)", "close", self.reject_asked.emit)
        for button in (self.accept, self.reject):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(self.told)
        row.addWidget(self.slider)
        row.addWidget(self.accept)
        row.addWidget(self.reject)
        row.addStretch(1)
        self.gold = Line(
            f"{GOLD} Crossed hatching: confidence below {LOW_CONFIDENCE:g}.", "warning", wrap=True
        )
        column.addLayout(row)
        column.addWidget(self.gold)
        self.hide()

    @property
    def threshold(self) -> float:
        """From what confidence on labels are shown."""
        return self.slider.value() / 100

    def show_count(self, names: tuple[str, ...], shown: int, total: int) -> None:
        """Say how many labels of which models are shown; no models: nothing."""
        self.names = names
        self.told.setText(
            f"{', '.join(names)}: {shown} of {total} from confidence {self.threshold:.2f} on" if names else ""
        )
        self.setVisible(bool(names))

    def set_can_judge(self, can: bool) -> None:
        """Let a label of a model be accepted or rejected: one is selected."""
        self.accept.setEnabled(can)
        self.reject.setEnabled(can)

    def _on_moved(self, value: int) -> None:
        self.threshold_changed.emit(value / 100)
