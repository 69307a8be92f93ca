"""What the curator answered, at the item and in the queue; nothing tells a repeat from a first time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.annotation import schemes
from app.annotation.curating import matters, reply
from app.annotation.dealing import Shares
from app.annotation.plans import make_plan
from app.annotation.queue import Item
from app.annotation.study_place import StudyPlace
from app.console import theme
from app.console.annotate.page import AnnotatePage
from app.console.annotate.queue_list import key_of
from app.study import Study
from tests.app.console.annotate.test_blind import texts
from tests.helpers.annotate_page import begin, press, wait_open
from tests.helpers.labelling import label

WHO = "anna"
Key = Qt.Key


@pytest.fixture
def study(faces: Study) -> Study:
    """A study of which one annotator has all four trials, and two of them again."""
    sam = next(each for each in schemes.bundled() if each.name == "sam")
    make_plan(faces, "sam", sam, (WHO,), seed=5, shares=Shares(overlap=1.0, repeats=0.5))
    return faces


@pytest.fixture
def page(qapp: QApplication, study: Study, qtbot: QtBot) -> Iterator[AnnotatePage]:
    """The page in a window of its own."""
    theme.apply(qapp, "light", 1.0)
    made = AnnotatePage()
    made.resize(1280, 780)
    made.show()
    qtbot.waitExposed(made)
    made.show_study(study)
    yield made
    made.closing()
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, 52)


def entries(page: AnnotatePage) -> list[str]:
    return [page.queue.list.item(row).text() for row in range(page.queue.list.count())]


def test_the_curators_answers_stand_at_the_item_and_in_the_queue_without_a_name(
    page: AnnotatePage, qtbot: QtBot, study: Study
) -> None:
    place = StudyPlace(study)
    item, other = place.queue(WHO)[:2]
    label(place, item, WHO, 3, finish=False)
    with place.log(item, WHO) as log:
        (mark,) = log.marks(item.code)
        log.ask(item.code, "Who is this?")
        log.ask(mark.id, "Sad or tired?")
    with place.log(other, WHO) as log:
        log.ask(other.code, "Is it over?")
    scheme = place.schemes()[item.scheme]
    for matter in matters(study, scheme):
        if matter.text != "Is it over?":
            reply(study, matter, "<b>Tired." if matter.about == mark.id else f"Look: {item.recording}.")
    begin(page, qtbot, WHO, "sam")
    lines = page.replies.text.splitlines()
    assert page.replies.isVisible()
    assert lines[0] == f"The curator says: Look: {item.code}."
    assert lines[1].startswith("The curator says about 'valence 3") and lines[1].endswith(": <b>Tired.")
    assert entries(page)[:3] == [
        f"{item.code}  –  begun, answered",
        f"{other.code}  –  begun, asked",
        f"{place.queue(WHO)[2].code}  –  open",
    ]
    page.open_item(key_of(other))
    wait_open(page, qtbot, item.code)
    assert not page.replies.isVisible(), "her question is not answered yet"


def read(page: AnnotatePage, item: Item) -> list[str]:
    """Return every text about the item in hand, its code put aside."""
    parts = (page.centre, page.split.widget(2), page.saved)
    return [text.replace(item.code, "CODE") for part in parts if part is not None for text in texts(part)]


def test_nothing_on_the_page_tells_a_repeat_from_a_first_time(
    page: AnnotatePage, qtbot: QtBot, study: Study
) -> None:
    queue = StudyPlace(study).queue(WHO)
    again = next(item for item in queue if item.purpose == "repeat")
    first = next(i for i in queue if i.purpose == "label" and (i.uuid, i.trial) == (again.uuid, again.trial))
    begin(page, qtbot, WHO, "sam")
    if page.item is None or page.item.code != first.code:
        page.open_item(key_of(first))
        wait_open(page, qtbot, queue[0].code)
    # Pictures come from a thread of their own.
    qtbot.waitUntil(lambda: any("frame 1 of" in text for text in read(page, first)), timeout=15_000)
    once = read(page, first)
    press(page, Key.Key_7, Key.Key_3, Key.Key_5)
    assert read(page, first) != once, "what was answered is to be read"
    page.open_item(key_of(again))
    wait_open(page, qtbot, first.code)
    qtbot.waitUntil(lambda: read(page, again) == once, timeout=15_000)
    assert not [text for text in texts(page.queue) if "repeat" in text.lower()]
    assert all(re.fullmatch(r"\w+  –  (open|begun)", entry) for entry in entries(page))
    assert len({len(item.code) for item in queue}) == 1
