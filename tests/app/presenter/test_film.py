"""Films: decoded ahead, each frame at its time or skipped, in step with the sound, and never an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from analysis.alignment_signals import tone_onset
from app import clock
from app.presenter.film import Film
from app.presenter.film_reading import FilmReader
from app.presenter.scenes import Missing, Moving
from app.presenter.sound_reading import SoundReader
from app.presenter.sound_track import SoundTrack
from app.presenter.window import StageWindow
from tests.helpers.films import SOUND_HZ, make_film, make_sound, shade_of
from tests.helpers.refreshing import Refreshing

GREY = "#808080"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of 30 frames, without sound."""
    return make_film(tmp_path_factory.mktemp("film") / "clip.mp4", 1.0, 30, (64, 36), sound=False)


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of 30 frames with a beep at half a second."""
    return make_film(tmp_path_factory.mktemp("film") / "loud.mp4", 1.0, 30, (64, 36))


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let films be decoded as a whole, since here nobody waits for their time to pass."""
    monkeypatch.setattr("app.presenter.film_reading.AHEAD_FRAMES", 1000)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def as_it_is(width: int, height: int) -> tuple[int, int]:
    return width, height


# Decoding


def read_all(reader: FilmReader) -> list[tuple[int, float, float, int]]:
    """Return number, time, end and grey of each frame."""
    frames: list[tuple[int, float, float, int]] = []
    while True:
        wait_for(lambda: reader.peek() is not None or reader.has_ended)
        frame = reader.peek()
        if frame is None:
            return frames
        frames.append((frame.number, frame.pts_s, frame.end_s, int(frame.pixels[0, 0, 0])))
        reader.take()


def test_every_frame_comes_once_in_order_with_its_time(clip: Path) -> None:
    frames = read_all(FilmReader(clip, as_it_is))
    assert [number for number, *_ in frames] == list(range(30))
    assert [pts_s for _, pts_s, _, _ in frames] == pytest.approx([n / 30 for n in range(30)], abs=1e-4)
    assert frames[-1][2] == pytest.approx(1.0, abs=1e-3)
    assert [grey for *_, grey in frames] == pytest.approx([shade_of(n) for n in range(30)], abs=3)


def test_frames_come_in_the_size_they_are_shown_in(clip: Path) -> None:
    asked = []

    def fit(width: int, height: int) -> tuple[int, int]:
        asked.append((width, height))
        return 100, 50

    reader = FilmReader(clip, fit)
    assert reader.wait_until_ready(20)
    frame = reader.peek()
    assert frame is not None and (frame.width, len(frame.pixels)) == (100, 50) and asked[0] == (64, 36)
    reader.close()


def test_the_queue_is_short_and_a_closed_reader_ends(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.presenter.film_reading.AHEAD_FRAMES", 4)
    reader = FilmReader(clip, as_it_is)
    wait_for(lambda: len(reader._frames) == 4)
    reader.close()
    reader.join(20)
    assert not reader.is_alive() and reader.peek() is None and not reader.problem


def test_a_reader_that_is_far_behind_leaves_out_what_has_passed(clip: Path) -> None:
    reader = FilmReader(clip, as_it_is)
    reader.wanted_s = 0.8
    frames = read_all(reader)
    numbers = [number for number, *_ in frames]
    assert numbers == sorted(set(numbers)) and numbers[-1] == 29
    for number, pts_s, _, grey in frames:
        assert pts_s == pytest.approx(number / 30, abs=1e-4), "a frame keeps its number and its time"
        assert grey == pytest.approx(shade_of(number), abs=3)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: b"no film at all", "cannot be decoded"),
        (lambda data: data[: len(data) // 2], "cannot be decoded"),
        (lambda data: b"", "cannot be decoded"),
    ],
)
def test_a_file_that_is_no_film_is_named(
    clip: Path, tmp_path: Path, damage: Callable[[bytes], bytes], why: str
) -> None:
    path = tmp_path / "hurt.mp4"
    path.write_bytes(damage(clip.read_bytes()))
    reader = FilmReader(path, as_it_is)
    wait_for(lambda: reader.has_ended)
    assert why in reader.problem and "hurt.mp4" in reader.problem and reader.origin_s() is None


def test_a_file_without_pictures_is_named(tmp_path: Path) -> None:
    reader = FilmReader(make_sound(tmp_path / "only.wav", 0.2), as_it_is)
    wait_for(lambda: reader.has_ended)
    assert "no pictures" in reader.problem


