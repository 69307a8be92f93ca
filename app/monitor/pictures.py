"""Judging a camera."""

from __future__ import annotations

import zlib
from collections import deque
from pathlib import Path

import numpy as np

from app.devices.source import DeviceError
from app.monitor.follow import SHORTEST_S, Freshness, RingFile
from app.monitor.quality_picture import Look, Looker, repeats
from app.monitor.quality_rate import pace
from app.monitor.rules import RULES, Quality
from app.monitor.window import WINDOW_S
from app.ring import BlobRingReader

LOOK_S = 0.45
"""A picture is looked at twice a second; the cascade costs most of what the monitor does."""


class PictureWatch(RingFile):
    """Watches the ring of a camera; without OpenCV only rate and repetition."""

    def __init__(self, path: Path, reader: BlobRingReader) -> None:
        super().__init__(path)
        self.info = reader.info
        self.problem = ""
        self._reader = reader
        self._frames: deque[tuple[int, float, int]] = deque()
        self._looks: deque[tuple[float, Look]] = deque()
        self._fresh = Freshness()
        self._next = reader.written
        self._looked_s = 0.0
        self._is_full = False
        self._looker: Looker | None = None
        try:
            self._looker = Looker(self.info.id)
        except DeviceError as error:
            self.problem = str(error)

    def poll(self, now: float) -> None:
        """Take the pictures that are new, and look at the newest."""
        if self._reader.written <= self._next:
            return
        rows = self._reader.read(self._next)
        self._next = rows.first_seq + len(rows.times)
        if not len(rows.times):
            return
        self._fresh.saw(self._reader.received_s, now)
        for place, (time_s, jpeg) in enumerate(zip(rows.times, rows.data, strict=True)):
            self._frames.append((rows.first_seq + place, float(time_s), zlib.crc32(jpeg)))
        newest_s = self._frames[-1][1]
        while not newest_s - WINDOW_S <= self._frames[0][1] <= newest_s:
            self._frames.popleft()
            self._is_full = True
        if now - self._looked_s >= LOOK_S and self._looker is not None:
            self._looked_s = now
            look = self._looker.look(rows.data[-1], int(self.info.details.get("width") or 0))
            if look is not None:
                self._looks.append((now, look))
        while self._looks and self._looks[0][0] < now - WINDOW_S:
            self._looks.popleft()

    def judge(self, now: float) -> Quality:
        """Judge rate, lost and repeated pictures, light, and whether there is a face."""
        numbers, times, marks = zip(*self._frames, strict=True) if self._frames else ((), (), ())
        seconds = round(times[-1] - times[0], 2) if times else 0.0
        quality = Quality(self.info.id, WINDOW_S if self._is_full else min(WINDOW_S, seconds))
        quality.is_waiting = quality.seconds < SHORTEST_S
        if self._fresh.report_silence(quality, now) or quality.is_waiting:
            return quality
        self._judge_pace(quality, numbers, times)
        repeated = repeats(marks)
        quality.values["repeated"] = repeated
        quality.report_above(repeated / len(marks), "frozen", "repeated")
        if len(self._looks) > 1:
            self._judge_looks(quality)
        return quality

    def _judge_pace(self, quality: Quality, numbers: tuple[int, ...], times: tuple[float, ...]) -> None:
        if not self.info.rate_hz:
            return
        found = pace(np.array(times), np.array(numbers, dtype=np.float64), self.info.rate_hz)
        if found is None:
            return
        quality.values |= {
            "rate_hz": round(found.rate_hz, 2),
            "rate_error": round(found.error, 5) + 0.0,
            "loss": round(found.loss, 5),
            "dropped": found.missing,
        }
        # A camera that is faster than it says loses nothing.
        words = {"value": found.rate_hz, "nominal": self.info.rate_hz}
        quality.report_above(-found.error - found.uncertainty, "frames_few", "frames_slow", **words)
        quality.report_above(found.loss, "frames_lost_high", "frames_lost", value=found.missing)

    def _judge_looks(self, quality: Quality) -> None:
        brightness = float(np.mean([look.brightness for _, look in self._looks]))
        faces = float(np.mean([look.has_face for _, look in self._looks]))
        has_face = faces >= RULES["no_face"].limit
        quality.values |= {"brightness": round(brightness, 1), "face": has_face}
        if brightness < RULES["dark"].limit:
            quality.report("dark")
        elif brightness > RULES["glaring"].limit:
            quality.report("glaring")
        if not has_face:
            quality.report("no_face" if self.info.origin == "recorded" else "no_drawn_face")
