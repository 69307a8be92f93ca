"""What befalls the places of studies and their copies costs no sample, and is told in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults import place_copies, place_studies
from tests.faults.stream_disks import mounting

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
needs_mounts = pytest.mark.skipif(not mounting(), reason="needs a full-disk mount, which needs root")


@pytest.mark.slow
def test_a_second_place_out_of_reach_is_told_and_completed_when_it_is_back(tmp_path: Path) -> None:
    row = place_copies.unplugged(tmp_path)
    assert (row.status, row.readable) == (1, True)
    assert "out of reach" in row.message


@pytest.mark.slow
def test_copying_that_is_killed_goes_on_with_the_next_run(tmp_path: Path) -> None:
    row = place_copies.killed(tmp_path)
    assert (row.status, row.readable) == (0, True)
    assert "everything has its second copy" in row.message


@needs_mounts
def test_a_full_second_place_is_told_and_holds_nothing_half_made(tmp_path: Path) -> None:
    row = place_copies.full(tmp_path)
    assert (row.status, row.readable) == (1, True)
    assert "has no room for sub-01_ses-02_task-demo_run-01.h5. Free some space there." in row.message


@pytest.mark.slow
@needs_mounts
def test_a_study_that_can_only_be_read_is_refused_for_recording_and_read(tmp_path: Path) -> None:
    row = place_studies.read_only(tmp_path)
    assert (row.status, row.readable) == (1, True)
    assert len(row.message.splitlines()) == 1
    assert "can only be read" in row.message


@pytest.mark.slow
@needs_mounts
def test_an_import_onto_a_full_disk_leaves_the_study_as_it_was(tmp_path: Path) -> None:
    row = place_studies.import_full(tmp_path)
    assert (row.status, row.readable) == (1, True)
    assert len(row.message.splitlines()) == 1
    assert "Free some" in row.message


@pytest.mark.slow
def test_a_study_that_vanishes_in_the_session_costs_nothing(tmp_path: Path) -> None:
    row = place_studies.vanishes_in_the_session(tmp_path)
    assert (row.status, row.readable) == (0, True)
    assert row.lost == {"eeg": 0}
    assert row.gaps == {"eeg": 0}
    assert "safe in" in row.message
    assert "It is copied when the study is used next" in row.message
