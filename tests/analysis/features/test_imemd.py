"""Speech as modes: shapes at both rates of the paper, segments, columns by hand, variants for training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.as_live import AS_LIVE, by_span, extracted
from analysis.features.feature import FeatureError, Signal, Steps, feature
from analysis.features.imemd import IMEMD, hilbert_distribution, imemd_by_span, segments
from analysis.features.sound_variants import Most, pitch_shifted, time_shifted, variant, with_noise
from analysis.recognizers.recognizer import CancelledError

Floats = NDArray[np.float64]
CHEAP = {"n_phases": 2, "sifts": 2, "k_max": 3}


def voice(seconds: float, rate_hz: float = 8000.0) -> Floats:
    """A tone of 180 Hz with harmonics that comes and goes four times a second."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 180 * part * at) / part for part in (1, 2, 3, 5))
    return np.asarray(0.3 * tone * (1 + np.sin(2 * np.pi * 4 * at)))


def signal(sound: Floats, rate_hz: float = 8000.0) -> Signal:
    return Signal("speech", rate_hz, 0.0, sound[:, None].astype(np.float32), ("mic",), ("",))


def steps(sound: Floats, rate_hz: float = 8000.0, spans: Any = None, **changed: Any) -> Steps:
    whole = np.array([[0.0, len(sound) / rate_hz]]) if spans is None else np.array(spans, float)
    return IMEMD.extract(signal(sound, rate_hz), whole, 0.0, 0.0, {**IMEMD.settings, **CHEAP, **changed})


@pytest.mark.parametrize("rate_hz", [8000.0, 16_000.0, 22_050.0, 24_414.0])
def test_a_segment_has_298_frames_of_43_numbers_at_any_rate(rate_hz: float) -> None:
    found = steps(voice(0.4, rate_hz), rate_hz, method="emd")
    assert found.values.shape == (298, 43)
    assert found.names[:8] == ("sc", "sp", "sk", "su", "se", "d_se", "dd_se", "smfcc_1")
    assert found.names[-1] == "dd_smfcc_12"
    assert feature("speech.imemd") is IMEMD


def test_without_decomposition_36_numbers_are_left() -> None:
    found = steps(voice(0.4), method="none")
    assert found.values.shape == (298, 36)
    assert all("smfcc" in name for name in found.names)


@pytest.mark.parametrize(("seconds", "count"), [(0.2, 1), (3.0, 1), (3.4, 1), (3.5, 2), (6.0, 2), (7.0, 3)])
def test_long_sounds_are_cut_and_a_short_rest_is_dropped(seconds: float, count: int) -> None:
    sound = np.ones(round(seconds * 100))
    found = segments(sound, 100.0, 3.0, 0.5)
    assert [len(each) for each in found] == [300] * count
    kept = np.concatenate(found)[: len(sound)]
    np.testing.assert_array_equal(kept, sound[: len(kept)])


def test_spans_and_segments_follow_each_other() -> None:
    found = steps(voice(5.0), spans=[[0, 1], [1, 4.9]], segment_s=1.0, method="emd")
    frames = 98
    assert found.first.tolist() == [0, frames, 5 * frames]
    assert found.times_s[frames] == pytest.approx(1.0125)
    assert found.times_s[2 * frames] == pytest.approx(2.0125)
    alone = steps(voice(5.0), spans=[[1, 4.9]], segment_s=1.0, method="emd")
    np.testing.assert_array_equal(alone.values, found.values[frames:])


def test_the_silence_behind_a_short_sound_has_energy_but_no_frequencies() -> None:
    found = steps(voice(1.0), method="emd")
    silent = found.times_s > 1.05
    assert np.isnan(found.values[silent, :4]).all()
    assert np.isfinite(found.values[:, 4:]).all()
    assert np.isfinite(found.values[20:90]).all()
    assert found.values[silent, 4].max() < found.values[:90, 4].min()


