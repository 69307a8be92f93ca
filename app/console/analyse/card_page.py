"""The step Recognizers: every recognizer's card, to be read before it is believed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QWidget,
)

from analysis.recognizers.recognizer import Card as RecognizerCard
from analysis.recognizers.table import cards
from app.analysing.card_tables import card_facts, card_tables
from app.analysing.html_page import Table
from app.console.analyse.draw_table import TableView
from app.console.analyse.step_page import WaitingStep
from app.console.parts import Card, Heading, Line, quiet
from app.study import Study

PUBLISHED = (
    "Figures of the paper, on its data by its protocol. Ours stand beside them at Compare, and a difference "
    "only where both are the same."
)
READING = "Reading the cards…"
DOUBTS = "What the paper leaves open or contradicts, and what was chosen here."


class CardPage(WaitingStep):
    """Shows cards; nothing of a study is needed."""

    unreadable = "The cards cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Recognizers", "Reading the cards", READING, parent)
        self.cards: tuple[RecognizerCard, ...] = ()
        self._lay_out((), self._body())

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        left = Card()
        self.names = QListWidget()
        self.names.setAccessibleName("Recognizers")
        self.names.setMinimumWidth(170)
        self.names.currentRowChanged.connect(self._show_card)
        quiet(self.names)
        left.body.addWidget(self.names)
        split.addWidget(left)
        right = Card()
        self.title = Heading("", 1.15)
        self.title.setWordWrap(True)
        right.body.addWidget(self.title)
        self.about = Line("", "text", True)
        right.body.addWidget(self.about)
        self.facts = QGridLayout()
        self.facts.setHorizontalSpacing(14)
        self.facts.setColumnStretch(1, 1)
        right.body.addLayout(self.facts)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Parts of the card")
        self.tables = {
            name: TableView(name.capitalize()) for name in ("inputs", "layers", "settings", "published")
        }
        for name, view in self.tables.items():
            self.tabs.addTab(view, name.capitalize())
            view.said.connect(self.said)
        self.doubts = Line("", "text", True)
        self.doubts.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.doubts.setContentsMargins(4, 6, 8, 6)
        area = QScrollArea()
        area.setWidget(self.doubts)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName("Doubts")
        area.viewport().setAutoFillBackground(False)
        self.doubts.setAutoFillBackground(False)
        self.tabs.addTab(area, "Doubts")
        right.body.addWidget(self.tabs, 1)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 4)
        return split

    def show_study(self, study: Study | None) -> None:
        """Show the cards; they are the same in every study."""
        del study
        if not self.cards:
            self.waiting.run(lambda told: cards(), self._on_cards)

    @property
    def is_read(self) -> bool:
        """Whether there are cards."""
        return bool(self.cards)

    def _on_cards(self, found: tuple[RecognizerCard, ...]) -> None:
        self.cards = found
        for card in found:
            item = QListWidgetItem(card.name)
            item.setToolTip(f"{card.title}. {card.source}")
            self.names.addItem(item)
        self.summary.set_whole(f"{len(found)} recognizers; evoke recognizers NAME prints the same")
        self.stack.setCurrentIndex(1)
        self.names.setCurrentRow(0)

    def _show_card(self, row: int) -> None:
        if not 0 <= row < len(self.cards):
            return
        card = self.cards[row]
        self.title.setText(card.title)
        self.about.setText(
            card.about[:1].upper() + card.about[1:] + ("" if card.about.endswith(".") else ".")
        )
        while self.facts.count():
            item = self.facts.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for place, (name, words) in enumerate(card_facts(card)):
            self.facts.addWidget(Line(name, "muted"), place, 0, Qt.AlignmentFlag.AlignTop)
            self.facts.addWidget(Line(words, "text", True), place, 1)
        known = {table.name: table for table in card_tables(card)}
        if card.published:
            rows = tuple(
                (each.data, each.protocol, each.metric, each.value, each.note) for each in card.published
            )
            heads = ("data", "protocol", "metric", "value", "note")
            known["published"] = Table(f"{card.name}-published", heads, rows)
        for name, view in self.tables.items():
            words = PUBLISHED if name == "published" and name in known else ""
            view.show_table(known.get(name), words or ("" if name in known else NOTHING[name]))
        has = bool(card.doubts)
        told = "\n\n".join((DOUBTS, *(f"{at}. {doubt}" for at, doubt in enumerate(card.doubts, 1))))
        self.doubts.setText(told if has else "Nothing is in doubt: it is used as it is known.")
        self.tabs.setTabText(self.tabs.count() - 1, f"Doubts ({len(card.doubts)})" if has else "Doubts")


NOTHING = {
    "inputs": "It takes no input.",
    "layers": "It is no network, so it has no layers.",
    "settings": "It has no settings.",
    "published": "No figures are quoted for it.",
}
