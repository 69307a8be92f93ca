"""The other forms as the participant meets them: reading, imagining, speaking, and her rights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.presenter.pages.imagery import DIM, ImageryPage
from app.presenter.pages.parts import FittedText, PictureView
from app.presenter.pages.quiet import InstructionPage, QuietPage
from app.presenter.pages.rights import RightsPage
from app.presenter.pages.speaking import SpeakingPage
from app.presenter.pages.typing import TypingPage
from app.presenter.style import PALETTES, PaletteName, Style
from app.presenter.tasks import RIGHTS, Right, RightsTask, SpeakingTask
from protocols.schedule import Duration, StageKind
from tests.helpers.forms import Form
from tests.helpers.presenting import likert, paced, speaking_content, timed, typing_content

Key = Qt.Key
Open = Callable[..., Form]
LONG = "\n\n".join("Please read this paragraph of some length without any hurry. " * 6 for _ in range(8))


@pytest.fixture
def show(qapp: QApplication) -> Iterator[Open]:
    """Return what opens a stage's form."""
    opened: list[Form] = []

    def open_form(kind: StageKind, duration: Duration, content: dict[str, Any], **options: Any) -> Form:
        form = Form(kind, duration, content, **options)
        opened.append(form)
        return form

    yield open_form
    for form in opened:
        form.close()


@pytest.fixture
def picture(tmp_path: Path, qapp: QApplication) -> Path:
    """Return a red picture's file."""
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("#D02020"))
    assert image.save(str(tmp_path / "red.png"))
    return tmp_path / "red.png"


def repeat(form: Form, key: Qt.Key, text: str = "") -> None:
    """Hold a key that is down already."""
    target = QApplication.focusWidget()
    assert target is not None
    for _ in range(10):
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text, True)
        QCoreApplication.sendEvent(target, event)
    form.wait(0.05)


EVERY: list[tuple[StageKind, Duration, dict[str, Any]]] = [
    ("instruction", paced(1.0), {"text": "Read."}),
    ("rest", timed(1.0), {"text": "Rest."}),
    ("break", timed(1.0), {"text": "Break.", "countdown": True}),
    ("questionnaire", paced(1.0), likert("a")),
    ("typing", paced(1.0), typing_content()),
    ("speaking", paced(1.0), speaking_content()),
    ("imagery", timed(1.0), {"text": "Imagine."}),
]


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("kind", "duration", "content"), EVERY, ids=[kind for kind, _, _ in EVERY])
def test_every_form_has_its_ground_and_tells_how_to_pause(
    show: Open, kind: StageKind, duration: Duration, content: dict[str, Any], palette: PaletteName
) -> None:
    form = show(kind, duration, content, style=Style(palette, 1280, 800))
    assert form.page.hint.text() == "Esc: pause or stop" and form.page.hint.isVisible()
    ground = form.page.grab().toImage().pixelColor(5, 5).name()
    assert ground == (DIM if kind == "imagery" else PALETTES[palette].ground).lower()


@pytest.mark.parametrize("palette", PALETTES)
def test_words_are_readable_on_their_ground(palette: PaletteName) -> None:
    colours = PALETTES[palette]
    for ground in (colours.ground, colours.surface, colours.accent_soft):
        assert contrast(colours.ink, ground) >= 7
    assert contrast(colours.muted, colours.ground) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5


