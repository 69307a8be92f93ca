"""Importing, choosing and norming by hand: what is asked, what is shown, what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog
from pytestqt.qtbot import QtBot

from app.console import theme
from app.console.stimulus_import import ImportStimuliDialog
from app.console.stimulus_norming import NormingDialog
from app.console.stimulus_select import SelectDialog
from app.console.window import MainWindow
from app.study import Study
from protocols.load import load_protocol
from stimuli.sets import StimulusSet, load_set
from tests.helpers.rating_sessions import rated_session
from tests.helpers.stimulus_files import picture, pictures_set

LEFT = Qt.MouseButton.LeftButton
Show = Callable[[QDialog], None]


@pytest.fixture
def show(qapp: QApplication, qtbot: QtBot) -> Iterator[Show]:
    """Open dialogs, and close them in the end."""
    theme.apply(qapp, "light", 1.0)
    opened: list[QDialog] = []

    def open_it(dialog: QDialog) -> None:
        opened.append(dialog)
        dialog.open()
        qtbot.waitExposed(dialog)

    yield open_it
    for dialog in opened:
        dialog.reject()
        dialog.deleteLater()
    qapp.sendPostedEvents(None, 52)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures and a table with a row too many."""
    for number in range(3):
        picture(tmp_path / f"p/{number}.png", number)
    rows = "".join(f"{number}.png,calm,{number + 3}\n" for number in range(4))
    (tmp_path / "t.csv").write_text(f"file,class,M_v\n{rows}", encoding="utf-8")
    return tmp_path


def source(dialog: ImportStimuliDialog, name: str) -> None:
    dialog.source.setCurrentIndex(dialog.source.findData(name))


