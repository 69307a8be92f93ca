"""Heart, skin, temperature and breathing against NeuroKit2 on made signals, and laws that each must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features import heart as hearts
from analysis.features import respiration, skin, temperature
from analysis.features.feature import FeatureError, Signal
from analysis.features.heart import heart_of
from analysis.features.respiration import breaths_of
from analysis.features.skin import skin_of
from tests.helpers.feature_signals import column, extract, make_signal, with_gap

ORACLES = Path(__file__).with_name("fixtures") / "body_oracles.npz"
Known = Mapping[str, NDArray[np.float64]]
ECG_HZ, PULSE_HZ, BREATH_HZ, SKIN_HZ = 250.0, 64.0, 25.0, 8.0


@pytest.fixture(scope="module")
def known() -> Known:
    with np.load(ORACLES) as file:
        return dict(file)


def ecg(known: Known) -> Signal:
    return make_signal("ecg", known["ecg"] / 8000, ECG_HZ, unit="mV")


def pulse(known: Known) -> Signal:
    return make_signal("bvp", known["ppg"] / 8000, PULSE_HZ)


def eda(known: Known) -> Signal:
    # NeuroKit's own signal falls below zero, which skin cannot.
    return make_signal("eda", known["eda"] / 4000 + 5, SKIN_HZ, unit="uS")


def nearest_ms(found: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((found[np.abs(found[None] - true[:, None]).argmin(axis=1)] - true) * 1000, np.float64)


def test_an_ecgs_beats_are_neurokits_to_a_sample(known: Known) -> None:
    found = heart_of(ecg(known)).beats.times_s
    # The recording begins in the middle of a beat, which NeuroKit leaves out.
    found = found[found > 0.5]
    assert len(found) == len(known["ecg_peaks"])
    assert np.abs(nearest_ms(found, known["ecg_peaks"] / ECG_HZ)).max() <= 1000 / ECG_HZ


def test_variability_is_neurokits_of_the_same_beats(known: Known) -> None:
    made = extract("heart", ecg(known), [[10, 70], [20, 80], [30, 90]])
    mean_ms, sdnn, rmssd, pnn50, sd1_sd2 = known["ecg_hrv"].T
    np.testing.assert_allclose(column(made, "rate_bpm"), 60_000 / mean_ms, rtol=2e-3)
    np.testing.assert_allclose(column(made, "sdnn_ms"), sdnn, rtol=0.02)
    np.testing.assert_allclose(column(made, "rmssd_ms"), rmssd, rtol=0.03)
    # NeuroKit's beats lie on samples, 4 ms apart: changes of about 50 ms fall on the one side or the other.
    np.testing.assert_allclose(column(made, "pnn50") * 100, pnn50, atol=5)
    np.testing.assert_allclose(column(made, "sd1_sd2"), sd1_sd2, rtol=0.03)


def test_a_pulses_beats_are_neurokits_at_their_feet(known: Known) -> None:
    """The same beats: NeuroKit marks the top, this the foot, each time about as much earlier."""
    found = heart_of(pulse(known)).beats.times_s
    true = known["ppg_peaks"] / PULSE_HZ
    assert abs(len(found) - len(true)) <= 2
    early = -nearest_ms(found, true[1:-1])
    assert 60 < np.median(early) < 400
    assert np.abs(early - np.median(early)).max() < 120


def test_windows_are_what_the_beats_inside_them_give(known: Known) -> None:
    """A loop over windows and beats, written out."""
    source = pulse(known)
    heart = heart_of(source)
    made = extract("heart", source, [[5.0, 145.0]], 30.0, 7.5)
    for place, middle_s in enumerate(made.times_s):
        low, high = middle_s - 15, middle_s + 15
        rows = [
            row
            for row in range(1, len(heart.interval_s))
            if heart.beats.times_s[row - 1] >= low and heart.beats.times_s[row] < high
        ]
        interval = heart.interval_s[rows]
        interval = interval[np.isfinite(interval)]
        assert column(made, "rate_bpm")[place] == pytest.approx(60 / interval.mean(), rel=1e-5)
        assert column(made, "sdnn_ms")[place] == pytest.approx(1000 * interval.std(ddof=1), rel=1e-4)
        change = np.array([heart.interval_s[row] - heart.interval_s[row - 1] for row in rows[1:]])
        change = change[np.isfinite(change)]
        expected = 1000 * np.sqrt(np.mean(change**2))
        assert column(made, "rmssd_ms")[place] == pytest.approx(expected, rel=1e-4)
        assert column(made, "pnn50")[place] == pytest.approx(np.mean(np.abs(change) > 0.05), abs=1e-6)
        share = interval.sum() / 30
        assert column(made, "believable_share")[place] == pytest.approx(share, rel=1e-5)


def test_the_spectrum_finds_breathing_in_the_intervals() -> None:
    """Intervals that swing at 0.25 Hz by 40 ms, and at 0.1 Hz by 20 ms: variances 800 and 200 ms2."""
    times = [0.0]
    while times[-1] < 300:
        at = times[-1]
        swing = 0.04 * np.sin(2 * np.pi * 0.25 * at) + 0.02 * np.sin(2 * np.pi * 0.1 * at)
        times.append(at + 0.75 + swing)
    wave = np.zeros(round(302 * ECG_HZ))
    grid = np.arange(len(wave)) / ECG_HZ
    for beat in times:
        near = slice(max(0, round((beat - 0.1) * ECG_HZ)), round((beat + 0.1) * ECG_HZ))
        wave[near] += np.exp(-0.5 * ((grid[near] - beat) / 0.012) ** 2)
    source = make_signal("ecg", wave, ECG_HZ)
    made = extract("heart", source, [[20, 280]], 120.0, 60.0)
    np.testing.assert_allclose(column(made, "breath_peak_hz"), 0.25, atol=0.01)
    np.testing.assert_allclose(np.exp(column(made, "log_hf_ms2")), 800, rtol=0.25)
    np.testing.assert_allclose(np.exp(column(made, "log_lf_ms2")), 200, rtol=0.35)
    short = extract("heart", source, [[20, 280]], 60.0)
    assert np.isnan(column(short, "lf_hf")).all() and np.isfinite(column(short, "log_hf_ms2")).all()
    shorter = extract("heart", source, [[20, 280]], 30.0)
    assert np.isnan(column(shorter, "log_hf_ms2")).all() and np.isfinite(column(shorter, "rate_bpm")).all()


def test_a_stronger_pulse_is_larger_and_nothing_else(known: Known) -> None:
    source = pulse(known)
    louder = replace(source, values=3 * source.values + 2)
    before, after = (extract("heart", each, [[10, 140]], 60.0, 30.0) for each in (source, louder))
    for name in hearts.NAMES:
        gain = 3 if name.startswith("amplitude") else 1
        np.testing.assert_allclose(
            column(after, name), gain * column(before, name), rtol=2e-2, atol=1e-2, err_msg=name
        )


def test_rise_and_amplitude_of_a_pulse_of_known_shape() -> None:
    """Triangles that rise 2 units in 0.2 s, 0.8 s apart; the band-pass rounds their corners."""
    phase = np.arange(64 * 60) / 64 % 0.8
    wave = np.where(phase < 0.2, phase / 0.2, (0.8 - phase) / 0.6) * 2
    made = extract("heart", make_signal("bvp", wave, 64.0), [[10, 50]])
    assert column(made, "rate_bpm")[0] == pytest.approx(75, rel=0.01)
    assert column(made, "rise_ms")[0] == pytest.approx(200, rel=0.25)
    assert column(made, "amplitude_mean")[0] == pytest.approx(2, rel=0.2)
    assert column(made, "amplitude_sd")[0] == pytest.approx(0, abs=0.05)


def test_too_few_beats_are_no_number(known: Known) -> None:
    source = with_gap(pulse(known), 60.0, 98.0)
    made = extract("heart", source, [[0, 150]], 30.0)
    assert np.isfinite(column(made, "rate_bpm")).tolist() == [True, True, False, True, True]
    assert column(made, "believable_share")[2] == 0
    flat = extract("heart", make_signal("bvp", np.zeros(64 * 60), 64.0), [[0, 60]], 30.0)
    assert np.isnan(flat.values[:, :-1]).all()


def test_skin_responses_are_neurokits(known: Known) -> None:
    """Nine were made; peak and number agree, at any onset rule."""
    found = [each for each in skin_of(eda(known)).responses if each.amplitude_us > 0.1]
    true = known["eda_peaks"] / SKIN_HZ
    assert len(found) in (len(true), len(true) - 1)
    peaks = np.array([each.peak_s for each in found])
    assert np.abs(nearest_ms(true, peaks)).max() < 500


def test_skin_windows_are_what_the_responses_inside_them_give(known: Known) -> None:
    source = eda(known)
    whole = skin_of(source)
    made = extract("skin", source, [[0, 180]], 45.0, 15.0)
    phasic = whole.smooth_us - whole.level_us
    for place, middle_s in enumerate(made.times_s):
        low, high = middle_s - 22.5, middle_s + 22.5
        inside = [each for each in whole.responses if low <= each.onset_s < high and each.is_plausible]
        rows = (whole.times_s >= low) & (whole.times_s < high)
        assert column(made, "responses_per_min")[place] == pytest.approx(len(inside) / 0.75)
        total = sum(each.amplitude_us for each in inside)
        assert column(made, "response_sum_us_per_min")[place] == pytest.approx(total / 0.75, abs=1e-5)
        if inside:
            mean_s = np.mean([each.rise_s for each in inside])
            assert column(made, "rise_mean_s")[place] == pytest.approx(mean_s, rel=1e-4)
        else:
            assert np.isnan(column(made, "response_mean_us")[place])
        tonic = whole.level_us[rows]
        assert column(made, "tonic_mean_us")[place] == pytest.approx(tonic.mean(), rel=1e-5)
        slope = 60 * np.polyfit(whole.times_s[rows], tonic, 1)[0]
        assert column(made, "tonic_slope_us_per_min")[place] == pytest.approx(slope, abs=1e-4)
        assert column(made, "phasic_mean_us")[place] == pytest.approx(phasic[rows].mean(), abs=1e-5)


@pytest.mark.parametrize(("unit", "scale"), [("uS", 1.0), ("nS", 1e3), ("S", 1e-6)])
def test_the_unit_does_not_matter(known: Known, unit: str, scale: float) -> None:
    source = eda(known)
    other = make_signal("eda", source.values * scale, SKIN_HZ, unit=unit)
    before, after = (extract("skin", each, [[0, 180]], 45.0) for each in (source, other))
    np.testing.assert_allclose(after.values, before.values, rtol=1e-2, atol=1e-4)


def test_what_is_no_conductance_or_too_slow_is_told() -> None:
    with pytest.raises(FeatureError, match="is in 'kOhm', which is no conductance"):
        extract("skin", make_signal("eda", np.ones(400), 4.0, unit="kOhm"), [[0, 60]])
    with pytest.raises(FeatureError, match="needs at least 2 Hz, not 1"):
        extract("skin", make_signal("eda", np.ones(400), 1.0, unit="uS"), [[0, 60]])


def test_breathing_that_is_too_slow_is_told() -> None:
    with pytest.raises(FeatureError, match="needs at least 2 Hz, not 1"):
        extract("respiration", make_signal("respiration", np.ones(400), 1.0), [[0, 60]])


def test_half_a_window_must_be_there(known: Known) -> None:
    made = extract("skin", with_gap(eda(known), 50.0, 75.0), [[0, 180]], 45.0)
    assert np.isnan(column(made, "tonic_mean_us")).tolist() == [False, True, False, False]
    warm = make_signal("temperature", 33 + np.arange(400) / 1000, 4.0)
    made = extract("temperature", with_gap(warm, 22.0, 38.0), [[0, 100]], 20.0)
    assert np.isnan(made.values).all(axis=1).tolist() == [False, True, False, False, False]


def test_temperature_that_rises_a_tenth_of_a_degree_a_minute() -> None:
    times = np.arange(4 * 300) / 4
    made = extract("temperature", make_signal("temperature", 33 + times / 600, 4.0, 50.0), [[50, 350]], 60.0)
    np.testing.assert_allclose(column(made, "slope_c_per_min"), 0.1, atol=1e-3)
    np.testing.assert_allclose(column(made, "mean_c"), 33.05 + 0.1 * np.arange(5), atol=2e-3)
    np.testing.assert_allclose(column(made, "range_c"), 59 / 600, atol=1e-3)
    np.testing.assert_allclose(column(made, "sd_c"), np.arange(60).std(ddof=1) / 600, atol=1e-3)


def test_breaths_are_neurokits(known: Known) -> None:
    breaths = breaths_of(known["rsp"].astype(np.float64), 0.0, BREATH_HZ)
    true = known["rsp_peaks"] / BREATH_HZ
    assert abs(len(breaths.peak_s) - len(true)) <= 1
    assert np.median(np.abs(nearest_ms(true, breaths.peak_s))) < 150
    made = extract("respiration", make_signal("respiration", known["rsp"], BREATH_HZ), [[10, 170]])
    assert column(made, "rate_per_min")[0] == pytest.approx(known["rsp_rate"][0], rel=0.03)


def test_breathing_of_known_rate_depth_and_ratio() -> None:
    """Four seconds a breath: 1.5 s in, 2.5 s out, 3 units deep."""
    phase = np.arange(25 * 200) / 25 % 4
    wave = np.where(phase < 1.5, -np.cos(np.pi * phase / 1.5), np.cos(np.pi * (phase - 1.5) / 2.5)) * 1.5
    made = extract("respiration", make_signal("respiration", wave, 25.0), [[20, 180]], 40.0)
    np.testing.assert_allclose(column(made, "rate_per_min"), 15, rtol=0.01)
    np.testing.assert_allclose(column(made, "depth_mean"), 3, rtol=0.1)
    np.testing.assert_allclose(column(made, "in_out_ratio"), 0.6, rtol=0.1)
    np.testing.assert_allclose(column(made, "rate_sd_per_min"), 0, atol=0.2)
    assert column(made, "volume_per_min")[0] == pytest.approx(45, rel=0.2)


def test_volume_is_depth_times_rate_wherever_a_window_cuts_its_breaths() -> None:
    """Seven seconds a breath, 3 units deep: 3 x 60 / 7; windows of 24 s hold two or three whole ones."""
    times = np.arange(25 * 400) / 25
    source = make_signal("respiration", 1.5 * np.sin(2 * np.pi * times / 7), 25.0)
    made = extract("respiration", source, [[20, 380]], 24.0, 1.0)
    volume = column(made, "volume_per_min")
    assert np.isfinite(volume).any() and np.isnan(volume).any()
    np.testing.assert_allclose(volume[np.isfinite(volume)], 180 / 7, rtol=0.02)


@pytest.mark.parametrize("level", [1.0, 1.1, 512.3, -40.7])
def test_a_belt_that_does_not_move_breathes_not(level: float) -> None:
    """What a filter's arithmetic leaves of a constant is no breath."""
    made = extract("respiration", make_signal("respiration", np.full(25 * 180, level), 25.0), [[20, 170]])
    assert np.isnan(made.values).all()
    times = np.arange(25 * 180) / 25
    shallow = 512.3 + 0.01 * np.sin(2 * np.pi * 0.25 * times)
    made = extract("respiration", make_signal("respiration", shallow, 25.0), [[20, 170]])
    assert column(made, "rate_per_min")[0] == pytest.approx(15, rel=0.01)


