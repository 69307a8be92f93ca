"""What modes say: amplitude, frequency, energy, overlap and the Hilbert spectrum of known waves."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.decomposition.spectra import (
    energy,
    hilbert_spectrum,
    instantaneous,
    mean_frequency_hz,
    mode_spectra,
    orthogonality_index,
    overlaps,
    rrmse,
)

RATE_HZ = 200.0
AT_S = np.arange(800) / RATE_HZ
WAVES = np.array([3 * np.sin(2 * np.pi * 20 * AT_S), np.sin(2 * np.pi * 5 * AT_S)])


def test_a_sine_has_its_amplitude_and_frequency_at_every_moment() -> None:
    found = instantaneous(WAVES, RATE_HZ)
    inside = slice(20, -20)
    np.testing.assert_allclose(found.amplitude[0, inside], 3, atol=1e-6)
    np.testing.assert_allclose(found.frequency_hz[0, inside], 20, atol=1e-6)
    np.testing.assert_allclose(mean_frequency_hz(found), [20, 5], rtol=1e-3)


def test_a_rising_tone_has_the_frequency_of_its_moment() -> None:
    rising = np.sin(2 * np.pi * (10 * AT_S + 2 * AT_S**2))
    found = instantaneous(rising[None], RATE_HZ)
    inside = slice(100, -100)
    np.testing.assert_allclose(found.frequency_hz[0, inside], 10 + 4 * AT_S[inside], atol=0.3)


def test_mean_frequency_is_weighted_by_energy() -> None:
    loud_then_soft = np.where(AT_S < 2, 3.0, 0.3) * np.sin(2 * np.pi * np.where(AT_S < 2, 20, 40) * AT_S)
    found = mean_frequency_hz(instantaneous(loud_then_soft[None], RATE_HZ))
    assert found[0] == pytest.approx(20, abs=1)


def test_energy_overlap_and_orthogonality() -> None:
    np.testing.assert_allclose(energy(WAVES), [9 * 400, 400], rtol=1e-9)
    shared = overlaps(np.vstack([WAVES, WAVES[0] + WAVES[1]]))
    assert shared[0, 1] == pytest.approx(0, abs=1e-9)
    assert shared[0, 2] == pytest.approx(3 / np.sqrt(10))
    assert orthogonality_index(WAVES, WAVES.sum(axis=0)) == pytest.approx(0, abs=1e-9)
    halves = np.array([WAVES[0] / 2, WAVES[0] / 2])
    assert orthogonality_index(halves, WAVES[0]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("x", "found", "error"),
    [([3, 4], [3, 4], 0.0), ([3, 4], [0, 0], 1.0), ([3, 4], [3, 5], 0.2), ([0, 0], [0, 0], 0.0)],
)
def test_relative_error(x: list[float], found: list[float], error: float) -> None:
    assert rrmse(np.array(x), np.array(found)) == pytest.approx(error)


def test_the_hilbert_spectrum_keeps_all_energy_in_the_right_cells() -> None:
    found = instantaneous(WAVES, RATE_HZ)
    spectrum = hilbert_spectrum(found, RATE_HZ, columns=10, bands=20)
    assert spectrum.power.shape == (20, 10)
    assert spectrum.power.sum() == pytest.approx(np.square(found.amplitude).sum())
    rows = spectrum.power.sum(axis=1)
    assert rows.argmax() == 4  # 20 Hz, in bands of 5 Hz
    assert spectrum.time_edges_s[-1] == pytest.approx(4.0)
    top = hilbert_spectrum(found, RATE_HZ, columns=10, bands=20, highest_hz=10)
    assert top.power.sum() < 0.2 * spectrum.power.sum()


def test_spectra_of_modes_have_their_peak_at_the_tone() -> None:
    frequencies, sizes = mode_spectra(WAVES, RATE_HZ)
    np.testing.assert_allclose(frequencies[sizes.argmax(axis=1)], [20, 5])
    np.testing.assert_allclose(sizes.max(axis=1), [3, 1], rtol=1e-6)
