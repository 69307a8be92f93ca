"""A command of Evoke that runs as a process of its own while a dialog stays alive."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from app.console.launcher import child_environment, command_line, what_it_said


class Errand(QObject):
    """Runs `evoke ARGUMENTS`. `said(line)` for each line on standard error, `ended(status, out, problem)`.

    `problem` is one message for a status that is not 0, "" for success or after `cancel`.
    """

    said = Signal(str)
    ended = Signal(int, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._error = ""
        self._is_cancelled = False

    @property
    def is_running(self) -> bool:
        """Whether the command still works."""
        return self._process is not None

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody ended it."""
        return self._is_cancelled

    def start(self, arguments: Sequence[str]) -> None:
        """Start the command; one that still runs is cancelled."""
        self.cancel()
        self._error, self._is_cancelled = "", False
        process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in child_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardError.connect(self._read_error)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        program, *rest = command_line(arguments)
        process.start(program, rest)

    def cancel(self) -> None:
        """End the command and wait until it has gone."""
        process, self._process = self._process, None
        if process is not None:
            self._is_cancelled = True
            process.terminate()
            if not process.waitForFinished(3000):
                process.kill()
                process.waitForFinished(3000)
            process.deleteLater()
            self.ended.emit(-1, "", "")

    def _read_error(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            self._error += text
            for line in text.splitlines():
                self.said.emit(line)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            process, self._process = self._process, None
            process.deleteLater()
            self.ended.emit(1, "", f"The command could not be started: {process.errorString()}")

    def _on_finished(self, status: int, how: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        self._read_error()
        self._process = None
        out = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace")
        process.deleteLater()
        failed = status != 0 or how != QProcess.ExitStatus.NormalExit
        problem = (what_it_said(self._error) or f"The command ended with status {status}.") if failed else ""
        self.ended.emit(status if how == QProcess.ExitStatus.NormalExit else 1, out, problem)
