"""The study page's list and the participant's entry: who is there, what is done, broken and to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from app import participants
from app.console import overview
from app.console.field_editor import FieldEditor, label_text, label_value
from app.console.overview import Filter, list_study
from app.console.participant_dialog import ParticipantDialog
from app.console.participants_card import FEW, ParticipantsCard
from app.console.window import MainWindow
from app.participant_fields import fields_from_yaml
from app.study import Study
from tests.helpers.visits import BROKEN, finished

FIELDS = [
    {
        "name": "age",
        "label": {"en": "Age", "de": "Alter"},
        "type": "number",
        "unit": "years",
        "required": True,
    },
    {"name": "handedness", "label": "Handedness", "type": "choice", "options": ["left", "right"]},
    {"name": "remarks", "label": "Remarks"},
]


@pytest.fixture
def crowd(tmp_path: Path) -> Study:
    """Four people of a study with two visits: all done, broken, nothing yet, excluded."""
    made = Study.create(
        tmp_path / "crowd", "Crowd", "people", protocol="demo", visits=2,
        participant_fields=fields_from_yaml(FIELDS, "test"),
    )  # fmt: skip
    for code, group in (("01", "A"), ("02", "B"), ("03", "A"), ("04", "B")):
        participants.add(made, code, group=group, fields={"age": str(20 + int(code))})
    for line in (finished("01", 1), finished("01", 2), finished("02", 1, **BROKEN), finished("04", 1)):
        made.add_finished(line)
    participants.exclude(made, "04", "fell asleep")
    return made


@pytest.fixture
def card(crowd: Study, qtbot: QtBot) -> ParticipantsCard:
    """The list of that study."""
    made = ParticipantsCard()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show_study(crowd)
    made.show_listing(list_study(crowd))
    made.show()
    return made


def codes(card: ParticipantsCard) -> list[str]:
    """Return the first column of the participants that are listed."""
    items = [card.tree.topLevelItem(place) for place in range(card.tree.topLevelItemCount())]
    return [item.text(0) for item in items if item is not None]


def row(card: ParticipantsCard, code: str, session: int = 0) -> QTreeWidgetItem:
    """Return a participant's row, or that of a visit."""
    assert card.select(code, session)
    item = card.tree.currentItem()
    assert item is not None
    return item


def test_each_participant_with_visits_done_broken_and_to_do(card: ParticipantsCard) -> None:
    assert codes(card) == ["01", "02", "03", "04"]
    assert row(card, "01").text(2) == "2 of 2 done"
    assert row(card, "02").text(2) == "0 of 2 done, 1 broken"
    assert row(card, "03").text(2) == "0 of 2 done"
    assert row(card, "04").text(2) == "excluded: fell asleep"
    first = row(card, "01", 1)
    assert [first.text(place) for place in range(4)] == [
        "session 1, run 1",
        "demo v2",
        "done",
        "2026-11-01 10:00",
    ]
    assert row(card, "02", 1).text(2) == "broken: aborted, 12 trials left"
    assert row(card, "02", 2).text(2) == "to do"


def test_runs_of_one_visit_are_listed_below_it(crowd: Study, card: ParticipantsCard) -> None:
    crowd.add_finished(finished("02", 1, 2, continues="02-1-1"))
    card.show_listing(list_study(crowd))
    visit = row(card, "02", 1)
    assert visit.text(2) == "done"
    runs = [visit.child(place) for place in range(visit.childCount())]
    assert [(run.text(0), run.text(2)) for run in runs if run is not None] == [
        ("run 1", "aborted"),
        ("run 2", "completed"),
    ]


FILTERED: dict[Filter, list[str]] = {
    "all": ["01", "02", "03", "04"],
    "to do": ["02", "03"],
    "broken": ["02"],
    "running": [],
    "done": ["01"],
    "excluded": ["04"],
}


@pytest.mark.parametrize("name", FILTERED)
def test_filters(name: Filter, card: ParticipantsCard) -> None:
    card.filter.setCurrentIndex(card.filter.findData(name))
    assert codes(card) == FILTERED[name]
    if not FILTERED[name]:
        assert card.hint.text() == "Nobody fits. Take the search or the filter back."


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("02", ["02"]),
        ("group b", ["02", "04"]),
        ("age 24", ["04"]),
        ("2026-11-02", ["01"]),
        ("demo v2", ["01", "02", "04"]),
        ("nobody", []),
    ],
)
def test_search_by_code_group_field_and_date(
    words: str, found: list[str], card: ParticipantsCard, qtbot: QtBot
) -> None:
    QTest.keyClicks(card.search, words)
    qtbot.waitUntil(lambda: codes(card) == found, timeout=3000)


