"""Faces of a made camera stream: chosen frames, followed face, padding, and what is told of each."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.expression_network import EXPRESSIONS, NAME
from analysis.features.face import BOX_NAMES, chosen, nearest_frames
from analysis.features.feature import FeatureError, Signal
from analysis.views.faces import Box, Crop, FaceFinder
from app.devices.generated import face_frames
from tests.helpers.voices import extracted

NOBODY = b""


@pytest.fixture(scope="module")
def drawn() -> bytes:
    return next(iter(face_frames()))


def camera(pictures: Sequence[bytes], rate_hz: float = 10.0, start_s: float = 20.0) -> Signal:
    times = start_s + np.arange(len(pictures)) / rate_hz
    return Signal(
        "face",
        rate_hz,
        start_s,
        np.zeros((0, 0), np.float32),
        (),
        (),
        times_s=times,
        frames=pictures.__getitem__,
    )


@pytest.mark.parametrize(
    ("rate_hz", "expected"),
    [
        (0.0, list(range(10, 20))),
        (10.0, list(range(10, 20))),
        (5.0, [10, 12, 14, 16, 18]),
        (3.0, [10, 13, 17]),
        (40.0, list(range(10, 20))),
    ],
)
def test_pictures_stand_for_even_moments(rate_hz: float, expected: list[int]) -> None:
    times = np.arange(30) / 10
    assert nearest_frames(times, (1.0, 2.0), rate_hz).tolist() == expected


def test_a_gap_of_the_camera_stays_a_gap() -> None:
    times = np.concatenate([np.arange(10) / 10, 2 + np.arange(10) / 10])
    assert nearest_frames(times, (0.0, 3.0), 5.0).tolist() == [0, 2, 4, 6, 8, 9, 10, 12, 14, 16, 18]
    assert nearest_frames(times, (1.2, 1.8), 5.0).tolist() == []
    assert nearest_frames(np.zeros(0), (0.0, 1.0), 5.0).tolist() == []


def test_the_followed_face_stays_the_followed_face() -> None:
    here, there = Box(0.1, 0.1, 0.2, 0.2), Box(0.6, 0.1, 0.3, 0.3)
    assert chosen([here, there], None) == 0
    assert chosen([here, there], Box(0.58, 0.12, 0.3, 0.3)) == 1
    assert chosen([here, there], Box(0.3, 0.7, 0.2, 0.2)) == 0


def test_expressions_are_probabilities_and_activations_of_each_picture(drawn: bytes) -> None:
    made = extracted("face.expression", camera([drawn] * 20), [(20.0, 21.0), (21.0, 21.4)], rate_hz=5.0)
    assert made.first.tolist() == [0, 5, 7]
    assert made.values.shape == (7, 135)
    assert made.names[:7] == EXPRESSIONS
    assert made.names[-1] == "activation_128"
    np.testing.assert_allclose(made.values[:, :7].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(made.times_s, [20.0, 20.2, 20.4, 20.6, 20.8, 21.0, 21.2])
    few = extracted("face.expression", camera([drawn] * 3), [(20.0, 20.3)], rate_hz=0.0, activations=False)
    assert few.names == EXPRESSIONS
    np.testing.assert_allclose(few.values, made.values[:3, :7], atol=1e-6)


def test_pictures_without_a_face_are_left_out_and_the_last_row_fills_up(drawn: bytes) -> None:
    stream = camera([drawn, NOBODY, b"damaged", drawn, NOBODY, *[NOBODY] * 5])
    spans = [(20.0, 20.5), (20.5, 21.0)]
    padded = extracted("face.expression", stream, spans, rate_hz=0.0)
    assert padded.first.tolist() == [0, 5, 5]
    np.testing.assert_array_equal(padded.values[1:], np.repeat(padded.values[1:2], 4, axis=0))
    np.testing.assert_allclose(padded.times_s, 20 + np.arange(5) / 10)
    plain = extracted("face.expression", stream, spans, rate_hz=0.0, pad=False)
    assert plain.first.tolist() == [0, 2, 2]
    np.testing.assert_allclose(plain.times_s, [20.0, 20.3])


def test_a_face_that_is_too_small_is_no_face(drawn: bytes) -> None:
    with FaceFinder(Crop(8)) as finder:
        found = finder.cut_out(drawn)
    width_px = found.boxes[0].width * found.width
    stream, span = camera([drawn]), [(20.0, 20.1)]
    for smallest_px, rows in ((width_px - 1, 1), (width_px + 1, 0)):
        made = extracted("face.box", stream, span, rate_hz=0.0, smallest_px=smallest_px)
        assert len(made.values) == rows


def test_up_and_down_count_as_much_as_left_and_right(shifted: Callable[..., bytes]) -> None:
    """The same 32 pixels on a picture of 640 x 480: as many face widths either way."""
    stream = camera([shifted(0), shifted(0, 32), shifted(32, 32)])
    made = extracted("face.box", stream, [(20.0, 20.3)], rate_hz=0.0)
    down, right = made.values[1, BOX_NAMES.index("y_per_s")], made.values[2, BOX_NAMES.index("x_per_s")]
    width_px = 640 * made.values[0, BOX_NAMES.index("width")]
    assert down == pytest.approx(32 / width_px / 0.1, rel=0.15)
    assert down == pytest.approx(right, rel=0.2)


def test_boxes_move_as_the_face_does(shifted: Callable[..., bytes]) -> None:
    stream = camera([shifted(0), shifted(16), shifted(32), NOBODY])
    made = extracted("face.box", stream, [(20.0, 20.4)], rate_hz=0.0)
    assert made.names == BOX_NAMES
    assert made.first.tolist() == [0, 3]
    x, width, speed = (made.values[:, BOX_NAMES.index(name)] for name in ("x", "width", "x_per_s"))
    assert np.isnan(made.values[0, 4:]).all()
    assert x[2] - x[0] == pytest.approx(32 / 640, abs=0.012)
    np.testing.assert_allclose(speed[1:], np.diff(x) / width[:-1] / 0.1, rtol=1e-4)
    assert np.isfinite(made.values[1:]).all()


@pytest.fixture(scope="module")
def shifted(drawn: bytes) -> Callable[..., bytes]:
    """The drawn face moved to the right and down by some pixels, as a picture of 640 pixels."""
    with av.open(io.BytesIO(drawn), "r", format="jpeg_pipe") as film:
        picture = next(film.decode(video=0)).to_ndarray(format="rgb24", width=640, height=480)

    def moved(by_px: int, down_px: int = 0) -> bytes:
        rolled = np.roll(picture, (down_px, by_px), axis=(0, 1))
        frame = av.VideoFrame.from_ndarray(rolled, format="rgb24")
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = 640, 480, "yuvj420p"
        encoder.time_base = Fraction(1, 30)
        return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])

    return moved


@pytest.mark.parametrize(("colour", "channels"), [(True, 3), (False, 1)])
def test_pixels_are_pictures_of_the_asked_size(drawn: bytes, colour: bool, channels: int) -> None:
    made = extracted(
        "face.pixels", camera([drawn] * 2), [(20.0, 20.2)], rate_hz=0.0, colour=colour, size_px=48
    )
    assert made.values.shape == (2, channels, 48, 48)
    assert 0 <= made.values.min() < made.values.max() <= 1
    assert made.names == ()
    np.testing.assert_array_equal(made.values[0], made.values[1])
    none = extracted("face.pixels", camera([NOBODY]), [(20.0, 20.2)], colour=colour, size_px=48)
    assert none.values.shape == (0, channels, 48, 48)
    assert none.first.tolist() == [0, 0]


def test_what_cannot_be_is_refused_in_words(drawn: bytes) -> None:
    with pytest.raises(FeatureError, match=f"no extractor 'emotionnet' of faces. There is: {NAME}"):
        extracted("face.expression", camera([drawn]), [(20.0, 21.0)], extractor="emotionnet")
    blind = Signal("face", 10.0, 0.0, np.zeros((0, 0), np.float32), (), ())
    with pytest.raises(FeatureError, match="has no pictures"):
        extracted("face.box", blind, [(0.0, 1.0)])


def test_a_margin_shows_more_of_the_picture(drawn: bytes) -> None:
    def cut(margin: float) -> NDArray[np.uint8]:
        with FaceFinder(Crop(100, margin)) as finder:
            return finder.cut_out(drawn).pixels[0, :, :, 0]

    tight, wide = cut(0.0).astype(float), cut(0.5).astype(float)
    inner = wide[25:75, 25:75]
    assert np.corrcoef(inner.ravel(), tight[::2, ::2].ravel())[0, 1] > 0.95
    assert np.corrcoef(wide[::2, ::2].ravel(), tight[::2, ::2].ravel())[0, 1] < 0.8


def test_a_crop_survives_its_command_line_and_a_finder_without_one_cuts_nothing(drawn: bytes) -> None:
    crop = Crop(64, 0.1, True)
    assert Crop.from_words(crop.words()) == crop
    with FaceFinder() as finder:
        found = finder.cut_out(drawn)
    assert len(found.boxes) == 1
    assert found.pixels.size == found.width == 0
