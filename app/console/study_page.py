"""The study page: participants and sessions on the left, the next session on the right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.console import icons, theme
from app.console.copies_watch import CopyNews
from app.console.next_session import NextSessionCard
from app.console.parts import Banner, Card, Elided, Heading, Line, Tinted, quiet
from app.console.work import Work
from app.plan import Lock, SessionPaths
from app.study import Study
from stimuli.problems import EvokeError

ROLE = Qt.ItemDataRole.UserRole
COLUMNS = ("Participant / session", "Protocol", "State", "Finished")


class StudyPage(QWidget):
    """Shows one study. `session_asked(path)` for a finished file, `attach_asked(paths)` for a running one."""

    session_asked = Signal(object)
    attach_asked = Signal(object)
    finish_asked = Signal()
    devices_asked = Signal()
    copies_asked = Signal()

    def __init__(self, window_problem: Callable[[], str | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "study")
        self.study: Study | None = None
        self._copies: Mapping[str, int] = {}
        self._work: Work | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        title = QHBoxLayout()
        self.name = Heading("", 1.5)
        # A long name is cut at the edge; it must not make the window wider than the screen.
        self.name.setMinimumWidth(120)
        self.kind = Line("", "muted")
        self.place = Elided(mode=Qt.TextElideMode.ElideMiddle)
        title.addWidget(self.name)
        title.addWidget(self.kind)
        title.addWidget(self.place, 1)
        column.addLayout(title)
        self.left_over = Banner()
        self.left_over.row.addWidget(Tinted("Finish now", "repair", self.finish_asked.emit))
        column.addWidget(self.left_over)
        self.copies_note = Banner()
        self.copies_note.row.addWidget(Tinted("Second copy…", "copies", self.copies_asked.emit))
        column.addWidget(self.copies_note)
        self.note = Line("", "muted", True)
        self.note.hide()
        column.addWidget(self.note)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        column.addWidget(split, 1)
        card = Card("Participants and sessions")
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Participants and sessions")
        self.tree.setHeaderLabels(COLUMNS)
        quiet(self.tree)
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.itemActivated.connect(self._activate)
        card.body.addWidget(self.tree)
        self.hint = Line("", "muted", True)
        card.body.addWidget(self.hint)
        split.addWidget(card)
        self.next = NextSessionCard(window_problem)
        split.addWidget(self.next)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([500, 500])

    def show_study(self, study: Study) -> None:
        """Show a study."""
        self.study = study
        self.name.setText(study.name)
        self.name.setToolTip(study.name)
        people = "people" if study.kind == "people" else "simulation: no people in it"
        self.kind.setText(people)
        self.place.set_whole(str(study.folder.absolute()))
        self.next.show_study(study)
        self.note.hide()
        self._copies = {}
        self.copies_note.say("")
        self._work = Work(lambda: place_words(study.folder), self)
        self._work.done.connect(partial(self._on_place, study.folder))
        self._work.start()
        self.refresh()

    def _on_place(self, folder: Path, words: str) -> None:
        if self.study is not None and self.study.folder == folder:
            self.note.setText(words)
            self.note.setVisible(bool(words))

    def show_copies(self, news: CopyNews) -> None:
        """Say how the second copy stands."""
        self.copies_note.say(news.words, news.level)
        if news.counts != self._copies:
            self._copies = news.counts
            self.refresh()

    def refresh(self) -> None:
        """Read participants and sessions anew."""
        study = self.study
        if study is None:
            return
        self.tree.clear()
        try:
            self._fill(study)
        except EvokeError as error:
            self.left_over.say(str(error), "alarm")
            return
        left = study.unfinished()
        names = ", ".join(paths.name for paths in left)
        noun = "A session was" if len(left) == 1 else f"{len(left)} sessions were"
        text = f"{noun} interrupted: {names}. The data are safe; make the file now." if left else ""
        self.left_over.say(text, "warning")

    def _fill(self, study: Study) -> None:
        parents: dict[str, QTreeWidgetItem] = {}
        rows = [(session.participant, session.file) for session in study.sessions()]
        live = study.live_sessions()
        codes = [participant.code for participant in study.participants()]
        codes += [code for code, _ in rows] + [code_of(paths) for paths in live]
        counts = {code: sum(1 for other, _ in rows if other == code) for code in codes}
        for code in dict.fromkeys(codes):
            count = counts[code]
            words = f"{count} session{'' if count == 1 else 's'}" if count else "no session yet"
            parents[code] = QTreeWidgetItem([code, "", words, ""])
            parents[code].setIcon(0, icons.icon("person"))
            self.tree.addTopLevelItem(parents[code])
        for session in study.sessions():
            words = "finished" if session.origin == "recorded" else f"finished, {session.origin}"
            if session.file in self._copies:
                count = self._copies[session.file]
                words += f", {count} cop{'y' if count == 1 else 'ies'}"
            title = f"session {session.session}, run {session.run}" + (
                " (rehearsal)" if session.rehearsal else ""
            )
            when = session.added.replace("T", " ").removesuffix("Z")[:16]
            item = QTreeWidgetItem([title, session.protocol, words, when])
            item.setIcon(0, icons.icon("summary"))
            item.setData(0, ROLE, study.folder / session.file)
            parents[session.participant].addChild(item)
        colours = theme.current()
        for paths in live:
            lock = Lock.read(paths.lock)
            is_alive = lock is not None and lock.is_alive
            if is_alive:
                words = "file is being made" if lock is not None and lock.finishing else "running now"
            else:
                words = "interrupted"
            name = title_of_running(paths)
            item = QTreeWidgetItem([name, "", words, ""])
            item.setIcon(
                0, icons.icon("record" if is_alive else "warning", "" if is_alive else colours.warning)
            )
            item.setData(0, ROLE, paths)
            parents[code_of(paths)].addChild(item)
        self.tree.expandAll()
        any_session = bool(rows or live)
        self.hint.setText(
            "Enter opens a session." if any_session else "No sessions yet. The first one starts on the right."
        )

    def _activate(self, item: QTreeWidgetItem) -> None:
        chosen = item.data(0, ROLE)
        if isinstance(chosen, Path):
            self.session_asked.emit(chosen)
        elif isinstance(chosen, SessionPaths):
            lock = Lock.read(chosen.lock)
            if lock is not None and lock.is_alive:
                self.attach_asked.emit(chosen)
            else:
                self.finish_asked.emit()
        elif not item.childCount():
            self.next.code.setText(item.text(0))


def place_words(folder: Path) -> str:
    """Say what it means where a study lies; "" for a folder on this computer. May wait for a network."""
    from app.places import kind_of, synchroniser_of

    kind = kind_of(folder)
    if kind == "local":
        return ""
    where = "on a network"
    if kind == "synchronised":
        where = (
            f"in a folder that {synchroniser_of(folder.resolve()) or 'a program'} keeps in step with others"
        )
    return (
        f"This study lies {where}. Sessions are recorded on this computer and copied into the study when"
        " they are finished."
    )


def title_of_running(paths: SessionPaths) -> str:
    """Return what a session without a file is called, by its name."""
    found = re.search(r"_ses-(\d+)_.*_run-(\d+)$", paths.name)
    return f"session {int(found[1])}, run {int(found[2])}" if found else paths.name


def code_of(paths: SessionPaths) -> str:
    """Return the participant of a session by its name."""
    return paths.name.partition("_")[0].removeprefix("sub-")
