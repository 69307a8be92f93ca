"""Which channels are shown, in which order; remembered by the names of a group's channels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHBoxLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import settings
from app.console import theme
from app.console.parts import Tinted
from app.console.review.traces_bands import Band

if TYPE_CHECKING:
    from app.console.review.stack import SignalStack

SETTING = "review_channels"
MOST_REMEMBERED = 50
SIZE = QSize(320, 420)
PLACE = Qt.ItemDataRole.UserRole
TICKABLE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable


def restore(bands: Sequence[Band]) -> None:
    """Show of each band what was shown of its like before."""
    known = settings.load().get(SETTING)
    for band in bands:
        names = known.get(_key(band)) if isinstance(known, dict) else None
        if isinstance(names, list):
            labels = list(band.group.labels)
            band.shown = tuple(labels.index(name) for name in dict.fromkeys(names) if name in labels)


def remember(band: Band) -> None:
    """Keep what is shown of a band; all in their own order need not be kept."""
    values = settings.load()
    found = values.get(SETTING)
    known: dict[str, Any] = dict(found) if isinstance(found, dict) else {}
    known.pop(_key(band), None)
    if band.shown != tuple(range(len(band.group.labels))):
        known[_key(band)] = [band.group.labels[place] for place in band.shown]
    settings.save(values | {SETTING: dict(list(known.items())[-MOST_REMEMBERED:])})


def _key(band: Band) -> str:
    names = hashlib.sha256("\n".join(band.group.labels).encode()).hexdigest()[:12]
    return f"{band.title} {names}"


class ChannelList(QFrame):
    """Groups and their channels: tick what is to be seen, Alt+Up and Alt+Down change the order."""

    def __init__(self, stack: SignalStack) -> None:
        super().__init__(stack, Qt.WindowType.Popup)
        self._stack = stack
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Channels")
        self.tree = ChannelTree()
        buttons = QHBoxLayout()
        for text, icon, hint, do in (
            ("All", "", "Show every channel", lambda: self._tick_all(True)),
            ("None", "", "Hide every channel", lambda: self._tick_all(False)),
            ("", "up", "Move the channel up (Alt+Up)", lambda: self.tree.move_current(-1)),
            ("", "down", "Move the channel down (Alt+Down)", lambda: self.tree.move_current(1)),
            ("Own order", "", "Order channels as they were recorded", self._sort),
        ):
            button = Tinted(text, icon, do)
            button.setToolTip(hint)
            button.setAccessibleName(hint)
            buttons.addWidget(button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 8, 8, 8)
        whole.addWidget(self.tree)
        whole.addLayout(buttons)
        self.resize(SIZE)
        self._fill()
        self.tree.itemChanged.connect(lambda *_: self._take())
        self.tree.moved.connect(self._take)

    def open_below(self, button: QWidget) -> None:
        """Show it under a button."""
        self.move(button.mapToGlobal(QPoint(0, button.height())))
        self.show()
        self.tree.setFocus()

    def _fill(self) -> None:
        self.tree.blockSignals(True)
        self.tree.clear()
        for band in self._stack.bands:
            if band.curve is not None:
                continue
            top = QTreeWidgetItem(self.tree, [band.title])
            top.setData(0, PLACE, band.title)
            top.setFlags(TICKABLE | Qt.ItemFlag.ItemIsAutoTristate)
            hidden = [place for place in range(len(band.group.labels)) if place not in band.shown]
            for place in (*band.shown, *hidden):
                item = QTreeWidgetItem(top, [band.group.labels[place]])
                item.setData(0, PLACE, place)
                item.setFlags(TICKABLE)
                item.setCheckState(0, _state(place in band.shown))
            top.setExpanded(True)
        self.tree.blockSignals(False)

    def _take(self) -> None:
        """Show what is ticked, in the order of the list."""
        bands = {band.title: band for band in self._stack.bands}
        for top in self.tree.groups():
            items = [item for item in children(top) if item.checkState(0) == Qt.CheckState.Checked]
            shown = tuple(int(item.data(0, PLACE)) for item in items)
            title = str(top.data(0, PLACE))
            if shown != bands[title].shown:
                self._stack.set_shown(title, shown)

    def _tick_all(self, is_on: bool) -> None:
        self.tree.blockSignals(True)
        for top in self.tree.groups():
            for item in children(top):
                item.setCheckState(0, _state(is_on))
        self.tree.blockSignals(False)
        self.tree.viewport().update()
        self._take()

    def _sort(self) -> None:
        for band in self._stack.bands:
            if band.curve is None:
                self._stack.set_shown(band.title, sorted(band.shown))
        self._fill()


class ChannelTree(QTreeWidget):
    """Groups with their channels; a channel moves within its group, and `moved` says so."""

    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setItemDelegate(EdgedTicks(self))
        self.setAccessibleName("Channels")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)

    def groups(self) -> Iterator[QTreeWidgetItem]:
        """Yield the groups."""
        for row in range(self.topLevelItemCount()):
            top = self.topLevelItem(row)
            assert top is not None, "rows are counted"
            yield top

    def move_current(self, step: int) -> None:
        """Move the chosen channel up (-1) or down (1) within its group."""
        item = self.currentItem()
        group = item.parent() if item is not None else None
        if item is None or group is None:
            return
        place = group.indexOfChild(item)
        if 0 <= place + step < group.childCount():
            self.blockSignals(True)
            group.takeChild(place)
            group.insertChild(place + step, item)
            self.setCurrentItem(item)
            self.blockSignals(False)
            self.viewport().update()
            self.moved.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt with an arrow moves a channel."""
        step = {int(Qt.Key.Key_Up): -1, int(Qt.Key.Key_Down): 1}.get(event.key(), 0)
        if step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.move_current(step)
        else:
            super().keyPressEvent(event)


class EdgedTicks(QStyledItemDelegate):
    """Draws the edges of tick boxes once more: the style's own are too faint on the dark ground."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the entry, then the edge."""
        super().paint(painter, option, index)
        made = QStyleOptionViewItem(option)
        self.initStyleOption(made, index)
        style = QApplication.style()
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, made, None)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().muted), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.toRectF().adjusted(0.6, 0.6, -0.6, -0.6), 2, 2)
        painter.restore()


def children(group: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """Return the channels of a group."""
    found = (group.child(place) for place in range(group.childCount()))
    return [item for item in found if item is not None]


def _state(is_on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
