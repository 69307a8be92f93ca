"""What every panel with a computed figure is: controls, the figure, words under it, picture and table saved.

Figures are computed in a thread, the newest wish first; a wish that a newer one replaced is never drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from superqt import QFlowLayout

from analysis.views.filters import Filters
from app.annotation.visible import EVERYTHING, Visible
from app.console import theme
from app.console.parts import Banner, Line, Tinted
from app.console.review.axis import TimeAxis
from app.console.review.figure_axes import draw_words
from app.console.review.newest import Newest
from app.console.review.recording import Recording
from app.console.review.seen import View
from app.console.saving import PICTURES, Draw, ask_where, save_picture, save_table
from app.console.theme import Colours
from stimuli.problems import EvokeError

PICTURE = QSize(1100, 640)
SETTLE_MS = 80
Table = tuple[Sequence[str], Sequence[Mapping[str, Any]]]


class Canvas(QWidget):
    """A place that a function draws on; says where the mouse is."""

    hovered = Signal(object)

    def __init__(self, name: str, draw: Draw) -> None:
        super().__init__()
        self._draw = draw
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Enough for axes with their words."""
        return QSize(520, 380)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a dock."""
        return QSize(260, 180)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours in use."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.current().base))
        self._draw(painter, QRectF(self.rect()), theme.current())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell where the mouse is."""
        self.hovered.emit(event.position())

    def leaveEvent(self, event: object) -> None:
        """The mouse is nowhere."""
        self.hovered.emit(None)