def test_loudness_of_the_recording_makes_no_difference() -> None:
    soft, loud = (steps(scale * voice(0.5), method="emd") for scale in (0.01, 1.0))
    np.testing.assert_allclose(soft.values[:45], loud.values[:45], rtol=2e-2, atol=2e-2)


def test_a_frame_with_missing_samples_is_missing() -> None:
    sound = voice(1.0)
    sound[4000:4010] = np.nan
    found = steps(sound, method="emd")
    missing = np.isnan(found.values).all(axis=1)
    hit = (found.times_s - 0.0125 < 4010 / 8000) & (found.times_s + 0.0125 > 0.5)
    np.testing.assert_array_equal(missing, hit)


def test_the_moments_over_modes_are_those_of_a_weighted_sample() -> None:
    amplitude, centre = np.array([[1.0], [1.0], [2.0]]), np.array([[100.0], [200.0], [400.0]])
    (made,) = hilbert_distribution(amplitude, centre)
    drawn = np.array([100.0, 200.0, 400.0, 400.0])
    off = (drawn - drawn.mean()) / drawn.std()
    np.testing.assert_allclose(made, [275, drawn.std(), (off**3).mean(), (off**4).mean()])


def test_one_mode_alone_has_a_centre_and_no_shape() -> None:
    (made,) = hilbert_distribution(np.array([[2.0]]), np.array([[150.0]]))
    assert made[:2].tolist() == [150, 0]
    assert np.isnan(made[2:]).all()


def test_the_slope_of_a_ramp_is_constant() -> None:
    tone = np.sin(2 * np.pi * 400 * np.arange(16_000) / 8000)
    found = steps(tone * np.exp(np.linspace(-4, 0, 16_000)), method="emd", segment_s=2.0)
    inside = slice(30, -30)
    # The log of the energy rises by 8 in 200 frames.
    np.testing.assert_allclose(found.values[inside, found.names.index("d_se")], 0.04, atol=2e-3)
    np.testing.assert_allclose(found.values[inside, found.names.index("dd_se")], 0.0, atol=2e-3)


def test_the_cepstrum_is_of_the_sound_without_its_trend() -> None:
    drifting = voice(0.8) + 3 * np.sin(2 * np.pi * 1.5 * np.arange(6400) / 8000)
    bare, with_drift = (steps(each, method="none") for each in (voice(0.8), drifting))
    cleaned = steps(drifting, method="emd", sifts=10, k_max=20)
    one = with_drift.names.index("smfcc_1")
    column, inside = cleaned.names.index("smfcc_1"), slice(5, 70)
    off = np.abs(with_drift.values[inside, one] - bare.values[inside, one]).mean()
    left = np.abs(cleaned.values[inside, column] - bare.values[inside, one]).mean()
    assert left < 0.6 * off


def test_variants_are_other_sounds_of_the_same_length_and_the_same_each_time() -> None:
    plain = steps(voice(0.5), method="none")
    varied = steps(voice(0.5), method="none", variants=3)
    assert varied.values.shape == (3 * 298, 36)
    np.testing.assert_array_equal(varied.values, steps(voice(0.5), method="none", variants=3).values)
    parts = varied.values.reshape(3, 298, 36)
    for part in parts:
        assert np.abs(part - plain.values).max() > 0.1
    assert np.abs(parts[0] - parts[1]).max() > 0.1
    other_seed = steps(voice(0.5), method="none", variants=3, seed=2)
    assert np.abs(other_seed.values - varied.values).max() > 0.1


