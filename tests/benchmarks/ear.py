"""What a private loudspeaker that nobody hears plays, with the time of every sample.

The monitor of a PulseAudio null sink is recorded by `parec`. Samples lie evenly on the sink's own clock,
which may run some hundred parts in a million fast or slow: a line through the blocks that came through
soonest, one each few seconds, tells its rate. Between sink and recording lies the same delay for all.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.helpers.sound import RATE_HZ, SoundServer

Floats = NDArray[np.float64]

BLOCK_BYTES = 512
QUIET_S = 0.15
BIN_S, LEAST_BINS = 5.0, 6


@dataclass(slots=True)
class Heard:
    """Blocks of sound as they came: (time of arrival in monotonic seconds, bytes of 16 bit mono)."""

    blocks: list[tuple[float, bytes]] = field(default_factory=list)

    def samples(self) -> NDArray[np.int16]:
        """Return all of it, (n,)."""
        return np.frombuffer(b"".join(block for _, block in self.blocks), np.int16)

    def clock(self) -> tuple[float, float]:
        """Return the time of the first sample, and how long a sample lasts, in seconds."""
        ends_s = np.cumsum([len(block) // 2 for _, block in self.blocks]) / RATE_HZ
        behind_s = np.array([at for at, _ in self.blocks]) - ends_s
        bins = (ends_s / BIN_S).astype(int)
        soonest = [int(np.flatnonzero(bins == each)[np.argmin(behind_s[bins == each])]) for each in set(bins)]
        if len(soonest) < LEAST_BINS:
            return float(behind_s.min()), 1 / RATE_HZ
        slope, start_s = np.polyfit(ends_s[soonest], behind_s[soonest], 1)
        return float(start_s), float((1 + slope) / RATE_HZ)

    def onsets(self, level: float = 0.05) -> Floats:
        """Return when sounds begin that follow at least 0.15 s of silence, in monotonic seconds."""
        loud = np.abs(self.samples().astype(np.float64)) > level * 32768
        rows = np.flatnonzero(loud)
        if not len(rows):
            return np.zeros(0)
        first = np.concatenate([[True], np.diff(rows) > QUIET_S * RATE_HZ])
        start_s, sample_s = self.clock()
        return np.asarray(start_s + rows[first] * sample_s, np.float64)


@contextlib.contextmanager
def listening(server: SoundServer) -> Iterator[Heard]:
    """Record what the server's loudspeaker plays while the block runs."""
    heard = Heard()
    command = ["parec", "--raw", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=5"]
    process = subprocess.Popen(
        [*command, "--device=heard.monitor"], env=server.environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    stream = process.stdout

    def read() -> None:
        while block := stream.read1(BLOCK_BYTES):  # type: ignore[attr-defined]
            heard.blocks.append((time.monotonic(), block))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield heard
    finally:
        process.terminate()
        process.wait(10)
        reader.join(5)
