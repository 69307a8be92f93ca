"""The choice of a recognizer: a list, and the card of the chosen one in short."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from analysis.recognizers.recognizer import Card
from app.console.parts import Line

ROLE = Qt.ItemDataRole.UserRole
LINES_SHOWN = 6


class RecognizerChoice(QWidget):
    """`changed` when another recognizer is chosen."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[Card, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.list = QListWidget()
        self.list.setAccessibleName("Recognizer")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.currentItemChanged.connect(lambda *_: self._on_chosen())
        column.addWidget(self.list)
        self.about = Line("", "text", True)
        self.source = Line("", "muted", True)
        self.needs = Line("", "muted", True)
        for line in (self.about, self.source, self.needs):
            column.addWidget(line)

    @property
    def card(self) -> Card | None:
        """The chosen one."""
        item: QListWidgetItem | None = self.list.currentItem()
        if item is None:
            return None
        return next((card for card in self._cards if card.name == item.data(ROLE)), None)

    def show_cards(self, cards: Sequence[Card], missing: Sequence[tuple[str, str]] = ()) -> None:
        """Show cards, those that cannot be loaded greyed with the reason; the chosen one stays."""
        before = self.card
        self._cards = tuple(cards)
        self.list.blockSignals(True)
        self.list.clear()
        for card in cards:
            item = QListWidgetItem(card.title)
            item.setData(ROLE, card.name)
            item.setToolTip(f"{card.name}: {card.about}")
            self.list.addItem(item)
        for name, why in missing:
            item = QListWidgetItem(f"{name} (cannot be used here)")
            item.setToolTip(why)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        names = [card.name for card in cards]
        if names:
            self.list.setCurrentRow(names.index(before.name) if before and before.name in names else 0)
        self.list.blockSignals(False)
        lines = min(LINES_SHOWN, max(2, self.list.count()))
        self.list.setFixedHeight(lines * (self.list.sizeHintForRow(0) if names else 20) + 6)
        self._tell()

    def choose(self, name: str) -> None:
        """Choose a recognizer by name, if it is there."""
        names = [card.name for card in self._cards]
        if name in names:
            self.list.setCurrentRow(names.index(name))

    def _on_chosen(self) -> None:
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        card = self.card
        self.about.setText("" if card is None else card.about)
        self.source.setText("" if card is None else f"Source: {card.source}")
        self.needs.setText("" if card is None else needs_words(card))
        self.source.setToolTip("" if card is None else published_words(card))


def needs_words(card: Card) -> str:
    """Return what a recognizer is given, and what it can do without."""
    named = ", ".join(spec.name for spec in card.inputs)
    windows = f"window of {card.cases.window_s:g} s"
    unit = {"trial": "trial", "session": "visit"}.get(card.cases.unit, windows)
    missing = "can do without some" if card.missing_inputs else "needs all that are ticked"
    task = " or ".join({"classes": "classes", "numbers": "numbers"}[each] for each in card.task)
    return f"One decision a {unit}; finds {task}. Inputs: {named}; {missing}."


def published_words(card: Card) -> str:
    """Return the figures of the paper, each with its data and protocol."""
    return "\n".join(
        f"{each.metric} {each.value:g} on {each.data}, {each.protocol}{': ' + each.note if each.note else ''}"
        for each in card.published
    )