@pytest.mark.parametrize("semitones", [-2.0, -0.7, 0.5, 2.0])
def test_pitch_moves_and_duration_stays(semitones: float) -> None:
    at = np.arange(16_000) / 16_000
    burst = np.sin(2 * np.pi * 440 * at) * np.exp(-(((at - 0.6) / 0.08) ** 2))
    made = pitch_shifted(burst, 16_000.0, semitones)
    assert len(made) == len(burst)
    assert np.abs(np.fft.rfft(made)).argmax() == pytest.approx(440 * 2 ** (semitones / 12), abs=3)
    middle_s = float((made**2 * at).sum() / (made**2).sum())
    width_s = float(np.sqrt((made**2 * (at - middle_s) ** 2).sum() / (made**2).sum()))
    assert middle_s == pytest.approx(0.6, abs=0.012)
    assert width_s == pytest.approx(0.04, rel=0.2)


@pytest.mark.parametrize(("shift", "expected"), [(2, [0, 0, 1, 2]), (-1, [2, 3, 4, 0]), (0, [1, 2, 3, 4])])
def test_time_moves_and_silence_fills(shift: int, expected: list[float]) -> None:
    assert time_shifted(np.array([1.0, 2, 3, 4]), shift).tolist() == expected


@pytest.mark.parametrize("snr_db", [-20.0, 0.0, 40.0])
def test_noise_has_the_power_asked_for(snr_db: float) -> None:
    sound = voice(0.5)
    noise = with_noise(sound, snr_db, np.random.default_rng(1)) - sound
    assert 10 * np.log10((sound**2).mean() / (noise**2).mean()) == pytest.approx(snr_db, abs=1e-6)


def test_a_variant_is_as_long_and_its_largest_sample_is_one() -> None:
    made = variant(voice(0.5), 8000.0, 1, 1, Most())
    assert len(made) == 4000
    assert np.abs(made).max() == pytest.approx(1.0)
    assert variant(np.zeros(50), 8000.0, 1, 1, Most()).tolist() == [0.0] * 50


@pytest.mark.parametrize(
    ("changed", "words"), [({"method": "dwt"}, "'dwt' is unknown"), ({"n_phases": 1}, "2 phases"),
                           ({"frame_s": 9.0}, "fit into a segment")]
)  # fmt: skip
def test_what_is_impossible_is_said(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(FeatureError, match=words):
        steps(voice(0.2), **changed)


@pytest.mark.parametrize("variants", [0, 2])
def test_span_by_span_the_numbers_are_the_same(variants: int) -> None:
    sound, spans = voice(3.0), [[0.0, 1.0], [1.0, 2.9]]
    chosen = {**IMEMD.settings, **CHEAP, "segment_s": 1.0, "variants": variants}
    whole = steps(sound, spans=spans, segment_s=1.0, variants=variants)
    of = imemd_by_span(signal(sound), chosen)
    parts = [of(start_s, stop_s, lambda: False) for start_s, stop_s in spans]
    np.testing.assert_array_equal(whole.values, np.concatenate([each.values for each in parts]))
    np.testing.assert_array_equal(whole.times_s, np.concatenate([each.times_s for each in parts]))
    assert whole.first.tolist() == [0, len(parts[0].values), len(whole.values)]


def test_a_decomposition_is_stopped_within_a_segment() -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    of = imemd_by_span(signal(voice(1.0)), {**IMEMD.settings, "segment_s": 1.0})
    with pytest.raises(CancelledError):
        of(0.0, 1.0, cancelled)
    assert asked == 6


def test_as_live_it_is_the_same_span_by_span() -> None:
    sound, spans = signal(voice(3.0)), np.array([[0.0, 1.0], [1.0, 2.9]])
    chosen = {**IMEMD.settings, **CHEAP, "segment_s": 1.0, AS_LIVE: 1.5}
    whole = extracted(IMEMD, sound, spans, 0.0, 0.0, chosen)
    of = by_span(IMEMD, sound, chosen)
    assert of is not None
    parts = [of(start_s, stop_s, lambda: False) for start_s, stop_s in spans.tolist()]
    np.testing.assert_array_equal(whole.values, np.concatenate([each.values for each in parts]))
    assert by_span(feature("statistics"), sound, {}) is None
