"""The page for traces, with real movements of the mouse and real keys: what is read, kept and said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from analysis.labels.records import NS, Take
from analysis.labels.scheme import Dimension, Scheme, Tier
from app.annotation import schemes
from app.annotation.log import Log, LogError
from app.annotation.queue import Item
from app.annotation.study_place import StudyPlace
from app.annotation.takes import TakeWriter
from app.console.annotate import trace_run
from app.console.annotate.trace_footage import Footage
from app.console.annotate.trace_page import TracePage
from app.console.annotate.trace_recording import RecordingFootage
from app.console.annotate.trace_relative import RelativeScale
from app.console.review.recording import open_recording
from app.study import Study
from tests.helpers.front import bring_to_front

VALENCE = Dimension("valence", -1.0, 1.0, "unpleasant", "pleasant")
AROUSAL = Dimension("arousal", -1.0, 1.0, "calm", "excited")
LINE = Tier("valence", "trace1d", "Valence", dimensions=(VALENCE,))
FREE = replace(LINE, bounded=False)
PLANE = Tier("affect", "trace2d", "Affect", dimensions=(VALENCE, AROUSAL), disc=True)
COUNT_MS = 15
ITEM_S = 6.0

Open = Callable[..., "Desk"]


class Desk:
    """A page over an item, with hands on it."""

    def __init__(self, page: TracePage, log: Log, qtbot: QtBot) -> None:
        self.page, self.log, self._qtbot = page, log, qtbot

    def until_rating(self) -> None:
        """Wait until the film plays and readings are kept."""
        self.until(lambda: self.page._pass.phase == "running" and self.page.run._watch.has_moved)

    def point(self, *shares: float) -> None:
        """Move the mouse to a place of the scale, and wait until the hand is there."""
        scale = self.page.scale
        QCursor.setPos(scale.mapToGlobal(scale.place_of(shares).toPoint()))
        self.until(lambda: np.allclose(self.page.hand.shares(self.page.hand.values), shares, atol=0.02))
        read = len(self.page._pass._sampler.times_s)
        self.until(lambda: len(self.page._pass._sampler.times_s) > read)

    def until(self, condition: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(condition, timeout=15000)

    def until_phase(self, phase: str) -> None:
        self.until(lambda: self.page._pass.phase == phase)

    def to_end(self) -> None:
        """Let the film go on to its end, without waiting for what lies between."""
        self.until_rating()
        self.page.footage.seek(self.page.footage.stop_s - 0.05)
        self.until_phase("done")

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.page, key)

    def takes(self) -> tuple[Take, ...]:
        return self.log.takes()


@pytest.fixture
def opened(qtbot: QtBot, qapp: QApplication, faces: Study, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens pages; `open(tier)`."""
    monkeypatch.setattr(trace_run, "COUNT_MS", COUNT_MS)
    # A busy computer is no reason to pause a test that is about something else.
    monkeypatch.setattr(trace_run, "BEHIND_S", 60.0)
    place = StudyPlace(faces)
    ends: list[Callable[[], object]] = []

    def make(tier: Tier) -> Desk:
        scheme = schemes.add_scheme(
            faces, Scheme("trace", 1, "Trace", "How pleasant is it?", (tier,), show=frozenset({"camera"}))
        )
        whole = place.whole(place.recordings()[0], scheme.id)
        item = replace(whole, code="cdfghj", trial=0, end_ns=whole.start_ns + round(ITEM_S * NS))
        log = place.log(item, "rater-a")
        recording = open_recording(place.session_path(item))
        # Out of the way, so that the first movement is one of the test's.
        QCursor.setPos(QPoint(2, 2))
        page = TracePage(item, log, tier.name, recording, place.visible(item, scheme))
        page.show()
        qtbot.waitExposed(page)
        bring_to_front(page, qtbot)
        ends.extend([recording.close, log.close, lambda: page.close() if not closed else None])
        closed: list[bool] = []
        page.closed.connect(lambda: closed.append(True))
        return Desk(page, log, qtbot)

    yield make
    for end in reversed(ends):
        end()
    qapp.sendPostedEvents(None, 52)


def clicked(desk: Desk, words: str) -> None:
    QTest.mouseClick(desk.page.overlay.button(words), Qt.MouseButton.LeftButton)


