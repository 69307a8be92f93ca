"""The detector and the chain behind it, on levels that are known and on made-up passages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.csi.chain import (
    ChainSpec,
    centres,
    follow,
    moving_average,
    printed_centres,
    segments,
    weights_of,
)
from analysis.csi.detector import DetectorSpec, detect, level_db, reach_of_printed
from analysis.simulate.channel import KINDS, passages


def dips(depth_db: float, length: int, count: int = 5, noise: float = 0.2, seed: int = 0) -> np.ndarray:
    """Return a level with `count` dips of so many readings, four seconds apart."""
    random = np.random.default_rng(seed)
    level = np.full(count * (length + 200) + 200, 30.0)
    for number in range(count):
        level[200 + number * (length + 200) :][:length] -= depth_db
    return level + noise * random.normal(size=len(level))


@pytest.mark.parametrize("depth_db", [6.0, 8.0, 15.0, -9.0])
@pytest.mark.parametrize("length", [61, 90, 200])
def test_every_dip_of_6_db_and_over_1_2_s_is_found_where_it_is(depth_db: float, length: int) -> None:
    for seed in range(4):
        found = detect(dips(depth_db, length, seed=seed))
        first = 200 + np.arange(5) * (length + 200)
        assert found.events == tuple((row, row + length) for row in first.tolist())


@given(st.floats(0, 3.4), st.integers(1, 120))
def test_what_stays_within_the_threshold_is_never_found(depth_db: float, length: int) -> None:
    assert detect(dips(depth_db, length, 2, noise=0.02)).events == ()


def test_less_than_a_second_is_not_enough() -> None:
    assert detect(dips(12.0, 49)).events == ()
    assert len(detect(dips(12.0, 50, noise=0.0)).events) == 5


def test_the_printed_baseline_runs_after_a_passage_and_misses_it() -> None:
    printed = DetectorSpec(follows_all=True)
    assert detect(dips(15.0, 100, noise=0.0), printed).events == ()
    assert reach_of_printed(printed) == pytest.approx(29.6, abs=0.05)
    # A deeper one is found, and never ends: the baseline is frozen where the passage was.
    deep = dips(33.0, 100, noise=0.0)
    assert detect(deep, printed).events == ((200, len(deep)),)
    assert len(detect(deep).events) == 5


def test_the_baseline_is_frozen_while_something_is_detected_and_follows_a_slow_drift() -> None:
    level = dips(10.0, 300, 1, noise=0.0)
    found = detect(level)
    assert np.ptp(found.baseline_db[260:490]) == 0.0
    slow = detect(30 + np.linspace(0, 20, 6000))
    assert slow.events == () and abs(slow.baseline_db[-1] - 50) < 0.2


def test_a_node_that_was_moved_is_quiet_again_after_a_minute() -> None:
    level = np.concatenate([np.full(500, 30.0), np.full(4000, 20.0)])
    found = detect(level)
    assert found.events == () and not found.detected[-1]
    assert found.baseline_db[-1] == pytest.approx(20, abs=0.1)


def test_a_missing_reading_ends_the_count() -> None:
    level = dips(10.0, 60, 1, noise=0.0)
    level[230] = np.nan
    assert detect(level).events == ()


def test_the_level_is_that_of_the_mean_amplitude() -> None:
    amplitudes = np.full((3, 52), 10.0)
    amplitudes[1] *= 2
    amplitudes[2] = np.nan
    np.testing.assert_allclose(level_db(amplitudes)[:2], [20.0, 20 + 20 * np.log10(2)])


def test_the_moving_average_has_five_terms_and_the_printed_one_four() -> None:
    values = np.arange(20.0)[:, None] ** 2
    ours, printed = moving_average(values), moving_average(values, as_published=True)
    assert ours[10, 0] == pytest.approx(np.mean(np.arange(6, 11) ** 2))
    assert printed[10, 0] == pytest.approx(np.sum(np.arange(6, 10) ** 2) / 5)


@pytest.mark.parametrize("seed", range(6))
def test_the_four_best_are_the_planted_subcarriers_and_every_passage_is_found(seed: int) -> None:
    made = passages(tuple(KINDS) * 2, seed)
    found = follow(made.amplitudes, ChainSpec())
    assert set(found.order[:4].tolist()) == set(made.strong.tolist())
    assert len(found.detection.events) == len(made.passages)
    for (first, stop), passage in zip(found.detection.events, made.passages, strict=True):
        assert passage.start_s <= first / 50 + 0.01 and stop / 50 <= passage.stop_s + 0.01


def test_weights_are_of_the_best_of_all_by_ratio_or_of_all_alike() -> None:
    snr = np.array([10.0, 0.0, 3.0, 7.0])
    np.testing.assert_allclose(weights_of(snr, ChainSpec("top", 2)), [0.5, 0, 0, 0.5])
    np.testing.assert_allclose(weights_of(snr, ChainSpec("average")), 0.25)
    weighted = weights_of(snr, ChainSpec("weighted"))
    assert weighted.sum() == pytest.approx(1) and weighted[0] == pytest.approx(10 * weighted[1])
    assert (weights_of(snr, ChainSpec("top", 99)) == 0.25).all()


def test_segments_have_201_readings_about_the_highest_point_and_go_on_beyond_an_end() -> None:
    curve = np.zeros(1000)
    curve[30], curve[500] = 2.0, 3.0
    rows = centres(curve, ((10, 40), (450, 470)))
    np.testing.assert_array_equal(rows, [30, 500])
    found = segments(curve, rows)
    assert found.shape == (2, 201)
    assert found[0, 100] == 2.0 and found[1, 100] == 3.0
    np.testing.assert_array_equal(found[0, :70], curve[0])


def test_readings_that_are_missing_in_a_segment_are_bridged() -> None:
    curve = np.arange(400.0)
    curve[150:160] = np.nan
    np.testing.assert_allclose(segments(curve, np.array([200]))[0], np.arange(100.0, 301.0))


def test_the_printed_points_are_minima_at_the_end_of_every_four_seconds() -> None:
    curve = np.ones(1000)
    curve[[170, 30, 390]] = [0.2, 0.0, 0.1]
    assert printed_centres(curve)[:2].tolist() == [170, 390]
    assert len(printed_centres(curve)) == 5


def test_the_pooled_mean_folds_loud_subcarriers_and_their_own_does_not() -> None:
    made = passages(("pedestrian",) * 4, 3, gain_sd=1.0)
    own = follow(made.amplitudes, ChainSpec())
    pooled = follow(made.amplitudes, ChainSpec(baseline="pooled"))
    quiet = slice(50, 300)
    assert own.aligned[quiet].mean() < 0.2 * pooled.aligned[quiet].mean()
    assert (own.aligned >= 0).all()
    plain = follow(made.amplitudes, ChainSpec(rectified=False))
    first, stop = plain.detection.events[0]
    assert plain.curve[(first + stop) // 2] < 0 < own.curve[(first + stop) // 2]