@pytest.mark.parametrize("source", ["interval", "amplitude", "baseline"])
def test_breathing_shows_in_the_pulse(source: str) -> None:
    """A pulse whose rate, height and foot swing 15 times a minute."""
    times = np.arange(64 * 180) / 64
    swing = np.sin(2 * np.pi * 0.25 * times)
    turn = np.cumsum(1.2 * (1 + 0.06 * swing)) / 64 % 1
    shape = np.where(turn < 0.2, turn / 0.2, np.exp(-4 * (turn - 0.2)) - np.exp(-3.2) * (turn - 0.2) / 0.8)
    wave = shape * (1 + 0.3 * swing) + 0.15 * swing
    made = extract("respiration", make_signal("bvp", wave, 64.0), [[20, 170]], 50.0, source=source)
    np.testing.assert_allclose(column(made, "rate_per_min"), 15, rtol=0.1)
    with pytest.raises(FeatureError, match="cannot be taken from 'colour'"):
        extract("respiration", make_signal("bvp", wave, 64.0), [[20, 170]], 50.0, source="colour")


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("heart", hearts.NAMES),
        ("skin", skin.NAMES),
        ("temperature", temperature.NAMES),
        ("respiration", respiration.NAMES),
    ],
)
def test_context_is_the_same_window_begun_earlier(known: Known, name: str, names: tuple[str, ...]) -> None:
    sources = {
        "heart": pulse(known),
        "skin": eda(known),
        "temperature": make_signal("temperature", 33 + known["eda"] / 9000, 4.0),
        "respiration": make_signal("respiration", known["rsp"], BREATH_HZ),
    }
    made = extract(name, sources[name], [[80, 140]], 20.0, context_s=40.0)
    longer = extract(name, sources[name], [[40, 140]], 60.0, 20.0)
    assert made.names == names and made.times_s.tolist() == [90, 110, 130]
    np.testing.assert_allclose(made.values, longer.values, rtol=1e-5, equal_nan=True)
    nothing = extract(name, sources[name], np.zeros((0, 2)), 20.0)
    assert nothing.values.shape == (0, len(names)) and nothing.first.tolist() == [0]
    beyond = extract(name, sources[name], [[5000, 5060]], 20.0)
    assert beyond.values.shape == (3, len(names)) and not np.isfinite(beyond.values[:, 0]).any()


