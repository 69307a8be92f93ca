"""Typing rhythm of spans: hand-computed, and never a character."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.features.feature import FeatureError, Signal, Steps
from analysis.features.keys import NAMES
from tests.helpers.voices import extracted

Stroke = tuple[float, float, str]


def typed(strokes: list[Stroke], repeats: tuple[float, ...] = ()) -> Signal:
    """Keys as (down, up, class), in seconds, and moments at which a held key repeats."""
    rows: list[tuple[float, str, str]] = []
    for down_s, up_s, key_class in strokes:
        rows += [(down_s, "down", key_class), (up_s, "up", key_class)]
    rows += [(time_s, "repeat", "letter") for time_s in repeats]
    rows.sort(key=lambda row: row[0])
    table: dict[str, NDArray[Any]] = {
        "time": np.array([row[0] for row in rows], np.float64),
        "edge": np.array([row[1] for row in rows], object),
        "class": np.array([row[2] for row in rows], object),
        "trial": np.zeros(len(rows), np.int64),
    }
    return Signal("keys", 0.0, 0.0, np.zeros((0, 0), np.float32), (), (), table=table)


HELLO: list[Stroke] = [
    (10.0, 10.10, "letter"),
    (10.2, 10.28, "letter"),
    (10.5, 10.56, "space"),
    (10.9, 11.00, "editing"),
    (11.0, 11.05, "editing"),
    (14.0, 14.10, "letter"),
    (14.1, 14.18, "letter"),
]


def of(steps: Steps, name: str, row: int = 0) -> float:
    return float(steps.values[row, steps.names.index(name)])


def test_n_keys_give_n_less_one_intervals_and_repeats_are_no_keys() -> None:
    made = extracted("keys.intervals", typed(HELLO, (10.05, 10.07)), [(10.0, 15.0), (0.0, 1.0), (10.0, 10.6)])
    np.testing.assert_allclose(made.values[:6, 0], [0.2, 0.3, 0.4, 0.1, 3.0, 0.1], rtol=1e-5)
    assert made.first.tolist() == [0, 6, 6, 8]
    np.testing.assert_allclose(made.times_s[:2], [10.1, 10.35])
    cut = extracted("keys.intervals", typed(HELLO), [(10.0, 15.0)], longest_s=1.0)
    assert cut.values.max() == pytest.approx(1.0)


def test_statistics_are_those_that_a_hand_computes() -> None:
    made = extracted("keys.statistics", typed(HELLO), [(10.0, 15.0)])
    every, dwell = [0.2, 0.3, 0.4, 0.1, 0.1], [0.1, 0.08, 0.06, 0.1, 0.05, 0.1, 0.08]
    flight = [0.1, 0.22, 0.34, 0.0, 0.0]
    assert of(made, "interval_mean_s") == pytest.approx(np.mean(every), rel=1e-5)
    assert of(made, "interval_sd_s") == pytest.approx(np.std(every, ddof=1), rel=1e-5)
    assert of(made, "interval_median_s") == pytest.approx(0.2, rel=1e-5)
    assert of(made, "interval_p90_s") == pytest.approx(np.percentile(every, 90), rel=1e-5)
    assert of(made, "dwell_mean_s") == pytest.approx(np.mean(dwell), rel=1e-5)
    assert of(made, "flight_mean_s") == pytest.approx(np.mean(flight), rel=1e-5)
    assert of(made, "pauses") == 1
    assert of(made, "longest_interval_s") == pytest.approx(3.0, rel=1e-5)
    assert of(made, "pause_share") == pytest.approx(3.0 / 4.1, rel=1e-5)
    assert of(made, "keys_per_s") == pytest.approx(6 / 4.1, rel=1e-5)
    assert of(made, "characters_per_s") == pytest.approx(5 / 5, rel=1e-5)
    assert of(made, "corrections_per_character") == pytest.approx(2 / 5, rel=1e-5)
    assert of(made, "correction_bursts_per_character") == pytest.approx(1 / 5, rel=1e-5)
    assert of(made, "after_space_s") == pytest.approx(0.4, rel=1e-5)
    assert of(made, "keys") == 7


def test_nothing_typed_is_unknown_and_little_typed_has_no_spread() -> None:
    made = extracted("keys.statistics", typed(HELLO), [(0.0, 1.0), (10.0, 10.3)])
    assert np.isnan(made.values[0]).all()
    assert of(made, "interval_mean_s", 1) == pytest.approx(0.2, rel=1e-5)
    assert np.isnan(of(made, "interval_sd_s", 1))
    assert of(made, "keys", 1) == 2
    nothing = Signal("keys", 0.0, 0.0, np.zeros((0, 0), np.float32), (), ())
    assert extracted("keys.intervals", nothing, [(0.0, 1.0)]).first.tolist() == [0, 0]
    assert np.isnan(extracted("keys.statistics", nothing, [(0.0, 1.0)]).values).all()


def test_a_window_knows_nothing_of_a_key_that_is_still_held_at_its_end() -> None:
    held = [(1.0, 1.1, "letter"), (1.5, 1.6, "letter"), (1.9, 2.4, "letter")]
    longer = [*held[:2], (1.9, 3.0, "letter")]
    one, other = (extracted("keys.statistics", typed(each), [(0.0, 2.0)]) for each in (held, longer))
    np.testing.assert_array_equal(one.values, other.values)
    assert of(one, "dwell_mean_s") == pytest.approx(0.1, rel=1e-4)
    assert of(one, "keys") == 3


def test_rolled_keys_have_negative_flights() -> None:
    made = extracted("keys.statistics", typed([(1.0, 1.3, "letter"), (1.2, 1.4, "letter")]), [(0.0, 2.0)])
    assert of(made, "flight_mean_s") == pytest.approx(-0.1, rel=1e-4)
    assert of(made, "negative_flights") == 1


@given(
    st.lists(st.tuples(st.integers(1, 800), st.integers(1, 400)), min_size=1, max_size=40),
    st.sampled_from(["letter", "space", "editing", "control"]),
)
def test_any_typing_gives_named_numbers_or_nan(gaps: list[tuple[int, int]], key_class: str) -> None:
    time_ms, strokes = 0, list[Stroke]()
    for gap, held in gaps:
        time_ms += gap
        strokes.append((time_ms / 1000, (time_ms + held) / 1000, key_class))
    whole = [(0.0, time_ms / 1000 + 1)]
    made = extracted("keys.statistics", typed(strokes), whole)
    assert made.names == NAMES
    assert made.values.shape == (1, len(NAMES))
    assert not np.isinf(made.values).any()
    every = extracted("keys.intervals", typed(strokes), whole)
    assert len(every.values) == len(strokes) - 1
    np.testing.assert_allclose(every.values.sum(), strokes[-1][0] - strokes[0][0], atol=1e-4)


def test_characters_are_never_needed() -> None:
    signal = typed(HELLO)
    assert not {"key", "char"} & set(signal.table)
    assert np.isfinite(extracted("keys.statistics", signal, [(10.0, 15.0)]).values).all()


def test_a_table_without_its_columns_is_refused_in_words() -> None:
    broken = Signal("keys", 0.0, 0.0, np.zeros((0, 0), np.float32), (), (), table={"time": np.zeros(1)})
    with pytest.raises(FeatureError, match="no column class, edge"):
        extracted("keys.statistics", broken, [(0.0, 1.0)])
