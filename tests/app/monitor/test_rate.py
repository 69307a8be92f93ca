"""Rate and loss by the samples' own times, under every way of delivery that devices have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitor.quality_rate import pace
from tests.helpers.planted import batched, grid

RATES = (4.0, 15.0, 32.0, 52.0, 64.0, 128.0, 250.0, 256.0, 500.0, 1000.0)


def numbers(times: np.ndarray) -> np.ndarray:
    return np.arange(len(times), dtype=np.float64)


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_regular_stream_has_its_rate_and_loses_nothing(rate_hz: float) -> None:
    times = grid(10.0, rate_hz)
    found = pace(times, numbers(times), rate_hz)
    assert found is not None
    assert found.rate_hz == pytest.approx(rate_hz, rel=1e-9)
    assert (found.missing, found.loss) == (0, 0.0)
    assert abs(found.error) < 1e-9


@pytest.mark.parametrize("seconds", [3.0, 10.0])
def test_a_4_hz_stream_in_batches_of_a_second_passes(seconds: float) -> None:
    times = batched(grid(seconds, 4.0), 1.0)
    found = pace(times, numbers(times), 4.0)
    assert found is not None
    assert abs(found.error) < 1e-9
    assert found.missing == 0


@pytest.mark.parametrize(("rate_hz", "batch_s"), [(250.0, 0.04), (256.0, 12 / 256), (64.0, 0.5), (44.1, 1.0)])
def test_rows_stamped_with_their_batch_count_from_batch_to_batch(rate_hz: float, batch_s: float) -> None:
    times = batched(grid(10.0, rate_hz), batch_s)
    found = pace(times, numbers(times), rate_hz)
    assert found is not None
    assert abs(found.error) < 0.02
    assert found.missing == 0


@pytest.mark.parametrize("off", [-0.2, -0.05, -0.021, 0.021, 0.05, 0.2, 1.0])
def test_a_wrong_rate_is_told_exactly(off: float) -> None:
    times = grid(10.0, 250.0 * (1 + off))
    found = pace(times, numbers(times), 250.0)
    assert found is not None
    assert found.error == pytest.approx(off, abs=1e-6)
    assert found.missing == 0


@pytest.mark.parametrize(("rate_hz", "jitter_s"), [(4.0, 0.02), (64.0, 0.1), (250.0, 0.1), (500.0, 0.005)])
def test_jitter_is_neither_a_wrong_rate_nor_a_loss(rate_hz: float, jitter_s: float) -> None:
    for seed in range(20):
        times = grid(10.0, rate_hz)
        late = times + np.random.default_rng(seed).exponential(jitter_s, len(times))
        found = pace(np.maximum.accumulate(late), numbers(times), rate_hz)
        assert found is not None
        assert abs(found.error) < 0.02 + 2 * found.uncertainty, seed
        assert found.loss < 0.01, seed


def test_rows_that_come_late_once_are_not_lost() -> None:
    times = grid(10.0, 250.0)
    held = np.maximum(times, np.where((times > 104.0) & (times < 104.5), 104.5, 0.0))
    found = pace(held, numbers(times), 250.0)
    assert found is not None
    assert found.missing == 0


@given(
    st.sampled_from([32.0, 64.0, 250.0, 500.0]),
    st.lists(st.integers(20, 280), max_size=6, unique=True),
    st.integers(1, 40),
)
def test_lost_rows_are_counted_exactly(rate_hz: float, places: list[int], length: int) -> None:
    times = grid(10.0, rate_hz)
    kept = np.ones(len(times), bool)
    for place in places:
        kept[place : place + length] = False
    # What is lost at the very end cannot be seen yet.
    missing = int(np.count_nonzero(~kept[: int(np.flatnonzero(kept)[-3])]))
    found = pace(times[kept], numbers(times[kept]), rate_hz)
    assert found is not None
    rows = int(kept.sum())
    if _islands(kept) >= 3:
        assert found.missing == missing
        assert found.loss == pytest.approx(missing / (missing + rows - 1), abs=1e-9)
        assert abs(found.error) < 0.002


def _islands(kept: np.ndarray) -> int:
    """Return the shortest run of kept rows: shorter ones cannot be told from late ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]]).astype(int)))
    return int((edges[1::2] - edges[::2]).min())


def test_loss_in_batches_is_found() -> None:
    times = batched(grid(10.0, 256.0), 12 / 256)
    kept = np.ones(len(times), bool)
    kept[600:636] = False
    found = pace(times[kept], numbers(times[kept]), 256.0)
    assert found is not None
    assert found.missing == 36


def test_a_reader_that_came_too_late_lost_nothing_of_the_stream() -> None:
    times = grid(10.0, 250.0)
    kept = np.ones(len(times), bool)
    kept[700:1000] = False
    found = pace(times[kept], numbers(times)[kept], 250.0)
    assert found is not None
    assert (found.missing, round(found.rate_hz, 6)) == (0, 250.0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_rows_say_nothing(count: int) -> None:
    assert pace(grid(1.0, 4.0)[:count], np.arange(count, dtype=np.float64), 4.0) is None


@given(st.lists(st.floats(0, 20), min_size=3, max_size=200), st.sampled_from([1.0, 4.0, 250.0]))
def test_any_times_give_a_finite_answer(times: list[float], rate_hz: float) -> None:
    stamps = np.array(sorted(times))
    found = pace(stamps, numbers(stamps), rate_hz)
    if found is not None:
        assert np.isfinite([found.rate_hz, found.error, found.uncertainty, found.loss]).all()
        assert 0.0 <= found.loss < 1.0
