"""The curator's view: questions and disagreements without names; resolve them, look at the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from analysis.labels.records import NS
from analysis.labels.scheme import Question, Scheme
from app.annotation import schemes
from app.annotation.curating import Matter, agree_with, matters, reply, resolve
from app.annotation.study_place import StudyPlace
from app.annotation.visible import Visible
from app.console.annotate.curator_list import MatterList, SideBySide, words_of
from app.console.annotate.question_panel import QuestionBox
from app.console.annotate.trace_overlay import taken_out
from app.console.exchange_dialog import choice
from app.console.looks import first_size
from app.console.parts import Banner, Heading, Line, Primary, Tinted
from app.console.review.desk import ReviewDesk
from app.console.review.recording import Recording, open_recording
from app.console.work import Work
from app.study import Study
from stimuli.problems import EvokeError

NOTE = "Annotators are letters here. What you say is kept as the curator's own; nobody's label is changed."

CANNOT_TELL_WORDS = "cannot tell"
BESIDE_PX = [220, 400, 640]
"""Widths of the list, the matter and the moment beside it."""


class CuratorPage(QWidget):
    """A window about one scheme at a time. The recording of a moment is opened when it is asked for."""

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Questions and disagreements")
        self.setProperty("help", "organise")
        self.study = study
        self.desk: ReviewDesk | None = None
        self.recording: Recording | None = None
        self.box: QuestionBox | None = None
        self._work: Work | None = None
        self._opening: Work | None = None
        self._is_stale = False
        self.banner = Banner()
        self.scheme = choice("Scheme")
        for each in reversed(schemes.schemes(study)):
            self.scheme.addItem(f"{each.title} ({each.id})", each.id)
        self.scheme.currentIndexChanged.connect(lambda _: self.refresh())
        self.list, self.said = MatterList(), SideBySide()
        self.said.agreed.connect(self._agree)
        self.heading = Heading("", 1.2)
        self.heading.setWordWrap(True)
        self.answer = QVBoxLayout()
        self.line = QLineEdit()
        self.line.setAccessibleName("Answer")
        self.line.setPlaceholderText("your answer to this question")
        self.line.returnPressed.connect(self._reply)
        self.keep = Primary("Answer", "good", self._reply)
        self.jump = Tinted("Look at the moment", "search", self._jump)
        self._lay_out()
        self.list.chosen.connect(lambda _: self._show())
        self.resize(first_size())
        self.refresh()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        above = QHBoxLayout()
        above.addWidget(Line(NOTE, "muted", True), 1)
        above.addWidget(self.scheme)
        above.addWidget(Tinted("Refresh", "repeat", self.refresh))
        column.addLayout(above)
        column.addWidget(self.banner)
        right = QWidget()
        inner = QVBoxLayout(right)
        inner.setContentsMargins(8, 0, 0, 0)
        inner.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.jump, 0, Qt.AlignmentFlag.AlignTop)
        inner.addLayout(head)
        inner.addWidget(self.said)
        inner.addLayout(self.answer)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.keep)
        inner.addLayout(row)
        inner.addStretch(1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.list)
        self.split.addWidget(right)
        self.split.setSizes([360, 800])
        self.split.setChildrenCollapsible(False)
        column.addWidget(self.split, 1)

    # What is shown

    @property
    def chosen(self) -> Scheme | None:
        """The scheme in hand."""
        name = self.scheme.currentData()
        return schemes.scheme_of(self.study, str(name)) if name else None

    def refresh(self) -> None:
        """Read all labels of the scheme anew, in the background."""
        scheme = self.chosen
        if scheme is None:
            self.list.show_matters(())
            return
        if self._work is not None:
            self._is_stale = True
        else:
            study = self.study
            self._work = Work(lambda: matters(study, scheme), self)
            self._work.done.connect(self._on_found)
            self._work.failed.connect(self._on_failed)
            self._work.start()

    def _on_found(self, found: tuple[Matter, ...]) -> None:
        self._work = None
        if self._is_stale:
            self._is_stale = False
            self.refresh()
            return
        self.list.show_matters(found)

    def _on_failed(self, error: Exception) -> None:
        self._work = None
        self.banner.say(str(error), "alarm")

    def _show(self) -> None:
        matter, scheme = self.list.current, self.chosen
        for widget in taken_out(self.answer):
            widget.hide()
            widget.deleteLater()
        self.box = None
        is_question = matter is not None and matter.kind == "question"
        takes_words = matter is not None and bool(matter.about)
        for widget in (self.line, self.keep):
            widget.setVisible(takes_words)
        self.jump.setEnabled(matter is not None)
        if matter is None or scheme is None:
            self.heading.setText(self.list.note.text() if self.list.is_known else "")
            self.said.show_said((), scheme or schemes.bundled()[0], "")
            return
        asks = f"{matter.letter} asks: {matter.text}" if is_question else matter.text
        self.heading.setText(asks if matter.moment_ns is None else words_of(matter))
        if matter.moment_ns is None:
            self.said.show_said(matter.said, scheme, matter.question)
        else:
            self.said.show_moment(matter, scheme)
        self.line.setPlaceholderText(
            "your answer to this question" if is_question else "what is right, in words"
        )
        self.line.setText(matter.answer if takes_words else "")
        asked = _question(scheme, matter)
        if asked is not None:
            self.box = QuestionBox(asked, scheme.tier(matter.tier).cannot_tell)
            self.box.title.hide()
            self.box.answered.connect(self._resolve)
            if matter.is_resolved:
                self.box.show_answer({asked.id: _value(asked, matter.answer)})
            self.answer.addWidget(Line("What is right:" if not matter.is_resolved else "You said:"))
            self.answer.addWidget(self.box)

    # What the curator says

    def _reply(self) -> None:
        matter, text = self.list.current, self.line.text().strip()
        if matter is not None and matter.about and text:
            self._keep(lambda: reply(self.study, matter, text))

    def _resolve(self, value: object) -> None:
        matter = self.list.current
        if matter is not None:
            self._keep(lambda: resolve(self.study, matter, {matter.question: value}))

    def _agree(self, letter: str) -> None:
        matter = self.list.current
        if matter is not None:
            self._keep(lambda: agree_with(self.study, matter, letter))

    def _keep(self, act: Callable[[], object]) -> None:
        try:
            act()
        except EvokeError as error:
            self.banner.say(str(error), "alarm")
            return
        self.banner.say("Saved.", "good")
        self.refresh()

    # The moment

    def _jump(self) -> None:
        matter, scheme = self.list.current, self.chosen
        if matter is None or scheme is None or self._opening is not None:
            return
        place = StudyPlace(self.study)
        try:
            # A trial has no code here, so it would be shown as a whole recording.
            visible = replace(place.visible(matter.item, scheme), window_s=matter.item.window_s)
            path = place.session_path(matter.item)
        except EvokeError as error:
            self.banner.say(str(error), "alarm")
            return
        self.banner.say("Opening the recording…", "info")
        self._opening = Work(lambda: open_recording(path), self)
        self._opening.done.connect(lambda found: self._on_opened(found, matter, visible))
        self._opening.failed.connect(self._on_not_opened)
        self._opening.start()

    def _on_opened(self, found: Recording, matter: Matter, visible: Visible) -> None:
        self._opening = None
        self.banner.say("")
        self._close_recording()
        self.recording = found
        if self.desk is None:
            self.desk = ReviewDesk(name="curator")
            self.split.addWidget(self.desk)
            self.split.setSizes(BESIDE_PX)
        self.desk.open(found, visible)
        times = [said.mark.start_ns for said in matter.said if said.mark.start_ns is not None]
        first_ns = (
            min(times, default=matter.item.start_ns) if matter.moment_ns is None else matter.moment_ns[0]
        )
        self.desk.axis.move_cursor(first_ns / NS)
        self.desk.setFocus()

    def _on_not_opened(self, error: Exception) -> None:
        self._opening = None
        self.banner.say(str(error), "alarm")

    def _close_recording(self) -> None:
        if self.desk is not None:
            self.desk.player.pause()
            self.desk.clear()
        if self.recording is not None:
            self.recording.close()
            self.recording = None

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "split"):
            self.list.dress()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of the recording and the sound output."""
        self._close_recording()
        if self.desk is not None:
            self.desk.close_media()
        super().closeEvent(event)


def _question(scheme: Scheme, matter: Matter) -> Question | None:
    if matter.kind != "disagreement":
        return None
    asked = scheme.tier(matter.tier).questions
    return next((question for question in asked if question.id == matter.question), None)


def _value(question: Question, told: str) -> object:
    """Return the stored value of an answer that is told in words."""
    if told == CANNOT_TELL_WORDS:
        return None
    if question.kind == "scale":
        return float(told)
    return next((label.id for label in question.labels if label.name == told), told)
