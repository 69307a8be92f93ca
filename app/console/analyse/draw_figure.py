"""A figure of a report as a part of a page: in the palette's colours, as large as the room, to be saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFontInfo, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from app.analysing.run_figures import Shown
from app.analysing.svg import BLUE, GREEN, GREY, ORANGE, RED, SERIES, SIZE_PX, Figure
from app.console import theme
from app.console.parts import Line, Tinted
from app.console.saving import PICTURES, PNG_SCALE, TABLES, ask_where, save_table
from app.console.theme import LIGHT, Colours
from stimuli.problems import EvokeError

NAMED: Mapping[str, str] = {
    "currentColor": "text", BLUE: "accent", ORANGE: "warning", GREEN: "good", RED: "alarm", GREY: "muted",
    SERIES[3]: "motion", SERIES[4]: "temperature", SERIES[5]: "skin",
}  # fmt: skip
"""Colours of reports, and those of the palette that stand for them."""
_COLOUR = re.compile("|".join(map(re.escape, NAMED)))
_TIPPED = re.compile(
    r'<(?:rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)"[^>]*'
    r'|circle cx="([\d.-]+)" cy="([\d.-]+)" r="([\d.]+)"[^>]*)><title>([^<]*)</title>'
)
NEAR_PX = 6.0


def dressed(figure: Figure, colours: Colours) -> bytes:
    """Return a figure as SVG in the colours of a palette."""
    text = _COLOUR.sub(lambda found: getattr(colours, NAMED[found[0]]), figure.svg())
    return text.encode()


class Drawing(QWidget):
    """Draws one figure in the room there is; `clicked(x, y)` in the figure's own pixels."""

    clicked = Signal(float, float)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: Shown | None = None
        self._figure: Figure | None = None
        self._image: QSvgRenderer | None = None
        self._key: tuple[object, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_figure(self, shown: Shown | None) -> None:
        """Show another figure."""
        self.shown, self._key = shown, ()
        self.setAccessibleDescription("" if shown is None else f"{shown.title}. {shown.about}")
        self.updateGeometry()
        self.update()

    @property
    def scale(self) -> float:
        """How large a pixel of the figure is: it follows the chosen text size."""
        return max(0.8, QFontInfo(self.font()).pixelSize() / SIZE_PX)

    @property
    def zoom(self) -> float:
        """How large a pixel is drawn: smaller where a figure of one size has too little room."""
        if self._figure is None:
            return self.scale
        room = min(self.width() / self._figure.width, self.height() / self._figure.height)
        return min(self.scale, room)

    def sizeHint(self) -> QSize:
        """As large as the figure is by itself."""
        return self._scaled((520.0, 340.0) if self.shown is None else self.shown.size)

    def minimumSizeHint(self) -> QSize:
        """No smaller than can be read."""
        return self._scaled((240.0, 160.0) if self.shown is None else self.shown.least)

    def _scaled(self, size: tuple[float, float]) -> QSize:
        return QSize(round(size[0] * self.scale), round(size[1] * self.scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours in use."""
        self._make()
        if self._figure is not None and self._image is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            size = QSizeF(self._figure.width, self._figure.height) * self.zoom
            self._image.render(painter, QRectF(QPointF(0, 0), size))

    def _make(self) -> None:
        if self.shown is None:
            self._figure = None
            return
        key = (self.size(), theme.current().name, self.scale)
        if key != self._key:
            self._key = key
            self._figure = self.shown.make(self.width() / self.scale, self.height() / self.scale)
            self._image = QSvgRenderer(QByteArray(dressed(self._figure, theme.current())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tell which place of the figure was clicked."""
        if self.shown is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(event.position().x() / self.zoom, event.position().y() / self.zoom)

    def words_at(self, at: QPointF) -> str:
        """Return what the figure tells of a place."""
        self._make()
        if self._figure is None:
            return ""
        x, y = at.x() / self.zoom, at.y() / self.zoom
        for part in reversed(self._figure.parts):
            found = _TIPPED.match(part)
            if found is None:
                continue
            if found[1] is not None:
                left, top, wide, high = (float(found[place]) for place in range(1, 5))
                inside = left <= x <= left + wide and top <= y <= top + high
            else:
                across, down = float(found[5]) - x, float(found[6]) - y
                inside = across**2 + down**2 <= (float(found[7]) + NEAR_PX) ** 2
            if inside:
                return found[8]
        return ""

    def event(self, event: QEvent) -> bool:
        """Tell what is at the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words_at(QPointF(event.pos())), self)
            return True
        return super().event(event)


class FigureView(QWidget):
    """A figure with what it shows in words, picture and table to be saved; `why` where there is none."""

    said = Signal(str, str)

    def __init__(self, name: str, drawing: Drawing | None = None) -> None:
        super().__init__()
        self.name = name
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        self.about = Line("", "muted", True)
        row.addWidget(self.about, 1)
        self.save_figure = Tinted("Save picture…", "save", self._ask_picture)
        self.save_figure.setAccessibleName(f"Save picture: {name}")
        self.save_rows = Tinted("Save table…", "save", self._ask_table)
        self.save_rows.setAccessibleName(f"Save table: {name}")
        for button in (self.save_figure, self.save_rows):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        self.drawing = drawing or Drawing(name)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setAccessibleName(f"{name}, scrolled")
        self.area.viewport().setAutoFillBackground(False)
        self.area.setWidget(self.drawing)
        self.drawing.setAutoFillBackground(False)
        column.addWidget(self.area, 1)
        self.show_figure(None)

    @property
    def shown(self) -> Shown | None:
        """The figure that is shown."""
        return self.drawing.shown

    def show_figure(self, shown: Shown | None, why: str = "") -> None:
        """Show a figure, or in words why there is none."""
        self.drawing.show_figure(shown)
        self.area.setVisible(shown is not None)
        self.about.setText(why if shown is None else shown.about)
        middle, above = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        self.about.setAlignment(middle if shown is None else above)
        for button in (self.save_figure, self.save_rows):
            button.setVisible(shown is not None)

    def write_picture(self, path: Path) -> None:
        """Write the figure as SVG or PNG, on white; raises EvokeError."""
        assert self.shown is not None
        write_figure(path, self.shown)

    def write_table(self, path: Path) -> None:
        """Write the table behind it; raises EvokeError."""
        assert self.shown is not None
        table = self.shown.table
        save_table(path, table.columns, (dict(zip(table.columns, row, strict=True)) for row in table.rows))

    def _ask_picture(self) -> None:
        assert self.shown is not None
        write = partial(self._write, self.write_picture)
        ask_where(self, "Save the picture", PICTURES, f"{self.shown.name}.svg", write)

    def _ask_table(self) -> None:
        assert self.shown is not None
        write = partial(self._write, self.write_table)
        ask_where(self, "Save the table", TABLES, f"{self.shown.name}.csv", write)

    def _write(self, write: Callable[[Path], None], name: str) -> None:
        try:
            write(Path(name))
        except EvokeError as error:
            self.said.emit(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {name}.", "good")


def write_figure(path: Path, shown: Shown) -> None:
    """Write a figure on white: SVG, or PNG in double resolution by the name's ending; raises EvokeError."""
    figure = shown.figure()
    ground = f'<rect width="100%" height="100%" fill="{LIGHT.base}"/>'
    drawn = dressed(figure, LIGHT).replace(b"</title>", b"</title>" + ground.encode(), 1)
    if path.suffix.lower() == ".png":
        size = QSizeF(figure.width, figure.height) * PNG_SCALE
        image = QImage(size.toSize(), QImage.Format.Format_RGB32)
        image.fill(QColor(LIGHT.base))
        painter = QPainter(image)
        QSvgRenderer(QByteArray(drawn)).render(painter)
        painter.end()
        saved = image.save(str(path))
    else:
        try:
            path.write_bytes(drawn)
            saved = True
        except OSError:
            saved = False
    if not saved:
        raise EvokeError(f"{path.name}: cannot be written. Choose a folder that you may write to.")
