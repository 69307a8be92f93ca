"""Windows that take the keyboard."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

PATIENCE_MS = 5000


def bring_to_front(window: QWidget, qtbot: QtBot) -> None:
    """Give a window the keyboard, and wait until it has it.

    Asked again and again: X refuses a request that is older than what another program last did with the
    keyboard, and a window that nothing has happened to for a while knows an old time.
    """

    def is_in_front() -> bool:
        if not window.isActiveWindow():
            window.activateWindow()
        return window.isActiveWindow()

    qtbot.waitUntil(is_in_front, timeout=PATIENCE_MS)
