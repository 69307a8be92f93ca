"""Cameras and microphones: the recorder takes every row of their rings, whoever of both is killed."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock
from app.streams import Expected
from tests.helpers import outlets
from tests.helpers.desk import Desk

CAMERA = """
import sys, time
from pathlib import Path
from analysis.records import StreamInfo
from app import clock
from app.ring import BlobRingWriter
width = int(sys.argv[2])
info = StreamInfo("camera", "video", "simulated", ("frame",), ("jpeg",), ("video",), 30.0, "jpeg",
                  source_id="ring:camera")
ring = BlobRingWriter(Path(sys.argv[1]), info, width, 10_000_000)
sys.stdout.write("there\\n"); sys.stdout.flush()
while True:
    ring.append(clock.now(), str(ring.written).encode() * 500)
    time.sleep(1 / 30)
"""

MICROPHONE = """
import sys, time
from pathlib import Path
import numpy as np
from analysis.records import StreamInfo
from app import clock
from app.ring import SampleRingWriter
info = StreamInfo("microphone", "audio", "simulated", ("sound",), ("",), ("audio",), 8000.0, "int16",
                  source_id="ring:microphone")
ring = SampleRingWriter(Path(sys.argv[1]), info, 10.0)
sys.stdout.write("there\\n"); sys.stdout.flush()
start, base = clock.now(), ring.written
while True:
    due = base + int((clock.now() - start) * 8000)
    index = np.arange(ring.written, due)
    ring.append(start + (index - base) / 8000, (index % 30000).astype("i2")[:, None])
    time.sleep(0.02)
"""

BOTH = (Expected("camera", "ring"), Expected("microphone", "ring"))


class Captures:
    """Stands in for the capture processes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, script: str, frames: int = 300) -> None:
        stream = "camera" if script is CAMERA else "microphone"
        command = [sys.executable, "-c", script, str(self.desk.plan.ring(stream)), str(frames)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        self.running[stream] = process

    def kill(self, stream: str) -> None:
        outlets.end(self.running.pop(stream))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def captures(desk: Desk) -> Iterator[Captures]:
    captures = Captures(desk)
    yield captures
    for stream in list(captures.running):
        captures.kill(stream)


def let_pass(desk: Desk, seconds: float) -> None:
    until_s = clock.now() + seconds
    desk.wait_for(lambda message: clock.now() > until_s)


def numbers(desk: Desk, parts: int, stream: str) -> list[int]:
    """The rows' own content, each row of the stream once."""
    rows: dict[int, int] = {}
    for number in range(1, parts + 1):
        with contextlib.suppress(KeyError):
            part = desk.part(number)[stream]
            for seq, row in zip(part.seqs, range(len(part.time)), strict=True):
                if isinstance(part.data, list):
                    content = part.data[row]
                    value = int(content[: len(content) // 500])
                else:
                    value = int(part.data[row, 0])
                rows[seq] = value
    assert all(value == (seq if stream == "camera" else seq % 30000) for seq, value in rows.items())
    return sorted(rows)


def assert_whole(seqs: list[int]) -> None:
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
    assert len(seqs) > 10


def test_a_killed_recorder_loses_no_frame_and_no_sound(desk: Desk, captures: Captures) -> None:
    captures.start(CAMERA)
    captures.start(MICROPHONE)
    desk.expected = list(BOTH)
    desk.start()
    desk.wait_type("ready")
    for _ in range(2):
        let_pass(desk, 0.7)
        desk.kill()
        desk.start()
        desk.wait_type("ready")
    let_pass(desk, 0.5)
    asked_s = clock.now()
    closed = desk.stop()
    for stream in ("camera", "microphone"):
        seqs = numbers(desk, 3, stream)
        assert_whole(seqs)
        assert closed["samples"][stream] == len(seqs)
        assert desk.part(3)[stream].time[-1] >= asked_s
        assert [gap for number in (1, 2, 3) for gap in desk.part(number)[stream].gaps] == []


def test_a_restarted_capture_goes_on_in_the_same_part_with_a_gap(desk: Desk, captures: Captures) -> None:
    captures.start(CAMERA)
    desk.expected = [BOTH[0]]
    desk.start()
    desk.wait_type("ready")
    let_pass(desk, 0.5)
    captures.kill("camera")
    desk.wait_state("camera", "stale")
    captures.start(CAMERA)
    desk.wait_state("camera", "live")
    let_pass(desk, 0.5)
    desk.stop()
    assert_whole(numbers(desk, 1, "camera"))
    camera = desk.part(1)["camera"]
    ((last, first, missing, cause),) = camera.gaps
    assert (first - last, cause) == (1, "capture restarted")
    step_s = camera.time[first] - camera.time[last]
    assert step_s > 1
    assert missing == pytest.approx(step_s * 30 - 1, abs=1)


@pytest.mark.slow
def test_a_capture_that_makes_a_larger_ring_is_followed(desk: Desk, captures: Captures) -> None:
    captures.start(CAMERA, frames=100)
    desk.expected = [BOTH[0]]
    desk.start()
    desk.wait_type("ready")
    captures.kill("camera")
    desk.wait_state("camera", "stale")
    captures.start(CAMERA, frames=200)
    desk.wait_state("camera", "live")
    let_pass(desk, 0.5)
    desk.stop()
    assert_whole(numbers(desk, 1, "camera"))
    assert len(desk.part(1)["camera"].gaps) == 1


@pytest.mark.slow
def test_a_camera_that_comes_late_begins_a_part_with_its_first_frame(desk: Desk, captures: Captures) -> None:
    captures.start(MICROPHONE)
    desk.expected = [BOTH[1], Expected("camera", "ring", required=False)]
    desk.start()
    desk.wait_type("ready")
    captures.start(CAMERA)
    desk.wait_for(lambda m: m["type"] == "health" and m["part"] == 2)
    desk.wait_state("camera", "live")
    desk.stop()
    assert numbers(desk, 2, "camera")[0] == 0
    assert_whole(numbers(desk, 2, "camera"))
    assert_whole(numbers(desk, 2, "microphone"))
