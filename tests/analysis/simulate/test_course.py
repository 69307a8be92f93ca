"""What a session was, from the events of its presenter."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.records import Event
from analysis.simulate.course import Course, Span, Stage, course_of, joined, recorded_spans


def events() -> list[Event]:
    told = [
        (10.0, "stage_started", -1, "welcome", {"kind": "instruction", "index": 0}),
        (12.0, "stage_ended", -1, "welcome", {}),
        (12.0, "stage_started", 0, "induction", {"kind": "picture", "index": 1}),
        (22.0, "stage_ended", 0, "induction", {}),
        (22.0, "stage_started", 0, "speaking", {"kind": "speaking", "index": 2}),
        (23.0, "talk_started", 0, "speaking", {}),
        (27.5, "talk_ended", 0, "speaking", {}),
        (28.0, "stage_ended", 0, "speaking", {}),
    ]
    return [Event(at, "presenter", seq, *rest) for seq, (at, *rest) in enumerate(told)]  # type: ignore[arg-type]


def test_stages_and_talks_are_read_with_their_times() -> None:
    course = course_of(events(), 4.0, 2.0)
    assert course == Course(
        6.0,
        30.0,
        (
            Stage(0, -1, "welcome", "instruction", 10.0, 12.0),
            Stage(1, 0, "induction", "picture", 12.0, 22.0),
            Stage(2, 0, "speaking", "speaking", 22.0, 28.0),
        ),
        ((0, 23.0, 27.5),),
    )
    assert course.trials == (0,)


@pytest.mark.parametrize(
    ("modality", "acting"),
    [("bvp", (0, 12.0, 22.0)), ("face", (0, 12.0, 22.0)), ("speech", (0, 23.0, 27.5))],
)
def test_each_modality_shows_what_is_felt_in_its_own_stage(
    modality: str, acting: tuple[int, float, float]
) -> None:
    assert course_of(events(), 4.0, 2.0).acting(modality) == (acting,)


def stages(**contents: dict[str, Any]) -> dict[str, Any]:
    """Return a schedule of three stages; by index what is said of one."""
    return {"stages": [{"index": i, "content": contents.get(f"s{i}", {})} for i in range(3)]}


def test_camera_and_microphone_record_where_recognizers_look() -> None:
    course = course_of(events(), 4.0, 2.0)
    assert recorded_spans(course, stages(), "camera") == ((12.0, 22.0),)
    assert recorded_spans(course, stages(), "microphone") == ((22.0, 28.0),)


def test_what_the_protocol_says_of_recording_is_kept_to() -> None:
    course = course_of(events(), 4.0, 2.0)
    only_speaking = stages(s0={"camera": False}, s1={"camera": False})
    assert recorded_spans(course, only_speaking, "camera") == ((22.0, 28.0),)
    assert recorded_spans(course, only_speaking, "microphone") == ((22.0, 28.0),)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=12))
def test_joined_spans_cover_the_same_seconds_and_do_not_touch(drawn: list[tuple[int, int]]) -> None:
    spans: list[Span] = [(float(start), float(start + length)) for start, length in drawn]
    found = joined(spans)

    def seconds(some: tuple[Span, ...] | list[Span]) -> set[int]:
        return {second for start, stop in some for second in range(int(start), int(stop))}

    assert seconds(found) == seconds(spans)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(found))
