"""The signal view: what is drawn is what was recorded, at every zoom, and the hand reaches everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from analysis.overview import Overview, open_overview
from analysis.records import Gap
from analysis.views.curves import Curve
from analysis.views.filters import Filters
from app.annotation.visible import Visible
from app.console import theme
from app.console.review.axis import TimeAxis
from app.console.review.channels import ChannelList, children
from app.console.review.stack import SignalStack
from stimuli.problems import EvokeError
from tests.helpers.recordings import samples
from tests.helpers.signals_file import Signal, even_times, write_signals

RATE, SECONDS, HOLE_ROW, HOLE_S = 250.0, 120, 10_000, 8.0
SPIKES = ((20_001, 0), (24_567, 1), (29_990, 3))
"""Row and channel of samples that stand alone."""
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four channels of EEG with a hum, a hole and spikes, a wristband, and a microphone."""
    rows = int(SECONDS * RATE)
    times = even_times(RATE, rows)
    values = np.random.default_rng(0).normal(0, 1, (rows, 4))
    values += 20 * np.sin(2 * np.pi * 50 * (times - times[0]))[:, None]
    for row, channel in SPIKES:
        values[row, channel] = 90.0
    times[HOLE_ROW:] += HOLE_S
    lost = (Gap(HOLE_ROW - 1, HOLE_ROW, int(HOLE_S * RATE), "connection lost"),)
    eeg = replace(samples("eeg", 4, RATE), channels=("Fz", "Cz", "Pz", "Oz"))
    eda = replace(samples("eda", 1, 4.0, kind="eda"), channels=("EDA",), units=("uS",))
    sound = samples("mic", 1, 8000.0, "int16", "audio")
    signals = [
        Signal(eeg, times, values, lost),
        Signal(eda, even_times(4.0, 512), np.linspace(2.0, 3.0, 512)[:, None]),
        Signal(sound, even_times(8000.0, 8000), np.zeros((8000, 1))),
    ]
    return write_signals(tmp_path_factory.mktemp("review") / "rec.h5", signals)


@pytest.fixture
def overview(recording: Path) -> Iterator[Overview]:
    with open_overview(recording) as opened:
        yield opened


@pytest.fixture
def stack(
    qtbot: QtBot, overview: Overview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SignalStack]:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    axis = TimeAxis()
    axis.set_extent(*overview.extent_s)
    made = SignalStack(axis)
    qtbot.addWidget(made)
    made.resize(900, 420)
    made.open(overview)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    yield made
    made.open(None)
    theme.apply(QApplication.instance(), "light", 1.0)  # type: ignore[arg-type]


def picture(stack: SignalStack) -> QImage:
    """Return the canvas as it is on the screen, complete and without the cursor."""
    stack.axis.move_cursor(stack.axis.extent_s[0], follow=False)
    for _ in range(100):
        stack.canvas.repaint()
        if stack.canvas.is_complete:
            return stack.canvas.grab().toImage()
        # Strips that take longer are drawn by the event loop.
        QApplication.processEvents()
    raise AssertionError("strips are missing for ever")


