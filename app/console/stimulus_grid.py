"""The grid of small pictures: one tile a stimulus, painted only where it is seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.console import icons, theme
from app.console.stimulus_model import ROLE, Index, StimulusModel
from app.console.stimulus_thumbs import SIZE, Thumbs
from stimuli.checking import NOTES
from stimuli.sets import Stimulus

EDGE = 8


class TileDelegate(QStyledItemDelegate):
    """Draws a tile: picture, id, category and the two ratings; a sign where something is wrong."""

    def __init__(self, model: StimulusModel, thumbs: Thumbs, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._thumbs = thumbs
        self.pointed = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of a tile: the picture and two lines of text."""
        line = option.fontMetrics.height()
        return QSize(SIZE.width() + 2 * EDGE, SIZE.height() + 2 * line + 3 * EDGE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the tile."""
        item = index.data(ROLE)
        if not isinstance(item, Stimulus):
            return
        colours = theme.current()
        box: QRect = option.rect.adjusted(2, 2, -2, -2)
        state = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colours.accent if is_selected else colours.raised))
        edge = colours.accent if is_selected or item.id == self.pointed else colours.border
        painter.setPen(QPen(QColor(edge), 2 if item.id == self.pointed else 1))
        painter.drawRoundedRect(box.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        place = QRect(box.left() + EDGE - 2, box.top() + EDGE - 2, SIZE.width(), SIZE.height())
        self._draw_picture(painter, place, item)
        ink = QColor(colours.on_accent if is_selected else colours.text)
        quiet = QColor(colours.on_accent if is_selected else colours.muted)
        line = painter.fontMetrics().height()
        under = QRect(place.left(), place.bottom() + EDGE // 2 + 1, place.width(), line)
        codes = self._model.codes(item.id)
        if codes:
            is_note = all(code in NOTES for code in codes)
            ratio = painter.device().devicePixelRatio()
            sign = icons.draw("info" if is_note else "warning", ink.name(), 15, ratio)
            painter.drawPixmap(under.right() - 14, under.top(), sign)
        width = under.width() - (20 if codes else 0)
        painter.setPen(ink)
        self._text(painter, QRect(under.left(), under.top(), width, line), item.id)
        painter.setPen(quiet)
        self._second_line(painter, under.translated(0, line), item)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(box.adjusted(3, 3, -4, -4), 3, 3)
        painter.restore()

    def _draw_picture(self, painter: QPainter, place: QRect, item: Stimulus) -> None:
        colours = theme.current()
        painter.fillRect(place, QColor(colours.window))
        pixmap = self._thumbs.get(item)
        if pixmap is not None:
            inside = QRect(0, 0, pixmap.width(), pixmap.height())
            inside.moveCenter(place.center())
            painter.drawPixmap(inside, pixmap)
        elif item.kind == "sound" or self._thumbs.is_known(item):
            name = "sound" if item.kind == "sound" else "alarm"
            ratio = painter.device().devicePixelRatio()
            sign = icons.draw(name, colours.muted, 40, ratio)
            painter.drawPixmap(place.center().x() - 20, place.center().y() - 20, sign)
        if item.kind == "film":
            band = QRect(place.left(), place.bottom() - 15, place.width(), 16)
            painter.fillRect(band, QColor(0, 0, 0, 170))
            painter.setPen(QColor("#ffffff"))
            length = f"{item.duration_s:.0f} s" if item.duration_s is not None else ""
            words = f"film  {length}"
            painter.drawText(band.adjusted(5, 0, -5, 0), Qt.AlignmentFlag.AlignVCenter, words)

    def _second_line(self, painter: QPainter, place: QRect, item: Stimulus) -> None:
        ratings = ""
        if item.valence is not None and item.arousal is not None:
            ratings = f"{item.valence:.1f} / {item.arousal:.1f}"
        width = painter.fontMetrics().horizontalAdvance(ratings) + 6 if ratings else 0
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, ratings)
        self._text(painter, place.adjusted(0, 0, -width, 0), item.category)

    @staticmethod
    def _text(painter: QPainter, place: QRect, text: str) -> None:
        cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, cut)


class StimulusGrid(QListView):
    """Small pictures to select; `chosen(ids)` and `pointed(id)` ("" for none)."""

    chosen = Signal(object)
    pointed = Signal(str)

    def __init__(self, model: StimulusModel, thumbs: Thumbs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stimuli = model
        self._is_following = False
        self.setAccessibleName("Stimuli")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(2)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setMouseTracking(True)
        self.delegate = TileDelegate(model, thumbs, self)
        self.setItemDelegate(self.delegate)
        self.setModel(model)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        model.modelReset.connect(self._on_selection)
        thumbs.arrived.connect(model.touch)
        self.verticalScrollBar().setSingleStep(40)

    def chosen_ids(self) -> list[str]:
        """Return the ids that are selected, in the set's order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [self._stimuli.shown[row].id for row in rows]

    def choose(self, keys: Iterable[str], add: bool = False) -> None:
        """Select stimuli by id, those that are shown; the first is scrolled to."""
        rows = sorted(row for key in keys if (row := self._stimuli.row_of(key)) is not None)
        wanted = QItemSelection()
        for first, last in _runs(rows):
            wanted.select(self._stimuli.index(first), self._stimuli.index(last))
        flags = QItemSelectionModel.SelectionFlag
        how = flags.Select if add else flags.ClearAndSelect
        self.selectionModel().select(wanted, how)
        if rows:
            first_index = self._stimuli.index(rows[0])
            self.selectionModel().setCurrentIndex(first_index, flags.NoUpdate)
            self.scrollTo(first_index, QAbstractItemView.ScrollHint.EnsureVisible)

    def point_at(self, key: str) -> None:
        """Put an edge around a stimulus that is pointed at elsewhere."""
        before, self.delegate.pointed = self.delegate.pointed, key
        self._stimuli.touch([before, key])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell what is pointed at."""
        super().mouseMoveEvent(event)
        item = self._stimuli.item(self.indexAt(event.position().toPoint()))
        self.pointed.emit(item.id if item is not None else "")

    def _on_selection(self, *_: object) -> None:
        self.chosen.emit(self.chosen_ids())

    def currentChanged(self, current: QModelIndex | Index, previous: QModelIndex | Index) -> None:
        """Keep the tile with the keyboard's focus in view."""
        super().currentChanged(current, previous)
        self.viewport().update()


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return neighbouring rows as (first, last)."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