def window_of(item: Item) -> tuple[int, int]:
    return item.start_ns, item.end_ns


def test_a_trace_by_mouse_is_what_was_moved_and_a_second_pass_is_a_take_of_its_own(opened: Open) -> None:
    desk = opened(LINE)
    page = desk.page
    assert page.geometry() == page.screen().geometry()
    clicked(desk, "Begin")
    desk.until_phase("running")
    desk.until(lambda: len(page._pass._sampler.times_s) > 8)
    assert math.isnan(page.hand.values[0])
    desk.point(0.9)
    desk.point(0.2)
    desk.to_end()
    (take,) = desk.takes()
    assert (take.state, take.device, take.trial, take.item) == ("done", "mouse", 0, "cdfghj")
    assert "median_ms=" in take.note
    assert page._pass.kept.words in page.overlay.small.text()
    assert np.isnan(take.values[0, 0])
    rated = take.values[~np.isnan(take.values[:, 0]), 0]
    assert np.abs(rated - 0.8).min() < 0.03
    assert np.abs(rated[np.abs(rated - 0.8).argmin() :] + 0.6).min() < 0.03
    assert np.all(np.diff(take.mono_ns) > 0)
    start, stop = window_of(page.item)
    assert np.all(np.diff(take.t_ns) >= 0) and start <= take.t_ns[0] and take.t_ns[-1] <= stop
    # The time of the picture on the screen: those of a camera of 10 pictures a second.
    frames = page.footage.cameras[0].frames.times_s
    assert np.abs(frames[:, None] - take.t_ns / NS).min(axis=0).max() < 1e-6
    clicked(desk, "Again")
    desk.until_phase("running")
    assert math.isnan(page.hand.values[0])
    desk.to_end()
    assert [each.state for each in desk.takes()] == ["superseded", "done"]
    assert np.array_equal(desk.takes()[0].values, take.values, equal_nan=True)
    asked: list[bool] = []
    page.next_asked.connect(lambda: asked.append(True))
    clicked(desk, "Next")
    assert asked and not page.isVisible()


def test_keys_go_in_the_chosen_steps_and_space_pauses_into_a_take_of_its_own(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_run, "REWIND_S", 0.2)
    desk = opened(LINE)
    page = desk.page
    page.choices.keys.setChecked(True)
    page.choices.step.setCurrentIndex(page.choices.step.findData(10))
    clicked(desk, "Begin")
    desk.until_phase("running")
    desk.until(lambda: page.run._watch.has_moved)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
        desk.key(key)
    assert page.hand.values == pytest.approx((0.4,))
    desk.until(lambda: page.footage.position_s > page.footage.start_s + 0.35)
    desk.key(Qt.Key.Key_0)
    assert math.isnan(page.hand.values[0])
    held = len(page._pass._sampler.times_s)
    desk.until(lambda: len(page._pass._sampler.times_s) > held + 3)
    desk.key(Qt.Key.Key_Space)
    assert page._pass.phase == "paused"
    assert "Paused" in page.overlay.heading.text()
    (first,) = desk.takes()
    assert first.state == "interrupted" and first.device == "keys steps=10"
    rated = first.values[:, 0]
    assert np.isnan(rated[0]) and np.isnan(rated[-1])
    assert np.unique(np.round(rated[~np.isnan(rated)], 4)).tolist()[-1] == pytest.approx(0.4)
    stood_s = page.footage.position_s
    # The mark may be put right during the countdown.
    desk.key(Qt.Key.Key_Space)
    desk.key(Qt.Key.Key_Down)
    desk.to_end()
    first, second = desk.takes()
    assert (first.state, second.state) == ("interrupted", "done")
    assert second.t_ns[0] / NS < stood_s
    assert second.t_ns[0] / NS == pytest.approx(stood_s - 0.2, abs=0.15)
    assert second.values[0, 0] == pytest.approx(0.2)


def test_another_window_in_front_pauses_and_keeps_what_is_there(opened: Open, qtbot: QtBot) -> None:
    desk = opened(LINE)
    clicked(desk, "Begin")
    desk.until_rating()
    desk.point(0.7)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    desk.until_phase("paused")
    assert "Another window" in desk.page.overlay.text.text()
    (take,) = desk.takes()
    assert take.state == "interrupted" and take.values[-1, 0] == pytest.approx(0.4, abs=0.03)
    assert not desk.page.footage.player.is_playing
    other.close()


