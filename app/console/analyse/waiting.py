"""Work of the steps of Analyse: away from the window's thread, with progress, to be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from analysis.corpus.corpus import CorpusError
from analysis.evaluation.guards import LeakError
from analysis.evaluation.run_folder import RunError
from analysis.evaluation.splits import SplitError
from analysis.evaluation.steps import StepError
from analysis.features.feature import FeatureError
from analysis.recognizers.recognizer import CancelledError, RecognizerError
from analysis.targets.recipe import TargetError
from app.console.parts import Elided, Tinted
from app.console.work import Work
from stimuli.problems import EvokeError

LOOK_MS = 80
FOR_USERS = (
    EvokeError,
    CorpusError,
    TargetError,
    FeatureError,
    RecognizerError,
    SplitError,
    StepError,
    LeakError,
    RunError,
    OSError,
)
"""What is said in one sentence; anything else is a fault of ours."""


class Told:
    """How far something is, told by a thread and read by the window; raises CancelledError when told to."""

    def __init__(self) -> None:
        self.at: tuple[int, int, str] = (0, 0, "")
        self._stop = threading.Event()

    def __call__(self, done: int, of: int, words: str = "") -> None:
        """Say that `done` of `of` are finished, and what comes now."""
        self.at = (done, of, words)
        if self._stop.is_set():
            raise CancelledError("stopped")

    def cancel(self) -> None:
        """Have it end at the next occasion."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether it is to end."""
        return self._stop.is_set()


class Waiting(QWidget):
    """A line with progress and Cancel, seen instead of another part while something runs.

    A newer run makes an older one void.

    `failed(text)` for what a person is to read; `stopped()` after Cancel.
    """

    failed = Signal(str)
    stopped = Signal()

    def __init__(self, name: str, instead_of: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = instead_of
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.words = Elided(name)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName(name)
        self.button = Tinted("Cancel", "close", self.cancel)
        self.button.setAccessibleName(f"Cancel: {name}")
        row.addWidget(self.words, 1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.button)
        self._name = name
        self._told: Told | None = None
        self._work: Work | None = None
        self._round = 0
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._show_progress)
        self.hide()

    @property
    def is_busy(self) -> bool:
        """Whether something runs whose result is still wanted."""
        return self._told is not None

    def run(self, function: Callable[[Told], Any], then: Callable[[Any], None]) -> None:
        """Run `function(told)` in a thread and `then(result)` here."""
        self.give_up()
        self._told = told = Told()
        self._work = Work(lambda: function(told), self)
        self._work.done.connect(partial(self._on_done, self._round, then))
        self._work.failed.connect(partial(self._on_failed, self._round))
        self._work.start()
        self._show_progress()
        self._look.start()
        self._quiet.hide()
        self.show()

    def cancel(self) -> None:
        """Give up, and say so."""
        if self.is_busy:
            self.give_up()
            self.stopped.emit()

    def give_up(self) -> None:
        """Want no result any more."""
        self._round += 1
        if self._told is not None:
            self._told.cancel()
        self._end()

    def _end(self) -> None:
        self._told = None
        self._look.stop()
        self.hide()
        self._quiet.show()

    def _show_progress(self) -> None:
        if self._told is not None:
            done, of, words = self._told.at
            self.bar.setRange(0, of)
            self.bar.setValue(done)
            self.words.set_whole(f"{self._name}: {words}" if words else f"{self._name}…")

    def _on_done(self, number: int, then: Callable[[Any], None], result: Any) -> None:
        if number == self._round:
            self._end()
            then(result)

    def _on_failed(self, number: int, error: Exception) -> None:
        if number != self._round:
            return
        self._end()
        if isinstance(error, CancelledError):
            self.stopped.emit()
        elif isinstance(error, FOR_USERS):
            self.failed.emit(str(error))
        else:
            raise error
