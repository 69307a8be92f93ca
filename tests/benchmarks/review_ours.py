"""Evoke's signal view as `evoke bench review` drives it: run by the bench in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from analysis.labels.records import NS, Mark
from analysis.labels.scheme import Label, Tier
from analysis.overview import open_overview
from app.console import theme
from app.console.review.axis import TimeAxis
from app.console.review.stack import SignalStack
from tests.benchmarks.review_serving import serve


class Ours:
    """The signal stack in a window, with lanes of labels below it once there are any."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._window = QWidget()
        self._layout = QVBoxLayout(self._window)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._axis = TimeAxis()
        self._stack = SignalStack(self._axis)
        self._lanes: Any = None
        self._layout.addWidget(self._stack, 1)

    def open(self, known: dict[str, Any]) -> None:
        """Open the session file."""
        self._window.resize(*known["size"])
        overview = open_overview(Path(known["path"]))
        self._axis.set_extent(*overview.extent_s)
        self._axis.set_view(overview.extent_s[0], float(known["width_s"]))
        self._stack.open(overview)
        self._window.show()
        while not self._stack.canvas.is_complete:
            self._application.processEvents()
        self._stack.canvas.repaint()

    def show(self, start_s: float, width_s: float, fresh: bool) -> None:
        """Paint a view; with `fresh` no strip is kept."""
        if fresh:
            self._stack.canvas.tiles.clear()
        self._axis.set_view(self._axis.extent_s[0] + start_s, width_s)
        self._stack.canvas.repaint()
        while not self._stack.canvas.is_complete:
            self._application.processEvents()
            self._stack.canvas.repaint()
        if self._lanes is not None:
            self._lanes.repaint()

    def seen(self, start_s: float, width_s: float, spikes: Sequence[tuple[float, int, float]]) -> int:
        """Count spikes whose tip is drawn: their line reaches it, and the pixels there are inked."""
        self.show(start_s, width_s, True)
        canvas, zero_s = self._stack.canvas, self._axis.extent_s[0]
        traces = canvas.traces
        assert traces is not None, "a recording is open"
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1) & 0xFFFFFF
        ink = theme.of_kind(theme.current(), "eeg").rgb() & 0xFFFFFF
        grid = canvas.grid
        first = grid.column(self._axis.start_s)
        (lines,) = traces.lines(grid, first, canvas.plot.width(), width_s, 1.0)
        band, found = lines.band, 0
        per_unit = band.height / len(band.shown) / band.units_per_lane
        for time_s, channel, height in spikes:
            middle = band.top + (channel + 0.5) * band.height / len(band.shown)
            tip = round(middle - (height - band.middles[channel]) * per_unit)
            column = grid.column(zero_s + time_s) - first
            near = slice(max(0, column - 2), column + 2)
            reaches = (lines.top[channel, near] <= tip + 1).any()
            row, left = max(tip, band.top), canvas.plot.left()
            inked = pixels[row : row + 3, left + near.start : left + near.stop] == ink
            found += bool(reaches and inked.any())
        return found

    def labels(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Lay labels below the signals; return how long that takes until they are painted."""
        from app.console.annotate.lanes import LaneView

        count = int(asked["count"])
        low, high = self._axis.extent_s
        random = np.random.default_rng(2)
        starts = np.sort(random.uniform(low, high - 1, count))
        # As the scheme's tier demands, none lies over another.
        ends = np.minimum(starts + 0.5, np.append(starts[1:], high))
        names = ("joy", "anger", "fear", "calm")
        tier = Tier("emotion", "segment", "Emotion", labels=tuple(Label(name, name) for name in names))
        marks = [
            Mark(
                str(place),
                "emotion",
                "a1",
                start_ns=round(start * NS),
                end_ns=round(float(ends[place]) * NS),
                label=names[place % len(names)],
            )
            for place, start in enumerate(starts.tolist())
        ]
        begun_s = time.perf_counter()
        if self._lanes is None:
            self._lanes = LaneView(self._axis)
            self._layout.addWidget(self._lanes)
        self._lanes.show([tier], marks)
        self._application.processEvents()
        self._lanes.repaint()
        return {"open_s": time.perf_counter() - begun_s, "count": count}

    def paint_labels(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Paint labels with every frame, or leave them: what they cost is the difference."""
        self._lanes.setUpdatesEnabled(bool(asked["on"]))
        return {}


if __name__ == "__main__":
    application = QApplication([])
    application.setStyle("Fusion")
    theme.apply(application, "light", 1.0)
    ours = Ours(application)
    serve(ours, {"labels": ours.labels, "paint_labels": ours.paint_labels})
