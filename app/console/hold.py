"""A button that acts only when it is kept pressed, for what cannot be undone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton

from app.console import icons, theme

HOLD_MS = 1000
STEP_MS = 25


class HoldButton(QPushButton):
    """Emits `held` after one second of mouse or space bar; fills up meanwhile. A short press says how."""

    held = Signal()
    pressed_shortly = Signal()

    def __init__(self, text: str, icon: str) -> None:
        super().__init__(text)
        self._icon = icon
        self._done = 0
        self._timer = QTimer(self, interval=STEP_MS)
        self._timer.timeout.connect(self._step)
        self.pressed.connect(self._begin)
        self.released.connect(self._stop)
        self.setAutoDefault(False)
        self.setIcon(icons.icon(icon))
        self.setToolTip(f"{text}: keep pressed for one second")
        self.setAccessibleDescription("Keep pressed for one second")

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setIcon(icons.icon(self._icon))

    def _begin(self) -> None:
        self._done = 0
        self._timer.start()

    def _step(self) -> None:
        self._done += STEP_MS
        self.update()
        if self._done >= HOLD_MS:
            self._timer.stop()
            self._done = 0
            self.setDown(False)
            self.update()
            self.held.emit()

    def _stop(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self._done = 0
            self.update()
            self.pressed_shortly.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, and over it how far the hold has come."""
        super().paintEvent(event)
        if self._done:
            painter = QPainter(self)
            colour = QColor(theme.current().alarm)
            colour.setAlphaF(0.45)
            area = self.rect()
            area.setWidth(round(area.width() * self._done / HOLD_MS))
            painter.fillRect(area, colour)
