"""The recorder when something breaks: what is lost is as little as can be, and the file says so."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app import clock
from app.streams import Expected
from tests.helpers import outlets
from tests.helpers.desk import Desk, Stream, assert_counts
from tests.helpers.outlets import Counter

EEG = Counter("EEG", 8, 250, "float32", "faults:eeg")
MARKERS = Counter("Markers", 1, 2, "text", "faults:markers", "Markers")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


class Bench:
    """Outlets that can be killed, stopped and started again."""

    def __init__(self) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *counters: Counter) -> None:
        for counter in counters:
            self.running[counter.name] = outlets.start(counter)

    def kill(self, counter: Counter) -> None:
        outlets.end(self.running.pop(counter.name))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for process in bench.running.values():
        outlets.end(process)


def expected(counter: Counter) -> Expected:
    return Expected(counter.name.lower(), "lsl", True, {"source_id": counter.lsl_id})


def record(desk: Desk, *counters: Counter) -> None:
    desk.expected = [expected(counter) for counter in counters]
    desk.start()
    desk.wait_type("ready")


def let_pass(desk: Desk, seconds: float) -> None:
    until_s = clock.now() + seconds
    desk.wait_for(lambda message: clock.now() > until_s)


def merged(first: Stream, second: Stream) -> tuple[list[int], list[float], int]:
    """Join two parts' rows by their numbers; return counter, times, and the first row of the second."""
    known = set(first.seqs)
    fresh = [row for row, seq in enumerate(second.seqs) if seq not in known]
    counter = first.counter + [second.counter[row] for row in fresh]
    times = [*first.time.tolist(), *(float(second.time[row]) for row in fresh)]
    return counter, times, len(first.counter)


@pytest.mark.slow
def test_a_killed_recorder_leaves_a_hole_of_its_absence_only(desk: Desk, bench: Bench) -> None:
    eeg = outlets.with_epoch(EEG)
    bench.start(eeg, MARKERS)
    record(desk, eeg, MARKERS)
    let_pass(desk, 2)
    killed_s = desk.kill()
    desk.start()
    desk.wait_type("ready")
    let_pass(desk, 1)
    closed = desk.stop()
    first, second = desk.part(1), desk.part(2)
    # Times are the commit: everything that was flushed, at most half a second behind the kill.
    assert killed_s - first["eeg"].time[-1] < 0.5
    (gap,) = second["eeg"].gaps
    last, row, missing, cause = gap
    assert cause == "recorder restarted"
    hole_s = second["eeg"].time[row] - killed_s
    assert hole_s < 3
    counter, times, _ = merged(first["eeg"], second["eeg"])
    breaks = [k for k in range(1, len(counter)) if counter[k] != counter[k - 1] + 1]
    assert len(breaks) == 1
    # What the killed recorder had received and not written was in the live ring.
    assert killed_s - times[breaks[0] - 1] < 0.2
    assert missing == counter[breaks[0]] - counter[breaks[0] - 1] - 1
    assert last == row - 1
    assert closed["samples"]["eeg"] == len(counter)
    assert second["markers"].gaps[0][3] == "recorder restarted"
    (event,) = [e for e in desk.events("gap") if e.payload["stream"] == "eeg"]
    assert event.payload["missing"] == missing
    assert [event.payload["part"] for event in desk.events("part_started")] == [1, 2]
    seqs = [event.seq for event in desk.events()]
    assert seqs == list(range(len(seqs)))


@pytest.mark.slow
def test_a_sender_that_dies_and_comes_back_goes_on_as_a_new_segment(desk: Desk, bench: Bench) -> None:
    eeg = outlets.with_epoch(EEG)
    bench.start(eeg, MARKERS)
    record(desk, eeg, MARKERS)
    let_pass(desk, 1)
    died_s = clock.now()
    bench.kill(eeg)
    desk.wait_state("eeg", "stale")
    assert clock.now() - died_s < 2
    desk.wait_state("eeg", "lost")
    bench.start(eeg)
    back_s = clock.now()
    desk.wait_state("eeg", "live")
    assert clock.now() - back_s < 4
    let_pass(desk, 1)
    desk.stop()
    # The gap is the writer's to tell, at its own time.
    assert [e.kind for e in desk.events() if e.payload.get("stream") == "eeg" and e.kind != "gap"] == [
        "stream_live",
        "stream_stale",
        "stream_lost",
        "stream_back",
    ]
    stream = desk.part(1)["eeg"]
    (gap,) = stream.gaps
    last, first, missing, cause = gap
    assert (first, cause) == (last + 1, "stream lost")
    assert_counts(stream.counter, eeg.wrap, breaks=[first])
    assert missing == stream.counter[first] - stream.counter[last] - 1
    assert_counts(desk.part(1)["markers"].counter, MARKERS.wrap)
    assert desk.part(1)["markers"].gaps == []
    assert len(desk.paths.parts()) == 1