def cut_in_the_middle(whole: Path, tmp_path: Path) -> Path:
    """Return a film whose head promises more than there is: as after a broken download."""
    import av

    orderly = tmp_path / "orderly.mp4"
    with (
        av.open(str(whole)) as source,
        av.open(str(orderly), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = orderly.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 3])
    return cut


def test_a_film_that_breaks_off_says_so_and_gives_what_there_is(tmp_path: Path) -> None:
    whole = make_film(tmp_path / "whole.mp4", 3.0, 30, (64, 36), sound=False)
    reader = FilmReader(cut_in_the_middle(whole, tmp_path), as_it_is)
    frames = read_all(reader)
    assert 5 < len(frames) < 80
    assert "cannot be shown to its end" in reader.problem


# Playing, on a screen of frames


def play(film: Film, screen: Refreshing, seconds: float, at_s: float = 100.0) -> list[dict[str, Any]]:
    """Play from `at_s` on, refresh by refresh, and return the payloads of the frames."""
    film.first()
    film.begin(at_s)
    film.shown_first(at_s, screen.reveal(at_s))
    while screen.swapped_s < at_s + seconds:
        film.refresh(screen.swapped_s)
    return [dict(one.payload) for one in film.happenings() if one.kind == "frame"]


def made(path: Path | None, screen: Refreshing, planned_s: float = 1.0) -> Film:
    return Film(cast("StageWindow", screen), "clip", path, ("fit", 1.0), GREY, planned_s)


@pytest.mark.parametrize("rate_hz", [60.0, 50.0, 144.0])
@pytest.mark.usefixtures("whole")
def test_each_frame_is_shown_at_the_refresh_nearest_to_its_time(clip: Path, rate_hz: float) -> None:
    screen = Refreshing(rate_hz)
    film = made(clip, screen)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    frames = play(film, screen, 1.1)
    assert [frame["frame"] for frame in frames] == list(range(30))
    for frame in frames:
        assert frame["intended_s"] == pytest.approx(100.0 + frame["pts_s"])
        assert abs(frame["swap_s"] - frame["intended_s"]) <= 0.5 / rate_hz + 1e-6
        assert (frame["repeated"], frame["skipped"]) == (0, 0)
    assert film.over_s == pytest.approx(101.0, abs=1e-3), "the last frame lasts its own duration"


@pytest.mark.usefixtures("whole")
def test_what_is_on_the_screen_is_the_frame_that_is_logged(clip: Path) -> None:
    screen = Refreshing()
    film = made(clip, screen)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    film.first()
    film.begin(100.0)
    film.shown_first(100.0, screen.reveal(100.0))
    while screen.swapped_s < 101.0:
        count = len(screen.shown)
        before = dict(screen.slots)
        film.refresh(screen.swapped_s)
        if len(screen.shown) > count:
            (frame,) = [one.payload for one in film.happenings() if one.payload["frame"]]
            drawing = screen.shown[-1][1].drawing
            assert isinstance(drawing, Moving)
            assert before[drawing.slot] == pytest.approx(shade_of(int(frame["frame"])), abs=3)


@pytest.mark.usefixtures("whole")
def test_after_a_stall_frames_are_skipped_and_the_film_is_in_time_again(clip: Path) -> None:
    screen = Refreshing(60.0)
    film = made(clip, screen)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    screen.stalls = [0] * 20 + [12]
    frames = play(film, screen, 1.1)
    assert sum(frame["skipped"] for frame in frames) == 30 - len(frames)
    assert len(frames) in (24, 25), "thirteen refreshes are six or seven frames, one of which is shown"
    assert max(frame["repeated"] for frame in frames) >= 5
    last = frames[-1]
    assert last["frame"] == 29 and abs(last["swap_s"] - last["intended_s"]) < 1 / 120 + 1e-6


@pytest.mark.usefixtures("whole")
def test_late_decoding_holds_the_last_frame_and_catches_up(clip: Path) -> None:
    screen = Refreshing(60.0)
    film = made(clip, screen)
    reader = film._reader
    assert reader is not None
    wait_for(lambda: reader.has_ended)
    held = [frame for frame in reader._frames if frame.number >= 8]
    while len(reader._frames) > 8:
        reader._frames.pop()
    reader._ended = False
    film.first()
    film.begin(100.0)
    film.shown_first(100.0, screen.reveal(100.0))
    while screen.swapped_s < 100.6:
        film.refresh(screen.swapped_s)
    assert film.over_s is None, "more may come"
    reader._frames.extend(held)
    reader._ended = True
    while screen.swapped_s < 101.1:
        film.refresh(screen.swapped_s)
    frames = [one.payload for one in film.happenings() if one.kind == "frame"]
    numbers = [frame["frame"] for frame in frames]
    assert numbers[:8] == list(range(8)) and numbers[8] in (18, 19) and numbers[-1] == 29
    assert frames[8]["skipped"] == numbers[8] - 8
    assert all(abs(frame["swap_s"] - frame["intended_s"]) < 1 / 60 for frame in frames[9:])


