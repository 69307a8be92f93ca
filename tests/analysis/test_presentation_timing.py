"""How exact a session's presentation was, out of planted events and files whose every figure is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.presentation_summary import COLUMNS, presentation_summary, spread, table_rows
from analysis.presentation_timing import (
    FRAME_BUFFER,
    NO_SCREEN,
    SOFTWARE,
    Keys,
    PresentationTiming,
    keys_of,
    label_of,
    presentation_of,
    read_presentation,
    step_of,
)
from analysis.records import Event
from analysis.session_file import open_session, summary
from tests.helpers.presentation import SCREEN, PresenterScript, planted_session, rich_script

LABELS: dict[str, tuple[dict[str, Any], str]] = {
    "virtual screen": ({"name": "null"}, NO_SCREEN),
    "real screen": ({"name": "HDMI-1", "renderer": "a card"}, SOFTWARE),
    "real screen, drawn by the processor": ({"name": "HDMI-1", "renderer": "llvmpipe"}, SOFTWARE),
    "Xvfb": ({"name": "screen", "renderer": "llvmpipe (LLVM 15)"}, FRAME_BUFFER),
    "said by the presenter": (
        {"name": "HDMI-1", "timing_label": "photodiode (this screen, 2026-11-02)"},
        "photodiode (this screen, 2026-11-02)",
    ),
}


@pytest.mark.parametrize("name", LABELS)
def test_every_figure_says_where_it_comes_from(name: str) -> None:
    screen, label = LABELS[name]
    assert label_of(screen) == label


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> PresentationTiming:
    """The timing of the planted session, through a real file."""
    with open_session(planted_session(tmp_path_factory.mktemp("rich"))) as session:
        return read_presentation(session)


def test_each_drawn_stage_counts_once(rich: PresentationTiming) -> None:
    kinds = rich.kinds()
    assert {kind: len(values) for kind, values in kinds.items()} == {
        "fixation": 12,
        "picture": 12,
        "sequence": 12,
        "choice": 12,
        "film": 2,
    }
    assert np.median(kinds["picture"]) == pytest.approx(0.4, abs=1e-3)
    assert kinds["picture"].max() == pytest.approx(20.5, abs=1e-3)
    assert next(onset.stimulus for onset in rich.onsets if onset.kind == "film") == "sea.mp4"


def test_dropped_frames_placeholders_and_the_screen_are_told(rich: PresentationTiming) -> None:
    assert rich.dropped_frames == 2
    assert rich.placeholders == ("missing-1",)
    assert rich.is_verified
    assert rich.screen is not None
    assert rich.screen.period_ms == pytest.approx(1000 / 60)


def test_a_films_drift_repeated_and_skipped_frames(rich: PresentationTiming) -> None:
    drifting, steady = rich.films
    assert (drifting.frames, drifting.repeated, drifting.skipped) == (600, 1, 1)
    assert drifting.drift_ppm == pytest.approx(120, rel=0.01)
    assert drifting.drift_ms == pytest.approx(120e-6 * 18e3, rel=0.01)
    assert drifting.worst_ms == pytest.approx(120e-6 * 599 / 30 * 1e3, rel=0.01)
    assert steady.drift_ms == pytest.approx(0, abs=1e-3)


def test_steps_of_a_sequence_end_where_the_next_begins(rich: PresentationTiming) -> None:
    first, second, third = rich.steps[:3]
    assert [step.requested_ms for step in (first, second, third)] == pytest.approx([60, 80, 60])
    assert first.achieved_ms == pytest.approx(4 * 1000 / 60, abs=0.01)
    assert second.achieved_ms == pytest.approx(5 * 1000 / 60, abs=0.01)
    assert third.achieved_ms == pytest.approx(4 * 1000 / 60, abs=0.2)
    assert {step.number for step in rich.steps} == {1, 2, 3}


def test_sounds_and_reaction_times(rich: PresentationTiming) -> None:
    assert [sound.lateness_ms for sound in rich.sounds] == pytest.approx([4.0, 4.8, 5.6], abs=1e-3)
    assert rich.reactions.count == 12
    assert rich.reactions.median_s == pytest.approx(0.487, abs=0.002)
    assert (rich.keys.presses, rich.keys.step_ms) == (12, 1.0)
    assert rich.keys.wait_p99_ms == pytest.approx(0.4, abs=1e-3)


def test_the_summary_is_part_of_evoke_info(tmp_path: Path) -> None:
    told = summary(planted_session(tmp_path))["presentation"]
    assert told["timing"] == SOFTWARE
    assert told["onsets_ms"] == {
        "count": 50,
        "median": 0.4,
        "p99": pytest.approx(10.65, abs=0.01),
        "max": 20.5,
    }
    assert told["onsets_later_than_a_frame"] == 1
    assert told["films"][0]["stimulus"] == "sea.mp4"
    assert told["screen"]["verified"]


def test_the_table_has_a_row_for_everything_in_the_order_of_time(rich: PresentationTiming) -> None:
    rows = table_rows(rich)
    assert len(rows) == 50 + 2 + 36 + 3 + 1
    assert [row["time_s"] for row in rows] == sorted(row["time_s"] for row in rows)
    assert all(set(row) <= set(COLUMNS) for row in rows)
    assert {row["timing"] for row in rows} == {SOFTWARE}


def test_without_a_screen_nothing_is_claimed() -> None:
    script = PresenterScript({"name": "null"})
    script.begin_trial("s0")
    script.add(script.at_s, "stimulus_shown", 0, "picture", stimulus="s0", intended_s=1.0, actual_s=None)
    timing = presentation_of(script.end())
    assert timing == PresentationTiming(length_s=0.0)
    told = presentation_summary(timing)
    assert (told["timing"], told["onsets_ms"], told["onsets_later_than_a_frame"]) == (NO_SCREEN, None, None)
    assert table_rows(timing) == ()


def test_nothing_at_all_is_no_error() -> None:
    assert presentation_of([]) == PresentationTiming()
    assert spread([]) is None


def test_a_stimulus_that_came_back_after_a_pause_counts_again() -> None:
    script = PresenterScript()
    script.begin_trial("s0")
    script.stage("picture", 1.0, "s0")
    again = {"stimulus": "s0", "intended_s": script.at_s, "actual_s": script.at_s + 0.003, "frame": 0}
    script.add(script.at_s, "stimulus_shown", 0, "picture", **again)
    lateness = [onset.lateness_ms for onset in presentation_of(script.end()).onsets]
    assert lateness == pytest.approx([0.4, 3.0], abs=1e-3)


def test_a_step_before_a_pause_has_no_known_length() -> None:
    script = PresenterScript()
    script.begin_trial("s0")
    script.sequence("s0")
    script.add(script.at_s, "paused", 0, "sequence", by="operator")
    assert presentation_of(script.end()).steps[-1].achieved_ms is None


ANSWERS: dict[str, tuple[dict[str, Any], tuple[int, int, int]]] = {
    "in time": ({"value": "left", "reaction_s": 0.5}, (1, 0, 0)),
    "too early": ({"value": "left", "reaction_s": 0.1, "anticipation": True}, (1, 0, 1)),
    "missed": ({"value": None, "reaction_s": None, "timeout": True}, (0, 1, 0)),
    "declined": ({"value": None, "reaction_s": None, "declined": True}, (0, 0, 0)),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_speeded_choices_are_counted_apart(name: str) -> None:
    payload, counts = ANSWERS[name]
    script = PresenterScript()
    script.begin_trial("s0")
    script.stage("choice", 1.0)
    script.add(script.at_s, "response", 0, "choice", item="choice", **payload)
    script.add(script.at_s, "response", 0, "rating", item="valence", value=3, reaction_s=2.0)
    reactions = presentation_of(script.end()).reactions
    assert (reactions.count, reactions.missed, reactions.anticipations) == counts


def test_an_unverified_screen_goes_by_the_rate_that_it_states() -> None:
    script = PresenterScript(dict(SCREEN) | {"verified": False, "measured_hz": 43.0})
    screen = presentation_of(script.end()).screen
    assert screen is not None
    assert screen.period_ms == pytest.approx(1000 / 60)
    unknown = replace(screen, rate_hz=0.0)
    assert unknown.period_ms is None


def test_a_film_without_a_schedule_is_measured_against_its_first_frame() -> None:
    count = 40
    times = 100.0 + np.arange(count) / 25 * 1.001
    frames = {
        "time": times,
        "trial": np.zeros(count, int),
        "stage": np.array(["film"] * count, object),
        "stimulus": np.array(["sea"] * count, object),
        "presentation_s": np.arange(count) / 25,
        "repeated": np.zeros(count, int),
        "skipped": np.zeros(count, int),
    }
    (film,) = presentation_of([Event(100.0, "presenter", 0, "schedule_started")], frames).films
    assert film.drift_ppm == pytest.approx(1000, rel=0.01)
    assert film.at_s == 0.0
    short = {name: values[:5] for name, values in frames.items()}
    (film,) = presentation_of([], short).films
    assert film.drift_ms is None


@given(
    st.sampled_from([16.0, 10.0, 8.0, 4.0, 2.0, 1.0]),
    st.lists(st.integers(1, 5000), min_size=12, max_size=60, unique=True),
    st.floats(0, 1e6),
)
def test_the_step_of_key_times_is_found(step_ms: float, counts: list[int], start_s: float) -> None:
    times = start_s + np.sort(np.array(counts)) * step_ms * 1e-3
    found = step_of(times)
    assert found is not None
    assert (found / step_ms) % 1 == 0


def test_times_without_a_step_have_none() -> None:
    times = np.random.default_rng(1).uniform(0, 100, 50)
    assert step_of(times) is None
    assert step_of(np.arange(3.0)) is None


def test_presses_without_times_of_their_own_tell_no_step() -> None:
    times = np.arange(20) / 100
    keys = {"time": times, "received_s": times, "edge": np.array(["down"] * 20, object)}
    assert keys_of(keys) == Keys(20, None, 0.0, 0.0)
    assert keys_of({}) == Keys(0)


def test_the_planted_session_is_what_its_script_says() -> None:
    events = rich_script(2).end()
    assert [event.kind for event in events].count("trial_started") == 2
