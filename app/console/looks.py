"""How the window looks and where it stands, and that both are remembered."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow

from app.console import actions, preferences, theme

USUAL_SIZE = QSize(1360, 860)


def first_size() -> QSize:
    """Return the window's size where none is remembered: no larger than the screen."""
    return USUAL_SIZE.boundedTo(QGuiApplication.primaryScreen().availableGeometry().size())


class Looks:
    """Colours and text size; `dressed` is called when they have changed."""

    def __init__(self, made: dict[str, QAction], dressed: Callable[[], None]) -> None:
        self._actions = made
        self._dressed = dressed

    def do_light(self) -> None:
        """Light colours."""
        self._choose_colours("light")

    def do_dark(self) -> None:
        """Dark colours."""
        self._choose_colours("dark")

    def do_system(self) -> None:
        """The desktop's colours."""
        self._choose_colours("system")

    def do_larger_text(self) -> None:
        """Larger text."""
        self._change_text_size(1)

    def do_smaller_text(self) -> None:
        """Smaller text."""
        self._change_text_size(-1)

    def dress(self) -> None:
        """Take the remembered colours and text size."""
        choice = preferences.get("colours", "system")
        choice = choice if choice in theme.CHOICES else "system"
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, choice, float(preferences.get("text_size", 1.0)))
        actions.tint(self._actions)
        self._actions[choice].setChecked(True)
        self._dressed()

    def _choose_colours(self, choice: str) -> None:
        preferences.put("colours", choice)
        self.dress()

    def _change_text_size(self, step: int) -> None:
        sizes = theme.TEXT_SIZES
        now = preferences.get("text_size", 1.0)
        nearest = min(range(len(sizes)), key=lambda place: abs(sizes[place] - now))
        preferences.put("text_size", sizes[min(len(sizes) - 1, max(0, nearest + step))])
        self.dress()


def restore_place(window: QMainWindow) -> None:
    """Put the window where it was; a place off all screens is not taken."""
    geometry = preferences.get_bytes("geometry")
    if not geometry:
        return
    window.restoreGeometry(QByteArray(geometry))
    middle = window.frameGeometry().center()
    if not any(screen.availableGeometry().contains(middle) for screen in QGuiApplication.screens()):
        window.resize(first_size())
        window.move(QGuiApplication.primaryScreen().availableGeometry().topLeft())
