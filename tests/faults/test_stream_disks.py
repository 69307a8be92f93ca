"""Disks that fill, fail or crawl, and a computer that sleeps: exactly what is lost, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import stream_disks

NOTHING = {"eeg": 0, "markers": 0}


def test_a_full_disk_costs_nothing_that_was_flushed(tmp_path: Path) -> None:
    row = stream_disks.disk_full(tmp_path)
    assert (row.lost, row.gaps) == (NOTHING, NOTHING)
    assert row.readable
    assert row.status == 74
    assert row.alarm_s is not None
    assert row.alarm_s < 2.0
    assert "cannot be written" in row.message
    assert row.message.endswith("Free some space or choose another disk.")


@pytest.mark.slow
def test_a_disk_that_turns_read_only_costs_nothing_that_was_flushed(tmp_path: Path) -> None:
    row = stream_disks.disk_read_only(tmp_path)
    assert (row.lost, row.gaps) == (NOTHING, NOTHING)
    assert row.readable
    assert row.status == 74
    assert row.alarm_s is not None
    assert row.alarm_s < 2.0
    assert row.message.startswith("Recording has stopped: ")
    assert row.message.endswith("choose another disk.")


@pytest.mark.slow
def test_a_slow_disk_costs_nothing_and_is_told(tmp_path: Path) -> None:
    row = stream_disks.slow_disk(tmp_path)
    assert (row.lost, row.gaps, row.status) == (NOTHING, NOTHING, 0)
    assert row.alarm_s is not None
    assert row.alarm_s < 2.5
    assert row.message.startswith("Writing is behind by 2 s: the disk is slow, nothing is lost")


@pytest.mark.slow
def test_a_sleep_is_one_gap_a_stream_and_no_alarm(tmp_path: Path) -> None:
    row = stream_disks.asleep(tmp_path)
    assert row.lost == {"eeg": 30 * 250, "markers": 0}
    assert row.gaps == {"eeg": 1, "markers": 1}
    assert row.alarm_s is not None
    assert row.alarm_s < 2.0
    assert row.message.startswith("The computer slept for 30 s and recorded nothing meanwhile")
