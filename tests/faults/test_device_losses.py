"""Devices that lose samples, fall silent or go: what is missing is in the file to the row, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.devices.e4 import CONNECTION_LOST
from app.devices.microphone import LATE
from tests.faults import device_losses as faults

pytestmark = pytest.mark.slow


def test_samples_that_the_wristbands_server_leaves_out(tmp_path: Path) -> None:
    row = faults.e4_leaves_samples_out(tmp_path)
    assert row.lost == {"w-bvp": 64, "w-acceleration": 7, "w-eda": 0}
    assert row.gaps == {"w-bvp": 1, "w-acceleration": 1, "w-eda": 0}
    assert (row.status, row.readable) == (0, True)


def test_a_wristband_out_of_range_is_alarmed_and_every_sample_accounted_for(tmp_path: Path) -> None:
    scene = faults.out_of_range(tmp_path)
    row = scene.row("E4 out of range", *faults.RATES_HZ)
    for stream, rate_hz in faults.RATES_HZ.items():
        assert faults.unaccounted(scene, stream) == 0, stream
        assert 3.7 * rate_hz < row.lost[stream] < 6.0 * rate_hz
    assert scene.causes("w-bvp") == [CONNECTION_LOST]
    assert row.alarm_s is not None
    assert row.alarm_s < 2.5
    assert row.readable


def test_late_packets_lose_nothing(tmp_path: Path) -> None:
    row = faults.e4_packets_late(tmp_path)
    assert row.lost == dict.fromkeys(faults.RATES_HZ, 0)
    assert row.readable


def test_a_server_that_hangs_up_is_called_again_and_the_hole_is_exact(tmp_path: Path) -> None:
    scene = faults.server_quit(tmp_path)
    for stream in faults.RATES_HZ:
        assert faults.unaccounted(scene, stream) == 0, stream
    assert 0 < scene.row("", "w-bvp").lost["w-bvp"] < 6 * 64
    assert len(scene.causes("w-bvp")) == 1


def test_a_wristband_switched_off_ends_nothing_but_itself(tmp_path: Path) -> None:
    row = faults.e4_switched_off(tmp_path)
    assert row.readable
    assert row.alarm_s is not None
    assert row.alarm_s < 2.5


def test_packages_that_a_board_loses_are_counted_exactly(tmp_path: Path) -> None:
    row = faults.board_packages_lost(tmp_path)
    counts = [count for _, count in faults.CUTS]
    assert row.lost == {"eeg": sum(counts)}
    assert row.gaps == {"eeg": len(counts)}
    assert (row.status, row.readable) == (0, True)


def test_frames_that_a_camera_drops_are_counted_exactly(tmp_path: Path) -> None:
    row = faults.camera_drops_frames(tmp_path)
    assert row.lost == {"face": 12}
    assert row.readable


def test_sound_that_was_not_taken_is_a_gap_with_its_cause(tmp_path: Path) -> None:
    scene = faults.suspended(tmp_path)
    row = scene.row("microphone suspended", "voice")
    assert scene.causes("voice") == [LATE]
    assert not [event for event in scene.events if event.kind == "clock_step"], "no clock has jumped"
    assert row.lost["voice"] == pytest.approx(1.2 * 44100, abs=0.5 * 44100)
    assert row.gaps == {"voice": 1}
    assert row.readable
