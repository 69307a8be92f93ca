"""What a private loudspeaker that nobody hears plays, with the time of every sample.

The monitor of a PulseAudio null sink is recorded by `parec`. The sink runs on the system's own clock, so
samples lie evenly on it; where they begin is told by the block that came through soonest. Between sink and
recording lies a delay of some milliseconds that is the same for all of them.
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
FRAME = 44


@dataclass(slots=True)
class Heard:
    """Blocks of sound as they came: (time of arrival in monotonic seconds, bytes of 16 bit mono)."""

    blocks: list[tuple[float, bytes]] = field(default_factory=list)

    def samples(self) -> NDArray[np.int16]:
        """Return all of it, (n,)."""
        return np.frombuffer(b"".join(block for _, block in self.blocks), np.int16)

    def start_s(self) -> float:
        """Return the time of the first sample."""
        ends = np.cumsum([len(block) // 2 for _, block in self.blocks])
        arrivals = np.array([at for at, _ in self.blocks])
        return float(np.min(arrivals - ends / RATE_HZ))

    def onsets(self, level: float = 0.05) -> Floats:
        """Return when sounds begin that follow at least 0.15 s of silence, in monotonic seconds."""
        loud = np.abs(self.samples().astype(np.float64)) > level * 32768
        rows = np.flatnonzero(loud)
        if not len(rows):
            return np.zeros(0)
        first = np.concatenate([[True], np.diff(rows) > QUIET_S * RATE_HZ])
        return np.asarray(self.start_s() + rows[first] / RATE_HZ, np.float64)


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
