"""Films, sounds, sequences, masks and choices in the real windows, driven by the runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from app import clock
from app.presenter import qt_screen
from app.presenter.screen import PresenterError
from app.presenter.window import StageWindow
from protocols.schedule import Duration, Schedule, StageKind
from tests.helpers.films import make_film, make_sound
from tests.helpers.heard import Heard
from tests.helpers.presenting import Plot, assert_well_formed, paced, timed
from tests.helpers.refresh import wait_for_refreshes
from tests.helpers.sound import sound_server
from tests.helpers.theatre import Theatre

GREY = "#808080"
UNTIL_IT_ENDS = {"until_stimulus_ends": True}
Start = Callable[..., Theatre]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two films of a second, a sound, and two pictures."""
    folder = tmp_path_factory.mktemp("stimuli")
    for name, colour in (("red", "#ff0000"), ("blue", "#0000ff")):
        image = QImage(400, 400, QImage.Format.Format_RGB32)
        image.fill(QColor(colour))
        assert image.save(str(folder / f"{name}.png"))
    return {
        "sun": make_film(folder / "sun.mp4", 1.0, 30, (320, 180)),
        "mud": make_film(folder / "mud.mp4", 1.0, 30, (64, 64), sound=False),
        "bell": make_sound(folder / "bell.wav", 1.0),
        "red": folder / "red.png",
        "blue": folder / "blue.png",
    }


@pytest.fixture
def start(
    qapp: QApplication, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Start]:
    """Return what opens the real windows for a schedule, on a computer without sound, and starts it."""
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path))
    monkeypatch.setattr(
        qt_screen, "open_player", lambda latency_s: (None, "There is no sound: it is a test.")
    )
    opened: list[Theatre] = []

    def begin(schedule: Schedule, paths: dict[str, Path] | None = None, **options: bool) -> Theatre:
        theatre = Theatre(qapp, schedule, files if paths is None else paths, **options)  # type: ignore[arg-type]
        opened.append(theatre)
        theatre.start()
        return theatre

    yield begin
    for theatre in opened:
        theatre.close()


def until_over(theatre: Theatre, limit_s: float = 20.0) -> None:
    deadline = clock.now() + limit_s
    while theatre.runner.state != "finished":
        assert clock.now() < deadline, f"still {theatre.runner.stage}"
        theatre.run(0.05)


def film(stimulus: str, duration: Duration, sound: bool = False, **more: bool) -> Schedule:
    plot = Plot()
    plot.trial(stimulus, ("fixation", timed(0.3), {"symbol": "+"}))
    plot.add("film", duration, {"size": "fit", "sound": sound, "background": GREY}, 0, **more)
    return plot.add("blank", timed(0.2), {}, 0).schedule()


def test_a_film_is_shown_to_its_end_and_every_frame_is_told(start: Start) -> None:
    theatre = start(film("sun", paced(1.0, max_s=5.0), **UNTIL_IT_ENDS))
    until_over(theatre)
    assert_well_formed(theatre.log)
    frames = theatre.log.of("frame")
    begun = next(event for event in theatre.log.of("stage_started") if event.stage == "film")
    ended = next(event for event in theatre.log.of("stage_ended") if event.stage == "film")
    numbers = [event.payload["frame"] for event in frames]
    assert numbers[0] == 0 and numbers[-1] == 29 and numbers == sorted(set(numbers))
    assert len(numbers) + sum(event.payload["skipped"] for event in frames) == 30
    assert {(event.trial, event.stage) for event in frames} == {(0, "film")}
    for event in frames:
        intended_s = begun.payload["intended_s"] + event.payload["pts_s"]
        assert event.payload["intended_s"] == pytest.approx(intended_s, abs=1e-6)
        assert event.time == event.payload["swap_s"] >= intended_s - 1e-9
    following = theatre.log.of("stage_started")[-1]
    assert following.payload["intended_s"] == pytest.approx(begun.payload["intended_s"] + 1.0, abs=1e-3)
    assert ended.payload["reason"] == "played"
    (told,) = theatre.log.of("film_ended")
    assert told.stage == "film" and told.payload["complete"] and told.payload["frames"] == len(numbers)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "last"), [(0.5, 14), (1.4, 29)])
