"""The OpenGL window: what is on the screen when, and the whole way with the automatic participant."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import clock
from app.presenter.automatic import Participant
from app.presenter.conductor import Autopilot
from app.presenter.fingers import Fingers
from app.presenter.screen import FrameCount
from protocols.schedule import Schedule
from tests.helpers.presenting import (
    NORMS,
    SENTENCE,
    Plot,
    assert_well_formed,
    likert,
    paced,
    sam,
    speaking_content,
    timed,
    typing_content,
)
from tests.helpers.theatre import Theatre

RED, BLUE, GREY = "#ff0000", "#0000ff", "#808080"
Stage = Callable[..., Theatre]


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """A wide red picture and a tall blue one."""
    paths = {}
    for name, colour, width, height in (("sun", RED, 300, 100), ("mud", BLUE, 100, 400)):
        image = QImage(width, height, QImage.Format.Format_RGB32)
        image.fill(QColor(colour))
        paths[name] = tmp_path / f"{name}.png"
        assert image.save(str(paths[name]))
    return paths


@pytest.fixture
def play(qapp: QApplication, pictures: dict[str, Path]) -> Iterator[Stage]:
    """Return what opens the real windows for a schedule and starts it."""
    opened: list[Theatre] = []

    def begin(schedule: Schedule, **options: bool) -> Theatre:
        theatre = Theatre(qapp, schedule, pictures, **options)  # type: ignore[arg-type]
        opened.append(theatre)
        theatre.start()
        return theatre

    yield begin
    for theatre in opened:
        theatre.close()


def pixel(image: QImage, across: float, down: float) -> str:
    return QColor(image.pixel(int(image.width() * across), int(image.height() * down))).name()


def test_pictures_are_centred_and_keep_their_shape(play: Stage) -> None:
    plot = Plot()
    plot.trial("sun", ("picture", paced(5.0), {"size": "fit", "background": GREY}))
    plot.trial("mud", ("picture", paced(5.0), {"size": 0.5, "background": "#202020"}))
    theatre = play(plot.schedule())
    image = theatre.screenshot()
    assert pixel(image, 0.5, 0.5) == pixel(image, 0.01, 0.5) == pixel(image, 0.99, 0.5) == RED
    assert pixel(image, 0.5, 0.05) == pixel(image, 0.5, 0.95) == GREY
    theatre.runner.command("skip", clock.now())
    theatre.run(0.1)
    image = theatre.screenshot()
    assert pixel(image, 0.5, 0.5) == pixel(image, 0.5, 0.27) == pixel(image, 0.5, 0.73) == BLUE
    assert pixel(image, 0.5, 0.22) == pixel(image, 0.5, 0.78) == pixel(image, 0.2, 0.5) == "#202020"


def test_fixation_and_blank(play: Stage) -> None:
    plot = Plot().add("fixation", paced(5.0), {"symbol": "+"}).add("fixation", paced(5.0), {"symbol": "abc"})
    theatre = play(plot.add("blank", paced(5.0), {"background": "#123456"}).schedule())
    image = theatre.screenshot()
    assert pixel(image, 0.5, 0.5) != GREY and pixel(image, 0.45, 0.45) == GREY
    theatre.runner.command("skip", clock.now())
    theatre.run(0.1)
    assert theatre.screenshot() != image
    theatre.runner.command("skip", clock.now())
    theatre.run(0.1)
    assert pixel(theatre.screenshot(), 0.5, 0.5) == "#123456"


def test_a_form_is_gone_before_a_stimulus_and_back_after_it(play: Stage) -> None:
    plot = Plot().trial(
        "sun",
        ("rest", timed(0.4), {"text": "Rest."}),
        ("picture", timed(0.5), {"size": "fit"}),
        ("questionnaire", paced(5.0), likert("a")),
    )
    theatre = play(plot.schedule())
    assert theatre.screen.forms.isVisible()
    theatre.run(0.6)
    assert not theatre.screen.forms.isVisible() and pixel(theatre.screenshot(), 0.5, 0.5) == RED
    theatre.run(0.5)
    assert theatre.screen.forms.isVisible() and pixel(theatre.screenshot(), 0.5, 0.5) != RED


def test_onsets_are_stamped_after_the_swap_and_lie_on_the_grid(play: Stage) -> None:
    plot = Plot()
    for stimulus in ("sun", "mud", "sun", "mud"):
        plot.trial(
            stimulus, ("fixation", timed(0.15), {"symbol": "+"}), ("picture", timed(0.2), {"size": "fit"})
        )
    theatre = play(plot.schedule())
    theatre.run(1.8)
    assert_well_formed(theatre.log)
    shown, hidden = theatre.log.of("stimulus_shown"), theatre.log.of("stimulus_hidden")
    assert len(shown) == len(hidden) == 4
    for event in (*shown, *hidden):
        assert event.payload["actual_s"] >= event.payload["intended_s"]
        assert event.time == event.payload["actual_s"]
    intended = [event.payload["intended_s"] for event in theatre.log.of("stage_started")]
    late = theatre.log.count()["frames_dropped"]
    if not late:
        assert intended[-1] - intended[0] == pytest.approx(3 * 0.35 + 0.15, abs=1e-6)
    frames = [event.payload["frame"] for event in shown]
    assert frames == sorted(frames)


def test_the_corner_patch_follows_the_stimulus(play: Stage) -> None:
    plot = Plot().trial(
        "sun", ("blank", paced(1.0), {}), ("picture", paced(1.0), {"size": 0.3}), ("blank", paced(1.0), {})
    )
    theatre = play(plot.schedule(), corner_patch=True)
    seen = []
    for _ in range(3):
        seen.append(pixel(theatre.screenshot(), 0.005, 0.99))
        theatre.runner.command("skip", clock.now())
        theatre.run(0.1)
    assert seen == ["#000000", "#ffffff", "#000000"]


def test_the_preflight_describes_the_screen(play: Stage) -> None:
    theatre = play(Plot().add("blank", timed(0.1)).schedule())
    facts = theatre.screen.facts
    assert facts.width > 0 and facts.height > 0 and facts.rate_hz > 0 and facts.renderer
    assert facts.measured_hz is not None and facts.jitter_sd_ms is not None
    assert facts.payload()["timing_label"] == facts.timing_label != ""
    agrees = abs(facts.measured_hz / facts.rate_hz - 1) < 0.011
    assert facts.verified <= agrees, "a screen that does not keep its rate is never verified"


def test_keys_are_heard_while_a_stimulus_is_on(play: Stage) -> None:
    theatre = play(Plot().trial("sun", ("picture", paced(5.0), {"size": "fit"})).schedule())
    theatre.press(Qt.Key.Key_X)
    theatre.press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    downs = [event for event in theatre.log.of("key") if event.payload["edge"] == "down"]
    assert downs[0].payload["class"] == "letter" and downs[0].payload["key"] == "" and downs[0].trial == 0
    assert theatre.chords == ["pause"]


def test_the_windows_refuse_to_be_closed(play: Stage) -> None:
    theatre = play(Plot().add("instruction", paced(5.0)).schedule())
    theatre.screen.forms.close()
    theatre.screen.window.close()
    theatre.run(0.05)
    assert theatre.screen.forms.isVisible() and theatre.screen.window.isVisible()


def test_a_placeholder_stands_for_a_picture_that_cannot_be_shown(
    play: Stage, pictures: dict[str, Path]
) -> None:
    pictures["sun"].write_bytes(b"not a picture")
    plot = Plot().trial("sun", ("picture", timed(0.4), {"size": "fit", "background": GREY}))
    theatre = play(plot.schedule())
    image = theatre.screenshot()
    assert pixel(image, 0.3, 0.5) not in (GREY, RED) and pixel(image, 0.05, 0.5) == GREY
    theatre.run(0.5)
    (told,) = theatre.log.of("placeholder")
    assert told.payload == {"stimulus": "sun"} and told.trial == 0
    assert theatre.log.count()["stimulus_shown"] == 1 and theatre.runner.state == "finished"


@pytest.mark.slow
def test_the_automatic_participant_takes_the_true_way(play: Stage) -> None:
    plot = Plot().trial(
        "sun",
        ("picture", timed(0.3), {"size": "fit"}),
        ("questionnaire", paced(1.5), likert("a", "b", "c", "d")),
        ("questionnaire", paced(1.0), sam("valence")),
        ("typing", paced(3.0), typing_content()),
        ("speaking", paced(1.5), speaking_content(0.5)),
        ("instruction", paced(0.6), {"text": "Thank you."}),
    )
    schedule = plot.schedule()
    theatre = play(schedule, characters=True)
    autopilot = Autopilot(theatre.runner, Participant(schedule.seed, NORMS), Fingers(theatre.screen.forms))
    deadline = clock.now() + 20.0
    while theatre.runner.state != "finished" and clock.now() < deadline:
        autopilot.step(clock.now())
        theatre.runner.tick(clock.now())
        QTest.qWait(5)
    assert_well_formed(theatre.log)
    assert {event.payload["reason"] for event in theatre.log.of("stage_ended")} == {"timed", "answered"}
    assert theatre.log.count()["response"] == 5
    (result,) = theatre.log.of("typing_result")
    assert (result.payload["text"], result.payload["errors"]) == (SENTENCE, 0)
    downs = [event for event in theatre.log.of("key") if event.payload["edge"] == "down"]
    assert len(downs) == result.payload["keys"], "each key was seen exactly once"
    assert theatre.log.of("talk_ended")[0].payload["enough"]


@pytest.mark.parametrize(
    ("late_ms", "dropped"), [(0.3, 0), (16.0, 0), (19.0, 0), (21.0, 1), (35.0, 2), (170.0, 10)]
)
def test_a_late_change_counts_the_frames_it_missed(late_ms: float, dropped: int) -> None:
    assert FrameCount(1 / 60).late(10.0, 10.0 + late_ms / 1000) == dropped


@pytest.mark.parametrize(("interval_ms", "dropped"), [(16.7, 0), (19.5, 0), (21.0, 1), (33.3, 1), (50.0, 2)])
def test_frames_missing_between_two_swaps_are_counted(interval_ms: float, dropped: int) -> None:
    assert FrameCount(1 / 60).interval(10.0, 10.0 + interval_ms / 1000) == dropped


def test_qt_keeps_its_hands_off_none(qapp: QApplication) -> None:
    # PySide6 6.12.0 under Python 3.11 lost a reference to None a call and aborted within seconds.
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter, pen = QPainter(image), QPen(QColor("red"))
    before = sys.getrefcount(None)
    for _ in range(2000):
        painter.setPen(pen)
    after = sys.getrefcount(None)
    painter.end()
    assert after > before - 500