def test_escape_asks_once_and_a_film_that_falls_behind_pauses(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened(LINE)
    page = desk.page
    clicked(desk, "Begin")
    desk.until_phase("running")
    desk.until(lambda: page.run._watch.has_moved)
    late: dict[str, float] = {"late_s": 0.0}
    monkeypatch.setattr(RecordingFootage, "late_s", property(lambda _: late["late_s"]))
    monkeypatch.setattr(trace_run, "BEHIND_S", 0.2)
    late["late_s"] = 0.8
    desk.until_phase("paused")
    assert "fell behind" in page.overlay.text.text()
    monkeypatch.setattr(trace_run, "BEHIND_S", 60.0)
    clicked(desk, "Go on")
    desk.until_phase("running")
    desk.key(Qt.Key.Key_Escape)
    assert page.overlay.heading.text() == "Stop here?"
    assert page.isVisible()
    desk.key(Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert [take.state for take in desk.takes()] == ["interrupted", "interrupted"]


def test_a_relative_trace_is_moved_by_the_wheel_and_rescaled_as_it_grows(opened: Open) -> None:
    desk = opened(FREE)
    page = desk.page
    scale = page.scale
    assert isinstance(scale, RelativeScale)
    clicked(desk, "Begin")
    desk.until_phase("running")
    desk.until(lambda: page.run._watch.has_moved)
    before = scale.limits()
    for notches in (1, 1, -1, *[1] * 30):
        _turn(page, notches)
    assert page.hand.values == pytest.approx((3.1,))
    QCursor.setPos(page.mapToGlobal(page.rect().center()))
    low, high = scale.limits()
    assert high - low > before[1] - before[0]
    assert high == pytest.approx(3.1)
    desk.to_end()
    (take,) = desk.takes()
    assert take.values[-1, 0] == pytest.approx(3.1)
    assert take.device == "wheel steps=20"


def test_two_dimensions_on_a_disc(opened: Open) -> None:
    desk = opened(PLANE)
    page = desk.page
    clicked(desk, "Begin")
    desk.until_phase("running")
    desk.point(0.7, 0.3)
    field = page.scale.field()
    QCursor.setPos(page.scale.mapToGlobal(field.topRight().toPoint()))
    desk.until(lambda: page.hand.values == pytest.approx((math.sqrt(0.5),) * 2, abs=0.02))
    desk.to_end()
    (take,) = desk.takes()
    assert take.values.shape[1] == 2
    assert np.nanmax(np.hypot(*take.values.T)) <= 1.0 + 1e-6
    assert take.device == "mouse"


def test_practice_comes_first_and_keeps_nothing(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.console.annotate.trace_footage.PRACTICE_S", 0.3)
    desk = opened(LINE)
    page = desk.page
    had_practised = page.has_practised
    assert not had_practised
    assert page.overlay.button("Practise").hasFocus()
    clicked(desk, "Practise")
    desk.until_phase("done")
    assert page._pass.is_practice and page._pass.kept.readings > 3
    assert "nothing of it was kept" in page.overlay.text.text()
    assert desk.takes() == () and page.has_practised
    assert page.overlay.button("Begin").hasFocus()
    assert isinstance(page.footage, Footage)


def test_a_disk_that_refuses_stops_the_trace_and_says_so(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened(LINE)
    clicked(desk, "Begin")
    desk.until_rating()

    def refuse(*_: object) -> None:
        raise LogError("The disk is full.")

    monkeypatch.setattr(TakeWriter, "append", refuse)
    desk.until(lambda: desk.page.overlay.heading.text() == "The trace cannot be saved")
    assert "disk is full" in desk.page.overlay.text.text()
    assert not desk.page.footage.player.is_playing
    desk.key(Qt.Key.Key_Escape)
    assert not desk.page.isVisible()


def _turn(page: TracePage, notches: int) -> None:
    where = QPointF(page.rect().center())
    event = QWheelEvent(
        where,
        page.mapToGlobal(where),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(page, event)
