"""The checks before devices are connected, a line each, the passed ones of devices together in one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from app.console import icons, theme
from app.console.parts import quiet
from app.supervisor.checks import Check

SIGNS = {"passed": ("good", "good"), "warned": ("warning", "warning"), "failed": ("warning", "warning")}
REFUSED = ("alarm", "alarm")
WORDS = {
    "folder": "Study folder",
    "disk": "Disk",
    "other sessions": "Other sessions",
    "stimuli": "Pictures and sounds",
    "window": "Participant's window",
    "device": "Device",
    "devices": "Devices file",
    "protocol": "Protocol",
    "version": "Version",
    "screen": "Participant's screen",
    "clock": "Clock",
}
LEAST_HEIGHT = 90


class ChecksList(QListWidget):
    """Lists results; nothing in it can be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Checks")
        quiet(self)
        self.setWordWrap(True)
        self.setIconSize(QSize(18, 18))
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setMinimumHeight(LEAST_HEIGHT)

    def show_checks(self, checks: Iterable[Check]) -> None:
        """Show other results."""
        self.clear()
        passed_devices = []
        for check in checks:
            if check.device and check.verdict == "passed":
                passed_devices.append(check.device)
                continue
            text = f"{WORDS.get(check.name, check.name)}: {check.text or 'good'}"
            if check.device:
                text = check.text[:1].upper() + check.text[1:]
            self._add(*SIGNS.get(check.verdict, REFUSED), text)
        if passed_devices:
            self._add("good", "good", "Devices file: " + ", ".join(passed_devices))

    def _add(self, icon: str, colour: str, text: str) -> None:
        item = QListWidgetItem(icons.icon(icon, getattr(theme.current(), colour)), text)
        item.setToolTip(text)
        self.addItem(item)
