"""Spoken sentences through a sound server, PortAudio and the capture process into the ring."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import clock
from app.devices.microphone import LATE, OVERFLOW
from app.events import read_journal
from app.ring import SampleRingReader
from tests.helpers.sound import RATE_HZ, SoundServer, find, sound_server, spoken
from tests.helpers.supervision import Supervision, supervision, wait_for

SENTENCES = (
    ("en", "The kettle stands beside the window in the kitchen."),
    ("de", "Der Bus hält um halb neun vor dem Rathaus."),
)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[SoundServer]:
    with sound_server() as running:
        yield running


def rows_of(session: Supervision) -> SampleRingReader:
    return SampleRingReader(session.plan.ring("voice"))


@pytest.mark.slow
def test_spoken_sentences_are_recorded_as_they_were_played(tmp_path: Path, server: SoundServer) -> None:
    played = [spoken(text, voice) for voice, text in SENTENCES]
    with supervision(tmp_path, {"id": "voice", "source": "microphone", "params": {}}) as session:
        session.start("capture", "voice", server.environment)
        session.health("voice", "live")
        heard: list[tuple[float, float, Any]] = []
        for wave in played:
            time.sleep(0.4)
            begun_s = clock.now()
            assert server.play(wave).wait(30) == 0
            time.sleep(0.4)
            heard.append((begun_s, clock.now(), rows_of(session).read(0)))
        loudest = max(message.get("level_dbfs", -120) for message in session.of("health", "voice"))
        health = session.of("health", "voice")[-1]
        assert session.stop() == [0]
    for wave, (begun_s, ended_s, read) in zip(played, heard, strict=True):
        inside = (read.times > begun_s - 0.2) & (read.times < ended_s)
        record = read.data[inside, 0]
        first, correlation, gain = find(wave, record)
        assert correlation > 0.995, "the wave itself"
        assert gain == pytest.approx(1.0, abs=0.03), "and its level"
        times = read.times[inside]
        length_s = times[first + len(wave) - 1] - times[first]
        assert length_s == pytest.approx((len(wave) - 1) / RATE_HZ, rel=0.02), "and its duration"
        assert begun_s - 0.05 < times[first] < ended_s - length_s + 0.05, "when it was played"
        assert np.abs(record[: max(0, first - 2000)]).max(initial=0) < 3, "silence before"
    loud = max(20 * np.log10(np.sqrt(np.mean(wave.astype(float) ** 2)) / 32768) for wave in played)
    assert loud - 3 < loudest < loud + 12, "the meter shows speech"
    assert health["streams"]["voice"]["lost"] == 0


def test_sound_that_the_sound_card_lost_is_told_to_the_row(tmp_path: Path, server: SoundServer) -> None:
    with supervision(tmp_path, {"id": "voice", "source": "microphone", "params": {}}) as session:
        session.start("capture", "voice", server.environment)
        session.health("voice", "live")
        time.sleep(1.5)
        server.pause(1.2)

        def lost() -> int:
            return int(session.of("health", "voice")[-1]["streams"]["voice"].get("lost", 0))

        wait_for(lost, "the loss")
        time.sleep(1.0)
        assert session.stop() == [0]
        read = rows_of(session).read(0)
        told = [
            event.payload
            for event in read_journal(session.paths.live / "capture-voice.jsonl").events
            if event.kind == "device_gap"
        ]
    missing = sum(int(payload["missing"]) for payload in told)
    span_s = read.times[-1] - read.times[0]
    assert len(read.times) + missing == pytest.approx(span_s * RATE_HZ, rel=0.02)
    assert missing == pytest.approx(1.2 * RATE_HZ, abs=0.5 * RATE_HZ)
    assert {payload["cause"] for payload in told} <= {OVERFLOW, LATE}
    for payload in told:
        row = int(np.searchsorted(read.times, payload["first_s"] - 1e-6))
        assert read.times[row] == pytest.approx(payload["first_s"], abs=1e-6)
        assert read.times[row - 1] == pytest.approx(payload["last_s"], abs=1e-6)
    assert np.all(np.diff(read.times) > 0)


def test_a_computer_that_was_held_up_loses_no_sound_and_tells_none(
    tmp_path: Path, server: SoundServer
) -> None:
    with supervision(tmp_path, {"id": "voice", "source": "microphone", "params": {}}) as session:
        capture = session.start("capture", "voice", server.environment)
        session.health("voice", "live")
        time.sleep(1.5)
        os.kill(capture.pid, signal.SIGSTOP)
        time.sleep(0.3)
        os.kill(capture.pid, signal.SIGCONT)
        time.sleep(2.0)
        assert session.stop() == [0]
        read = rows_of(session).read(0)
        told = read_journal(session.paths.live / "capture-voice.jsonl").events
    assert not [event for event in told if event.kind == "device_gap"]
    assert np.diff(read.times).max() < 0.002
