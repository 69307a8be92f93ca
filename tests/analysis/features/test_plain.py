"""Samples, rows and statistics of any signal, and windows as such."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from analysis.features.feature import FEATURES, FeatureError, feature
from analysis.features.plain import COMPUTED
from analysis.features.resampling import resampled
from analysis.features.windows import Sums, cut, reaching_back
from tests.helpers.feature_signals import column, extract, make_signal, with_gap

RANDOM = np.random.default_rng(5)
TEN_S = [[100.0, 110.0]]


def test_the_papers_wristband_windows_are_seven_of_160_10_and_10() -> None:
    """Spec 01: 2.5 s, half overlapping, over ten seconds of 64, 4 and 4 Hz."""
    for rate_hz, width in ((64.0, 160), (4.0, 10), (4.0, 10)):
        source = make_signal("bvp", RANDOM.normal(3, 2, round(300 * rate_hz)), rate_hz)
        made = extract("samples", source, TEN_S, 2.5, 1.25, scale="zscore")
        assert made.values.shape == (7, width)
        whole = source.values[:, 0].astype(np.float64)
        expected = (whole - whole.mean()) / whole.std()
        for place in range(7):
            begin = round((100 + 1.25 * place) * rate_hz)
            np.testing.assert_allclose(made.values[place], expected[begin : begin + width], atol=1e-5)


def test_segments_of_a_thousand_samples_lie_about_the_middle_and_are_padded() -> None:
    """Spec 02: 1000 samples at 128 Hz around each instant, the recording padded at both ends."""
    source = make_signal("ecg", np.arange(64 * 60, dtype=float), 64.0)
    made = extract("samples", source, [[0.0, 60.0]], 1.0, rate_hz=128.0, count=1000, pad="edge")
    assert made.values.shape == (60, 1000) and np.isfinite(made.values).all()
    assert made.values[30, 500] == pytest.approx(30.5 * 64, rel=1e-3)
    assert (made.values[0, :400] == made.values[0, 0]).all()
    bare = extract("samples", source, [[0.0, 60.0]], 1.0, rate_hz=128.0, count=1000)
    assert np.isnan(bare.values[0, :400]).all() and np.isfinite(bare.values[30]).all()
    scaled = extract("samples", source, [[0.0, 60.0]], 1.0, rate_hz=128.0, count=1000, scale="minmax")
    assert np.nanmin(scaled.values) == pytest.approx(0) and np.nanmax(scaled.values) == pytest.approx(1)


def test_channels_stand_one_behind_the_other() -> None:
    source = make_signal("eda", np.stack([np.arange(40.0), np.arange(40.0) + 1000], axis=1), 4.0)
    made = extract("samples", source, [[2.0, 4.0]], 1.0)
    assert made.values.tolist() == [
        [8, 9, 10, 11, 1008, 1009, 1010, 1011],
        [12, 13, 14, 15, 1012, 1013, 1014, 1015],
    ]
    assert made.names[3:5] == ("eda0 3", "eda1 0")


def test_rows_of_a_stream_come_as_they_are() -> None:
    """Features that came with a data set: a row a step, at the stream's own rate."""
    table = RANDOM.normal(size=(50, 310))
    source = make_signal("eeg", table, 0.25, start_s=1000.0)
    made = extract("values", source, [[1000.0, 1040.0], [1100.0, 1104.0], [1190.0, 1300.0]])
    assert made.first.tolist() == [0, 10, 11, 13]
    np.testing.assert_array_equal(made.values[:10], table[:10].astype(np.float32))
    assert made.times_s[:2].tolist() == [1000.0, 1004.0]


def test_raw_eeg_has_a_step_a_sample_filtered_and_at_the_asked_rate() -> None:
    times = np.arange(128 * 40) / 128
    slow, fast = np.sin(2 * np.pi * 1 * times), np.sin(2 * np.pi * 10 * times)
    source = make_signal("eeg", np.stack([slow + fast, 2 * fast + 3], axis=1), 128.0)
    made = extract("eeg.raw", source, [[10.0, 20.0]], low_hz=4.0, high_hz=30.0, rate_hz=64.0)
    assert made.values.shape == (640, 2)
    np.testing.assert_allclose(made.values[:, 1], 2 * np.sin(2 * np.pi * 10 * made.times_s), atol=0.1)
    np.testing.assert_allclose(made.values[:, 0], np.sin(2 * np.pi * 10 * made.times_s), atol=0.1)
    averaged = extract("eeg.raw", source, [[10.0, 20.0]], reference="average")
    np.testing.assert_allclose(averaged.values.sum(axis=1), 0, atol=1e-5)