@pytest.mark.parametrize("name", ["heart", "skin.change", "motion"])
def test_some_numbers_are_those_of_all(known: Known, name: str) -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, (32 * 180, 3))
    source = {
        "heart": pulse(known),
        "skin.change": eda(known),
        "motion": make_signal("acceleration", wave, 32.0),
    }
    every = extract(name, source[name], [[60, 140]], 20.0)
    wanted = [every.names[4], every.names[1]]
    some = extract(name, source[name], [[60, 140]], 20.0, which=wanted)
    assert some.names == tuple(wanted)
    np.testing.assert_array_equal(some.values, every.values[:, [4, 1]])
    with pytest.raises(FeatureError, match=f"{name} has no nonsense. It has: {every.names[0]}"):
        extract(name, source[name], [[60, 140]], 20.0, which=["nonsense"])


@pytest.mark.parametrize("name", ["heart", "motion"])
def test_around_is_the_same_window_made_wider(known: Known, name: str) -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, (32 * 180, 3))
    source = {"heart": pulse(known), "motion": make_signal("acceleration", wave, 32.0)}[name]
    made = extract(name, source, [[60, 100]], 20.0, around_s=10.0)
    wider = extract(name, source, [[50, 110]], 40.0, 20.0)
    np.testing.assert_allclose(made.values, wider.values, rtol=1e-5, equal_nan=True)
    with pytest.raises(FeatureError, match="around a window are impossible"):
        extract(name, source, [[60, 100]], 20.0, around_s=-1.0)


