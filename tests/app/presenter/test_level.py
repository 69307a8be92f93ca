"""The level of a microphone, read from its ring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.records import StreamInfo
from app.presenter.level import MicrophoneLevel, loudness
from app.ring import SampleRingWriter

RATE_HZ = 16_000


def microphone() -> StreamInfo:
    return StreamInfo("mic", "audio", "simulated", ("sound",), ("",), ("audio",), RATE_HZ, "int16")


def sine(amplitude: float, seconds: float) -> np.ndarray:
    phase = 2 * np.pi * 440 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * 32767 * np.sin(phase)).astype(np.int16)[:, None]


@pytest.mark.parametrize(("amplitude", "decibels"), [(1.0, -3.0), (0.1, -23.0), (0.01, -43.0), (0.0, -60.0)])
def test_the_level_follows_the_sound(tmp_path: Path, amplitude: float, decibels: float) -> None:
    writer = SampleRingWriter(tmp_path / "mic.ring", microphone(), RATE_HZ)
    sound = sine(amplitude, 0.2)
    writer.append(np.arange(len(sound)) / RATE_HZ, sound, received_s=50.0)
    level = MicrophoneLevel(tmp_path / "mic.ring", lambda: 50.1)()
    assert level is not None and level == pytest.approx(1 + decibels / 60, abs=0.01)


def test_no_ring_no_level_and_one_that_comes_later_is_found(tmp_path: Path) -> None:
    times = iter((10.0, 10.5, 11.2))
    level = MicrophoneLevel(tmp_path / "mic.ring", lambda: next(times))
    assert level() is None
    writer = SampleRingWriter(tmp_path / "mic.ring", microphone(), RATE_HZ)
    writer.append(np.zeros(160), sine(0.5, 0.01), received_s=11.1)
    assert level() is None, "it looks once a second"
    assert level() is not None


def test_a_microphone_that_stopped_is_none(tmp_path: Path) -> None:
    writer = SampleRingWriter(tmp_path / "mic.ring", microphone(), RATE_HZ)
    writer.append(np.zeros(160), sine(0.5, 0.01), received_s=50.0)
    time = [50.1]
    level = MicrophoneLevel(tmp_path / "mic.ring", lambda: time[0])
    assert level() is not None
    time[0] = 52.0
    assert level() is None


def test_loudness_stays_within_its_scale() -> None:
    assert loudness(0.0) == 0.0 and loudness(10.0) == 1.0
