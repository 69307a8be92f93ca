"""`evoke live` as a process of its own, heard line by line while it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from app.console.launcher import child_environment, command_line, what_it_said

PATIENCE_MS = 3000


class LiveProcess(QObject):
    """Runs `evoke live ARGUMENTS --json`. `heard(message)` for each line, `ended(problem)` when it is over.

    It is a process of its own, so that nothing it computes holds up this window or the recording.
    """

    heard = Signal(object)
    ended = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._rest = b""
        self._error = ""
        self._is_asked = False

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._process is not None

    def start(self, arguments: Sequence[str]) -> None:
        """Start it; one that still runs is ended before."""
        self.close()
        self._rest, self._error, self._is_asked = b"", "", False
        process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in child_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_error)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        program, *rest = command_line(["live", *arguments, "--json"])
        process.start(program, rest)

    def stop(self) -> None:
        """Ask it to end; `ended` comes when it has."""
        if self._process is not None:
            self._is_asked = True
            self._process.terminate()

    def close(self) -> None:
        """End it, and wait until it has gone."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            if not process.waitForFinished(PATIENCE_MS):
                process.kill()
                process.waitForFinished(PATIENCE_MS)
            process.deleteLater()

    def _read(self) -> None:
        if self._process is None:
            return
        self._rest += bytes(self._process.readAllStandardOutput().data())
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            message = _message(line)
            if message is not None:
                self.heard.emit(message)

    def _read_error(self) -> None:
        if self._process is not None:
            said = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            self._error = (self._error + said)[-20_000:]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            process, self._process = self._process, None
            self.ended.emit(f"It could not be started: {process.errorString()}.")
            process.deleteLater()

    def _on_finished(self, status: int, how: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        self._read()
        self._read_error()
        process, self._process = self._process, None
        process.deleteLater()
        failed = not self._is_asked and (status != 0 or how != QProcess.ExitStatus.NormalExit)
        problem = what_it_said(self._error) or f"It ended with status {status}."
        self.ended.emit(problem if failed else "")


def _message(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
