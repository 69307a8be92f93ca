"""The pictures of a recording's camera: which one was last at a time, and its bytes."""

from __future__ import annotations

import numpy as np

from analysis.session_reader import Stream


class CameraFrames:
    """JPEG pictures of one stream between two times; numbers count from 0 at the first of them."""

    def __init__(self, stream: Stream, start_s: float, stop_s: float) -> None:
        self.stream = stream
        # A clock that was set back repeats times: then the first frame that lies there holds.
        times = np.maximum.accumulate(stream.corrected_times())
        self._first = int(np.searchsorted(times, start_s))
        self.times_s = times[self._first : int(np.searchsorted(times, stop_s, "right"))]

    def __len__(self) -> int:
        return len(self.times_s)

    def number_at(self, time_s: float) -> int:
        """Return the number of the last frame at or before a time, -1 before the first."""
        return int(np.searchsorted(self.times_s, time_s, "right")) - 1

    def step(self, time_s: float, count: int) -> float:
        """Return the time of the frame `count` frames from the one that is shown at a time."""
        if not len(self):
            return time_s
        at = self.number_at(time_s)
        return float(self.times_s[min(len(self) - 1, max(0, at + count))])

    def jpeg(self, number: int) -> bytes:
        """Return the bytes of a frame; may be called in a thread."""
        content: bytes = self.stream.data[self._first + number]
        return content
