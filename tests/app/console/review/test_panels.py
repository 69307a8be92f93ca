"""The panels of the review: what they compute of a selection, what they say, hide and save."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from analysis.views.filters import Filters
from app.annotation.visible import EVERYTHING, Visible
from app.console import theme
from app.console.review.averages_data import EVERY
from app.console.review.averages_panel import AveragesPanel
from app.console.review.axis import TimeAxis
from app.console.review.compare_panel import BESIDE, OVER, ComparePanel
from app.console.review.figure_axes import SHADES, log_ticks, shaded
from app.console.review.figure_panel import FigurePanel
from app.console.review.figure_ticks import TickMenu
from app.console.review.head_map import SHARE, HeadMapPanel
from app.console.review.recording import Recording, open_recording
from app.console.review.spectrum_panel import SpectrumPanel
from stimuli.problems import EvokeError
from tests.helpers.labelled import BVP, EEG, SHOWN_S, make_study, onset_s
from tests.helpers.recordings import START_S

PANELS = (SpectrumPanel, HeadMapPanel, AveragesPanel, ComparePanel)


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of two finished sessions of a study; its EEG has a channel that no table knows."""
    eeg = replace(EEG, channels=("Fp1", "Fp2", "F3", "F4", "C3", "ECG7", "O1", "O2"))
    study = make_study(tmp_path_factory.mktemp("panels") / "study", 2, 6, streams=(eeg, BVP))
    return study.folder / study.sessions()[0].file


@pytest.fixture
def eeg(study_file: Path) -> Iterator[Recording]:
    """That session, open."""
    found = open_recording(study_file)
    yield found
    found.close()


@pytest.fixture
def axis(eeg: Recording) -> TimeAxis:
    """An axis over the whole session."""
    made = TimeAxis()
    made.set_extent(eeg.start_s, eeg.stop_s)
    return made


def shown(panel: FigurePanel, qtbot: QtBot) -> FigurePanel:
    """Put a panel on the screen."""
    qtbot.addWidget(panel, before_close_func=lambda widget: widget.close_recording())
    panel.resize(640, 560)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def settled(panel: FigurePanel, qtbot: QtBot) -> None:
    """Wait until nothing is computed any more."""
    qtbot.waitUntil(lambda: panel.is_idle, timeout=20000)


