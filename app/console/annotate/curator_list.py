"""What waits for the curator, as a list, and what annotators said about one matter, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from analysis.agreement.spans import POINT_WINDOW_NS
from analysis.labels.records import NS
from analysis.labels.scheme import Scheme
from app.annotation.curating import SHARE, Matter, Said
from app.annotation.differing import LEAST_S, TRACE_SHARE
from app.annotation.queue import Item
from app.console import icons, theme
from app.console.annotate.carry_dialog import what
from app.console.parts import Card, Elided, Heading, Line, Tick, Tinted

LISTED = (
    f"Listed: questions; unlike choices; numbers {SHARE:.0%} of the scale apart or more. Of finished items"
    f" also segments unlike for {LEAST_S:g} s or longer, points not marked alike by all within"
    f" {POINT_WINDOW_NS / NS:g} s, and traces {TRACE_SHARE:.0%} of the scale apart or more (mean of pairs;"
    f" without ends: of the range used) for {LEAST_S:g} s or longer."
)
PLACE = Qt.ItemDataRole.UserRole
NOTHING = "Nothing to resolve: nobody asks, and nobody differs by what is listed here."
ALL_DONE = "Everything is resolved."


class MatterList(QWidget):
    """Questions first, then disagreements; `chosen(matter)`."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.all = Tick("Show what is resolved too")
        self.all.toggled.connect(lambda _: self._fill())
        column.addWidget(self.all)
        self.view = QListWidget()
        self.view.setAccessibleName("Questions and disagreements")
        self.view.setWordWrap(True)
        self.view.setIconSize(QSize(16, 16))
        self.view.setAlternatingRowColors(True)
        self.view.currentItemChanged.connect(lambda *_: self.chosen.emit(self.current))
        column.addWidget(self.view, 1)
        self.note = Line("", "muted", True)
        column.addWidget(self.note)
        column.addWidget(Line(LISTED, "muted", True))
        self._matters: tuple[Matter, ...] = ()
        self.is_known = False
        """Whether it was read what there is."""

    @property
    def current(self) -> Matter | None:
        """The matter that is selected."""
        item = self.view.currentItem()
        return None if item is None else self._matters[int(item.data(PLACE))]

    def show_matters(self, matters: Sequence[Matter]) -> None:
        """Show matters; the selected one stays selected where it is still there."""
        before = self.current
        self._matters, self.is_known = tuple(matters), True
        self._fill(before)

    def dress(self) -> None:
        """Take the colours in use."""
        self._fill(self.current)

    def _fill(self, wanted: Matter | None = None) -> None:
        wanted = wanted or self.current
        self.view.blockSignals(True)
        self.view.clear()
        chosen = None
        for place, matter in enumerate(self._matters):
            if matter.is_resolved and not self.all.isChecked() and not _same(matter, wanted):
                continue
            item = QListWidgetItem(_icon(matter), words_of(matter))
            item.setData(PLACE, place)
            self.view.addItem(item)
            if _same(matter, wanted):
                chosen = item
        self.view.setCurrentItem(chosen or self.view.item(0))
        self.view.blockSignals(False)
        opened = sum(not matter.is_resolved for matter in self._matters)
        self.note.setText(
            NOTHING
            if not self._matters
            else f"{opened} of {len(self._matters)} open."
            if opened
            else ALL_DONE
        )
        self.chosen.emit(self.current)


def _same(matter: Matter, other: Matter | None) -> bool:
    if other is None:
        return False
    names = ("kind", "item", "about", "tier", "question")
    return all(getattr(matter, name) == getattr(other, name) for name in names)


def _icon(matter: Matter) -> QIcon:
    if matter.is_resolved:
        return icons.icon("good", theme.current().good)
    return icons.icon("help" if matter.kind == "question" else "balance")


def words_of(matter: Matter) -> str:
    """Return a matter in one line."""
    if matter.kind == "question":
        return f"{matter.letter} asks: {matter.text}"
    if matter.moment_ns is not None:
        return f"{matter.text}, {_when(matter.item, *matter.moment_ns)} ({_how_apart(matter)})"
    return f"{matter.text} ({len(matter.said)} answers, {matter.spread:.0%} of the scale apart)"


def _when(item: Item, start_ns: int, end_ns: int) -> str:
    """Return where a moment lies, counted from the start of what was shown."""
    start_s, end_s = (start_ns - item.start_ns) / NS, (end_ns - item.start_ns) / NS
    return f"{start_s:.1f} s" if end_s - start_s < 0.05 else f"{start_s:.1f}–{end_s:.1f} s"


def _how_apart(matter: Matter) -> str:
    if matter.question:
        return f"up to {matter.spread:.0%} of the scale apart"
    count = len({said.letter for said in matter.said} | set(matter.silent))
    return f"{len(matter.silent)} of {count} marked nothing" if matter.silent else "marked differently"


class SideBySide(QScrollArea):
    """One card an annotator, A, B, C, with what each one said; `agreed(letter)` where a moment is settled."""

    agreed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Answers side by side")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(7 * self.fontMetrics().height())

    def show_moment(self, matter: Matter, scheme: Scheme) -> None:
        """Show what each annotator marked in a moment, or that there is nothing of hers."""
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        told: dict[str, list[str]] = {letter: ["nothing here"] for letter in matter.silent}
        for each in matter.said:
            start_ns, end_ns = each.mark.start_ns, each.mark.end_ns
            words = said_words(each, scheme, matter.question)
            if start_ns is not None and end_ns is not None:
                words += f", {_when(matter.item, start_ns, end_ns)}"
            told.setdefault(each.letter, []).append(f"{words} on average" if matter.question else words)
        for letter in sorted(told):
            card = Card()
            card.setMinimumWidth(150)
            head = QHBoxLayout()
            head.addWidget(Heading(letter, 1.3), 1)
            # A trace cannot be copied as a mark: it is settled in words.
            if not matter.question and not matter.is_resolved:
                head.addWidget(self._right(letter))
            card.body.addLayout(head)
            text = Elided("; ".join(told[letter]))
            text.setMinimumWidth(130)
            card.body.addWidget(text)
            row.addWidget(card)
        row.addStretch(1)
        self.setVisible(True)
        self.setWidget(inner)

    def _right(self, letter: str) -> QPushButton:
        button = Tinted("Is right", "good", lambda: self.agreed.emit(letter))
        button.setAccessibleName(f"{letter} is right")
        button.setToolTip(f"Keep what {letter} marked here as the curator's own label")
        return button

    def show_said(self, said: Sequence[Said], scheme: Scheme, question: str) -> None:
        """Show what was said: the answer to one question, or all of a mark."""
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        for each in said:
            card = Card()
            card.setMinimumWidth(130)
            card.body.addWidget(Heading(each.letter, 1.3))
            text = Elided(said_words(each, scheme, question))
            text.setMinimumWidth(110)
            card.body.addWidget(text)
            if each.mark.note:
                card.body.addWidget(Elided(each.mark.note))
            row.addWidget(card)
        row.addStretch(1)
        self.setVisible(bool(said))
        self.setWidget(inner)


def said_words(said: Said, scheme: Scheme, question: str) -> str:
    """Return in words what somebody said, about one question where it is named."""
    if not question:
        return what(said.mark, scheme)
    value = said.mark.value.get(question)
    if value is None:
        return "cannot tell"
    for tier in scheme.tiers:
        for asked in tier.questions:
            for label in asked.labels:
                if asked.id == question and label.id == value:
                    return label.name
    return f"{value:g}" if isinstance(value, int | float) else str(value)
