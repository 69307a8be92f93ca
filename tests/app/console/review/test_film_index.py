"""Random seeks in films of every kind: the shown frame is the asked one, every time."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from app.console.review.film_index import Film
from stimuli.media import MediaError, probe
from tests.helpers.coded_films import KINDS, coded_film, ending, number_in

FRAMES = 150
SEEKS = 40
MANY_SEEKS = 170


def seek_at_random(folder: Path, kind: str, frames: int, seeks: int) -> None:
    """Seek in a film of this kind and compare each shown frame with the asked one."""
    path = folder / f"film{ending(kind)}"
    times = coded_film(path, kind, frames)
    film = Film(path)
    try:
        assert film.index.frames == frames
        assert film.index.times_s * 1000 == pytest.approx(times, abs=1.0)
        random = np.random.default_rng(len(kind))
        for _ in range(seeks):
            time_s = float(random.uniform(0, times[-1] / 1000))
            asked = int(np.searchsorted(np.array(times) / 1000, time_s, "right")) - 1
            assert film.index.number_at(time_s) == asked
            assert number_in(film.picture(asked)) == asked
    finally:
        film.close()


@pytest.mark.parametrize("kind", ["variable", "b-frames", "mjpeg"])
def test_the_shown_frame_is_the_asked_one(kind: str, tmp_path: Path) -> None:
    seek_at_random(tmp_path, kind, FRAMES, SEEKS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_shown_frame_is_the_asked_one_in_long_films(kind: str, tmp_path: Path) -> None:
    seek_at_random(tmp_path, kind, 900, MANY_SEEKS)


def test_all_seeks_together_are_a_thousand() -> None:
    assert MANY_SEEKS * len(KINDS) >= 1000


@pytest.mark.parametrize("kind", ["b-frames", "variable"])
def test_stepping_backwards_decodes_nothing_anew(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"film{ending(kind)}"
    coded_film(path, kind, FRAMES)
    film = Film(path)
    film.picture(59)
    before = film.decoded
    shown = [number_in(film.picture(number)) for number in range(58, -1, -1)]
    assert shown == list(range(58, -1, -1))
    assert film.decoded == before
    film.close()


def test_going_on_does_not_begin_at_the_key_frame_again(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    coded_film(path, "constant", FRAMES)
    film = Film(path)
    for number in range(0, 60, 2):
        assert number_in(film.picture(number)) == number
    assert film.decoded <= 60
    film.close()


def test_long_distances_between_key_frames_are_known(tmp_path: Path) -> None:
    for kind, gap_s in (("constant", 2.4), ("gop-10", 0.4)):
        path = tmp_path / f"{kind}.mp4"
        coded_film(path, kind, FRAMES)
        film = Film(path)
        assert film.index.longest_key_gap_s == pytest.approx(gap_s, abs=0.05)
        film.close()


def test_decoding_threads_never_wait_for_the_interpreter(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    coded_film(path, "b-frames", 10)
    probe(path)
    film = Film(path)
    film.picture(3)
    film.close()
    # With any level the libraries' messages go through Python: a thread that has one to write waits for the
    # interpreter, whose holder may be waiting for that thread to end.
    assert av.logging.get_level() is None


@pytest.mark.parametrize("content", [b"", b"no film at all", b"\0" * 4096])
def test_what_is_no_film_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError):
        Film(path)
