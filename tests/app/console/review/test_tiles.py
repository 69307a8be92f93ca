"""Columns become pixels: each line where it belongs, no seam between strips, memory within its limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage

from app.console.review.scales import bar_of, digits_for, tick_step_s, time_text, value_text
from app.console.review.tiles import Grid, Raster, Tiles, joined, to_image
from app.console.review.traces_bands import Band, lay_out, spread_for
from app.console.traces import Group

INK, GROUND = 0xFF0000FF, 0xFFFFFFFF


def painted(top: np.ndarray, bottom: np.ndarray, empty: np.ndarray, band: tuple[int, int]) -> np.ndarray:
    """Draw the lines pixel by pixel."""
    picture = np.full((40, top.shape[1]), GROUND, np.uint32)
    for channel, column in np.ndindex(top.shape):
        if not empty[channel, column]:
            for y in range(top[channel, column], bottom[channel, column] + 1):
                if band[0] <= y < band[1]:
                    picture[y, column] = INK
    return picture


@st.composite
def lines(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]:
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 9)))
    top = random.integers(-30, 60, shape).astype(np.int32)
    bottom = top + random.integers(0, 50, shape).astype(np.int32)
    first = draw(st.integers(0, 39))
    return top, bottom, random.random(shape) < 0.2, (first, draw(st.integers(first, 40)))


@given(lines())
def test_lines_are_drawn_where_they_belong_and_nowhere_else(
    given_lines: tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]],
) -> None:
    top, bottom, empty, band = given_lines
    picture = np.full((40, top.shape[1]), GROUND, np.uint32)
    Raster().draw(picture, top, bottom, empty, (INK, GROUND), band)
    assert np.array_equal(picture, painted(top, bottom, empty, band))


def test_a_thousand_lines_over_one_another_are_still_one_line() -> None:
    picture = np.full((4, 2), GROUND, np.uint32)
    top = np.ones((1000, 2), np.int32)
    Raster().draw(picture, top, top + 1, np.zeros(top.shape, bool), (INK, GROUND), (0, 4))
    assert (picture == INK).sum(axis=0).tolist() == [2, 2]


@given(lines())
def test_each_line_touches_its_left_neighbour_and_none_gets_shorter(
    given_lines: tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]],
) -> None:
    top, bottom, empty, _ = given_lines
    new_top, new_bottom = joined(top, bottom, empty)
    assert (new_top <= top[:, 1:]).all() and (new_bottom >= bottom[:, 1:]).all()
    both = ~empty[:, 1:] & ~empty[:, :-1]
    assert (new_top <= bottom[:, :-1])[both].all() and (new_bottom >= top[:, :-1])[both].all()
    lone = empty[:, :-1]
    assert (new_top == top[:, 1:])[lone].all() and (new_bottom == bottom[:, 1:])[lone].all()


def test_pixels_become_an_image_of_its_own() -> None:
    picture = np.full((3, 5), GROUND, np.uint32)
    picture[1, 2] = INK
    image = to_image(picture[:, 1:], 2.0)
    picture[:] = 0
    assert image.pixelColor(1, 1).name() == "#0000ff" and image.pixelColor(0, 0).name() == "#ffffff"
    assert (image.width(), image.height(), image.devicePixelRatio()) == (4, 3, 2.0)


def test_strips_looked_at_longest_ago_go_first() -> None:
    grid, tiles = Grid(0.0, 0.1), Tiles(kept_bytes=3 * 4000)
    for number in range(3):
        tiles.put(grid, number, QImage(100, 10, QImage.Format.Format_RGB32))
    assert tiles.get(grid, 0) is not None
    tiles.put(grid, 3, QImage(100, 10, QImage.Format.Format_RGB32))
    assert [tiles.has(grid, number) for number in range(4)] == [True, False, True, True]
    assert tiles.bytes == 12_000
    assert tiles.get(Grid(0.0, 0.2), 0) is None
    tiles.clear()
    assert (len(tiles), tiles.bytes) == (0, 0)


def band(channels: int, spread: float = 100.0, height: int = 200) -> Band:
    names = tuple(f"c{place}" for place in range(channels))
    group = Group("eeg", "eeg", "uV", tuple(range(channels)), names, True)
    made = Band(group, 100.0, tuple(range(channels)), np.zeros(channels), spread)
    made.height = height
    return made


@pytest.mark.parametrize("channels", [1, 8, 64])
@pytest.mark.parametrize("spread", [0.002, 1.0, 5e4])
@pytest.mark.parametrize("gain", [0.1, 1.0, 7.3])
def test_a_scale_bar_is_round_and_fits_its_band(channels: int, spread: float, gain: float) -> None:
    made = band(channels, spread)
    made.gain = gain
    lane = made.height / channels
    amount, height = bar_of(made, lane)
    assert 4 <= height <= 0.9 * made.height + 1
    assert height == pytest.approx(amount / made.units_per_lane * lane)
    assert f"{amount / 10 ** np.floor(np.log10(amount) + 1e-9):.6g}" in ("1", "2", "5")


@pytest.mark.parametrize(
    ("seconds", "digits", "text"),
    [
        (0.0, 0, "0:00"),
        (59.96, 1, "1:00.0"),
        (61.5, 1, "1:01.5"),
        (3725, 0, "1:02:05"),
        (-2.25, 2, "−0:02.25"),
        (-0.001, 0, "0:00"),
    ],
)
def test_times_are_told_as_people_read_them(seconds: float, digits: int, text: str) -> None:
    assert time_text(seconds, digits) == text


def test_ticks_have_room_for_their_labels() -> None:
    for width_s in (0.01, 0.3, 10.0, 600.0, 7200.0, 86_400.0):
        step_s = tick_step_s(width_s, 1000, 80)
        assert step_s / width_s * 1000 >= 80
        assert width_s / step_s >= 1.9
        assert float(f"{step_s:.{digits_for(step_s)}f}") == step_s


@pytest.mark.parametrize(
    ("value", "unit", "spread", "text"),
    [
        (12.3456, "uV", 100.0, "12.3 µV"),
        (-0.00456, "uS", 0.01, "−0.00456 µS"),
        (float("nan"), "g", 1.0, "–"),
        (7.0, "", 1000.0, "7"),
    ],
)
def test_values_are_as_exact_as_the_picture(value: float, unit: str, spread: float, text: str) -> None:
    assert value_text(value, unit, spread) == text


def test_bands_share_the_height_by_their_channels() -> None:
    bands = [band(32), band(1), band(3)]
    lay_out(bands, 700, 15, butterfly=False)
    assert bands[0].height > 4 * bands[1].height and bands[1].height == pytest.approx(bands[2].height, abs=1)
    edges = [edge for made in bands for edge in (made.title_top, made.top, made.top + made.height)]
    assert edges == sorted(edges) and edges[-1] <= 700


def test_a_lane_is_as_high_as_signals_usually_swing() -> None:
    assert spread_for(np.array([80.0])) == 100.0
    assert spread_for(np.full(64, 80.0)) == 50.0, "many lanes may overlap"
    assert spread_for(np.array([np.nan, 0.0])) == 1.0
