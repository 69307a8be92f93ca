"""The automatic participant does the same with a window as without one, by real events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from analysis.records import Event
from app import clock
from app.presenter.automatic import Participant
from app.presenter.conductor import Autopilot
from app.presenter.fingers import Fingers, key_of
from protocols.schedule import Duration, StageKind
from tests.helpers.presenting import NORMS, Plot, Rehearsal, assert_well_formed, likert, paced, timed
from tests.helpers.theatre import Theatre

OPTIONS = [{"id": word, "text": word} for word in ("joy", "fear", "anger", "calm")]
BASE = {"id": "q", "text": "How is it?"}
GRID = {**BASE, "scale": "grid", "x": {"dimension": "valence"}, "y": {"dimension": "arousal"}}
SEVERAL = {**BASE, "scale": "choice", "options": OPTIONS, "several": True}
PHQ9 = {**BASE, "scale": "likert", "points": 4, "first": 3, "labels": ["a", "b", "c", "d"]}
ATTENTION = {"item": "q", "above": 0, "code": "phq9-item9"}
KEYS = [
    {**option, "key": key} for option, key in zip(OPTIONS, ("KeyJ", "KeyK", "KeyL", "Space"), strict=True)
]

STAGES: list[tuple[StageKind, Duration, Mapping[str, Any]]] = [
    ("questionnaire", paced(0.5), {"items": [GRID]}),
    ("questionnaire", paced(0.5), {"items": [SEVERAL]}),
    ("questionnaire", paced(0.5), likert(*"abcdef", points=5)),
    ("questionnaire", paced(0.7), {"items": [{**BASE, "scale": "text"}]}),
    ("questionnaire", paced(0.5), {"items": [{**BASE, "scale": "number", "min": 10, "max": 99}]}),
    (
        "questionnaire",
        paced(0.5),
        {"items": [PHQ9], "instrument": "phq-9", "attention": ATTENTION, "helper_text": "Not alone."},
    ),
    ("questionnaire", timed(0.6), likert("a", "b")),
    ("choice", timed(1.2), {"options": KEYS, "correct": "fear", "prompt": "Which?"}),
    ("imagery", paced(0.8), {"text": "Imagine.", "key": "Space", "min_presses": 2}),
    ("speaking", paced(0.9), {"text": "How are you?", "prepare_s": 0.2, "min_hold_s": 0.3}),
]


@pytest.fixture
def theatre(qapp: QApplication) -> Iterator[Theatre]:
    plot = Plot()
    plot.trial("sun", *STAGES)
    opened = Theatre(qapp, plot.schedule())
    yield opened
    opened.close()


def told(events: list[Event]) -> list[tuple[str, Any]]:
    """Return what does not depend on time."""
    names = ("item", "value", "press", "declined", "correct", "key", "code", "instrument", "total", "holds")
    kinds = (
        "response",
        "feeling_it",
        "few_presses",
        "scored",
        "attention",
        "helper_text_shown",
        "speaking_result",
    )
    return [
        (event.kind, {name: event.payload[name] for name in names if name in event.payload})
        for event in events
        if event.kind in kinds
    ]


@pytest.mark.slow
def test_every_kind_of_stage_is_played_alike_with_and_without_a_window(theatre: Theatre) -> None:
    schedule = theatre.runner.schedule
    rehearsal = Rehearsal(schedule)
    rehearsal.say("start")
    rehearsal.run_to_end(60.0)
    assert_well_formed(rehearsal.log)
    autopilot = Autopilot(theatre.runner, Participant(schedule.seed, NORMS), Fingers(theatre.screen.forms))
    theatre.start()
    deadline = clock.now() + 30.0
    while theatre.runner.state != "finished" and clock.now() < deadline:
        autopilot.step(clock.now())
        theatre.runner.tick(clock.now())
        QTest.qWait(4)
    assert_well_formed(theatre.log)
    assert theatre.runner.reason == "completed"
    expected = told(rehearsal.log.events)
    assert told(theatre.log.events) == expected
    assert {kind for kind, _ in expected} >= {
        "feeling_it",
        "attention",
        "helper_text_shown",
        "speaking_result",
    }
    reasons = [event.payload["reason"] for event in theatre.log.of("stage_ended")]
    assert reasons == [event.payload["reason"] for event in rehearsal.log.of("stage_ended")]
    assert reasons[6] == "timed" and reasons[-1] == "answered"


@pytest.mark.parametrize(
    ("char", "number"), [("a", 0x41), ("ß", 0xDF), ("ü", 0xDC), ("您", 0x60A8), (" ", 0x20)]
)
def test_every_character_has_a_key(char: str, number: int) -> None:
    assert key_of(char) == number
