"""The queue: coded items with their states in words and signs, a filter, and the way to the next open one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from analysis.labels.records import ItemState
from app.annotation.queue import Item
from app.console import theme
from app.console.parts import Elided, Heading, Line, Tinted

KEY = Qt.ItemDataRole.UserRole
WORDS: Mapping[ItemState, str] = {
    "untouched": "open",
    "begun": "begun",
    "finished": "finished",
    "skipped": "skipped",
}
FILTERS = ("All", "To do", "Finished", "Skipped", "Asked the curator")


def key_of(item: Item) -> str:
    """Return what names an entry: its code, the recording where it has none."""
    return f"{item.purpose}/{item.code or item.recording}"


def sign(state: ItemState, asked: bool, ratio: float = 1.0) -> QIcon:
    """Return the sign of a state: empty, half and full ring, a ring that is struck out."""
    colours = theme.current()
    ink = colours.good if state == "finished" else colours.warning if asked else colours.muted
    made = QIcon(_ring(state, ink, ratio))
    made.addPixmap(_ring(state, colours.on_accent, ratio), QIcon.Mode.Selected)
    return made


def _ring(state: ItemState, colour: str, ratio: float) -> QPixmap:
    side = 14
    picture = QPixmap(QSize(side, side) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = QColor(colour)
    box = QRectF(2.5, 2.5, side - 5, side - 5)
    painter.setPen(QPen(ink, 1.6))
    if state == "finished":
        painter.setBrush(ink)
    painter.drawEllipse(box)
    if state == "begun":
        painter.setBrush(ink)
        painter.drawPie(box, 90 * 16, 180 * 16)
    elif state == "skipped":
        painter.drawLine(box.bottomLeft(), box.topRight())
    painter.end()
    return picture


class QueueList(QWidget):
    """The items of an annotator in her order. `chosen(key)`; `back_asked`: choose annotator and plan anew."""

    chosen = Signal(str)
    back_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.items: tuple[Item, ...] = ()
        self.current = ""
        self._names: dict[str, str] = {}
        self._states: dict[str, ItemState] = {}
        self._asked: frozenset[str] = frozenset()
        self._answered: frozenset[str] = frozenset()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 4, 8)
        self.head = Heading("Queue", 1.1)
        self.who = Elided()
        self.filter = QComboBox()
        self.filter.addItems(FILTERS)
        self.filter.setAccessibleName("Show items")
        self.filter.currentIndexChanged.connect(lambda _: self._fill())
        self.list = QListWidget()
        self.list.setAccessibleName("Items")
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda item: self.chosen.emit(str(item.data(KEY))))
        self.progress = Line("", "muted", wrap=True)
        self.next = Tinted("Next open (Tab)", "next", lambda: self._on_next())
        self.next.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.back = Tinted("Other queue…", "person", self.back_asked.emit)
        self.back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout()
        row.addWidget(self.filter, 1)
        column.addWidget(self.head)
        column.addWidget(self.who)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        column.addWidget(self.progress)
        column.addWidget(self.next)
        column.addWidget(self.back)

    def show_queue(self, title: str, who: str, items: Sequence[Item], names: Mapping[str, str]) -> None:
        """Show a queue; `names` says how each entry may be called."""
        self.items = tuple(items)
        self._names = dict(names)
        self._states = {}
        self._asked = self._answered = frozenset()
        self.current = ""
        self.head.setText(title)
        self.who.set_whole(who)
        self._fill()

    def show_states(
        self,
        states: Mapping[str, ItemState],
        asked: frozenset[str] | None = None,
        answered: frozenset[str] | None = None,
    ) -> None:
        """Take over states by key, those that are named."""
        self._states |= states
        if answered is not None:
            self._answered = answered
        if asked is not None:
            self._asked = asked
        self._fill()

    def set_asked(self, key: str, asked: bool) -> None:
        """Say whether there is a question to the curator about an item."""
        self._asked = self._asked | {key} if asked else self._asked - {key}

    def state(self, key: str) -> ItemState:
        """Return the state of an item."""
        return self._states.get(key, "untouched")

    def set_current(self, key: str) -> None:
        """Show which item is open."""
        self.current = key
        self._fill()

    def item(self, key: str) -> Item | None:
        """Return the item of a key."""
        return next((item for item in self.items if key_of(item) == key), None)

    def next_open(self, step: int = 1) -> str:
        """Return the key of the next (1) or previous (-1) item that is neither finished nor skipped."""
        keys = [key_of(item) for item in self.items]
        if not keys:
            return ""
        at = keys.index(self.current) if self.current in keys else -1 if step > 0 else len(keys)
        for distance in range(1, len(keys) + 1):
            key = keys[(at + step * distance) % len(keys)]
            if self.state(key) in ("untouched", "begun") and key != self.current:
                return key
        return ""

    def _on_next(self) -> None:
        key = self.next_open()
        if key:
            self.chosen.emit(key)

    def _is_shown(self, key: str) -> bool:
        state = self.state(key)
        return (
            True,
            state in ("untouched", "begun"),
            state == "finished",
            state == "skipped",
            key in self._asked,
        )[max(0, self.filter.currentIndex())]

    def _fill(self) -> None:
        self.list.clear()
        ratio = self.devicePixelRatioF()
        shown = None
        mixed = len({item.purpose == "training" for item in self.items}) > 1
        for item in self.items:
            key = key_of(item)
            if not self._is_shown(key):
                continue
            state = self.state(key)
            said = ", answered" if key in self._answered else ", asked"
            words = WORDS[state] + (said if key in self._asked else "")
            practice = "practice  " if item.purpose == "training" and mixed else ""
            text = f"{practice}{self._names.get(key, item.code)}  –  {words}"
            entry = QListWidgetItem(sign(state, key in self._asked, ratio), text)
            entry.setData(KEY, key)
            entry.setToolTip(text)
            self.list.addItem(entry)
            if key == self.current:
                shown = entry
                font = entry.font()
                font.setBold(True)
                entry.setFont(font)
        if shown is not None:
            self.list.setCurrentItem(shown)
            self.list.scrollToItem(shown)
        self._tell_progress()

    def _tell_progress(self) -> None:
        counted = [item for item in self.items if item.purpose != "training"] or list(self.items)
        done = sum(self.state(key_of(item)) in ("finished", "skipped") for item in counted)
        if not self.items:
            self.progress.setText("Nothing is in this queue.")
        elif done == len(counted):
            self.progress.setText(f"All {len(counted)} done. Thank you.")
        else:
            self.progress.setText(f"{done} of {len(counted)} done")
        self.next.setEnabled(bool(self.next_open()))