@pytest.mark.usefixtures("whole")
def test_a_picture_that_comes_far_too_late_is_not_shown_any_more(clip: Path) -> None:
    screen = Refreshing(60.0)
    film = made(clip, screen)
    reader = film._reader
    assert reader is not None
    wait_for(lambda: reader.has_ended)
    late = [frame for frame in reader._frames if 3 <= frame.number < 8]
    rest = [frame for frame in reader._frames if frame.number >= 25]
    while len(reader._frames) > 3:
        reader._frames.pop()
    reader._ended = False
    film.first()
    film.begin(100.0)
    film.shown_first(100.0, screen.reveal(100.0))
    while screen.swapped_s < 100.7:
        film.refresh(screen.swapped_s)
    reader._frames.extend(late)
    film.refresh(screen.swapped_s)
    reader._frames.extend(rest)
    reader._ended = True
    while screen.swapped_s < 101.1:
        film.refresh(screen.swapped_s)
    frames = [one.payload for one in film.happenings() if one.kind == "frame"]
    assert [frame["frame"] for frame in frames] == [0, 1, 2, 25, 26, 27, 28, 29]
    assert frames[3]["skipped"] == 22 and frames[3]["repeated"] == 22


@pytest.mark.usefixtures("whole")
def test_however_late_the_last_frame_is_shown(clip: Path) -> None:
    screen = Refreshing(60.0)
    film = made(clip, screen)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    screen.stalls = [0] * 30 + [90]
    frames = play(film, screen, 2.5)
    assert frames[-1]["frame"] == 29 and film.over_s == pytest.approx(101.0, abs=1e-3)


@pytest.mark.usefixtures("whole")
def test_a_pause_stops_it_and_it_goes_on_where_it_was(clip: Path) -> None:
    screen = Refreshing(60.0)
    film = made(clip, screen)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    before = play(film, screen, 0.5)
    film.stop(screen.swapped_s)
    assert film.next_s is None and film.refresh(screen.swapped_s) == 0
    stopped_s = screen.swapped_s
    after = play(film, screen, 0.6, at_s=stopped_s + 7.0)
    numbers = [frame["frame"] for frame in (*before, *after)]
    assert numbers == list(range(30))
    assert after[-1]["intended_s"] == pytest.approx(107.0 + after[-1]["pts_s"], abs=1e-6)


@pytest.mark.usefixtures("whole")
def test_how_it_went_is_told_at_the_end(clip: Path) -> None:
    screen = Refreshing(60.0)
    film = made(clip, screen)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    play(film, screen, 1.0)
    film.close(101.0)
    (ended,) = film.happenings()
    whole = {"stimulus": "clip", "frames": 30, "repeated": 0, "skipped": 0, "complete": True}
    assert (ended.kind, ended.payload) == ("film_ended", whole)


