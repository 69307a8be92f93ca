"""Every page in its real window, driven by real clicks and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import clock
from app.presenter.pages import PAGES
from app.presenter.pages.questionnaire import QuestionnairePage
from app.presenter.pages.quiet import QuietPage
from app.presenter.pages.scales import ScaleRow
from app.presenter.pages.speaking import SpeakingPage
from app.presenter.pages.typing import TypingPage
from app.presenter.screen import DRAWN_KINDS
from app.presenter.style import PALETTES, PaletteName
from protocols.schedule import Duration, StageKind
from tests.helpers.presenting import Plot, likert, paced, sam, speaking_content, timed, typing_content
from tests.helpers.theatre import Theatre, colours

Open = Callable[..., Theatre]
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def play(qapp: QApplication) -> Iterator[Open]:
    """Return what opens a stage's page in the real windows and starts it."""
    opened: list[Theatre] = []

    def open_page(kind: StageKind, duration: Duration, content: Mapping[str, Any], **options: Any) -> Theatre:
        plot = Plot().add(kind, duration, content).add("instruction", paced(1.0))
        theatre = Theatre(qapp, plot.schedule(), **options)
        opened.append(theatre)
        theatre.start()
        return theatre

    yield open_page
    for theatre in opened:
        theatre.close()


def scale(page: QuestionnairePage, item: str) -> ScaleRow:
    """Return the scale of an item."""
    row = page.rows[item]
    assert isinstance(row, ScaleRow)
    return row


PAGE_CASES: list[tuple[StageKind, Duration, dict[str, Any]]] = [
    ("instruction", paced(2.0), {"text": "You will see pictures.", "button": "START"}),
    ("instruction", paced(2.0), {"text": "A very long text. " * 110, "button": "START"}),
    ("rest", timed(5.0), {"text": "Please relax."}),
    ("break", timed(5.0), {"text": "Short break.", "countdown": True}),
    ("questionnaire", paced(2.0), likert("positive", "negative")),
    ("questionnaire", paced(2.0), sam("valence", "arousal", "dominance")),
    ("typing", paced(2.0), typing_content()),
    ("speaking", paced(2.0), speaking_content()),
    ("imagery", timed(5.0), {"text": "Imagine the sea.", "background": "#23272C"}),
]


@pytest.mark.parametrize("place", range(len(PAGE_CASES)))
def test_every_page_is_seen_in_its_palette(play: Open, place: int) -> None:
    kind, duration, content = PAGE_CASES[place]
    palette: PaletteName = "light" if place % 2 else "dark"
    theatre = play(kind, duration, content, palette=palette)
    seen = colours(theatre.screenshot())
    assert PALETTES[palette].ground.lower() in seen
    assert len(seen) > 3, "there is something on the page"
    (started,) = theatre.log.of("stage_started")
    assert started.payload["actual_s"] is not None


def test_there_is_a_page_for_every_kind_that_is_not_drawn() -> None:
    assert set(PAGES) == set(get_args(StageKind)) - set(DRAWN_KINDS)


@pytest.mark.parametrize("way", ["click", "enter", "space"])
def test_an_instruction_goes_on(play: Open, way: str) -> None:
    theatre = play("instruction", paced(2.0, min_s=0.3), {"text": "Read.", "button": "START"})
    button = theatre.page.button
    assert button is not None and button.text() == "START" and not button.isEnabled()
    theatre.click(button)
    assert not theatre.log.of("stage_ended"), "not before its minimum"
    theatre.run(0.4)
    assert button.isEnabled() and button.hasFocus()
    if way == "click":
        theatre.click(button)
    else:
        theatre.press(Qt.Key.Key_Return if way == "enter" else Qt.Key.Key_Space)
    assert theatre.log.of("stage_ended")[0].payload["reason"] == "answered"


def test_a_break_counts_down(play: Open) -> None:
    theatre = play("break", timed(1.2), {"text": "Short break.", "countdown": True})
    page = theatre.page
    assert isinstance(page, QuietPage) and page.countdown is not None and page.button is None
    assert page.countdown.text() == "2"
    theatre.run(0.5)
    assert page.countdown.text() == "1"
    theatre.run(0.8)
    assert theatre.log.of("stage_ended")[0].payload["reason"] == "timed"


def test_a_questionnaire_by_mouse(play: Open) -> None:
    theatre = play("questionnaire", paced(3.0), sam("valence", "arousal"))
    page = theatre.page
    assert isinstance(page, QuestionnairePage) and page.button is not None
    theatre.click(scale(page, "valence").buttons[7])
    assert "One answer is missing" in page.help.text()
    theatre.click(page.button)
    assert not theatre.log.of("stage_ended"), "nobody goes on before everything is answered"
    theatre.click(scale(page, "arousal").buttons[1])
    theatre.click(scale(page, "arousal").buttons[2])
    theatre.click(page.button)
    assert [(event.payload["item"], event.payload["value"]) for event in theatre.log.of("response")] == [
        ("valence", 8),
        ("arousal", 3),
    ]


