"""The text of a protocol: line numbers, quiet colours, and marks where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QToolTip, QWidget

from app.console import theme

TOKENS = (
    ("key", re.compile(r"(?:(?<=[{,\s])|^)[\w-]+(?=:(?:\s|$))")),
    ("number", re.compile(r"(?<![\w.#\"'-])-?\d+(?:\.\d+)?(?![\w.\"'-])")),
    ("text", re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")),
    ("name", re.compile(r"\{item\.[a-z0-9-]+\}")),
)
FOLDED = re.compile(r"[:-] [|>][+-]?\s*$")
IN_QUOTES = 1_000_000
COMMENT = re.compile(r"(?:^|\s)#.*$")
COLOURS = {"key": "accent", "number": "temperature", "text": "skin", "name": "motion", "comment": "muted"}


class Colouring(QSyntaxHighlighter):
    """Colours keys, numbers, quoted texts, what items fill in, and comments."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.dress()

    def dress(self) -> None:
        """Take the colours in use."""
        for name, colour in COLOURS.items():
            form = QTextCharFormat()
            form.setForeground(QColor(getattr(theme.current(), colour)))
            form.setFontItalic(name == "comment")
            self._formats[name] = form
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Colour one line, and none of a text that goes on over lines."""
        indent = len(text) - len(text.lstrip())
        before = self.previousBlockState()
        if before == IN_QUOTES:
            ends = text.count('"') % 2 == 1
            self.setFormat(0, len(text), self._formats["text"])
            self.setCurrentBlockState(-1 if ends else IN_QUOTES)
            return
        if before >= 0 and (not text.strip() or indent > before):
            self.setCurrentBlockState(before)
            return
        opened = FOLDED.search(text)
        dash = len(text) - len(text.lstrip(" -"))
        self.setCurrentBlockState(dash if opened else IN_QUOTES if _opens_quotes(text) else -1)
        if self.currentBlockState() == IN_QUOTES:
            text = text[: text.rindex('"')]
            self.setFormat(len(text), self.currentBlock().length() - len(text), self._formats["text"])
        for name, pattern in TOKENS:
            for found in pattern.finditer(text):
                self.setFormat(found.start(), found.end() - found.start(), self._formats[name])
        for found in COMMENT.finditer(text):
            # A sign within quotes begins no comment.
            if text[: found.start()].count('"') % 2 == 0:
                self.setFormat(found.start(), len(text) - found.start(), self._formats["comment"])
                break


def _opens_quotes(text: str) -> bool:
    """Whether a line begins a quoted text that the next one goes on with."""
    plain = COMMENT.sub("", text) if text.lstrip().startswith("#") else text
    return bool(re.search(r"(?:[:-] |[{\[,] ?)\"", plain)) and plain.replace('\\"', "").count('"') % 2 == 1


class Gutter(QWidget):
    """The numbers of the lines; a mark where something is wrong."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._source = source

    def sizeHint(self) -> QSize:
        """As wide as the highest number."""
        return QSize(self._source.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the numbers of the lines in sight."""
        self._source.paint_gutter(self, event.rect())


class Source(QPlainTextEdit):
    """Edits the text. What the form changes comes in as one step of the same undo."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Text of the protocol")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self._problems: Mapping[int, list[str]] = {}
        self._gutter = Gutter(self)
        self.colouring = Colouring(self.document())
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._follow)
        self.cursorPositionChanged.connect(self._mark)
        self.dress()

    def dress(self) -> None:
        """Take the chosen text size and the colours."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(max(8.0, QApplication.font().pointSizeF()))
        self.setFont(font)
        self.colouring.dress()
        self._make_room()
        self._mark()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "colouring"):
            self.colouring.dress()
            self._mark()

    def replace_text(self, text: str) -> None:
        """Make the text `text`, touching only what differs, as one step that can be undone."""
        before = self.toPlainText()
        if text == before:
            return
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        old, new = before.splitlines(keepends=True), text.splitlines(keepends=True)
        changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        for what, a, b, c, d in reversed(changes):
            if what == "equal":
                continue
            start = sum(map(utf16_length, old[:a]))
            end = start + sum(map(utf16_length, old[a:b]))
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText("".join(new[c:d]))
        cursor.endEditBlock()

    def show_problems(self, problems: Iterable[tuple[int | None, str]]) -> None:
        """Mark the lines (from 1) that have problems."""
        by_line: dict[int, list[str]] = {}
        for line, text in problems:
            if line is not None:
                by_line.setdefault(line, []).append(text)
        self._problems = by_line
        self._mark()
        self._gutter.update()

    def problems_at(self, line: int) -> list[str]:
        """Return what is wrong in a line (from 1)."""
        return self._problems.get(line, [])

    def go_to(self, line: int) -> None:
        """Put the cursor at the beginning of a line (from 1) and show it."""
        block = self.document().findBlockByNumber(max(0, line - 1))
        self.setTextCursor(QTextCursor(block))
        self.centerCursor()

    def gutter_width(self) -> int:
        """Return how wide the numbers are."""
        digits = max(3, len(str(max(1, self.blockCount()))))
        return self.fontMetrics().horizontalAdvance("9") * digits + 22

    def paint_gutter(self, gutter: QWidget, area: QRect) -> None:
        """Draw numbers, and a mark for each line with a problem."""
        painter = QPainter(gutter)
        colours = theme.current()
        painter.fillRect(area, QColor(colours.window))
        block = self.firstVisibleBlock()
        place = self.blockBoundingGeometry(block).translated(self.contentOffset())
        current = self.textCursor().blockNumber()
        while block.isValid() and place.top() <= area.bottom():
            if block.isVisible() and place.bottom() >= area.top():
                number = block.blockNumber()
                wrong = number + 1 in self._problems
                colour = colours.alarm if wrong else colours.text if number == current else colours.muted
                painter.setPen(QColor(colour))
                line = QRect(0, int(place.top()), gutter.width() - 8, self.fontMetrics().height())
                painter.drawText(line, Qt.AlignmentFlag.AlignRight, str(number + 1))
                if wrong:
                    painter.drawText(line.adjusted(4, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, "●")
            block = block.next()
            place = self.blockBoundingGeometry(block).translated(self.contentOffset())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the numbers at the left edge."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._gutter.setGeometry(inside.left(), inside.top(), self.gutter_width(), inside.height())

    def event(self, event: QEvent) -> bool:
        """Tell what is wrong in the line under the pointer."""
        if isinstance(event, QHelpEvent):
            block = self.cursorForPosition(self.viewport().mapFrom(self, event.pos())).blockNumber()
            told = self.problems_at(block + 1)
            if told:
                QToolTip.showText(event.globalPos(), "\n".join(told), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _make_room(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)

    def _follow(self, area: QRect, by: int) -> None:
        if by:
            self._gutter.scroll(0, by)
        else:
            self._gutter.update(0, area.y(), self._gutter.width(), area.height())

    def _mark(self) -> None:
        colours = theme.current()
        marks = []
        for line in sorted(self._problems):
            block = self.document().findBlockByNumber(line - 1)
            if block.isValid():
                marks.append(self._whole_line(QTextCursor(block), colours.tint_alarm))
        here = self.textCursor()
        if here.blockNumber() + 1 not in self._problems:
            marks.insert(0, self._whole_line(QTextCursor(here.block()), colours.window))
        self.setExtraSelections(marks)

    def _whole_line(self, cursor: QTextCursor, colour: str) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = cursor
        form = QTextCharFormat()
        form.setBackground(QColor(colour))
        form.setProperty(QTextFormat.Property.FullWidthSelection, True)
        mark.format = form
        return mark


def utf16_length(text: str) -> int:
    """Return how many places a text takes in Qt, where rare characters take two."""
    return len(text.encode("utf-16-le")) // 2
