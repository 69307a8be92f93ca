"""Before the start: how far the signal check is, what it found, and the reason to start all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from app.console.parts import Line
from app.console.quality import StreamQuality, quality_of
from app.console.quality_panel import QualityRows

SHORTEST_REASON = 3
SIGNAL = "signal "
WORDS: Mapping[str, str] = {
    "folder": "study folder",
    "disk": "disk",
    "other sessions": "other sessions",
    "stimuli": "pictures and sounds",
    "window": "participant's window",
    "device": "devices",
    "screen": "participant's screen",
    "clock": "clock",
}
USUAL_LENGTH_S = 10.0
ORDER: Mapping[str, int] = {"failed": 0, "refused": 0, "warned": 1, "waiting": 2}
MOST_HEIGHT = 210


class StartChecks(QWidget):
    """Shows the `checks` of a `state` message; `changed` when the reason was typed or taken back."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "checks")
        self._results: list[Mapping[str, Any]] = []
        self._needs_reason = False
        self._is_over = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self.words = Line("", "text", True)
        column.addWidget(self.words)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        self.progress.setAccessibleName("Signal check")
        column.addWidget(self.progress)
        self.rows = QualityRows()
        self.rows.setAccessibleName("Results of the checks")
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.viewport().setAutoFillBackground(False)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setAutoFillBackground(False)
        self._area.setWidget(self.rows)
        self._area.hide()
        column.addWidget(self._area)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason to start in spite of what the check found")
        self.reason.setPlaceholderText("Why start all the same? Kept in the file")
        self.reason.textChanged.connect(self._on_reason)
        column.addWidget(self.reason)
        self.show_state({})

    @property
    def is_over(self) -> bool:
        """Whether every required stream was judged."""
        return self._is_over

    @property
    def may_start(self) -> bool:
        """Whether nothing is missing: the check is over, and a failure has its reason."""
        return self._is_over and (not self._needs_reason or len(self.text) >= SHORTEST_REASON)

    @property
    def text(self) -> str:
        """The reason, "" where none is needed."""
        return self.reason.text().strip() if self._needs_reason else ""

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Show a `state` message."""
        checks = state.get("checks") or {}
        results: list[Mapping[str, Any]] = [dict(result) for result in checks.get("results") or ()]
        before = (self._needs_reason, self._is_over)
        self._needs_reason = bool(checks.get("needs_reason"))
        judged = quality_of(state)
        phase = state.get("phase")
        self._is_over = phase != "checking"
        self.setVisible((phase == "waiting" and bool(results)) or is_looking(state))
        self.progress.setVisible(not self._is_over)
        if not self._is_over:
            length_s = float(checks.get("seconds") or USUAL_LENGTH_S)
            done_s = min([length_s, *(stream.seconds for stream in judged if stream.seconds)])
            self.progress.setRange(0, round(10 * length_s))
            self.progress.setValue(round(10 * done_s))
            self.words.setText(f"Signal check: {done_s:.0f} of {length_s:.0f} s")
            self.words.set_colour("text")
        else:
            self._say_result(results)
        if results != self._results:
            self._results = results
            self._fill()
        self.reason.setVisible(self._needs_reason)
        if not self._needs_reason and self.reason.text():
            self.reason.clear()
        if before != (self._needs_reason, self._is_over):
            self.changed.emit()

    def _say_result(self, results: list[Mapping[str, Any]]) -> None:
        failed = [result for result in results if result.get("verdict") == "failed"]
        if failed:
            count = "One stream is" if len(failed) == 1 else f"{len(failed)} streams are"
            self.words.setText(f"{count} not good enough. Mend it, or give a reason to start.")
            self.words.set_colour("alarm")
        elif any(result.get("verdict") == "warned" for result in results):
            self.words.setText("The signals will do. Something could be better.")
            self.words.set_colour("warning")
        else:
            self.words.setText("The signal check found nothing wrong.")
            self.words.set_colour("good")

    def _fill(self) -> None:
        shown = [row for row in self._results if row.get("verdict") != "passed"]
        shown.sort(key=lambda row: ORDER.get(str(row.get("verdict")), len(ORDER)))
        rows = [
            StreamQuality(title_of(row), str(row.get("verdict")), (), (sentence_of(row),)) for row in shown
        ]
        good = [
            row for row in self._results if row.get("verdict") == "passed" and row.get("name") != "device"
        ]
        passed = list(dict.fromkeys(title_of(row) for row in good))
        if passed:
            count = f"{len(passed)} check{'' if len(passed) == 1 else 's'}"
            rows.append(StreamQuality(count, "passed", (", ".join(passed),)))
        self.rows.show_streams(rows)
        self._area.setVisible(bool(rows))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the rows the height that they need at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = self.rows.heightForWidth(max(180, self._area.viewport().width()))
        self._area.setFixedHeight(min(MOST_HEIGHT, height + 2))

    def _on_reason(self) -> None:
        self.changed.emit()


def is_looking(state: Mapping[str, Any]) -> bool:
    """Whether every stream is there and the signals are being judged for the start."""
    if state.get("phase") != "checking" or not state.get("quality"):
        return False
    streams = dict((state.get("recorder") or {}).get("streams") or {})
    return all(health.get("state") in ("live", "idle") for health in streams.values())


def title_of(result: Mapping[str, Any]) -> str:
    """Return what a check was of: a stream's id, or a word for everything else."""
    name = str(result.get("name") or "")
    if name == "device" and result.get("device"):
        return str(result["device"])
    return name.removeprefix(SIGNAL) if name.startswith(SIGNAL) else WORDS.get(name, name)


def sentence_of(result: Mapping[str, Any]) -> str:
    """Return what a check found, without the name that stands above it."""
    text = str(result.get("text") or "").removeprefix(f"{title_of(result)}: ")
    return text[:1].upper() + text[1:]