def looked_at(panel: FigurePanel, recording: Recording, axis: TimeAxis, qtbot: QtBot) -> FigurePanel:
    """Put a panel on the screen with its figure of a recording."""
    shown(panel, qtbot)
    panel.open(recording)
    panel.follow(axis)
    settled(panel, qtbot)
    return panel


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_says_what_to_do_before_it_shows_a_figure_and_saves_both(
    kind: Callable[[], FigurePanel], eeg: Recording, axis: TimeAxis, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = shown(kind(), qtbot)
    assert panel.canvas.accessibleDescription() == "Open a recording."
    assert not panel.save.isEnabled()
    panel.open(eeg)
    panel.follow(axis)
    settled(panel, qtbot)
    assert panel.made is not None
    assert panel.note.text() == panel.canvas.accessibleDescription() != ""
    QTest.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    assert Path(dialog.selectedFiles()[0]).name == f"{eeg.title}_{panel.stem}.svg"
    dialog.fileSelected.emit(str(tmp_path / "figure.svg"))
    dialog.reject()
    assert panel.trouble.text == "Saved as figure.svg and figure.csv."
    words = "".join(ET.parse(tmp_path / "figure.svg").getroot().itertext())
    assert panel.title in words
    with (tmp_path / "figure.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    columns, expected = panel.table()
    assert rows[0] == list(columns)
    assert len(rows) == len(expected) + 1 > 2
    panel.close_recording()
    assert panel.made is None


@pytest.mark.slow
@pytest.mark.parametrize("kind", PANELS)
def test_a_picture_is_drawn_in_both_palettes(
    kind: Callable[[], FigurePanel], eeg: Recording, axis: TimeAxis, qtbot: QtBot, qapp: QApplication
) -> None:
    pictures: list[QImage] = []
    panel = looked_at(kind(), eeg, axis, qtbot)
    for colours in ("light", "dark"):
        theme.apply(qapp, colours, 1.0)
        pictures.append(panel.canvas.grab().toImage())
        assert pictures[-1].pixelColor(2, 2) == QColor(theme.current().base)
    theme.apply(qapp, "light", 1.0)
    assert pictures[0] != pictures[1]


def test_the_spectrum_is_of_the_selection_else_of_what_is_visible(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot
) -> None:
    panel = SpectrumPanel()
    looked_at(panel, eeg, axis, qtbot)
    assert "visible part" in panel.note.text()
    axis.select(START_S + 5, START_S + 11)
    settled(panel, qtbot)
    assert panel.made is not None
    assert (
        f"selection {START_S + 5 - eeg.start_s:.2f} to {START_S + 11 - eeg.start_s:.2f} s"
        in panel.note.text()
    )
    assert panel.made.spectrum.segments.tolist() == [5] * 8
    assert "Peak at 10 Hz" in panel.note.text()
    axis.select(START_S + 5, START_S + 5.01)
    settled(panel, qtbot)
    assert not panel.save.isEnabled()
    assert "too short" in panel.empty


def test_channels_are_drawn_by_themselves_or_averaged_and_read_under_the_mouse(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot
) -> None:
    panel = SpectrumPanel()
    looked_at(panel, eeg, axis, qtbot)
    assert panel.made is not None
    assert [name for name, _ in panel.made.lines] == ["mean of 8 channels"]
    QTest.mouseClick(panel.average, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.average.height() // 2))
    panel.channels.choose("eeg", ["O1", "O2"])
    settled(panel, qtbot)
    assert [name for name, _ in panel.made.lines] == ["O1", "O2"]
    qtbot.waitUntil(lambda: panel._axes is not None)
    assert panel._axes is not None
    middle = panel._axes.box.center()
    panel.canvas.hovered.emit(middle)
    assert panel.readout.text().endswith("µV²/Hz")
    assert "Hz: O1 " in panel.readout.text()
    panel.canvas.hovered.emit(QPointF(0, 0))
    assert panel.readout.text() == ""
    panel.channels.choose("eeg", [])
    settled(panel, qtbot)
    assert panel.empty.startswith("No channel is chosen")


@pytest.mark.slow
def test_filters_are_applied_and_said_and_refused_ones_too(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot
) -> None:
    panel = SpectrumPanel()
    shown(panel, qtbot)
    panel.open(eeg)
    panel.follow(axis)
    panel.set_filters(Filters(20.0, 40.0))
    settled(panel, qtbot)
    assert "20-40 Hz" in panel.note.text()
    assert panel.made is not None
    power = panel.made.lines[0][1]
    hertz = panel.made.spectrum.frequencies_hz
    assert power[hertz == 10.0][0] < 0.05 * power[hertz == 28.0][0] * 120
    panel.set_filters(Filters(20.0, 400.0))
    settled(panel, qtbot)
    assert "400 Hz is impossible at 128 Hz" in panel.empty
    panel.set_filters(Filters())
    settled(panel, qtbot)
    assert panel.made is not None


def test_many_changes_in_a_row_are_computed_once(eeg: Recording, axis: TimeAxis, qtbot: QtBot) -> None:
    made = []
    panel = SpectrumPanel()
    shown(panel, qtbot)
    panel._newest.arrived.connect(lambda wish, _: made.append(wish))
    panel.open(eeg)
    panel.follow(axis)
    settled(panel, qtbot)
    made.clear()
    for step in range(30):
        axis.select(START_S + 2, START_S + 6 + step / 10)
    settled(panel, qtbot)
    assert [wish.stop_s for wish in made] == [pytest.approx(START_S + 8.9)]


def test_a_panel_that_nobody_sees_computes_nothing_until_it_is_shown(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot
) -> None:
    panel = SpectrumPanel()
    shown(panel, qtbot)
    panel.hide()
    panel.open(eeg)
    panel.follow(axis)
    axis.select(START_S + 2, START_S + 6)
    settled(panel, qtbot)
    assert not panel.save.isEnabled()
    panel.show()
    settled(panel, qtbot)
    assert panel.made is not None
    assert panel.made.wish.stop_s == START_S + 6


def test_the_head_map_shows_where_the_alpha_is_and_names_what_has_no_place(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot
) -> None:
    panel = HeadMapPanel()
    looked_at(panel, eeg, axis, qtbot)
    assert panel.made is not None
    assert panel.made.values.shape == (5, 8)
    assert "No position known, not shown: ECG7." in panel.note.text()
    panel.band.setCurrentIndex(3)
    panel.band.activated.emit(3)
    panel.amount.setCurrentText(SHARE)
    panel.amount.activated.emit(1)
    settled(panel, qtbot)
    assert panel.made.wish.bands == ("alpha",)
    values = dict(zip(panel.made.names, panel.made.values[0], strict=True))
    assert values["O1"] > values["Fp1"]
    assert 0 < min(values.values()) < max(values.values()) < 100
    panel.canvas.grab()
    (middle, radius), *_ = panel._heads
    x, y = panel.made.placement.positions["O1"]
    panel.canvas.hovered.emit(QPointF(middle.x() + x * radius, middle.y() - y * radius))
    assert panel.readout.text() == f"O1, alpha: {values['O1']:.3g} %"
    panel.canvas.hovered.emit(QPointF(1, 1))
    assert panel.readout.text() == ""
    columns, rows = panel.table()
    assert columns == ["electrode", "x", "y", "alpha 8-13 Hz (%)"]
    assert "x" not in rows[5]
    panel.channels.choose("eeg", ["O1", "O2", "ECG7"])
    settled(panel, qtbot)
    assert "at least three electrodes" in panel.empty
    assert "Without a position: ECG7." in panel.empty


@pytest.mark.slow
def test_averages_are_of_the_categories_trials_and_of_the_whole_study_if_wanted(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot
) -> None:
    panel = AveragesPanel()
    looked_at(panel, eeg, axis, qtbot)
    assert panel.made is not None
    assert panel.categories.names == ("positive", "negative", "neutral", EVERY)
    assert {name: found.trials for name, found in panel.made.averages} == {
        "positive": 3,
        "negative": 2,
        "neutral": 1,
    }
    assert {found.over for _, found in panel.made.averages} == {"trials"}
    assert "A single trial has no interval." in panel.note.text()
    QTest.mouseClick(panel.study, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.study.height() // 2))
    settled(panel, qtbot)
    found = dict(panel.made.averages)["positive"]
    assert (found.over, found.participants, found.trials) == ("participants", 2, 6)
    assert "2 recordings." in panel.note.text()
    panel.categories.tick([EVERY])
    panel.channels.choose("bvp")
    panel.quantity.setCurrentText("Heart rate")
    settled(panel, qtbot)
    panel.refresh()
    settled(panel, qtbot)
    assert panel.made.unit == "bpm"
    assert [name for name, _ in panel.made.averages] == [EVERY]


def test_an_average_is_locked_to_the_measured_onset(eeg: Recording, axis: TimeAxis, qtbot: QtBot) -> None:
    panel = AveragesPanel()
    shown(panel, qtbot)
    panel.open(eeg)
    panel.baseline.setChecked(False)
    panel.categories.tick(["neutral"])
    panel.channels.choose("eeg", ["O1"])
    settled(panel, qtbot)
    assert panel.made is not None
    ((_, found),) = panel.made.averages
    times, values = eeg.overview.samples("eeg", START_S, START_S + 40)
    expected = np.interp(onset_s(3) + 0.0004 + found.times_s, times, values[:, 6])
    np.testing.assert_allclose(found.mean, expected, atol=1e-4)


def test_trials_are_compared_on_one_scale_from_their_onsets(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot
) -> None:
    panel = ComparePanel()
    shown(panel, qtbot)
    panel.open(eeg)
    panel.follow(axis)
    panel.channels.choose("eeg", ["O1", "O2"])
    settled(panel, qtbot)
    assert panel.made is not None
    assert [trial.name for trial in panel.made.wish.trials] == [
        "Trial 1: sunset, positive",
        "Trial 2: broken-toy, negative",
    ]
    assert [trial.zero_s for trial in panel.made.wish.trials] == pytest.approx(
        [onset_s(0) + 4e-4, onset_s(1) + 4e-4]
    )
    for times, values in panel.made.parts:
        assert values.shape[1] == 2
        assert times[0] == pytest.approx(-0.5, abs=0.01)
        assert times[-1] == pytest.approx(SHOWN_S, abs=0.01)
    first = panel.canvas.grab().toImage()
    for order in (BESIDE, OVER):
        panel.order.setCurrentText(order)
        panel.order.activated.emit(panel.order.currentIndex())
        assert panel.canvas.grab().toImage() != first
    panel.trials.tick(panel.trials.names[:1])
    panel.refresh()
    assert panel.empty == "Tick two to four trials in the list of trials."


def test_no_more_than_four_trials_can_be_ticked(qtbot: QtBot) -> None:
    changes: list[int] = []
    menu = TickMenu("trial", "trials", lambda: changes.append(1), 4)
    qtbot.addWidget(menu)
    menu.show_names([f"Trial {n} & more" for n in range(1, 7)], 2)
    menu.ticks[2].trigger()
    assert menu.ticks[5].isEnabled()
    menu.ticks[3].trigger()
    assert menu.ticked == (0, 1, 2, 3)
    assert not menu.ticks[4].isEnabled()
    menu.ticks[0].trigger()
    assert menu.ticks[4].isEnabled()
    assert len(changes) == 3
    assert menu.text() == "3 trials"
    assert menu.accessibleName() == "Trials: Trial 2 & more, Trial 3 & more, Trial 4 & more"


NOTHING = Visible(kinds=frozenset({"camera"}))
BLIND = Visible(condition=False, names=False, order=False, title="Item A1")


@pytest.mark.parametrize(
    ("kind", "visible", "words"),
    [
        (SpectrumPanel, NOTHING, "no regular signal"),
        (HeadMapPanel, NOTHING, "no EEG that may be seen"),
        (ComparePanel, NOTHING, "no regular signal"),
        (AveragesPanel, BLIND, "The condition is hidden here"),
    ],
)
def test_what_may_not_be_seen_is_not_computed(
    kind: Callable[[], FigurePanel],
    visible: Visible,
    words: str,
    eeg: Recording,
    axis: TimeAxis,
    qtbot: QtBot,
) -> None:
    panel = shown(kind(), qtbot)
    panel.open(eeg, visible)
    panel.follow(axis)
    settled(panel, qtbot)
    assert panel.made is None
    assert words in panel.empty


def test_a_blind_comparison_names_neither_condition_nor_file(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot, tmp_path: Path
) -> None:
    window = (START_S + 1.0, START_S + 12.0)
    panel = ComparePanel()
    shown(panel, qtbot)
    panel.open(eeg, replace(BLIND, window_s=window))
    panel.follow(axis)
    settled(panel, qtbot)
    assert panel.made is not None
    panel.write(tmp_path / "blind.svg")
    told = (
        "".join(ET.parse(tmp_path / "blind.svg").getroot().itertext()) + (tmp_path / "blind.csv").read_text()
    )
    told += " ".join(panel.trials.names) + panel.note.text() + panel.canvas.accessibleDescription()
    for secret in ("positive", "negative", "sunset", "broken-toy", "P01", eeg.title):
        assert secret not in told
    assert "Item A1" in told
    averages = AveragesPanel()
    shown(averages, qtbot)
    averages.open(eeg, replace(EVERYTHING, window_s=window))
    settled(averages, qtbot)
    assert averages.study.isHidden()
    assert sum(found.trials for _, found in averages.made.averages) == 3 if averages.made else False


@pytest.mark.slow
def test_a_table_that_is_not_ours_is_not_written_over(
    eeg: Recording, axis: TimeAxis, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = SpectrumPanel()
    looked_at(panel, eeg, axis, qtbot)
    (tmp_path / "mine.csv").write_text("precious")
    with pytest.raises(EvokeError, match=r"mine\.csv: is there already"):
        panel.write(tmp_path / "mine.png")
    assert (tmp_path / "mine.csv").read_text() == "precious"
    panel.write(tmp_path / "new.png")
    assert QImage(str(tmp_path / "new.png")).width() == 2200


def test_shades_grow_lighter_in_even_steps_and_missing_is_transparent() -> None:
    lights = [theme.luminance(shade) for shade in SHADES]
    assert lights == sorted(lights)
    image = shaded(np.array([[0.0, 1.0, np.nan]]), (0.0, 1.0))
    assert image.pixelColor(0, 0) == QColor(SHADES[0])
    assert image.pixelColor(1, 0) == QColor(SHADES[-1])
    assert image.pixelColor(2, 0).alpha() == 0


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.5, 64.0, [0.5, 1, 2, 5, 10, 20, 50]),
        (1.0, 10.0, [1, 2, 3, 5, 10]),
        (1e-5, 1e4, [1e-4, 1e-2, 1.0, 1e2, 1e4]),
    ],
)
def test_logarithmic_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    made = log_ticks(low, high)
    assert len(made) <= 8
    if high < 1e4:
        assert made == pytest.approx(ticks)
    assert all(low <= tick * 1.001 and tick <= high * 1.001 for tick in made)
