"""Whole sessions that lose a stream or a process: exactly what is lost, and what the operator is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import session_losses

ALARM_LIMIT_S = 2.0
OWN = ("wristband-acceleration", "wristband-bvp", "wristband-eda", "wristband-temperature")
RATES_HZ = {"wristband-acceleration": 32, "wristband-bvp": 64, "wristband-eda": 4, "wristband-temperature": 4}
GONE = "eeg: its sender on '"


def told_in_time(alarm_s: float | None) -> bool:
    return alarm_s is not None and alarm_s < ALARM_LIMIT_S


@pytest.mark.slow
def test_a_native_crash_in_one_bridge_touches_nothing_else(tmp_path: Path) -> None:
    row = session_losses.bridge_crashed(tmp_path)
    assert (row.status, row.message) == (
        0,
        "bridge-wristband: ended (killed by SIGSEGV); it is started again.",
    )
    assert told_in_time(row.alarm_s)
    assert {name: count for name, count in row.lost.items() if name not in OWN} == {"eeg": 0, "camera": 0}
    assert {name: row.gaps[name] for name in row.gaps} == {"eeg": 0, "camera": 0} | dict.fromkeys(OWN, 1)
    for name in OWN:
        assert 0 < row.lost[name] / RATES_HZ[name] < 10.0, "from its last delivery to its first"


@pytest.mark.slow
def test_monitor_and_sounder_may_crash(tmp_path: Path) -> None:
    row = session_losses.helpers_crashed(tmp_path)
    assert (row.status, row.message) == (0, "")
    assert (row.lost, row.gaps) == ({"eeg": 0, "camera": 0}, {"eeg": 0, "camera": 0})


@pytest.mark.slow
def test_a_required_stream_that_is_gone_for_a_while_pauses_the_session(tmp_path: Path) -> None:
    row = session_losses.required_lost(tmp_path)
    assert row.status == 0
    assert row.message.startswith(GONE)
    assert told_in_time(row.alarm_s)
    assert row.gaps == {"eeg": 1, "camera": 0}
    assert row.lost["camera"] == 0
    assert 7.0 * 250 < row.lost["eeg"] < 11.0 * 250, "counted, and equal to what the gap row says"


@pytest.mark.slow
def test_one_that_never_comes_back_ends_it_in_order(tmp_path: Path) -> None:
    row = session_losses.required_lost_for_good(tmp_path)
    assert row.status == 1
    assert row.readable
    assert told_in_time(row.alarm_s)
    assert (row.lost, row.gaps) == ({"eeg": 0, "camera": 0}, {"eeg": 0, "camera": 0})


@pytest.mark.slow
def test_a_loss_may_end_the_session_at_once(tmp_path: Path) -> None:
    row = session_losses.lost_and_aborted(tmp_path)
    assert (row.status, row.readable) == (1, True)
    assert told_in_time(row.alarm_s)


@pytest.mark.slow
def test_a_computer_that_slept_is_one_alarm_with_its_length(tmp_path: Path) -> None:
    row = session_losses.asleep(tmp_path)
    assert (row.status, row.message[:34]) == (0, "The computer slept for 30 s and re")
    assert told_in_time(row.alarm_s)
    assert set(row.gaps.values()) == {1}
    assert row.lost["eeg"] == 30 * 250
    assert row.lost["wristband-bvp"] == 30 * 64


@pytest.mark.slow
def test_a_required_stream_that_is_not_there_keeps_the_session_from_starting(tmp_path: Path) -> None:
    row = session_losses.required_absent(tmp_path)
    assert (row.status, row.readable) == (1, None)
    assert row.message.startswith("no data came from eeg. No LSL stream with source id ")
    assert row.message.endswith(" is visible. Nothing was recorded.")


@pytest.mark.slow
def test_an_optional_device_that_failed_at_the_start_joins_later(tmp_path: Path) -> None:
    row = session_losses.optional_late(tmp_path)
    assert row.status == 0
    assert row.message.startswith(
        "camera: not there at the start; it is tried again for the whole session. device camera: there is no"
        " camera file late.avi."
    )
    assert (row.lost, row.gaps) == ({"eeg": 0, "camera": 0}, {"eeg": 0, "camera": 0})


@pytest.mark.slow
def test_an_abort_while_the_processes_start_leaves_nothing_behind(tmp_path: Path) -> None:
    row = session_losses.aborted_while_starting(tmp_path)
    assert (row.status, row.readable) == (1, None)
    assert row.message == "Ended before the start. Nothing was recorded."


@pytest.mark.slow
def test_a_console_that_dies_stops_nothing(tmp_path: Path) -> None:
    row = session_losses.console_killed(tmp_path)
    assert (row.status, row.message) == (0, "")
    assert (row.lost, row.gaps) == ({"eeg": 0, "camera": 0}, {"eeg": 0, "camera": 0})


@pytest.mark.slow
def test_a_flat_signal_keeps_the_session_from_starting(tmp_path: Path) -> None:
    row = session_losses.flat_signal(tmp_path)
    assert (row.status, row.readable) == (1, None)
    assert row.message.startswith("eeg: channels 1 and 2 are flat.")
    assert row.message.endswith('give a reason: --accept "REASON". Nothing was recorded.')


@pytest.mark.slow
def test_with_a_reason_it_starts_and_check_and_reason_are_in_the_file(tmp_path: Path) -> None:
    row = session_losses.flat_signal_accepted(tmp_path)
    assert (row.status, row.readable, row.gaps) == (0, True, {"eeg": 0})
    assert row.message.startswith("eeg: channels 1 and 2 are flat.")
