"""Whole sessions whose disk or supervisor gives way, and one recorded away from its study."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults import session_disks
from tests.faults.stream_disks import mounting

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux"),
]
ALARM_LIMIT_S = 2.0
NOTHING = {"eeg": 0, "camera": 0}


def test_a_session_that_fills_its_disk_is_told_once_and_readable_to_the_last_flush(tmp_path: Path) -> None:
    row = session_disks.disk_full(tmp_path)
    assert row.status == 1
    assert row.alarm_s is not None
    assert row.alarm_s < ALARM_LIMIT_S
    assert row.readable
    assert (row.lost, row.gaps) == (NOTHING, NOTHING)
    if mounting():
        assert "No space left on device" in row.message


def test_a_disk_that_turns_read_only_is_told_once_and_readable_to_the_last_flush(tmp_path: Path) -> None:
    row = session_disks.disk_read_only(tmp_path)
    assert row.status == 1
    assert row.alarm_s is not None
    assert row.alarm_s < ALARM_LIMIT_S
    assert row.readable
    assert (row.lost, row.gaps) == (NOTHING, NOTHING)
    assert "cannot be written" in row.message


def test_a_supervisor_told_to_end_finishes_the_trial_and_loses_nothing(tmp_path: Path) -> None:
    row = session_disks.supervisor_terminated(tmp_path)
    assert (row.status, row.message) == (0, "")
    assert set(row.lost.values()) == set(row.gaps.values()) == {0}


def test_a_study_in_a_synchronised_folder_is_recorded_here_and_brought_there(tmp_path: Path) -> None:
    row = session_disks.synchronised_study(tmp_path)
    assert (row.status, row.message) == (0, "")
    assert set(row.lost.values()) == set(row.gaps.values()) == {0}
