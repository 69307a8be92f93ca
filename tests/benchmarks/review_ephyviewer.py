"""Run by the Python of ephyviewer's own environment, which `evoke bench review` makes; nothing of Evoke's.

The samples are a memory-mapped file of float32: nothing to unpack, nothing to copy.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from ephyviewer import (  # type: ignore[import-not-found]
    QT,
    InMemoryAnalogSignalSource,
    MainViewer,
    TraceViewer,
    mkQApp,
)
from review_serving import serve  # type: ignore[import-not-found]

GAIN_LANES = 1 / 100.0
"""As Evoke draws it: a lane is 100 µV high."""


class Answers(QT.QObject):  # type: ignore[misc]
    """Hears in the window's thread, and after the viewer itself, of each answer's time."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def take(self, time_s: float, *_: Any) -> None:
        """Note an answer."""
        self.times.append(time_s)


class Ephyviewer:
    """A trace viewer in its main window."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._answers = Answers()
        self._asked = 0

    def open(self, known: dict[str, Any]) -> None:
        """Open the samples."""
        rows, channels = known["shape"]
        samples = np.memmap(known["raw"], np.float32, "r", shape=(rows, channels))
        source = InMemoryAnalogSignalSource(samples, known["rate_hz"], 0.0)
        self._channels = channels
        self._view = TraceViewer(source=source, name="signals")
        self._view.datagrabber.data_ready.connect(self._answers.take)
        self._window = MainViewer(show_auto_scale=False)
        self._window.add_view(self._view)
        self._window.resize(*known["size"])
        self._window.show()
        self._view.params["xratio"] = 0.0
        self._view.params["display_labels"] = True
        self._view.params["xsize"] = float(known["width_s"])
        controller = self._view.params_controller
        self._view.auto_scale()
        controller.gains = np.full(channels, GAIN_LANES)
        controller.offsets = np.arange(channels)[::-1].astype(float)
        self.show(0.0, float(known["width_s"]), True)

    def close(self) -> None:
        """End the thread that fetches."""
        self._window.close()

    def show(self, start_s: float, width_s: float, fresh: bool) -> None:
        """Seek, and wait for the answer to this very request."""
        if self._view.params["xsize"] != width_s:
            self._view.params["xsize"] = width_s
        # No two requests are for the same time: an answer that comes late is not taken for this one's.
        self._asked += 1
        start_s += self._asked * 1e-7
        self._answers.times.clear()
        self._view.seek(start_s)
        while start_s not in self._answers.times:
            # Waiting, not asking again and again: its thread needs the interpreter.
            self._application.processEvents(QT.QEventLoop.WaitForMoreEvents)
        self._view.graphicsview.viewport().repaint()

    def seen(self, start_s: float, width_s: float, spikes: Sequence[tuple[float, int, float]]) -> int:
        """Count spikes in the curves that are drawn."""
        self.show(start_s, width_s, True)
        near_s, found = 1.5 * width_s / 1400, 0
        for time_s, channel, height in spikes:
            x, y = self._view.curves[channel].getData()
            inside = np.abs(x - time_s) <= near_s
            tip = self._channels - 1 - channel + 0.9 * height * GAIN_LANES
            found += bool(inside.any() and y[inside].max() >= tip)
        return found


if __name__ == "__main__":
    application = mkQApp()
    viewer = Ephyviewer(application)
    serve(viewer, {})
    viewer.close()
