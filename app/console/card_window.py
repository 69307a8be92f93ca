"""A card held against the screen tells how wide the screen is: the arrow keys make its outline fit."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QScreen, QWheelEvent
from PySide6.QtWidgets import QWidget

CARD_MM = (85.60, 53.98)
"""A bank or identity card: ISO/IEC 7810, ID-1."""
FINE_PX, COARSE_PX = 1.0, 10.0
SMALLEST_PX = 60.0
GROUND, INK, FILL = "#ECEBE6", "#20252B", "#D6E6F1"
WORDS = (
    "Hold a bank card or identity card against the screen.",
    "Make the box as wide as the card: arrow keys, with Shift in larger steps, or the mouse wheel.",
    "Enter keeps it, Esc leaves it as it was.",
)


class CardWindow(QWidget):
    """Covers one screen; `measured(width_mm, width_px)` of the screen's picture, or `left()`."""

    measured = Signal(float, int)
    left = Signal()

    def __init__(self, screen: QScreen) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.Window)
        self.setWindowTitle("Card")
        self.setAccessibleName("Make the box as wide as the card")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._screen = screen
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        guess_mm = screen.physicalSize().width()
        width = screen.geometry().width()
        self.card_px = width * CARD_MM[0] / guess_mm if guess_mm > CARD_MM[0] else width / 4

    @property
    def width_mm(self) -> float:
        """How wide the screen's picture is, if the box is as wide as a card."""
        return CARD_MM[0] * self._screen.geometry().width() / self.card_px

    @property
    def width_px(self) -> int:
        """How many pixels of the device the screen is wide."""
        return round(self._screen.geometry().width() * self._screen.devicePixelRatio())

    def change(self, by_px: float) -> None:
        """Make the box wider or narrower."""
        self.card_px = min(self.width() * 0.95, max(SMALLEST_PX, self.card_px + by_px))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows change the box, Enter keeps it, Esc leaves."""
        step = COARSE_PX if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else FINE_PX
        key = event.key()
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Plus):
            self.change(step)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Minus):
            self.change(-step)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.measured.emit(self.width_mm, self.width_px)
            self.close()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
            self.close()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Change the box."""
        self.change(FINE_PX if event.angleDelta().y() > 0 else -FINE_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the keyboard."""
        self.activateWindow()
        self.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw box and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(GROUND))
        height = self.card_px * CARD_MM[1] / CARD_MM[0]
        box = QRectF(0, 0, self.card_px, height)
        box.moveCenter(QPointF(self.width() / 2, self.height() * 0.55))
        painter.setPen(QPen(QColor(INK), 1.5))
        painter.setBrush(QColor(FILL))
        painter.drawRoundedRect(box, box.width() * 0.037, box.width() * 0.037)
        font = self.font()
        font.setPointSizeF(15)
        painter.setFont(font)
        line = painter.fontMetrics().height() * 1.5
        for place, text in enumerate(WORDS):
            top = self.height() * 0.08 + place * line
            area = QRectF(20, top, self.width() - 40, line)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)
        said = f"This screen would be {self.width_mm:.0f} mm wide"
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), said)
