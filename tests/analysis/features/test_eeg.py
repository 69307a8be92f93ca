"""Features of EEG against TorchEEG, MNE and NeuroKit2, and laws that each must keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import butter, periodogram, sosfilt, sosfiltfilt

from analysis.features.eeg import BANDS, pairs_of
from analysis.features.feature import FeatureError, Signal
from tests.helpers.feature_signals import column, extract, make_signal, with_gap

ORACLES = Path(__file__).with_name("fixtures") / "eeg_oracles.npz"
RATE_HZ = 128.0
SECONDS = [[0.0, 3.0]]
NAMES = ("F3", "F4", "O1", "O2")
FAST = {"theta": (4, 8), "alpha": (8, 14), "beta": (14, 31), "gamma": (31, 49)}


@pytest.fixture(scope="module")
def oracles() -> dict[str, NDArray[np.float64]]:
    with np.load(ORACLES) as file:
        return dict(file)


def signal(oracles: dict[str, NDArray[np.float64]]) -> Signal:
    return make_signal("eeg", oracles["eeg"].T, RATE_HZ, channels=NAMES, unit="uV")


def noise(seconds: float = 8.0, channels: int = 3, rate_hz: float = RATE_HZ, seed: int = 2) -> Signal:
    values = np.random.default_rng(seed).normal(0, 10, (round(seconds * rate_hz), channels))
    return make_signal("eeg", values, rate_hz, channels=("F3", "F4", "Cz", "O1")[:channels], unit="uV")


def test_filtered_by_itself_each_second_it_is_what_torcheeg_gives(
    oracles: dict[str, NDArray[np.float64]],
) -> None:
    made = extract("eeg.de_filtered", signal(oracles), SECONDS, 1.0, bands=FAST, base="2", per_window=True)
    np.testing.assert_allclose(made.values.reshape(3, 4, 4), oracles["torcheeg_de"], rtol=2e-6, atol=2e-6)
    assert made.names[:5] == ("F3 theta", "F3 alpha", "F3 beta", "F3 gamma", "F4 theta")


def test_band_power_is_that_of_mne(oracles: dict[str, NDArray[np.float64]]) -> None:
    made = extract("eeg.band_power", signal(oracles), SECONDS, 1.0)
    np.testing.assert_allclose(made.values.reshape(3, 4, 5), oracles["mne_band_power"], rtol=1e-5)


def test_differential_entropy_is_the_logarithm_of_mnes_power(
    oracles: dict[str, NDArray[np.float64]],
) -> None:
    made = extract("eeg.de", signal(oracles), SECONDS, 1.0).values.reshape(3, 4, 5)
    expected = 0.5 * np.log(2 * np.pi * np.e * oracles["mne_band_power"])
    np.testing.assert_allclose(made, expected, atol=1e-5)
    in_bits = extract("eeg.de", signal(oracles), SECONDS, 1.0, base="2").values
    np.testing.assert_allclose(in_bits.reshape(3, 4, 5), expected / np.log(2), atol=1e-5)


def test_hjorth_is_that_of_neurokit(oracles: dict[str, NDArray[np.float64]]) -> None:
    made = extract("eeg.hjorth", signal(oracles), SECONDS, 1.0).values.reshape(3, 4, 3)
    expected = oracles["neurokit_hjorth"]
    np.testing.assert_allclose(made[..., 0], expected[..., 0], rtol=1e-2)
    # NeuroKit counts per sample, this one per second.
    np.testing.assert_allclose(made[..., 1], expected[..., 1] * RATE_HZ, rtol=1e-2)
    np.testing.assert_allclose(made[..., 2], expected[..., 2], rtol=1e-2)


def test_every_band_is_what_scipy_gives_window_by_window() -> None:
    source = noise()
    made = extract("eeg.de", source, [[1.0, 7.0]], 2.0, 0.5)
    for place, start_s in enumerate(np.arange(1.0, 5.01, 0.5)):
        part = source.values[round(start_s * RATE_HZ) :][: round(2 * RATE_HZ)].astype(np.float64)
        hertz, density = periodogram(part, RATE_HZ, "hann", axis=0)
        for band, (low, high) in BANDS.items():
            power = density[(hertz >= low) & (hertz < high)].sum(axis=0) * hertz[1]
            for channel, value in zip(source.channels, power, strict=True):
                expected = 0.5 * np.log(2 * np.pi * np.e * value)
                assert column(made, f"{channel} {band}")[place] == pytest.approx(expected, abs=1e-5)
    assert len(made.values) == 9 and made.times_s[0] == 2.0


def test_filtered_once_it_is_the_variance_of_the_filtered_recording() -> None:
    source = noise(20.0, 2)
    made = extract("eeg.de_filtered", source, [[2.0, 18.0]], 2.0, bands={"alpha": (8, 14)})
    sections = np.concatenate(
        [butter(2, 8, "highpass", fs=128, output="sos"), butter(2, 14, "lowpass", fs=128, output="sos")]
    )
    passed = sosfiltfilt(sections, source.values.astype(np.float64), axis=0)
    for place in range(8):
        rows = slice(round((2 + 2 * place) * RATE_HZ), round((4 + 2 * place) * RATE_HZ))
        expected = 0.5 * np.log(2 * np.pi * np.e * passed[rows].var(axis=0))
        np.testing.assert_allclose(made.values[place], expected, atol=2e-2)


def test_long_windows_and_short_ones_are_filtered_alike() -> None:
    """Short windows go through a matrix, long ones through the filter itself."""
    source = noise(8.0, 2)
    for window_s in (4.0, 5.0):
        made = extract("eeg.de_filtered", source, [[0.0, window_s]], window_s, bands=FAST, per_window=True)
        part = source.values[: round(window_s * RATE_HZ)].astype(np.float64)
        for place, edges in enumerate(FAST.values()):
            passed = sosfilt(butter(5, edges, "bandpass", fs=RATE_HZ, output="sos"), part, axis=0)
            expected = 0.5 * np.log(2 * np.pi * np.e * passed.var(axis=0))
            np.testing.assert_allclose(made.values.reshape(2, 4)[:, place], expected, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 100), st.floats(-1000, 1000))
def test_a_gain_adds_its_logarithm_and_an_offset_nothing(gain: float, offset: float) -> None:
    source = noise(4.0, 2)
    louder = make_signal("eeg", source.values * gain + offset * gain, RATE_HZ, channels=source.channels)
    for name in ("eeg.de", "eeg.de_filtered"):
        before, after = (extract(name, each, [[0, 4]], 1.0, bands=FAST).values for each in (source, louder))
        np.testing.assert_allclose(after, before + np.log(gain), atol=3e-3)
    relative = [
        extract("eeg.band_power", each, [[0, 4]], 1.0, scale="relative").values for each in (source, louder)
    ]
    np.testing.assert_allclose(relative[1], relative[0], atol=2e-3)
    np.testing.assert_allclose(relative[0].reshape(4, 2, 5).sum(axis=2), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["eeg.de", "eeg.de_filtered", "eeg.band_power", "eeg.hjorth"])
def test_windows_of_many_spans_are_those_of_each_by_itself(name: str) -> None:
    source = noise(30.0, 3)
    spans = [[0.5, 6.0], [7.0, 7.9], [8.0, 12.25], [20.0, 29.0]]
    together = extract(name, source, spans, 1.0, 0.5)
    assert together.first.tolist() == [0, 10, 10, 17, 34]
    for place, span in enumerate(spans):
        alone = extract(name, source, [span], 1.0, 0.5)
        rows = slice(together.first[place], together.first[place + 1])
        np.testing.assert_allclose(together.values[rows], alone.values, rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["eeg.de", "eeg.de_filtered", "eeg.band_power", "eeg.asymmetry", "eeg.hjorth"]
)
@pytest.mark.parametrize("spans", [np.zeros((0, 2)), [[0.0, 0.5], [1.0, 1.9]]], ids=["none", "too short"])
def test_spans_without_a_whole_window_have_no_row(name: str, spans: Any) -> None:
    made = extract(name, noise(4.0, 3), spans, 1.0)
    assert made.values.shape == (0, len(made.names)) and len(made.names) > 0
    assert made.first.tolist() == [0] * (len(spans) + 1)


def test_a_sine_has_its_frequency_as_mobility_and_complexity_one() -> None:
    times = np.arange(512) / 256
    made = extract("eeg.hjorth", make_signal("eeg", 5 * np.sin(2 * np.pi * 6 * times), 256.0), [[0, 2]])
    assert column(made, "eeg0 activity")[0] == pytest.approx(12.5, rel=1e-3)
    assert column(made, "eeg0 mobility")[0] == pytest.approx(2 * np.pi * 6, rel=1e-2)
    assert column(made, "eeg0 complexity")[0] == pytest.approx(1, rel=1e-2)


def test_asymmetries_are_of_electrodes_that_face_each_other(oracles: dict[str, NDArray[np.float64]]) -> None:
    source = signal(oracles)
    made = extract("eeg.asymmetry", source, SECONDS, 1.0, bands=FAST)
    entropy = extract("eeg.de", source, SECONDS, 1.0, bands=FAST)
    assert len(made.names) == 2 * 2 * 4
    left, right = column(entropy, "O1 beta"), column(entropy, "O2 beta")
    np.testing.assert_allclose(column(made, "O1-O2 beta dasm"), left - right, rtol=1e-6)
    np.testing.assert_allclose(column(made, "O1-O2 beta rasm"), left / right, rtol=1e-6)
    only = extract("eeg.asymmetry", source, SECONDS, 1.0, bands=FAST, kind="dasm")
    assert only.names == made.names[:8]


@pytest.mark.parametrize(
    ("channels", "pairs"),
    [
        (("F3", "F4"), ((0, 1),)),
        (("f4", "EEG F3-REF", "Cz"), ((1, 0),)),
        (("Fz", "Cz", "Pz"), ()),
        (("T3", "T8", "FT9", "FT10"), ((0, 1), (2, 3))),
        (("AF7", "AF8", "TP9", "TP10"), ((0, 1), (2, 3))),
        (("x1", "x2"), ()),
        (("C3", "C4", "F7", "F8", "B17"), ()),
    ],
)
def test_pairs(channels: tuple[str, ...], pairs: tuple[tuple[int, int], ...]) -> None:
    assert pairs_of(channels) == pairs


def test_a_window_with_a_gap_and_a_flat_channel_are_nan_and_spoil_nothing() -> None:
    source = noise(10.0, 3)
    source.values[:, 1] = 7.0
    source = with_gap(source, 4.2, 4.3)
    made = extract("eeg.de", source, [[0, 10]], 1.0).values.reshape(10, 3, 5)
    assert np.isnan(made[4]).all() and np.isnan(made[:, 1]).all()
    assert np.isfinite(np.delete(made[:, [0, 2]], 4, axis=0)).all()
    filtered = extract("eeg.de_filtered", source, [[0, 10]], 1.0).values.reshape(10, 3, 5)
    assert np.isnan(filtered[4]).all() and np.isnan(filtered[:, 1]).all()
    assert np.isfinite(np.delete(filtered[:, [0, 2]], 4, axis=0)).all()


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "above half the rate": ("eeg.de", {"bands": {"gamma": (31, 70)}}, "nothing above 64 Hz"),
    "filter at half the rate": (
        "eeg.de_filtered",
        {"bands": {"gamma": (31, 64)}},
        "cut-off 64 Hz is impossible",
    ),
    "no lower edge": ("eeg.de_filtered", {"bands": {"all": (0, 64)}, "per_window": True}, "is impossible"),
    "empty band": ("eeg.de", {"bands": {"none": (8, 4)}}, "Write the lower edge first"),
    "base": ("eeg.de", {"base": "10"}, "choose e or 2"),
    "scale": ("eeg.band_power", {"scale": "dB"}, "choose power, log10 or relative"),
    "kind": ("eeg.asymmetry", {"kind": "dcau"}, "choose dasm, rasm or both"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_told(case: str) -> None:
    name, wrong, words = WRONG[case]
    with pytest.raises(FeatureError, match=words):
        extract(name, noise(), [[0, 4]], 1.0, **wrong)


def test_channels_that_no_table_knows_have_no_asymmetry() -> None:
    with pytest.raises(FeatureError, match="face each other"):
        extract("eeg.asymmetry", make_signal("eeg", np.zeros((256, 2)), RATE_HZ), [[0, 2]], 1.0)
