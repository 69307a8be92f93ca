"""The editor: form and text are one, problems lead to their lines, saving loses nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from app import versions
from app.console import editor_file
from app.console.editor_parts import tree
from app.console.editor_rows import EitherRow, LineRow, PartRow, WordsRow
from app.console.editor_timeline import bars
from app.console.protocol_editor import ProtocolEditor
from app.console.window import MainWindow
from app.plan import LIVE_SUFFIX
from app.study import Study
from protocols import library
from protocols.expand import expand
from stimuli.yamlfile import read_text
from tests.protocols.files import changed, parse

MILD = changed("{category: unpleasant}", "{ids: [storm, spider, dead-tree]}").replace(
    "  look:\n", "  look:   # every trial\n"
)


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave unsaved changes behind where a test fails: a box that nobody answers would stay for ever."""
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Discard)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "p.yaml"
    made.write_text(MILD, encoding="utf-8")
    return made


@pytest.fixture
def editor(qtbot: QtBot, path: Path) -> Iterator[ProtocolEditor]:
    made = ProtocolEditor()
    made.show()
    qtbot.waitExposed(made)
    made.show_file(editor_file.open_file(path))
    settled(qtbot, made)
    yield made
    made.source.document().setModified(False)
    made.close()
    made.deleteLater()


def settled(qtbot: QtBot, editor: ProtocolEditor) -> None:
    qtbot.waitUntil(lambda: editor.is_settled, timeout=20_000)


def lines(editor: ProtocolEditor) -> list[str]:
    return editor.source.toPlainText().splitlines()


def told(editor: ProtocolEditor) -> list[str]:
    return [editor.problems.item(place).text() for place in range(editor.problems.count())]


def line_of(editor: ProtocolEditor, key: str) -> QLineEdit:
    row = editor.form.rows[key]
    assert isinstance(row, LineRow)
    return row.line


def write(line: QLineEdit, text: str) -> None:
    """Type into a line as a person does."""
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def test_the_form_shows_the_file_and_its_parts(editor: ProtocolEditor) -> None:
    assert line_of(editor, "name").text() == "small"
    titles = [node.title for node in tree(editor.found.values).all()]
    assert titles[:2] == ["A small protocol", "Stimuli"]
    assert {"look", "fixation", "questionnaire", "positive (likert)", "main", "Debriefing"} <= set(titles)
    assert told(editor) == ["No problem."]
    assert "10 trials" in editor.preview.length.whole and "no limit" in editor.preview.length.whole


def test_what_is_written_in_the_form_changes_its_line_alone(qtbot: QtBot, editor: ProtocolEditor) -> None:
    before = lines(editor)
    editor.tree.select(("trials", "look", 1))
    row = editor.form.rows["duration_s"]
    assert isinstance(row, EitherRow)
    inner = row.findChild(LineRow)
    assert inner is not None and inner.line.text() == "2"
    write(inner.line, "3.5")
    settled(qtbot, editor)
    after = lines(editor)
    assert [(old, new) for old, new in zip(before, after, strict=True) if old != new] == [
        ("    - {kind: picture, duration_s: 2}", "    - {kind: picture, duration_s: 3.5}")
    ]
    assert editor.is_changed and "not saved" in editor.name.whole


def test_what_is_written_in_the_text_changes_the_form(qtbot: QtBot, editor: ProtocolEditor) -> None:
    editor.source.replace_text(MILD.replace("title: A small protocol", "title: Another"))
    settled(qtbot, editor)
    assert line_of(editor, "title").text() == "Another"
    editor.source.replace_text(MILD.replace("version: 1", "version: one"))
    settled(qtbot, editor)
    assert line_of(editor, "version").text() == "one"
    assert told(editor) == ['2: "version" must be a whole number, not "one".']
    assert editor.source.problems_at(2)
    assert not editor.preview.timeline.bars.isEnabled()