def test_each_row_leads_where_its_button_says(card: ParticipantsCard, crowd: Study, qtbot: QtBot) -> None:
    row(card, "01", 1)
    assert card.do.text() == "Open summary"
    with qtbot.waitSignal(card.session_asked) as opened:
        QTest.mouseClick(card.do, Qt.MouseButton.LeftButton)
    assert opened.args == [crowd.folder / finished("01", 1).file]
    row(card, "02", 1)
    assert card.do.text() == "Continue"
    with qtbot.waitSignal(card.continue_asked) as continued:
        QTest.mouseClick(card.do, Qt.MouseButton.LeftButton)
    assert continued.args is not None
    assert continued.args[0].uuid == "02-1-1"
    item = row(card, "02", 2)
    assert card.do.text() == "Next session"
    with qtbot.waitSignal(card.prepare_asked) as prepared:
        card.activate(item)
    assert prepared.args == ["02", 2]


def test_many_participants_are_listed_closed_and_open_on_demand(crowd: Study, card: ParticipantsCard) -> None:
    row_of_two = list_study(crowd).rows[0]
    rows = tuple(replace(row_of_two, person=replace(row_of_two.person, code=f"P{n}")) for n in range(200))
    card.show_listing(replace(list_study(crowd), rows=rows))
    assert card.tree.topLevelItemCount() == 200 > FEW
    first = card.tree.topLevelItem(0)
    assert first is not None
    assert first.childCount() == 0, "visits are made once somebody looks at them"
    card.tree.expandItem(first)
    assert first.childCount() == 2
    assert row(card, "P150", 2).text(0) == "session 2, run 1"


def test_what_was_open_stays_open(card: ParticipantsCard, crowd: Study) -> None:
    first = row(card, "01")
    card.tree.collapseItem(first)
    card.show_listing(list_study(crowd))
    assert not row(card, "01").isExpanded()
    assert row(card, "02").isExpanded()


@pytest.mark.parametrize(
    ("taken", "code"),
    [([], "01"), (["01", "02"], "03"), (["007", "Anna"], "008"), (["99"], "100")],
)
def test_a_code_is_suggested(taken: list[str], code: str, people: Study, study: Study) -> None:
    assert overview.next_code(people, taken) == code
    assert overview.next_code(study, ["sim01"]) == "sim02"


def test_an_empty_study_says_how_to_begin(people: Study, qtbot: QtBot) -> None:
    card = ParticipantsCard()
    qtbot.addWidget(card)
    card.show_study(people)
    card.show_listing(list_study(people))
    assert card.hint.text().startswith("Nobody yet.")
    assert not card.edit.isEnabled()
    assert card.add.isEnabled()


def test_rehearsals_are_listed_apart(card: ParticipantsCard, crowd: Study) -> None:
    crowd.add_finished(finished("rehearsal", 1, rehearsal=True, file="rehearsals/sub-rehearsal/ses-01/x.h5"))
    card.show_listing(list_study(crowd))
    assert codes(card)[-1] == "Rehearsals"
    assert "rehearsal" not in codes(card)


def test_a_newcomer_by_the_studys_own_form(window: MainWindow, crowd: Study) -> None:
    window.open_study(crowd.folder)
    window.trigger("add_participant")
    dialog = window._dialog
    assert isinstance(dialog, ParticipantDialog)
    assert dialog.code.text() == "05"
    age = dialog.entries[0]
    assert age.line is not None
    QTest.keyClicks(age.line, "old")
    assert "is not a number" in dialog.problem.text()
    assert not dialog.save.isEnabled()
    age.line.clear()
    QTest.keyClicks(age.line, "31")
    assert dialog.entries[1].box is not None
    dialog.entries[1].box.setCurrentIndex(1)
    dialog.group.setCurrentText("B")
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    person = participants.person(crowd, "05")
    assert person is not None
    assert (person.group, dict(person.fields)) == ("B", {"age": "31", "handedness": "left", "remarks": ""})
    choice = window.study_view.list.choice()
    assert choice is not None
    assert choice.person.code == "05"