@pytest.mark.usefixtures("whole")
def test_a_film_that_is_cut_short_is_not_complete(clip: Path) -> None:
    screen = Refreshing(60.0)
    film = made(clip, screen)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    play(film, screen, 0.4)
    film.close(100.4)
    (ended,) = film.happenings()
    assert not ended.payload["complete"] and 11 <= ended.payload["frames"] <= 13


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.usefixtures("whole")
def test_in_place_of_a_film_that_cannot_be_decoded_stands_a_placeholder(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "hurt.mp4"
    path.write_bytes(b"no film")
    screen = Refreshing(60.0)
    film = made(path if there else None, screen, planned_s=4.0)
    assert isinstance(scene_drawing(film), Missing)
    assert play(film, screen, 0.2) == []
    assert film.over_s == pytest.approx(104.0), "the stage lasts as long as planned"


def scene_drawing(film: Film) -> object:
    return film.first().drawing


@pytest.mark.usefixtures("whole")
def test_a_film_that_breaks_off_ends_in_a_placeholder(tmp_path: Path) -> None:
    whole = make_film(tmp_path / "whole.mp4", 3.0, 30, (64, 36), sound=False)
    screen = Refreshing(60.0)
    film = made(cut_in_the_middle(whole, tmp_path), screen, planned_s=3.0)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    film.first()
    film.begin(100.0)
    film.shown_first(100.0, screen.reveal(100.0))
    while screen.swapped_s < 103.0:
        film.refresh(screen.swapped_s)
    happened = film.happenings()
    assert happened[-1].kind == "stimulus_failed" and "cut.mp4" in happened[-1].payload["text"]
    assert isinstance(screen.shown[-1][1].drawing, Missing)
    assert film.over_s == pytest.approx(103.0)


# With sound


class Card:
    """A sound card in steps: a block every 10 ms, heard 30 ms after it was handed over, at its own rate."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ppm: float = 0.0) -> None:
        from app.presenter.sound import Player

        self.now_s = 99.0
        self.latency = 0.03
        self.ppm = ppm
        monkeypatch.setattr(clock, "now", lambda: self.now_s)
        self.player = Player(self._open, None, 48_000.0)

    def _open(self, **options: Any) -> Card:
        self._callback = options["callback"]
        return self

    def start(self) -> None:
        pass

    def run_until(self, time_s: float) -> None:
        from types import SimpleNamespace

        while self.now_s < time_s:
            out = np.zeros((480, 1), np.float32)
            at = SimpleNamespace(outputBufferDacTime=1.03, currentTime=1.0)
            self._callback(out, 480, at, SimpleNamespace(output_underflow=False))
            self.now_s += 0.01 * (1 + self.ppm * 1e-6)


@pytest.mark.parametrize("ppm", [0.0, 20_000.0])
@pytest.mark.usefixtures("whole")
def test_the_picture_follows_the_sound_that_is_heard(
    loud: Path, monkeypatch: pytest.MonkeyPatch, ppm: float
) -> None:
    card = Card(monkeypatch, ppm)
    screen = Refreshing(60.0)
    tracks: list[SoundTrack] = []

    def with_sound(origin: Callable[[], float | None]) -> SoundTrack:
        tracks.append(SoundTrack(card.player, SoundReader(loud, 48_000.0, 1, origin), "loud", 1.0))
        return tracks[0]

    film = Film(cast("StageWindow", screen), "loud", loud, ("fit", 1.0), GREY, 1.0, with_sound)
    wait_for(lambda: film._reader is not None and film._reader.has_ended)
    wait_for(lambda: tracks[0]._reader.has_ended)
    film.first()
    film.begin(100.0)
    card.run_until(100.0)
    film.shown_first(100.0, screen.reveal(100.0))
    while screen.swapped_s < 101.2:
        card.run_until(screen.swapped_s)
        film.refresh(screen.swapped_s)
    frames = [one.payload for one in film.happenings() if one.kind == "frame"]
    assert len(frames) == 30
    slower = 1 + ppm * 1e-6
    for frame in frames[1:]:
        assert frame["intended_s"] == pytest.approx(100.0 + frame["pts_s"] * slower, abs=0.003)
        assert abs(frame["swap_s"] - frame["intended_s"]) <= 0.5 / 60 + 0.002
    (played,) = card.player.played()
    assert played.name == "loud" and played.actual_s == pytest.approx(100.0, abs=0.001)


@pytest.mark.usefixtures("whole")
def test_the_sound_of_a_film_begins_with_its_picture(loud: Path) -> None:
    reader = SoundReader(loud, SOUND_HZ, 1, lambda: 0.2)
    wait_for(lambda: reader.has_ended)
    heard = reader.read(SOUND_HZ)[:, 0].astype(float)
    begun_s = tone_onset(heard, np.arange(len(heard)) / SOUND_HZ, SOUND_HZ)
    assert begun_s == pytest.approx(0.3, abs=0.001)


@pytest.mark.usefixtures("whole")
def test_a_sound_is_read_in_any_rate_and_to_its_end(tmp_path: Path) -> None:
    reader = SoundReader(make_sound(tmp_path / "beep.wav", 1.0), 22_050.0, 2)
    wait_for(lambda: reader.has_ended)
    assert reader.length_s == pytest.approx(1.0, abs=0.01) and not reader.problem
    whole = reader.read(100_000)
    assert whole.shape[1] == 2 and np.array_equal(whole[:, 0], whole[:, 1]) and reader.is_over


@pytest.mark.parametrize("kind", ["silent film", "no file", "no sound file"])
@pytest.mark.usefixtures("whole")
def test_why_there_is_no_sound_is_told(clip: Path, tmp_path: Path, kind: str) -> None:
    path = clip if kind == "silent film" else tmp_path / "x.wav"
    if kind == "no sound file":
        path.write_bytes(b"nothing to be heard")
    reader = SoundReader(path, 48_000.0, 2)
    wait_for(lambda: reader.has_ended)
    assert path.name in reader.problem and len(reader.read(100)) == 0 and reader.is_over
