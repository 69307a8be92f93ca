"""What a feature says that it reads beside its spans: not less than it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.features.feature import FEATURES, Signal, feature
from analysis.features.reach import FILTERED_S, Reach
from tests.helpers.feature_signals import extract, make_signal

SPAN = np.array([[150.0, 180.0]])
LENGTH_S = 330.0
RATES = {
    "bvp": 64.0,
    "eda": 16.0,
    "acceleration": 32.0,
    "temperature": 4.0,
    "respiration": 25.0,
    "eeg": 100.0,
}
NARROW = {"bands": {"alpha": (8.0, 14.0)}}

WIDE: tuple[tuple[str, str, Mapping[str, Any], float, float], ...] = (
    ("heart", "bvp", {"context_s": 60.0, "around_s": 10.0}, 70.0, 10.0),
    ("heart.change", "bvp", {"before_s": 100.0}, 100.0, 0.0),
    ("skin", "eda", {"context_s": 60.0}, 60.0, 0.0),
    ("skin.change", "eda", {"before_s": 90.0, "low_s": 60.0, "around_s": 20.0}, 110.0, 20.0),
    ("skin.change", "eda", {"before_s": 40.0, "low_s": 60.0}, 60.0, 0.0),
    ("motion", "acceleration", {"context_s": 30.0, "around_s": 5.0}, 35.0, 5.0),
    ("temperature", "temperature", {"context_s": 30.0}, 30.0, 0.0),
    ("respiration", "respiration", {"context_s": 60.0}, 60.0, 0.0),
    ("samples", "eda", {"count": 800}, 10.0, 10.0),
    ("samples", "eda", {"count": 800, "rate_hz": 8.0}, 35.0, 35.0),
)
"""Feature, modality, settings, and the seconds that are read before and behind a span of 30 s."""
NARROWER: tuple[tuple[str, str, Mapping[str, Any], float, float], ...] = (
    ("statistics", "eda", {}, 0.0, 0.0),
    ("values", "eda", {}, 0.0, 0.0),
    ("samples", "eda", {"count": 100}, 0.0, 0.0),
    ("eeg.raw", "eeg", {"low_hz": 1.0, "high_hz": 40.0}, 0.0, 0.0),
    ("eeg.de", "eeg", NARROW, 0.0, 0.0),
    ("eeg.de_filtered", "eeg", NARROW, 0.0, 0.0),
    ("eeg.hjorth", "eeg", {}, 0.0, 0.0),
)

OF_THE_SPAN = ("face.crops", "scene.frames")
"""Their `count` is of pictures of the span itself: test_patches_and_frames looks at which are read."""


def ids(case: tuple[Any, ...]) -> str:
    return f"{case[0]} {dict(case[2])}"


def recorded(modality: str, seed: int) -> Signal:
    random, rate_hz = np.random.default_rng(seed), RATES[modality]
    count = int(LENGTH_S * rate_hz)
    noise = random.standard_normal(count)
    times = np.arange(count) / rate_hz
    values = {
        "bvp": np.sin(2 * np.pi * np.cumsum(1.2 + 0.05 * np.sin(1.5 * times)) / rate_hz) + 0.02 * noise,
        "eda": 5 + 0.01 * np.cumsum(noise),
        "respiration": np.sin(2 * np.pi * 0.25 * times + 0.02 * np.cumsum(noise)),
    }.get(modality, noise)
    return make_signal(modality, values, rate_hz, unit="uS" if modality == "eda" else "")


def reach_of(name: str, modality: str, settings: Mapping[str, Any]) -> Reach:
    what = feature(name)
    return what.reach({**what.settings, **settings}, RATES[modality])


def mixed(inner: Signal, outer: Signal, low_s: float, high_s: float) -> Signal:
    times = np.arange(len(inner.values)) / inner.rate_hz
    is_inside = (times >= low_s) & (times < high_s)
    return replace(inner, values=np.where(is_inside[:, None], inner.values, outer.values))


def far_apart(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Return the largest difference, against the size of each number; NaN must be NaN in both."""
    assert np.array_equal(np.isnan(one), np.isnan(other))
    return float(np.nanmax(np.abs(one - other) / (np.abs(one) + 0.01), initial=0.0))


@pytest.mark.parametrize("case", (*WIDE, *NARROWER), ids=ids)
def test_reach_is_what_the_settings_say(case: tuple[str, str, Mapping[str, Any], float, float]) -> None:
    name, modality, settings, before_s, after_s = case
    assert reach_of(name, modality, settings).of(SPAN, 0.0).tolist() == [[150 - before_s, 180 + after_s]]


@pytest.mark.parametrize("case", (*WIDE, *NARROWER), ids=ids)
def test_another_signal_beyond_the_reach_changes_nothing(
    case: tuple[str, str, Mapping[str, Any], float, float],
) -> None:
    name, modality, settings, before_s, after_s = case
    one, other = recorded(modality, 1), recorded(modality, 2)
    margin_s = (FILTERED_S if reach_of(name, modality, settings).is_filtered else 0.0) + 1 / one.rate_hz
    changed = mixed(one, other, 150 - before_s - margin_s, 180 + after_s + margin_s)
    before, after = (extract(name, each, SPAN, **settings).values for each in (one, changed))
    is_filtered = reach_of(name, modality, settings).is_filtered
    # Behind the margin a tenth of a breath's interval is the most that a filter's edge leaves.
    assert far_apart(before, after) <= (0.1 if is_filtered else 0.0)


@pytest.mark.parametrize("case", WIDE, ids=ids)
def test_another_signal_inside_the_reach_alone_changes_the_numbers(
    case: tuple[str, str, Mapping[str, Any], float, float],
) -> None:
    name, modality, settings, before_s, _ = case
    one, other = recorded(modality, 1), recorded(modality, 2)
    changed = mixed(one, other, 150 - before_s / 2, LENGTH_S)
    before, after = (extract(name, each, SPAN, **settings).values for each in (one, changed))
    assert not np.array_equal(before, after, equal_nan=True)


@pytest.mark.parametrize("name", ["samples", "values", "eeg.raw"])
@pytest.mark.parametrize("scale", ["zscore", "minmax"])
def test_scaling_over_the_whole_recording_is_said(name: str, scale: str) -> None:
    assert reach_of(name, "eda", {"scale": scale}).whole == f"{scale} over the whole recording"
    assert reach_of(name, "eda", {}).whole == ""


def test_samples_of_an_unknown_rate_may_come_from_anywhere() -> None:
    what = feature("samples")
    assert np.isinf(what.reach({**what.settings, "count": 5}, 0.0).of(SPAN, 2.5)).all()


@pytest.mark.parametrize("name", FEATURES)
def test_every_setting_that_widens_a_window_is_counted(name: str) -> None:
    what = feature(name)
    widening = {"context_s", "around_s", "before_s", "low_s", "count"}
    if name in OF_THE_SPAN:
        widening.remove("count")
    for setting in widening & set(what.settings):
        looked = what.reach({**what.settings, setting: 1000}, 1.0).of(SPAN, 0.0)
        assert looked[0, 0] <= 150 - 485