def test_undo_is_common_to_form_and_text(qtbot: QtBot, editor: ProtocolEditor) -> None:
    write(line_of(editor, "name"), "large")
    settled(qtbot, editor)
    assert lines(editor)[0] == "name: large"
    line_of(editor, "title").setFocus()
    QTest.keySequence(line_of(editor, "title"), QKeySequence(QKeySequence.StandardKey.Undo))
    settled(qtbot, editor)
    assert editor.source.toPlainText() == MILD
    assert line_of(editor, "name").text() == "small"
    editor.redo.click()
    settled(qtbot, editor)
    assert lines(editor)[0] == "name: large"


def test_a_click_on_a_problem_goes_to_its_line_and_part(qtbot: QtBot, editor: ProtocolEditor) -> None:
    editor.source.replace_text(MILD.replace("kind: fixation", "kind: fixaton"))
    settled(qtbot, editor)
    item = editor.problems.item(0)
    assert item.text() == '22: "kind" cannot be "fixaton". Did you mean "fixation"?'
    editor.problems.itemClicked.emit(item)
    assert editor.source.textCursor().blockNumber() + 1 == 22
    assert editor.tree.current is not None and editor.tree.current.loc == ("trials", "look", 0)


def test_text_that_is_no_yaml_leaves_the_parts_as_they_were(qtbot: QtBot, editor: ProtocolEditor) -> None:
    editor.source.replace_text(MILD.replace("  set: open", "\tset: open"))
    settled(qtbot, editor)
    assert told(editor)[0].startswith("5: this is not YAML")
    assert not editor.form.isEnabled()
    assert editor.tree.current is not None
    editor.source.undo()
    settled(qtbot, editor)
    assert editor.form.isEnabled()


def test_stages_are_added_repeated_moved_and_taken_out(qtbot: QtBot, editor: ProtocolEditor) -> None:
    editor.tree.select(("trials", "look"))
    names = [action.text() for action in editor.tree.menu.actions()]
    assert names[:3] == ["Instruction", "Fixation", "Picture"] and len(names) == 16
    next(action for action in editor.tree.menu.actions() if action.text() == "Mask").trigger()
    settled(qtbot, editor)
    stages = read_text(editor.source.toPlainText(), "").values["trials"]["look"]
    assert stages[-1] == {"kind": "mask", "duration_s": 0.1}
    editor.tree.up.click()
    settled(qtbot, editor)
    editor.tree.again.click()
    settled(qtbot, editor)
    stages = read_text(editor.source.toPlainText(), "").values["trials"]["look"]
    assert [stage.get("name", stage["kind"]) for stage in stages] == [
        "fixation", "picture", "questionnaire", "typing", "mask", "mask-2", "speaking"
    ]  # fmt: skip
    assert told(editor) == ["No problem."]
    editor.tree.out.click()
    settled(qtbot, editor)
    editor.tree.select(("trials", "look", 4))
    editor.tree.out.click()
    settled(qtbot, editor)
    assert editor.source.toPlainText() == MILD


def test_parts_that_are_not_there_can_be_made(qtbot: QtBot, editor: ProtocolEditor) -> None:
    parts: dict[tuple[str | int, ...], str] = {
        ("warning",): "Warning",
        ("debriefing",): "Rest",
        ("blocks", 0, "pause"): "Pause",
    }
    for loc, name in parts.items():
        editor.tree.select(loc)
        next(action for action in editor.tree.menu.actions() if action.text() == name).trigger()
        settled(qtbot, editor)
        values: Any = read_text(editor.source.toPlainText(), "").values
        for part in loc:
            values = values[part]
        assert values
    assert told(editor) == ["No problem."]
    assert editor.found.schedule is not None and editor.found.schedule.stages[-1].always


def test_a_duration_is_the_clock_s_or_the_participant_s(qtbot: QtBot, editor: ProtocolEditor) -> None:
    editor.tree.select(("opening", 0))
    row = editor.form.rows["duration_s"]
    assert isinstance(row, EitherRow) and row.box.currentText() == "by the participant"
    inner = row.findChild(PartRow)
    assert inner is not None
    longest = inner.rows["max_s"]
    assert isinstance(longest, LineRow)
    write(longest.line, "30")
    settled(qtbot, editor)
    assert "    duration_s: {typical_s: 3, max_s: 30}" in lines(editor)
    choose(row.box, "by the clock")
    settled(qtbot, editor)
    assert "    duration_s: 5" in lines(editor)