def test_import_shows_rows_columns_and_problems_before_it_writes(
    folder: Path, show: Show, qtbot: QtBot
) -> None:
    dialog = ImportStimuliDialog()
    show(dialog)
    source(dialog, "folder")
    QTest.keyClicks(dialog.folder, str(folder / "p"))
    QTest.keyClicks(dialog.table, str(folder / "t.csv"))
    dialog.licence.setText("our own")
    qtbot.waitUntil(lambda: dialog.rows.rowCount() == 3, timeout=10_000)
    assert dialog.tabs.tabText(2) == "Problems (1)"
    assert 'line 5: there is no file "3.png" in p.' in dialog.problems.item(0).text()
    assert not dialog.go.isEnabled()
    assert "1 row has problems" in dialog.verdict.text()
    row = dialog.chosen_source().fields.index("valence")
    box = dialog.columns.cellWidget(row, 1)
    assert isinstance(box, QComboBox) and box.currentText() == "–"
    box.setCurrentIndex(box.findData("M_v"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: dialog.draft is not None and dialog.draft.items[2].valence == 5.0, timeout=10_000)
    dialog.skip_bad.click()
    assert dialog.go.isEnabled()
    told: list[tuple[Path, str]] = []
    dialog.imported.connect(lambda place, words: told.append((place, words)))
    QTest.mouseClick(dialog.go, LEFT)
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    assert told == [(folder / "p", "3 stimuli imported, 1 rows left out.")]
    assert [item.valence for item in load_set(folder / "p").items.values()] == [3.0, 4.0, 5.0]


def test_import_replaces_a_set_only_when_asked(folder: Path, show: Show, qtbot: QtBot) -> None:
    pictures_set(folder / "p", each=2)
    dialog = ImportStimuliDialog()
    show(dialog)
    source(dialog, "folder")
    dialog.folder.setText(str(folder / "p"))
    qtbot.waitUntil(lambda: dialog.draft is not None, timeout=10_000)
    assert "There is a set in this folder already." in dialog.verdict.text()
    assert not dialog.go.isEnabled() and dialog.replace.isVisible()
    dialog.replace.click()
    assert dialog.go.isEnabled()
    assert "State the licence: it is missing." in dialog.verdict.text()


@pytest.mark.parametrize(
    ("name", "folder_is", "table_is", "expected"),
    [("iaps", "p", "", "Name the table."), ("folder", "", "", "Name the folder."),
     ("folder", "none", "", "there is no such folder."), ("naps", "p", "t.csv", "no line among the first")],
)  # fmt: skip
def test_import_says_what_is_missing(
    name: str, folder_is: str, table_is: str, expected: str, folder: Path, show: Show, qtbot: QtBot
) -> None:
    dialog = ImportStimuliDialog()
    show(dialog)
    source(dialog, name)
    dialog.folder.setText(str(folder / folder_is) if folder_is else "")
    dialog.table.setText(str(folder / table_is) if table_is else "")
    qtbot.waitUntil(lambda: dialog.verdict.text().startswith(expected), timeout=10_000)
    assert not dialog.go.isEnabled()


def test_the_licence_of_a_known_source_is_given(show: Show) -> None:
    dialog = ImportStimuliDialog()
    show(dialog)
    source(dialog, "iaps")
    assert dialog.licence.text().startswith("not free, obtained from") and not dialog.licence.isEnabled()
    source(dialog, "folder")
    assert dialog.licence.text() == "" and dialog.licence.isEnabled()


@pytest.fixture
def choosing(tmp_path: Path, study: Study, show: Show) -> SelectDialog:
    """The dialog for a set of two categories."""
    dialog = SelectDialog(pictures_set(tmp_path / "mine", each=12, lowest=3.5), None, study)
    show(dialog)
    return dialog


def test_balanced_sets_are_found_and_compared(choosing: SelectDialog, qtbot: QtBot) -> None:
    choosing.n.setValue(4)
    choosing.matches["arousal"][1].setValue(0.4)
    choosing.matches["luminance"][0].click()
    choosing.matches["luminance"][1].setValue(0.1)
    QTest.mouseClick(choosing.find_button, LEFT)
    qtbot.waitUntil(lambda: choosing.selection is not None, timeout=10_000)
    assert choosing.words.text() == "4 of each group were found."
    found = choosing.selection
    assert found is not None and {len(ids) for ids in found.ids.values()} == {4}
    row = [choosing.tests.item(0, column).text() for column in range(4)]  # type: ignore[union-attr]
    assert (row[0], row[1], row[3]) == ("arousal", "calm – wild", "≤ 0.4")
    assert abs(float(row[2])) <= 0.4
    QTest.mouseClick(choosing.yaml_button, LEFT)
    assert QGuiApplication.clipboard().text().startswith("categories:\n  calm: {ids: [")
    QTest.mouseClick(choosing.ids_button, LEFT)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 8
    shown: list[list[str]] = []
    choosing.chosen.connect(shown.append)
    QTest.mouseClick(choosing.show_button, LEFT)
    assert len(shown[0]) == 8


def test_both_ends_of_a_scale_are_compared_over_items(choosing: SelectDialog, qtbot: QtBot) -> None:
    choosing.mode.setCurrentIndex(choosing.mode.findData("ends"))
    assert choosing.scale.isVisible() and not choosing.alike.isVisible()
    choosing.n.setValue(3)
    choosing.start()
    qtbot.waitUntil(lambda: choosing.selection is not None, timeout=10_000)
    assert choosing.selection is not None
    assert choosing.selection.ids["high"] == ("wild-11", "calm-11", "wild-10")
    assert choosing.words.text().startswith("3 from each end of valence. Over items, paired: t(2) =")


def test_what_cannot_be_found_is_explained(choosing: SelectDialog, qtbot: QtBot) -> None:
    choosing.n.setValue(12)
    choosing.matches["valence"][0].click()
    choosing.matches["valence"][1].setValue(0.01)
    choosing.start()
    qtbot.waitUntil(choosing.find_button.isEnabled, timeout=10_000)
    assert choosing.words.text().startswith("12 of each cannot be matched on valence within 0.01")
    assert choosing.selection is None and not choosing.put_button.isEnabled()


def test_a_choice_goes_into_a_protocol_that_stays_sound(
    choosing: SelectDialog, study: Study, tmp_path: Path, qtbot: QtBot
) -> None:
    text = (
        "# Mine.\nname: p\nversion: 1\ntitle: P\nstimuli:\n  set: ../mine\n  categories:\n"
        "    calm: {category: calm}\n    wild: {category: wild}\n"
        "trials:\n  t:\n    - {kind: picture, duration_s: 1}\n"
        "blocks:\n  - {name: main, trial: t, draw: {calm: 2, wild: 2}}\n"
    )
    path = study.folder / "p.yaml"
    path.write_text(text, encoding="utf-8")
    choosing.n.setValue(3)
    choosing.start()
    qtbot.waitUntil(lambda: choosing.selection is not None, timeout=10_000)
    broken = study.folder / "broken.yaml"
    broken.write_text(text.replace("draw: {calm: 2", "draw: {cool: 2"), encoding="utf-8")
    before = broken.read_bytes()
    choosing.put_into(broken)
    assert choosing.words.text().startswith("The protocol was left as it is:")
    assert broken.read_bytes() == before and choosing.isVisible()
    choosing.put_into(path)
    assert not choosing.isVisible()
    protocol = load_protocol(path)
    assert choosing.selection is not None
    assert dict(protocol.pools) == dict(choosing.selection.ids)
    assert path.read_text(encoding="utf-8").startswith("# Mine.\n")


def test_a_norming_run_is_made_and_its_ratings_taken(
    study: Study, tmp_path: Path, show: Show, qtbot: QtBot
) -> None:
    stimuli = pictures_set(study.folder / "mine", each=3)
    dialog = NormingDialog(stimuli, study, ["calm-00", "wild-00"], list(stimuli.items))
    show(dialog)
    assert dialog.which.currentText() == "The 2 selected"
    assert dialog.per_rater.value() == 2
    dialog.scales["arousal"][0].click()
    QTest.keyClicks(dialog.own, "Trust")
    assert "no name of a scale" in dialog.words.text() and not dialog.make.isEnabled()
    dialog.own.clear()
    said: list[str] = []
    dialog.said.connect(lambda text, _: said.append(text))
    QTest.mouseClick(dialog.make, LEFT)
    assert "norming-mine.yaml is in the study." in said[0]
    protocol = load_protocol(study.folder / "norming-mine.yaml")
    assert protocol.pools == {"rated": ("calm-00", "wild-00")}

    rated_session(study, "sim01", {"calm-00": {"valence": 9}}, points={"valence": 9}, origin="automatic")
    dialog = NormingDialog(stimuli, study, [], list(stimuli.items))
    show(dialog)
    written: list[tuple[Path, str]] = []
    dialog.written.connect(lambda place, words: written.append((place, words)))
    QTest.mouseClick(dialog.take, LEFT)
    qtbot.waitUntil(lambda: bool(written), timeout=10_000)
    assert written == [(stimuli.folder, "1 stimuli have the ratings of 1 rater.")]
    assert load_set(stimuli.folder).items["calm-00"].valence == 9.0


def test_ratings_of_nobody_are_refused(study: Study, tmp_path: Path, show: Show, qtbot: QtBot) -> None:
    stimuli: StimulusSet = pictures_set(study.folder / "mine", each=3)
    dialog = NormingDialog(stimuli, study, [], list(stimuli.items))
    show(dialog)
    QTest.mouseClick(dialog.take, LEFT)
    qtbot.waitUntil(lambda: "no finished session" in dialog.problem.text(), timeout=10_000)
    assert dialog.take.isEnabled()


@pytest.mark.slow
def test_the_dialogs_open_from_the_page(window: MainWindow, study: Study) -> None:
    window.trigger("norm_stimuli")
    assert shown_dialog(window) is None
    window.open_study(study.folder)
    for action, kind in (
        ("import_stimuli", ImportStimuliDialog),
        ("select_stimuli", SelectDialog),
        ("norm_stimuli", NormingDialog),
    ):
        window.trigger(action)
        assert isinstance(shown_dialog(window), kind)
    last = shown_dialog(window)
    assert last is not None
    last.reject()


def shown_dialog(window: MainWindow) -> QDialog | None:
    return window._dialog