REFERENCE: dict[str, Any] = {
    "max": np.max,
    "min": np.min,
    "mean": np.mean,
    "sd": np.std,
    "variance": np.var,
    "squared_sum": lambda part: np.sum(part**2),
    "median": np.median,
    "range": np.ptp,
    "rms": lambda part: np.sqrt(np.mean(part**2)),
    "slope": lambda part: stats.linregress(np.arange(len(part)) / 32, part).slope,
    "mean_abs_difference": lambda part: np.mean(np.abs(np.diff(part))),
    "skewness": stats.skew,
    "kurtosis": lambda part: stats.kurtosis(part, fisher=False),
}


def test_every_statistic_is_what_scipy_gives_window_by_window() -> None:
    assert set(REFERENCE) == set(COMPUTED)
    source = make_signal("peripheral", RANDOM.gamma(2, 3, (32 * 20, 2)), 32.0, start_s=50.0)
    made = extract("statistics", source, [[52.0, 60.0], [61.0, 68.0]], 2.0, which=list(COMPUTED))
    assert made.first.tolist() == [0, 4, 7]
    for place, start_s in enumerate((52, 54, 56, 58, 61, 63, 65)):
        part = source.values[(start_s - 50) * 32 :][:64].astype(np.float64)
        for channel in range(2):
            for name, reference in REFERENCE.items():
                found = column(made, f"peripheral{channel} {name}")[place]
                assert found == pytest.approx(reference(part[:, channel]), rel=1e-4, abs=1e-5), name


def test_by_default_they_are_the_papers_48_of_eight_channels() -> None:
    source = make_signal("peripheral", RANDOM.normal(size=(1280, 8)), 128.0)
    made = extract("statistics", source, [[0, 10]], 2.0)
    assert made.values.shape == (5, 48)
    assert made.names[:6] == tuple(
        f"peripheral0 {name}" for name in ("max", "min", "mean", "sd", "variance", "squared_sum")
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 10), st.floats(-10, 10))
def test_scale_and_shift_laws(gain: float, offset: float) -> None:
    values = np.random.default_rng(1).normal(0, 1, 320)
    before, after = (
        extract("statistics", make_signal("eda", each, 32.0), [[0, 10]], 2.0, which=list(COMPUTED))
        for each in (values, gain * values + offset)
    )
    for name in ("sd", "range", "slope", "mean_abs_difference"):
        np.testing.assert_allclose(
            column(after, f"eda0 {name}"), gain * column(before, f"eda0 {name}"), rtol=1e-3, atol=1e-4
        )
    for name in ("max", "min", "mean", "median"):
        np.testing.assert_allclose(
            column(after, f"eda0 {name}"), gain * column(before, f"eda0 {name}") + offset, atol=1e-4
        )
    for name in ("skewness", "kurtosis"):
        np.testing.assert_allclose(column(after, f"eda0 {name}"), column(before, f"eda0 {name}"), atol=2e-3)


@pytest.mark.parametrize("name", ["samples", "statistics"])
def test_a_gap_makes_the_windows_that_meet_it_nan_and_no_other(name: str) -> None:
    source = with_gap(make_signal("eda", RANDOM.normal(size=400), 4.0), 31.0, 33.0)
    made = extract(name, source, [[0.0, 100.0]], 5.0)
    is_hit = np.isnan(made.values).any(axis=1)
    assert np.flatnonzero(is_hit).tolist() == [6]


def test_beyond_the_recording_nothing_is_made_up() -> None:
    source = make_signal("eda", RANDOM.normal(size=40), 4.0, start_s=100.0)
    made = extract("statistics", source, [[95.0, 115.0]], 2.5)
    assert np.isnan(made.values).any(axis=1).tolist() == [True] * 2 + [False] * 4 + [True] * 2


def test_another_rate_keeps_what_lies_below_it_and_the_gaps() -> None:
    times = np.arange(64 * 30) / 64
    source = with_gap(make_signal("bvp", np.sin(2 * np.pi * times), 64.0, 5.0), 20.0, 22.0)
    for rate_hz in (16.0, 100.0, 128.0):
        made = resampled(source, rate_hz)
        at = 5.0 + np.arange(len(made.values)) / rate_hz
        in_gap = np.isnan(made.values[:, 0])
        assert at[in_gap].min() == pytest.approx(20, abs=2 / 16)
        assert at[in_gap].max() == pytest.approx(22, abs=2 / 16)
        inner = ~in_gap & (at > 7) & (at < 33) & ((at < 19) | (at > 23))
        np.testing.assert_allclose(made.values[inner, 0], np.sin(2 * np.pi * (at[inner] - 5)), atol=0.01)
    assert resampled(source, 0) is source


