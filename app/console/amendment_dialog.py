"""Corrections of what was recorded: a wrong code, swapped electrodes, a note. No recording changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import amendments
from app.amendments import Amendment, AmendmentError
from app.console.participant_dialog import recorded_code
from app.console.parts import Heading, Line, quiet, without_icons
from app.console.work import Work
from app.study import FinishedSession, Study
from app.visits import recorded
from stimuli.problems import EvokeError

KINDS = (
    ("code", "The recording is of another participant"),
    ("channels", "Electrodes were swapped or named wrongly"),
    ("excluded", "Exclude this session"),
    ("note", "Write a note"),
)
SHORTEST_REASON = 3
ALL = "all sessions"


class AmendmentDialog(QDialog):
    """Writes one correction about a participant or one of the sessions; `saved` is what was kept."""

    def __init__(self, study: Study, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Correct what was recorded of {code}")
        self.setProperty("help", "study")
        self.setMinimumSize(580, 460)
        self.saved: Amendment | None = None
        self._study, self._code = study, code
        self._sessions = [session for session in recorded(study) if session.participant == code]
        self._channels: Mapping[str, Sequence[str]] = {}
        self._work: Work | None = None
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(
            Line(
                "The recording stays as it is. Every reader applies the correction from now on.",
                "muted",
                True,
            )
        )
        form = QFormLayout()
        form.setSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.session = QComboBox()
        self.session.setAccessibleName("Which session")
        self.session.addItem(ALL, "")
        for session in self._sessions:
            self.session.addItem(session_words(session), session.uuid)
        self.session.currentIndexChanged.connect(self._on_session)
        form.addRow("&About", self.session)
        self.kind = QComboBox()
        self.kind.setAccessibleName("What is wrong")
        for name, words in KINDS:
            self.kind.addItem(words, name)
        self.kind.currentIndexChanged.connect(self._on_kind)
        form.addRow("&What", self.kind)
        self.pages = QStackedWidget()
        for page in (self._code_page(), self._channels_page(), QWidget(), self._note_page()):
            self.pages.addWidget(page)
        form.addRow("", self.pages)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why (kept with the correction)")
        self.reason.textChanged.connect(self._look)
        form.addRow("&Reason", self.reason)
        column.addLayout(form)
        column.addWidget(Heading("Corrections so far"))
        self.history = QListWidget()
        self.history.setAccessibleName("Corrections so far")
        quiet(self.history)
        self.history.setWordWrap(True)
        column.addWidget(self.history, 1)
        self._list_history()
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox()
        self.keep = self.buttons.addButton("Keep the correction", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        without_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self._on_session()

    def _code_page(self) -> QWidget:
        page, form = _page()
        self.code = QLineEdit()
        self.code.setAccessibleName("The true code")
        self.code.setMaxLength(32)
        self.code.textChanged.connect(self._look)
        form.addRow("The &true code", self.code)
        return page

    def _channels_page(self) -> QWidget:
        page, form = _page()
        self.stream = QComboBox()
        self.stream.setAccessibleName("Stream")
        self.stream.currentIndexChanged.connect(self._on_stream)
        form.addRow("&Stream", self.stream)
        self.one, self.other = QComboBox(), QComboBox()
        self.one.setAccessibleName("Channel")
        self.other.setAccessibleName("Channel that it was swapped with")
        for box in (self.one, self.other):
            box.currentIndexChanged.connect(self._look)
        form.addRow("&Channel", self.one)
        form.addRow("was s&wapped with", self.other)
        return page

    def _note_page(self) -> QWidget:
        page, form = _page()
        self.note = QLineEdit()
        self.note.setAccessibleName("Note")
        self.note.textChanged.connect(self._look)
        form.addRow("&Note", self.note)
        return page

    def amendment(self) -> Amendment | None:
        """Return what is written so far as a correction; None where something is missing."""
        kind, session = str(self.kind.currentData()), str(self.session.currentData() or "")
        whose = "" if session else recorded_code(self._study, self._code)
        reason, stream = self.reason.text().strip(), ""
        value: object = self.code.text().strip()
        if kind == "channels":
            one, other = str(self.one.currentData() or ""), str(self.other.currentData() or "")
            stream = str(self.stream.currentData() or "")
            if not one or not other or one == other:
                return None
            value = {one: other, other: one}
        elif kind == "excluded":
            value = True
        elif kind == "note":
            value = self.note.text().strip()
        if kind != "note" and len(reason) < SHORTEST_REASON:
            return None
        try:
            return Amendment(
                kind,  # type: ignore[arg-type]
                value,
                participant=whose,
                session=session,
                stream=stream,
                reason=reason,
            )
        except AmendmentError:
            return None

    def accept(self) -> None:
        """Append the correction, if it fits the study; else say why not."""
        wanted = self.amendment()
        if wanted is None:
            return
        try:
            self.saved = amendments.add(self._study, wanted)
        except (EvokeError, AmendmentError) as error:
            self.problem.setText(str(error))
            return
        super().accept()

    def _on_session(self) -> None:
        """Read the channels of what is meant, in a thread: a file may lie on a slow disk."""
        chosen = str(self.session.currentData() or "")
        files = [s.file for s in self._sessions if not chosen or s.uuid == chosen]
        self._channels = {}
        self._on_channels({})
        if files:
            path = self._study.folder / files[-1]
            self._work = Work(lambda: channels_of(path), self)
            self._work.done.connect(self._on_channels)
            self._work.start()
        self._look()

    def _on_channels(self, channels: Mapping[str, Sequence[str]]) -> None:
        self._channels = channels
        self.stream.clear()
        for name in channels:
            self.stream.addItem(name, name)
        self._on_stream()

    def _on_stream(self) -> None:
        names = self._channels.get(str(self.stream.currentData() or ""), ())
        for place, box in enumerate((self.one, self.other)):
            box.clear()
            for name in names:
                box.addItem(name, name)
            box.setCurrentIndex(min(place, len(names) - 1))
        self._look()

    def _on_kind(self) -> None:
        self.pages.setCurrentIndex(self.kind.currentIndex())
        self._look()

    def _list_history(self) -> None:
        own = {session.uuid for session in self._sessions} | {session.file for session in self._sessions}
        code = recorded_code(self._study, self._code)
        for line in self._study.amendments().lines:
            if line.participant in (self._code, code) or line.session in own:
                self.history.addItem(f"{line.time[:10]}  {line.text}")
        if not self.history.count():
            self.history.addItem("None.")

    def _look(self) -> None:
        if hasattr(self, "keep"):
            self.problem.setText("")
            self.keep.setEnabled(self.amendment() is not None)


def _page() -> tuple[QWidget, QFormLayout]:
    page = QWidget()
    form = QFormLayout(page)
    form.setContentsMargins(0, 0, 0, 0)
    form.setSpacing(8)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return page, form


def session_words(session: FinishedSession) -> str:
    """Return a session as a list of them shows it."""
    return f"session {session.session}, run {session.run}: {session.protocol}, {session.added[:10]}"


def channels_of(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the channel names of a file's streams that have more than one."""
    from analysis.session_file import open_session

    with open_session(path) as session:
        return {
            name: stream.info.channels
            for name, stream in session.streams.items()
            if not stream.info.is_blob and len(stream.info.channels) > 1
        }
