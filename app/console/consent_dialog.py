"""Consent before a session: what is recorded and what it may be used for, yes or no to each."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.consent import STREAMS, USES, Consent, Modality, Use, give
from app.console import preferences
from app.console.languages import language_name
from app.console.parts import Heading, Line, Option, Tinted, without_icons
from app.console.protocol_facts import RECORD_WORDS, ConsentState, ProtocolFacts
from app.study import Study
from stimuli.problems import EvokeError

INITIALS = "confirmed_by"
USE_TITLES: Mapping[Use, tuple[str, str]] = {
    "study": ("This study", "needed: without it nothing is recorded"),
    "lab": ("Later studies of this laboratory", ""),
    "open_data": ("Open data", "published without the code"),
    "teaching": ("Teaching", ""),
}


class YesNo(QWidget):
    """Two buttons of which none is pressed until somebody has answered."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QGridLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.yes, self.no = Option("Yes"), Option("No")
        self.group = QButtonGroup(self)
        for place, button in enumerate((self.yes, self.no)):
            button.setAccessibleName(f"{name}: {button.text()}")
            self.group.addButton(button)
            row.addWidget(button, 0, place)

    @property
    def answer(self) -> bool | None:
        """The answer, None for none yet."""
        return True if self.yes.isChecked() else False if self.no.isChecked() else None

    def set_answer(self, answer: bool) -> None:
        """Give an answer."""
        (self.yes if answer else self.no).setChecked(True)


class ConsentDialog(QDialog):
    """Asks one participant about one version of a protocol; `given` holds what was kept."""

    def __init__(
        self,
        study: Study,
        code: str,
        facts: ProtocolFacts,
        state: ConsentState,
        language: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Consent of participant {code}")
        self.setProperty("help", "study")
        self.setMinimumWidth(560)
        self.given: Consent | None = None
        self._study, self._code, self._facts = study, code, facts
        column = QVBoxLayout(self)
        column.setSpacing(10)
        title = Line(f"{facts.title} ({facts.name}, version {facts.version})", "text", True)
        column.addWidget(title)
        if state.consent is None and state.older is not None:
            column.addWidget(Line(f"Consent: {state.words[:1].lower()}{state.words[1:]}", "warning", True))
        if facts.warning:
            column.addWidget(Line(f"To be told: {facts.warning}", "warning", True))
        column.addWidget(Heading("May these be recorded?"))
        self.streams: dict[Modality, YesNo] = {}
        self.uses: dict[Use, YesNo] = {}
        column.addLayout(self._stream_rows())
        column.addWidget(Heading("May the recordings be used for these?"))
        column.addLayout(self._use_rows())
        self.all_yes = Tinted("Yes to all", "", self._answer_all)
        column.addWidget(self.all_yes, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._foot(language))
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox()
        self.keep = self.buttons.addButton("Keep the answers", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        without_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self._start_from(state)
        self._look()

    def _stream_rows(self) -> QGridLayout:
        grid = self._grid()
        records = self._facts.records or {}
        for name in STREAMS:
            if name in records:
                self.streams[name] = self._row(grid, RECORD_WORDS[name], records[name])
        if not records:
            grid.addWidget(
                Line("This protocol records nothing with the devices chosen.", "muted", True), 0, 0
            )
        return grid

    def _use_rows(self) -> QGridLayout:
        grid = self._grid()
        for name in USES:
            self.uses[name] = self._row(grid, *USE_TITLES[name])
        return grid

    @staticmethod
    def _grid() -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        return grid

    def _row(self, grid: QGridLayout, title: str, detail: str) -> YesNo:
        place = grid.rowCount()
        choice = YesNo(title)
        choice.group.buttonToggled.connect(lambda *_: self._look())
        grid.addWidget(Line(title), place, 0)
        grid.addWidget(Line(detail, "muted", True), place, 1)
        grid.addWidget(choice, place, 2)
        return choice

    def _foot(self, language: str) -> QFormLayout:
        form = QFormLayout()
        form.setSpacing(8)
        self.language = QComboBox()
        self.language.setAccessibleName("Language of the consent")
        for code in self._facts.languages:
            self.language.addItem(language_name(code), code)
        self.language.setCurrentIndex(max(0, self.language.findData(language)))
        form.addRow("Asked &in", self.language)
        self.by = QLineEdit(str(preferences.get(INITIALS, "")))
        self.by.setAccessibleName("Confirmed by")
        self.by.setPlaceholderText("your initials")
        self.by.setMaxLength(60)
        self.by.textChanged.connect(self._look)
        form.addRow("&Confirmed by", self.by)
        return form

    def _start_from(self, state: ConsentState) -> None:
        """Show what holds now; an older version's answers are asked for anew."""
        if state.consent is not None:
            for stream, asked in self.streams.items():
                asked.set_answer(state.consent.streams.get(stream, False))
            for use, asked in self.uses.items():
                asked.set_answer(state.consent.allows(use))
            self.language.setCurrentIndex(max(0, self.language.findData(state.consent.language)))

    def accept(self) -> None:
        """Keep the answers in the study, if all are there."""
        if not self.keep.isEnabled():
            return
        consent = Consent(
            self._code,
            self._facts.name,
            self._facts.version,
            str(self.language.currentData() or ""),
            {name: name in self.streams and self.streams[name].answer is True for name in STREAMS},
            {name: self.uses[name].answer is True for name in USES},
            by=self.by.text().strip(),
        )
        try:
            self.given = give(self._study, consent)
        except EvokeError as error:
            self.problem.setText(str(error))
            return
        preferences.put(INITIALS, self.by.text().strip())
        super().accept()

    def _answer_all(self) -> None:
        for choice in (*self.streams.values(), *self.uses.values()):
            choice.set_answer(True)

    def _look(self) -> None:
        if not hasattr(self, "keep"):
            return
        answers = [choice.answer for choice in (*self.streams.values(), *self.uses.values())]
        left = sum(answer is None for answer in answers)
        refused_all = self.uses["study"].answer is False
        words = ""
        if left:
            words = f"{left} answer{'' if left == 1 else 's'} left."
        elif not self.by.text().strip():
            words = "Say who confirms it."
        elif refused_all:
            words = "Without use for this study no session can be recorded."
        self.problem.setText(words)
        self.problem.set_colour("warning" if refused_all and not left else "muted")
        self.keep.setEnabled(not left and bool(self.by.text().strip()))
