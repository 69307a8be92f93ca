"""From the start page to a started session: new study, next session, what is missing, the command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.console import preferences
from app.console.consent_dialog import ConsentDialog
from app.console.launcher import Launcher, what_it_said
from app.console.new_study import NewStudyDialog, folder_name
from app.console.next_session import NextSessionCard
from app.console.request import NextSession, judge_code, next_run, open_points
from app.console.window import MainWindow
from app.plan import SessionPaths
from app.study import Study


def ready(card: NextSessionCard) -> bool:
    return card._findings is not None


def test_first_start_offers_everything(window: MainWindow) -> None:
    assert window.pages.currentWidget() is window.welcome
    for button in ("demo", "demo_study", "new_study", "open_study"):
        assert getattr(window.welcome, button).isEnabled()
    assert window.welcome.none_yet.isVisible()


def test_last_studies_newest_first_and_missing_ones_grey(
    window: MainWindow, study: Study, tmp_path: Path
) -> None:
    preferences.add_recent(study.folder)
    preferences.add_recent(tmp_path / "gone")
    window.welcome.refresh()
    gone, there = (window.welcome.recent.item(row) for row in range(2))
    assert "not found" in gone.text()
    assert not gone.flags() & Qt.ItemFlag.ItemIsEnabled
    window.welcome.recent.itemActivated.emit(gone)
    assert window.pages.currentWidget() is window.welcome
    window.welcome.recent.itemActivated.emit(there)
    assert window.pages.currentWidget() is window.study_view


def test_a_new_study_in_four_questions_then_its_first_session(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[list[str], Path]] = []
    monkeypatch.setattr(window.conduct, "launch", lambda line, folder: started.append((line, folder)))
    window.trigger("new_study")
    dialog = window._dialog
    assert isinstance(dialog, NewStudyDialog)
    assert not dialog.make.isEnabled()
    dialog.place.setText(str(tmp_path))
    QTest.keyClicks(dialog.name, "Sleep & mood")
    QTest.mouseClick(dialog.simulation, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.make, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.study is not None)
    assert window.study is not None
    assert window.study.folder == tmp_path / "Sleep-mood"
    assert (window.study.kind, window.study.devices) == ("simulation", "devices.yaml")
    card = window.study_view.next
    QTest.keyClicks(card.code, "sim01")
    qtbot.waitUntil(lambda: card.connect_button.isEnabled(), timeout=15000)
    QTest.mouseClick(card.connect_button, Qt.MouseButton.LeftButton)
    line, folder = started[0]
    assert line[:2] == ["run", "demo"]
    assert {"--attached", "--auto"} <= set(line)
    assert folder == window.study.folder
    assert window.pages.currentWidget() is window.live


def test_a_study_of_that_name_is_not_made_twice(tmp_path: Path, qtbot: QtBot, study: Study) -> None:
    dialog = NewStudyDialog(place=tmp_path)
    qtbot.addWidget(dialog)
    dialog.name.setText(study.folder.name)
    assert not dialog.make.isEnabled()
    assert "already" in dialog.problem.text()


def test_people_need_a_code_consent_and_devices(window: MainWindow, people: Study, qtbot: QtBot) -> None:
    window.open_study(people.folder)
    card = window.study_view.next
    qtbot.waitUntil(lambda: ready(card), timeout=15000)
    assert "a remedy" in card.missing.text()
    card.add_file(card.devices_file, Path(__file__).parents[3] / "resources/devices/demo.yaml")
    qtbot.waitUntil(lambda: "a remedy" not in card.missing.text() and ready(card), timeout=15000)
    card.code.setText("sim01")
    assert "simulated participants" in card.verdict.text()
    card.code.setText("07")
    assert card.verdict.text() == "New participant. Session 1."
    assert card.missing.text() == "Still needed: consent."
    assert not card.connect_button.isEnabled()
    QTest.mouseClick(card.consent.button, Qt.MouseButton.LeftButton)
    dialog = window._dialog
    assert isinstance(dialog, ConsentDialog)
    QTest.mouseClick(dialog.all_yes, Qt.MouseButton.LeftButton)
    QTest.keyClicks(dialog.by, "KL")
    QTest.mouseClick(dialog.keep, Qt.MouseButton.LeftButton)
    assert card.connect_button.isEnabled()
    card.code.setText("08")
    assert not card.connect_button.isEnabled()


def test_checks_are_listed_in_words(window: MainWindow, study: Study, qtbot: QtBot) -> None:
    window.open_study(study.folder)
    card = window.study_view.next
    qtbot.waitUntil(lambda: ready(card), timeout=15000)
    texts = [card.checks.item(row).text() for row in range(card.checks.count())]
    assert any(text.startswith("Disk:") for text in texts)
    assert card.version.words.whole.startswith("2 trials, about 1:00 min; version ")
    assert card.device_rows.count == 4


def test_codes_visits_and_runs(people: Study) -> None:
    assert not judge_code(people, "a b", "demo").is_good
    people.slot_for("Anna1")
    assert "capital letters" in judge_code(people, "anna1", "demo").text
    folder = people.folder / "sub-Anna1" / "ses-02"
    folder.mkdir(parents=True)
    (folder / "sub-Anna1_ses-02_task-demo_run-01.h5").touch()
    assert people.next_visit("Anna1") == 3
    assert next_run(people, "Anna1", 2, "demo") == 2
    assert judge_code(people, "Anna1", "demo").text == "Known participant. Next is session 3."


def test_what_is_missing_is_said_in_one_line(people: Study) -> None:
    verdict = judge_code(people, "", "demo")
    assert list(open_points(None, verdict, False, "")) == [
        "a participant code",
        "consent",
        "the checks (running)",
    ]


def test_the_command_of_a_session(people: Study, study: Study) -> None:
    wanted = NextSession("demo", "07", 2, Path("/d.yaml"), "no camera today")
    line = wanted.arguments(people)
    assert line[:2] == ["run", "demo"]
    assert line[-4:] == ["--devices", "/d.yaml", "--accept", "no camera today"]
    assert "--auto" not in line
    assert "--auto" in NextSession("demo", "sim01", 1).arguments(study)


def test_an_unreadable_study_is_said_and_nothing_opens(window: MainWindow, tmp_path: Path) -> None:
    assert not window.open_study(tmp_path)
    assert "no study" in window.notifier.shown[-1].notice.text
    assert window.pages.currentWidget() is window.welcome


@pytest.mark.parametrize(
    ("name", "folder"), [("Sleep & mood, wave 2", "Sleep-mood-wave-2"), ("Größe", "Größe"), ("../..", "")]
)
def test_names_become_folders(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_a_refused_start_is_told_as_the_command_told_it(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import sys; print('checks', file=sys.stderr); sys.exit('evoke: the disk is full.')"
    monkeypatch.setattr("app.console.launcher.command_line", lambda _: [sys.executable, "-c", script])
    launcher = Launcher([], tmp_path)
    with qtbot.waitSignal(launcher.failed, timeout=10000) as failed:
        pass
    assert failed.args == ["the disk is full."]
    launcher.deleteLater()


def test_what_a_command_said_last() -> None:
    assert what_it_said("one\ntwo\nevoke: bad.\nmore of it") == "bad.\nmore of it"
    assert what_it_said("Traceback\nValueError: x") == "Traceback\nValueError: x"


def test_interrupted_sessions_are_listed_and_offered(window: MainWindow, study: Study, qtbot: QtBot) -> None:
    from tests.helpers.live_session import LiveSession

    folder = study.folder / "sub-sim01" / "ses-01"
    folder.mkdir(parents=True)
    with LiveSession(folder) as live:
        lock = live.paths.lock.read_text(encoding="utf-8")
    import json

    live.paths.lock.write_text(json.dumps(json.loads(lock) | {"pid": 1, "started": 0.0}), encoding="utf-8")
    window.open_study(study.folder)
    assert "interrupted" in window.study_view.left_over.text
    row = window.study_view.list.tree.topLevelItem(0)
    assert row is not None
    assert row.text(0) == "sim01"
    first = row.child(0)
    assert first is not None
    assert first.text(2) == "interrupted"
    assert isinstance(first.data(0, Qt.ItemDataRole.UserRole), SessionPaths)
