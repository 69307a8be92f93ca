"""The scheme editor with real clicks and keys: parts, preview, problems, undo, versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from analysis.labels.scheme import Dimension, Label, Question, Scheme, Tier
from app.annotation import schemes
from app.console.annotate import scheme_draft as draft
from app.console.annotate.scheme_draft import KINDS
from app.console.annotate.scheme_editor import SchemeEditor
from app.console.annotate.scheme_editor_fields import asked, differences
from app.console.annotate.scheme_editor_file import problems
from app.console.annotate.scheme_editor_preview import TryScale
from app.console.annotate.scheme_editor_rows import FlagRow, TextRow, WordRow
from app.study import Study
from tests.helpers.front import bring_to_front

Saved = list[tuple[Scheme, Scheme | None]]


@pytest.fixture
def saved() -> Saved:
    """What was saved, with the version before."""
    return []


@pytest.fixture
def editor(qtbot: QtBot, qapp: QApplication, study: Study, saved: Saved) -> Iterator[SchemeEditor]:
    """The editor of a study without schemes."""
    made = SchemeEditor(study, lambda new, before: saved.append((new, before)))
    made.resize(1240, 780)
    made.show()
    qtbot.waitExposed(made)
    bring_to_front(made, qtbot)
    yield made
    made._saved = made.scheme
    made.close()


def bundled(name: str) -> Scheme:
    return next(scheme for scheme in schemes.bundled() if scheme.name == name)


def type_into(editor: SchemeEditor, key: str, text: str) -> None:
    """Replace a field's text, as somebody who types and presses Enter."""
    row = editor.form.rows[key]
    assert isinstance(row, TextRow) and isinstance(row.input, QLineEdit)
    row.input.setFocus()
    row.input.selectAll()
    QTest.keyClicks(row.input, text)
    if not text:
        QTest.keyClick(row.input, Qt.Key.Key_Delete)
    QTest.keyClick(row.input, Qt.Key.Key_Return)


def choose(editor: SchemeEditor, key: str, value: object) -> None:
    """Choose a value in a box of choices, with the keys."""
    row = editor.form.rows[key]
    assert isinstance(row, WordRow)
    row.box.setFocus()
    while row.box.currentData() != value:
        before = row.box.currentIndex()
        QTest.keyClick(row.box, Qt.Key.Key_Down)
        if row.box.currentIndex() == before:
            QTest.keyClick(row.box, Qt.Key.Key_Home)


def add(editor: SchemeEditor, words: str) -> None:
    action = next(each for each in editor.tree.menu.actions() if each.text() == words)
    action.trigger()


def told(editor: SchemeEditor) -> list[str]:
    return [editor.problems.item(row).text() for row in range(editor.problems.count())]


def test_a_scheme_is_made_from_nothing_without_a_line_of_json(
    editor: SchemeEditor, study: Study, saved: Saved
) -> None:
    assert told(editor) == []
    type_into(editor, "title", "My smiles")
    type_into(editor, "name", "smiles")
    add(editor, "Tier: segments with a beginning and an end")
    type_into(editor, "title", "Smiles")
    type_into(editor, "name", "smile")
    choose(editor, "overlap", "allow")
    editor.tree.select(("tiers", 1, "labels", 0))
    type_into(editor, "name", "Duchenne")
    type_into(editor, "id", "duchenne")
    add(editor, "Label")
    assert editor.tree.current == ("tiers", 1, "labels", 1)
    type_into(editor, "name", "Polite")
    type_into(editor, "key", "p")
    assert told(editor) == []
    assert "p" in [chip.key for chip in editor.preview.panel.labels.values()]
    QTest.mouseClick(editor.save_button, Qt.MouseButton.LeftButton)
    (scheme,) = schemes.schemes(study)
    assert (scheme.id, scheme.title) == ("smiles@1", "My smiles")
    tier = scheme.tier("smile")
    assert (tier.kind, tier.overlap) == ("segment", "allow")
    assert [(label.id, label.name, label.key) for label in tier.labels] == [
        ("duchenne", "Duchenne", "1"),
        (tier.labels[1].id, "Polite", "p"),
    ]
    assert saved == [(scheme, None)]
    assert not editor.is_changed and "Saved as smiles@1" in editor.banner.text


