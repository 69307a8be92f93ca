"""Annotators killed at random, and several at once: nothing that was acknowledged is ever gone."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from analysis.labels.reader import read_log
from tests.helpers.annotating import (
    TRACE_LIMIT_NS,
    Loss,
    annotators,
    is_running,
    kill_at_random,
    wait_for_an_edit,
    wait_until_gone,
)
from tests.helpers.labels import open_log

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="only on Linux and macOS")


def check(loss: Loss) -> None:
    assert loss.faults == []
    assert loss.lost == 0
    assert loss.trace_ns <= TRACE_LIMIT_NS


def test_a_kill_loses_no_acknowledged_edit_and_less_than_a_second_of_a_trace(tmp_path: Path) -> None:
    loss = kill_at_random(tmp_path, 5, seed=1)
    check(loss)
    assert loss.acknowledged >= 2


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    loss = kill_at_random(tmp_path, 100, seed=5)
    check(loss)
    assert loss.kills == 100
    assert loss.acknowledged >= 50


@pytest.mark.slow
def test_kills_lose_nothing_on_a_network_either(tmp_path: Path) -> None:
    loss = kill_at_random(tmp_path, 20, seed=3, on_network=True)
    check(loss)
    assert loss.acknowledged >= 10


def test_two_annotators_at_once_and_a_reader_lose_nothing(tmp_path: Path) -> None:
    paths = {name: tmp_path / name / "mixed@1.sqlite" for name in ("anna", "berta")}
    notes = {name: tmp_path / f"{name}.txt" for name in paths}
    reads = dict.fromkeys(paths, 0)
    with annotators() as crew:
        pids = [crew.start(path, notes[name], name, 3, 150) for name, path in paths.items()]
        while any(map(is_running, pids)):
            for name, path in paths.items():
                # Before that it is being made.
                if notes[name].exists():
                    found = read_log(path)
                    reads[name] += 1
                    assert len(found.marks) <= len(found.ops)
    assert min(reads.values()) > 0
    loss = Loss()
    for name, path in paths.items():
        assert notes[name].read_text(encoding="ascii").endswith("end\n")
        loss.count(path, notes[name])
    check(loss)
    assert loss.acknowledged == 300


def test_a_second_window_reads_and_writes_once_the_first_is_killed(tmp_path: Path) -> None:
    path, notes = tmp_path / "anna" / "mixed@1.sqlite", tmp_path / "notes.txt"
    with annotators() as crew:
        pid = crew.start(path, notes)
        wait_for_an_edit(notes)
        with open_log(path) as second:
            assert second.read_only
            assert f"process {pid}" in second.locked_by
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
        with open_log(path) as third:
            assert not third.read_only
            assert [take.state for take in third.takes()][-1] != "open"
            third.add("event", start_ns=1, label="sad")
    loss = Loss()
    loss.count(path, notes)
    check(loss)
