"""Withdrawal: what would be erased and what cannot be reached, the code typed once more, then the erasing.

This is the one place where something is erased, so it is slow on purpose and says everything before.
"""

from __future__ import annotations

import queue
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app import withdrawal
from app.consent import STREAMS, Modality
from app.console import icons, theme
from app.console.parts import Heading, Line, Option, Tick, Tinted, quiet
from app.console.protocol_facts import RECORD_WORDS
from app.console.work import Work
from app.study import Study
from app.supervisor.space import size_text
from app.withdrawal import Found

LOOK_MS = 60
MOST_FILES = 200


class WithdrawalDialog(QDialog):
    """Erases everything of a participant, or some kinds of streams; `done` holds what was erased."""

    def __init__(self, study: Study, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Withdraw participant {code}")
        self.setProperty("help", "study")
        self.setMinimumSize(620, 560)
        self.done_with: Found | None = None
        self._study, self._code = study, code
        self._found: Found | None = None
        self._work: Work | None = None
        self._round = 0
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addWidget(Heading("What is to be erased?"))
        self._add_choice(column)
        self.words = Line("Looking…", "text", True)
        column.addWidget(self.words)
        self.files = QListWidget()
        self.files.setAccessibleName("What is erased")
        quiet(self.files)
        self.files.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        column.addWidget(self.files, 2)
        self.unreachable_title = Heading("What cannot be reached from here")
        column.addWidget(self.unreachable_title)
        self.unreachable = QListWidget()
        self.unreachable.setAccessibleName("What cannot be reached")
        quiet(self.unreachable)
        self.unreachable.setWordWrap(True)
        self.unreachable.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        column.addWidget(self.unreachable, 1)
        self._add_confirmation(column)
        self._look_timer = QTimer(self, interval=LOOK_MS)
        self._look_timer.timeout.connect(self._on_said)
        self.look_for()

    def _add_choice(self, column: QVBoxLayout) -> None:
        self.everything = Option("Everything: recordings, parts, annotations, features, predictions")
        self.some = Option("Only some kinds of streams; the rest stays")
        self.everything.setChecked(True)
        column.addWidget(self.everything)
        column.addWidget(self.some)
        row = QHBoxLayout()
        row.setContentsMargins(24, 0, 0, 0)
        self.kinds: dict[Modality, Tick] = {}
        for name in STREAMS:
            tick = Tick(RECORD_WORDS[name])
            tick.toggled.connect(self.look_for)
            self.kinds[name] = tick
            row.addWidget(tick)
        row.addStretch(1)
        self._kinds_row = QWidget()
        self._kinds_row.setLayout(row)
        self._kinds_row.hide()
        column.addWidget(self._kinds_row)
        self.everything.toggled.connect(self._on_choice)

    def _add_confirmation(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        self.code = QLineEdit()
        self.code.setAccessibleName("The participant's code once more")
        self.code.setMaximumWidth(200)
        self.code.textChanged.connect(self._look)
        label = QLabel(f"This cannot be undone. Type &the code ({self._code}) to confirm:")
        label.setBuddy(self.code)
        row.addWidget(label)
        row.addWidget(self.code)
        row.addStretch(1)
        column.addLayout(row)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName("Erasing")
        self.progress.hide()
        column.addWidget(self.progress)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        foot = QHBoxLayout()
        foot.addStretch(1)
        self.cancel = Tinted("Cancel", "", self.reject)
        self.erase = Tinted("Erase", "remove", self.carry_out)
        self.erase.setAutoDefault(False)
        foot.addWidget(self.cancel)
        foot.addWidget(self.erase)
        column.addLayout(foot)

    @property
    def only(self) -> tuple[Modality, ...]:
        """The kinds of streams that were chosen, () for everything."""
        if self.everything.isChecked():
            return ()
        return tuple(name for name, tick in self.kinds.items() if tick.isChecked())

    def look_for(self) -> None:
        """Look for what there is, in a thread."""
        if self.some.isChecked() and not self.only:
            self._show(None, "Choose at least one kind.")
            return
        self._round += 1
        self._show(None, "Looking…")
        study, code, only = self._study, self._code, self.only
        self._work = Work(lambda: withdrawal.plan(study, code, only), self)
        self._work.done.connect(partial(self._on_found, self._round))
        self._work.failed.connect(partial(self._on_trouble, self._round))
        self._work.start()

    def carry_out(self) -> None:
        """Erase what was found, if the code was typed."""
        found, study = self._found, self._study
        if found is None or not self.erase.isEnabled():
            return
        for widget in (self.erase, self.code, self.everything, self.some, self._kinds_row):
            widget.setEnabled(False)
        self.cancel.setEnabled(False)
        self.progress.show()
        self.problem.setText("")
        self._look_timer.start()
        self._work = Work(lambda: withdrawal.carry_out(study, found, self._said.put), self)
        self._work.done.connect(lambda _: self._on_erased(found))
        self._work.failed.connect(self._on_failed)
        self._work.start()

    def reject(self) -> None:
        """Leave; not in the middle of erasing."""
        if self.progress.isHidden():
            super().reject()

    def _on_choice(self) -> None:
        self._kinds_row.setVisible(self.some.isChecked())
        self.look_for()

    def _on_found(self, number: int, found: Found) -> None:
        if number == self._round:
            self._show(found, found_words(found))

    def _on_trouble(self, number: int, error: Exception) -> None:
        if number == self._round:
            self._show(None, "")
            self.problem.setText(str(error))

    def _show(self, found: Found | None, words: str) -> None:
        self._found = found
        self.words.setText(words)
        self.problem.setText("")
        self.files.clear()
        self.unreachable.clear()
        if found is not None:
            self._list(found)
        some = found is not None and bool(found.unreachable or found.kept)
        self.unreachable_title.setVisible(some)
        self.unreachable.setVisible(some)
        self._look()

    def _list(self, found: Found) -> None:
        entries = [*found.files, *(f"{name} (some of its lines)" for name in found.partly)]
        entries += [f"{name} (second copy)" for name in found.mirror]
        for text in entries[:MOST_FILES]:
            self.files.addItem(QListWidgetItem(icons.icon("remove"), text))
        if len(entries) > MOST_FILES:
            self.files.addItem(f"and {len(entries) - MOST_FILES} more")
        if found.elsewhere:
            count = len(found.elsewhere)
            self.files.addItem(f"{count} session{'' if count == 1 else 's'} on the way to the study")
        if found.lent:
            self.files.addItem(f"recommenders in sessions of this computer: {len(found.lent)}")
        colours = theme.current()
        for text in found.unreachable:
            self.unreachable.addItem(QListWidgetItem(icons.icon("warning", colours.warning), text))
        for text in found.kept:
            self.unreachable.addItem(QListWidgetItem(icons.icon("info", colours.accent), f"Stays: {text}"))

    def _on_said(self) -> None:
        while not self._said.empty():
            self.words.setText(self._said.get())

    def _on_erased(self, found: Found) -> None:
        self._look_timer.stop()
        self.progress.hide()
        self.done_with = found
        self.accept()

    def _on_failed(self, error: Exception) -> None:
        self._look_timer.stop()
        self.progress.hide()
        self.cancel.setEnabled(True)
        self.code.setEnabled(True)
        self.problem.setText(f"{error} What was begun is finished when you ask again.")
        self._look()

    def _look(self) -> None:
        ready = self._found is not None and not self._found.is_empty
        self.erase.setEnabled(ready and self.code.text().strip() == self._code)


def found_words(found: Found) -> str:
    """Say how much would be erased."""
    if found.is_empty:
        return "There is nothing of this participant in the study."
    sessions, files = len(found.sessions), len(found.files)
    noun = "session" if sessions == 1 else "sessions"
    parts = [f"{sessions} {noun}"] if sessions else []
    if files:
        parts.append(f"{files} file{'' if files == 1 else 's'} ({size_text(found.bytes)})")
    if found.partly:
        parts.append(f"lines of {len(found.partly)} table{'' if len(found.partly) == 1 else 's'}")
    kinds = ", ".join(RECORD_WORDS[name].lower() for name in found.only)
    what = f"Of these recordings only {kinds} would be erased" if kinds else "These would be erased for ever"
    return f"{what}: {', '.join(parts)}."


def erased_words(found: Found) -> str:
    """Say what was erased, and how much could not be reached."""
    left = len(found.unreachable)
    rest = f" {left} thing{'' if left == 1 else 's'} could not be reached: look at Messages." if left else ""
    return f"Participant {found.participant} was withdrawn.{rest}"