def choose(box: QComboBox, text: str) -> None:
    place = box.findText(text)
    box.setCurrentIndex(place)
    box.activated.emit(place)


def test_choices_stand_in_a_box_and_as_usual_takes_the_key_out(qtbot: QtBot, editor: ProtocolEditor) -> None:
    editor.tree.select(("trials", "look", 3))
    box = editor.form.rows["show_target"].findChild(QComboBox)
    assert box is not None
    assert [box.itemText(place) for place in range(box.count())] == ["as usual (yes)", "yes", "no"]
    choose(box, "no")
    settled(qtbot, editor)
    stage = "    - {kind: typing, sentences: typing, duration_s: {typical_s: 5}"
    assert f"{stage}, show_target: false}}" in lines(editor)
    choose(box, "as usual (yes)")
    settled(qtbot, editor)
    assert f"{stage}}}" in lines(editor)


def test_texts_have_a_line_for_each_language(qtbot: QtBot, editor: ProtocolEditor) -> None:
    editor.source.replace_text(MILD.replace("version: 1", "version: 1\nlanguages: [en, de]"))
    settled(qtbot, editor)
    editor.tree.select(("opening", 0))
    row = editor.form.rows["button"]
    assert isinstance(row, WordsRow) and list(row.inputs) == ["en", "de"]
    german = row.inputs["de"]
    assert isinstance(german, QLineEdit) and german.placeholderText() == "WEITER"
    QTest.keyClicks(row.inputs["en"], "GO")
    QTest.keyClicks(german, "LOS")
    qtbot.waitUntil(lambda: "    button: {en: GO, de: LOS}" in lines(editor))


@pytest.mark.slow
def test_every_kind_of_part_can_be_shown(qtbot: QtBot, editor: ProtocolEditor) -> None:
    seen: set[object] = set()
    for name in ("micro-expressions", "speech-tasks"):
        editor.show_file(editor_file.open_file(library()[name]))
        settled(qtbot, editor)
        for node in tree(editor.found.values).all():
            if (node.model, node.kind, node.is_there) in seen:
                continue
            seen.add((node.model, node.kind, node.is_there))
            editor.tree.select(node.loc)
            assert editor.tree.current is not None and editor.tree.current.loc == node.loc
            if node.kind == "part" and node.is_there:
                assert editor.form.rows
        assert not editor.is_changed


def test_the_timeline_answers_who_and_which_slot(qtbot: QtBot, editor: ProtocolEditor) -> None:
    def first() -> str:
        assert editor.found.schedule is not None
        return editor.found.schedule.trials[1].category

    assert first() == "pleasant"
    editor.preview.slot.setValue(2)
    settled(qtbot, editor)
    assert first() == "unpleasant"
    assert editor.found.question.slot == 2