def test_a_questionnaire_by_keyboard(play: Open) -> None:
    theatre = play("questionnaire", paced(3.0), likert("a", "b", "c"))
    page = theatre.page
    assert isinstance(page, QuestionnairePage) and page.button is not None
    assert page.rows["a"].hasFocus()
    theatre.press(Qt.Key.Key_5)
    assert page.rows["b"].hasFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Space):
        theatre.press(key)
    theatre.press(Qt.Key.Key_Return)
    assert not theatre.log.of("stage_ended") and page.rows["c"].hasFocus(), "Enter leads to what is missing"
    theatre.press(Qt.Key.Key_1)
    assert page.button.hasFocus()
    theatre.press(Qt.Key.Key_Return)
    values = {event.payload["item"]: event.payload["value"] for event in theatre.log.of("response")}
    assert values == {"a": 5, "b": 6, "c": 1}


def test_a_long_questionnaire_has_several_sheets(play: Open) -> None:
    names = [f"item{number}" for number in range(7)]
    content = likert(*names, points=5)
    # Scales of one kind would form a table.
    content["items"][3]["points"] = 7
    theatre = play("questionnaire", paced(3.0), content)
    page = theatre.page
    assert isinstance(page, QuestionnairePage) and page.button is not None
    assert page.sheets.count() == 3
    for name in names:
        if not page.is_shown(name):
            theatre.click(page.button)
        assert page.is_shown(name)
        theatre.click(scale(page, name).buttons[3])
    theatre.click(page.button)
    assert [event.payload["value"] for event in theatre.log.of("response")] == [4] * 7


def test_nothing_overlaps_on_a_full_sheet(play: Open) -> None:
    content = likert("a", "b", "c", points=11)
    content["title"] = (
        "A title so long that it needs two lines, because somebody wrote the instruction into it"
    )
    for item in content["items"]:
        item["text"] = "I felt that I could do what I wanted to do in this very moment, whatever it was. " * 2
    theatre = play("questionnaire", paced(3.0), content)
    page = theatre.page
    assert isinstance(page, QuestionnairePage)
    bottom = 0
    for row in page.rows.values():
        top = row.text.mapTo(page, row.text.rect().topLeft()).y()
        assert top >= bottom
        below = row.text.mapTo(page, row.text.rect().bottomLeft()).y()
        assert isinstance(row, ScaleRow)
        first = row.buttons[0]
        assert first.mapTo(page, first.rect().topLeft()).y() >= below
        bottom = first.mapTo(page, first.rect().bottomLeft()).y()
    assert page.help.geometry().top() >= bottom


def test_typing_by_keyboard(play: Open) -> None:
    theatre = play("typing", paced(5.0), typing_content("a cat"), characters=True)
    page = theatre.page
    assert isinstance(page, TypingPage) and page.editor.hasFocus()
    theatre.type_in("a cst")
    for _ in range(2):
        theatre.press(Qt.Key.Key_Backspace)
    theatre.type_in("at")
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Delete):
        theatre.press(key)
    QGuiApplication.clipboard().setText("pasted")
    for key in (Qt.Key.Key_V, Qt.Key.Key_Z, Qt.Key.Key_A):
        theatre.press(key, CONTROL)
    assert page.typing.text == "a cat", "no paste, no undo, no moving about"
    theatre.press(Qt.Key.Key_Return)
    (result,) = theatre.log.of("typing_result")
    assert (result.payload["text"], result.payload["keys"], result.payload["corrections"]) == ("a cat", 9, 2)
    assert result.payload["errors"] == 0
    keys = theatre.log.of("key")
    assert [event.payload["char"] for event in keys if event.payload["edge"] == "down"][:5] == list("a cst")
    assert {event.payload["edge"] for event in keys} == {"down", "up"}
    assert all(event.time <= event.payload["received_s"] for event in keys)


def test_who_types_nothing_is_let_go_at_the_limit_and_it_is_on_record(play: Open) -> None:
    theatre = play("typing", paced(0.2, max_s=0.3), typing_content("a cat"))
    theatre.run(0.4)
    (result,) = theatre.log.of("typing_result")
    assert (result.payload["keys"], result.payload["characters"], result.payload["first_key_s"]) == (
        0,
        0,
        None,
    )
    assert theatre.log.of("stage_ended")[0].payload["reason"] == "timeout"


