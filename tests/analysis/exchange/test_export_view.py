"""What goes out on which terms: streams by level, and nothing that a person typed."""

from __future__ import annotations

import pytest

from analysis.exchange.export_view import Level, Terms, View, label, onset_s, without_serial
from analysis.records import Event
from analysis.session_file import Session
from tests.helpers.recordings import START_S, UTC_OFFSET_S

EVERYTHING = {"eeg", "heart", "steps", "small", "beats-3F2A", "mic", "empty", "camera", "texts"}


def names(view: View) -> set[str]:
    return {view.name(stream) for stream in view.streams}


def test_as_recorded_everything_goes(rich: Session) -> None:
    view = View(rich)
    assert names(view) == EVERYTHING
    assert view.events == rich.events
    assert view.left_out == []


@pytest.mark.parametrize(
    ("level", "gone"),
    [
        ("full", {"texts"}),
        ("no-face-voice", {"texts", "camera", "mic"}),
        ("signals", {"texts", "camera", "mic"}),
    ],
)
def test_a_level_says_which_streams_go(rich: Session, level: Level, gone: set[str]) -> None:
    view = View(rich, Terms(level, True))
    assert names(view) == EVERYTHING - gone - {"beats-3F2A"} | {"ibi-1"}
    assert {left.what for left in view.left_out} >= {f"stream {name}" for name in gone}
    assert bool(view.keys) == (level != "signals")


def test_only_what_nobody_typed_goes(rich: Session) -> None:
    view = View(rich, Terms("full", True))
    kinds = {event.kind for event in view.events}
    assert "stimulus_shown" in kinds
    assert not {"note", "journal_opened", "process_started"} & kinds
    answers = [event.payload.get("value") for event in view.events if event.kind == "response"]
    assert answers.count(None) == sum(
        isinstance(event.payload.get("value"), str) for event in rich.events if event.kind == "response"
    )
    typed = [event.payload for event in view.events if event.kind == "typing_result"]
    assert typed == [{"sentence_id": "t1", "keys": 3}]


def test_a_device_s_own_clock_stays(rich: Session) -> None:
    assert View(rich).channels(rich.streams["heart"]) == [0, 1]
    assert View(rich, Terms("full", True)).channels(rich.streams["heart"]) == [0]


def test_every_time_of_a_row_moves_alike(rich: Session) -> None:
    view = View(rich, Terms("full", True, 100.0, -3e9))
    shown = next(event for event in view.events if event.kind == "stimulus_shown")
    moved = view.moved(shown.to_json())
    assert moved["time"] == shown.time + 100.0
    assert moved["payload"]["actual_s"] == shown.payload["actual_s"] + 100.0
    assert moved["payload"]["frame"] == shown.payload["frame"]
    assert view.utc_s(1000.0) == pytest.approx(START_S + UTC_OFFSET_S - 3e9)


@pytest.mark.parametrize(
    ("name", "serial", "expected"),
    [
        ("Muse-3F2A", "", "Muse"),
        ("EmotiBit MD-V5-0000123", "", "EmotiBit MD-V5"),
        ("Empatica E4 A00B12", "", "Empatica E4"),
        ("Unicorn UN-2019.05.51", "UN-2019.05.51", "Unicorn"),
        ("BrainFlow Cyton", "", "BrainFlow Cyton"),
        ("eeg", "", "eeg"),
        ("wristband-eda-2", "", "wristband-eda-2"),
        ("", "", ""),
    ],
)
def test_a_name_loses_what_looks_like_a_serial_number(name: str, serial: str, expected: str) -> None:
    assert without_serial(name, serial) == expected


@pytest.mark.parametrize(
    ("event", "text", "at_s"),
    [
        (
            Event(1.0, "p", 0, "stimulus_shown", 0, "picture", {"stimulus": "s", "actual_s": 1.5}),
            "stimulus_shown/picture/s",
            1.5,
        ),
        (
            Event(1.0, "p", 0, "stimulus_shown", 0, "picture", {"actual_s": None}),
            "stimulus_shown/picture",
            1.0,
        ),
        (
            Event(2.0, "p", 0, "response", 0, "sam", {"item": "valence", "value": 0}),
            "response/sam/valence/0",
            2.0,
        ),
        (Event(3.0, "p", 0, "trial_ended", 0, "", {}), "trial_ended", 3.0),
    ],
)
def test_an_event_has_a_short_name_and_an_onset(event: Event, text: str, at_s: float) -> None:
    assert label(event) == text
    assert onset_s(event) == at_s
