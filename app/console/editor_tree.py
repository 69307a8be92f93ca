"""The tree of a protocol's parts, and the buttons that add, repeat, move and take out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
from app.console.editor_parts import Node, listed, tags
from app.console.editor_templates import TITLES
from app.console.parts import tool_button
from stimuli.yamlfile import Loc

LOC = Qt.ItemDataRole.UserRole
FAINT = Qt.ItemDataRole.UserRole + 1


class PartTree(QWidget):
    """`chosen(node)` when a part is selected; the other signals are the buttons'."""

    chosen = Signal(object)
    add_asked = Signal(object, str, object)
    again_asked = Signal(object)
    move_asked = Signal(object, int)
    out_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.view = QTreeWidget()
        self.view.setAccessibleName("Parts of the protocol")
        self.view.setHeaderHidden(True)
        self.view.setUniformRowHeights(True)
        self.view.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.view.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.view.currentItemChanged.connect(self._on_current)
        self._nodes: dict[Loc, Node] = {}
        self._root: Node | None = None
        row = QHBoxLayout()
        row.setContentsMargins(4, 4, 4, 0)
        self.add = tool_button("Add", "add", "Add a part here")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.menu = QMenu(self.add)
        self.add.setMenu(self.menu)
        self.again = tool_button("Again", "copies", "The same part once more", self._ask_again)
        self.up = tool_button("Up", "up", "Move it up", lambda: self._ask_move(-1))
        self.down = tool_button("Down", "down", "Move it down", lambda: self._ask_move(1))
        self.out = tool_button("Remove", "remove", "Take it out", self._ask_out)
        for button in (self.add, self.again, self.up, self.down, self.out):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.view, 1)

    @property
    def current(self) -> Node | None:
        """The selected part."""
        item = self.view.currentItem()
        return None if item is None else self._nodes.get(tuple(item.data(0, LOC)))

    def show_tree(self, root: Node) -> None:
        """Show the parts; what is open and what is selected stays so, where it is still there."""
        if root == self._root and list(_shape(root)) == list(_shape(self._root)):
            self._nodes = {node.loc: node for node in root.all()}
            return
        first = self._root is None
        opened = {tuple(item.data(0, LOC)) for item in self._items() if item.isExpanded()}
        wanted = self.current.loc if self.current is not None else ()
        self._root = root
        self._nodes = {node.loc: node for node in root.all()}
        self.view.blockSignals(True)
        scrolled = self.view.verticalScrollBar().value()
        self.view.clear()
        made: dict[Loc, QTreeWidgetItem] = {(): self._item(root)}
        self.view.addTopLevelItem(made[()])
        for node, around in _below(root):
            made[node.loc] = self._item(node)
            made[around.loc].addChild(made[node.loc])
        for loc, item in made.items():
            item.setExpanded(loc in opened or (first and len(loc) < 2) or loc == ())
        while wanted and wanted not in made:
            wanted = wanted[:-1]
        self.view.setCurrentItem(made[wanted])
        self.view.verticalScrollBar().setValue(scrolled)
        self.view.blockSignals(False)
        self._on_current()

    def select(self, loc: Loc) -> None:
        """Select the part at a place, or the nearest around it."""
        while loc and loc not in self._nodes:
            loc = loc[:-1]
        for item in self._items():
            if tuple(item.data(0, LOC)) == loc:
                self.view.setCurrentItem(item)
                self.view.scrollToItem(item)

    def dress(self) -> None:
        """Take the colours in use."""
        for button in (self.add, self.again, self.up, self.down, self.out):
            button.setIcon(icons.icon(str(button.property("picture"))))
        for item in self._items():
            if item.data(0, FAINT):
                item.setForeground(0, self.palette().placeholderText())

    def around(self, node: Node) -> Node | None:
        """Return the list or map that an entry stands in."""
        return self._nodes.get(node.loc[:-1]) if node.loc else None

    def _items(self) -> Iterator[QTreeWidgetItem]:
        def below(item: QTreeWidgetItem | None) -> Iterator[QTreeWidgetItem]:
            if item is None:
                return
            yield item
            for place in range(item.childCount()):
                yield from below(item.child(place))

        for place in range(self.view.topLevelItemCount()):
            yield from below(self.view.topLevelItem(place))

    def _item(self, node: Node) -> QTreeWidgetItem:
        count = len(node.children) if node.kind != "part" else 0
        empty = "" if count or node.kind == "part" else "  (none)"
        item = QTreeWidgetItem([node.title + empty + ("" if node.is_there or empty else "  (none)")])
        item.setData(0, LOC, list(node.loc))
        item.setToolTip(0, node.title)
        if not node.is_there or empty:
            item.setForeground(0, self.palette().placeholderText())
            item.setData(0, FAINT, True)
        return item

    def _on_current(self, *_: object) -> None:
        node = self.current
        if node is None:
            return
        around = self.around(node)
        in_list = around is not None and around.kind == "list" and bool(node.loc)
        is_entry = around is not None and around.kind in ("list", "map")
        self._fill_menu(node)
        self.again.setEnabled(in_list)
        place = node.loc[-1] if in_list else 0
        self.up.setEnabled(in_list and isinstance(place, int) and place > 0)
        count = len(around.children) if around is not None else 0
        self.down.setEnabled(in_list and isinstance(place, int) and place < count - 1)
        self.out.setEnabled(is_entry or (node.kind == "part" and node.is_there and _may_go(node)))
        self.chosen.emit(node)

    def _fill_menu(self, node: Node) -> None:
        """Offer what can stand in the selected list, or beside the selected entry."""
        self.menu.clear()
        target = node if node.kind != "part" else self.around(node)
        if node.kind == "part" and not node.is_there:
            self.menu.addAction(f"{node.title}", lambda: self.add_asked.emit(node, "", None))
        elif target is not None and target.kind != "part":
            for tag, model in tags(target.annotation):
                words = tag or TITLES.get(model.__name__, model.__name__.lower())
                self.menu.addAction(words.capitalize(), self._asker(target, tag, model))
            inner = listed(target.annotation) if target.kind == "map" else None
            if inner is not None:
                self.menu.clear()
                self.menu.addAction("Trial", self._asker(target, "stages", None))
        self.add.setEnabled(not self.menu.isEmpty())

    def _asker(self, target: Node, tag: str, model: object) -> Callable[[], None]:
        return lambda: self.add_asked.emit(target, tag, model)

    def _ask_again(self) -> None:
        if self.current is not None:
            self.again_asked.emit(self.current)

    def _ask_move(self, by: int) -> None:
        if self.current is not None:
            self.move_asked.emit(self.current, by)

    def _ask_out(self) -> None:
        if self.current is not None:
            self.out_asked.emit(self.current)


def _below(node: Node) -> Iterator[tuple[Node, Node]]:
    for child in node.children:
        yield child, node
        yield from _below(child)


def _shape(node: Node | None) -> Iterator[tuple[Loc, str, bool]]:
    if node is not None:
        yield from ((each.loc, each.title, each.is_there) for each in node.all())


def _may_go(node: Node) -> bool:
    """Whether a protocol can do without a part."""
    return bool(node.loc) and node.loc[-1] in ("warning", "insert", "pause", "record", "choose")
