"""Spectra against sums written out, known tones and noise; bands; gaps."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

from analysis.views.spectrum import BANDS, Spectrum, band_power, spectrogram, usual_segment_s, welch

RATE_HZ = 128.0


def test_the_density_is_the_sum_of_its_definition() -> None:
    values, rate, length = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, -6.0, 5.0, 3.0, -5.0, 8.0], 10.0, 8
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / length) for n in range(length)]
    expected = [0.0] * (length // 2 + 1)
    for start in (0, 4):
        part = values[start : start + length]
        mean = sum(part) / length
        for k in range(length // 2 + 1):
            term = sum(
                w * (x - mean) * cmath.exp(-2j * math.pi * k * n / length)
                for n, (w, x) in enumerate(zip(window, part, strict=True))
            )
            factor = 1 if k in (0, length // 2) else 2
            expected[k] += factor * abs(term) ** 2 / (rate * sum(w * w for w in window)) / 2
    found = welch(np.array(values)[:, None], rate, ("A",), "uV", segment_s=0.8)
    np.testing.assert_allclose(found.power[0], expected, rtol=1e-12)
    np.testing.assert_allclose(found.frequencies_hz, [0, 1.25, 2.5, 3.75, 5])
    assert found.segments.tolist() == [2]
    assert found.density_unit == "uV²/Hz"


def test_a_tone_has_half_its_squared_amplitude_in_its_band_and_nothing_elsewhere() -> None:
    times = np.arange(round(20 * RATE_HZ)) / RATE_HZ
    found = welch((6 * np.sin(2 * np.pi * 10 * times))[:, None], RATE_HZ, ("Oz",), "uV")
    powers = {name: float(band_power(found, *limits)[0]) for name, limits in BANDS.items()}
    assert powers["alpha"] == pytest.approx(18.0, rel=1e-6)
    assert max(power for name, power in powers.items() if name != "alpha") < 1e-9
    share = band_power(found, *BANDS["alpha"], relative_to=(1.0, 45.0))
    assert share[0] == pytest.approx(1.0)
    peak = found.peak(found.power[0], 1.0, 45.0)
    assert peak is not None
    assert peak[0] == 10.0


def test_all_power_of_noise_is_its_variance() -> None:
    values = np.random.default_rng(1).normal(0, 3, (round(400 * RATE_HZ), 1))
    found = welch(values, RATE_HZ, ("A",), "")
    total = band_power(found, 0.0, RATE_HZ)[0]
    assert total == pytest.approx(9.0, rel=0.02)
    assert found.density_unit == "1/Hz"


def test_bands_that_touch_share_no_power() -> None:
    found = welch(np.random.default_rng(2).normal(size=(1000, 2)), RATE_HZ, ("A", "B"), "uV")
    parts = sum(band_power(found, *limits) for limits in BANDS.values())
    np.testing.assert_allclose(parts, band_power(found, 1.0, 45.0))
    assert np.isnan(band_power(found, 1000.0, 2000.0)).all()


def test_an_offset_and_a_shift_do_not_matter_and_a_scale_counts_squared() -> None:
    values = np.random.default_rng(3).normal(size=(1024, 1))
    found = welch(values, RATE_HZ, ("A",), "uV").power
    np.testing.assert_allclose(welch(values + 1e3, RATE_HZ, ("A",), "uV").power, found, atol=1e-9)
    np.testing.assert_allclose(welch(values * 3, RATE_HZ, ("A",), "uV").power, found * 9)


def test_no_window_crosses_a_gap() -> None:
    values = np.random.default_rng(4).normal(size=(1024, 2))
    values[300:310, 1] = np.nan
    found = welch(values, RATE_HZ, ("A", "B"), "uV")
    first, second = (
        welch(values[part, 1:], RATE_HZ, ("B",), "uV") for part in (slice(300), slice(310, None))
    )
    counts = found.segments.tolist()
    assert counts[0] > counts[1] == int(first.segments[0] + second.segments[0])
    expected = (first.power * first.segments[0] + second.power * second.segments[0]) / counts[1]
    np.testing.assert_allclose(found.power[1:], expected)
    all_gaps = welch(np.full((500, 1), np.nan), RATE_HZ, ("A",), "uV")
    assert np.isnan(all_gaps.power).all()
    assert all_gaps.segments.tolist() == [0]


def test_a_falling_spectrum_has_its_peak_where_it_rises_above_the_slope() -> None:
    hertz = np.arange(0.0, 50.0, 0.5)
    power = 100 / np.maximum(hertz, 0.5) ** 1.5
    power[3] += 5.0
    power[20] += 20.0
    found = Spectrum(hertz, power[None], ("A",), "uV", np.array([5]), 2.0)
    peak = found.peak(power, 1.0, 45.0)
    assert peak is not None
    assert peak == pytest.approx((10.0, float(power[20])))
    assert found.peak(100 / np.maximum(hertz, 0.5), 1.0, 45.0) is None


def test_a_mean_over_channels_leaves_out_what_is_missing() -> None:
    power = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, np.nan]])
    found = Spectrum(np.array([0.0, 1.0]), power, ("A", "B", "C"), "uV", np.array([1, 1, 0]), 1.0)
    assert found.mean_of(("A", "B", "C")).tolist() == [2.0, 3.0]
    assert np.isnan(found.mean_of(("C",))).all()


def test_a_spectrogram_shows_when_a_tone_came_and_where_a_gap_is() -> None:
    times = np.arange(round(60 * RATE_HZ)) / RATE_HZ + 500.0
    values = np.where(times < 530, np.sin(2 * np.pi * 10 * times), np.sin(2 * np.pi * 20 * times))[:, None]
    values[round(50 * RATE_HZ)] = np.nan
    found = spectrogram(values, times, RATE_HZ, "uV")
    loudest = found.frequencies_hz[np.argmax(np.nan_to_num(found.power), axis=0)]
    assert set(loudest[found.times_s < 528]) == {10.0}
    assert set(loudest[(found.times_s > 532) & (found.times_s < 548)]) == {20.0}
    empty = np.isnan(found.power).all(axis=0)
    np.testing.assert_array_equal(empty, np.abs(found.times_s - 550.0) < 1.0)


def test_windows_suit_the_signal() -> None:
    assert usual_segment_s(500.0, 60.0) == 2.0
    assert usual_segment_s(4.0, 600.0) == 64.0
    assert usual_segment_s(48000.0, 10.0) == 0.1
    assert usual_segment_s(500.0, 1.0) == 0.5
    short = welch(np.zeros((5, 1)), 100.0, ("A",), "")
    assert np.isnan(short.power).all()
