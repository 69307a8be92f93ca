"""The device page by mouse and keys: choose, name, connect for real, save as the study's set."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil
import pytest
import yaml
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.console.device_page import DevicePage
from app.console.looking import Surroundings, Thing
from app.console.window import MainWindow
from app.plan import SessionPlan
from app.study import Study
from tests.helpers.front import bring_to_front
from tests.helpers.live_session import LiveSession

AROUND = Surroundings(
    serial=(Thing("/dev/ttyUSB0  usb-FTDI", "/dev/ttyUSB0"),),
    lsl=(Thing("Respiration  (1 channels, 25 Hz, pc)", {"source_id": "belt-7"}),),
    cameras=(Thing("2  Webcam", 2),),
    boards=("synthetic", "cyton", "muse-2", "enophone"),
)


@pytest.fixture(autouse=True)
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is plugged in, known beforehand."""
    monkeypatch.setattr("app.console.device_page.look_around", lambda network: AROUND)
    monkeypatch.setattr("app.console.device_rows.look_around", lambda network: AROUND)


@pytest.fixture
def page(window: MainWindow, people: Study, qtbot: QtBot) -> DevicePage:
    window.open_study(people.folder)
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.device_view)
    qtbot.waitUntil(lambda: window.device_view._work is None)
    return window.device_view


