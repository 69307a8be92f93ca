"""Cameras and microphones are kept to the stages that the protocol names, to the row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.records import NOT_RECORDED, StreamInfo
from analysis.session_file import open_session
from app.plan import SessionPlan
from app.recorder.inlets import Rows
from app.recorder.tracks import Track
from app.recorder.windows import HOLD_S, Windows
from app.streams import Expected
from app.study import Study
from app.supervisor.windows import RecordingWindows

CAMERA = StreamInfo("face", "camera", "simulated", ("frame",), ("",), ("video",), 0.0, "jpeg")


def rows(first: int, count: int, step_s: float = 0.1) -> Rows:
    index = np.arange(first, first + count)
    return Rows(np.asarray(index * step_s, np.float64), tuple(b"%d" % number for number in index), first)


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
    st.lists(st.integers(0, 2000), max_size=6, unique=True),
)
def test_what_lies_in_an_open_time_is_kept_once_and_nothing_else(sizes: list[int], times: list[int]) -> None:
    switches = [(time / 100.0 + 0.003, place % 2 == 0) for place, time in enumerate(sorted(times))]
    windows = Windows()
    windows.set(switches)
    kept: list[Rows] = []
    first = 0
    for size in sizes:
        kept += windows.passed(rows(first, size), (first + size) * 0.1)
        first += size
    kept += windows.passed(None, first * 0.1 + HOLD_S)

    def is_open(time_s: float) -> bool:
        return [False, *(opens for at_s, opens in switches if at_s <= time_s)][-1]

    wanted = [number for number in range(first) if is_open(number * 0.1)]
    assert [int(blob) for part in kept for blob in part.data] == wanted
    for part in kept:
        assert [part.seq + place for place in range(len(part.times))] == [int(blob) for blob in part.data]
    for before, part in pairwise(kept):
        left_out = part.seq - before.seq - len(before.times)
        assert (part.cause, part.missing) == ((NOT_RECORDED, left_out) if left_out else ("", 0))


def test_word_that_comes_late_still_decides_by_the_stages_own_moment() -> None:
    windows = Windows()
    assert list(windows.passed(rows(0, 10), 0.9)) == [], "nothing is kept before the first stage"
    windows.set([(0.65, True)])
    kept = list(windows.passed(rows(10, 1), 1.0 + HOLD_S))
    assert [part.seq for part in kept] == [7, 10], "the last half second had not been decided about"


def test_what_is_left_out_on_purpose_is_a_gap_and_no_loss() -> None:
    track = Track(Expected("face", "ring"), CAMERA, None)
    track.windows = Windows()
    track.windows.set([(0.0, True), (1.0, False), (2.0, True)])

    class Source:
        given = rows(0, 30)

        def pull(self) -> Rows | None:
            taken, self.given = self.given, None  # type: ignore[assignment]
            return taken

        def close(self) -> None:
            pass

    track.connect(Source(), 0.0)  # type: ignore[arg-type]
    track.pull(10.0)
    pieces, _ = track.fetch()
    assert [(piece.seq, len(piece.rows.times)) for piece in pieces] == [(0, 10), (20, 10)]
    ((hole,),) = [piece.holes for piece in pieces if piece.holes]
    assert (hole.row, hole.missing, hole.cause) == (0, 10, NOT_RECORDED)
    assert track.missing == 0
    assert track.gaps == 1
    assert track.has_passed(2.9)


def plan(*cameras: bool | None) -> SessionPlan:
    stages = [{"content": {} if each is None else {"camera": each}} for each in cameras]
    devices = ({"id": "face", "source": "camera"}, {"id": "voice", "source": "microphone"})
    return SessionPlan("u", "s", "recorded", schedule={"stages": stages}, devices=devices)


def test_the_recorder_is_told_only_where_some_stage_is_not_recorded() -> None:
    assert RecordingWindows(plan(None, True)).message is None
    windows = RecordingWindows(plan(False, None, None, False))
    assert windows.message == {"type": "windows", "streams": {"face": []}}, "closed before the first stage"
    told = [windows.stage_started({"index": place}, float(place)) for place in range(4)]
    assert told == [False, True, False, True]
    assert windows.message == {"type": "windows", "streams": {"face": [(1.0, True), (3.0, False)]}}
    assert not windows.ended(4.0)


@pytest.mark.parametrize("plan", [SessionPlan("u", "s", "recorded"), plan()])
def test_a_recording_without_stages_keeps_everything(plan: SessionPlan) -> None:
    assert RecordingWindows(plan).message is None


PROTOCOL = """
name: windows
version: 1
title: Windows
record: {camera: stages}
stimuli: {set: open, categories: {any: {category: neutral}}}
opening:
  - {kind: blank, name: before, duration_s: 1.5}
trials:
  look:
    - {kind: picture, duration_s: 1.5, camera: true}
    - {kind: blank, name: between, duration_s: 1.5}
blocks:
  - {name: main, trial: look, draw: {any: 2}}
"""
DEVICES = """
- {id: face, source: camera, params: {source: 0, fallback: generated}}
- {id: voice, source: microphone, params: {source: default, fallback: generated}}
"""


@pytest.mark.slow
def test_a_camera_is_in_the_file_in_its_stages_only_and_a_microphone_throughout(tmp_path: Path) -> None:
    Study.create(tmp_path / "study", "Windows", "simulation")
    (tmp_path / "windows.yaml").write_text(PROTOCOL)
    (tmp_path / "devices.yaml").write_text(DEVICES)
    command = [sys.executable, "-m", "app", "run", str(tmp_path / "windows.yaml"), "--participant", "sim01"]
    command += ["--study", str(tmp_path / "study"), "--devices", str(tmp_path / "devices.yaml"), "--auto"]
    command += ["--headless", "--no-window", "--signal-check", "0", "--json"]
    environment = os.environ | {"EVOKE_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    with open_session(Path(json.loads(done.stdout)["path"])) as session:
        face, voice = session.streams["face"], session.streams["voice"]
        stages = [event for event in session.events if event.kind in ("stage_started", "stage_ended")]
        starts = [
            event.time for event in stages if event.stage == "picture" and event.kind == "stage_started"
        ]
        ends = [event.time for event in stages if event.stage == "picture" and event.kind == "stage_ended"]
        times = np.asarray(face.times[:])
        inside = np.zeros(len(times), bool)
        for start, end in zip(starts, ends, strict=True):
            within = (times >= start) & (times <= end)
            assert within.sum() > 30, "the whole stage is there"
            inside |= within
        assert inside.all(), "and nothing outside of it"
        assert [gap.cause for gap in face.gaps] == [NOT_RECORDED]
        assert face.gaps[0].missing > 30, "what was left out is counted"
        assert not voice.gaps
        assert voice.times[0] < starts[0]
        assert voice.times[-1] > ends[-1]
