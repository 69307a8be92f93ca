"""What is on the screen at the cursor: the asked picture every time, and nothing that may not be seen."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.annotation.visible import EVERYTHING, Visible
from app.console import theme
from app.console.review.camera_frames import CameraFrames
from app.console.review.camera_view import CameraView
from app.console.review.desk import ReviewDesk
from app.console.review.event_row import EventRow
from app.console.review.film_view import FilmView
from app.console.review.key_row import KeyRow
from app.console.review.recording import Recording, open_recording
from app.console.review.seen import View
from app.console.review.times import clock_words, sync_words
from app.console.review.wave_row import WaveRow
from stimuli.sets import digest_of
from tests.helpers.coded_films import coded_film, number_in
from tests.helpers.labelled import FIXATION_S, LEAD_S, TRIAL_S
from tests.helpers.recordings import START_S, Script
from tests.helpers.reviewed import FACE, camera_times, reviewed_session
from tests.helpers.rich_session import rich_session

SEEKS = 1000
SETTLE_MS = 10_000
NO = Qt.KeyboardModifier.NoModifier


def pixels(image: QImage) -> np.ndarray:
    """Return a picture as an array (height, width, 3)."""
    made = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(bytes(made.constBits()), np.uint8).reshape(made.height(), made.bytesPerLine())
    return rows[:, : 3 * made.width()].reshape(made.height(), made.width(), 3)


def widen(desk: ReviewDesk, width: int, qtbot: QtBot) -> None:
    """Make a desk so wide, and wait until it is."""
    desk.resize(width, 700)
    qtbot.waitUntil(lambda: desk.transport.width() == width, timeout=SETTLE_MS)


def until_shown(pane: CameraView | FilmView, number: int, qtbot: QtBot) -> None:
    """Wait until a picture is on the screen, and the one that belongs to the cursor."""
    qtbot.waitUntil(lambda: pane.shown == number and pane.is_current, timeout=SETTLE_MS)


def test_camera_frames_are_found_by_their_own_times(recording: Recording) -> None:
    import cv2

    frames = CameraFrames(recording.stream("camera"), recording.start_s, recording.stop_s)
    times = camera_times(6.0)
    random = np.random.default_rng(2)
    assert frames.number_at(float(times[0]) - 0.001) == -1
    for time_s in random.uniform(times[0], times[-1], SEEKS):
        asked = int(np.searchsorted(times, time_s, "right")) - 1
        assert frames.number_at(float(time_s)) == asked
        picture = cv2.imdecode(np.frombuffer(frames.jpeg(asked), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert number_in(np.asarray(picture, np.uint8)) == asked


def test_the_camera_shows_the_last_picture_before_the_cursor(
    desk: ReviewDesk, recording: Recording, qtbot: QtBot
) -> None:
    desk.open(recording)
    camera, times = desk.cameras["camera"], camera_times(6.0)
    for time_s in np.random.default_rng(4).uniform(times[0], times[-1], 25):
        asked = int(np.searchsorted(times, time_s, "right")) - 1
        desk.axis.move_cursor(float(time_s))
        until_shown(camera, asked, qtbot)
        assert camera.image is not None
        assert number_in(pixels(camera.image)) == asked
        assert desk.transport.frame.text() == f"frame {asked + 1}"
        assert desk.transport.sync.text() == sync_words(float(times[asked] - time_s))
    desk.axis.move_cursor(recording.start_s)
    qtbot.waitUntil(lambda: camera.shown == -1, timeout=SETTLE_MS)
    assert camera.text == "No picture yet"


def test_an_empty_desk_tells_no_times_of_what_was_open(
    desk: ReviewDesk, recording: Recording, qtbot: QtBot
) -> None:
    transport = desk.transport
    told = (transport.clock, *transport.notes)
    assert [figures.text() for figures in told] == [""] * 5
    desk.open(recording)
    desk.axis.move_cursor(recording.start_s + 3)
    desk.player.set_silenced(True)
    qtbot.waitUntil(lambda: transport.frame.text() != "", timeout=SETTLE_MS)
    assert all(figures.text() for figures in told)
    desk.clear()
    assert [figures.text() for figures in told] == [""] * 5
    desk.setFocus()
    QTest.keyClick(desk, Qt.Key.Key_Home)
    desk.player.set_silenced(False)
    assert [figures.text() for figures in told] == [""] * 5
    assert not transport.isEnabled()
    desk.open(recording)
    assert transport.isEnabled()
    assert transport.clock.text() == "0:00:00.000"


def test_the_transport_leaves_notes_out_before_it_asks_for_room(
    desk: ReviewDesk, recording: Recording, qapp: QApplication, qtbot: QtBot
) -> None:
    transport = desk.transport
    desk.open(recording)
    desk.axis.move_cursor(recording.start_s + 3)
    desk.player.set_silenced(True)
    qtbot.waitUntil(lambda: transport.frame.text() != "", timeout=SETTLE_MS)
    usual_px = transport.minimumSizeHint().width()
    theme.apply(qapp, "light", 1.5)
    try:
        qtbot.waitUntil(lambda: transport.minimumSizeHint().width() > usual_px, timeout=SETTLE_MS)
        qapp.processEvents()
        shown = []
        for width in (transport.minimumSizeHint().width(), 620, 680, 1000):
            widen(desk, width, qtbot)
            qapp.processEvents()
            shown.append([note.isVisible() for note in transport.notes])
            widgets = [each for each in transport.findChildren(QWidget) if each.isVisible()]
            ends = sorted(
                (each.x(), each.geometry().right()) for each in widgets if each.parent() is transport
            )
            assert ends[-1][1] < width
            assert all(right < left for (_, right), (left, _) in pairwise(ends))
            left_out = [note.text() for note in transport.notes if not note.isVisible()]
            assert transport.clock.toolTip() == "\n".join(left_out)
            assert transport.clock.width() >= transport.clock.fontMetrics().horizontalAdvance("0:00:00.000")
    finally:
        theme.apply(qapp, "light", 1.0)
    assert transport.minimumSizeHint().width() < 450
    assert shown[0] == [False] * 4
    assert shown[-1] == [True] * 4
    counts = [sum(each) for each in shown]
    assert counts == sorted(counts)


def test_frames_are_stepped_by_keys(desk: ReviewDesk, recording: Recording, qtbot: QtBot) -> None:
    desk.open(recording)
    times = camera_times(6.0)
    desk.axis.move_cursor(float(times[40]) + 0.003)
    desk.setFocus()
    for key, number in ((Qt.Key.Key_Right, 41), (Qt.Key.Key_Right, 42), (Qt.Key.Key_Left, 41)):
        QTest.keyClick(desk, key)
        assert desk.axis.cursor_s == float(times[number])
    QTest.keyClick(desk, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert desk.axis.cursor_s == pytest.approx(float(times[41]) + 1.0)


@pytest.fixture
def filmed(tmp_path: Path) -> tuple[Path, list[int], list[float]]:
    """A session in which a film with uneven frames was shown, and when each frame came."""
    folder = tmp_path / "study"
    (folder / "clips").mkdir(parents=True)
    film = folder / "clips" / "film.mp4"
    times = coded_film(film, "variable", 40)
    (folder / "study.yaml").write_text(
        "format: evoke-study\nversion: 1\nname: s\nkind: simulation\ncreated: '2026-01-01T00:00:00Z'\n"
    )
    (folder / "clips" / "manifest.csv").write_text(
        f"id,file,kind,category,licence,sha256\nfilm,film.mp4,film,neutral,CC0,{digest_of(film)}\n"
    )
    script = Script("presenter")
    script.add(START_S + 0.5, "trial_started", 0, stimulus="film", category="neutral")
    shown = {"stimulus": "film", "intended_s": START_S + 1.0, "actual_s": START_S + 1.0}
    script.add(START_S + 1.0, "stimulus_shown", 0, "film", **shown)
    swaps = []
    for number, time in enumerate(times):
        # Shown on a screen of 60 Hz: the swap is a little late, as swaps are.
        at_s = START_S + 1.0 + np.ceil(time / 1000 * 60) / 60
        swaps.append(float(at_s))
        script.add(at_s, "frame", 0, "film", stimulus="film", frame=number, pts_s=time / 1000)
    end_s = swaps[-1] + 0.1
    script.add(end_s, "stimulus_hidden", 0, "film", stimulus="film", actual_s=end_s)
    script.add(end_s + 0.2, "trial_ended", 0, reason="completed")
    path = reviewed_session(folder, 6.0, (replace(FACE),), script, "clips")
    return path, times, swaps


def test_the_film_shows_the_frame_that_was_on_the_screen(
    filmed: tuple[Path, list[int], list[float]], desk: ReviewDesk, qtbot: QtBot
) -> None:
    path, _, swaps = filmed
    recording = open_recording(path)
    desk.open(recording)
    film = desk.film
    assert film is not None
    for time_s in np.random.default_rng(9).uniform(swaps[0], swaps[-1] + 0.09, 40):
        asked = int(np.searchsorted(swaps, time_s, "right")) - 1
        desk.axis.move_cursor(float(time_s))
        until_shown(film, asked, qtbot)
        assert film.image is not None
        assert number_in(pixels(film.image)) == asked
    desk.axis.move_cursor(START_S + 0.7)
    assert film.text == "No stimulus"
    desk.open(recording, replace(EVERYTHING, condition=False))
    assert desk.film is None
    desk.clear()
    recording.close()


def test_far_apart_key_frames_are_warned_of(
    filmed: tuple[Path, list[int], list[float]],
    desk: ReviewDesk,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.console.review.film_view.LONG_KEY_S", 1.0)
    recording = open_recording(filmed[0])
    desk.open(recording)
    desk.axis.move_cursor(START_S + 1.5)
    film = desk.film
    assert film is not None
    qtbot.waitUntil(lambda: film.warning == "jumps are slow: key frames up to 3 s apart", timeout=SETTLE_MS)
    desk.clear()
    recording.close()


def test_a_set_that_is_not_here_is_said(labelled: Path, desk: ReviewDesk, tmp_path: Path) -> None:
    path = reviewed_session(tmp_path, 2.0, (FACE,), _one_picture(), "not-here")
    recording = open_recording(path)
    desk.open(recording)
    desk.axis.move_cursor(START_S + 0.6)
    assert desk.film is not None
    assert "not-here is not on this computer" in desk.film.text
    desk.clear()
    recording.close()


def _one_picture() -> Script:
    script = Script("presenter")
    script.add(START_S + 0.5, "stimulus_shown", 0, "picture", stimulus="s1", actual_s=START_S + 0.5)
    script.add(START_S + 1.5, "stimulus_hidden", 0, "picture", stimulus="s1", actual_s=START_S + 1.5)
    return script


# Rows


def test_a_click_moves_the_cursor_and_a_drag_selects(desk: ReviewDesk, labelled: Path, qtbot: QtBot) -> None:
    recording = open_recording(labelled)
    desk.open(recording)
    row = desk.findChild(WaveRow)
    assert row is not None
    at_s, stop_s = START_S + 4.0, START_S + 9.0
    y = row.height() // 2

    def place(time_s: float) -> QPoint:
        return QPoint(round(row.x_of(time_s)), y)

    QTest.mouseClick(row, Qt.MouseButton.LeftButton, NO, place(at_s))
    pixel_s = desk.axis.width_s / row.plot.width()
    assert desk.axis.cursor_s == pytest.approx(at_s, abs=pixel_s)
    QTest.mousePress(row, Qt.MouseButton.LeftButton, NO, place(at_s))
    QTest.mouseMove(row, place(at_s + 1))
    QTest.mouseMove(row, place(stop_s))
    qtbot.waitUntil(lambda: desk.axis.selection_s is not None, timeout=5000)
    QTest.mouseRelease(row, Qt.MouseButton.LeftButton, NO, place(stop_s))
    assert desk.axis.selection_s == pytest.approx((at_s, stop_s), abs=2 * pixel_s)
    desk.clear()
    recording.close()


def test_rows_tell_what_is_under_the_pointer(desk: ReviewDesk, labelled: Path) -> None:
    from PySide6.QtCore import QPointF

    recording = open_recording(labelled)
    desk.open(recording)
    events, keys = desk.findChild(EventRow), desk.findChild(KeyRow)
    assert events is not None
    assert keys is not None
    assert [lane.title for lane in events.lanes] == ["Trials", "Stages", "Stimuli", "Events"]
    at_s = START_S + LEAD_S + FIXATION_S + 1.0
    assert "Trial 1: sunset, positive" in events.words_at(QPointF(events.x_of(at_s), 5.0))
    pressed_s = START_S + LEAD_S + TRIAL_S + FIXATION_S + 2.0 + 0.6
    told = keys.words_at(QPointF(keys.x_of(pressed_s + 0.01), 5.0))
    assert told == "digit at 0:00:08.100, held 100 ms, 4000 ms after the one before"
    desk.clear()
    recording.close()


# What may not be seen


def texts_of(desk: ReviewDesk) -> str:
    """Return every text that a desk's widgets and its view would tell."""
    from PySide6.QtWidgets import QLabel, QWidget

    told: list[str] = []
    for widget in desk.findChildren(QWidget):
        told += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
        if isinstance(widget, QLabel):
            told.append(widget.text())
        told.append(str(getattr(widget, "words", "")))
        told.append(str(getattr(widget, "text", "")))
    view = desk.view
    assert view is not None
    told += [event.text for event in view.events]
    told += [f"{trial.name} {trial.text}" for trial in view.trials]
    told += [stroke.text for stroke in view.strokes]
    told += [*desk.stack.event_words, view.title]
    return "\n".join(told)


