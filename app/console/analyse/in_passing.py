"""Work beside what a page waits for: read now and then, told by nobody, the newest answer wins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from analysis.recognizers.recognizer import CancelledError
from app.console.analyse.waiting import FOR_USERS, Told
from app.console.work import Work


class InPassing(QObject):
    """Runs one function at a time in a thread; a newer one makes an older one void. `failed(text)`."""

    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._told: Told | None = None
        self._work: Work | None = None
        self._round = 0

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

    def give_up(self) -> None:
        """Want no result any more."""
        self._round += 1
        if self._told is not None:
            self._told.cancel()
        self._told = None

    def _on_done(self, number: int, then: Callable[[Any], None], result: Any) -> None:
        if number == self._round:
            self._told = None
            then(result)

    def _on_failed(self, number: int, error: Exception) -> None:
        if number != self._round:
            return
        self._told = None
        if isinstance(error, FOR_USERS):
            self.failed.emit(str(error))
        elif not isinstance(error, CancelledError):
            raise error
