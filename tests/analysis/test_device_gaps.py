"""Gap rows from what devices told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.records import Event, Gap, StreamInfo
from analysis.session_device_gaps import add_device_gaps


class Written:
    """A stream of 100 Hz that is being written."""

    def __init__(self, times: Any, gaps: list[Gap] | None = None) -> None:
        self.info = StreamInfo("eeg", "eeg", "recorded", ("a",), ("uV",), ("eeg",), 100.0, "float64")
        self.time = np.asarray(times)
        self.rows = len(self.time)
        self.gaps = gaps or []


TIMES = np.concatenate([10 + np.arange(100) / 100, 11.05 + np.arange(100) / 100])


def told(**payload: Any) -> Event:
    whole = {"stream": "eeg", "last_s": 10.99, "first_s": 11.05, "missing": 5, "cause": "packages lost"}
    return Event(12.0, "bridge-eeg", 1, "device_gap", payload=whole | payload)


def gaps_of(events: list[Event], gaps: list[Gap] | None = None, times: Any = TIMES) -> list[Gap]:
    written = Written(times, gaps)
    add_device_gaps([written], events)
    return written.gaps


def test_a_told_loss_becomes_a_gap_row_between_its_neighbours() -> None:
    assert gaps_of([told()]) == [Gap(99, 100, 5, "packages lost")]


@pytest.mark.parametrize(
    ("known", "left"),
    [
        (Gap(99, 100, 7, "no samples"), Gap(99, 100, 5, "packages lost")),
        (Gap(99, 100, 0, "clock reset"), Gap(99, 100, 5, "packages lost")),
        (Gap(99, 100, 7, "recorder restarted"), Gap(99, 100, 7, "recorder restarted")),
    ],
)
def test_what_the_device_knows_stands_for_what_the_recorder_has_guessed(known: Gap, left: Gap) -> None:
    assert gaps_of([told()], [known]) == [left]


@pytest.mark.parametrize(
    "event",
    [
        told(stream="other"),
        told(first_s=5.0),
        told(first_s=99.0),
        told(first_s=10.995, last_s=10.98),
        told(missing="many"),
        Event(12.0, "x", 1, "note", payload={"stream": "eeg"}),
    ],
)
def test_what_is_not_in_the_file_is_left_out(event: Event) -> None:
    assert gaps_of([event]) == []


def test_gaps_stay_in_order_and_an_empty_stream_has_none() -> None:
    events = [told(), told(first_s=10.5, last_s=10.47, missing=2)]
    assert [gap.first for gap in gaps_of(events)] == [50, 100]
    assert gaps_of([told()], times=[]) == []


def test_rows_stamped_together_are_told_apart_as_well_as_can_be() -> None:
    times = np.repeat(TIMES, 3)
    (gap,) = gaps_of([told()], times=times)
    assert gap.last == 299
