"""The devices of the next session with a lamp each: what is known of them before they are connected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.console.device_kinds import board_title
from app.console.lamps import Lamp
from app.console.looking import Surroundings, look_around, presence
from app.console.parts import Elided, Line
from app.console.work import Work
from app.devices.entries import DeviceEntry

SOURCES = {
    "e4": "Empatica E4",
    "wristband": "simulated wristband",
    "camera": "camera",
    "microphone": "microphone",
    "lsl": "LSL stream",
}
WIDEST_NAME = 190
LAMPS = {"seen": "seen", "own": "seen", "not seen": "missing", "unknown": "planned"}


class DeviceRows(QWidget):
    """One row a device; looks around by itself in a process of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._rows: list[tuple[DeviceEntry, Lamp, Elided]] = []
        self._troubled: Mapping[str, str] = {}
        self._refused: Collection[str] = ()
        self._around: Surroundings | None = None
        self._work: Work | None = None
        self.nothing = Line("No devices are chosen.", "muted")
        self._column.addWidget(self.nothing)

    @property
    def count(self) -> int:
        """How many devices are shown."""
        return len(self._rows)

    def words(self) -> list[str]:
        """Return what is said of each device."""
        return [text.whole for _, _, text in self._rows]

    def show_devices(
        self, devices: Sequence[DeviceEntry], troubled: Mapping[str, str], refused: Collection[str] = ()
    ) -> None:
        """Show devices; `troubled` holds those that the checks found something wrong with.

        `refused` are those that the participant did not agree to: they stay closed.
        """
        self._troubled, self._refused = troubled, refused
        if tuple(devices) != tuple(entry for entry, _, _ in self._rows):
            self._lay(devices)
        self._dress()

    def look(self, network: bool) -> None:
        """Look for the devices, unless that goes on already."""
        if self._work is None and self._rows:
            self._work = Work(lambda: look_around(network), self)
            self._work.done.connect(self._on_around)
            self._work.failed.connect(lambda _: self._on_around(None))
            self._work.start()

    def _lay(self, devices: Sequence[DeviceEntry]) -> None:
        while self._column.count() > 1:
            entry = self._column.takeAt(1)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.deleteLater()
        self._rows = []
        longest = max((self.fontMetrics().horizontalAdvance(device.id) for device in devices), default=0)
        width = min(WIDEST_NAME, max(100, longest + 12))
        for device in devices:
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            lamp, words = Lamp("planned"), Elided()
            name = Elided(device.id, Qt.TextElideMode.ElideMiddle)
            name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            name.setFixedWidth(width)
            line.addWidget(lamp)
            line.addWidget(name)
            line.addWidget(words, 1)
            self._column.addWidget(row)
            self._rows.append((device, lamp, words))
        self.nothing.setVisible(not devices)

    def _on_around(self, around: Surroundings | None) -> None:
        self._work = None
        self._around = around
        self._dress()

    def _dress(self) -> None:
        for device, lamp, words in self._rows:
            state, text = "planned", "not connected yet"
            if self._around is not None:
                there, text = presence(device, self._around)
                state = LAMPS[there]
            if device.id in self._troubled:
                state, text = "failed", "see the checks"
            lamp.set_state(state)
            need = "" if device.required else "; may be missing"
            if device.id in self._refused:
                state, text, need = "planned", "not opened, the participant refused it", ""
            words.set_whole(f"{kind_of(device)}: {text}{need}")


def kind_of(device: DeviceEntry) -> str:
    """Return what a device is, by the name that people gave it, or by its kind."""
    if getattr(device, "name", ""):
        return str(device.name)
    if device.source == "brainflow":
        return board_title(str(device.params.get("board")))
    return SOURCES.get(device.source, device.source)
