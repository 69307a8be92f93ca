"""The recorder with real streams: every sample once, whatever kind of stream it is."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.records import StreamInfo
from app import clock
from app.ring import BlobRingReader, SampleRingReader
from app.streams import Expected
from tests.helpers import outlets
from tests.helpers.desk import Desk, assert_counts
from tests.helpers.outlets import Counter

KINDS = (
    Counter("EEG", 8, 250, "float32", "kinds:eeg"),
    Counter("Wide", 64, 500, "float64", "kinds:wide"),
    Counter("Sound", 1, 8000, "int16", "kinds:sound", "Audio"),
    Counter("Bytes", 2, 50, "int8", "kinds:bytes"),
    Counter("Words", 3, 100, "int32", "kinds:words"),
    Counter("Longs", 1, 100, "int64", "kinds:longs"),
    Counter("Markers", 1, 3, "text", "kinds:markers", "Markers"),
    Counter("Pairs", 2, 3, "text", "kinds:pairs", "Markers"),
    Counter("Presses", 1, 3, "float32", "kinds:presses", "Buttons"),
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@contextlib.contextmanager
def published(*counters: Counter) -> Iterator[None]:
    processes = [outlets.start(counter) for counter in counters]
    try:
        yield
    finally:
        for process in processes:
            outlets.end(process)


def expected(counter: Counter, required: bool = True) -> Expected:
    return Expected(counter.name.lower(), "lsl", required, {"source_id": counter.lsl_id})


@pytest.mark.slow
def test_every_kind_of_stream_is_recorded_sample_by_sample(desk: Desk) -> None:
    with published(*KINDS):
        desk.expected = [expected(counter) for counter in KINDS]
        desk.start()
        desk.wait_type("ready")
        ready_s = clock.now()
        desk.wait_for(lambda m: clock.now() > ready_s + 6)
        asked_s = clock.now()
        closed = desk.stop()
        took_s = clock.now() - asked_s
    assert took_s < 4
    assert closed["parts"] == 1
    streams = desk.part(1)
    for counter in KINDS:
        stream = streams[counter.name.lower()]
        counts = stream.counter if counter.name != "Pairs" else []
        assert_counts(counts, counter.wrap)
        assert len(stream.time) == closed["samples"][counter.name.lower()]
        assert stream.gaps == []
        assert stream.seqs == list(range(len(stream.time)))
        assert np.all(np.diff(stream.time) > 0)
        if counter.rate_hz >= 4:
            assert stream.time[0] <= ready_s
            assert stream.time[-1] >= asked_s
            assert not isinstance(stream.data, list)
            assert stream.data.dtype == counter.dtype
        assert len(stream.offsets) >= 1
        assert abs(stream.offsets["offset"][0]) < 0.05
        assert stream.offsets["fresh"][0]
    assert desk.part(1)["pairs"].data[0].endswith('"ä"]'.encode())
    kinds = [event.kind for event in desk.events()]
    assert kinds[:2] == ["journal_opened", "clock_anchor"]
    assert kinds[-2:] == ["part_ended", "clock_anchor"]
    assert kinds.count("stream_live") == len(KINDS)


def test_others_see_what_the_file_gets(desk: Desk) -> None:
    counters = (
        Counter("EEG", 8, 250, "float32", "rings:eeg"),
        Counter("Markers", 1, 5, "text", "rings:markers"),
    )
    with published(*counters):
        desk.expected = [expected(counter) for counter in counters]
        desk.start()
        desk.wait_type("ready")
        health = desk.wait_for(lambda m: m["type"] == "health" and m["streams"]["eeg"]["rate_hz"] > 240)
        assert health["free_bytes"] > 0
        assert health["bytes"] > 0
        assert abs(health["streams"]["eeg"]["last_s"] - clock.now()) < 2
        samples = SampleRingReader(desk.plan.ring("eeg")).read(0)
        texts = BlobRingReader(desk.plan.ring("markers")).read(0)
        desk.stop()
    part = desk.part(1)
    count = len(samples.times)
    np.testing.assert_array_equal(part["eeg"].time[:count], samples.times)
    np.testing.assert_array_equal(part["eeg"].data[:count], samples.data)
    assert tuple(part["markers"].data[: len(texts.data)]) == texts.data


def test_a_stream_that_joins_later_begins_a_new_part_and_the_others_lose_nothing(desk: Desk) -> None:
    eeg, late = Counter("EEG", 8, 250, "float32", "join:eeg"), Counter("Late", 2, 50, "int16", "join:late")
    with published(eeg):
        desk.expected = [expected(eeg)]
        desk.start()
        desk.wait_type("ready")
        desk.expect(expected(late, required=False))
        with published(late):
            desk.wait_for(lambda m: m["type"] == "health" and m["part"] == 2)
            desk.wait_state("late", "live")
            desk.stop()
    first, second = desk.part(1), desk.part(2)
    assert set(first) == {"eeg"}
    assert set(second) == {"eeg", "late"}
    assert_counts(first["eeg"].counter + second["eeg"].counter, eeg.wrap)
    assert first["eeg"].seqs + second["eeg"].seqs == list(
        range(len(first["eeg"].time) + len(second["eeg"].time))
    )
    assert second["eeg"].gaps == []
    assert_counts(second["late"].counter, late.wrap)
    assert [event.payload["reason"] for event in desk.events("part_ended")] == [
        "streams changed",
        "completed",
    ]


def test_what_is_declared_beforehand_needs_no_second_part(desk: Desk) -> None:
    late = Counter("late", 2, 50, "int16", "declared:late")
    info = StreamInfo(
        "late",
        "eeg",
        "simulated",
        ("1", "2"),
        ("", ""),
        ("eeg", "eeg"),
        50.0,
        "int16",
        source_id=late.lsl_id,
    )
    desk.expected = [Expected("late", "lsl", True, {"source_id": late.lsl_id}, info)]
    desk.start()
    desk.wait_event("part_started")
    with published(late):
        desk.wait_type("ready")
        desk.stop()
    assert len(desk.paths.parts()) == 1
    assert len(desk.part(1)["late"].time) > 0


@pytest.mark.slow
def test_two_streams_that_fit_are_refused_with_a_message(desk: Desk) -> None:
    twins = (Counter("Twin", 1, 50, "float32", "twins:a"), Counter("Twin", 1, 50, "float32", "twins:b"))
    with published(*twins):
        desk.expected = [Expected("twin", "lsl", True, {"name": "Twin"})]
        desk.start()
        message = desk.wait_for(
            lambda m: m["type"] == "health" and "2 LSL streams" in m["streams"]["twin"].get("message", "")
        )
        assert "twins:a" in message["streams"]["twin"]["message"]
        assert message["streams"]["twin"]["state"] == "expected"
        desk.stop()


def test_sigterm_closes_the_part_in_order(desk: Desk) -> None:
    eeg = Counter("EEG", 8, 250, "float32", "term:eeg")
    with published(eeg):
        desk.expected = [expected(eeg)]
        process = desk.start()
        desk.wait_type("ready")
        process.send_signal(signal.SIGTERM)
        desk.wait_type("closed")
        assert process.wait(10) == 0
    assert [event.payload["reason"] for event in desk.events("part_ended")] == ["terminated"]
    assert_counts(desk.part(1)["eeg"].counter, eeg.wrap)


def test_without_a_supervisor_the_part_is_closed(desk: Desk) -> None:
    eeg = Counter("EEG", 8, 250, "float32", "orphan:eeg")
    with published(eeg):
        desk.expected = [expected(eeg)]
        process = desk.start()
        desk.wait_type("ready")
        desk.server.close()
        assert process.wait(15) == 0
    assert [event.payload["reason"] for event in desk.events("part_ended")] == ["supervisor lost"]


def test_without_a_supervisor_it_records_as_long_as_the_presenter_lives(desk: Desk) -> None:
    eeg = Counter("EEG", 8, 250, "float32", "presented:eeg")
    with published(eeg):
        desk.expected = [expected(eeg)]
        process = desk.start()
        desk.wait_type("ready")
        presenter = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        try:
            desk.server.broadcast({"type": "peers", "pids": {"presenter": presenter.pid}})
            desk.wait_type("health")
            desk.server.close()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(2)
            left_s = clock.now()
        finally:
            presenter.kill()
            presenter.wait()
        assert process.wait(15) == 0
    assert desk.part(1)["eeg"].time[-1] >= left_s
    assert_counts(desk.part(1)["eeg"].counter, eeg.wrap)
