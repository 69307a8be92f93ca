"""Streams that die, stall, jump, are two or send nothing: exactly what is lost, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import stream_losses
from tests.faults.stream_losses import Told

ALARM_S = 2.0
BACK_S = 2.0
RATE_HZ = 250.0


def assert_exact_hole(told: Told, stream: str, cause: str, around_s: float) -> None:
    """Check that the one gap row tells to the sample what the stream's own numbers say is lost."""
    ((last, first, missing, why),) = told.gaps
    assert (first, why) == (last + 1, cause)
    assert missing == told.row.lost[stream]
    assert missing == pytest.approx(around_s * RATE_HZ, abs=(BACK_S + 0.5) * RATE_HZ)


def assert_away_and_back(told: Told, message: str) -> None:
    """Check that a stream was told to be away within 2 s, and was recorded 2 s after it was back."""
    assert told.row.alarm_s is not None
    assert told.row.alarm_s < ALARM_S
    assert message in told.row.message
    assert told.back_s is not None
    assert told.back_s < BACK_S
    assert told.kinds[:2] == ["stream_live", "stream_stale"]
    assert told.kinds[-1] == "stream_back"


@pytest.mark.slow
def test_a_killed_sender_costs_its_absence_to_the_sample(tmp_path: Path) -> None:
    told = stream_losses.outage(tmp_path, stream_losses.OUTAGE_S)
    assert_away_and_back(told, "its sender on")
    assert_exact_hole(told, "eeg", "stream lost", stream_losses.OUTAGE_S)
    assert (told.row.lost["markers"], told.row.gaps["markers"]) == (0, 0)
    assert told.kinds == ["stream_live", "stream_stale", "stream_lost", "stream_back"]
    assert told.message_after == f"eeg: back, {told.row.lost['eeg']:,} samples are missing (segment 2)."


@pytest.mark.slow
def test_a_killed_sender_that_only_the_library_watches_costs_its_absence_too(tmp_path: Path) -> None:
    told = stream_losses.outage(tmp_path, 6.0, "unwatched")
    assert told.row.alarm_s is not None
    assert told.row.alarm_s < ALARM_S
    assert "no data for 1 s" in told.row.message
    # The library takes a second before it connects; ours follows to see that it is the right one.
    assert told.back_s is not None
    assert told.back_s < 6.0
    ((last, first, missing, why),) = told.gaps
    assert (first, why, missing) == (last + 1, "stream lost", told.row.lost["eeg"])


@pytest.mark.slow
def test_a_killed_marker_sender_is_told_and_found_again(tmp_path: Path) -> None:
    told = stream_losses.marker_sender(tmp_path)
    assert_away_and_back(told, "markers: its sender on")
    ((last, first, missing, why),) = told.gaps
    # Nobody can know how many markers a sender without a rate would have sent.
    assert (first, missing, why) == (last + 1, 0, "stream lost")
    assert 0 < told.row.lost["markers"] < 4 * (2 + BACK_S + 1.0)
    assert (told.row.lost["eeg"], told.row.gaps["eeg"]) == (0, 0)
    assert told.message_after == "markers: back, what was sent meanwhile is not known (segment 2)."


@pytest.mark.slow
def test_a_stalled_sender_costs_nothing_if_it_sends_late_and_else_the_stall(tmp_path: Path) -> None:
    # LSL keeps the connection of a sender that stands still, and delivers what it pushes afterwards
    # with the times that it had been due at.
    kept, dropped, markers = stream_losses.stall(tmp_path)
    assert_away_and_back(kept, "kept: no data for 1 s")
    assert (kept.row.lost, kept.row.gaps) == ({"kept": 0}, {"kept": 0})
    assert kept.kinds == ["stream_live", "stream_stale", "stream_lost", "stream_back"]
    assert kept.message_after == "kept: back, nothing is missing (segment 1)."
    assert_away_and_back(dropped, "dropped: no data for 1 s")
    assert_exact_hole(dropped, "dropped", "no samples", stream_losses.STALL_S)
    # Its clock is asked twice a second: three questions without an answer.
    assert markers.row.alarm_s is not None
    assert markers.row.alarm_s < ALARM_S + 0.5
    assert "and its sender does not answer" in markers.row.message
    assert (markers.row.lost, markers.row.gaps) == ({"markers": 0}, {"markers": 0})


@pytest.mark.slow
def test_a_clock_that_jumps_costs_nothing_and_begins_a_segment(tmp_path: Path) -> None:
    for step_s, told in stream_losses.clock_jumps(tmp_path).items():
        (stream,) = told.row.lost
        assert (told.row.lost, told.row.gaps) == ({stream: 0}, {stream: 1})
        ((last, first, missing, why),) = told.gaps
        assert (first, missing, why) == (last + 1, 0, "clock reset")
        assert told.step_s == pytest.approx(step_s, abs=1e-6)
        assert told.row.alarm_s is not None
        assert told.row.alarm_s < ALARM_S
        assert told.row.message == (
            f"{stream}: its clock jumped by {step_s:+.3f} s. All its samples are kept, as a new segment."
        )
        assert told.kinds == ["stream_live"]


@pytest.mark.slow
def test_a_sender_that_comes_back_with_another_clock_is_one_gap(tmp_path: Path) -> None:
    told = stream_losses.other_clock(tmp_path)
    assert_away_and_back(told, "rebooted: its clock jumped by -")
    ((last, first, missing, why),) = told.gaps
    assert (first, why) == (last + 1, "clock reset")
    # Two clocks cannot be compared: what passed here tells the loss, to a delivery or two.
    assert missing == pytest.approx(told.row.lost["rebooted"], abs=0.5 * RATE_HZ)
    assert told.step_s == pytest.approx(-5000.0, abs=0.5)


@pytest.mark.slow
def test_of_two_streams_of_one_name_none_is_taken(tmp_path: Path) -> None:
    row = stream_losses.two_of_one_name(tmp_path)
    assert (row.lost, row.gaps) == ({"eeg": 0}, {"eeg": 0})
    assert row.message.startswith("2 LSL streams have name 'EEG': source id 'faults:one:")
    assert ", source id 'faults:two:" in row.message
    assert row.message.count(" on '") == 2
    assert row.message.endswith(
        "None of them is recorded. Stop the others, or name the source_id and hostname of yours in the"
        " devices file."
    )


@pytest.mark.slow
def test_the_same_source_id_on_another_computer_is_another_study(tmp_path: Path) -> None:
    row = stream_losses.other_computer(tmp_path)
    assert row.gaps == {"twin": 1}
    assert "is on computer 'another-study' and is not taken" in row.message
    assert row.alarm_s is not None
    assert row.alarm_s < ALARM_S


@pytest.mark.slow
def test_a_stream_that_sends_nothing_is_told_and_not_begun_with(tmp_path: Path) -> None:
    row = stream_losses.no_samples(tmp_path)
    assert row.message == (
        "eeg: connected, but no sample in 5 s. Start the measurement in the device's program."
    )
    assert row.alarm_s is not None
    assert row.alarm_s < 7.0
