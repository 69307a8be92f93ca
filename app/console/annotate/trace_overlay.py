"""What lies over a trace page while nothing is traced: the way in, the countdown, the pause, the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.console import theme
from app.console.parts import Card, Heading, Line, Primary, Tinted

DIM = 0.82
COUNT_SHARE = 0.28
"""Height of the countdown's digit, as a share of the film's."""
CARD_PX = 560

Choice = tuple[str, str, Callable[[], None]]
"""Words of a button, its icon, and what it does."""


class TraceOverlay(QWidget):
    """Covers its parent: a card with words and buttons, or one large digit."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.digit = ""
        self._over = QRect()
        self.heading = Heading("", 1.4)
        self.heading.setWordWrap(True)
        self.text = Line("", "text", True)
        self.small = Line("", "muted", True)
        self.card = Card()
        self.card.setMaximumWidth(CARD_PX)
        self.card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.card.body.setContentsMargins(26, 22, 26, 20)
        self.card.body.setSpacing(12)
        for widget in (self.heading, self.text):
            self.card.body.addWidget(widget)
        self.extra = QVBoxLayout()
        self.card.body.addLayout(self.extra)
        self.card.body.addWidget(self.small)
        self.buttons = QHBoxLayout()
        self.card.body.addLayout(self.buttons)
        column = QVBoxLayout(self)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.card, 6)
        row.addStretch(1)
        column.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)

    def say(
        self,
        heading: str,
        text: str,
        choices: tuple[Choice, ...],
        small: str = "",
        extra: QWidget | None = None,
    ) -> None:
        """Show a card; the first choice is the one that leads on, and has the keyboard."""
        self.digit = ""
        self.heading.setText(heading)
        for line, words in ((self.text, text), (self.small, small)):
            line.setText(words)
            line.setVisible(bool(words))
        for widget in taken_out(self.buttons):
            widget.hide()
            widget.deleteLater()
        for widget in taken_out(self.extra):
            widget.hide()
        if extra is not None:
            self.extra.addWidget(extra)
            extra.show()
        made = [
            Primary(words, icon, act) if place == 0 else Tinted(words, icon, act)
            for place, (words, icon, act) in enumerate(choices)
        ]
        self.buttons.addStretch(1)
        for button in reversed(made):
            button.setAutoDefault(True)
            self.buttons.addWidget(button)
        self.card.show()
        self.show()
        self.raise_()
        made[0].setFocus()
        self.update()

    def count(self, digit: int, over: QRect) -> None:
        """Show a digit of the countdown in the middle of what will play."""
        self.digit, self._over = str(digit), over
        self.card.hide()
        self.show()
        self.raise_()
        self.update()

    def button(self, words: str) -> Primary | Tinted:
        """Return a button by its words; raises KeyError."""
        for place in range(self.buttons.count()):
            item = self.buttons.itemAt(place)
            widget = item.widget() if item is not None else None
            if isinstance(widget, Primary | Tinted) and widget.text() == words:
                return widget
        raise KeyError(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dim what lies beneath; draw the digit."""
        colours = theme.current()
        painter = QPainter(self)
        if not self.digit:
            ground = QColor(colours.window)
            ground.setAlphaF(DIM)
            painter.fillRect(self.rect(), ground)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(max(40, round(self._over.height() * COUNT_SHARE)))
        font.setBold(True)
        painter.setFont(font)
        disc = QColor(colours.window)
        disc.setAlphaF(0.7)
        radius = self._over.height() * COUNT_SHARE * 0.75
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(disc)
        painter.drawEllipse(self._over.center(), round(radius), round(radius))
        painter.setPen(QColor(colours.text))
        painter.drawText(self._over, int(Qt.AlignmentFlag.AlignCenter), self.digit)


def taken_out(layout: QBoxLayout) -> Iterator[QWidget]:
    """Take everything out of a layout; yield the widgets."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            yield widget