@pytest.mark.slow
def test_a_sender_that_comes_back_with_another_shape_begins_a_new_part(desk: Desk, bench: Bench) -> None:
    bench.start(EEG, MARKERS)
    record(desk, EEG, MARKERS)
    bench.kill(EEG)
    desk.wait_state("eeg", "stale")
    wider = replace(EEG, channels=16, rate_hz=500)
    bench.start(wider)
    desk.wait_for(lambda m: m["type"] == "health" and m["part"] == 2)
    desk.wait_state("eeg", "live")
    let_pass(desk, 0.5)
    desk.stop()
    first, second = desk.part(1), desk.part(2)
    assert first["eeg"].data.shape[1] == 8  # type: ignore[union-attr]
    assert second["eeg"].data.shape[1] == 16  # type: ignore[union-attr]
    assert_counts(first["eeg"].counter, EEG.wrap)
    assert_counts(second["eeg"].counter, wider.wrap)
    assert min(second["eeg"].seqs) > max(first["eeg"].seqs)
    assert_counts(first["markers"].counter + second["markers"].counter, MARKERS.wrap)


@pytest.mark.slow
def test_another_rate_under_the_same_name_is_another_shape(desk: Desk, bench: Bench) -> None:
    bench.start(EEG)
    record(desk, EEG)
    bench.kill(EEG)
    desk.wait_state("eeg", "stale")
    bench.start(replace(EEG, rate_hz=500))
    desk.wait_for(lambda m: m["type"] == "health" and m["part"] == 2)
    desk.wait_state("eeg", "live")
    let_pass(desk, 0.5)
    desk.stop()
    steps = (desk.part(2)["eeg"].time[-1] - desk.part(2)["eeg"].time[0]) / (len(desk.part(2)["eeg"].time) - 1)
    assert steps == pytest.approx(1 / 500, rel=0.01)


@pytest.mark.slow
def test_a_sender_that_stands_still_and_catches_up_leaves_no_gap(desk: Desk, bench: Bench) -> None:
    bench.start(EEG)
    record(desk, EEG)
    os.kill(bench.running["EEG"].pid, signal.SIGSTOP)
    desk.wait_state("eeg", "lost")
    os.kill(bench.running["EEG"].pid, signal.SIGCONT)
    desk.wait_state("eeg", "live")
    let_pass(desk, 1)
    desk.stop()
    stream = desk.part(1)["eeg"]
    assert_counts(stream.counter, EEG.wrap)
    assert stream.gaps == []
    assert [e.kind for e in desk.events() if e.kind.startswith("stream_")] == [
        "stream_live",
        "stream_stale",
        "stream_lost",
        "stream_back",
    ]


@pytest.mark.slow
def test_a_silent_sparse_stream_is_idle_and_a_dead_one_is_lost(desk: Desk, bench: Bench) -> None:
    silent = replace(MARKERS, rate_hz=0.01)
    bench.start(silent)
    record(desk, silent)
    let_pass(desk, 7)
    assert desk.wait_type("health")["streams"]["markers"]["state"] == "idle"
    bench.kill(silent)
    desk.wait_state("markers", "lost")
    bench.start(MARKERS)
    desk.wait_state("markers", "live")
    desk.wait_for(lambda m: m["type"] == "health" and m["streams"]["markers"]["samples"] > 3)
    desk.stop()
    assert_counts(desk.part(1)["markers"].counter[1:], MARKERS.wrap)


def test_a_stream_without_a_source_id_is_found_again(desk: Desk, bench: Bench) -> None:
    anonymous = outlets.with_epoch(replace(EEG, name="Nameless", source_id=""))
    bench.start(anonymous)
    desk.expected = [Expected("nameless", "lsl", True, {"name": "Nameless"})]
    desk.start()
    desk.wait_type("ready")
    let_pass(desk, 1)
    bench.kill(anonymous)
    desk.wait_state("nameless", "stale")
    bench.start(anonymous)
    desk.wait_state("nameless", "live")
    let_pass(desk, 0.5)
    desk.stop()
    stream = desk.part(1)["nameless"]
    (gap,) = stream.gaps
    assert gap[3] == "stream lost"
    assert_counts(stream.counter, anonymous.wrap, breaks=[gap[1]])
    assert gap[2] == stream.counter[gap[1]] - stream.counter[gap[0]] - 1


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only on Linux")
def test_a_full_disk_is_told_and_what_was_flushed_stays_readable(desk: Desk, bench: Bench) -> None:
    bench.start(EEG)
    record(desk, EEG)
    let_pass(desk, 1)
    assert desk.process is not None
    size = desk.paths.part(1).stat().st_size
    resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (size, size))
    full_s = clock.now()
    failed = desk.wait_type("failed")
    assert clock.now() - full_s < 2
    assert str(desk.paths.live) in failed["message"]
    assert "safe in session_part-001.h5" in failed["safe"]
    assert desk.process.wait(10) == 74
    stream = desk.part(1)["eeg"]
    assert_counts(stream.counter, EEG.wrap)
    assert full_s - stream.time[-1] < 1.0


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only on Linux")
def test_a_disk_that_takes_no_journal_either_is_told(desk: Desk) -> None:
    process = desk.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    failed = desk.wait_type("failed")
    assert "Recording has stopped" in failed["message"]
    assert "Nothing has been recorded" in failed["safe"]
    assert process.wait(10) == 74


def test_no_supervisor_means_no_recorder(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    desk.server.close()
    time.sleep(0.1)
    process = desk.start()
    assert process.wait(20) == 1
    assert "recorder:" in capfd.readouterr().err
    with contextlib.suppress(OSError):
        assert not desk.paths.parts()
