"""A trial connection as the device page follows it: started, attached, its state, its end."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.console.sitting import Sitting
from app.console.trial import COMMAND, prepare_trial
from app.devices.entries import DeviceEntry
from app.plan import SessionPaths

END_S = 20.0


class TrialConnection(QObject):
    """Connects devices without recording. `attached(plan)`, `state_arrived(state)`, `ended(text)`.

    `ended` comes once, with "" if it was ended by `close`.
    """

    attached = Signal(object)
    state_arrived = Signal(object)
    ended = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sitting: Sitting | None = None
        self._paths: SessionPaths | None = None

    @property
    def is_on(self) -> bool:
        """Whether devices are connected, or on their way."""
        return self._sitting is not None

    def open(self, devices: Sequence[DeviceEntry], network: bool) -> None:
        """Connect devices; an older connection is ended first. Raises OSError."""
        self.close()
        paths = prepare_trial(devices, network)
        sitting = Sitting(self)
        self._sitting, self._paths = sitting, paths
        sitting.attached.connect(lambda: self.attached.emit(sitting.plan))
        sitting.state_arrived.connect(lambda state: self._on_state(sitting, state))
        sitting.failed.connect(lambda text: self._on_end(sitting, text))
        sitting.lost.connect(
            lambda _: self._on_end(sitting, "The program that held the connection has stopped.")
        )
        sitting.launch([COMMAND, "--live", str(paths.live)], paths.folder, paths)

    def close(self) -> None:
        """End the connection; the supervisor ends the devices and removes what it made."""
        if self._sitting is not None:
            self._sitting.command("abort")
            self._on_end(self._sitting, "")

    def _on_state(self, sitting: Sitting, state: Mapping[str, Any]) -> None:
        if sitting is self._sitting and state.get("phase") not in ("finished", "failed", "finishing"):
            self.state_arrived.emit(state)

    def _on_end(self, sitting: Sitting, text: str) -> None:
        if sitting is not self._sitting:
            return
        self._sitting = None
        sitting.close()
        if self._paths is not None and sitting.launcher is not None:
            process, folder = sitting.launcher.process, self._paths.folder
            threading.Thread(target=_clear, args=(process, folder), name="trial", daemon=True).start()
        sitting.deleteLater()
        self.ended.emit(text)


def _clear(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Remove the folder once the supervisor has ended; one that was stopped early removes nothing itself."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
        shutil.rmtree(folder, ignore_errors=True)
