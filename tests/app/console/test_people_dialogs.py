"""Withdrawal, corrections, the study's settings and the card that tells a screen's width."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import participants, withdrawal
from app.console.amendment_dialog import AmendmentDialog
from app.console.card_window import CARD_MM, CardWindow
from app.console.screen_settings import ScreenSettings
from app.console.study_settings import StudySettingsDialog
from app.console.window import MainWindow
from app.console.withdrawal_dialog import WithdrawalDialog, erased_words, found_words
from app.screens import Calibration, calibration, remember
from app.study import Study
from app.withdrawal import Found
from app.withdrawal_marks import Marks
from stimuli.problems import EvokeError
from tests.helpers.presentation import PresenterScript, planted_session
from tests.helpers.recordings import PLAN


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no process what devices are there: how that is done is told in test_looking."""
    monkeypatch.setattr("app.console.device_rows.look_around", lambda network: None)


@pytest.fixture
def recorded(study: Study) -> Study:
    """A simulation in which sim01 was recorded once, in a real file, and sim02 is entered."""
    participants.add(study, "sim01")
    participants.add(study, "sim02")
    script = PresenterScript()
    script.begin_trial("s0")
    script.stage("picture", 1.0, "s0")
    path = planted_session(study.folder / "sub-sim01" / "ses-01", script, PLAN.name)
    study.enter(path, "")
    return study


def found(dialog: WithdrawalDialog, qtbot: QtBot) -> Found:
    """Wait until it is known what there is."""
    qtbot.waitUntil(lambda: dialog._found is not None or bool(dialog.problem.text()), timeout=10000)
    assert dialog._found is not None, dialog.problem.text()
    return dialog._found


def test_a_withdrawal_shows_everything_before_and_needs_the_code(
    window: MainWindow, recorded: Study, qtbot: QtBot
) -> None:
    window.open_study(recorded.folder)
    window.study_view.list.select("sim01")
    window.trigger("withdraw")
    dialog = window._dialog
    assert isinstance(dialog, WithdrawalDialog)
    known = found(dialog, qtbot)
    listed = [dialog.files.item(row).text() for row in range(dialog.files.count())]
    assert any(text.endswith(".h5") for text in listed)
    assert dialog.unreachable.count() == len(known.unreachable) + len(known.kept) > 0
    assert "1 session" in dialog.words.text()
    assert not dialog.erase.isEnabled()
    QTest.keyClicks(dialog.code, "sim02")
    assert not dialog.erase.isEnabled()
    dialog.code.clear()
    QTest.keyClicks(dialog.code, "sim01")
    QTest.mouseClick(dialog.erase, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window._dialog is None, timeout=10000)
    assert not list(recorded.folder.glob("sub-sim01/**/*.h5"))
    assert participants.person(recorded, "sim01") is None
    assert participants.person(recorded, "sim02") is not None
    said = [notice.text for notice in window.notifier.history]
    assert all(text in said for text in known.unreachable)
    assert said[-1].startswith("Participant sim01 was withdrawn.")


