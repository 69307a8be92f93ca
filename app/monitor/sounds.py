"""Judging a microphone."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from app.monitor.follow import SHORTEST_S, Freshness, RingFile
from app.monitor.quality_rate import pace
from app.monitor.quality_sound import Block, loudness, measure
from app.monitor.rules import RULES, Quality
from app.monitor.window import WINDOW_S, Window
from app.ring import SampleRingReader


class SoundWatch(RingFile):
    """Watches the ring of a microphone."""

    def __init__(self, path: Path, reader: SampleRingReader) -> None:
        super().__init__(path)
        self.info = reader.info
        self._reader = reader
        self._window = Window(self.info)
        self._blocks: deque[Block] = deque()
        self._fresh = Freshness()
        self._next = reader.written

    def poll(self, now: float) -> None:
        """Take the sound that is new."""
        if self._reader.written <= self._next:
            return
        rows = self._reader.read(self._next)
        self._next = rows.first_seq + len(rows.times)
        if not len(rows.times):
            return
        self._fresh.saw(self._reader.received_s, now)
        self._window.add(rows.first_seq, rows.times, rows.data)
        self._blocks.append(measure(rows.data, now))
        while self._blocks[0].end_s < now - WINDOW_S:
            self._blocks.popleft()

    def judge(self, now: float) -> Quality:
        """Judge rate, level, silence and clipping."""
        rows = self._window.excerpt()
        quality = Quality(self.info.id, rows.seconds)
        quality.is_waiting = rows.seconds < SHORTEST_S
        if self._fresh.report_silence(quality, now) or quality.is_waiting:
            return quality
        found = pace(rows.times, rows.numbers, self.info.rate_hz)
        if found is not None:
            quality.values |= {
                "rate_hz": round(found.rate_hz, 1),
                "rate_error": round(found.error, 5) + 0.0,
                "loss": round(found.loss, 5),
            }
            if abs(found.error) > RULES["rate"].limit + found.uncertainty:
                quality.report("rate", value=found.rate_hz, nominal=self.info.rate_hz)
            quality.report_above(found.loss, "loss_high", "loss")
        heard = loudness(self._blocks)
        if heard is not None:
            quality.values |= {"level_dbfs": heard.level_dbfs, "clipping": round(heard.clipping, 6)}
            quality.report_above(heard.clipping, "clipping_high", "clipping")
            if heard.loudest_dbfs < RULES["muted"].limit:
                quality.report("muted")
            elif heard.loudest_dbfs < RULES["quiet"].limit:
                quality.report("quiet", value=heard.loudest_dbfs)
        return quality
