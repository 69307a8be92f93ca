"""Answers that are typed: free text of any script, and numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from app.presenter.pages.parts import Button, label, paint_ring
from app.presenter.pages.rows import ItemRow
from app.presenter.style import Style
from app.presenter.tasks import Item

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
# From here on the participant sees how much room is left.
NEARLY_FULL = 0.8
HINTS = Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhSensitiveData


class Frame(QWidget):
    """A box around something to type into, with a ring while it has the keyboard."""

    def __init__(self, inside: QWidget, style: Style) -> None:
        super().__init__()
        self.look = style
        self.inside = inside
        layout = QHBoxLayout(self)
        gap = style.px(14)
        layout.setContentsMargins(gap, style.px(8), gap, style.px(8))
        layout.addWidget(inside)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box."""
        look = self.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(1, 1, -1, -1)
        painter.setPen(QPen(look.colour("line"), look.px(1.5)))
        painter.setBrush(look.colour("surface"))
        painter.drawRoundedRect(area, look.px(12), look.px(12))
        if self.inside.hasFocus():
            paint_ring(painter, look, area.toRectF(), look.px(12))
        painter.end()


class TextBox(QPlainTextEdit):
    """Plain text without menu, correction or suggestion; `max_chars` characters at most."""

    def __init__(self, row: TextRow) -> None:
        super().__init__()
        self._row = row
        look = row.look
        self.setFont(look.font(26))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setInputMethodHints(HINTS)
        self.setAccessibleName(row.item.text)
        self.setPlaceholderText(look.say("write_here"))
        self.setPalette(entry_palette(self.palette(), look))
        self.document().setDocumentMargin(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ends an answer of one line."""
        if event.key() in ENTER and self._row.is_one_line:
            self._row.leave.emit(1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self._row.show_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self._row.show_ring()


class TextRow(ItemRow):
    """A free text; what is in the box is the answer."""

    def __init__(self, item: Item, style: Style, width: int, height: int) -> None:
        super().__init__(item, style, width)
        self.fix_text(width, style.px(200))
        self.is_one_line = item.lines == 1
        self.box = TextBox(self)
        self.box.textChanged.connect(self._changed)
        self.frame = Frame(self.box, style)
        line = QFontMetrics(style.font(26)).lineSpacing()
        room = height - self.text.height() - self.decline.sizeHint().height() - style.px(20)
        self.frame.setFixedHeight(max(line + style.px(30), min(room, item.lines * line + style.px(34))))
        self.left = label("", style, 16)
        self.setFocusProxy(self.box)
        self._showing = False
        self.column.addWidget(self.text)
        self.column.addWidget(self.frame)
        self.column.addLayout(self.add_foot(None, self.left))
        self.left.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)

    def sizeHint(self) -> QSize:
        """Ask for what the parts need."""
        return self.column.sizeHint()

    def show_answer(self, value: Any, is_declined: bool) -> None:
        """Show the text."""
        super().show_answer(value, is_declined)
        text = "" if value is None else str(value)
        if text != self.box.toPlainText():
            self._showing = True
            self.box.setPlainText(text)
            self._showing = False

    def show_ring(self) -> None:
        """Show where the keyboard is."""
        self.frame.update()

    def _changed(self) -> None:
        if self._showing:
            return
        text = self.box.toPlainText()
        most = self.item.max_chars
        if len(text) > most:
            cursor = self.box.textCursor()
            place = cursor.position()
            self._showing = True
            self.box.setPlainText(text[:most])
            self._showing = False
            cursor.setPosition(min(place, most))
            self.box.setTextCursor(cursor)
            text = text[:most]
        is_nearly_full = len(text) > NEARLY_FULL * most
        self.left.setText(self.look.say("characters_left", most - len(text)) if is_nearly_full else "")
        self.decline.setChecked(False)
        self.chosen.emit(self.item.id, text or None)


class NumberBox(QLineEdit):
    """A line for a number."""

    def __init__(self, row: NumberRow) -> None:
        super().__init__()
        self._row = row
        look = row.look
        self.setFont(look.font(32))
        self.setFrame(False)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setInputMethodHints(HINTS | Qt.InputMethodHint.ImhFormattedNumbersOnly)
        self.setMaxLength(12)
        self.setAccessibleName(row.item.text)
        self.setPalette(entry_palette(self.palette(), look))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Up and Down go to another row; only what belongs to a number is typed."""
        if event.key() in (*ENTER, Qt.Key.Key_Down):
            self._row.leave.emit(1)
        elif event.key() == Qt.Key.Key_Up:
            self._row.leave.emit(-1)
        elif not event.text().isprintable() or not event.text() or event.text() in self._row.allowed:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self._row.show_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self._row.show_ring()


class NumberRow(ItemRow):
    """A number with its unit, and buttons for one less and one more."""

    def __init__(self, item: Item, style: Style, width: int) -> None:
        super().__init__(item, style, width)
        self.fix_text(width, style.px(200))
        self.allowed = "0123456789" + ("-" if item.lowest is None or item.lowest < 0 else "")
        if item.decimals:
            self.allowed += ".,"
        self.box = NumberBox(self)
        self.box.textChanged.connect(self._changed)
        self.frame = Frame(self.box, style)
        self.frame.setFixedSize(style.tx(230), style.tx(76))
        self.less, self.more = (Button(sign, style, quiet=True) for sign in ("−", "+"))
        for button, step in ((self.less, -1), (self.more, 1)):
            button.setFixedSize(style.tx(76), style.tx(76))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda *_, step=step: self._step(step))
        line = QHBoxLayout()
        line.setSpacing(style.px(8))
        line.addStretch(1)
        for widget in (self.less, self.frame, self.more):
            line.addWidget(widget)
        if item.unit:
            line.addWidget(label(item.unit, style, 24))
        line.addStretch(1)
        self.setFocusProxy(self.box)
        self.column.addWidget(self.text)
        self.column.addLayout(line)
        if item.lowest is not None and item.highest is not None:
            bounds = label(f"{item.lowest:g} – {item.highest:g}", style, 18)
            bounds.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.column.addWidget(bounds)
        self.column.addLayout(self.add_foot())

    def show_answer(self, value: Any, is_declined: bool) -> None:
        """Show the number."""
        super().show_answer(value, is_declined)
        if value != self.number():
            self.box.blockSignals(True)
            self.box.setText("" if value is None else f"{value:g}")
            self.box.blockSignals(False)

    def show_ring(self) -> None:
        """Show where the keyboard is."""
        self.frame.update()

    def number(self) -> int | float | None:
        """Return the number in the box, None if there is none that the question allows."""
        text = self.box.text().replace(",", ".")
        try:
            value = float(text) if self.item.decimals else int(text)
        except ValueError:
            return None
        return value if self.item.accepts(value) else None

    def _changed(self) -> None:
        self.decline.setChecked(False)
        self.chosen.emit(self.item.id, self.number())

    def _step(self, step: int) -> None:
        number = self.number()
        low = 0 if self.item.lowest is None else self.item.lowest
        value = low if number is None else number + step
        if self.item.accepts(value if self.item.decimals else int(value)):
            self.box.setText(f"{value:g}")
        self.box.setFocus()


def entry_palette(palette: QPalette, style: Style) -> QPalette:
    """Return the palette of something to type into."""
    clear = style.colour("surface")
    palette.setColor(QPalette.ColorRole.Base, clear)
    palette.setColor(QPalette.ColorRole.Text, style.colour("ink"))
    palette.setColor(QPalette.ColorRole.PlaceholderText, style.colour("muted"))
    palette.setColor(QPalette.ColorRole.Highlight, style.colour("accent"))
    palette.setColor(QPalette.ColorRole.HighlightedText, style.colour("on_accent"))
    return palette
