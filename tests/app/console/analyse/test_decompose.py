"""The step Decompose: a stretch of any channel in modes; kept, cancelled, saved, refused."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.decomposition.settings import METHODS
from analysis.overview.row_times import row_times
from analysis.session_file import open_session
from app.analysing.evaluating import store_of
from app.console.analyse import decompose_work
from app.console.analyse.decompose_page import READY, WHOLE, DecomposePage
from app.console.analyse.decompose_work import Offer, Results
from app.console.analyse.page import AnalysePage
from app.study import Study
from tests.helpers.analyse_page import choose, click, rows, settled, step
from tests.helpers.recordings import START_S


def decompose(page: AnalysePage, qtbot: QtBot) -> DecomposePage:
    shown = step(page, "decompose", qtbot)
    assert isinstance(shown, DecomposePage)
    settled(shown, qtbot)
    return shown


def quick(shown: DecomposePage, qtbot: QtBot) -> None:
    """Choose the plain method, and have it computed."""
    choose(shown.method, METHODS["emd"], qtbot)
    click(shown.start)
    settled(shown, qtbot)


def test_a_stretch_of_eeg_is_shown_in_modes_spectra_and_numbers(page: AnalysePage, qtbot: QtBot) -> None:
    shown = decompose(page, qtbot)
    assert shown.empty.text() == READY
    assert [shown.method.itemText(place) for place in range(6)] == list(METHODS.values())
    choose(shown.channel, "eeg: C3, 128 Hz", qtbot)
    phases = shown.settings.boxes["n_phases"]
    phases.setFocus()
    QTest.keyClicks(phases, "2")
    phases.setProperty("value", 2)
    click(shown.start)
    settled(shown, qtbot)
    found = shown.found
    assert found is not None
    assert found.found.settings.n_phases == 2
    assert len(found.signal) == pytest.approx(2 * 128, abs=1)
    assert np.abs(found.found.signal - found.signal).max() < 1e-9 * np.abs(found.signal).max()
    k = len(found.found.modes)
    assert k > 2
    told = rows(shown.table.table)
    assert [row[0] for row in told] == [*(str(number + 1) for number in range(k)), "residue"]
    assert sum(float(row[2]) for row in told) == pytest.approx(100, abs=0.5)
    assert f"{k} modes" in shown.summary.whole and "Orthogonality index" in shown.summary.whole
    for view in (shown.modes, shown.spectra, shown.hilbert):
        assert view.shown is not None
        assert len(view.shown.figure().parts) > k
    assert "eeg: C3" in shown.modes.about.text()


def test_the_same_is_not_computed_again(
    page: AnalysePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = decompose(page, qtbot)
    quick(shown, qtbot)
    first = shown.found
    assert first is not None
    assert "kept from before" not in shown.summary.whole
    monkeypatch.setattr(decompose_work, "decompose", None)
    click(shown.start)
    settled(shown, qtbot)
    assert shown.found is first
    assert "kept from before" in shown.summary.whole


def test_what_took_long_is_read_back_another_day(
    page: AnalysePage, faces: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompose_work, "KEPT_FROM_S", -1.0)
    shown = decompose(page, qtbot)
    quick(shown, qtbot)
    first = shown.found
    assert first is not None
    assert "kept from before" not in shown.summary.whole
    shown.results = Results()
    monkeypatch.setattr(decompose_work, "decompose", None)
    click(shown.start)
    settled(shown, qtbot)
    again = shown.found
    assert again is not None and again is not first
    assert "kept from before" in shown.summary.whole
    np.testing.assert_array_equal(again.found.modes, first.found.modes)
    np.testing.assert_array_equal(again.found.residue, first.found.residue)
    assert (again.found.ended, again.found.settings) == (first.found.ended, first.found.settings)
    # A withdrawal finds it by its description.
    (said,) = store_of(faces).entries()
    assert said["recording"] == shown.recording.currentData() and said["participant"] == "P01"


def test_any_channel_of_any_recording_can_be_chosen(page: AnalysePage, qtbot: QtBot) -> None:
    shown = decompose(page, qtbot)
    channels = [shown.channel.itemText(place) for place in range(shown.channel.count())]
    assert "bvp: BVP, 64 Hz" in channels and "eda: EDA, 4 Hz" in channels and len(channels) == 10
    choose(shown.channel, "bvp: BVP, 64 Hz", qtbot)
    choose(shown.recording, shown.recording.itemText(1), qtbot)
    assert shown.channel.currentText() == "bvp: BVP, 64 Hz"
    quick(shown, qtbot)
    assert shown.found is not None
    assert shown.recording.itemText(1) in shown.found.title
    assert shown.found.found.rate_hz == 64


@pytest.mark.parametrize("with_trials", [True, False])
def test_the_whole_recording_begins_where_the_channel_does(
    with_trials: bool, page: AnalysePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_trials:
        monkeypatch.setattr(Offer, "trials", lambda *_: ())
    shown = decompose(page, qtbot)
    choose(shown.channel, "eeg: C3, 128 Hz", qtbot)
    if with_trials:
        choose(shown.trial, WHOLE, qtbot)
    assert shown.trial.currentText() == WHOLE
    shown.length_s.setValue(0.5)
    quick(shown, qtbot)
    found, asked = shown.found, shown._asked()
    assert found is not None and asked is not None
    # The clock counts from the computer's start, and a second and a half lie before the first picture.
    with open_session(asked.recording.path) as session:
        stream = session.streams["eeg"]
        assert row_times(stream).first_s >= START_S - 0.01
        np.testing.assert_allclose(found.signal, stream.data[:64][:, 4], atol=1e-4)
    assert found.title.endswith("0 to 0.5 s")


def test_the_title_says_what_was_there(page: AnalysePage, qtbot: QtBot) -> None:
    shown = decompose(page, qtbot)
    choose(shown.channel, "eeg: C3, 128 Hz", qtbot)
    choose(shown.trial, WHOLE, qtbot)
    shown.from_s.setValue(1.0)
    shown.length_s.setValue(100.0)
    quick(shown, qtbot)
    assert shown.found is not None
    held_s = len(shown.found.signal) / 128
    assert held_s < 30
    assert shown.found.title.endswith(f"1 to {round(1 + held_s, 3):g} s")


def test_modes_and_pictures_are_saved(page: AnalysePage, qtbot: QtBot, tmp_path: Path) -> None:
    shown = decompose(page, qtbot)
    quick(shown, qtbot)
    found = shown.found
    assert found is not None
    shown.modes.write_table(tmp_path / "modes.csv")
    with (tmp_path / "modes.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.reader(file))
    assert told[0] == [
        "seconds",
        "signal",
        *(f"mode_{k + 1}" for k in range(len(found.found.modes))),
        "residue",
    ]
    values = np.array(told[1:], float)
    np.testing.assert_allclose(values[:, 2:].sum(axis=1), values[:, 1], atol=1e-4)
    for view, name in (
        (shown.modes, "modes.svg"),
        (shown.spectra, "spectra.png"),
        (shown.hilbert, "hilbert.svg"),
    ):
        view.write_picture(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000


def test_a_long_computation_is_cancelled(
    page: AnalysePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, stopped = threading.Event(), threading.Event()

    def forever(*_: object, cancelled: object, **__: object) -> None:
        began.set()
        while not cancelled():  # type: ignore[operator]
            stopped.wait(0.005)
        stopped.set()

    monkeypatch.setattr(decompose_work, "decompose", forever)
    shown = decompose(page, qtbot)
    click(shown.start)
    qtbot.waitUntil(began.is_set)
    assert not shown.start.isEnabled()
    click(shown.waiting.button)
    qtbot.waitUntil(stopped.is_set)
    assert "Cancelled" in shown.trouble.text
    assert shown.start.isEnabled()


def test_what_cannot_be_decomposed_is_said_in_a_sentence(page: AnalysePage, qtbot: QtBot) -> None:
    shown = decompose(page, qtbot)
    shown.length_s.setValue(3600.0)
    shown.rate_hz.setValue(20_000)
    click(shown.start)
    settled(shown, qtbot)
    assert "Take 10 s at most" in shown.trouble.text
    shown.rate_hz.setValue(0)
    shown.length_s.setValue(2.0)
    shown.from_s.setValue(5000.0)
    click(shown.start)
    settled(shown, qtbot)
    assert "nothing was recorded from 5000 to 5002 s" in shown.trouble.text
    assert "choose a stretch within" in shown.trouble.text


def test_everything_has_a_name_and_the_keyboard_reaches_it(page: AnalysePage, qtbot: QtBot) -> None:
    shown = decompose(page, qtbot)
    for widget in (shown.recording, shown.channel, shown.trial, shown.from_s, shown.length_s, shown.method):
        assert widget.accessibleName()
    choose(shown.method, METHODS["emd"], qtbot)
    shown.start.setFocus()
    QTest.keyClick(shown.start, Qt.Key.Key_Space)
    settled(shown, qtbot)
    assert shown.found is not None
