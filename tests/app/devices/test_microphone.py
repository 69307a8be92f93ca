"""Microphones: a real one through PortAudio and a sound server, and the generated voice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.devices import generated
from app.devices.entries import MicrophoneParams
from app.devices.microphone import GeneratedMicrophone, Level, PortAudioMicrophone
from app.devices.sound_clock import BlockClock, Readings
from app.devices.source import DeviceError
from app.ring import SampleRingReader
from tests.helpers.sound import RATE_HZ, SoundServer, sound_server
from tests.helpers.supervision import supervision, wait_for

BLOCK = 1764
BLOCK_S = BLOCK / 44100


def microphone(**params: object) -> dict[str, object]:
    return {"id": "voice", "source": "microphone", "params": params}


@given(jitter_s=st.floats(0, 0.01), ppm=st.floats(-200, 200), seed=st.integers(0, 1000))
def test_times_follow_the_device_and_not_the_jitter(jitter_s: float, ppm: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    block_clock = BlockClock(44100, BLOCK)
    true_s = 100.0 + np.arange(2000) * BLOCK_S * (1 + 1e-6 * ppm)
    starts = []
    previous_end = -np.inf
    for start_s in true_s:
        times = block_clock.times(start_s + jitter_s * random.random(), BLOCK)
        assert times[0] > previous_end
        assert np.all(np.diff(times) > 0)
        previous_end = times[-1]
        starts.append(times[0])
    late = np.array(starts)[1000:] - true_s[1000:] - jitter_s / 2
    assert np.abs(late).max() < 0.0015 + 0.15 * jitter_s
    assert block_clock.lost == 0


def test_a_busy_computer_makes_no_gap_but_lost_sound_does() -> None:
    block_clock = BlockClock(44100, BLOCK)
    for index in range(100):
        block_clock.times(10.0 + index * BLOCK_S, BLOCK)
    # One callback came 120 ms late, those behind it less and less: nothing is missing.
    for place, late_s in enumerate((0.12, 0.08, 0.04)):
        block_clock.times(10.0 + (100 + place) * BLOCK_S + late_s, BLOCK)
    assert (block_clock.jumps, block_clock.lost) == (0, 0)
    before = block_clock.times(10.0 + 103 * BLOCK_S, BLOCK)
    for index in range(104, 110):
        after = block_clock.times(10.5 + index * BLOCK_S, BLOCK)
    assert block_clock.jumps == 1
    assert block_clock.lost == pytest.approx(0.5 * 44100, rel=0.02)
    assert after[0] == pytest.approx(10.5 + 109 * BLOCK_S, abs=0.005)
    assert after[0] > before[-1]


def test_an_overflow_that_the_driver_tells_is_a_gap_at_once() -> None:
    block_clock = BlockClock(44100, BLOCK)
    for index in range(50):
        block_clock.times(10.0 + index * BLOCK_S, BLOCK)
    times = block_clock.times(10.2 + 50 * BLOCK_S, BLOCK, overflowed=True)
    assert times[0] == pytest.approx(10.2 + 50 * BLOCK_S)
    assert block_clock.lost == pytest.approx(0.2 * 44100, abs=200)


@pytest.mark.parametrize(
    ("ages_s", "believed"),
    [
        ([BLOCK_S + 0.012] * 100, True),
        ([0.0] * 100, False),
        ([BLOCK_S + 0.9] * 100, False),
        ([0.5 - 0.01 * n for n in range(100)], False),
        ([BLOCK_S + 0.3 - 0.002 * n for n in range(100)], False),
        ([BLOCK_S + 0.01] * 99 + [0.0], False),
    ],
)
def test_adc_times_are_believed_only_where_they_can_be_true(ages_s: list[float], believed: bool) -> None:
    readings = Readings(44100)
    first = readings.measure(5.0, ages_s[0], BLOCK)
    assert first == pytest.approx(5.0 - BLOCK_S), "arrival less length until the driver has proved itself"
    for age_s in ages_s[1:]:
        measured = readings.measure(9.0, age_s, BLOCK)
    assert readings.believes_adc == believed
    assert measured == pytest.approx(9.0 - (ages_s[-1] if believed else BLOCK_S))


@pytest.mark.parametrize(("amplitude", "expected"), [(32767, -3.0), (3277, -23.0), (0, -120.0)])
def test_level_is_told_in_decibels_below_full_scale(amplitude: int, expected: float) -> None:
    level = Level(44100)
    t = np.arange(BLOCK) / 44100
    for _ in range(200):
        level.add((amplitude * np.sin(2 * np.pi * 441 * t)).astype(np.int16))
    assert level.dbfs == pytest.approx(expected, abs=0.2)


def test_the_generated_voice_has_syllables_and_pauses() -> None:
    voice = generated.voice().astype(float)
    frames = voice[: len(voice) // 441 * 441].reshape(-1, 441)
    loud = np.sqrt(np.mean(frames**2, axis=1)) > 300
    starts = np.flatnonzero(np.diff(loud.astype(int)) == 1)
    assert 15 < len(starts) < 80
    assert 0.3 < loud.mean() < 0.9
    assert np.abs(voice).max() < 32000
    voiced = frames[loud].ravel()
    spectrum = np.abs(np.fft.rfft(voiced)) ** 2
    frequency = np.fft.rfftfreq(len(voiced), 1 / 44100)
    assert spectrum[(frequency > 80) & (frequency < 4000)].sum() > 0.95 * spectrum.sum()


def test_the_generated_microphone_keeps_time() -> None:
    feed = GeneratedMicrophone("voice", "There is none.")
    blocks = [block for block in (feed.next(1.0) for _ in range(10)) if block is not None]
    times = np.concatenate([block.times for block in blocks])
    assert np.diff(times) == pytest.approx(1 / 44100, abs=1e-6)
    assert times[-1] <= clock.now()
    assert blocks[0].data.dtype == np.int16
    assert feed.info.origin == "simulated"
    assert feed.notice == "A generated voice stands in for the microphone. There is none."


def test_a_missing_library_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", None)
    with pytest.raises(DeviceError, match="device voice"):
        PortAudioMicrophone("voice", MicrophoneParams())


@pytest.fixture(scope="module")
def server() -> Iterator[SoundServer]:
    with sound_server() as running:
        yield running


def test_a_real_microphone_hears_what_is_played_when_it_is_played(
    tmp_path: Path, server: SoundServer
) -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    tone = (20000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    with supervision(tmp_path, microphone()) as session:
        session.start("capture", "voice", server.environment)
        info = session.declared("voice")["voice"]
        session.health("voice", "live")
        time.sleep(1.5)
        before_s = clock.now()
        playing = server.play(tone)
        assert playing.wait(20) == 0
        after_s = clock.now()
        loud = wait_for(
            lambda: max(m.get("level_dbfs", -120) for m in session.of("health", "voice")) > -12, "the level"
        )
        read = SampleRingReader(session.plan.ring("voice")).read(0)
        health = session.of("health", "voice")[-1]
        assert session.stop() == [0]
    assert loud
    assert (info.origin, info.dtype, info.rate_hz) == ("recorded", "int16", 44100)
    heard = np.flatnonzero(np.abs(read.data[:, 0].astype(int)) > 5000)
    assert before_s - 0.1 < read.times[heard[0]] < read.times[heard[-1]] < after_s + 0.3
    assert read.times[heard[-1]] - read.times[heard[0]] == pytest.approx(1.0, abs=0.08)
    steady = read.times[read.times > read.times[0] + 1.0]
    assert np.all(np.diff(read.times) > 0)
    assert (len(steady) - 1) / (steady[-1] - steady[0]) == pytest.approx(44100, rel=0.05)
    assert health["streams"]["voice"]["lost"] == 0
    part = read.data[heard[0] + 4410 : heard[0] + 4410 + 32768, 0].astype(float)
    peak_hz = np.abs(np.fft.rfft(part)).argmax() * 44100 / 32768
    assert peak_hz == pytest.approx(440, abs=3)


@pytest.mark.slow
def test_a_microphone_that_is_pulled_out_is_told_and_comes_back(tmp_path: Path) -> None:
    with sound_server() as server, supervision(tmp_path, microphone(fallback="generated")) as session:
        session.start("capture", "voice", server.environment)
        session.health("voice", "live")
        server.kill()
        assert "sends nothing" in session.health("voice", "failed")["message"]
        # The stand-in is for machines without a microphone, not for one that lost it in a session.
        later = session.of("health", "voice")
        assert all("stands in" not in message["message"] for message in later)
        server.restart()
        session.health("voice", "live", len(session.of("health", "voice")))
        read = SampleRingReader(session.plan.ring("voice")).read(0)
        assert np.all(np.diff(read.times) > 0)
        assert np.diff(read.times).max() > 1.0


def test_a_machine_without_a_microphone_gets_the_voice_and_is_told(tmp_path: Path) -> None:
    with supervision(tmp_path, microphone(source="no such microphone", fallback="generated")) as session:
        session.start("capture", "voice")
        assert session.declared("voice")["voice"].origin == "simulated"
        assert "generated voice stands in" in session.health("voice", "live")["message"]
        assert session.stop() == [0]
