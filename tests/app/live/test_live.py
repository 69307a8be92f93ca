"""A kept recognizer on running streams: rings of a session, LSL, a replay; its answers on LSL again."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pylsl import StreamInlet, StreamOutlet, resolve_byprop

from analysis.features.as_live import live_inputs
from analysis.live.streams import Streams
from analysis.records import Event
from analysis.session_file import open_session
from app import clock
from app.commands.live import live
from app.events import encode
from app.live.loop import Told, run
from app.live.models import LiveUseError, Mounted, mount
from app.live.outlet import Outlet
from app.live.sources import LslNames, ReplaySource, SessionSource, Source, running_session
from app.streams import to_lsl
from tests.helpers.live_models import BVP, EDA, STREAMS, live_options, session_file, trained_on
from tests.helpers.live_session import LiveSession, signal_of

PATIENCE_S = 30.0


def answers_of(mounted: Mounted, source: Source, count: int, **more: Any) -> list[Told]:
    """Run until there are so many decisions; fail when they do not come."""
    found: list[Told] = []
    stopping = threading.Event()
    timer = threading.Timer(PATIENCE_S, stopping.set)
    timer.start()

    def heard(told: Told) -> None:
        found.append(told)
        if sum(each.answer.proba is not None for each in found) >= count:
            stopping.set()

    run([mounted], source, heard, stopping=stopping, **more)
    timer.cancel()
    assert sum(each.answer.proba is not None for each in found) >= count
    return found


def test_a_running_session_is_read_from_its_rings(model: Path, tmp_path: Path) -> None:
    streams = tuple(each for each in STREAMS if each.id in ("eda", "bvp"))
    with LiveSession(tmp_path, streams, "running"):
        source = SessionSource(running_session(tmp_path))
        told = answers_of(mount(model, hop_s=0.5), source, 2)
    last = told[-1]
    assert [each.state for each in last.answer.inputs] == ["present", "present"]
    assert abs(clock.now() - last.answer.stop_s) < PATIENCE_S
    assert last.latency["total"] >= last.latency["features"] >= 0
    assert last.judged is not None and 0 <= last.judged.entropy <= 1


def test_no_session_runs(tmp_path: Path) -> None:
    with pytest.raises(LiveUseError, match="no session runs there"):
        running_session(tmp_path)


class _Senders:
    """Publishes streams on LSL as devices do, until it is closed."""

    def __init__(self, mark: str) -> None:
        self.infos = [
            replace(each, details={"name": f"{each.id}-{mark}"}, source_id=f"{each.id}-{mark}")
            for each in STREAMS
            if each.id in ("eda", "bvp")
        ]
        self._outlets = [StreamOutlet(to_lsl(info)) for info in self.infos]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    @property
    def names(self) -> list[str]:
        return [str(info.details["name"]) for info in self.infos]

    def _send(self) -> None:
        begun_s = clock.now()
        sent = [0] * len(self.infos)
        while not self._stopping.wait(0.05):
            for place, info in enumerate(self.infos):
                due = int((clock.now() - begun_s) * info.rate_hz)
                if due > sent[place]:
                    times = begun_s + np.arange(sent[place], due) / info.rate_hz
                    rows = signal_of(info, times).astype(np.float32)
                    self._outlets[place].push_chunk(rows, times.tolist())
                    sent[place] = due

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(5)


def test_lsl_comes_in_and_answers_go_out_on_lsl(model: Path) -> None:
    mark = f"live-{time.monotonic_ns()}"
    senders = _Senders(mark)
    source = LslNames(senders.names)
    mounted = mount(model, hop_s=0.5)
    outlet = Outlet(mounted, f"answers-{mark}", False)
    try:
        (found,) = resolve_byprop("name", f"answers-{mark}", 1, PATIENCE_S)
        inlet = StreamInlet(found)
        inlet.open_stream(PATIENCE_S)
        wait_for(lambda: outlet.has_consumers)
        told = answers_of(mounted, source, 2, outlets=[outlet])
        samples = [inlet.pull_sample(PATIENCE_S) for _ in told]
        # What `desc` gives points into the description itself, which must stay.
        full = inlet.info(PATIENCE_S)
        desc = full.desc().child("evoke")
        facts = {key: desc.child_value(key) for key in ("recognizer", "classes", "model_sha256")}
        inlet.close_stream()
    finally:
        senders.close()
        source.close()
        outlet.close()
    assert facts == {"recognizer": "lda", "classes": "calm|angry", "model_sha256": mounted.sha256}
    for each, (values, stamp) in zip(told, samples, strict=True):
        assert values is not None and stamp == pytest.approx(each.answer.stop_s, abs=1e-9)
        row = dict(zip(outlet.info.channels, values, strict=True))
        if each.answer.proba is not None:
            assert [row["p calm"], row["p angry"]] == each.answer.proba.tolist()
            assert row["has eda"] == row["has bvp"] == 1.0
            assert 0 <= row["entropy"] <= 1 and row["latency"] == pytest.approx(each.latency["total"])
        else:
            assert math.isnan(row["p calm"])


def test_a_stream_that_nobody_sends_is_said(model: Path) -> None:
    source = LslNames([f"nobody-{time.monotonic_ns()}"])
    said: list[str] = []
    stopping = threading.Event()

    def waiting(words: str) -> None:
        said.append(words)
        stopping.set()

    run([mount(model)], source, lambda told: None, stopping=stopping, waiting=waiting)
    source.close()
    assert "nobody-" in said[0]


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


@pytest.mark.slow
def test_our_own_recorder_records_the_answers(model: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    name = f"answers-{time.monotonic_ns()}"
    # Long enough to be running still when the recorder has begun, however late that is.
    long = session_file(tmp_path / "long.h5", seconds=400.0)
    command = [sys.executable, "-m", "app", "live", str(model), "--session", str(long), "--speed", "2"]
    told, out = tmp_path / "told.jsonl", tmp_path / "r.h5"
    with told.open("wb") as file:
        running = subprocess.Popen([*command, "--publish", name, "--json"], stdout=file)
    try:
        wait_for(lambda: b"begin" in told.read_bytes())
        record = ["record", "--out", str(out), "--stream", name, "--seconds", "6"]
        subprocess.run([sys.executable, "-m", "app", *record], check=True, timeout=90, capture_output=True)
        assert running.poll() is None
    finally:
        running.terminate()
        running.wait(30)
    with open_session(out) as recorded:
        (stream,) = recorded.streams.values()
        assert stream.info.kind == "recognizer" and "p calm" in stream.info.channels
        rows = np.asarray(stream.data[:])
        assert len(rows) >= 4
        np.testing.assert_allclose(rows[:, 0] + rows[:, 1], 1.0, atol=1e-9)


def test_the_command_tells_a_line_a_decision(
    model: Path, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert live(live_options(model, "--session", str(session), "--speed", "0", "--hop", "5")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "not calibrated" in lines[1]
    decisions = [line for line in lines if "calm" in line and "uncertainty" in line]
    assert len(decisions) == 8 and "8 decisions" in lines[-1]


def test_the_command_tells_json_and_how_late_it_was(
    model: Path, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live(live_options(model, "--session", str(session), "--speed", "0", "--hop", "5", "--json"))
    begin, *answers, end = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert begin["recognizers"][0]["classes"] == ["calm", "angry"] and begin["source"] == "s"
    assert all(sum(each["proba"]) == pytest.approx(1.0) for each in answers)
    assert end["answers"] == len(answers) == 8
    assert {"features", "recognizer", "total"} == set(end["latency"])
    assert end["latency"]["total"]["p95"] >= end["latency"]["total"]["median"] > 0


def test_the_command_measures_what_is_known_afterwards_only(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained_on(session, window_s=2.0).save(tmp_path / "m")
    live(live_options(tmp_path / "m", "--session", str(session), "--memory", "10", "--compare", "--json"))
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found["differences"]] == ["eda", "bvp", "answer"]


def test_a_baseline_may_come_from_another_recording(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = live_inputs((EDA, BVP), 10.0)
    trained_on(session, inputs, 2.0, steps=("impute", "zscore-participant")).save(tmp_path / "m")
    with pytest.raises(LiveUseError, match="baseline"):
        live(live_options(tmp_path / "m", "--session", str(session), "--speed", "0"))
    words = ("--session", str(session), "--speed", "0", "--hop", "8", "--json")
    live(live_options(tmp_path / "m", *words, "--baseline-from", str(session)))
    _, first, *_ = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["proba"] is not None and first["paused"] == ""


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda model, folder: mount(folder), "holds no trained recognizer"),
        (lambda model, folder: ReplaySource(folder / "none.h5", ["eda"]), "cannot be replayed"),
        (lambda model, folder: ReplaySource(folder / "none.h5", ["eda"], -1.0), "impossible"),
        (lambda model, folder: mount(model, hop_s=0.0), "impossible"),
        (lambda model, folder: SessionSource(folder / "x.live"), "no session runs there"),
    ],
)
def test_what_cannot_be_is_said(
    make: Callable[[Path, Path], object], said: str, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(LiveUseError, match=said):
        make(model, tmp_path)


@pytest.mark.parametrize(
    ("refused", "gone"), [("", ()), ("typed_text", ("keys",)), ("voice", ("speech",)), ("body", ("eda",))]
)
def test_what_a_participant_refused_is_not_read_of_a_running_session(
    refused: str, gone: tuple[str, ...], tmp_path: Path
) -> None:
    streams = tuple(each for each in STREAMS if each.id in ("eda", "microphone"))
    stroke = {"edge": "down", "key": "KeyA", "class": "letter"}
    with LiveSession(tmp_path, streams, "running") as running:
        replace(running.plan, consent={"streams": {refused: False}}).save(running.paths.plan)
        found = Streams(["keys", "speech", "eda"], 10.0)
        source = SessionSource(running.paths.live)
        journal = running.paths.journal("presenter")
        journal.touch()
        wait_for(lambda: all(running.plan.ring(each.id).exists() for each in streams))
        source.feed(found)
        journal.write_bytes(encode(Event(clock.now(), "presenter", 1, "key", 0, "typing", stroke)))
        there = {"keys", "speech", "eda"} - set(gone)

        def known() -> set[str]:
            source.feed(found)
            return {name for name in ("keys", "speech", "eda") if np.isfinite(found.first_s(name))}

        wait_for(lambda: known() >= there)
        assert known() == there
