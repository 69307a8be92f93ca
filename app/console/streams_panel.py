"""The list of streams: lamp, state in words, rate, loss; and the processes that were started again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.console import icons, theme
from app.console.lamps import LOOKS, StreamState, paint_lamp, streams_of
from app.console.parts import Line
from app.console.quality import StreamQuality, quality_of

COLUMNS = ("Stream", "State", "Lost", "Signal")


class StreamsPanel(QWidget):
    """Shows the streams of a `state` message."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "signals")
        self.setMinimumWidth(340)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 4)
        self.table = QTreeWidget()
        self.table.setAccessibleName("Streams")
        self.table.setHeaderLabels(COLUMNS)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setIconSize(QSize(14, 14))
        self.table.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.table.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.table.setTextElideMode(Qt.TextElideMode.ElideLeft)
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for place in range(1, len(COLUMNS)):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.ResizeToContents)
        column.addWidget(self.table, 1)
        self.restarts = Line("", "warning", True)
        self.restarts.hide()
        column.addWidget(self.restarts)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._shown: dict[str, tuple[StreamState, StreamQuality | None]] = {}
        self._icons: dict[tuple[str, str], QIcon] = {}

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Show a `state` message."""
        streams = streams_of(state)
        if {stream.id for stream in streams} != set(self._rows):
            self.table.clear()
            self._shown.clear()
            self._rows = {stream.id: QTreeWidgetItem([stream.id]) for stream in streams}
            self.table.addTopLevelItems(list(self._rows.values()))
        judged = {quality.id: quality for quality in quality_of(state)}
        self.table.setColumnHidden(len(COLUMNS) - 1, not judged)
        for stream in streams:
            now = (stream, judged.get(stream.id))
            if self._shown.get(stream.id) != now:
                self._shown[stream.id] = now
                self._fill(self._rows[stream.id], *now)
        words = restart_words(state.get("processes") or {})
        self.restarts.setText(words)
        self.restarts.setVisible(bool(words))

    def changeEvent(self, event: QEvent) -> None:
        """Draw lamps and words in the colours in use."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for name, shown in self._shown.items():
                self._fill(self._rows[name], *shown)

    def _fill(self, row: QTreeWidgetItem, stream: StreamState, quality: StreamQuality | None) -> None:
        row.setIcon(0, self._icon(stream.state))
        row.setText(1, " ".join(filter(None, (stream.look.word, stream.rate_text))))
        row.setText(2, stream.lost_text)
        icon, ink, word = ("", "muted", "") if quality is None else quality.grade
        row.setIcon(3, icons.icon(icon, getattr(theme.current(), ink)) if icon else QIcon())
        row.setData(3, Qt.ItemDataRole.AccessibleTextRole, word)
        row.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        bad = stream.look.colour in ("warning", "alarm")
        colours = theme.current()
        colour = getattr(colours, stream.look.colour) if bad else colours.text
        row.setForeground(1, QBrush(QColor(colour)))
        for place in range(len(COLUMNS) - 1):
            row.setToolTip(place, stream.sentence)
        row.setToolTip(len(COLUMNS) - 1, "" if quality is None else quality.sentence)

    def _icon(self, state: str) -> QIcon:
        key = (state, theme.current().name)
        if key not in self._icons:
            pixmap = QPixmap(28, 28)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            paint_lamp(painter, QRectF(2, 2, 24, 24), LOOKS.get(state, LOOKS["expected"]))
            painter.end()
            self._icons[key] = QIcon(pixmap)
        return self._icons[key]


def restart_words(processes: Mapping[str, Mapping[str, Any]]) -> str:
    """Say which processes were started again, "" if none was."""
    words = []
    for name, process in processes.items():
        count = int(process.get("restarts") or 0)
        if count:
            times = "once" if count == 1 else f"{count} times"
            words.append(f"{name} was started again {times}")
        elif not process.get("alive", True) and process.get("role") not in ("console", "finisher"):
            words.append(f"{name} does not run")
    return "; ".join(words) + "." if words else ""
