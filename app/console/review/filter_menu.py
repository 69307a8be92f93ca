"""The menu of display filters: what is done to the signals on show, never to the recording."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QMenu, QWidget, QWidgetAction

from analysis.views.filters import Filters
from app.console.parts import Line, Tick, Tinted

OFF = "off"
LOWS, HIGHS, NOTCHES = ("0.1", "0.5", "1", "4"), ("30", "40", "70", "100"), ("50", "60")
BASELINES = (("none", "none"), ("mean", "mean of the view"), ("start", "first second of the view"))


class FilterMenu(QMenu):
    """Asks for filters; `chosen(Filters)` whenever they change and make sense, `raw_asked(bool)`."""

    chosen = Signal(object)
    raw_asked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Filters", parent)
        self.setAccessibleName("Display filters")
        self.low = _hertz("Low cut-off", LOWS)
        self.high = _hertz("High cut-off", HIGHS)
        self.notch = _hertz("Notch", NOTCHES)
        self.harmonics = Tick("its multiples too")
        self.reference = QComboBox()
        self.reference.setEditable(True)
        self.reference.setAccessibleName("Reference")
        self.reference.setToolTip("none, average, or names of channels: M1 + M2")
        self.reference.addItems(["none", "average"])
        self.baseline = QComboBox()
        self.baseline.setAccessibleName("Baseline")
        for name, words in BASELINES:
            self.baseline.addItem(words, name)
        self.raw = Tick("Raw: as it was recorded (R)")
        self.problem = Line("", "alarm", True)
        self.problem.hide()
        self._rate_hz = 0.0
        self._channels: tuple[str, ...] = ()
        self._fill()

    def _fill(self) -> None:
        box = QWidget()
        form = QFormLayout(box)
        form.setContentsMargins(12, 10, 12, 10)
        form.addRow("&Low cut-off (Hz)", self.low)
        form.addRow("&High cut-off (Hz)", self.high)
        form.addRow("&Notch (Hz)", self.notch)
        form.addRow("", self.harmonics)
        form.addRow("&Reference (EEG)", self.reference)
        form.addRow("&Baseline", self.baseline)
        form.addRow("", self.raw)
        form.addRow(self.problem)
        form.addRow("", Tinted("All off", "", self.all_off))
        for combo in (self.low, self.high, self.notch, self.reference):
            combo.activated.connect(lambda _: self._look())
            line = combo.lineEdit()
            if line is not None:
                line.editingFinished.connect(self._look)
        self.baseline.activated.connect(lambda _: self._look())
        self.harmonics.toggled.connect(lambda _: self._look())
        self.raw.toggled.connect(self.raw_asked)
        action = QWidgetAction(self)
        action.setDefaultWidget(box)
        self.addAction(action)

    def set_signal(self, rate_hz: float, channels: tuple[str, ...]) -> None:
        """Examine what is asked for against the EEG, or what comes nearest to it."""
        self._rate_hz, self._channels = rate_hz, channels

    def show_state(self, filters: Filters, is_raw: bool) -> None:
        """Show what is on."""
        for combo, value in ((self.low, filters.low_hz), (self.high, filters.high_hz)):
            combo.setEditText(OFF if value is None else f"{value:g}")
        self.notch.setEditText(OFF if filters.notch_hz is None else f"{filters.notch_hz:g}")
        reference = filters.reference
        self.reference.setEditText(reference if isinstance(reference, str) else " + ".join(reference))
        self.baseline.setCurrentIndex(self.baseline.findData(filters.baseline))
        for tick, on in ((self.harmonics, filters.harmonics), (self.raw, is_raw)):
            tick.blockSignals(True)
            tick.setChecked(on)
            tick.blockSignals(False)

    def all_off(self) -> None:
        """Take all filters off."""
        self.show_state(Filters(), False)
        self._look()

    def filters(self) -> Filters:
        """Return what is asked for; raises ValueError for what is no number."""
        return Filters(
            low_hz=_number(self.low),
            high_hz=_number(self.high),
            notch_hz=_number(self.notch),
            harmonics=self.harmonics.isChecked(),
            reference=_reference(self.reference.currentText()),
            baseline=self.baseline.currentData(),
        )

    def _look(self) -> None:
        try:
            wanted = self.filters()
            problem = wanted.problem(self._rate_hz, self._channels) if self._channels else ""
        except ValueError:
            problem = "Give cut-offs as numbers in Hz, or off."
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if not problem:
            self.chosen.emit(wanted)


def _hertz(name: str, values: tuple[str, ...]) -> QComboBox:
    combo = QComboBox()
    combo.setEditable(True)
    combo.setAccessibleName(name)
    combo.addItems([OFF, *values])
    return combo


def _number(combo: QComboBox) -> float | None:
    text = combo.currentText().strip().replace(",", ".")
    return None if text in ("", OFF, "0") else float(text)


def _reference(text: str) -> Literal["none", "average"] | tuple[str, ...]:
    words = tuple(filter(None, (word.strip() for word in text.replace(",", "+").split("+"))))
    if words in ((), ("none",)):
        return "none"
    return "average" if words == ("average",) else words