def inked(image: QImage, kind: str = "eeg") -> np.ndarray:
    """Return where a kind of signal is drawn: (height, width)."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(rgb.constBits(), np.uint32).reshape(rgb.height(), -1)[:, : rgb.width()]
    return np.asarray((pixels & 0xFFFFFF) == (theme.of_kind(theme.current(), kind).rgb() & 0xFFFFFF))


def wheel(stack: SignalStack, x: float, y: float, notches: int, held: Qt.KeyboardModifier = NONE) -> None:
    place = QPointF(x, y)
    event = QWheelEvent(
        place,
        QPointF(stack.canvas.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(stack.canvas, event)


def drag(
    qtbot: QtBot, stack: SignalStack, one: QPoint, other: QPoint, held: Qt.KeyboardModifier = NONE
) -> None:
    QTest.mousePress(stack.canvas, LEFT, held, one)
    for share in (0.4, 1.0):
        move(stack, one + (other - one) * share, LEFT, held)
    QTest.mouseRelease(stack.canvas, LEFT, held, other)


def move(
    stack: SignalStack,
    place: QPoint,
    buttons: Qt.MouseButton = Qt.MouseButton.NoButton,
    held: Qt.KeyboardModifier = NONE,
) -> None:
    """Move the mouse there at once; the pointer of the screen arrives when the X server finds time."""
    at = QPointF(place), QPointF(stack.canvas.mapToGlobal(place))
    event = QMouseEvent(QEvent.Type.MouseMove, *at, Qt.MouseButton.NoButton, buttons, held)
    QApplication.sendEvent(stack.canvas, event)


def x_of(stack: SignalStack, time_s: float) -> int:
    return round(stack.axis.x_of(time_s, stack.canvas.width()))


def lane_y(stack: SignalStack, channel: int) -> int:
    band = stack.bands[0]
    return round(band.top + (band.shown.index(channel) + 0.5) * band.height / len(band.shown))


@pytest.mark.parametrize("width_s", [0.5, 4.0, 20.0, 60.0, 128.0])
@pytest.mark.parametrize("spike", SPIKES)
def test_a_spike_of_one_sample_is_seen_at_every_width(
    stack: SignalStack, width_s: float, spike: tuple[int, int]
) -> None:
    row, channel = spike
    time_s = float(stack.overview.row_times("eeg").times(np.array([row]))[0]) if stack.overview else 0.0
    stack.axis.set_view(time_s - width_s / 3, width_s)
    ink = inked(picture(stack))
    band = stack.bands[0]
    base = lane_y(stack, channel)
    tip = base - (90 - band.middles[channel]) / band.units_per_lane * band.height / 4
    x = x_of(stack, time_s)
    tip = max(round(tip), band.top)
    # One that leaves its band leaves it on the way to its neighbours.
    near = 2 + round(stack.canvas.plot.width() / width_s / RATE)
    assert ink[tip : tip + 3, x - near : x + near + 1].any(), "its tip is where it belongs"
    beside = [*range(x - 30, x - 10), *range(x + 10, min(x + 30, ink.shape[1]))]
    assert not ink[tip : tip + 3, beside].all()


def test_strips_show_no_seams_and_moving_is_the_same_as_drawing_anew(stack: SignalStack) -> None:
    stack.axis.set_view(1050.0, 20.0)
    for _ in range(13):
        stack.axis.pan(0.05)
        stack.canvas.repaint()
    moved = picture(stack)
    stack.canvas.redraw()
    assert picture(stack) == moved
    assert len(stack.canvas.tiles) >= 3


def test_a_gap_is_left_open_and_hatched(stack: SignalStack) -> None:
    assert stack.overview is not None
    (gap,) = stack.overview.gaps("eeg")
    assert gap.cause == "connection lost" and gap.to_s - gap.from_s == pytest.approx(HOLE_S, abs=0.05)
    for width_s in (12.0, 128.0):
        stack.axis.set_view(gap.from_s - 2, width_s)
        image = picture(stack)
        ink, band = inked(image), stack.bands[0]
        left, right = x_of(stack, gap.from_s) + 2, x_of(stack, gap.to_s) - 2
        rows = slice(band.top, band.top + band.height)
        assert not ink[rows, left:right].any()
        assert ink[rows, left - 20 : left - 4].any() and ink[rows, right + 5 : right + 20].any()
        ground = QColor(theme.current().base)
        shades = {image.pixelColor(x, band.top + 20).rgb() for x in range(left, right)}
        assert len(shades) > 1 and ground.rgb() in shades


def test_every_group_has_its_band_and_sound_has_none(stack: SignalStack) -> None:
    assert [band.title for band in stack.bands] == ["eeg", "eda"]
    assert inked(picture(stack), "eda").any()


@pytest.mark.parametrize(
    ("kinds", "titles"), [({"eeg"}, ["eeg"]), ({"wristband"}, ["eda"]), ({"camera", "sound"}, [])]
)
def test_hidden_kinds_are_not_there(
    stack: SignalStack, overview: Overview, kinds: set[str], titles: list[str]
) -> None:
    stack.open(overview, Visible(kinds=frozenset(kinds)))
    assert [band.title for band in stack.bands] == titles
    stack.add_curve("eda", Curve("SCR", "uS", np.array([1000.0, 1100.0]), np.array([0.0, 1.0])))
    assert ("SCR" in [band.title for band in stack.bands]) == ("wristband" in kinds)


def test_outside_its_window_nothing_exists(stack: SignalStack, overview: Overview, qtbot: QtBot) -> None:
    stack.open(overview, Visible(window_s=(1010.0, 1020.0)))
    stack.axis.set_view(1005.0, 20.0)
    ink = inked(picture(stack))
    assert not ink[:, : x_of(stack, 1010.0) - 1].any() and not ink[:, x_of(stack, 1020.0) + 2 :].any()
    assert ink[:, x_of(stack, 1012.0)].any()
    move(stack, QPoint(x_of(stack, 1007.0), lane_y(stack, 0)))
    qtbot.waitUntil(lambda: stack._readout.whole.endswith("gap"))


def test_the_hand_reads_values_in_units(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1050.0, 2.0)
    band = stack.bands[1]
    place = QPoint(x_of(stack, 1051.0), band.top + band.height // 2)
    with qtbot.waitSignal(stack.status_changed) as told:
        move(stack, place)
    text = told.args[0]
    assert text.startswith("0:51.00") and "EDA 2.399" in text and text.endswith("µS")
    stack.axis.set_view(1045.0, 20.0)
    move(stack, QPoint(x_of(stack, 1055.0), lane_y(stack, 2)))
    assert "Pz −" in stack._readout.whole and "…" in stack._readout.whole and "µV" in stack._readout.whole


def test_events_are_thin_lines_that_tell_their_names(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1060.0, 20.0)
    before = picture(stack)
    stack.set_events([1070.0, 1065.0], ["trial 2 ended", "trial 1 began"])
    after = picture(stack)
    changed = [x for x in range(before.width()) if before.pixel(x, 3) != after.pixel(x, 3)]
    assert changed == [x_of(stack, 1065.0), x_of(stack, 1070.0)]
    move(stack, QPoint(x_of(stack, 1070.0) + 2, 100))
    assert stack._readout.whole.endswith("trial 2 ended")


def test_dragging_selects_and_a_click_takes_the_selection_away(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1060.0, 20.0)
    one, other = QPoint(x_of(stack, 1064.0), 100), QPoint(x_of(stack, 1068.0), 150)
    drag(qtbot, stack, other, one)
    assert stack.axis.selection_s == pytest.approx((1064.0, 1068.0), abs=0.05)
    QTest.mouseClick(stack.canvas, LEFT, NONE, QPoint(x_of(stack, 1072.0), 100))
    assert stack.axis.selection_s is None


def test_a_double_click_moves_the_cursor(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1060.0, 20.0)
    QTest.mouseDClick(stack.canvas, LEFT, NONE, QPoint(x_of(stack, 1066.0), 100))
    assert stack.axis.cursor_s == pytest.approx(1066.0, abs=0.05)
    stack.canvas.repaint()
    image = stack.canvas.grab().toImage()
    assert image.pixelColor(x_of(stack, 1066.0), 200).name() == theme.current().alarm


def test_the_wheel_moves_zooms_at_the_pointer_and_scales(stack: SignalStack) -> None:
    stack.axis.set_view(1060.0, 20.0)
    wheel(stack, 400, 100, -1)
    assert stack.axis.start_s == pytest.approx(1062.0)
    at_s = stack.axis.time_at(400, stack.canvas.width())
    wheel(stack, 400, 100, 2, CTRL)
    assert stack.axis.width_s == pytest.approx(20.0 / 1.25**2)
    assert stack.axis.time_at(400, stack.canvas.width()) == pytest.approx(at_s)
    gains = [band.gain for band in stack.bands]
    wheel(stack, 400, stack.bands[1].top + 3, 2, SHIFT)
    assert [band.gain for band in stack.bands] == [gains[0], pytest.approx(2 * gains[1])]


def test_keys_scale_and_fit(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1060.0, 10.0)
    before = inked(picture(stack))
    QTest.keyClick(stack, Qt.Key.Key_Plus)
    QTest.keyClick(stack, Qt.Key.Key_Plus)
    assert [band.gain for band in stack.bands] == [pytest.approx(2.0)] * 2
    assert inked(picture(stack)).sum() > before.sum()
    QTest.keyClick(stack, Qt.Key.Key_Minus)
    assert stack.bands[0].gain == pytest.approx(2**0.5)
    QTest.keyClick(stack, Qt.Key.Key_Asterisk)
    assert [band.gain for band in stack.bands] == [1.0, 1.0]


def test_filters_are_said_and_raw_is_one_key_away(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1060.0, 4.0)
    raw = inked(picture(stack))
    stack.set_filters(Filters(low_hz=1.0, high_hz=30.0, notch_hz=50.0))
    assert "1-30 Hz, notch 50 Hz" in stack._state.text()
    filtered = inked(picture(stack))
    assert filtered.sum() < 0.5 * raw.sum(), "the hum is gone"
    QTest.keyClick(stack, Qt.Key.Key_R)
    assert stack._state.text().startswith("Raw") and stack.is_raw
    assert np.array_equal(inked(picture(stack)), raw)
    QTest.keyClick(stack, Qt.Key.Key_R)
    assert np.array_equal(inked(picture(stack)), filtered)


def test_filtered_strips_are_those_of_the_whole_view_filtered_at_once(stack: SignalStack) -> None:
    stack.set_filters(Filters(low_hz=2.0, high_hz=30.0, reference="average"))
    stack.axis.set_view(1060.0, 4.0)
    traces, band = stack.canvas.traces, stack.bands[0]
    assert traces is not None
    whole_times, whole = traces.values(band, 1055.0, 1070.0)
    times, part = traces.values(band, 1061.0, 1062.0)
    inside = np.isin(whole_times, times)
    assert part == pytest.approx(whole[inside], abs=0.3)
    assert np.abs(part.mean(axis=1)).max() < 1e-6, "the average of all channels was taken away"


def test_where_filters_would_take_too_long_the_screen_says_raw(
    stack: SignalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.console.review import traces_columns

    monkeypatch.setattr(traces_columns, "MOST_VALUES", int(4 * RATE * 10))
    stack.axis.set_view(1060.0, 20.0)
    raw = inked(picture(stack))
    stack.set_filters(Filters(low_hz=1.0, high_hz=30.0))
    assert stack._state.text() == "Raw here (not filtered: the view is wider than 10 s)"
    assert np.array_equal(inked(picture(stack)), raw)
    stack.axis.set_view(1060.0, 5.0)
    assert stack._state.text().startswith("1-30 Hz")
    assert not np.array_equal(inked(picture(stack)), raw)


def test_a_filter_that_a_signal_cannot_have_is_not_applied_and_said(stack: SignalStack) -> None:
    stack.set_filters(Filters(high_hz=200.0))
    assert stack._state.text().startswith("Raw here (not filtered: the high cut-off 200 Hz is impossible")
    assert inked(picture(stack)).any()


@pytest.mark.parametrize("baseline", ["mean", "start"])
def test_a_baseline_is_that_of_the_view(stack: SignalStack, baseline: str) -> None:
    stack.set_filters(Filters(baseline=baseline))  # type: ignore[arg-type]
    stack.axis.set_view(1060.0, 4.0)
    picture(stack)
    traces = stack.canvas.traces
    assert traces is not None and traces.levels["eeg"].shape == (4,)
    times, values = traces.values(stack.bands[0], 1060.0, 1064.0)
    wanted = values if baseline == "mean" else values[times < times[0] + 1]
    assert traces.levels["eeg"] == pytest.approx(wanted.mean(axis=0), abs=1e-6)
    assert "baseline" in stack._state.text()


def test_a_butterfly_lays_channels_over_each_other(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1060.0, 4.0)
    apart = inked(picture(stack))
    QTest.keyClick(stack, Qt.Key.Key_B)
    assert stack.butterfly
    together = inked(picture(stack))
    assert together.any(axis=1).sum() < apart.any(axis=1).sum()


def test_two_cursors_measure_time_and_value(stack: SignalStack, qtbot: QtBot) -> None:
    stack.axis.set_view(1050.0, 30.0)
    band = stack.bands[1]
    y = band.top + band.height // 2
    one, other = QPoint(x_of(stack, 1055.0), y), QPoint(x_of(stack, 1075.0), y)
    drag(qtbot, stack, one, other, SHIFT)
    assert stack.canvas.scene.measured == pytest.approx((1055.0, 1075.0), abs=0.05)
    assert stack.canvas.scene.current == ("eda", 0)
    assert "+20.0" in stack._readout.whole and "Δ 0.15" in stack._readout.whole
    drag(qtbot, stack, other, QPoint(x_of(stack, 1065.0), y))
    assert stack.canvas.scene.measured == pytest.approx((1055.0, 1065.0), abs=0.1)
    QTest.keyClick(stack, Qt.Key.Key_D)
    assert stack.canvas.scene.measured is None
    QTest.keyClick(stack, Qt.Key.Key_D)
    assert stack.canvas.scene.measured == pytest.approx((1060.0, 1070.0))
    QTest.keyClick(stack, Qt.Key.Key_Escape)
    assert stack.canvas.scene.measured is None


def test_channels_are_chosen_ordered_and_remembered(
    stack: SignalStack, overview: Overview, qtbot: QtBot
) -> None:
    stack.channels_button.click()
    chooser = stack.findChild(ChannelList)
    assert chooser is not None
    eeg = next(chooser.tree.groups())
    children(eeg)[1].setCheckState(0, Qt.CheckState.Unchecked)
    assert list(stack.bands[0].shown) == [0, 2, 3]
    chooser.tree.setCurrentItem(children(eeg)[3])
    QTest.keyClick(chooser.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert list(stack.bands[0].shown) == [0, 3, 2]
    chooser.close()
    stack.open(overview)
    assert list(stack.bands[0].shown) == [0, 3, 2]
    assert inked(picture(stack)).any()
    stack.set_shown("eeg", [])
    stack.set_shown("eda", [])
    assert "Choose some" in stack.canvas.scene.empty_text
    stack.set_shown("eeg", range(4))
    stack.open(overview)
    assert [list(band.shown) for band in stack.bands] == [[0, 1, 2, 3], []]


def test_a_click_on_a_name_chooses_the_channel(stack: SignalStack, qtbot: QtBot) -> None:
    QTest.mouseClick(stack.canvas, LEFT, NONE, QPoint(40, lane_y(stack, 2)))
    assert stack.canvas.scene.current == ("eeg", 2)


def test_a_curve_is_a_row_of_its_own_under_its_stream(stack: SignalStack) -> None:
    times = np.arange(1000.0, 1100.0)
    curve = Curve("Level", "uS", times, np.where((times > 1040) & (times < 1050), np.nan, 2 + times / 1e3))
    stack.add_curve("eeg", curve)
    assert [band.title for band in stack.bands] == ["eeg", "Level", "eda"]
    stack.axis.set_view(1030.0, 30.0)
    ink, band = inked(picture(stack)), stack.bands[1]
    rows = slice(band.top, band.top + band.height)
    assert ink[rows, x_of(stack, 1035.0)].any() and not ink[rows, x_of(stack, 1045.0)].any()
    stack.add_curve("eeg", replace(curve, unit="S"))
    assert [band.group.unit for band in stack.bands] == ["uV", "S", "uS"]
    stack.remove_curve("eeg", "Level")
    assert [band.title for band in stack.bands] == ["eeg", "eda"]


def test_slow_strips_are_drawn_after_the_paint_event_the_newest_wish_first(
    stack: SignalStack, qtbot: QtBot
) -> None:
    stack.axis.set_view(1060.0, 4.0)
    reference = picture(stack)
    stack.axis.set_view(1020.0, 4.0)
    picture(stack)
    stack.canvas.redraw()
    stack.canvas.tile_s = 10.0
    stack.axis.set_view(1030.0, 4.0)
    stack.canvas.repaint()
    assert not stack.canvas.is_complete
    stack.axis.set_view(1060.0, 4.0)
    qtbot.waitUntil(lambda: stack.canvas.is_complete)
    assert picture(stack) == reference


def test_what_is_visible_is_saved_as_picture_and_table(stack: SignalStack, tmp_path: Path) -> None:
    stack.axis.set_view(1060.0, 4.0)
    for name in ("a.png", "a.svg"):
        stack.save_picture(tmp_path / name)
    image = QImage(str(tmp_path / "a.png"))
    assert (image.width(), image.height()) == (2 * stack.canvas.width(), 2 * stack.canvas.height())
    assert inked(image).any() and "<polyline" in (tmp_path / "a.svg").read_text()
    stack.save_table(tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "signal,channel,unit,time_s,low,high"
    assert {line.split(",")[1] for line in lines[1:]} == {"Fz", "Cz", "Pz", "Oz", "EDA"}
    shown = [float(line.split(",")[3]) for line in lines[1:]]
    assert 60.0 <= min(shown) < 60.01 and 63.99 < max(shown) <= 64.0


def test_without_a_recording_there_is_nothing_to_save_and_a_word_says_so(
    stack: SignalStack, tmp_path: Path, qtbot: QtBot
) -> None:
    stack.open(None)
    picture_of_nothing = stack.canvas.grab().toImage()
    assert not inked(picture_of_nothing).any()
    with pytest.raises(EvokeError, match="no signal to save"):
        stack.save_picture(tmp_path / "a.png")
    QTest.keyClick(stack, Qt.Key.Key_R)
    assert not stack.is_raw


def test_the_menu_hides_shows_and_saves(stack: SignalStack) -> None:
    menu = stack._mouse._menu(lane_y(stack, 1))
    actions = {action.text().split("\t")[0]: action for action in menu.actions()}
    actions["Hide Cz"].trigger()
    assert list(stack.bands[0].shown) == [0, 2, 3]
    actions["Show only Cz"].trigger()
    assert list(stack.bands[0].shown) == [1]
    actions["Show all of eeg"].trigger()
    assert list(stack.bands[0].shown) == [0, 1, 2, 3]
    actions["Butterfly"].trigger()
    assert stack.butterfly
    assert {"Save picture…", "Save table…", "Measure", "Raw", "Fit scales"} <= set(actions)
    menu.close()


def test_signals_that_wander_are_brought_back_into_their_lanes(stack: SignalStack) -> None:
    stack.axis.set_view(1000.0, 2.0)
    picture(stack)
    first = float(stack.bands[1].middles[0])
    stack.axis.set_view(1120.0, 2.0)
    image = picture(stack)
    assert stack.bands[1].middles[0] > first + 0.5
    band = stack.bands[1]
    ink = inked(image, "eda")[band.top : band.top + band.height, x_of(stack, 1121.0)]
    assert ink.any()


def test_it_follows_the_dark_palette(stack: SignalStack, qapp: QApplication) -> None:
    theme.apply(qapp, "dark", 1.0)
    assert inked(picture(stack)).any()
    assert stack.canvas.grab().toImage().pixelColor(stack.canvas.plot.left() + 3, 30).name() in (
        theme.DARK.base,
        theme.DARK.eeg,
    )
