"""Work that must not block a window: one function in a thread, its result back in the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal


class Work(QObject):
    """Runs `function` in a thread. `done(result)` or `failed(exception)` arrive in the thread of the window.

    A result that comes after the owner was destroyed is dropped.
    """

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, function: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._function = function
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)

    def start(self) -> Work:
        """Start, and return itself."""
        self._thread.start()
        return self

    def _run(self) -> None:
        try:
            result = self._function()
        except Exception as error:
            self._emit(self.failed, error)
        else:
            self._emit(self.done, result)

    def _emit(self, signal: Any, value: object) -> None:
        try:
            signal.emit(value)
        except RuntimeError:
            # The window was closed meanwhile; nobody waits for this any more.
            return