def test_only_some_streams_are_asked_for_by_kind(recorded: Study, qtbot: QtBot) -> None:
    dialog = WithdrawalDialog(recorded, "sim01")
    qtbot.addWidget(dialog)
    dialog.show()
    found(dialog, qtbot)
    QTest.mouseClick(dialog.some, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.some.height() // 2))
    assert dialog.words.text() == "Choose at least one kind."
    dialog.kinds["camera"].setChecked(True)
    assert dialog.only == ("camera",)
    assert found(dialog, qtbot).only == ("camera",)
    assert "only pictures of the face" in dialog.words.text()


def test_nothing_to_erase_is_said_and_cannot_be_confirmed(recorded: Study, qtbot: QtBot) -> None:
    empty = Found("sim09", Marks(("sim09",)))
    assert found_words(empty) == "There is nothing of this participant in the study."
    assert erased_words(Found("07", Marks(("07",)), unreachable=("a backup",))).endswith("look at Messages.")


def test_a_refused_erasing_says_how_to_go_on(
    recorded: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise EvokeError("the disk is full.")

    monkeypatch.setattr(withdrawal, "carry_out", refuse)
    dialog = WithdrawalDialog(recorded, "sim01")
    qtbot.addWidget(dialog)
    found(dialog, qtbot)
    dialog.code.setText("sim01")
    dialog.carry_out()
    qtbot.waitUntil(lambda: bool(dialog.problem.text()), timeout=5000)
    assert dialog.problem.text() == "the disk is full. What was begun is finished when you ask again."
    assert dialog.done_with is None


def amend(study: Study, qtbot: QtBot) -> AmendmentDialog:
    """Return the form for corrections of sim01, once its channels are known."""
    dialog = AmendmentDialog(study, "sim01")
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.stream.count() > 0, timeout=5000)
    return dialog


def test_swapped_electrodes_of_a_session(recorded: Study, qtbot: QtBot) -> None:
    dialog = amend(recorded, qtbot)
    dialog.session.setCurrentIndex(1)
    dialog.kind.setCurrentIndex(dialog.kind.findData("channels"))
    qtbot.waitUntil(lambda: dialog.stream.findData("eeg") >= 0, timeout=5000)
    dialog.stream.setCurrentIndex(dialog.stream.findData("eeg"))
    assert (dialog.one.currentData(), dialog.other.currentData()) == ("c0", "c1")
    assert not dialog.keep.isEnabled()
    QTest.keyClicks(dialog.reason, "cables swapped")
    QTest.mouseClick(dialog.keep, Qt.MouseButton.LeftButton)
    assert dialog.saved is not None
    assert dialog.saved.value == {"c0": "c1", "c1": "c0"}
    assert dialog.saved.session == recorded.sessions()[0].uuid
    again = amend(recorded, qtbot)
    assert "c0 is c1" in again.history.item(0).text()


def test_a_wrong_code_is_corrected_and_refused_where_it_fits_nobody(recorded: Study, qtbot: QtBot) -> None:
    dialog = amend(recorded, qtbot)
    QTest.keyClicks(dialog.reason, "typed wrongly")
    dialog.code.setText("07")
    dialog.accept()
    assert "simulation" in dialog.problem.text()
    assert recorded.amendments().lines == ()
    dialog.code.setText("sim02")
    dialog.accept()
    assert dialog.saved is not None
    assert recorded.amendments().code_of("sim01") == "sim02"


def test_a_note_needs_no_reason(recorded: Study, qtbot: QtBot) -> None:
    dialog = amend(recorded, qtbot)
    dialog.kind.setCurrentIndex(dialog.kind.findData("note"))
    assert not dialog.keep.isEnabled()
    QTest.keyClicks(dialog.note, "window was open")
    dialog.accept()
    assert dialog.saved is not None
    assert dialog.saved.value == "window was open"


def test_settings_are_written_and_comments_stay(people: Study, qtbot: QtBot) -> None:
    path = people.folder / "study.yaml"
    path.write_text("# our second wave\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    dialog = StudySettingsDialog(people)
    qtbot.addWidget(dialog)
    dialog.visits.setValue(4)
    dialog.fields.add()
    dialog.fields.name.clear()
    assert dialog.fields.name.text() == ""
    QTest.keyClicks(dialog.fields.name, "Age")
    assert not dialog.save.isEnabled(), "a name is of small letters"
    dialog.fields.name.clear()
    QTest.keyClicks(dialog.fields.name, "age")
    screen = dialog.screen_settings
    screen.palette_box.setCurrentIndex(screen.palette_box.findData("dark"))
    screen.text_box.setCurrentIndex(screen.text_box.findData(1.3))
    screen.patch.setChecked(True)
    dialog.accept()
    study = Study.open(people.folder)
    assert study == dialog.saved
    assert (study.visits, [field.name for field in study.participant_fields]) == (4, ["age"])
    assert dict(study.look) == {"palette": "dark", "text_scale": 1.3, "corner_patch": True}
    assert path.read_text(encoding="utf-8").startswith("# our second wave")


def test_settings_that_were_not_touched_change_nothing(people: Study, qtbot: QtBot) -> None:
    before = (people.folder / "study.yaml").read_bytes()
    dialog = StudySettingsDialog(people)
    qtbot.addWidget(dialog)
    dialog.accept()
    assert (people.folder / "study.yaml").read_bytes() == before


def test_measures_of_a_screen_are_kept_on_this_computer(qtbot: QtBot, qapp: QApplication) -> None:
    name = qapp.primaryScreen().name()
    remember(name, Calibration(lag_ms=12.5, lag_source="photodiode", lag_date="2026-11-02"))
    settings = ScreenSettings({})
    qtbot.addWidget(settings)
    assert "12.50 ms" in settings.lag.whole
    settings.width_mm.setValue(520.0)
    assert "need width and distance" in settings.degree.whole
    settings.distance_mm.setValue(600.0)
    assert settings.degree.whole.startswith("One degree of visual angle is ")
    settings.keep_measures()
    known = calibration(name)
    assert (known.width_mm, known.distance_mm, known.lag_ms) == (520.0, 600.0, 12.5)
    assert known.width_px == qapp.primaryScreen().geometry().width()
    assert known.knows_degrees


def test_a_screen_that_is_not_connected_keeps_its_name(qtbot: QtBot) -> None:
    settings = ScreenSettings({"screen": "DP-7"})
    qtbot.addWidget(settings)
    assert settings.look() == {"screen": "DP-7"}
    assert not settings.measure.isEnabled()
    assert "not connected" in settings.measured_name.text()
    settings.screen_box.setCurrentIndex(0)
    assert settings.look() == {}


def test_numbers_appear_on_the_screens_and_go(qtbot: QtBot, qapp: QApplication) -> None:
    settings = ScreenSettings({})
    qtbot.addWidget(settings)
    settings.show_numbers()
    assert len(settings._numbers) == len(qapp.screens())
    settings.hide_numbers()
    assert not settings._numbers


def test_a_card_held_against_the_screen_tells_its_width(qtbot: QtBot, qapp: QApplication) -> None:
    settings = ScreenSettings({})
    qtbot.addWidget(settings)
    settings.show()
    QTest.mouseClick(settings.measure, Qt.MouseButton.LeftButton)
    card = settings._card
    assert card is not None
    assert card.geometry() == qapp.primaryScreen().geometry()
    card.card_px = 300.0
    QTest.keyClick(card, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(card, Qt.Key.Key_Left)
    assert card.card_px == 309.0
    QTest.keyClick(card, Qt.Key.Key_Return)
    expected = CARD_MM[0] * qapp.primaryScreen().geometry().width() / 309.0
    assert settings.width_mm.value() == pytest.approx(expected, abs=0.06)


def test_the_card_stays_on_the_screen_and_may_be_left(qtbot: QtBot, qapp: QApplication) -> None:
    card = CardWindow(qapp.primaryScreen())
    card.show()
    for _ in range(3):
        card.change(-5000)
    assert card.card_px == 60.0
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    card.wheelEvent(wheel)
    assert card.card_px == 61.0
    card.change(1e6)
    assert card.card_px < card.width()
    with qtbot.waitSignal(card.left):
        QTest.keyClick(card, Qt.Key.Key_Escape)


def test_without_a_study_the_actions_are_closed_and_without_a_choice_they_say_so(
    window: MainWindow, people: Study
) -> None:
    for name in ("add_participant", "correct", "withdraw", "study_settings"):
        assert not window.actions_by_name[name].isEnabled()
    window.open_study(people.folder)
    window.trigger("withdraw")
    assert window.notifier.history[-1].text == "Choose a participant on the study page first."
    assert window._dialog is None


def test_the_settings_button_of_the_study_page(window: MainWindow, people: Study, tmp_path: Path) -> None:
    window.open_study(people.folder)
    window.study_view.settings_asked.emit()
    dialog = window._dialog
    assert isinstance(dialog, StudySettingsDialog)
    dialog.visits.setValue(3)
    dialog.accept()
    assert window.study is not None
    assert window.study.visits == 3
