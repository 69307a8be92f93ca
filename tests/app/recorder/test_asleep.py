"""Sleep, told from clocks of the tests' own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.recorder.asleep import SleepWatch, uncounted_s


def slept(counts_sleep: bool, readings: Sequence[tuple[float, float]]) -> list[float]:
    """Return what a watch says, given (the one clock, seconds that real time is ahead of it)."""
    ahead = [readings[0][1]]
    watch = SleepWatch(lambda: ahead[0], counts_sleep)
    said = []
    for now, ahead[0] in readings:
        said.append(round(watch.slept_s(now), 6))
    return said


@pytest.mark.parametrize(
    ("counts_sleep", "readings", "said"),
    [
        pytest.param(True, [(0, 5.0), (0.2, 5.0), (0.4, 35.0), (0.6, 35.0)], [0, 0, 30, 0], id="Linux"),
        pytest.param(True, [(0, 5.0), (9.0, 5.0)], [0, 0], id="a busy computer"),
        pytest.param(True, [(0, 5.0), (0.2, 5.4)], [0, 0], id="a nap"),
        pytest.param(False, [(0, 5.0), (0.2, 35.0), (0.4, 35.0)], [0, 30, 0], id="by the time of day"),
        pytest.param(False, [(0, 5.0), (0.2, 7.0)], [0, 0], id="a corrected time of day"),
        pytest.param(False, [(0, 5.0), (30.2, 5.0)], [0, 30.2], id="a clock that goes on in sleep"),
    ],
)
def test_sleep_is_what_the_clock_did_not_count(
    counts_sleep: bool, readings: list[tuple[float, float]], said: list[float]
) -> None:
    assert slept(counts_sleep, readings) == said


def test_this_machine_does_not_sleep_meanwhile() -> None:
    assert uncounted_s() == pytest.approx(uncounted_s(), abs=0.01)
