"""How the participant's screen is set up: which one, palette, text size, photodiode patch, its measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.console.card_window import CardWindow
from app.console.exchange_dialog import labelled
from app.console.parts import Elided, Heading, Line, Tick, Tinted
from app.screens import Calibration, calibration, remember

PALETTES = (("", "as this workstation is set"), ("light", "light"), ("dark", "dark"))
TEXT_SCALES = (0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
NUMBER_MS = 2500
WIDEST_MM, FURTHEST_MM = 5000.0, 10000.0


class ScreenSettings(QWidget):
    """Edits `look` of a study and the measures that this computer keeps of each screen."""

    changed = Signal()

    def __init__(self, look: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look_before = dict(look)
        self._numbers: list[QWidget] = []
        self._card: CardWindow | None = None
        self._measures: dict[str, Calibration] = {}
        column = QVBoxLayout(self)
        column.setSpacing(8)
        form = QFormLayout()
        form.setSpacing(8)
        self._fill_look(form, look)
        column.addLayout(form)
        column.addWidget(Heading("Measures of this screen"))
        words = "For sizes in degrees of visual angle. Kept on this computer, by the screen's name."
        column.addWidget(Line(words, "muted", True))
        form = QFormLayout()
        form.setSpacing(8)
        self._fill_measures(form)
        column.addLayout(form)
        column.addStretch(1)
        self._show_measures()

    def _fill_look(self, form: QFormLayout, look: Mapping[str, Any]) -> None:
        self.screen_box = QComboBox()
        self.screen_box.setAccessibleName("Participant's screen")
        self.screen_box.addItem("the second screen, else the only one", "")
        for screen in QGuiApplication.screens():
            self.screen_box.addItem(_screen_words(screen), screen.name())
        wanted = str(look.get("screen") or "")
        if wanted and self.screen_box.findData(wanted) < 0:
            self.screen_box.addItem(f"{wanted} (not connected now)", wanted)
        self.screen_box.setCurrentIndex(max(0, self.screen_box.findData(wanted)))
        self.screen_box.currentIndexChanged.connect(self._show_measures)
        row = QHBoxLayout()
        row.addWidget(self.screen_box, 1)
        row.addWidget(Tinted("Show numbers", "search", self.show_numbers))
        form.addRow(labelled("&Screen", self.screen_box), row)
        self.palette_box = QComboBox()
        self.palette_box.setAccessibleName("Colours of the participant's pages")
        for name, words in PALETTES:
            self.palette_box.addItem(words, name)
        self.palette_box.setCurrentIndex(max(0, self.palette_box.findData(str(look.get("palette") or ""))))
        form.addRow("&Colours", self.palette_box)
        self.text_box = QComboBox()
        self.text_box.setAccessibleName("Text size on the participant's pages")
        self.text_box.addItem("as this workstation is set", 0.0)
        own = float(look.get("text_scale") or 0.0)
        for scale in sorted({*TEXT_SCALES, own} - {0.0}):
            self.text_box.addItem("usual" if scale == 1.0 else f"{scale:.0%}", scale)
        self.text_box.setCurrentIndex(max(0, self.text_box.findData(own)))
        form.addRow("&Text size", self.text_box)
        self.patch = Tick("A corner turns white with each stimulus, for a photodiode")
        self.patch.setChecked(bool(look.get("corner_patch")))
        form.addRow("&Patch", self.patch)

    def _fill_measures(self, form: QFormLayout) -> None:
        self.measured_name = Line("", "text", True)
        form.addRow("Screen", self.measured_name)
        self.width_mm = _millimetres("Width of the screen's picture", WIDEST_MM)
        row = QHBoxLayout()
        row.addWidget(self.width_mm)
        self.measure = Tinted("Measure with a card…", "search", self.measure_with_card)
        row.addWidget(self.measure)
        row.addStretch(1)
        form.addRow(labelled("&Width", self.width_mm), row)
        self.distance_mm = _millimetres("Distance of the eyes from the screen", FURTHEST_MM)
        row = QHBoxLayout()
        row.addWidget(self.distance_mm)
        row.addStretch(1)
        form.addRow(labelled("&Distance", self.distance_mm), row)
        self.degree = Elided()
        form.addRow("", self.degree)
        self.lag = Elided()
        form.addRow("", self.lag)
        for box in (self.width_mm, self.distance_mm):
            box.valueChanged.connect(self._on_measure)

    def look(self) -> dict[str, Any]:
        """Return what study.yaml is to say of the participant's screen; what is not said is left out."""
        chosen = dict(self._look_before)
        values: dict[str, Any] = {
            "screen": str(self.screen_box.currentData() or ""),
            "palette": str(self.palette_box.currentData() or ""),
            "text_scale": float(self.text_box.currentData() or 0.0),
        }
        for name, value in values.items():
            chosen.pop(name, None)
            if value:
                chosen[name] = value
        if self.patch.isChecked() != bool(self._look_before.get("corner_patch")):
            chosen.pop("corner_patch", None)
            if self.patch.isChecked():
                chosen["corner_patch"] = True
        return chosen

    def keep_measures(self) -> None:
        """Keep the measures on this computer."""
        for name, known in self._measures.items():
            if known != calibration(name):
                remember(name, known)

    def screen_in_hand(self) -> QScreen | None:
        """Return the screen that the choice means now, None where it is not connected."""
        screens = QGuiApplication.screens()
        name = str(self.screen_box.currentData() or "")
        if name:
            return next((screen for screen in screens if screen.name() == name), None)
        primary = QGuiApplication.primaryScreen()
        return next((screen for screen in screens if screen != primary), primary)

    def show_numbers(self) -> None:
        """Show each screen's number and name on it for a moment."""
        for number, screen in enumerate(QGuiApplication.screens(), start=1):
            sign = _Number(f"{number}\n{screen.name()}", screen)
            sign.show()
            self._numbers.append(sign)
        QTimer.singleShot(NUMBER_MS, self.hide_numbers)

    def hide_numbers(self) -> None:
        """Take the numbers away."""
        for sign in self._numbers:
            sign.close()
            sign.deleteLater()
        self._numbers.clear()

    def measure_with_card(self) -> None:
        """Show the box on the participant's screen."""
        screen = self.screen_in_hand()
        if screen is None:
            return
        self._card = CardWindow(screen)
        self._card.measured.connect(self._on_card)
        self._card.show()
        self._card.activateWindow()
        self._card.setFocus()

    def _on_card(self, width_mm: float, _: int) -> None:
        self.width_mm.setValue(round(width_mm, 1))

    def _show_measures(self) -> None:
        screen = self.screen_in_hand()
        name = screen.name() if screen is not None else str(self.screen_box.currentData() or "")
        self.measured_name.setText(_screen_words(screen) if screen is not None else f"{name}, not connected")
        self.measure.setEnabled(screen is not None)
        known = self._measures.setdefault(name, calibration(name))
        for box, value in ((self.width_mm, known.width_mm), (self.distance_mm, known.distance_mm)):
            box.blockSignals(True)
            box.setValue(value or 0.0)
            box.blockSignals(False)
        self._say(known)

    def _on_measure(self) -> None:
        screen = self.screen_in_hand()
        name = screen.name() if screen is not None else str(self.screen_box.currentData() or "")
        known = self._measures.get(name, Calibration())
        width_px = known.width_px
        if screen is not None:
            width_px = round(screen.geometry().width() * screen.devicePixelRatio())
        known = replace(
            known,
            width_mm=self.width_mm.value() or None,
            distance_mm=self.distance_mm.value() or None,
            width_px=width_px,
        )
        self._measures[name] = known
        self._say(known)
        self.changed.emit()

    def _say(self, known: Calibration) -> None:
        if known.knows_degrees:
            self.degree.set_whole(f"One degree of visual angle is {known.pixels(1.0):.1f} pixels.")
        else:
            self.degree.set_whole("Sizes in degrees need width and distance; 0 stands for not known.")
        if known.lag_ms is None:
            self.lag.set_whole("Lag of the light behind the logged time: not measured (evoke timing-test).")
        else:
            spread = "" if known.lag_sd_ms is None else f" ± {known.lag_sd_ms:.2f}"
            self.lag.set_whole(
                f"Lag of the light behind the logged time: {known.lag_ms:.2f}{spread} ms,"
                f" {known.lag_source or 'source unknown'}, {known.lag_date or 'date unknown'}."
            )


class _Number(QLabel):
    def __init__(self, text: str, screen: QScreen) -> None:
        from PySide6.QtCore import Qt

        kind = Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint | Qt.WindowType.Tool
        super().__init__(text, None, kind)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        font = self.font()
        font.setPointSizeF(48)
        font.setBold(True)
        self.setFont(font)
        self.setAutoFillBackground(True)
        area = screen.geometry()
        self.resize(420, 260)
        self.move(area.center() - self.rect().center())


def _screen_words(screen: QScreen) -> str:
    size = screen.geometry().size() * screen.devicePixelRatio()
    return f"{screen.name()}, {size.width()} × {size.height()}, {screen.refreshRate():.0f} Hz"


def _millimetres(name: str, largest: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setAccessibleName(name)
    box.setRange(0.0, largest)
    box.setDecimals(1)
    box.setSuffix(" mm")
    box.setMinimumWidth(130)
    return box
