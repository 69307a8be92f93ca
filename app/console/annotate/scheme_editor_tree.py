"""The parts of a scheme as a tree, with buttons to add, repeat, move and remove."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.console import icons
from app.console.annotate.scheme_draft import Node, Path, walk
from app.console.parts import tool_button

PATH = Qt.ItemDataRole.UserRole


class SchemeTree(QWidget):
    """`chosen(path)` when a part is selected; the other signals are the buttons'."""

    chosen = Signal(tuple)
    again_asked = Signal()
    move_asked = Signal(int)
    out_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setContentsMargins(4, 4, 4, 0)
        self.add = tool_button("Add", "add", "Add a part")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.menu = QMenu(self.add)
        self.add.setMenu(self.menu)
        self.again = tool_button("Again", "copies", "The same part once more", self.again_asked.emit)
        self.up = tool_button("Up", "up", "Move it up", lambda: self.move_asked.emit(-1))
        self.down = tool_button("Down", "down", "Move it down", lambda: self.move_asked.emit(1))
        self.out = tool_button("Remove", "remove", "Take it out", self.out_asked.emit)
        for button in (self.add, self.again, self.up, self.down, self.out):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.view = QTreeWidget()
        self.view.setAccessibleName("Parts of the scheme")
        self.view.setHeaderHidden(True)
        self.view.setUniformRowHeights(True)
        self.view.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.view.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.view.currentItemChanged.connect(lambda *_: self.chosen.emit(self.current))
        column.addWidget(self.view, 1)

    @property
    def current(self) -> Path:
        """Where the selected part stands."""
        item = self.view.currentItem()
        return () if item is None else tuple(item.data(0, PATH))

    def show_tree(self, root: Node, wanted: Path) -> None:
        """Show the parts and select one, or the nearest around it."""
        items: dict[Path, QTreeWidgetItem] = {}
        closed = {path for path, item in self._items().items() if not item.isExpanded() and item.childCount()}
        self.view.blockSignals(True)
        scrolled = self.view.verticalScrollBar().value()
        self.view.clear()
        for node in walk(root):
            item = QTreeWidgetItem([node.title])
            item.setToolTip(0, f"{node.title} ({node.kind})")
            item.setData(0, PATH, list(node.path))
            items[node.path] = item
            around = node.path[:-2]
            if node.path and around in items:
                items[around].addChild(item)
            else:
                self.view.addTopLevelItem(item)
        for path, item in items.items():
            item.setExpanded(path not in closed)
        while wanted not in items:
            wanted = wanted[:-1]
        self.view.setCurrentItem(items[wanted])
        self.view.verticalScrollBar().setValue(scrolled)
        self.view.scrollToItem(items[wanted])
        self.view.blockSignals(False)

    def rename(self, path: Path, title: str) -> None:
        """Call the part at a path something else."""
        item = self._items().get(path)
        if item is not None:
            item.setText(0, title)

    def select(self, path: Path) -> None:
        """Select the part at a path, or the nearest around it."""
        items = self._items()
        while path not in items and path:
            path = path[:-1]
        if path in items:
            self.view.setCurrentItem(items[path])

    def enable(self, count: int) -> None:
        """Enable the buttons for the selected part, which is one of `count` in its list."""
        path = self.current
        at = int(path[-1]) if path else 0
        may_go = bool(path) and "dimensions" not in path
        for button, on in (
            (self.again, may_go),
            (self.up, may_go and at > 0),
            (self.down, may_go and at < count - 1),
            (self.out, may_go),
        ):
            button.setEnabled(on)

    def dress(self) -> None:
        """Take the colours in use."""
        for button in (self.add, self.again, self.up, self.down, self.out):
            button.setIcon(icons.icon(str(button.property("picture"))))

    def _items(self) -> dict[Path, QTreeWidgetItem]:
        found: dict[Path, QTreeWidgetItem] = {}
        waiting = [self.view.topLevelItem(at) for at in range(self.view.topLevelItemCount())]
        while waiting:
            item = waiting.pop()
            if item is not None:
                found[tuple(item.data(0, PATH))] = item
                waiting += [item.child(at) for at in range(item.childCount())]
        return found
