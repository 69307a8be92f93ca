"""Where alarms and stimuli are heard: two outputs, each with a tone to try it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import settings
from app.console.exchange_dialog import choice
from app.console.outputs import list_outputs, play_test
from app.console.parts import Line, Primary, Tinted
from app.console.work import Work
from app.supervisor.sounder import Outputs

ALARMS, STIMULI = "alarm_output", "stimulus_output"
USUAL = "What the system uses"
SHARED = "Perhaps one loudspeaker for both: an alarm is silent while a trial runs, and sounds after it."
APART = (
    "Alarms sound at once, also during a trial. Put that loudspeaker where the participant does not hear it."
)


class SoundDialog(QDialog):
    """Two choices that are kept for this user; nothing is changed before Keep is pressed."""

    def __init__(self, is_recording: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sound outputs")
        self.setProperty("help", "sound")
        self.setMinimumSize(520, 240)
        self._works: list[Work] = []
        column = QVBoxLayout(self)
        column.setSpacing(10)
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.setColumnStretch(1, 1)
        self.boxes: dict[str, QComboBox] = {}
        self.tests: dict[str, Tinted] = {}
        for row, (key, title) in enumerate(((ALARMS, "&Alarms"), (STIMULI, "&Stimuli"))):
            box = choice(title.replace("&", ""))
            label = QLabel(title)
            label.setBuddy(box)
            test = Tinted("Test", "sound", partial(self._test, key))
            test.setAutoDefault(False)
            box.currentIndexChanged.connect(self._look)
            self.boxes[key], self.tests[key] = box, test
            for place, widget in enumerate((label, box, test)):
                grid.addWidget(widget, row, place)
        column.addLayout(grid)
        self.hint = Line("", "muted", True)
        column.addWidget(self.hint)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        if is_recording:
            column.addWidget(
                Line("The session that runs keeps its outputs; this is for the next one.", "muted", True)
            )
        row_of_buttons = QHBoxLayout()
        row_of_buttons.addStretch(1)
        row_of_buttons.addWidget(Tinted("Cancel", "", self.reject))
        self.keep_button = Primary("Keep", "", self.keep)
        row_of_buttons.addWidget(self.keep_button)
        column.addLayout(row_of_buttons)
        self.show_outputs(())
        self.hint.setText("Looking for sound outputs…")
        self.keep_button.setDefault(True)
        self._start(Work(list_outputs, self), self._on_outputs)

    def show_outputs(self, names: tuple[str, ...]) -> None:
        """Offer outputs; one that is chosen and not there now stays and says so."""
        kept = settings.load()
        for key, box in self.boxes.items():
            chosen = str(kept.get(key) or "")
            box.blockSignals(True)
            box.clear()
            box.addItem(USUAL, "")
            for name in names:
                box.addItem(name, name)
            if box.findData(chosen) < 0:
                box.addItem(f"{chosen} (not there now)" if names else chosen, chosen)
            box.setCurrentIndex(box.findData(chosen))
            box.blockSignals(False)
        self._look()

    def _on_outputs(self, names: tuple[str, ...]) -> None:
        self.show_outputs(names)
        if not names:
            self.problem.setText("This computer has no sound output now. Plug in a loudspeaker.")

    def keep(self) -> None:
        """Remember the choice and close."""
        try:
            settings.save(settings.load() | {key: str(box.currentData()) for key, box in self.boxes.items()})
        except OSError as error:
            self.problem.setText(f"The choice cannot be kept: {error.strerror}.")
            return
        self.accept()

    def _look(self) -> None:
        alarms, stimuli = (str(self.boxes[key].currentData() or "") for key in (ALARMS, STIMULI))
        self.hint.setText(SHARED if Outputs(0, alarms, 1, stimuli).shared else APART)

    def _test(self, key: str) -> None:
        output = str(self.boxes[key].currentData())
        self.problem.setText("")
        self.tests[key].setEnabled(False)
        self._start(Work(lambda: play_test(output), self), lambda _: None, key)

    def _start(self, work: Work, done: Callable[[Any], None], key: str = "") -> None:
        def end(result: object) -> None:
            if key:
                self.tests[key].setEnabled(True)
            if isinstance(result, Exception):
                self.problem.setText(str(result)[:1].upper() + str(result)[1:])
                self._look()
            else:
                done(result)

        work.done.connect(end)
        work.failed.connect(end)
        self._works.append(work.start())
