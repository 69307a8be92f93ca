"""Following a face from picture to picture, and finding it in a process of its own."""

from __future__ import annotations

import math
import os
import sys

import pytest

from analysis.views.faces import NO_FACE, Box, FaceError, FaceFinder, Track, follow
from app.devices.generated import face_frames

HERE = Box(0.4, 0.3, 0.2, 0.3)


def moved(box: Box, by: float) -> Box:
    return Box(box.left + by, box.top, box.width, box.height)


def test_the_largest_face_is_taken_first_and_the_near_one_afterwards() -> None:
    small = Box(0.1, 0.1, 0.05, 0.05)
    track = follow(Track(), [small, HERE], 10.0)
    assert track.box == HERE
    giant = Box(0.0, 0.0, 0.9, 0.9)
    again = follow(track, [giant, HERE], 10.1)
    assert again.box == HERE


def test_a_trembling_box_is_calmed_by_its_time_constant() -> None:
    track = follow(follow(Track(), [HERE], 0.0), [moved(HERE, 0.02)], 0.1)
    assert track.box is not None
    assert track.box.left == pytest.approx(0.4 + 0.02 * (1 - math.exp(-0.1 / 0.15)))
    assert track.box.width == HERE.width


def test_a_face_that_moves_on_is_reached() -> None:
    track = follow(Track(), [HERE], 0.0)
    for frame in range(1, 31):
        track = follow(track, [moved(HERE, 0.05)], frame / 30)
    assert track.box is not None
    assert track.box.left == pytest.approx(0.45, abs=1e-3)


def test_a_face_far_off_is_drawn_at_once() -> None:
    far = moved(HERE, 0.3)
    assert follow(follow(Track(), [HERE], 0.0), [far], 0.1).box == far


def test_a_face_that_is_missed_is_held_for_half_a_second_then_gone_and_that_is_said() -> None:
    track = follow(Track(), [HERE], 0.0)
    for time_s in (0.1, 0.3, 0.5):
        track = follow(track, [], time_s)
        assert track.box == HERE
        assert track.words() == ""
    track = follow(track, [], 0.6)
    assert track.box is None
    assert track.words() == NO_FACE


@pytest.mark.parametrize("time_s", [2.0, 60.0])
def test_a_jump_to_another_moment_forgets_the_face(time_s: float) -> None:
    track = follow(Track(), [HERE], 10.0)
    assert follow(track, [], time_s).box is None
    assert follow(track, [moved(HERE, 0.02)], time_s).box == moved(HERE, 0.02)


def test_the_drawn_face_is_found_elsewhere_and_nothing_of_qt_is_touched() -> None:
    before = {key: value for key, value in os.environ.items() if key.startswith("QT_")}
    jpeg = next(iter(face_frames()))
    with FaceFinder() as finder:
        (box,) = finder.find(jpeg)
        assert 0.2 < box.middle[0] < 0.8
        assert 0.2 < box.middle[1] < 0.8
        assert finder.find(b"no picture") == ()
        assert finder.find(b"") == ()
        assert finder.find(jpeg) == (box,)
    assert {key: value for key, value in os.environ.items() if key.startswith("QT_")} == before


def test_a_process_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.views.faces.WORKER", "analysis.views.not_there")
    with FaceFinder() as finder, pytest.raises(FaceError, match=r"Faces cannot be looked for: .*not_there"):
        finder.find(b"x")
    assert "analysis.views.not_there" not in sys.modules