def contrast(ink: str, ground: str) -> float:
    """Return the contrast of two colours by WCAG 2."""

    def luminance(name: str) -> float:
        colour = QColor(name)
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [
            part / 12.92 if part <= 0.03928 else math.pow((part + 0.055) / 1.055, 2.4) for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Reading


def test_a_long_instruction_has_sheets_that_can_be_turned_back(show: Open) -> None:
    form = show("instruction", paced(5.0), {"text": LONG, "button": "GO"})
    page = form.page
    assert isinstance(page, InstructionPage) and page.sheets.count() > 1
    count = page.sheets.count()
    assert page.help.text() == f"Page 1 of {count}" and form.flaws() == []
    for _ in range(count - 1):
        assert not form.is_over
        form.press(Key.Key_Return)
    assert page.help.text() == f"Page {count} of {count}"
    form.press(Key.Key_PageUp)
    assert page.help.text() == f"Page {count - 1} of {count}"
    form.press(Key.Key_Return)
    form.press(Key.Key_Return)
    assert form.is_over


def test_no_word_is_lost_between_the_sheets(show: Open) -> None:
    endless = "wort " * 900
    form = show("instruction", paced(5.0), {"text": endless, "button": "GO"})
    page = form.page
    assert isinstance(page, InstructionPage)
    words = [text.text.split() for text in page.sheets.findChildren(FittedText)]
    assert sum(map(len, words)) == 900 and len(words) > 1


def test_a_timed_instruction_gets_smaller_instead(show: Open) -> None:
    form = show("instruction", timed(5.0), {"text": LONG})
    page = form.page
    assert isinstance(page, InstructionPage) and page.sheets.count() == 1 and form.flaws() == []


def test_a_picture_above_the_text(show: Open, picture: Path) -> None:
    form = show("instruction", paced(5.0), {"text": "Look.", "picture": "red"}, pictures={"red": picture})
    (view,) = form.page.findChildren(PictureView)
    assert not view.is_placeholder
    colour = view.grab().toImage().pixelColor(view.width() // 2, view.height() // 2)
    assert colour.name() == "#d02020"


def test_a_picture_that_is_not_there_is_a_frame_with_its_name(show: Open) -> None:
    form = show("break", timed(5.0), {"text": "Look.", "picture": "iaps-1920"})
    (view,) = form.page.findChildren(PictureView)
    assert view.is_placeholder and view.name == "iaps-1920"


def test_a_rest_has_its_symbol_and_ground(show: Open) -> None:
    form = show("rest", timed(5.0), {"text": "Rest.", "symbol": "x", "background": "#000000"})
    assert isinstance(form.page, QuietPage)
    image = form.page.grab().toImage()
    assert image.pixelColor(5, 5).name() == "#000000"
    assert form.page.look.palette == "dark", "words are readable on it"


# Typing


def test_typing_can_be_declined_by_mouse_and_keyboard(show: Open) -> None:
    form = show("typing", paced(5.0), typing_content())
    page = form.page
    assert isinstance(page, TypingPage) and page.button is not None and page.decline is not None
    assert not page.button.isEnabled() and page.help.text() == "Please type the sentence."
    form.press(Key.Key_Tab)
    assert page.decline.hasFocus()
    form.press(Key.Key_Space)
    assert page.decline.isChecked() and page.button.hasFocus()
    assert [kind for kind, _, _ in form.task.results(False)] == ["typing_result", "declined"]
    form.press(Key.Key_Return)
    assert form.is_over


def test_a_held_key_types_on_and_every_repeat_is_in_the_text(show: Open) -> None:
    form = show("typing", paced(5.0), typing_content())
    form.press("a")
    repeat(form, Key.Key_A, "a")
    assert form.acts == [("insert", {"text": "a"})] * 11


# Imagery


def imagery(**more: Any) -> dict[str, Any]:
    return {
        "text": "Imagine the sea.",
        "button": "I feel it",
        "key": "Space",
        "leave_button": "ENOUGH",
        **more,
    }


def test_feeling_it_by_button_and_key_again_and_again(show: Open) -> None:
    form = show("imagery", paced(60.0), imagery())
    page = form.page
    assert isinstance(page, ImageryPage)
    form.click(page.feel)
    form.press(Key.Key_Space)
    repeat(form, Key.Key_Space, " ")
    form.press(Key.Key_Space)
    presses = [(kind, payload["press"]) for kind, _, payload in form.results]
    assert presses == [("feeling_it", 1), ("feeling_it", 2), ("feeling_it", 3)], "holding is one press"
    assert not form.is_over
    form.press(Key.Key_Return)
    assert form.is_over, "Enter leaves"


def test_the_key_never_presses_the_button_to_leave(show: Open) -> None:
    form = show("imagery", paced(60.0), imagery())
    assert form.page.button is not None
    form.page.button.setFocus()
    form.wait(0.1)
    form.press(Key.Key_Space)
    assert not form.is_over and [kind for kind, _, _ in form.results] == ["feeling_it"]


def test_imagery_is_dim_and_names_its_key(show: Open) -> None:
    form = show("imagery", timed(60.0), imagery(key="KeyF"))
    assert form.page.grab().toImage().pixelColor(5, 5).lightness() < 40
    form.press("f")
    assert len(form.results) == 1 and form.page.button is None
    form.press(Key.Key_Space)
    assert len(form.results) == 1


# Speaking


def test_a_free_answer_is_ended_by_its_button(show: Open) -> None:
    form = show("speaking", paced(30.0), {"text": "How are you?", "prepare_s": 2.0, "min_hold_s": 1.0})
    page = form.page
    assert isinstance(page, SpeakingPage) and page.button is not None
    assert "2 s" in page.state.text and not page.button.isEnabled() and not page.talk.isVisible()
    form.wait(2.1)
    assert page.state.text == "Please speak now." and page.button.text() == "I have finished"
    form.wait(3.0)
    form.press(Key.Key_Return)
    assert form.is_over
    assert [kind for kind, _, _ in form.results] == ["talk_started", "talk_ended"]


def test_too_quiet_is_asked_for_once_more_in_the_protocols_words(show: Open) -> None:
    form = show("speaking", paced(30.0), {"text": "Well?", "min_voiced_s": 2.0, "reprompt": "A little more?"})
    page = form.page
    assert isinstance(page, SpeakingPage) and page.button is not None
    form.loudness = 0.1
    form.wait(3.0)
    form.click(page.button)
    assert page.help.text() == "A little more?"
    form.loudness = 0.8
    form.wait(1.0)
    assert page.meter.level == 0.8
    form.click(page.button)
    assert form.is_over
    task = form.task
    assert isinstance(task, SpeakingTask) and task.voiced_s == pytest.approx(1.0, abs=0.15)


def test_no_microphone_is_said(show: Open) -> None:
    form = show("speaking", paced(30.0), speaking_content())
    page = form.page
    assert isinstance(page, SpeakingPage)
    assert page.meter.level is None and page.meter.accessibleName() == "No microphone"
    assert not [action for action, _ in form.acts if action == "level"]


def test_the_button_to_hold_waits_for_the_time_to_prepare(show: Open) -> None:
    form = show("speaking", paced(30.0), speaking_content() | {"prepare_s": 1.0})
    page = form.page
    assert isinstance(page, SpeakingPage) and not page.talk.isEnabled()
    form.wait(1.2)
    assert page.talk.isEnabled() and page.talk.hasFocus()
    QTest.keyPress(page.talk, Key.Key_Space)
    form.wait(1.5)
    QTest.keyRelease(page.talk, Key.Key_Space)
    form.wait(0.1)
    assert form.page.button is not None and form.page.button.isEnabled()


def test_a_question_about_a_picture(show: Open, picture: Path) -> None:
    content = {"text": "What happened?", "picture": "red"}
    form = show("speaking", paced(30.0), content, pictures={"red": picture})
    (view,) = form.page.findChildren(PictureView)
    assert view.isVisible() and view.height() > 200 and form.flaws() == []


def test_speaking_can_be_declined(show: Open) -> None:
    form = show("speaking", paced(30.0), {"text": "How are you?"})
    assert form.page.decline is not None and form.page.button is not None
    form.click(form.page.decline)
    form.click(form.page.button)
    assert form.is_over


# Rights


@pytest.mark.parametrize("choice", RIGHTS)
@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_the_three_rights(show: Open, choice: Right, way: str) -> None:
    form = show("questionnaire", paced(5.0), {"items": [], "background": "#000000"}, task=RightsTask)
    page = form.page
    assert isinstance(page, RightsPage)
    if way == "mouse":
        form.click(page.choices[choice])
    else:
        for _ in range(RIGHTS.index(choice)):
            form.press(Key.Key_Right)
        form.press(Key.Key_Return)
    assert form.acts == [("rights", {"choice": choice})]


def test_rights_are_explained_in_the_participants_language(show: Open) -> None:
    style = Style("light", 1280, 800, language="de-AT")
    form = show("rest", timed(5.0), {"text": "Ruhe."}, task=RightsTask, style=style)
    page = form.page
    assert isinstance(page, RightsPage)
    assert [button.text() for button in page.choices.values()] == ["Weitermachen", "Überspringen", "Aufhören"]
    assert form.flaws() == []
