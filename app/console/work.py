"""Work that must not block a window: one function in a thread, its result back in the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

LOOK_MS = 15


class Work(QObject):
    """Runs `function` in a thread. `done(result)` or `failed(exception)` arrive in the thread of the window.

    A result that comes after the owner was destroyed is dropped.
    """

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, function: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._function = function
        self._outcome: tuple[bool, Any] | None = None
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)
        # The thread touches nothing of Qt: the owner may be destroyed at any moment, also by another thread.
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._on_look)

    def start(self) -> Work:
        """Start, and return itself."""
        self._thread.start()
        self._look.start()
        return self

    def _run(self) -> None:
        try:
            self._outcome = (True, self._function())
        except Exception as error:
            self._outcome = (False, error)

    def _on_look(self) -> None:
        if self._outcome is None:
            return
        self._look.stop()
        is_good, value = self._outcome
        (self.done if is_good else self.failed).emit(value)