def test_medians_are_those_of_the_beats_inside(known: Known) -> None:
    source = pulse(known)
    heart = heart_of(source)
    made = extract("heart", source, [[20, 140]], 40.0)
    for place, low in enumerate((20, 60, 100)):
        inside = (heart.beats.times_s >= low) & (heart.beats.times_s < low + 40)
        median_ms = 1000 * np.nanmedian(heart.interval_s[np.flatnonzero(inside)[1:]])
        assert column(made, "interval_median_ms")[place] == pytest.approx(median_ms, rel=1e-5)
        rise_ms = 1000 * np.nanmedian(heart.rise_s[inside])
        assert column(made, "rise_median_ms")[place] == pytest.approx(rise_ms, rel=1e-5)


def still(seconds: int = 900, level_us: float = 4.0) -> NDArray[np.float64]:
    return np.full(seconds * 4, level_us)


def test_a_step_of_the_level_is_seen_as_change_and_forgotten() -> None:
    """From 4 to 5 uS within a second at 400 s; windows of 60 s, before them 120 s, the lowest of 300 s."""
    times = np.arange(3600) / 4
    values = still() + np.clip(times - 400, 0, 1)
    made = extract("skin.change", make_signal("eda", values, 4.0, unit="uS"), [[0, 900]], 60.0, 60.0)
    change, above = column(made, "change_us"), column(made, "above_low_us")
    # Windows begin at 0, 60, ...; that at 420 s has 20 s of the new level in its 120 s before.
    assert np.isnan(change[0])
    np.testing.assert_allclose(change[[1, 5, 9, 12]], 0, atol=0.02)
    np.testing.assert_allclose(change[[7, 8]], [100 / 120, 40 / 120], atol=0.02)
    np.testing.assert_allclose(above[[7, 8, 9, 10, 11, 13]], [1, 1, 1, 1, 0, 0], atol=0.02)
    log = column(made, "change_log")
    assert log[7] == pytest.approx(np.log(5.05 / 4.05) * 100 / 120, abs=0.01)
    louder = extract("skin.change", make_signal("eda", 3 * values, 4.0, unit="uS"), [[0, 900]], 60.0, 60.0)
    np.testing.assert_allclose(column(louder, "change_log")[1:], log[1:], atol=5e-3)
    np.testing.assert_allclose(column(louder, "change_us")[1:], 3 * change[1:], atol=1e-3)


