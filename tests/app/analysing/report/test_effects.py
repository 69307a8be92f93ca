"""Effect sizes within participants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysing.report.effects import paired_effect


def people(values: list[float], trials: int = 1) -> dict[str, list[float]]:
    """Return each value as a participant's trials."""
    return {f"P{place:02d}": [value] * trials for place, value in enumerate(values)}


def test_the_size_is_that_of_the_worked_formula() -> None:
    differences = np.array([1.0, 2.0, 0.5, 1.5, -0.5, 3.0, 1.0, 2.5])
    rest = np.arange(8.0)
    effect = paired_effect(people(list(rest)), people(list(rest + differences)))
    plain = differences.mean() / differences.std(ddof=1)
    assert effect.participants == 8
    assert effect.difference == pytest.approx(differences.mean())
    assert effect.dz == pytest.approx(plain * (1 - 3 / (4 * 7 - 1)))
    assert effect.low is not None and effect.high is not None
    assert effect.low < plain < effect.high


def test_trials_are_averaged_within_participants_first() -> None:
    many = {"P1": [0.0, 2.0], "P2": [1.0] * 9, "P3": [1.0, np.nan]}
    effect = paired_effect(people([0.0]) | {code: [0.0] for code in many}, many)
    assert effect.participants == 3
    assert effect.difference == pytest.approx(1.0)
    assert effect.dz is None
    assert effect.why == "the same for everybody"


def test_who_has_only_one_category_is_left_out_and_too_few_are_said() -> None:
    effect = paired_effect({"P1": [1.0], "P2": [2.0]}, {"P2": [3.0], "P3": [4.0]})
    assert (effect.participants, effect.dz) == (1, None)
    assert effect.why == "only 1 participants have both"


def test_under_six_participants_there_is_a_size_without_an_interval() -> None:
    effect = paired_effect(people([0.0] * 5), people([1.0, 2.0, 1.5, 0.5, 1.0]))
    assert effect.dz is not None
    assert (effect.low, effect.high) == (None, None)
    assert effect.why == "no interval: only 5 participants"


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=12, unique=True), st.floats(0.1, 10))
def test_turning_it_round_turns_the_sign_and_a_unit_changes_nothing(values: list[float], unit: float) -> None:
    zeros = people([0.0] * len(values))
    effect = paired_effect(zeros, people(values))
    back = paired_effect(people(values), zeros)
    scaled = paired_effect(zeros, people([unit * value for value in values]))
    if effect.dz is None:
        return
    assert back.dz == pytest.approx(-effect.dz)
    assert scaled.dz == pytest.approx(effect.dz, rel=1e-6)


def test_no_effect_is_inside_its_interval_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    inside = 0
    for draw in range(200):
        effect = paired_effect(people([0.0] * 20), people(list(random.normal(0, 1, 20))), seed=draw)
        assert effect.low is not None and effect.high is not None
        inside += effect.low <= 0 <= effect.high
    assert 176 <= inside <= 198
