"""The menu of curves computed from signals: heart rate, skin conductance, voice, typing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from analysis.modalities import shown_as
from analysis.views.applied import applied_to, names_in, read_applied
from analysis.views.curves import Curve
from analysis.views.derived import derivable, derive
from analysis.views.keystrokes import flight_times, key_intervals, press_durations, presses_of
from app.console.review.desk import ReviewDesk
from app.console.work import Work

KEYS = "keys"
LONG_SOUND_S = 600.0
"""Of a sound longer than this the curves take some seconds."""
KEY_CURVES = ("Key interval", "Press duration", "Flight time")


class CurveMenu(QMenu):
    """Offers what can be computed of the recording on a desk, and adds it to its signals.

    `said(text, level)` tells why one could not be computed; `changed` when a curve came or went.
    """

    said = Signal(str, str)
    changed = Signal()

    def __init__(self, desk: ReviewDesk, parent: QWidget | None = None) -> None:
        super().__init__("Curves", parent)
        self._desk = desk
        self._known: dict[str, Sequence[Curve]] = {}
        self._applied: Mapping[str, Path] = {}
        self._works: set[QObject] = set()
        self._round = 0
        self.entries: dict[tuple[str, str], QAction] = {}
        desk.opened.connect(self.refresh)

    def refresh(self) -> None:
        """List what the recording allows; nothing is on."""
        self._round += 1
        self.clear()
        self.entries.clear()
        self._known.clear()
        view, recording = self._desk.view, self._desk.recording
        if view is None or recording is None:
            return
        for stream_id, info in recording.overview.infos.items():
            # What may not be heard must not be read off a curve either.
            is_open = view.shows(shown_as(info)) and not (shown_as(info) == "sound" and view.muted_s)
            names = derivable(info) if is_open else ()
            self._add(stream_id, names)
        if view.strokes:
            self._add(KEYS, KEY_CURVES)
        # What recognizers said of it, where labels of models may be seen.
        self._applied = applied_to(recording.session.path) if view.visible.model else {}
        for code, path in self._applied.items():
            self._add(code, names_in(path))
        if not self.entries:
            self.addAction("Nothing can be computed of this recording").setEnabled(False)

    def set_on(self, stream_id: str, name: str, on: bool) -> None:
        """Show a curve, or take it away."""
        self.entries[stream_id, name].setChecked(on)

    def _add(self, stream_id: str, names: Sequence[str]) -> None:
        if not names:
            return
        self.addSection(stream_id)
        for name in names:
            action = self.addAction(name)
            action.setCheckable(True)
            action.toggled.connect(partial(self._on_toggled, stream_id, name))
            self.entries[stream_id, name] = action

    def _on_toggled(self, stream_id: str, name: str, on: bool) -> None:
        if not on:
            self._desk.stack.remove_curve(stream_id, name)
            self.changed.emit()
        elif stream_id in self._known:
            self._show(stream_id, name)
        else:
            self._compute(stream_id)

    def _compute(self, stream_id: str) -> None:
        view, recording = self._desk.view, self._desk.recording
        assert view is not None
        assert recording is not None
        compute: Callable[[], Sequence[Curve]]
        if stream_id == KEYS:
            presses = [press for press in presses_of(recording.keys) if view.covers(press.down_s)]

            def compute() -> Sequence[Curve]:
                return [key_intervals(presses), press_durations(presses), flight_times(presses)]
        elif stream_id in self._applied:
            path = self._applied[stream_id]

            def compute() -> Sequence[Curve]:
                return read_applied(path).curves()
        else:
            overview, start_s, stop_s = recording.overview, view.start_s, view.stop_s
            if shown_as(overview.infos[stream_id]) == "sound" and stop_s - start_s > LONG_SOUND_S:
                self.said.emit(f"{stream_id}: pitch and level are being computed. You can go on.", "info")

            def compute() -> Sequence[Curve]:
                return derive(overview, stream_id, start_s, stop_s)

        work = Work(compute, self)
        self._works.add(work)
        work.done.connect(partial(self._on_done, self._round, stream_id, work))
        work.failed.connect(partial(self._on_failed, self._round, stream_id, work))
        work.start()

    def _on_done(self, number: int, stream_id: str, work: Work, curves: Sequence[Curve]) -> None:
        self._works.discard(work)
        if number != self._round:
            return
        self._known[stream_id] = curves
        for (stream, name), action in self.entries.items():
            if stream == stream_id and action.isChecked():
                self._show(stream_id, name)

    def _on_failed(self, number: int, stream_id: str, work: Work, error: Exception) -> None:
        self._works.discard(work)
        if number == self._round:
            self.said.emit(f"{stream_id}: nothing could be computed ({error}).", "warning")
            for (stream, _), action in self.entries.items():
                if stream == stream_id:
                    action.setChecked(False)

    def _show(self, stream_id: str, name: str) -> None:
        curve = next((one for one in self._known[stream_id] if one.name == name), None)
        if curve is None or not (curve.has_values or curve.marks_s):
            self.said.emit(f"{name}: nothing was found in {stream_id}.", "info")
            self.entries[stream_id, name].setChecked(False)
            return
        self._desk.stack.add_curve(stream_id, curve)
        self.changed.emit()