def test_problems_are_listed_with_their_place_and_lead_there(editor: SchemeEditor) -> None:
    editor.show_scheme(replace(bundled("artefacts"), name="mine"), is_new=True)
    path = ("tiers", 0, "labels", 0)
    editor.tree.select(path)
    name = editor.scheme.tiers[0].labels[0].name
    type_into(editor, "key", "0")
    (wrong,) = told(editor)
    assert f"label “{name}”, key" in wrong and "cannot tell" in wrong
    assert not editor.save_button.isEnabled()
    assert editor.preview.note.isVisible()
    editor.tree.select(())
    item = editor.problems.item(0)
    where = editor.problems.visualItemRect(item).center()
    QTest.mouseClick(editor.problems.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert editor.tree.current == path
    row = editor.form.rows["key"]
    assert isinstance(row, TextRow) and row.input.hasFocus()
    QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert told(editor) == [] and not editor.problems.isVisible()


def test_saving_says_what_it_makes_and_colours_alone_keep_the_version(
    editor: SchemeEditor, study: Study, saved: Saved
) -> None:
    first = schemes.add_scheme(study, bundled("artefacts"))
    editor.show_scheme(first)
    assert editor.version.text() == "Version 1, as it is saved."
    assert not editor.save_button.isEnabled()
    editor.tree.select(("tiers", 0, "labels", 1))
    type_into(editor, "colour", "#123456")
    assert editor.version.text() == "Colours only: version 1 stays, and so do its labels."
    QTest.mouseClick(editor.save_button, Qt.MouseButton.LeftButton)
    (recoloured,) = schemes.schemes(study)
    assert (recoloured.id, recoloured.sha256) == (first.id, first.sha256)
    assert recoloured.tiers[0].labels[1].colour == "#123456"
    assert editor.banner.text == f"Colours of {first.id} saved."
    assert saved == [(recoloured, first)]
    assert editor.version.text() == "Version 1, as it is saved."
    assert not editor.is_changed and not editor.save_button.isEnabled()
    type_into(editor, "name", "Something else")
    assert "makes version 2" in editor.version.text()
    assert f"tier '{first.tiers[0].title}'" in editor.version.text()
    QTest.keyClick(editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert [scheme.version for scheme in schemes.schemes(study)] == [1, 2]
    assert schemes.schemes(study)[0] == recoloured
    new, before = saved[-1]
    assert new.tiers[0].labels[1].colour == "#123456"
    assert before == recoloured and new.version == 2


def test_undo_takes_back_step_by_step_and_redo_brings_it_again(editor: SchemeEditor) -> None:
    editor.show_scheme(bundled("sam"), is_new=True)
    start = editor.scheme
    editor.tree.select(("tiers", 0, "questions", 1))
    QTest.mouseClick(editor.tree.up, Qt.MouseButton.LeftButton)
    assert editor.tree.current == ("tiers", 0, "questions", 0)
    QTest.mouseClick(editor.tree.again, Qt.MouseButton.LeftButton)
    QTest.mouseClick(editor.tree.out, Qt.MouseButton.LeftButton)
    ids = [question.id for question in start.tiers[0].questions]
    assert [q.id for q in editor.scheme.tiers[0].questions] == [ids[1], ids[0], ids[2]]
    for _ in range(3):
        QTest.mouseClick(editor.undo, Qt.MouseButton.LeftButton)
    assert editor.scheme == start
    assert not editor.undo.isEnabled()
    QTest.mouseClick(editor.redo, Qt.MouseButton.LeftButton)
    assert editor.scheme.tiers[0].questions[0].id == ids[1]


def test_the_preview_is_what_annotators_will_see(editor: SchemeEditor, qtbot: QtBot) -> None:
    editor.show_scheme(bundled("sam"), is_new=True)
    editor.tree.select(("tiers", 0, "questions", 0))
    type_into(editor, "text", "How glad?")
    assert editor.preview.panel.boxes[0].question.text == "How glad?"
    choose(editor, "figures", "")
    assert editor.preview.panel.boxes[0].question.figures == ""
    editor.tree.select(("tiers", 0))
    choose(editor, "kind", "trace2d")
    assert [each.name for each in editor.scheme.tiers[0].dimensions] == ["valence", "arousal"]
    qtbot.waitUntil(lambda: len(editor.preview.findChildren(TryScale)) == 1)
    (shown,) = editor.preview.findChildren(TryScale)
    qtbot.waitUntil(lambda: shown.width() > 200)
    QTest.mouseMove(shown, shown.rect().center() + QPoint(40, -40))
    qtbot.waitUntil(lambda: shown.scale.hand.has_begun)
    assert shown.scale.hand.values[0] > 0 and shown.scale.hand.values[1] > 0
    choose(editor, "disc", True)
    assert editor.scheme.tiers[0].disc and told(editor) == []


def test_a_number_that_is_none_is_said_and_kept_for_mending(editor: SchemeEditor) -> None:
    editor.show_scheme(bundled("continuous-valence"), is_new=True)
    editor.tree.select(("tiers", 0))
    type_into(editor, "rate_hz", "often")
    assert told(editor) == ["Tier “Valence”, rate hz: has to be a number."]
    type_into(editor, "rate_hz", "30")
    assert told(editor) == [] and editor.scheme.tiers[0].rate_hz == 30.0
    editor.tree.select(("tiers", 0, "dimensions", 0))
    type_into(editor, "low", "5")
    assert any("below" in text for text in told(editor))


def test_what_is_hidden_and_shown_is_ticked(editor: SchemeEditor) -> None:
    editor.tree.select(())
    hide, show = editor.form.rows["hide"], editor.form.rows["show"]
    sound = editor.form.rows["sound_with_stimulus"]
    assert isinstance(sound, FlagRow)
    for tick in (hide.ticks["model"], show.ticks["eeg"], sound.tick):  # type: ignore[attr-defined]
        QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert "model" not in editor.scheme.hide and "condition" in editor.scheme.hide
    assert "eeg" not in editor.scheme.show and "camera" in editor.scheme.show
    assert editor.scheme.sound_with_stimulus


def test_the_bundled_schemes_and_ones_own_are_starting_points(
    editor: SchemeEditor, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemes.add_scheme(study, bundled("sam"))
    editor.new_menu.aboutToShow.emit()
    offered = [action.text() for action in editor.new_menu.actions() if action.text()]
    assert offered[0] == "An empty scheme"
    assert set(offered) >= {scheme.title for scheme in schemes.bundled()}
    next(a for a in editor.new_menu.actions() if a.text().startswith("A copy of")).trigger()
    assert (editor.scheme.name, editor.scheme.version) == ("sam-2", 1)
    assert editor.is_changed and "New in this study" in editor.version.text()
    asked_for: list[str] = []

    def refuse(*words: object) -> QMessageBox.StandardButton:
        asked_for.append(str(words[2]))
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", refuse)
    editor.close()
    assert asked_for and editor.isVisible()


TIERS = [draft.as_kind(Tier("t", "segment", "T"), kind) for kind in KINDS]


@pytest.mark.parametrize("before", TIERS, ids=[tier.kind for tier in TIERS])
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_tier_of_any_kind_becomes_a_good_one_of_any_other(before: Tier, kind: str) -> None:
    tier = draft.as_kind(replace(before, questions=_asked_well(before)), kind)  # type: ignore[arg-type]
    tier = replace(tier, questions=_asked_well(tier))
    assert problems(Scheme("s", 1, "S", "", (tier,))) == ()
    assert all(hasattr(tier, each.key) for each in asked(tier))


def _asked_well(tier: Tier) -> tuple[Question, ...]:
    return tuple(replace(question, text="What?") for question in tier.questions)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "Other"}, ("Title",)),
        ({"hide": frozenset({"model"})}, ("Hidden",)),
        ({"sound_with_stimulus": True}, ("Sound is heard while a stimulus plays",)),
        ({"tiers": ()}, ("without tier 'T'",)),
        ({"tiers": (Tier("t", "point", "T", labels=(Label("a", "A", "#000000"),)),)}, ()),
        ({"tiers": (Tier("t", "point", "T", labels=(Label("a", "B"),)),)}, ("tier 'T'",)),
    ],
)
def test_what_differs_between_versions_is_told(change: dict[str, object], words: tuple[str, ...]) -> None:
    old = Scheme("s", 1, "S", "Q", (Tier("t", "point", "T", labels=(Label("a", "A"),)),))
    assert differences(old, replace(old, **change)) == words  # type: ignore[arg-type]


def test_a_scale_of_a_question_is_edited_in_its_form(editor: SchemeEditor) -> None:
    editor.show_scheme(bundled("sam"), is_new=True)
    editor.tree.select(("tiers", 0, "questions", 2))
    type_into(editor, "scale.high_text", "like a king")
    scale = editor.scheme.tiers[0].questions[2].scale
    assert isinstance(scale, Dimension) and scale.high_text == "like a king"
