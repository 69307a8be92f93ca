"""Export, import, sound outputs, second copy: what is asked, what is run, what is shown, what is kept."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from app import copies, settings
from app.console.copies_watch import CopyNews, read_news
from app.console.export_dialog import ExportDialog
from app.console.import_dialog import ImportDialog
from app.console.outputs import list_outputs
from app.console.second_copy import SecondCopyDialog
from app.console.sound_dialog import SoundDialog
from app.console.window import MainWindow
from app.copies import CopyState
from app.copying import sha256_of
from app.study import FinishedSession, Study
from stimuli.problems import EvokeError
from tests.helpers.recordings import small_session

SAYS = "import sys, time; {}"


def plays(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have every command be a small script; it finds the command's words in sys.argv[1:]."""
    line = [sys.executable, "-c", SAYS.format(script)]
    monkeypatch.setattr("app.console.errand.command_line", lambda arguments: [*line, *arguments])


def opened(window: MainWindow, action: str) -> QDialog:
    window.trigger(action)
    assert window._dialog is not None
    return window._dialog


@pytest.fixture
def recorded(study: Study, tmp_path: Path) -> Study:
    """A study with one finished session."""
    made = small_session(tmp_path / "made")
    folder = study.folder / "sub-sim01" / "ses-01"
    folder.mkdir(parents=True)
    shutil.copy(made, folder / made.name)
    name = study.relative(folder / made.name)
    study.slot_for("sim01")
    study.add_finished(
        FinishedSession(
            name, sha256_of(made), "u", "simulated", "sim01", 1, 1, "small", 1, False, "2026-11-21T09:00:00Z"
        )
    )
    return study


def test_export_asks_what_format_level_and_folder(window: MainWindow, study: Study) -> None:
    window.open_study(study.folder)
    dialog = opened(window, "export_data")
    assert isinstance(dialog, ExportDialog)
    line = dialog.arguments()
    assert line[:4] == ["export", str(study.folder), "--to", "bids"]
    assert line[-2:] == ["--level", "signals"]
    assert Path(line[5]).parent == study.folder / "exports"
    dialog.format.setCurrentIndex(dialog.format.findData("xdf"))
    dialog.level.setCurrentIndex(dialog.level.findData(""))
    assert "--level" not in dialog.arguments()
    assert Path(dialog.arguments()[5]).name.startswith("xdf-")
    dialog.format.setCurrentIndex(dialog.format.findData("bids"))
    assert dialog.level.currentData() == "signals"
    dialog.reject()


def test_a_folder_of_ones_own_stays_when_the_format_changes(window: MainWindow, study: Study) -> None:
    window.open_study(study.folder)
    dialog = opened(window, "export_data")
    assert isinstance(dialog, ExportDialog)
    dialog.place.setText("/elsewhere")
    dialog.format.setCurrentIndex(2)
    assert dialog.place.text() == "/elsewhere"
    dialog.place.setText(" ")
    assert not dialog.go_button.isEnabled()
    dialog.reject()


