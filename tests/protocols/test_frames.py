"""Durations that a screen can show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.frames import achievable, step_frames


@pytest.mark.parametrize(
    ("duration_s", "rate_hz", "frames", "exact"),
    [
        (0.2, 60, 12, True),
        (0.06, 60, 4, False),
        (0.06, 100, 6, True),
        (0.5, 60, 30, True),
        (0.2, 59.94, 12, True),
        (0.001, 60, 1, False),
        (10, 144, 1440, True),
    ],
)
def test_frames(duration_s: float, rate_hz: float, frames: int, exact: bool) -> None:
    shown = achievable(duration_s, rate_hz)
    assert (shown.frames, shown.is_exact) == (frames, exact)


def test_it_says_what_is_shown_instead() -> None:
    assert str(achievable(0.06, 60)) == "66.7 ms = 4 frames at 60 Hz (asked for 60.0 ms)"
    assert str(achievable(0.2, 60)) == "200.0 ms = 12 frames at 60 Hz (exact)"


@given(st.floats(0.001, 3600), st.floats(24, 500))
def test_never_off_by_more_than_half_a_frame(duration_s: float, rate_hz: float) -> None:
    shown = achievable(duration_s, rate_hz)
    assert shown.frames == 1 or abs(shown.achievable_s - duration_s) <= 0.5 / rate_hz + 1e-9


@pytest.mark.parametrize(("duration_s", "rate_hz"), [(0, 60), (-1, 60), (1, 0)])
def test_nonsense_is_refused(duration_s: float, rate_hz: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        achievable(duration_s, rate_hz)


@pytest.mark.parametrize(
    ("rate_hz", "frames"),
    [
        (50, [3, 4, 3]),
        (60, [4, 4, 4]),
        (100, [6, 8, 6]),
        (120, [7, 10, 7]),
        (144, [9, 11, 9]),
        (200, [12, 16, 12]),
    ],
)
def test_steps_are_rounded_at_their_ends(rate_hz: float, frames: list[int]) -> None:
    # The plan for 60, 80 and 60 ms that is printed with the micro-expression study.
    shown = step_frames([0.06, 0.08, 0.06], rate_hz)
    assert [step.frames for step in shown] == frames
    assert [step.requested_s for step in shown] == [0.06, 0.08, 0.06]


@given(st.lists(st.floats(0.001, 2), min_size=1, max_size=20), st.floats(24, 500))
def test_a_sequence_is_never_off_by_more_than_half_a_frame(lengths: list[float], rate_hz: float) -> None:
    shown = step_frames(lengths, rate_hz)
    assert all(step.frames >= 1 for step in shown)
    if all(length * rate_hz >= 1 for length in lengths):
        assert abs(sum(step.achievable_s for step in shown) - sum(lengths)) <= 0.5 / rate_hz + 1e-6
