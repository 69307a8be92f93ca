"""VGGish's patches against a plain computation, and pictures chosen, padded and aligned with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.feature import FeatureError, Signal
from analysis.features.frames import even_places, from_the_middle, padded_places
from analysis.features.patches import FRAMES, PATCH_S, patches_of, windows_in
from app.devices.generated import face_frames
from tests.helpers.feature_signals import extract, make_signal, with_gap

RATE_HZ = 16_000


def plain_patch(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """One patch frame by frame: what the front end of VGGish is said to be, written down again."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    low_mel, high_mel = 1127 * np.log(1 + np.array([125.0, 7500.0]) / 700)
    edges = np.linspace(low_mel, high_mel, 66)
    bins = 1127 * np.log(1 + np.arange(257) * RATE_HZ / 512 / 700)
    rows = []
    for frame in range(FRAMES):
        piece = sound[160 * frame : 160 * frame + 400]
        magnitude = np.abs(np.fft.rfft(piece * window, 512))
        row = []
        for band in range(64):
            low, middle, high = edges[band : band + 3]
            rise, fall = (bins - low) / (middle - low), (high - bins) / (high - middle)
            weights = np.maximum(0, np.minimum(rise, fall))
            weights[0] = 0
            row.append(np.log(float(weights @ magnitude) + 0.01))
        rows.append(row)
    return np.array(rows)


def test_a_patch_is_what_vggish_is_given() -> None:
    random = np.random.default_rng(0)
    sound = 0.1 * random.standard_normal(2 * 15_360 + 240)
    made = patches_of(sound)
    assert made.shape == (2, 96, 64)
    np.testing.assert_allclose(made[0], plain_patch(sound), atol=1e-4)
    np.testing.assert_allclose(made[1], plain_patch(sound[15_360:]), atol=1e-4)


@pytest.mark.parametrize(
    ("length_s", "count"), [(0.2, 1), (0.96, 1), (1.91, 1), (1.92, 2), (15.0, 15), (9.6, 10)]
)
def test_a_span_gives_whole_windows_but_at_least_one(length_s: float, count: int) -> None:
    assert windows_in(length_s) == count
    assert len(patches_of(np.zeros(round(length_s * RATE_HZ)))) == count


def test_a_short_span_is_filled_up_with_silence_and_another_rate_is_resampled() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    made = extract("speech.patches", make_signal("speech", tone, 44_100.0, 5.0), [[5.0, 5.5], [5.0, 6.0]])
    assert made.first.tolist() == [0, 1, 2]
    assert made.values.shape == (2, 96, 64)
    assert np.allclose(made.values[0, 60:], np.log(0.01))
    assert made.times_s.tolist() == pytest.approx([5.48, 5.48])
    # 440 Hz is 548 mel, and bands lie 39.8 mel apart from 185 on.
    assert made.values[1].mean(axis=0).argmax() == 8


def test_a_patch_that_is_mostly_missing_has_no_number() -> None:
    sound = make_signal("speech", np.random.default_rng(1).standard_normal(48_000), 16_000.0)
    made = extract("speech.patches", with_gap(sound, 1.0, 2.0), [[0.0, 2.88]])
    assert np.isnan(made.values).all(axis=(1, 2)).tolist() == [False, True, False]


def test_places_at_equal_intervals_keep_their_order() -> None:
    assert even_places(100, 4).tolist() == [12, 37, 62, 87]
    assert even_places(3, 6).tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("found", [1, 2, 7, 29, 30, 31, 60])
def test_thirty_faces_are_kept_or_the_ends_repeated(found: int) -> None:
    places = padded_places(found, 30)
    assert len(places) == 30
    assert (np.diff(places) >= 0).all()
    if found <= 30:
        assert np.unique(places).tolist() == list(range(found))
        first, last = int((places == 0).sum()), int((places == found - 1).sum())
        assert found == 1 or 0 <= last - first <= 1
    else:
        assert len(np.unique(places)) == 30
    assert not len(padded_places(0, 30))


def test_the_middle_frame_is_looked_at_first() -> None:
    assert from_the_middle(10, 15, 5) == [12, 11, 13, 10, 14]
    assert from_the_middle(10, 10, 5) == []
    assert from_the_middle(0, 100, 3) == [50, 16, 83]


@pytest.fixture(scope="module")
def drawn() -> list[bytes]:
    return list(face_frames())[:2]


def camera(pictures: list[bytes], rate_hz: float = 5.0) -> Signal:
    times = 20 + np.arange(len(pictures)) / rate_hz
    nothing = np.zeros((0, 0), np.float32)
    return Signal("face", rate_hz, 20.0, nothing, (), (), times_s=times, frames=pictures.__getitem__)


def test_a_face_for_each_window_of_the_sound_the_nearest_where_there_is_none(drawn: list[bytes]) -> None:
    nobody = [b""] * 5
    frames = [drawn[0]] * 5 + nobody + [drawn[1]] * 5
    made = extract("face.frames", camera(frames), [[20.0, 23.0], [21.0, 21.9]], size_px=16, tries=2)
    assert made.values.shape == (3, 3, 16, 16)
    assert made.first.tolist() == [0, windows_in(3.0), 3]
    assert made.times_s.tolist() == pytest.approx([20 + PATCH_S * (k + 0.5) for k in range(3)])
    assert (made.values[1] == made.values[0]).all()
    assert made.values.min() >= 0 and made.values.max() <= 1


def test_whole_pictures_and_face_crops_have_their_counts(drawn: list[bytes]) -> None:
    signal = camera([drawn[0], b"", drawn[1]])
    scene = extract("scene.frames", signal, [[20.0, 20.6], [30.0, 31.0]], count=6, size_px=8)
    assert scene.values.shape == (6, 3, 8, 8)
    assert scene.first.tolist() == [0, 6, 6]
    crops = extract("face.crops", signal, [[20.0, 20.6]], count=4, looks=3, size_px=8)
    assert crops.values.shape == (4, 3, 8, 8)
    assert (crops.values[0] == crops.values[1]).all() and (crops.values[2] == crops.values[3]).all()


@pytest.mark.parametrize("name", ["face.crops", "scene.frames"])
def test_however_many_are_wanted_only_pictures_of_the_span_are_read(name: str) -> None:
    read: list[int] = []

    def damaged(number: int) -> bytes:
        read.append(number)
        return b""

    signal = replace(camera([b""] * 10), frames=damaged)
    extract(name, signal, [[20.5, 21.1]], count=50, size_px=8)
    assert set(read) == {3, 4, 5}


def test_no_pictures_are_said() -> None:
    sound = make_signal("speech", np.zeros(10), 10.0)
    for name in ("face.frames", "face.crops", "scene.frames"):
        with pytest.raises(FeatureError, match="has no pictures"):
            extract(name, sound, [[0.0, 1.0]])
