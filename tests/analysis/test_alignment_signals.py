"""Single signals with planted events, and lists of times that are the same but for a shift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.alignment_pairs import offset_of, paired_offset
from analysis.alignment_signals import brightness_steps, clicks, knocks, step_times, tone, tone_onset
from app.devices import generated

Floats = NDArray[np.float64]

RATE_HZ = 44_100.0


def room(seconds: float = 1.0, noise: float = 0.05, seed: int = 1) -> tuple[Floats, Floats]:
    """Return noise and its times from 20 s on."""
    count = round(seconds * RATE_HZ)
    return np.random.default_rng(seed).normal(0, noise, count), 20.0 + np.arange(count) / RATE_HZ


def placed(sound: Floats, at_s: float, what: Floats) -> Floats:
    """Add a sound between samples: the remainder of its time as a shift of its phase."""
    place = (at_s - 20.0) * RATE_HZ
    shift = np.exp(-2j * np.pi * np.fft.rfftfreq(len(sound)) * place)
    whole = np.zeros(len(sound))
    whole[: len(what)] = what
    return np.asarray(sound + np.fft.irfft(np.fft.rfft(whole) * shift, len(sound)))


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.3])
@pytest.mark.parametrize("at_s", [20.3, 20.41234567])
def test_a_tone_is_found_to_a_part_of_a_sample_in_noise(noise: float, at_s: float) -> None:
    sound, times = room(noise=noise)
    onset = tone_onset(placed(sound, at_s, tone(RATE_HZ)), times, RATE_HZ)
    assert onset == pytest.approx(at_s, abs=2e-5 if noise < 0.1 else 2e-4)


def test_a_tone_with_the_other_sign_is_the_same_tone() -> None:
    sound, times = room()
    assert tone_onset(-placed(sound, 20.4, tone(RATE_HZ)), times, RATE_HZ) == pytest.approx(20.4, abs=1e-4)


def test_the_straight_way_counts_also_where_the_echo_is_louder() -> None:
    sound, times = room(noise=0.01)
    sound = placed(placed(sound, 20.4, 0.7 * tone(RATE_HZ)), 20.412, tone(RATE_HZ))
    assert tone_onset(sound, times, RATE_HZ) == pytest.approx(20.4, abs=5e-4)


def test_no_tone_is_heard_in_noise_silence_or_speech() -> None:
    sound, times = room()
    assert tone_onset(sound, times, RATE_HZ) is None
    assert tone_onset(np.zeros(len(times)), times, RATE_HZ) is None
    voice = generated.voice().astype(np.float64)
    step = round(generated.VOICE_RATE_HZ)
    heard = [
        tone_onset(voice[first : first + step], np.arange(step) / step, step)
        for first in range(0, len(voice) - step, step)
    ]
    # A vowel may glide like the sweep now and then, but never twice after the same time.
    found = np.array([np.nan if onset is None else onset for onset in heard])
    assert offset_of(found, 0.03) is None


def test_clicks_are_found_and_tones_are_none() -> None:
    sound, times = room(3.0, noise=0.01)
    fading = np.random.default_rng(4).normal(0, 1, 400) * np.exp(-np.arange(400) / 80)
    at = (20.5, 21.1, 22.4)
    for each in at:
        sound = placed(sound, each, fading)
    sound = placed(sound, 21.7, tone(RATE_HZ))
    assert clicks(sound, times, RATE_HZ) == pytest.approx(at, abs=2e-3)


def test_knocks_stand_out_of_gravity_and_slow_movement() -> None:
    times = np.arange(640) / 64.0
    at = np.array([1.3, 2.71, 4.05, 6.6])
    rows = np.stack([np.sin(times), 0.2 * np.cos(0.5 * times), np.ones(640)], axis=1)
    for each in at:
        rows[:, 0] += 2.0 * np.exp(-(((times - each) / 0.012) ** 2))
    assert knocks(rows, times) == pytest.approx(at, abs=0.5 / 64)


@pytest.mark.parametrize("opened", [0.0, 0.5, 1.0], ids=lambda share: f"shutter open {share:.0%}")
def test_flashes_are_found_to_a_part_of_a_frame(opened: float) -> None:
    random = np.random.default_rng(2)
    period, late_s = 1 / 30, 0.05
    frames = np.arange(1200) * period
    flashes = np.asarray(2.0 + 4.13 * np.arange(8), np.float64)
    exposed = max(opened * period, 1e-6)
    light = np.zeros(len(frames))
    for flash in flashes:
        light += np.clip(np.minimum(frames, flash + 0.5) - np.maximum(frames - exposed, flash), 0, exposed)
    cells = np.outer(light / exposed, [0, 40, 80, 0]) + 20 + random.normal(0, 0.5, (len(frames), 4))
    times_s, open_s = step_times(
        brightness_steps(cells, np.asarray(frames + late_s, np.float64), flashes.tolist(), 0.8)
    )
    apart = times_s - flashes - late_s
    assert np.abs(apart).max() < period * ((1 - opened) / 2 + 0.2)
    assert abs(apart.mean()) < 0.2 * period
    # A frame catches a part of the light only now and then: how open the shutter is, is an estimate.
    assert open_s == pytest.approx((1 - opened) * period / 12**0.5, abs=0.3 * period)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pictures_that_change_on_their_own_show_no_flash(seed: int) -> None:
    random = np.random.default_rng(seed)
    frames = np.arange(1200) / 30
    cells = 100 + np.cumsum(random.normal(0, 1, (1200, 12)), axis=0)
    flashes = 2.0 + 4.13 * np.arange(8)
    times_s, _ = step_times(brightness_steps(cells, frames, flashes.tolist(), 0.8))
    assert offset_of(times_s - flashes, 1 / 30) is None


@given(
    st.lists(st.floats(0.4, 1.6), min_size=8, max_size=14),
    st.floats(-0.3, 0.3),
    st.sets(st.integers(0, 13), max_size=3),
)
def test_a_shift_between_two_lists_is_found_though_some_events_are_missing(
    waits: list[float], shift: float, missed: set[int]
) -> None:
    reference = np.cumsum(waits)
    events = np.array([at + shift for i, at in enumerate(reference) if i not in missed])
    found = paired_offset(events, reference, 0.35, 0.02)
    assert found is not None
    assert found.median_s == pytest.approx(shift, abs=1e-9)
    assert found.count == len(events)


@pytest.mark.parametrize("seed", range(20))
def test_lists_that_have_nothing_to_do_with_each_other_have_no_shift(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = (np.sort(random.uniform(0, 15, 10)) for _ in range(2))
    found = paired_offset(one, other, 0.5, 0.01)
    assert found is None or found.count < 6


@pytest.mark.parametrize(
    ("lags", "count"),
    [
        ([0.1] * 4, 4),
        ([0.1] * 3, None),
        ([0.1, 0.11, 0.12, 0.5], None),
        ([0.1] * 4 + [np.nan] * 4, 4),
        ([0.1] * 4 + [np.nan] * 5, None),
        ([], None),
    ],
)
def test_an_offset_needs_four_events_and_half_of_those_tried(lags: list[float], count: int | None) -> None:
    found = offset_of(np.array(lags), 0.03)
    assert (None if found is None else found.count) == count