def test_a_steady_climb_has_its_slopes_and_no_fast_part() -> None:
    times = np.arange(3600) / 4
    made = extract("skin.change", make_signal("eda", 2 + times / 600, 4.0, unit="uS"), [[300, 600]], 60.0)
    np.testing.assert_allclose(column(made, "slope_us_per_min"), 0.1, atol=1e-3)
    middles = 300 + np.arange(5) * 60 - 30
    np.testing.assert_allclose(column(made, "slope_log_per_min"), 0.1 / (2.05 + middles / 600), rtol=0.05)
    assert (column(made, "fast_log_mean") < -2.5).all()
    swinging = extract(
        "skin.change",
        make_signal("eda", 2 + 0.2 * np.sin(2 * np.pi * 0.2 * times), 4.0, unit="uS"),
        [[300, 600]],
        60.0,
    )
    np.testing.assert_allclose(column(swinging, "fast_log_mean"), np.log10(0.141), atol=0.15)


def test_motion_of_a_known_swing_and_of_none() -> None:
    """0.2 g at 3 Hz along one axis, from 60 s on: an RMS of 0.141 g."""
    times = np.arange(32 * 180) / 32
    values = np.zeros((len(times), 3))
    values[:, 2] = 1
    values[times >= 60, 0] = 0.2 * np.sin(2 * np.pi * 3 * times[times >= 60])
    source = make_signal("acceleration", values, 32.0)
    made = extract("motion", source, [[0, 180]], 30.0)
    np.testing.assert_allclose(
        column(made, "movement_mean")[[0, 3, 4]], [-4, np.log10(0.141), np.log10(0.141)], atol=0.1
    )
    assert column(made, "movement_sd")[4] < 0.05
    turned = make_signal("acceleration", values[:, [1, 2, 0]], 32.0)
    np.testing.assert_allclose(extract("motion", turned, [[0, 180]], 30.0).values, made.values, atol=1e-4)
    with pytest.raises(FeatureError, match="needs at least 25 Hz, not 10"):
        extract("motion", make_signal("acceleration", values, 10.0), [[0, 100]])
    longer = extract("motion", source, [[90, 150]], 30.0, context_s=30.0)
    expected = extract("motion", source, [[60, 150]], 60.0, 30.0)
    np.testing.assert_allclose(longer.values, expected.values, rtol=1e-5)