class FigurePanel(QWidget):
    """A panel of the review; kinds of figure override `wish`, `draw`, `told` and `table`.

    `open` it with a recording and let it `follow` an axis; `made` is the newest result, None where there is
    none, `empty` then says what to do. `close_recording` before the recording is closed.
    """

    title = "Figure"
    stem = "figure"
    changed = Signal()

    def __init__(self, make: Callable[[Any], Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: View | None = None
        self.axis: TimeAxis | None = None
        self.filters = Filters()
        self.made: Any = None
        self.empty = "Open a recording."
        self._asked: Hashable | None = None
        self._newest: Newest = Newest(make, self)
        self._newest.arrived.connect(self._on_arrived)
        self._newest.failed.connect(self._on_failed)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.refresh)
        self.setProperty("help", "figures")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        holder = QWidget()
        self.controls = QFlowLayout(holder)
        self.controls.setContentsMargins(0, 0, 0, 0)
        self.controls.setHorizontalSpacing(8)
        self.controls.setVerticalSpacing(5)
        holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        column.addWidget(holder)
        self.trouble = Banner()
        column.addWidget(self.trouble)
        self.canvas = Canvas(self.title, self._draw)
        self.canvas.hovered.connect(self._on_hover)
        column.addWidget(self.canvas, 1)
        self.note = Line("", "muted", True)
        column.addWidget(self.note)
        row = QHBoxLayout()
        self.readout = Line("", "text")
        row.addWidget(self.readout, 1)
        self.save = Tinted("Save picture and table…", "save", self._ask)
        row.addWidget(self.save)
        column.addLayout(row)
        self._dress()

    @property
    def recording(self) -> Recording | None:
        """The recording that is looked at."""
        return None if self.view is None else self.view.recording

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being computed or about to be."""
        return self._newest.is_idle and not self._settle.isActive()

    def open(self, recording: Recording, visible: Visible = EVERYTHING) -> None:
        """Look at a recording, as far as it may be seen."""
        self.close_recording()
        self.view = View(recording, visible)
        self.opened()
        self.refresh()

    def close_recording(self) -> None:
        """Look at nothing: what is still being computed is not drawn."""
        self._settle.stop()
        self.view, self._asked, self.made = None, None, None
        self.empty = "Open a recording."
        self._dress()

    def follow(self, axis: TimeAxis) -> None:
        """Compute anew when this axis' selection, or what it shows, has changed."""
        self.axis = axis
        axis.selection_changed.connect(self.later)
        axis.view_changed.connect(self.later)
        self.later()

    def set_filters(self, filters: Filters) -> None:
        """Compute from signals that went through these filters."""
        if filters != self.filters:
            self.filters = filters
            self.later()

    def later(self) -> None:
        """Compute anew soon: many changes in a row are one."""
        if self.view is not None:
            self._settle.start()

    def refresh(self) -> None:
        """Compute anew now; where the figure cannot be seen, when it is shown again."""
        if self.view is None or not self.isVisible():
            return
        wish = self.wish()
        if isinstance(wish, str):
            self._asked, self.made, self.empty = None, None, wish
            self._dress()
        elif wish != self._asked:
            self._asked = wish
            self._newest.ask(wish)
            if self.made is None:
                self.empty = "Computing…"
                self._dress()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while nobody looked."""
        super().showEvent(event)
        self.later()

    def opened(self) -> None:
        """Fill the controls for the recording in `view`."""

    def wish(self) -> Hashable | str:
        """Return what to compute, or a sentence that says why not and what to do."""
        raise NotImplementedError

    def draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Draw `made`."""
        raise NotImplementedError

    def told(self) -> str:
        """Return the words under the figure."""
        return ""

    def hover(self, at: QPointF) -> str:
        """Return what to say of this place of the figure."""
        return ""

    def table(self) -> Table:
        """Return columns and rows behind the figure."""
        raise NotImplementedError

    def span(self) -> tuple[float, float, str]:
        """Return the stretch to look at and its words: the selection, else what is visible."""
        assert self.view is not None
        axis, low, high = self.axis, self.view.start_s, self.view.stop_s
        if axis is None:
            return low, high, "whole recording"
        if axis.selection_s is not None:
            start, stop = axis.selection_s
            words = "selection"
        else:
            start, stop, words = axis.start_s, axis.stop_s, "visible part"
        start, stop = max(low, start), min(high, stop)
        zero = axis.zero_s
        return start, stop, f"{words} {start - zero:.2f} to {stop - zero:.2f} s"

    def write(self, picture: Path) -> Path:
        """Write the picture, and the table beside it under the same name; return the table's place.

        Raises EvokeError, also where a table lies there that does not belong to an older picture.
        """
        table = picture.with_suffix(".csv")
        if table.exists() and not picture.exists():
            raise EvokeError(f"{table.name}: is there already. Choose another name.")
        columns, rows = self.table()
        save_picture(picture, PICTURE, self._heading(), self._draw_titled)
        save_table(table, columns, rows)
        self.canvas.update()
        return table

    def _heading(self) -> str:
        return f"{self.view.title if self.view is not None else ''}   –   {self.title}"

    def _draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        if self.made is None:
            draw_words(painter, area, colours, self.empty)
        else:
            self.draw(painter, area, colours)

    def _draw_titled(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        line = QFontMetricsF(painter.font()).height()
        painter.setPen(QColor(colours.text))
        inner = area.adjusted(14, 10, -14, -8)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self._heading())
        painter.setPen(QColor(colours.muted))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        wrapped = int(flags | Qt.TextFlag.TextWordWrap)
        painter.drawText(inner, wrapped, self.told())
        words = QFontMetricsF(painter.font()).boundingRect(inner, wrapped, self.told()).height()
        self._draw(painter, area.adjusted(6, line + 18, -6, -words - 18), colours)

    def _on_arrived(self, wish: object, made: object) -> None:
        if wish == self._asked:
            self.made = made
            self.trouble.say("")
            self._dress()

    def _on_failed(self, wish: object, error: Exception) -> None:
        if wish == self._asked:
            self.made, self._asked = None, None
            self.empty = str(error) or "This cannot be computed."
            self._dress()

    def _on_hover(self, at: QPointF | None) -> None:
        self.readout.setText("" if at is None or self.made is None else self.hover(at))

    def _dress(self) -> None:
        words = self.told() if self.made is not None else ""
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.readout.setText("")
        self.save.setEnabled(self.made is not None)
        self.canvas.setAccessibleDescription(words or self.empty)
        self.canvas.update()
        self.changed.emit()

    def _ask(self) -> None:
        title = self.view.title if self.view is not None else "recording"
        ask_where(self, "Save picture and table", PICTURES, f"{title}_{self.stem}.svg", self._write)

    def _write(self, name: str) -> None:
        try:
            table = self.write(Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.trouble.say(f"Saved as {Path(name).name} and {table.name}.", "good")


def labelled(words: str, widget: QWidget) -> QWidget:
    """Return a control with its words before it, the words' letter leading to it."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    label = QLabel(words)
    label.setBuddy(widget)
    widget.setAccessibleName(words.replace("&", "").rstrip(":"))
    row.addWidget(label)
    row.addWidget(widget)
    return holder


def choice(changed: Callable[[], None], names: Sequence[str] = ()) -> QComboBox:
    """Return a box to choose one of `names` from; `changed` is called when somebody has chosen.

    Without names it is filled later, and stays narrow whatever its words.
    """
    box = QComboBox()
    box.addItems(list(names))
    if not names:
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(10)
    box.activated.connect(lambda _: changed())
    return box