WINDOW_S = (START_S + 5.0, START_S + 9.0)
BLIND = Visible(
    window_s=WINDOW_S,
    title="Item A7",
    condition=False,
    names=False,
    answers=False,
    order=False,
)


def test_a_blind_view_tells_nothing_that_is_hidden(desk: ReviewDesk, labelled: Path) -> None:
    recording = open_recording(labelled)
    desk.open(recording, BLIND)
    told = texts_of(desk)
    for secret in ("P01", "sunset", "broken-toy", "positive", "negative", "valence", "Trial 2", "sub-"):
        assert secret not in told, secret
    assert "Item A7" in told
    assert desk.film is None
    view = desk.view
    assert view is not None
    assert all(WINDOW_S[0] <= event.time_s <= WINDOW_S[1] for event in view.events)
    assert not any(event.kind == "response" for event in view.events)
    desk.clear()
    recording.close()


def test_nothing_exists_outside_of_the_window(desk: ReviewDesk, labelled: Path) -> None:
    recording = open_recording(labelled)
    desk.open(recording, BLIND)
    axis, camera = desk.axis, desk.cameras["camera"]
    assert axis.extent_s == WINDOW_S
    assert camera.frames.times_s[0] >= axis.extent_s[0]
    assert camera.frames.times_s[-1] <= axis.extent_s[1]
    assert desk.transport.clock.text() == "0:00:00.000"
    assert desk.transport.length.text() == "/ 0:00:04.000"
    axis.move_cursor(START_S)
    assert axis.cursor_s == WINDOW_S[0]
    desk.clear()
    recording.close()