def test_a_code_that_is_taken_is_refused(crowd: Study, qtbot: QtBot) -> None:
    dialog = ParticipantDialog(crowd)
    qtbot.addWidget(dialog)
    dialog.code.setText("01")
    assert dialog.verdict.text() == "This code is in the study already."
    assert not dialog.save.isEnabled()


def test_what_was_recorded_is_corrected_with_a_reason_and_not_overwritten(crowd: Study, qtbot: QtBot) -> None:
    dialog = ParticipantDialog(crowd, participants.person(crowd, "01"))
    qtbot.addWidget(dialog)
    dialog.show()
    age = dialog.entries[0].line
    assert age is not None
    age.setText("35")
    assert dialog.reason.isVisible()
    assert not dialog.save.isEnabled()
    QTest.keyClicks(dialog.reason, "typed wrongly")
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    lines = crowd.amendments().lines
    assert [(line.kind, line.field, line.value, line.reason) for line in lines if line.kind == "field"] == [
        ("field", "age", "35", "typed wrongly")
    ]
    assert "21" in (crowd.folder / "participants.tsv").read_text(encoding="utf-8")
    person = participants.person(crowd, "01")
    assert person is not None
    assert person.fields["age"] == "35"


def test_what_nobody_was_recorded_with_is_simply_changed(crowd: Study, qtbot: QtBot) -> None:
    dialog = ParticipantDialog(crowd, participants.person(crowd, "03"))
    qtbot.addWidget(dialog)
    age = dialog.entries[0].line
    assert age is not None
    age.setText("40")
    dialog.accept()
    assert all(line.kind == "excluded" for line in crowd.amendments().lines)
    person = participants.person(crowd, "03")
    assert person is not None
    assert person.fields["age"] == "40"


def test_an_exclusion_needs_its_reason_and_can_be_taken_back(crowd: Study, qtbot: QtBot) -> None:
    dialog = ParticipantDialog(crowd, participants.person(crowd, "03"))
    qtbot.addWidget(dialog)
    dialog.excluded.setChecked(True)
    assert not dialog.save.isEnabled()
    QTest.keyClicks(dialog.exclusion, "left early")
    dialog.accept()
    person = participants.person(crowd, "03")
    assert person is not None
    assert person.excluded == "left early"
    back = ParticipantDialog(crowd, person)
    qtbot.addWidget(back)
    back.excluded.setChecked(False)
    back.accept()
    again = participants.person(crowd, "03")
    assert again is not None
    assert again.excluded == ""


def test_a_recording_without_an_entry_gets_one_when_it_is_edited(window: MainWindow, crowd: Study) -> None:
    crowd.add_finished(finished("77", 1))
    window.open_study(crowd.folder)
    window.study_view.list.select("77")
    QTest.mouseClick(window.study_view.list.edit, Qt.MouseButton.LeftButton)
    dialog = window._dialog
    assert isinstance(dialog, ParticipantDialog)
    assert dialog.code.text() == "77"
    dialog.reject()


def test_fields_are_added_changed_moved_and_checked(qtbot: QtBot) -> None:
    editor = FieldEditor(fields_from_yaml(FIELDS, "test"))
    qtbot.addWidget(editor)
    assert editor.list.count() == 3
    editor.add()
    editor.name.clear()
    QTest.keyClicks(editor.name, "sex")
    editor.type.setCurrentIndex(editor.type.findData("choice"))
    assert "options" in editor.problem.text()
    QTest.keyClicks(editor.options, "female | male | diverse")
    editor.leaves.setChecked(True)
    assert editor.problem.text() == ""
    editor.move_field(-1)
    names = [field.name for field in editor.fields()]
    assert names == ["age", "handedness", "sex", "remarks"]
    sex = editor.fields()[2]
    assert (sex.options, sex.leaves) == (("female", "male", "diverse"), True)
    editor.list.setCurrentRow(0)
    assert editor.label.text() == "en: Age | de: Alter"
    editor.remove()
    assert [field.name for field in editor.fields()] == ["handedness", "sex", "remarks"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Age", "Age"),
        ("en: Age | de: Alter", {"en": "Age", "de": "Alter"}),
        ("Time: morning or evening", "Time: morning or evening"),
        ("", ""),
    ],
)
def test_labels_of_one_text_or_one_a_language(text: str, value: Any) -> None:
    assert label_value(text) == value
    assert label_text(value) == text
