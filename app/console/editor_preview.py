"""The timeline of a protocol for a participant, slot, seed and language, with its length."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSpinBox, QToolButton, QVBoxLayout, QWidget

from app.console import icons
from app.console.editor_examination import Examination, Question
from app.console.editor_rows import combo
from app.console.editor_timeline import ZOOM, TimelineView
from app.console.parts import Elided, clock_text

PAUSE_MS = 250
MOST_SEED = 2**31 - 1


class Preview(QWidget):
    """Shows a schedule; `asked(question)` when another one is wanted, `stage_chosen(stage)` for a click."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.timeline = TimelineView()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.participant = QLineEdit("P01")
        self.participant.setAccessibleName("Participant of the preview")
        self.participant.setMaximumWidth(self.fontMetrics().averageCharWidth() * 14)
        self.session, self.slot, self.seed = (
            _spin(*about)
            for about in (("Session", 1, 999, 1), ("Slot", 0, 99_999, 0), ("Seed", 0, MOST_SEED, 1))
        )
        self.language = combo("Language of the preview")
        self.language.setMinimumContentsLength(3)
        self.language.setMaximumWidth(90)
        for words, widget in (
            ("Participant", self.participant),
            ("session", self.session),
            ("slot", self.slot),
            ("seed", self.seed),
        ):
            label = QLabel(words)
            label.setBuddy(widget)
            row.addWidget(label)
            row.addWidget(widget)
        row.addWidget(self.language)
        row.addStretch(1)
        self.length = Elided()
        self.closer = _button("longer", "Look closer", lambda: self.timeline.zoom_by(ZOOM))
        self.wider = _button("shorter", "See more", lambda: self.timeline.zoom_by(1 / ZOOM))
        row.addWidget(self.wider)
        row.addWidget(self.closer)
        column.addLayout(row)
        column.addWidget(self.length)
        column.addWidget(self.timeline, 1)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(lambda: self.asked.emit(self.question))
        self.participant.textEdited.connect(lambda: self._pause.start())
        for spin in (self.session, self.slot, self.seed):
            spin.valueChanged.connect(lambda _: self._pause.start())
        self.language.activated.connect(lambda _: self._pause.start())

    @property
    def question(self) -> Question:
        """Whose schedule is wanted."""
        return Question(
            self.participant.text().strip() or "P01",
            self.session.value(),
            self.slot.value(),
            self.seed.value(),
            self.language.currentText(),
        )

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has just changed what is wanted."""
        return self._pause.isActive()

    def show_found(self, found: Examination) -> None:
        """Show the schedule that was found; without one the last stays, in grey."""
        shown = self.language.currentText()
        if [self.language.itemText(n) for n in range(self.language.count())] != list(found.languages):
            self.language.clear()
            self.language.addItems(list(found.languages))
            self.language.setCurrentIndex(max(0, self.language.findText(shown)))
        self.language.setVisible(len(found.languages) > 1)
        schedule = found.schedule
        self.timeline.bars.show_schedule(schedule)
        if schedule is None:
            self.length.set_whole("The timeline is shown when the problems are mended.")
            return
        longest = "no limit" if schedule.max_s is None else f"at most {clock_text(schedule.max_s)}"
        slots = found.protocol.slots if found.protocol is not None else 1
        self.slot.setToolTip(f"Counter-balancing: {slots} slots before they repeat")
        self.length.set_whole(
            f"Usually {clock_text(schedule.typical_s)} (at least {clock_text(schedule.min_s)}, {longest}); "
            f"{len(schedule.trials)} trials, {slots} slot{'' if slots == 1 else 's'}"
        )

    def dress(self) -> None:
        """Take the colours in use."""
        for button in (self.closer, self.wider):
            button.setIcon(icons.icon(str(button.property("picture"))))


def _spin(said: str, lowest: int, highest: int, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setAccessibleName(f"{said} of the preview")
    spin.setRange(lowest, highest)
    spin.setValue(value)
    spin.setMaximumWidth(110)
    return spin


def _button(picture: str, tip: str, clicked: object) -> QToolButton:
    button = QToolButton()
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setProperty("picture", picture)
    button.setIcon(icons.icon(picture))
    button.clicked.connect(clicked)
    return button
