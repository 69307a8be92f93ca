"""Questionnaires as the participant meets them: every kind of item by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.presenter.pages.entries import NumberRow, TextRow
from app.presenter.pages.grid import GridRow
from app.presenter.pages.options import ChoiceRow
from app.presenter.pages.questionnaire import QuestionnairePage, sheets_of
from app.presenter.pages.scales import ScaleRow
from app.presenter.pages.table import TableRow
from app.presenter.style import Style
from app.presenter.tasks import QuestionnaireTask
from tests.helpers.forms import Form
from tests.helpers.presenting import likert, paced, timed

Key = Qt.Key
Ask = Callable[..., Form]
EMOTIONS = ["anger", "fear", "joy", "calm", "pride"]
GRID = {
    "id": "g",
    "text": "Where are you?",
    "scale": "grid",
    "x": {"dimension": "valence", "low": "unpleasant", "high": "pleasant"},
    "y": {"dimension": "arousal", "low": "calm", "high": "excited"},
}
ONE = {
    "id": "c",
    "text": "Which one?",
    "scale": "choice",
    "options": [{"id": word, "text": word} for word in EMOTIONS],
}
SEVERAL = {**ONE, "several": True, "min": 1, "max": 2}
TEXT = {"id": "t", "text": "What did you think?", "scale": "text", "max_chars": 20}
NUMBER = {"id": "n", "text": "How old are you?", "scale": "number", "min": 18, "max": 99, "unit": "years"}


@pytest.fixture
def ask(qapp: QApplication) -> Iterator[Ask]:
    """Return what opens a questionnaire with the given items."""
    opened: list[Form] = []

    def open_form(*items: dict[str, Any], style: Style | None = None, **more: Any) -> Form:
        duration = more.pop("duration", paced(10.0))
        form = Form("questionnaire", duration, {"items": list(items), **more}, style=style)
        opened.append(form)
        return form

    yield open_form
    for form in opened:
        form.close()


def sheet(form: Form) -> QuestionnairePage:
    assert isinstance(form.page, QuestionnairePage)
    return form.page


def go_on(form: Form) -> None:
    assert form.page.button is not None
    form.click(form.page.button)


def test_a_grid_by_mouse(ask: Ask) -> None:
    form = ask(GRID)
    row = sheet(form).rows["g"]
    assert isinstance(row, GridRow)
    corner = row.pad.cell(1, 9)
    form.click(row.pad, corner.center())
    assert form.response("g")["value"] == [1, 9], "x to the right, y upwards"
    form.click(row.pad, QPointF(row.pad.width() - 3.0, row.pad.height() - 3.0))
    assert form.response("g")["value"] == [9, 1] and form.response("g")["changes"] == 1
    go_on(form)
    assert form.is_over


def test_a_grid_by_keyboard(ask: Ask) -> None:
    form = ask(GRID)
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Up, Key.Key_Return):
        form.press(key)
    assert form.response("g")["value"] == [7, 6], "from the middle"
    form.press(Key.Key_Left)
    assert form.response("g")["value"] == [7, 6], "moving alone chooses nothing"
    form.press(Key.Key_Space)
    assert form.response("g")["value"] == [6, 6]
    form.press(Key.Key_Return)
    assert form.is_over, "Enter on the chosen place goes on"


def test_the_ring_stays_on_the_grid(ask: Ask) -> None:
    form = ask(GRID)
    for _ in range(12):
        form.press(Key.Key_Left)
        form.press(Key.Key_Down)
    form.press(Key.Key_Space)
    assert form.response("g")["value"] == [1, 1]


def test_one_of_a_list(ask: Ask) -> None:
    form = ask(ONE)
    row = sheet(form).rows["c"]
    assert isinstance(row, ChoiceRow)
    form.click(row.buttons[3])
    assert form.response("c")["value"] == "calm"
    row.setFocus()
    for key in (Key.Key_Up, Key.Key_Up, Key.Key_Space):
        form.press(key)
    assert form.response("c")["value"] == "fear"
    form.press("3")
    assert form.response("c")["value"] == "joy" and row.buttons[2].isChecked()
    assert sum(button.isChecked() for button in row.buttons) == 1
    form.press(Key.Key_Return)
    assert form.is_over


def test_several_of_a_list_up_to_the_most(ask: Ask) -> None:
    form = ask(SEVERAL)
    row = sheet(form).rows["c"]
    assert isinstance(row, ChoiceRow)
    form.press("31")
    assert form.response("c")["value"] == ["anger", "joy"], "in the order of the list"
    form.click(row.buttons[4])
    assert form.response("c")["value"] == ["anger", "joy"], "two are the most"
    form.press("3")
    form.click(row.buttons[4])
    assert form.response("c")["value"] == ["anger", "pride"]
    form.press("15")
    button = form.page.button
    assert button is not None and not button.isEnabled(), "none is not enough"


def test_a_list_that_does_not_fit_has_pages(ask: Ask) -> None:
    words = [f"a rather long description of feeling number {number}" for number in range(1, 21)]
    options = [{"id": f"o{number}", "text": text} for number, text in enumerate(words)]
    form = ask({**ONE, "options": options}, style=Style("light", 1280, 800, 2.0))
    row = sheet(form).rows["c"]
    assert isinstance(row, ChoiceRow) and row.more is not None and row.pages.count() > 1
    form.click(row.more)
    assert row.pages.currentIndex() == 1
    for _ in range(20):
        form.press(Key.Key_PageDown)
    form.press(Key.Key_Space)
    assert form.response("c")["value"] == "o19"
    assert form.flaws() == []


@pytest.mark.parametrize("text", ["größer", "您现在感觉", "كيف حالك", "a\nb"])
def test_a_free_text_of_any_script(ask: Ask, text: str) -> None:
    form = ask(TEXT)
    row = sheet(form).rows["t"]
    assert isinstance(row, TextRow) and row.box.hasFocus()
    for char in text:
        form.press(Key.Key_Return) if char == "\n" else row.box.insertPlainText(char)
    assert form.response("t")["value"] == text and form.response("t")["changes"] == len(text) - 1
    for _ in text:
        form.press(Key.Key_Backspace)
    task = form.task
    assert isinstance(task, QuestionnaireTask) and not task.is_answered("t")


def test_a_free_text_ends_where_it_must(ask: Ask) -> None:
    form = ask(TEXT)
    row = sheet(form).rows["t"]
    assert isinstance(row, TextRow)
    form.press("this text is longer than twenty")
    assert form.response("t")["value"] == "this text is longer " == row.box.toPlainText()
    assert "0 characters left" in row.left.text()
    form.press(Key.Key_Tab)
    assert not row.box.hasFocus(), "Tab leaves"


def test_a_number_by_keyboard_and_by_its_buttons(ask: Ask) -> None:
    form = ask(NUMBER)
    row = sheet(form).rows["n"]
    assert isinstance(row, NumberRow) and row.box.hasFocus()
    form.press("x1")
    button = form.page.button
    assert row.box.text() == "1" and button is not None and not button.isEnabled(), "1 is too low"
    form.press("8")
    assert form.response("n")["value"] == 18
    form.click(row.less)
    assert form.response("n")["value"] == 18
    form.click(row.more)
    assert form.response("n")["value"] == 19
    form.press(Key.Key_Return)
    assert button.hasFocus()
    form.press(Key.Key_Return)
    assert form.is_over


def test_a_number_with_decimals_takes_comma_and_point(ask: Ask) -> None:
    form = ask({**NUMBER, "min": None, "max": None, "decimals": 1})
    form.press("-61,5")
    assert form.response("n")["value"] == -61.5


def test_a_scale_of_21_points_by_mouse_and_arrows(ask: Ask) -> None:
    form = ask(*likert("a", points=21)["items"])
    row = sheet(form).rows["a"]
    assert isinstance(row, ScaleRow)
    form.click(row.buttons[20])
    assert form.response("a")["value"] == 21
    row.setFocus()
    for key in (Key.Key_Left, Key.Key_Left, Key.Key_Space):
        form.press(key)
    assert form.response("a")["value"] == 19
    form.press("5")
    assert form.response("a")["value"] == 19, "digits would only reach half of it"


def test_a_scale_from_zero_takes_its_digits(ask: Ask) -> None:
    form = ask({**likert("a", points=4)["items"][0], "first": 0, "labels": ["no", "a bit", "much", "very"]})
    form.press("0")
    assert form.response("a")["value"] == 0
    row = sheet(form).rows["a"]
    row.setFocus()
    form.press("4")
    assert form.response("a")["value"] == 0, "there is no 4"


ITEMS = [likert("a")["items"][0], GRID, ONE, TEXT, NUMBER]


@pytest.mark.parametrize("item", ITEMS, ids=[str(item["scale"]) for item in ITEMS])
@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_every_item_can_be_declined(ask: Ask, item: dict[str, Any], way: str) -> None:
    form = ask(item)
    row = sheet(form).rows[str(item["id"])]
    if way == "mouse":
        form.click(row.decline)
    else:
        for _ in range(3):
            form.press(Key.Key_Tab)
            if row.decline.hasFocus():
                break
        form.press(Key.Key_Space)
    assert row.decline.isChecked()
    response = form.response(str(item["id"]))
    assert response["value"] is None and response["declined"]
    assert [kind for kind, _, _ in form.task.results(False)] == ["response", "declined"]
    go_on(form)
    assert form.is_over


def test_an_answer_takes_declining_back(ask: Ask) -> None:
    form = ask(*likert("a")["items"])
    row = sheet(form).rows["a"]
    assert isinstance(row, ScaleRow)
    form.click(row.decline)
    form.click(row.buttons[3])
    assert not row.decline.isChecked() and form.response("a")["value"] == 4
    form.click(row.decline)
    assert not any(button.isChecked() for button in row.buttons)


def test_like_scales_form_a_table_with_a_column_to_decline(ask: Ask) -> None:
    form = ask(*likert(*"abcdef", points=5)["items"])
    page = sheet(form)
    row = page.rows["b"]
    assert isinstance(row, TableRow) and page.sheets.count() == 1
    form.click(row.buttons[4])
    form.click(row.box)
    assert form.response("b")["declined"] and row.box.isChecked()
    assert not any(button.isChecked() for button in row.buttons)
    page.rows["a"].setFocus()
    form.press("2")
    assert form.response("a")["value"] == 2 and row.hasFocus()
    for _ in range(6):
        form.press(Key.Key_Right)
    form.press(Key.Key_Space)
    assert form.response("b")["declined"], "behind the last point the ring comes to the box"


def test_a_long_table_has_sheets(ask: Ask) -> None:
    names = [f"item{number:02}" for number in range(20)]
    form = ask(*likert(*names, points=5)["items"])
    page = sheet(form)
    assert page.sheets.count() == 2 and "Page 1 of 2" in page.help.text()
    for name in names:
        if not page.is_shown(name):
            go_on(form)
        assert page.is_shown(name)
        row = page.rows[name]
        assert isinstance(row, TableRow)
        form.click(row.buttons[3])
    go_on(form)
    assert form.is_over and form.response("item19")["value"] == 4


def test_an_answer_that_calls_for_it_brings_the_helper_text(ask: Ask) -> None:
    rule = {"item": "b", "above": 0, "code": "phq9-item9"}
    items = [{**item, "first": 0} for item in likert("a", "b", points=4)["items"]]
    form = ask(*items, instrument="phq-9", attention=rule, helper_text="You are not alone.")
    form.press("0")
    form.press("1")
    go_on(form)
    page = sheet(form)
    assert not form.is_over and page.helper is not None and page.helper.isVisible()
    assert page.helper.text == "You are not alone."
    assert [kind for kind, _, _ in form.results] == ["helper_text_shown"]
    form.press(Key.Key_Return)
    assert form.is_over


def test_no_helper_text_without_need(ask: Ask) -> None:
    rule = {"item": "a", "above": 0, "code": "phq9-item9"}
    item = {**likert("a", points=4)["items"][0], "first": 0}
    form = ask(item, instrument="phq-9", attention=rule, helper_text="You are not alone.")
    form.press("0")
    go_on(form)
    assert form.is_over and form.results == []


def test_a_timed_rating_counts_its_last_seconds(ask: Ask) -> None:
    form = ask(*likert("a", "b")["items"], duration=timed(20.0))
    page = sheet(form)
    assert page.button is None and page.help.text() == "2 answers are missing."
    form.wait(9.0, 0.5)
    assert page.help.text() == "2 answers are missing."
    form.wait(3.0, 0.5)
    assert page.help.text() == "2 answers are missing. · 8 s left"
    form.press("3")
    assert [payload["item"] for _, _, payload in form.task.results(True)] == ["a"], "b is missing"


def test_a_timed_rating_of_several_sheets_can_be_turned_unfilled(ask: Ask) -> None:
    form = ask(*likert("a", "b")["items"], *likert("c", "d", points=5)["items"], duration=timed(45.0))
    page = sheet(form)
    assert page.sheets.count() == 2
    go_on(form)
    assert page.is_shown("d") and not form.is_over
    assert page.button is not None and not page.button.isEnabled(), "the clock ends it"


def test_holding_a_digit_answers_one_item(ask: Ask) -> None:
    form = ask(*likert("a", "b")["items"])
    page = sheet(form)
    form.press("3")
    assert page.rows["b"].hasFocus()
    for _ in range(20):
        again = QKeyEvent(QEvent.Type.KeyPress, Key.Key_3, Qt.KeyboardModifier.NoModifier, "3", True)
        QCoreApplication.sendEvent(page.rows["b"], again)
    assert [payload["item"] for _, _, payload in form.task.results(True)] == ["a"]


def test_in_a_language_from_right_to_left_the_scale_begins_at_the_right(ask: Ask) -> None:
    form = ask(*likert("a")["items"], style=Style("light", 1280, 800, language="ar"))
    row = sheet(form).rows["a"]
    assert isinstance(row, ScaleRow)
    first, last = (row.buttons[place].mapTo(row, row.rect().topLeft()).x() for place in (0, 6))
    assert first > last
    for key in (Key.Key_Left, Key.Key_Space):
        form.press(key)
    assert form.response("a")["value"] == 5, "left is onwards"


@pytest.mark.parametrize(
    ("heights", "room", "most", "even", "expected"),
    [
        ([100] * 7, 320, 9, True, [3, 3, 1]),
        ([100] * 6, 420, 9, True, [3, 3]),
        ([100] * 6, 420, 9, False, [4, 2]),
        ([100] * 4, 1000, 3, False, [3, 1]),
        ([500, 100], 300, 3, True, [1, 1]),
        ([], 300, 3, True, []),
    ],
)
def test_rows_are_divided_among_sheets(
    heights: list[int], room: int, most: int, even: bool, expected: list[int]
) -> None:
    assert sheets_of(heights, room, 0, most, even) == expected
