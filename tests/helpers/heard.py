"""What a private sound server's loudspeaker plays, recorded with the time of every sample."""

from __future__ import annotations

import os
import subprocess
import threading

import numpy as np

from analysis.alignment_signals import tone_onset
from app import clock
from tests.helpers.sound import RATE_HZ, SoundServer

AROUND_S = 0.4


class Heard:
    """Records the default loudspeaker while the block runs; then finds the beeps of our films in it."""

    def __init__(self, server: SoundServer) -> None:
        self._server = server
        self._chunks: list[tuple[float, bytes]] = []

    def __enter__(self) -> Heard:
        options = ["--raw", "--format=s16le", "--channels=1", f"--rate={RATE_HZ}", "--latency-msec=10"]
        self._process = subprocess.Popen(
            ["parec", "--device=heard.monitor", *options],
            env=self._server.environment,
            stdout=subprocess.PIPE,
        )
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        counts = np.cumsum([len(data) // 2 for _, data in self._chunks])
        arrivals = np.array([time for time, _ in self._chunks])
        self._sound = np.frombuffer(b"".join(data for _, data in self._chunks), "<i2").astype(float)
        # A block arrives late or never early: the earliest ones tell when sample 0 was played.
        self._begun_s = float(np.min(arrivals - counts / RATE_HZ))

    def beep_near(self, time_s: float) -> float:
        """Return how many seconds after `time_s` a beep began; NaN where there is none nearby."""
        first = max(0, round((time_s - AROUND_S - self._begun_s) * RATE_HZ))
        last = round((time_s + AROUND_S - self._begun_s) * RATE_HZ)
        rows = np.arange(first, min(last, len(self._sound)))
        onset_s = tone_onset(self._sound[rows], self._begun_s + rows / RATE_HZ, RATE_HZ)
        return float("nan") if onset_s is None else onset_s - time_s

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := os.read(self._process.stdout.fileno(), 65536):
            self._chunks.append((clock.now(), data))
