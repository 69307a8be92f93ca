"""In the session: the discreet sign and its note, presses, rights, marks of the screen, one-click marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from analysis.records import Event
from app.console.attention import AttentionDialog, AttentionSign, open_attentions
from app.console.participant_lines import MISSING, ParticipantLines
from app.console.story import story_of
from app.console.told import Told, presses_words, told_of
from app.console.window import MainWindow
from tests.helpers.live_session import LiveSession

OPEN: Mapping[str, Any] = {"id": "a1", "code": "phq9-item9", "time": 12.0, "noted": False}
NOTED = dict(OPEN) | {"noted": True}


def running(**presenter: Any) -> dict[str, Any]:
    """Return a `state` message of a session that runs."""
    return {"phase": "running", "presenter": {"state": "running"} | presenter}


def test_only_what_is_not_noted_is_open() -> None:
    assert open_attentions({"attentions": [OPEN, NOTED]}) == (OPEN,)
    assert open_attentions({}) == ()
    assert open_attentions({"attentions": ["odd", 3]}) == ()


def test_the_sign_is_a_symbol_without_a_word_and_makes_no_sound(qtbot: QtBot) -> None:
    sign = AttentionSign()
    qtbot.addWidget(sign)
    assert sign.isHidden()
    sign.show_state({"attentions": [OPEN]})
    assert not sign.isHidden()
    assert (sign.text(), sign.toolTip(), sign.statusTip()) == ("", "", "")
    assert not sign.icon().isNull()
    with qtbot.waitSignal(sign.pressed_for) as pressed:
        QTest.mouseClick(sign, Qt.MouseButton.LeftButton)
    assert pressed.args == [OPEN]
    sign.show_state({"attentions": [NOTED]})
    assert sign.isHidden()


def test_the_note_must_say_something(qtbot: QtBot) -> None:
    dialog = AttentionDialog(OPEN)
    qtbot.addWidget(dialog)
    dialog.show()
    assert "PHQ-9, item 9" in dialog.about.text()
    assert not dialog.keep.isEnabled()
    dialog.accept()
    assert dialog.isVisible()
    QTest.keyClicks(dialog.line, "Talked to her; she calls her doctor.")
    QTest.mouseClick(dialog.keep, Qt.MouseButton.LeftButton)
    assert dialog.result() == AttentionDialog.DialogCode.Accepted
    assert dialog.text == "Talked to her; she calls her doctor."


def test_the_note_reaches_the_supervisor(window: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    live.attentions = [dict(OPEN)]
    live.phase, live.message = "running", "The participant may need help."
    window.attach(live.paths)
    sign = window.status.sign
    qtbot.waitUntil(lambda: not sign.isHidden(), timeout=5000)
    assert not window.notifier.shown, "a message would say it to the participant too"
    shown = " ".join(label.text() for label in window.findChildren(QLabel))
    assert "PHQ" not in shown
    assert "need help" not in shown
    QTest.mouseClick(sign, Qt.MouseButton.LeftButton)
    dialog = window._dialog
    assert isinstance(dialog, AttentionDialog)
    dialog.line.setPlainText("Stayed with the participant.")
    QTest.mouseClick(dialog.keep, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(live.notes_of_attention), timeout=5000)
    assert live.notes_of_attention == [
        {"type": "attention_noted", "id": "a1", "text": "Stayed with the participant."}
    ]
    qtbot.waitUntil(lambda: sign.isHidden(), timeout=5000)


def test_the_panel_asks_for_the_note_once_the_schedule_is_over(qtbot: QtBot) -> None:
    lines = ParticipantLines()
    qtbot.addWidget(lines)
    lines.show()
    lines.show_state(running() | {"attentions": [OPEN]})
    assert not lines.missing.isVisible()
    lines.show_state(running(state="finished") | {"attentions": [OPEN]})
    assert lines.missing.isVisible()
    assert lines.missing.text() == MISSING
    with qtbot.waitSignal(lines.attention_asked) as asked:
        QTest.mouseClick(lines.note, Qt.MouseButton.LeftButton)
    assert asked.args == [OPEN]


@pytest.mark.parametrize(
    ("presses", "wanted", "words"),
    [
        (0, 2, "no press yet, at least 2 hoped for"),
        (1, 2, "1 press, at least 2 hoped for"),
        (2, 2, "2 presses"),
        (1, 0, "1 press"),
    ],
)
def test_presses_are_counted_and_too_few_stand_out(
    presses: int, wanted: int, words: str, qtbot: QtBot
) -> None:
    lines = ParticipantLines()
    qtbot.addWidget(lines)
    lines.show_state(running(task={"presses": presses, "min_presses": wanted}))
    assert lines.task.text() == f"Feels it: {words}" == f"Feels it: {presses_words(presses, wanted)}"


def test_rights_debriefing_and_marks_are_said_in_the_panel(qtbot: QtBot) -> None:
    lines = ParticipantLines()
    qtbot.addWidget(lines)
    lines.show_state(running(rights=True))
    assert "asked for a pause" in lines.rights.text()
    lines.show_state(running(closing="aborted"))
    assert "debriefing" in lines.rights.text()
    screen = {"checks": {"results": [{"name": "screen", "verdict": "warned"}]}}
    lines.take(Told("alarm", "A placeholder stood for stimulus x.", "screen"))
    lines.show_state(running() | screen)
    assert lines.marks.text() == "Marked: screen not verified, 1 stimulus not as planned."
    lines.forget()
    assert lines.marks.text() == ""


TOLD: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "pause": ("rights_opened", {"kind": "picture"}, "The participant asked for a pause (trial 3, rating)."),
    "item": ("declined", {"what": "item", "item": "valence"}, "Declined: item valence (trial 3, rating)."),
    "stage": ("declined", {"what": "stage", "kind": "typing"}, "Declined: typing (trial 3, rating)."),
    "copy of a decline": ("declined", {}, "Declined (trial 3, rating)."),
    "stop": ("rights_closed", {"choice": "stop"}, "The participant ends the session."),
    "nothing": ("rights_closed", {"choice": ""}, None),
    "presses": (
        "few_presses",
        {"presses": 1, "min_presses": 2},
        "Imagery: felt once, at least 2 presses hoped for (trial 3, rating).",
    ),
    "never": (
        "few_presses",
        {"presses": 0, "min_presses": 2},
        "Imagery: felt never, at least 2 presses hoped for (trial 3, rating).",
    ),
    "noted": ("attention_noted", {"action": "called her doctor"}, "Attention, noted: called her doctor"),
    "placeholder": (
        "placeholder",
        {"stimulus": "s7"},
        "A placeholder stood for stimulus s7 (trial 3, rating).",
    ),
    "torn": (
        "stimulus_failed",
        {"stimulus": "sea.mp4", "text": "cannot be decoded"},
        "Stimulus sea.mp4 could not be shown (trial 3, rating): cannot be decoded.",
    ),
    "no recommender": (
        "recommender_lost",
        {"text": "recommender.json is gone."},
        "The recommender was lost; stimuli came as listed from there on.",
    ),
    "ordinary end": ("schedule_ended", {"reason": "completed"}, None),
    "ordinary stage": ("stage_started", {"kind": "picture"}, None),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_happened_is_told_in_a_sentence(name: str) -> None:
    kind, payload, text = TOLD[name]
    known = told_of(kind, payload, 2, "rating")
    assert (known.text if known is not None else None) == text


def test_the_story_keeps_it_once_and_apart_from_alarms() -> None:
    events = [
        Event(10.0, "presenter", 0, "schedule_started"),
        Event(15.0, "presenter", 1, "declined", 0, "typing", {"what": "stage", "kind": "typing"}),
        Event(15.1, "supervisor", 0, "alarm", payload={"code": "declined", "level": "warning", "text": "x"}),
        Event(16.0, "supervisor", 1, "attention_noted", payload={"action": "sat with her"}),
    ]
    story = story_of(events, [], [])
    assert story.incidents == ()
    assert [known.text for _, known in story.happenings] == [
        "Declined: typing (trial 1, typing).",
        "Attention, noted: sat with her",
    ]


def test_marks_take_one_click_while_the_participant_answers(
    window: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    window.attach(live.paths)
    live.phase = "running"
    notes = window.live.notes
    qtbot.waitUntil(lambda: notes.marks["mark_noise"].isEnabled(), timeout=5000)
    for button in notes.marks.values():
        assert button.property("oneClick") is True
        assert button.focusPolicy() == Qt.FocusPolicy.NoFocus, "a press must not take the keyboard"
    QTest.mouseClick(notes.marks["mark_noise"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "note" in live.names(), timeout=5000)
    assert notes.list.item(0).text().endswith("noise")


def test_events_of_the_participant_are_listed_once(window: MainWindow) -> None:
    window.live.take_event({"kind": "rights_closed", "time": 5.0, "payload": {"choice": "go_on"}})
    window.live.take_event({"kind": "declined", "time": 6.0, "trial": 1, "payload": {}})
    window.live.take_event({"kind": "stage_started", "time": 7.0, "payload": {"kind": "picture"}})
    listed = [window.live.notes.list.item(row).text() for row in range(window.live.notes.list.count())]
    assert len(listed) == 1, "a decline comes as the supervisor's warning"
    assert listed[0].endswith("The participant goes on.")