def test_a_film_of_a_given_length_is_cut_or_holds_its_last_frame(
    start: Start, seconds: float, last: int
) -> None:
    theatre = start(film("mud", timed(seconds)))
    until_over(theatre)
    starts = [event.payload["intended_s"] for event in theatre.log.of("stage_started")]
    assert starts[2] - starts[1] == pytest.approx(seconds, abs=1e-6)
    shown = theatre.log.of("frame")[-1].payload["frame"]
    assert shown == last if last == 29 else 0 < shown <= last + 1


@pytest.mark.slow
def test_a_film_keeps_its_shape_and_lights_the_patch(start: Start) -> None:
    theatre = start(film("mud", timed(1.0)), corner_patch=True)
    theatre.run(0.6)
    image = theatre.screenshot()
    width, height = image.width(), image.height()
    assert image.pixelColor(2, height // 2).name() == GREY, "a square film leaves the sides free"
    shade = image.pixelColor(width // 2, height // 2)
    assert shade.red() == pytest.approx(shade.blue(), abs=4) and shade.name() != GREY
    assert image.pixelColor(width // 2, 4).red() == pytest.approx(shade.red(), abs=4)
    assert image.pixelColor(4, height - 4).name() == "#ffffff"


@pytest.mark.slow
def test_without_sound_a_film_is_silent_and_says_so(start: Start) -> None:
    theatre = start(film("sun", paced(1.0, max_s=5.0), sound=True, **UNTIL_IT_ENDS))
    until_over(theatre)
    (told,) = theatre.log.of("sound_missing")
    assert told.payload["text"] == "There is no sound: it is a test."
    assert theatre.log.of("frame")[-1].payload["frame"] == 29
    assert theatre.runner.reason == "completed"


def test_a_film_that_cannot_be_decoded_lasts_as_planned_behind_a_placeholder(
    start: Start, files: dict[str, Path], tmp_path: Path
) -> None:
    hurt = tmp_path / "hurt.mp4"
    hurt.write_bytes(files["sun"].read_bytes()[:2000])
    theatre = start(film("sun", paced(0.8, max_s=5.0), **UNTIL_IT_ENDS), {"sun": hurt})
    theatre.run(0.7)
    image = theatre.screenshot()
    assert image.pixelColor(int(image.width() * 0.3), image.height() // 2).name() == "#d9d9d4"
    until_over(theatre)
    starts = [event.payload["intended_s"] for event in theatre.log.of("stage_started")]
    assert starts[2] - starts[1] == pytest.approx(0.8, abs=1e-6)
    (failed,) = theatre.log.of("stimulus_failed")
    assert (failed.trial, failed.stage, failed.payload["stimulus"]) == (0, "film", "sun")
    assert "hurt.mp4" in failed.payload["text"] and theatre.runner.reason == "completed"


@pytest.mark.slow
def test_a_sound_without_an_output_lasts_as_planned(start: Start) -> None:
    plot = Plot().add("sound", paced(0.5, max_s=5.0), {"symbol": "+"}, stimulus="bell", **UNTIL_IT_ENDS)
    theatre = start(plot.add("blank", timed(0.1), {}).schedule())
    until_over(theatre)
    starts = [event.payload["intended_s"] for event in theatre.log.of("stage_started")]
    assert starts[1] - starts[0] == pytest.approx(0.5, abs=1e-6)
    assert theatre.log.count()["sound_missing"] == 1


@pytest.mark.slow
def test_a_sound_without_a_file_is_told_and_lasts_as_planned(start: Start) -> None:
    plot = Plot().add("sound", paced(0.4, max_s=5.0), {"symbol": "+"}, stimulus="gone", **UNTIL_IT_ENDS)
    theatre = start(plot.add("blank", timed(0.1), {}).schedule())
    until_over(theatre)
    (failed,) = theatre.log.of("stimulus_failed")
    assert (failed.stage, failed.payload["stimulus"]) == ("sound", "gone")
    assert theatre.runner.reason == "completed"


def sequence(rounding: str) -> Schedule:
    steps = [
        {"stimulus": "red", "duration_s": 0.06},
        {"stimulus": "blue", "duration_s": 0.08},
        {"mask": "noise", "duration_s": 0.3},
    ]
    content = {"steps": steps, "rounding": rounding, "size": 0.5, "background": GREY}
    plot = Plot().add("fixation", timed(0.3), {"symbol": "+"})
    return plot.add("sequence", timed(0.44), content).add("blank", timed(0.1), {}).schedule()


def test_the_steps_of_a_sequence_come_at_their_times(start: Start) -> None:
    theatre = start(sequence("nearest"))
    until_over(theatre)
    steps = theatre.log.of("sequence_step")
    assert [(event.stage, event.payload["stimulus"]) for event in steps] == [
        ("sequence", "red"),
        ("sequence", "blue"),
        ("sequence", "mask"),
    ]
    begun_s = steps[0].payload["intended_s"]
    assert [event.payload["intended_s"] - begun_s for event in steps] == pytest.approx([0.0, 0.06, 0.14])
    for event in steps:
        assert (
            event.payload["actual_s"] is None
            or event.payload["actual_s"] >= event.payload["intended_s"] - 1e-9
        )


def test_a_sequence_is_refused_before_the_session_where_the_screen_cannot(start: Start) -> None:
    with pytest.raises(PresenterError, match=r"asks for 60 ms.*can show 66\.7 ms \(4 frames\)"):
        start(sequence("refuse"))


def test_degrees_on_a_screen_that_nobody_measured_are_refused(start: Start) -> None:
    plot = Plot().add("mask", timed(0.1), {"pattern": "noise", "size": {"height_deg": 5}})
    with pytest.raises(PresenterError, match=r"size and distance .* are not known.*settings"):
        start(plot.schedule())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("mask", {"pattern": "noise", "pattern_seed": 3}),
        ("mask", {"pattern": "lines", "pattern_seed": 3, "size": {"height_px": 300}}),
        ("choice", {"prompt": "Which?", "options": [{"id": "a", "text": "Happy", "key": "KeyJ"}]}),
    ],
)
def test_what_is_drawn_is_on_the_screen_for_its_time(
    start: Start, kind: StageKind, content: dict[str, object]
) -> None:
    plot = Plot().add("blank", timed(0.3), {"background": GREY})
    plot.add(kind, timed(0.4), content).add("blank", timed(0.5), {"background": GREY})
    theatre = start(plot.schedule())
    empty = theatre.screenshot()
    theatre.run(0.35)
    assert theatre.screenshot() != empty
    theatre.run(0.4)
    assert theatre.screenshot() == empty


@pytest.mark.slow
def test_feedback_follows_the_key(start: Start) -> None:
    options = [{"id": "a", "text": "Happy", "key": "KeyJ"}, {"id": "b", "text": "Sad", "key": "KeyF"}]
    content = {"prompt": "Which?", "options": options, "correct": "a", "feedback": True}
    theatre = start(Plot().add("choice", timed(5.0), content).add("blank", timed(0.1), {}).schedule())
    before = theatre.screenshot()
    assert theatre.runner.act("key", clock.now(), code="KeyF")
    theatre.run(0.1)
    assert theatre.screenshot() != before and theatre.runner.stage is not None
    until_over(theatre)
    (response,) = theatre.log.of("response")
    assert (response.payload["value"], response.payload["correct"]) == ("b", False)


def test_a_screen_that_changes_is_not_trusted_any_more_and_the_session_goes_on(start: Start) -> None:
    theatre = start(Plot().add("blank", timed(0.6), {}).schedule())
    screen = QGuiApplication.primaryScreen()
    screen.refreshRateChanged.emit(75.0)
    QGuiApplication.instance().screenRemoved.emit(screen)  # type: ignore[union-attr]
    until_over(theatre)
    reasons = [event.payload["reason"] for event in theatre.log.of("screen_changed")]
    assert reasons == ["its rate changed", "it was unplugged"]
    assert not any(event.payload["verified"] for event in theatre.log.of("screen_changed"))
    assert not theatre.screen.facts.verified and theatre.runner.reason == "completed"
    assert theatre.screen.window.geometry() == screen.geometry()


# On a screen that refreshes


def test_a_screen_without_refreshes_is_found_out_quickly(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    swaps: list[StageWindow] = []
    swap = StageWindow._swap_buffers

    def counted(window: StageWindow) -> None:
        swaps.append(window)
        swap(window)

    monkeypatch.setattr(StageWindow, "_swap_buffers", counted)
    theatre = start(Plot().add("blank", timed(0.1), {}).schedule())
    assert not theatre.screen.facts.verified and len(swaps) < 100


@pytest.mark.slow
def test_on_a_screen_that_keeps_its_rate_films_and_sequences_follow_its_frames(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate_hz = QGuiApplication.primaryScreen().refreshRate()
    wait_for_refreshes(monkeypatch, rate_hz)
    # Another program may take the processor for a while: not what is asked here.
    monkeypatch.setattr("app.presenter.window.LARGEST_SD_MS", 1e6)
    monkeypatch.setattr("app.presenter.window.RATE_TOLERANCE", 0.05)
    plot = Plot()
    plot.trial("mud", ("fixation", timed(0.5), {"symbol": "+"}))
    plot.add("film", paced(1.0, max_s=5.0), {"size": "fit", "sound": False}, 0, **UNTIL_IT_ENDS)
    steps = [{"stimulus": "red", "duration_s": 0.05}, {"stimulus": "blue", "duration_s": 0.1}]
    plot.add("sequence", timed(0.15), {"steps": steps, "size": 0.5}).add("blank", timed(0.2), {})
    theatre = start(plot.schedule())
    assert theatre.screen.facts.verified, theatre.screen.facts
    until_over(theatre)
    frames = [event.payload for event in theatre.log.of("frame")]
    assert frames[-1]["frame"] == 29
    assert len(frames) + sum(frame["skipped"] for frame in frames) == 30
    assert [event.payload["frames"] for event in theatre.log.of("sequence_step")] == [3, 6]
    assert theatre.runner.reason == "completed"


# With a sound card of its own


@pytest.mark.slow
def test_picture_and_sound_of_a_film_come_together(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_film(tmp_path / "clip.mp4", 8.0, 30, (320, 180))
    with sound_server() as server, monkeypatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setenv("EVOKE_HOME", str(tmp_path))
        with Heard(server) as heard:
            schedule = film("sun", paced(8.0, max_s=12.0), sound=True, **UNTIL_IT_ENDS)
            theatre = Theatre(qapp, schedule, {"sun": clip})
            try:
                # The sound server wakes up, as it does while a session's devices connect.
                theatre.run(3.0)
                theatre.start()
                until_over(theatre, 40.0)
            finally:
                theatre.close()
        flashes = [event for event in theatre.log.of("frame") if (event.payload["frame"] - 15) % 30 == 0]
        apart_s = np.array([heard.beep_near(event.payload["intended_s"]) for event in flashes])
    assert not theatre.log.of("sound_missing")
    (played,) = theatre.log.of("sound_played")
    assert (played.stage, played.payload["stimulus"]) == ("film", "sun")
    assert len(apart_s) >= 7
    # On a busy computer a beep may fall into a gap of the sound card; the one after it is in time again.
    assert np.sum(np.abs(apart_s) < 0.034) >= len(apart_s) - 1, apart_s
