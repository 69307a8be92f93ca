"""The study page: participants and sessions on the left, the next session on the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from app.console.copies_watch import CopyNews
from app.console.next_session import NextSessionCard
from app.console.overview import list_study
from app.console.participants_card import ParticipantsCard
from app.console.parts import Banner, Elided, Heading, Line, Tinted
from app.console.work import Work
from app.study import Study
from stimuli.problems import EvokeError


class StudyPage(QWidget):
    """Shows one study.

    `session_asked(path)` for a finished file, `review_asked(path)` to look at it, `attach_asked(paths)` for
    a running one.
    """

    session_asked = Signal(object)
    review_asked = Signal(object)
    attach_asked = Signal(object)
    finish_asked = Signal()
    devices_asked = Signal()
    copies_asked = Signal()
    settings_asked = Signal()
    protocol_asked = Signal()

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
        title.addWidget(Tinted("Protocol…", "note", self.protocol_asked.emit))
        title.addWidget(Tinted("Settings…", "study", self.settings_asked.emit))
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
        self.list = ParticipantsCard()
        self.list.session_asked.connect(self.session_asked)
        self.list.review_asked.connect(self.review_asked)
        self.list.attach_asked.connect(self.attach_asked)
        self.list.finish_asked.connect(self.finish_asked)
        self.list.prepare_asked.connect(self._prepare)
        self.list.chosen.connect(self._on_chosen)
        split.addWidget(self.list)
        self.next = NextSessionCard(window_problem)
        self.list.continue_asked.connect(self.next.continue_session)
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
        self.list.show_study(study)
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
        try:
            self.list.show_study(study)
            self.list.show_listing(list_study(study, self._copies))
        except EvokeError as error:
            self.left_over.say(str(error), "alarm")
            return
        left = study.unfinished()
        names = ", ".join(paths.name for paths in left)
        noun = "A session was" if len(left) == 1 else f"{len(left)} sessions were"
        text = f"{noun} interrupted: {names}. The data are safe; make the file now." if left else ""
        self.left_over.say(text, "warning")

    def _prepare(self, code: str, session: int) -> None:
        self.next.choose(code, session)
        self.next.check()

    def _on_chosen(self, code: str) -> None:
        """Prepare the next session of whom somebody selects, unless another one is being prepared."""
        if self.next.is_free and code != self.next.code.text().strip():
            self.next.choose(code)


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