def test_bars_follow_the_schedule_and_a_click_selects_the_stage(qtbot: QtBot, editor: ProtocolEditor) -> None:
    schedule = expand(parse(MILD), "P01", 1, 0, 1)
    assert editor.found.schedule == schedule
    drawn = bars(schedule)
    assert [bar.name for bar in drawn if bar.row == 0] == ["practice", "main"]
    assert len([bar for bar in drawn if bar.row == 1]) == len(schedule.trials)
    stages = [bar for bar in drawn if bar.row == 2]
    assert [bar.length_s for bar in stages] == [stage.duration.typical_s for stage in schedule.stages]
    assert stages[-1].start_s + stages[-1].length_s == pytest.approx(schedule.typical_s)
    view = editor.preview.timeline
    view.zoom_by(4)
    assert view.bars.width() == 4 * view.bars.room
    wanted = next(bar for bar in stages if bar.name == "questionnaire")
    box = view.bars._box(wanted)
    assert view.bars.bar_at(box.center().x(), box.center().y()) == wanted
    assert wanted.told.startswith("questionnaire\n")
    QTest.mouseClick(view.bars, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert editor.tree.current is not None and editor.tree.current.loc == ("trials", "look", 2)


def test_saving_writes_what_is_seen(qtbot: QtBot, editor: ProtocolEditor, path: Path) -> None:
    write(line_of(editor, "name"), "large")
    editor.save()
    assert path.read_text(encoding="utf-8") == MILD.replace("name: small", "name: large")
    assert not editor.is_changed and "not saved" not in editor.name.whole
    assert [each.name for each in path.parent.iterdir()] == ["p.yaml"]


def test_a_file_that_another_program_changed_is_not_replaced_unasked(
    qtbot: QtBot, editor: ProtocolEditor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(line_of(editor, "name"), "large")
    path.write_text("name: theirs\n", encoding="utf-8")
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Save]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    editor.save()
    assert path.read_text(encoding="utf-8") == "name: theirs\n"
    editor.save()
    assert path.read_text(encoding="utf-8").startswith("name: large\n")


def test_unsaved_changes_are_asked_about(
    qtbot: QtBot, editor: ProtocolEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(line_of(editor, "name"), "large")
    asked: list[object] = []

    def keep(*words: object) -> QMessageBox.StandardButton:
        asked.append(words)
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", keep)
    assert not editor.close() and len(asked) == 1
    assert editor.isVisible()


def test_a_bundled_protocol_is_copied_before_it_is_changed(qtbot: QtBot, study: Study) -> None:
    saved: list[int] = []
    editor = ProtocolEditor(study, lambda: saved.append(1))
    file = editor_file.open_of_study(study)
    assert file is not None and file.is_bundled
    editor.show_file(file)
    settled(qtbot, editor)
    assert editor.source.isReadOnly() and "belongs to the library" in editor.banner.text
    editor.take.click()
    settled(qtbot, editor)
    copy = study.folder / "demo.yaml"
    assert copy.read_text(encoding="utf-8") == library()["demo"].read_text(encoding="utf-8")
    assert not editor.source.isReadOnly() and saved
    assert "another protocol" in editor.banner.text
    editor.use.click()
    assert Study.open(study.folder).protocol == "demo.yaml"
    editor.duplicate("demo")
    assert (study.folder / "demo-2.yaml").is_file()
    settled(qtbot, editor)
    editor.close()


def test_a_locked_protocol_becomes_a_new_version_with_its_reason(qtbot: QtBot, people: Study) -> None:
    path = people.folder / "p.yaml"
    path.write_text(MILD, encoding="utf-8")
    versions.lock(people, "small", 1, MILD)
    # A session with it that is on its way.
    (people.folder / "sub-01" / "ses-01" / f"sub-01_ses-01_task-small_run-01{LIVE_SUFFIX}").mkdir(
        parents=True
    )
    editor = ProtocolEditor(people)
    editor.show_file(editor_file.open_file(path, people))
    settled(qtbot, editor)
    editor.source.replace_text(MILD.replace("kind: picture, duration_s: 2", "kind: picture, duration_s: 4"))
    editor.save()
    dialog = editor._dialog
    assert dialog is not None and dialog.windowTitle() == "Save as version 2"
    assert [dialog.changes.item(n).text() for n in range(dialog.changes.count())] == [
        "trials.look[2].duration_s: 2 became 4"
    ]
    assert path.read_text(encoding="utf-8") == MILD
    assert not dialog.make.isEnabled()
    QTest.keyClicks(dialog.reason, "two seconds were short")
    dialog.make.click()
    text = path.read_text(encoding="utf-8")
    assert text.startswith("name: small\nversion: 2\n") and "duration_s: 4" in text
    assert editor.source.toPlainText() == text and not editor.is_changed
    known = versions.versions(people, "small")
    assert [(each.version, each.reason) for each in known] == [(1, ""), (2, "two seconds were short")]
    versions.check(people, "small", 2, text)
    settled(qtbot, editor)
    editor.close()


def test_the_window_opens_one_editor_from_menu_and_study_page(
    qtbot: QtBot, window: MainWindow, study: Study
) -> None:
    window.open_study(study.folder)
    window.trigger("edit_protocol")
    editor = window.of_protocol.editor
    assert editor is not None
    settled(qtbot, editor)
    assert editor.found.protocol is not None and editor.found.protocol.name == "demo"
    window.study_view.protocol_asked.emit()
    assert window.of_protocol.editor is editor
    assert window.of_protocol.may_close()
    qtbot.waitUntil(lambda: window.of_protocol.editor is None)