def pick(box: QComboBox, data: object) -> None:
    """Choose an entry as somebody does: by the keys that lead to it."""
    box.setFocus()
    steps = box.findData(data) - box.currentIndex()
    for _ in range(abs(steps)):
        QTest.keyClick(box, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    box.activated.emit(box.currentIndex())
    assert box.currentData() == data


def field(page: DevicePage, key: str) -> QComboBox:
    widget = page.form._rows[key][1]
    assert isinstance(widget, QComboBox)
    return widget


def test_without_a_study_nothing_can_be_saved(window: MainWindow) -> None:
    window.trigger("device_page")
    page = window.device_view
    assert "no study is open" in page.where.whole
    assert not page.save_button.isEnabled()
    page.add()
    assert not page.save_button.isEnabled()
    assert page.save_words.text() == "Open a study to save a set for it."


def test_an_empty_set_says_what_to_do(page: DevicePage) -> None:
    assert page.nothing.isVisible()
    assert not page.form.isEnabled()
    for button in (page.remove_button, page.save_button, page.trial.one_button, page.trial.all_button):
        assert not button.isEnabled()


def test_a_board_is_chosen_named_and_saved_for_the_study(
    page: DevicePage, window: MainWindow, qtbot: QtBot
) -> None:
    QTest.mouseClick(page.add_button, Qt.MouseButton.LeftButton)
    assert page.form.kind.currentData() == "brainflow"
    pick(page.form.board, "cyton")
    qtbot.waitUntil(lambda: "/dev/ttyUSB0" in [field(page, "serial_port").itemData(0)])
    QTest.keyClicks(page.form.name, "Cap of lab 2")
    page.form.id.clear()
    QTest.keyClicks(page.form.id, "cap")
    pick(page.form.on_loss, "abort")
    field(page, "serial_port").setEditText("/dev/ttyUSB0")
    qtbot.waitUntil(page.save_button.isEnabled)
    QTest.mouseClick(page.save_button, Qt.MouseButton.LeftButton)
    assert window.study is not None
    assert window.study.devices == "devices.yaml"
    (entry,) = yaml.safe_load((window.study.folder / "devices.yaml").read_text(encoding="utf-8"))
    assert entry == {
        "id": "cap",
        "source": "brainflow",
        "params": {"board": "cyton", "serial_port": "/dev/ttyUSB0"},
        "name": "Cap of lab 2",
        "on_loss": "abort",
    }
    assert page.save_words.text().startswith("Saved")
    assert window.study_view.next.devices_file.currentText() == "devices.yaml (the study's)"


def test_what_is_wrong_is_said_in_the_form_and_keeps_the_set_from_being_saved(
    page: DevicePage, qtbot: QtBot
) -> None:
    page.add()
    page.form.id.clear()
    QTest.keyClicks(page.form.id, "My Cap!")
    qtbot.waitUntil(lambda: "id" in page.form.problem.text())
    assert not page.save_button.isEnabled()
    assert not page.trial.one_button.isEnabled()
    page.form.id.clear()
    QTest.keyClicks(page.form.id, "cap")
    qtbot.waitUntil(lambda: not page.form.problem.isVisible())
    page.add()
    page.form.id.clear()
    QTest.keyClicks(page.form.id, "cap")
    qtbot.waitUntil(lambda: "taken by another" in page.form.problem.text())


def test_a_missing_library_is_named_with_its_remedy(
    page: DevicePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.system.missing", lambda libraries: tuple(libraries))
    page.add()
    pick(page.form.kind, "microphone")
    qtbot.waitUntil(lambda: "libportaudio" in page.form.problem.text())
    assert "apt install" in page.form.problem.text()


def test_a_stream_that_is_there_fills_in_what_it_is_known_by(page: DevicePage, qtbot: QtBot) -> None:
    page.add()
    pick(page.form.kind, "lsl")
    box = page.form._streams
    assert box is not None
    pick(box, {"source_id": "belt-7"})
    assert page.form.values()["params"] == {"source_id": "belt-7"}
    qtbot.waitUntil(lambda: page.trial.one_button.isEnabled())


def test_a_hand_written_set_survives_a_look_and_an_edit(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    text = "# Ada's\n- id: band  # hers\n  source: wristband\n- {id: cam, source: camera}\n"
    study = Study.create(tmp_path / "lab", "Lab", "people", devices="devices.yaml")
    (study.folder / "devices.yaml").write_text(text, encoding="utf-8")
    window.open_study(study.folder)
    window.trigger("device_page")
    page = window.device_view
    for row in (1, 0, 1):
        page.list.setCurrentRow(row)
    assert page.devices.text == text
    assert not page.save_button.isEnabled()
    QTest.mouseClick(page.form.required, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.save_button.isEnabled)
    page.save()
    now = (study.folder / "devices.yaml").read_text(encoding="utf-8")
    assert now.startswith("# Ada's\n- id: band  # hers\n  source: wristband\n")
    assert yaml.safe_load(now)[1] == {"id": "cam", "source": "camera", "required": False}


def test_a_broken_file_is_told_and_left_alone(window: MainWindow, tmp_path: Path) -> None:
    study = Study.create(tmp_path / "lab", "Lab", "people", devices="devices.yaml")
    (study.folder / "devices.yaml").write_text("- id: [\n", encoding="utf-8")
    window.open_study(study.folder)
    window.trigger("device_page")
    assert "devices.yaml" in window.device_view.banner.text
    window.device_view.add()
    assert not window.device_view.save_button.isEnabled()
    assert (study.folder / "devices.yaml").read_text(encoding="utf-8") == "- id: [\n"


def test_removing_asks_nothing_and_writes_nothing(page: DevicePage, people: Study) -> None:
    page.add()
    page.add()
    page.list.setFocus()
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    assert page.list.count() == 1
    assert not (people.folder / "devices.yaml").exists()


def test_nothing_is_tried_while_a_session_has_the_devices(
    window: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    window.attach(live.paths)
    qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "waiting", timeout=5000)
    window.trigger("device_page")
    page = window.device_view
    page.add()
    assert not page.trial.one_button.isEnabled()
    assert "A session is running" in page.trial.words.text()


def trial_processes() -> list[int]:
    """Return the supervisors of trial connections that this process has started."""
    found = []
    for child in psutil.Process(os.getpid()).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "_trial" in child.cmdline():
                found.append(child.pid)
    return found


def test_a_trial_connection_shows_the_signal_and_leaves_nothing(page: DevicePage, qtbot: QtBot) -> None:
    page.add()
    pick(page.form.kind, "wristband")
    qtbot.waitUntil(page.trial.one_button.isEnabled)
    QTest.mouseClick(page.trial.one_button, Qt.MouseButton.LeftButton)
    paths = page.trial.connection._paths
    assert paths is not None
    signals = page.trial.signals
    assert page.form.id.text() == "wristband"
    names = [f"wristband-{kind}" for kind in ("bvp", "eda", "temperature", "acceleration")]
    qtbot.waitUntil(lambda: len(signals.panels) >= len(names), timeout=20000)
    qtbot.waitUntil(lambda: all(panel.trace.last_s > 0 for panel in signals.panels), timeout=10000)
    assert signals.isVisible()
    assert {panel.group.stream for panel in signals.panels} == set(names)
    qtbot.waitUntil(lambda: "Nothing is recorded" in page.trial.words.text(), timeout=10000)
    plan = SessionPlan.load(paths.plan)
    QTest.mouseClick(page.trial.end_button, Qt.MouseButton.LeftButton)
    assert not signals.isVisible()
    qtbot.waitUntil(lambda: not trial_processes(), timeout=15000)
    qtbot.waitUntil(lambda: not paths.folder.exists() and not plan.runtime.exists(), timeout=5000)


def test_leaving_the_page_lets_go_of_the_devices(page: DevicePage, window: MainWindow, qtbot: QtBot) -> None:
    page.add()
    pick(page.form.kind, "wristband")
    qtbot.waitUntil(page.trial.one_button.isEnabled)
    page.connect_one()
    connected = [page.trial.connection.is_on]
    window.trigger("study_page")
    connected.append(page.trial.connection.is_on)
    assert connected == [True, False]
    qtbot.waitUntil(lambda: not trial_processes(), timeout=15000)


@pytest.mark.slow
def test_a_device_that_does_not_answer_is_told_while_the_others_are_shown(
    page: DevicePage, qtbot: QtBot
) -> None:
    page.add()
    pick(page.form.board, "cyton")
    field(page, "serial_port").setEditText("no-such-port")
    page.add()
    pick(page.form.kind, "wristband")
    qtbot.waitUntil(page.trial.all_button.isEnabled)
    page.connect_all()
    table = page.trial.streams.table

    def states() -> set[str]:
        rows = [table.topLevelItem(place) for place in range(table.topLevelItemCount())]
        return {row.text(1).partition(" ")[0] for row in rows if row is not None}

    qtbot.waitUntil(lambda: {"live", "not"} <= states(), timeout=30000)
    page.trial.disconnect_all()
    qtbot.waitUntil(lambda: not trial_processes(), timeout=15000)