@pytest.mark.parametrize(("unit", "scale"), [("mg", 1e3), ("m/s^2", 9.80665), ("m/s²", 9.80665)])
def test_motion_is_in_g_whatever_it_was_recorded_in(unit: str, scale: float) -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, (32 * 60, 3))
    in_g = extract("motion", make_signal("acceleration", wave, 32.0, unit="g"), [[0, 60]], 20.0)
    other = make_signal("acceleration", wave * scale, 32.0, unit=unit)
    np.testing.assert_allclose(extract("motion", other, [[0, 60]], 20.0).values, in_g.values, atol=1e-4)
    with pytest.raises(FeatureError, match="acceleration0 is in 'V', which is no acceleration"):
        extract("motion", make_signal("acceleration", wave, 32.0, unit="V"), [[0, 60]])


@pytest.mark.parametrize("name", ["skin.change", "motion"])
def test_a_gap_of_most_of_a_window_is_no_number(known: Known, name: str) -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, (32 * 180, 3))
    source = {"skin.change": eda(known), "motion": make_signal("acceleration", wave, 32.0)}[name]
    made = extract(name, with_gap(source, 92.0, 118.0), [[60, 180]], 30.0)
    assert np.isnan(made.values[:, -1]).tolist() == [False, True, False, False]
    assert extract(name, source, np.zeros((0, 2)), 20.0).values.shape == (0, len(made.names))
