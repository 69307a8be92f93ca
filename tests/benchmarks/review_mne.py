"""Run by the Python of mne-qt-browser's own environment, which `evoke bench review` makes.

The samples are in memory, as MNE holds them (float64), and it may reduce them for the screen ("auto"): as it
comes (every sample drawn) the whole recording does not get ready at all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import mne
import numpy as np
from qtpy.QtWidgets import QApplication
from review_serving import serve  # type: ignore[import-not-found]

LANE_V = 100e-6


class Browser:
    """MNE's browser on an array."""

    def open(self, known: dict[str, Any]) -> None:
        """Open the samples."""
        rows, channels = known["shape"]
        samples = np.memmap(known["raw"], np.float32, "r", shape=(rows, channels))
        mne.set_log_level("error")
        info = mne.create_info([f"E{place + 1}" for place in range(channels)], known["rate_hz"], "eeg")
        volts = np.empty((channels, rows))
        np.multiply(samples.T, 1e-6, out=volts)
        raw = mne.io.RawArray(volts, info, copy=None)
        mne.viz.set_browser_backend("qt")
        self._figure = raw.plot(
            n_channels=channels,
            duration=float(known["width_s"]),
            scalings={"eeg": LANE_V / 2},
            remove_dc=False,
            clipping=None,
            precompute=False,
            show=False,
            block=False,
        )
        self._figure.mne.downsampling = "auto"
        self._application: Any = QApplication.instance()
        self._figure.resize(*known["size"])
        self._figure.show()
        self.show(0.0, float(known["width_s"]), True)

    def show(self, start_s: float, width_s: float, fresh: bool) -> None:
        """Move the range and paint."""
        self._figure.mne.plt.setXRange(start_s, start_s + width_s, padding=0)
        self._application.processEvents()
        self._figure.mne.view.viewport().repaint()

    def seen(self, start_s: float, width_s: float, spikes: Sequence[tuple[float, int, float]]) -> int:
        """Count spikes in the curves that are drawn; its lanes grow downwards."""
        self.show(start_s, width_s, True)
        near_s, found = 1.5 * width_s / 1400, 0
        traces = {trace.ch_name: trace for trace in self._figure.mne.traces}
        for time_s, channel, height in spikes:
            trace = traces.get(f"E{channel + 1}")
            if trace is None:
                continue
            x, y = trace.getData()
            inside = np.abs(x - time_s) <= near_s
            # A curve is in lanes, two scalings each, around its own place.
            reach = 0.9 * height * 1e-6 / LANE_V
            found += bool(inside.any() and np.abs(y[inside]).max() >= reach)
        return found


if __name__ == "__main__":
    serve(Browser(), {})