WRONG: dict[str, tuple[str, dict[str, Any], float, str]] = {
    "statistic": ("statistics", {"which": ["mode"]}, 1.0, "no mode. There are: max"),
    "none": ("statistics", {"which": []}, 1.0, "There are: max"),
    "scale": ("samples", {"scale": "robust"}, 1.0, "choose one of none, zscore, minmax"),
    "no window": ("samples", {}, 0.0, "a window must be given"),
    "count": ("samples", {"count": -1}, 1.0, "count must be 0 or more"),
    "too short": ("samples", {}, 0.1, "hold no sample"),
    "rate": ("samples", {"rate_hz": -4.0}, 1.0, "is impossible"),
    "window": ("samples", {}, -1.0, "is impossible"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_told(case: str) -> None:
    name, wrong, window_s, words = WRONG[case]
    with pytest.raises(FeatureError, match=words):
        extract(name, make_signal("eda", np.zeros(400), 4.0), TEN_S, window_s, **wrong)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 30)), max_size=5), st.floats(0.25, 8), st.floats(0, 8)
)
def test_windows_never_leave_their_span_and_none_is_left_out(
    spans: list[tuple[float, float]], window_s: float, hop_s: float
) -> None:
    table = np.array([[start, start + length] for start, length in spans]).reshape(-1, 2)
    hop_s = 0.0 if hop_s < 0.25 else hop_s
    made = cut(table, window_s, hop_s)
    step_s = hop_s or window_s
    for place, (start_s, stop_s) in enumerate(table):
        begins = made.start_s[made.first[place] : made.first[place + 1]]
        assert (begins >= start_s).all() and (begins + window_s <= stop_s + 2e-6).all()
        expected = 0
        while start_s + expected * step_s + window_s <= stop_s + 1e-6:
            expected += 1
        assert abs(len(begins) - expected) <= (abs((stop_s - start_s - window_s) % step_s) < 1e-5)
    np.testing.assert_allclose(made.length_s, window_s)


def test_one_window_a_span_where_none_is_given() -> None:
    made = cut(np.array([[1.0, 4.0], [5.0, 5.5]]), 0.0, 0.0)
    assert made.start_s.tolist() == [1, 5] and made.middle_s.tolist() == [2.5, 5.25]
    back = reaching_back(made, 10.0)
    assert back.start_s.tolist() == [-9, -5] and back.stop_s.tolist() == [4, 5.5]
    with pytest.raises(FeatureError, match="is impossible"):
        reaching_back(made, -1.0)


def moments(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.3, 1.5, 200)) + 1e6
    numbers = random.normal(1e4, 1, 200)
    numbers[random.random(200) < 0.2] = np.nan
    return times, numbers


@pytest.mark.parametrize("seed", range(4))
def test_sums_by_search_are_those_of_a_loop(seed: int) -> None:
    times, numbers = moments(seed)
    windows = cut(np.array([[times[0] - 5, times[-1] + 5]]), 20.0, 3.0)
    rows = Sums.inside(times, windows)
    for place in range(len(windows)):
        inside = (times >= windows.start_s[place]) & (times < windows.stop_s[place]) & np.isfinite(numbers)
        part = numbers[inside]
        assert rows.known(numbers)[place] == len(part)
        if len(part) >= 3:
            assert rows.mean(numbers)[place] == pytest.approx(part.mean(), abs=1e-6)
            assert rows.sd(numbers)[place] == pytest.approx(part.std(ddof=1), abs=1e-5)
            slope = np.polyfit(times[inside] - times[inside].mean(), part, 1)[0]
            assert rows.slope(numbers, times)[place] == pytest.approx(slope, abs=1e-5)


def test_every_feature_of_the_body_says_whose_definition_it_is() -> None:
    own = ("eeg", "analysis.features.plain", "heart", "skin", "temperature", "respiration")
    for name, target in FEATURES.items():
        if any(part in target for part in own) or name.startswith("eeg"):
            found = feature(name)
            assert found.name == name and found.source and found.about.endswith((".", "response."))
