"""Typing rhythm from a session's key table: durations, flights and intervals, never which keys."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.views.keystrokes import flight_times, key_intervals, press_durations, presses_of

Row = tuple[float, str, str, str, int, int]


def table(rows: list[Row], with_press: bool = True) -> dict[str, NDArray[Any]]:
    """Rows of (time, edge, key, class, press, trial) as a finished file holds them."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("time", "edge", "key", "class", "trial", "source", "payload")
    }
    for time, edge, key, key_class, press, trial in rows:
        payload = json.dumps({"press": press} if with_press else {})
        for name, value in zip(
            columns, (time, edge, key, key_class, trial, "presenter", payload), strict=True
        ):
            columns[name].append(value)
    return {name: np.array(values, object) for name, values in columns.items()}


ROLLED: list[Row] = [
    (1.0, "down", "", "letter", 1, 0),
    (1.1, "down", "", "letter", 2, 0),
    (1.15, "up", "", "letter", 1, 0),
    (1.2, "repeat", "", "letter", 2, 0),
    (1.3, "up", "", "letter", 2, 0),
    (1.5, "down", "", "space", 3, 0),
    (1.6, "up", "", "space", 3, 0),
    (9.0, "down", "", "letter", 4, 0),
    (9.2, "down", "", "letter", 5, 1),
    (9.3, "up", "", "letter", 5, 1),
]


def test_durations_flights_and_intervals_are_those_of_the_hands() -> None:
    presses = presses_of(table(ROLLED))
    assert [press.key_class for press in presses] == ["letter", "letter", "space", "letter", "letter"]
    nan = np.nan
    np.testing.assert_allclose(press_durations(presses).values, [150, 200, 100, nan, 100])
    np.testing.assert_allclose(flight_times(presses).values, [nan, -50, 200, nan, nan])
    np.testing.assert_allclose(key_intervals(presses).values, [nan, 100, 400, nan, nan])
    curve = key_intervals(presses)
    assert curve.times_s.tolist() == [1.0, 1.1, 1.5, 9.0, 9.2]
    assert (curve.unit, curve.note) == ("ms", "2 keys, median 250 ms")


def test_only_some_classes_can_be_looked_at() -> None:
    presses = presses_of(table(ROLLED), ("letter",))
    assert len(presses) == 4
    np.testing.assert_allclose(key_intervals(presses).values[:2], [np.nan, 100])


@pytest.mark.parametrize("keys", [("KeyA", "KeyB"), ("", "")])
def test_files_without_numbered_presses_are_paired_by_key_or_class(keys: tuple[str, str]) -> None:
    rows: list[Row] = [
        (1.0, "down", keys[0], "letter", 0, 0),
        (1.1, "down", keys[1], "letter", 0, 0),
        (1.2, "up", keys[0], "letter", 0, 0),
        (1.4, "up", keys[1], "letter", 0, 0),
    ]
    np.testing.assert_allclose(press_durations(presses_of(table(rows, False))).values, [200, 300])


def test_edges_without_a_partner_and_no_keys_at_all_are_no_error() -> None:
    rows: list[Row] = [(1.0, "up", "", "letter", 1, 0), (2.0, "down", "", "letter", 2, 0)]
    (press,) = presses_of(table(rows))
    assert np.isnan(press.up_s)
    assert presses_of({}) == ()
    assert press_durations(()).note == "No keys here."


def test_no_character_leaves_this_room() -> None:
    rows: list[Row] = [(1.0, "down", "q", "letter", 1, 0), (1.1, "up", "q", "letter", 1, 0)]
    presses = presses_of(table(rows))
    told = repr(presses) + repr([press_durations(presses), key_intervals(presses), flight_times(presses)])
    assert "'q'" not in told