def test_the_report_is_shown(
    window: MainWindow, study: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays(monkeypatch, "print('writing', file=sys.stderr); print('# Report\\\\n\\\\nA *face* is in it.')")
    window.open_study(study.folder)
    dialog = opened(window, "export_data")
    assert isinstance(dialog, ExportDialog)
    QTest.mouseClick(dialog.go_button, Qt.MouseButton.LeftButton)
    assert dialog.progress.isVisible()
    qtbot.waitUntil(lambda: not dialog.errand.is_running, timeout=10000)
    assert "A face is in it." in dialog.report.toPlainText()
    assert dialog.folder_button.isVisible()
    assert not dialog.progress.isVisible()
    dialog.reject()


def test_a_refused_export_says_why(
    window: MainWindow, study: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays(monkeypatch, "sys.exit('evoke: the folder is not empty.')")
    window.open_study(study.folder)
    dialog = opened(window, "export_data")
    assert isinstance(dialog, ExportDialog)
    dialog.go()
    qtbot.waitUntil(lambda: dialog.problem.text() == "the folder is not empty.", timeout=10000)
    assert not dialog.folder_button.isVisible()
    dialog.reject()


def test_closing_cancels_first(
    window: MainWindow, study: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays(monkeypatch, "time.sleep(60)")
    window.open_study(study.folder)
    dialog = opened(window, "export_data")
    assert isinstance(dialog, ExportDialog)
    dialog.go()
    process = dialog.errand._process
    assert process is not None
    qtbot.waitUntil(lambda: process.processId() > 0)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert "cancelled" in dialog.problem.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.slow
def test_a_real_export_of_a_study(window: MainWindow, recorded: Study, qtbot: QtBot) -> None:
    window.open_study(recorded.folder)
    dialog = opened(window, "export_data")
    assert isinstance(dialog, ExportDialog)
    dialog.format.setCurrentIndex(dialog.format.findData("csv"))
    place = Path(dialog.arguments()[5])
    dialog.go()
    qtbot.waitUntil(lambda: not dialog.errand.is_running, timeout=60000)
    assert dialog.problem.text() == ""
    assert list(place.rglob("*.csv"))
    dialog.reject()


def test_import_needs_a_file_and_a_code_that_may_take_part(
    window: MainWindow, study: Study, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays(monkeypatch, "print(sys.argv[1:])")
    window.open_study(study.folder)
    dialog = opened(window, "import_data")
    assert isinstance(dialog, ImportDialog)
    source = tmp_path / "one.xdf"
    dialog.source.setText(str(source))
    dialog.code.setText("sim01")
    assert not dialog.go_button.isEnabled()
    source.touch()
    dialog.format.setCurrentIndex(dialog.format.findData("xdf"))
    assert dialog.go_button.isEnabled()
    dialog.code.setText("07")
    assert "simulations only" in dialog.verdict.text()
    assert not dialog.go_button.isEnabled()
    dialog.code.setText("sim01")
    with qtbot.waitSignal(dialog.imported, timeout=10000):
        QTest.keyClick(dialog.code, Qt.Key.Key_Return)
    told = dialog.report.toPlainText()
    assert str(["import", "xdf", str(source), "--study", str(study.folder), "--participant", "sim01"]) == told
    dialog.reject()


def test_sound_outputs_are_kept_and_one_loudspeaker_means_silence(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.console.sound_dialog.list_outputs", lambda: ("Desk", "Cabin"))
    settings.save({"alarm_output": "Gone", "kept": 1})
    dialog = opened(window, "sound_outputs")
    assert isinstance(dialog, SoundDialog)
    qtbot.waitUntil(lambda: dialog.boxes["alarm_output"].count() == 4)
    assert "not there now" in dialog.boxes["alarm_output"].currentText()
    for key, name in (("alarm_output", "Desk"), ("stimulus_output", "Desk")):
        dialog.boxes[key].setCurrentIndex(dialog.boxes[key].findData(name))
    assert "silent while a trial runs" in dialog.hint.text()
    dialog.boxes["stimulus_output"].setCurrentIndex(dialog.boxes["stimulus_output"].findData("Cabin"))
    assert "at once" in dialog.hint.text()
    QTest.mouseClick(dialog.keep_button, Qt.MouseButton.LeftButton)
    assert settings.load() == {"alarm_output": "Desk", "stimulus_output": "Cabin", "kept": 1}
    assert settings.sound_outputs() == settings.SoundOutputs("Desk", "Cabin")


def test_an_output_that_does_not_play_is_told(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(output: str) -> None:
        raise EvokeError("this output cannot be used: it is busy. Choose another one.")

    monkeypatch.setattr("app.console.sound_dialog.list_outputs", lambda: ("Desk",))
    monkeypatch.setattr("app.console.sound_dialog.play_test", fail)
    dialog = opened(window, "sound_outputs")
    assert isinstance(dialog, SoundDialog)
    QTest.mouseClick(dialog.tests["alarm_output"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "it is busy" in dialog.problem.text())
    assert dialog.tests["alarm_output"].isEnabled()
    dialog.reject()


@pytest.mark.slow
def test_real_outputs_are_listed_and_play(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.console.outputs import play_test
    from tests.helpers.sound import sound_server

    with sound_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        assert list_outputs()
        play_test("")
        with pytest.raises(EvokeError, match="cannot be used"):
            play_test("no such loudspeaker")


def test_a_second_place_is_chosen_copied_to_and_shown(
    window: MainWindow, recorded: Study, tmp_path: Path, qtbot: QtBot
) -> None:
    place = tmp_path / "other disk"
    place.mkdir()
    window.open_study(recorded.folder)
    dialog = opened(window, "second_copy")
    assert isinstance(dialog, SecondCopyDialog)
    QTest.keyClicks(dialog.place, "relative")
    assert not dialog.keep_button.isEnabled()
    dialog.place.setText(str(recorded.folder / "inside"))
    assert "lost with it" in dialog.problem.text()
    dialog.place.setText(str(place))
    QTest.mouseClick(dialog.keep_button, Qt.MouseButton.LeftButton)
    tree = window.study_view.list.tree

    def state() -> str:
        person = tree.topLevelItem(0)
        child = None if person is None else person.child(0)
        return "" if child is None else child.text(2)

    qtbot.waitUntil(lambda: state() == "finished, simulated, 2 copies", timeout=20000)
    qtbot.waitUntil(lambda: not window.study_view.copies_note.text, timeout=10000)
    assert len(list(place.rglob("*.h5"))) == 1
    process = window.copies._process
    assert process is not None
    process.wait(20)


def test_an_unreachable_place_keeps_a_sign_lit_and_the_study_works(
    window: MainWindow, recorded: Study, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "other disk"
    place.mkdir()
    copies.choose_place(recorded, place)
    shutil.rmtree(place)
    copies.try_pending(recorded)
    monkeypatch.setattr(copies, "start_pending", lambda study: None)
    begun = time.monotonic()
    window.open_study(recorded.folder)
    assert time.monotonic() - begun < 5.0
    qtbot.waitUntil(lambda: "cannot be reached" in window.study_view.copies_note.text, timeout=20000)
    assert "tried again every minute" in window.study_view.copies_note.text
    assert window.study_view.copies_note.isVisible()
    assert read_news(recorded).counts == {recorded.sessions()[0].file: 1}


@pytest.mark.parametrize(
    ("state", "level", "words"),
    [
        (CopyState("none"), "info", ""),
        (CopyState("ok", files=0), "info", ""),
        (CopyState("pending", files=2, bytes=3_000_000), "info", "copying now. 2 files (3.0 MB) still"),
        (CopyState("pending", files=1, problem="The disk is full."), "warning", "The disk is full. 1 file"),
        (CopyState("unreachable", place="/mnt/x"), "warning", "/mnt/x cannot be reached. Everything is"),
    ],
)
def test_the_second_copy_in_words(state: CopyState, level: str, words: str) -> None:
    news = CopyNews(state)
    assert news.level == level
    assert words in news.words
    assert bool(words) == bool(news.words)
