"""What happened around a finished session: checks, reasons, alarms, gaps, quality over time, alignment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from analysis.records import Event
from app.console.findings import Findings, flaws_of
from app.console.story import Incident, Story, Stretch, quality_words, story_of
from app.console.story_card import StoryCard, incident_words
from app.console.timeline import Timeline
from tests.helpers.live_session import stream

EEG = stream("eeg", "eeg", 100, 2, "uV")
DISK = {"name": "disk", "verdict": "passed", "text": "2 GB"}
SUMMARY: dict[str, Any] = {
    "id": "eeg",
    "first_s": 100.0,
    "last_s": 160.0,
    "nominal_rate_hz": 100.0,
    "samples": 5000,
    "gaps": [{"from_s": 130.0, "to_s": 132.5, "samples": 250, "cause": "stream lost"}],
}


def events() -> list[Event]:
    """Return what supervisor and monitor write down in a session with one loss."""
    written: list[tuple[float, str, str, dict[str, Any]]] = [
        (99.0, "supervisor", "checks", {"results": [{"name": "disk", "verdict": "passed", "text": "1 GB"}]}),
        (105.0, "supervisor", "checks", {"stage": "signals", "results": [_failed(), DISK]}),
        (105.0, "supervisor", "accepted", {"reason": "pilot", "failed": ["signal eeg"]}),
        (
            115.0,
            "monitor",
            "quality",
            {"stream": "eeg", "seconds": 10.0, "verdict": "passed", "problems": []},
        ),
        (131.0, "supervisor", "alarm", {"stream": "eeg", "code": "lost", "level": "alarm", "text": "lost."}),
        (131.0, "supervisor", "policy", {"device": "eeg", "action": "pause", "text": "Pauses after this."}),
        (131.0, "supervisor", "alarm", {"stream": "eeg", "code": "policy", "level": "warning", "text": "P."}),
        (134.0, "supervisor", "alarm_cleared", {"stream": "eeg", "code": "lost"}),
        (135.0, "monitor", "quality", {"stream": "eeg", "seconds": 10.0} | _poor()),
        (
            150.0,
            "supervisor",
            "alarm",
            {"stream": "", "code": "disk", "level": "alarm", "text": "Disk full."},
        ),
    ]
    return [
        Event(time, source, seq, kind, payload=payload)
        for seq, (time, source, kind, payload) in enumerate(written)
    ]


def _failed(text: str = "eeg: flat.") -> dict[str, Any]:
    return {"name": "signal eeg", "device": "eeg", "verdict": "failed", "text": text}


def _poor() -> dict[str, Any]:
    return {"verdict": "failed", "problems": [{"code": "flat", "text": "C3 is flat."}]}


@pytest.fixture
def story() -> Story:
    return story_of(events(), [EEG], [SUMMARY])


def test_times_count_from_the_first_sample(story: Story) -> None:
    assert story.length_s == 60.0
    assert [(one.at_s, one.kind, one.until_s) for one in story.incidents] == [
        (30.0, "gap", 32.5),
        (31.0, "alarm", 34.0),
        (31.0, "policy", None),
        (50.0, "alarm", None),
    ]


def test_a_gap_says_how_much_and_why(story: Story) -> None:
    assert story.incidents[0].text == "250 samples missing (2.50 s): stream lost"


def test_reasons_are_kept_with_what_had_failed(story: Story) -> None:
    assert (story.accepted, story.failed) == (("pilot",), ("signal eeg",))
    (flaw,) = flaws_of({"end_reason": "completed", "ended": True}, story)
    assert flaw == "Started although eeg had failed the checks. Reason: pilot"


def test_the_last_result_of_each_check_counts(story: Story) -> None:
    assert [result["text"] for result in story.checks] == ["eeg: flat.", "2 GB"]


def test_reasons_of_an_older_file_are_understood() -> None:
    payload = {
        "accepted": "no camera today",
        "results": [{"name": "device", "verdict": "failed", "text": "x"}],
    }
    story = story_of([Event(1.0, "supervisor", 0, "checks", payload=payload)], [], [])
    assert (story.accepted, story.failed) == (("no camera today",), ("device",))


def test_quality_over_time_and_alignment(story: Story) -> None:
    first, second = story.quality["eeg"]
    assert (first.until_s, first.verdict) == (15.0, "passed")
    assert (second.verdict, second.text) == ("failed", "C3 is flat.")
    assert story.alignment == {"eeg": "not verified"}


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (None, ""),
        ({"judged": 0}, ""),
        ({"judged": 10, "failed": 0, "warned": 0}, "good"),
        ({"judged": 10, "failed": 2, "warned": 1, "problems": {"flat": 2, "rate": 1}}, "20 % poor: flat"),
        (
            {"judged": 4, "failed": 0, "warned": 1, "problems": {"line_noise": 1}},
            "25 % could be better: line noise",
        ),
    ],
)
def test_quality_of_a_session_in_words(quality: dict[str, Any] | None, words: str) -> None:
    assert quality_words(quality) == words


def test_poor_quality_is_a_flaw() -> None:
    quality = {"judged": 10, "failed": 4, "problems": {"flat": 4, "near_rail": 2, "rate": 1}}
    info = {"end_reason": "completed", "streams": [SUMMARY | {"gaps": [], "quality": quality}]}
    assert flaws_of(info) == ["eeg: poor for 40 % of the session (flat, near rail)."]


def test_lists_say_when_whose_what_and_how_long(story: Story, qtbot: QtBot) -> None:
    card = StoryCard()
    qtbot.addWidget(card)
    card.show_findings(Findings(Path("x.h5"), {}, notes=((3.0, "coughed"),), story=story))
    texts = [card.incidents.item(row).text() for row in range(card.incidents.count())]
    assert texts[1] == "0:31  eeg: lost.  (over after 3 s)"
    assert texts[3] == "0:50  Disk full.  (until the end)"
    assert card.checks.item(0).text() == "Started all the same. Reason: pilot"
    assert [card.tabs.tabText(place) for place in range(3)] == ["Alarms, gaps (4)", "Notes (1)", "Checks (1)"]
    card.show_findings(Findings(Path("x.h5"), {}))
    assert card.incidents.item(0).text() == "No alarm, no gap."
    assert card.tabs.tabText(0) == "Alarms, gaps"


def test_a_gap_at_the_very_end_is_no_alarm_that_stands() -> None:
    assert incident_words(Incident(61.0, "gap", "eeg", "5 samples missing")) == "1:01  eeg: 5 samples missing"


def test_the_timeline_tells_what_was_wrong_where_somebody_points(story: Story, qtbot: QtBot) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(640, 120)
    timeline.show_story(story, ("eeg", "camera"))
    timeline.show()
    row = timeline._row(0)

    def words(at_s: float) -> str:
        return timeline.words_at(row.left() + row.width() * at_s / 60.0, row.center().y())

    assert words(10.0).splitlines() == ["eeg at 0:10", "good"]
    assert "250 samples missing" in words(31.0)
    assert "C3 is flat." in words(31.0)
    assert timeline.words_at(5.0, 119.0) == ""
    assert "eeg: 1 poor" in timeline.accessibleDescription()
    assert not timeline.grab().toImage().isNull()


def test_an_empty_story_is_drawn_too(qtbot: QtBot) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.show_story(Story(quality={"eeg": (Stretch(0.0, 0.0, "passed"),)}), ("eeg",))
    timeline.show()
    assert not timeline.grab().toImage().isNull()