@pytest.mark.parametrize(
    ("kind", "gone"), [("camera", "cameras"), ("sound", "sounds"), ("keys", "strokes"), ("events", "events")]
)
def test_a_kind_that_may_not_be_seen_is_not_there(labelled: Path, kind: str, gone: str) -> None:
    with_all, recording = EVERYTHING.kinds, open_recording(labelled)
    assert getattr(View(recording), gone)
    assert not getattr(View(recording, replace(EVERYTHING, kinds=with_all - {kind})), gone)
    recording.close()


def test_keys_are_told_by_class_and_by_name_only_where_both_allow_it(tmp_path: Path) -> None:
    recording = open_recording(rich_session(tmp_path))
    assert "Q" in [stroke.text for stroke in View(recording).strokes]
    for hidden in (replace(EVERYTHING, answers=False), replace(EVERYTHING, condition=False)):
        assert {stroke.text for stroke in View(recording, hidden).strokes} == {"digit", "letter"}
    recording.close()


def test_a_muted_stretch_is_silent_and_says_so(desk: ReviewDesk, recording: Recording) -> None:
    from app.console.review.sound_player import Maker

    desk.open(recording, replace(EVERYTHING, muted_s=((START_S + 2.0, START_S + 3.0),)))
    desk.axis.move_cursor(START_S + 2.5)
    assert desk.transport.sound_words.text() == "muted"
    desk.axis.move_cursor(START_S + 3.5)
    assert desk.transport.sound_words.text() == ""
    player = desk.player.sound
    maker = Maker(player._sounds, player._muted_s, START_S + 1.4, START_S + 4.0, 1.0, None, 8000.0, 1)
    heard = []
    while not maker.is_over:
        heard.append(maker.read(800))
    wave = np.concatenate(heard)[:, 0]
    loud = [bool(np.abs(wave[first : first + 1600]).max() > 0.2) for first in (800, 8800, 16800)]
    assert loud == [True, False, True]


def test_times_are_told_in_words() -> None:
    assert clock_words(3723.0456) == "1:02:03.046"
    assert clock_words(-0.5) == "−0:00:00.500"
    assert clock_words(-0.0001) == "0:00:00.000"
    assert [sync_words(error) for error in (0.008, -0.0124, 0.0, None)] == [
        "video +8 ms",
        "video −12 ms",
        "video ±0 ms",
        "",
    ]
