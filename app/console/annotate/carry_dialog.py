"""A new version of a scheme: labels of the older one can be carried over, each to be confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QHBoxLayout, QHeaderView, QTableWidgetItem, QVBoxLayout, QWidget

from analysis.labels.records import NS, Mark
from analysis.labels.scheme import Scheme
from app.annotation.carrying import Offer, carry, offer, older_logs
from app.console.parts import Line, Primary, Tick, Tinted, clock_text
from app.console.plain_table import plain_table
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.annotation.log import Log

HEADS = ("", "Tier", "Where", "Label", "What is lost")


def offers(log: Log) -> tuple[Offer, ...]:
    """Return what of older versions can be carried into a log, newest version first; raises LogError."""
    found = [offer(path, log) for path in older_logs(log)]
    return tuple(each for each in found if each.marks)


class CarryDialog(QDialog):
    """Shows what an older version holds; what is ticked is carried over. `carried` says how many."""

    def __init__(self, log: Log, found: Offer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Carry labels over")
        self.setProperty("help", "annotate")
        self.carried = 0
        self.ticks: list[Tick] = []
        self._log, self._offer = log, found
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(Line(carry_words(found, log.scheme), "text", True))
        why = {each.mark.id: each.why for each in found.left}
        ids = {mark.derived_from for mark in found.marks}
        self.table = plain_table("Labels of the older version", HEADS, 4)
        self.table.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        self.table.setRowCount(len(found.marks) + sum(each.mark.id not in ids for each in found.left))
        for row, mark in enumerate(found.marks):
            self._fill(row, mark, why.get(mark.derived_from, ""), True)
        stays = [each for each in found.left if each.mark.id not in ids]
        for row, each in enumerate(stays, start=len(found.marks)):
            self._fill(row, each.mark, f"stays behind: {each.why}", False)
        column.addWidget(self.table, 1)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.close_button = Tinted("Not now", "", self.reject)
        self.close_button.setAutoDefault(False)
        self.go_button = Primary("Carry over", "next", self.go)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.go_button)
        column.addLayout(buttons)
        self.resize(720, 440)
        self._look()

    @property
    def chosen(self) -> tuple[Mark, ...]:
        """The marks that are ticked."""
        pairs = zip(self._offer.marks, self.ticks, strict=True)
        return tuple(mark for mark, tick in pairs if tick.isChecked())

    def go(self) -> None:
        """Carry over what is ticked; one undo takes it back."""
        try:
            self.carried = carry(self._log, self.chosen)
        except EvokeError as error:
            self.problem.setText(str(error))
            return
        self.accept()

    def _fill(self, row: int, mark: Mark, lost: str, may: bool) -> None:
        if may:
            tick = Tick()
            tick.setAccessibleName(f"Carry over: {what(mark, self._log.scheme)}")
            tick.setChecked(True)
            tick.toggled.connect(lambda _: self._look())
            self.ticks.append(tick)
            self.table.setCellWidget(row, 0, tick)
        tiers = {tier.name: tier.title for tier in self._log.scheme.tiers}
        cells = (tiers.get(mark.tier, mark.tier), where(mark), what(mark, self._log.scheme), lost)
        for place, text in enumerate(cells, start=1):
            cell = QTableWidgetItem(text)
            cell.setToolTip(text)
            self.table.setItem(row, place, cell)

    def _look(self) -> None:
        count = len(self.chosen)
        self.go_button.setText(f"Carry {count} over" if count else "Carry over")
        self.go_button.setEnabled(bool(count))


def carry_words(found: Offer, scheme: Scheme) -> str:
    """Return in words what can be carried over."""
    count = len(found.marks)
    words = (
        f"{found.source.stem} holds {count} label{'s' * (count != 1)} of yours that {scheme.id} can take."
        " They come as 'to confirm', and count only when you have looked at each."
    )
    if found.takes:
        words += f" {found.takes} trace{'s' * (found.takes != 1)} stay with the older version."
    return words


def where(mark: Mark) -> str:
    """Return where a mark lies: its item, or its times."""
    if mark.start_ns is None or mark.end_ns is None:
        return mark.item or (f"trial {mark.trial + 1}" if mark.trial >= 0 else "")
    begin = clock_text(mark.start_ns / NS)
    length = f", {mark.duration_ns / NS:.1f} s" if mark.duration_ns else ""
    return f"{mark.item + ' ' if mark.item else ''}at {begin}{length}"


def what(mark: Mark, scheme: Scheme) -> str:
    """Return what a mark says, in words of the scheme."""
    try:
        tier = scheme.tier(mark.tier)
    except KeyError:
        return mark.label or _values(mark.value)
    names = {label.id: label.name for label in tier.labels}
    texts = {question.id: question.text for question in tier.questions}
    if mark.label:
        return names.get(mark.label, mark.label)
    return _values({texts.get(name, name): value for name, value in mark.value.items()}) or mark.note


def _values(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {'cannot tell' if value is None else value}" for name, value in values.items())
