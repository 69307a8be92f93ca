"""Rapid sequences: on whole frames where the screen has them, at their times where it has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from app.presenter.scenes import Picture, Scene, Step
from app.presenter.sequence import Steps
from app.presenter.window import StageWindow
from tests.helpers.refreshing import Refreshing

MICRO = (0.06, 0.08, 0.06)


def steps_of(lengths: Sequence[float]) -> list[Step]:
    return [Step(f"s{i}", Scene(drawing=Picture(f"s{i}")), length_s) for i, length_s in enumerate(lengths)]


def run(screen: Refreshing, lengths: Sequence[float], seconds: float) -> list[dict[str, Any]]:
    """Play a sequence from 100 s on and return what it told of each step."""
    steps = Steps(cast("StageWindow", screen), steps_of(lengths), sum(lengths))
    assert steps.first() == Scene(drawing=Picture("s0"))
    steps.begin(100.0)
    steps.shown_first(100.0, screen.reveal(100.0))
    while screen.swapped_s < 100.0 + seconds:
        if screen.facts.verified:
            steps.refresh(screen.swapped_s)
            continue
        due_s = steps.next_s
        if due_s is None:
            break
        steps.refresh(due_s)
    happened = steps.happenings()
    assert {one.kind for one in happened} == {"sequence_step"}
    return [dict(one.payload) for one in happened]


@pytest.mark.parametrize(
    ("rate_hz", "frames"), [(50.0, [3, 4, 3]), (100.0, [6, 8, 6]), (60.0, [4, 4, 4]), (144.0, [9, 11, 9])]
)
def test_each_step_lasts_its_whole_number_of_frames(rate_hz: float, frames: list[int]) -> None:
    told = run(Refreshing(rate_hz), MICRO, 0.3)
    assert [step["frames"] for step in told] == frames
    assert [step["requested_s"] for step in told] == list(MICRO)
    onsets = [round((step["actual_s"] - 100.0) * rate_hz) for step in told]
    assert onsets == [0, frames[0], frames[0] + frames[1]]
    assert all(step["actual_s"] == pytest.approx(step["intended_s"]) for step in told)


def test_a_dropped_frame_does_not_shift_what_follows() -> None:
    screen = Refreshing(50.0)
    screen.stalls = [0, 0, 1]
    told = run(screen, MICRO, 0.3)
    late = [round((step["actual_s"] - step["intended_s"]) * 50.0) for step in told]
    assert late == [0, 1, 0]


def test_a_step_whose_time_has_passed_is_told_as_not_shown() -> None:
    screen = Refreshing(50.0)
    screen.stalls = [9]
    told = run(screen, MICRO, 0.3)
    assert [step["actual_s"] is None for step in told] == [False, True, False]


def test_on_a_screen_without_frames_steps_come_at_their_times() -> None:
    told = run(Refreshing(60.0, verified=False), MICRO, 0.3)
    assert [step["actual_s"] for step in told] == pytest.approx([100.0, 100.06, 100.14])
    assert [step["frames"] for step in told] == [None] * 3


def test_its_textures_stay_until_it_is_over() -> None:
    screen = Refreshing()
    one, other = (Steps(cast("StageWindow", screen), steps_of(MICRO[:n]), 0.2) for n in (3, 2))
    assert set(+screen.reserved) == {Picture("s0"), Picture("s1"), Picture("s2")}
    one.close(101.0)
    assert set(+screen.reserved) == {Picture("s0"), Picture("s1")}, "the next one needs them"
    other.close(102.0)
    assert not +screen.reserved