def test_a_key_that_is_held_down_is_one_press_with_repeats(play: Open) -> None:
    theatre = play("typing", paced(5.0), typing_content("a cat"), characters=True)
    none = Qt.KeyboardModifier.NoModifier
    QTest.keyPress(theatre.window, Qt.Key.Key_A)
    for _ in range(5):
        again = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, none, "a", True)
        QCoreApplication.sendEvent(theatre.window, again)
    QTest.keyRelease(theatre.window, Qt.Key.Key_A)
    theatre.run(0.02)
    keys = [(event.payload["edge"], event.payload["press"]) for event in theatre.log.of("key")]
    assert keys == [("down", 1), *[("repeat", 1)] * 5, ("up", 1)]
    page = theatre.page
    assert isinstance(page, TypingPage) and page.typing.text == "aaaaaa", "every repeat types"


def test_a_repeat_that_the_window_system_told_as_up_and_press_is_a_repeat(play: Open) -> None:
    theatre = play("typing", paced(5.0), typing_content("a cat"), characters=True)
    none, stamp_ms = Qt.KeyboardModifier.NoModifier, int(clock.now() * 1000)

    def send(kind: QEvent.Type, at_ms: int) -> None:
        event = QKeyEvent(kind, Qt.Key.Key_A, none, "a")
        event.setTimestamp(at_ms)
        QCoreApplication.sendEvent(theatre.window, event)

    send(QEvent.Type.KeyPress, stamp_ms - 40)
    for at_ms in (stamp_ms - 10, stamp_ms - 5):
        send(QEvent.Type.KeyRelease, at_ms)
        send(QEvent.Type.KeyPress, at_ms)
    send(QEvent.Type.KeyRelease, stamp_ms)
    send(QEvent.Type.KeyPress, stamp_ms + 1)
    send(QEvent.Type.KeyRelease, stamp_ms + 2)
    theatre.run(0.05)
    keys = [(event.payload["edge"], event.payload["press"]) for event in theatre.log.of("key")]
    assert keys == [("down", 1), ("repeat", 1), ("repeat", 1), ("up", 1), ("down", 2), ("up", 2)]


def test_a_sentence_from_memory_goes_with_the_first_key(play: Open) -> None:
    theatre = play("typing", paced(5.0), typing_content("a cat") | {"show_target": False})
    page = theatre.page
    assert isinstance(page, TypingPage)
    assert page.target.text == "a cat"
    theatre.press("a")
    assert page.target.text == ""


@pytest.mark.parametrize("way", ["mouse", "space bar"])
def test_talking_while_the_button_is_held(play: Open, way: str) -> None:
    theatre = play("speaking", paced(5.0), speaking_content(min_hold_s=0.3))
    page = theatre.page
    assert isinstance(page, SpeakingPage) and page.button is not None
    left, none, space = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.Key.Key_Space

    def hold(seconds: float) -> None:
        if way == "mouse":
            QTest.mousePress(theatre.window, left, none, theatre.place(page.talk))
        else:
            QTest.keyPress(theatre.window, space)
        theatre.run(seconds)
        assert page.talk.is_held
        if way == "mouse":
            QTest.mouseRelease(theatre.window, left, none, theatre.place(page.talk))
        else:
            QTest.keyRelease(theatre.window, space)
        theatre.run(0.05)

    hold(0.05)
    assert "short" in page.help.text() and not page.button.isEnabled()
    hold(0.4)
    assert page.button.isEnabled()
    theatre.click(page.button)
    assert [event.payload["enough"] for event in theatre.log.of("talk_ended")] == [False, True]
    assert theatre.log.of("stage_ended")[0].payload["reason"] == "answered"


def test_the_operators_chords_are_heard_and_go_no_further(play: Open) -> None:
    theatre = play("typing", paced(5.0), typing_content())
    theatre.press(Qt.Key.Key_P, CONTROL | SHIFT)
    theatre.press(Qt.Key.Key_Q, CONTROL | SHIFT)
    theatre.press(Qt.Key.Key_P, CONTROL)
    assert theatre.chords == ["pause", "abort"]
    assert isinstance(theatre.page, TypingPage) and theatre.page.typing.text == ""


def test_a_pause_brings_the_same_page_back_with_its_answers(play: Open) -> None:
    theatre = play("questionnaire", paced(3.0), likert("a", "b"))
    page = theatre.page
    assert isinstance(page, QuestionnairePage)
    theatre.click(scale(page, "a").buttons[2])
    theatre.press(Qt.Key.Key_X)
    assert theatre.runner.command("pause", 0.0)
    theatre.run(0.05)
    assert theatre.screen.forms.page is None
    assert "moment" in theatre.screen.forms.moment.words.text
    keys = theatre.log.count()["key"]
    theatre.press(Qt.Key.Key_X)
    assert theatre.log.count()["key"] == keys, "no key is kept while nothing runs"
    assert theatre.runner.command("resume", 0.0)
    theatre.run(0.05)
    again = theatre.page
    assert isinstance(again, QuestionnairePage) and scale(again, "a").buttons[2].isChecked()
