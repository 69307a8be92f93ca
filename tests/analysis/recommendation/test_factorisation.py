"""Factors: each half step is an exact solution, the penalised error never rises, and structure is found."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analysis.recommendation.factorisation import factorise, fold_in, penalised_error, solve_side


def test_a_half_step_is_the_ridge_regression_solved_directly() -> None:
    random = np.random.default_rng(3)
    other, values = random.normal(size=(6, 4)), random.normal(size=6)
    own, rows, columns = np.zeros((1, 4)), np.zeros(6, np.intp), np.arange(6)
    solve_side(own, other, rows, columns, values, 0.05)
    # Ridge as rows of its own: the square root of the penalty under the design.
    design = np.vstack([np.column_stack([np.ones(6), other[:, 1:]]), np.sqrt(0.05 * 6) * np.eye(4)])
    answers = np.concatenate([values - other[:, 0], np.zeros(4)])
    assert own[0] == pytest.approx(np.linalg.lstsq(design, answers, rcond=None)[0])


def test_the_penalised_error_never_rises() -> None:
    random = np.random.default_rng(5)
    rows, columns = random.integers(0, 8, 60), random.integers(0, 12, 60)
    values = random.normal(size=60)
    one, two = random.normal(size=(8, 5)), random.normal(size=(12, 5))
    one[np.setdiff1d(np.arange(8), rows)] = two[np.setdiff1d(np.arange(12), columns)] = 0
    errors = [penalised_error(one, two, rows, columns, values, 0.05)]
    for _ in range(10):
        solve_side(one, two, rows, columns, values, 0.05)
        errors.append(penalised_error(one, two, rows, columns, values, 0.05))
        solve_side(two, one, columns, rows, values, 0.05)
        errors.append(penalised_error(one, two, rows, columns, values, 0.05))
    assert all(after <= before + 1e-9 for before, after in itertools.pairwise(errors))
    assert errors[-1] < 0.6 * errors[0]


def test_somebody_new_is_folded_in_by_what_is_known() -> None:
    """Two camps that like opposite halves of twenty clips: three likings tell which camp it is."""
    clips = [f"c{place}" for place in range(20)]
    style = [1.0 if place % 2 else -1.0 for place in range(20)]
    likings = [
        (f"p{who}", clip, (1 if who % 2 else -1) * each * 0.8)
        for who in range(10)
        for clip, each in zip(clips, style, strict=True)
        if (who + len(clip)) % 5
    ]
    factors = factorise(likings, factors=3)
    told = fold_in(factors, [("c1", 0.8), ("c2", -0.8), ("c5", 0.8)], [*clips[6:], "nobody saw"])
    assert np.sign(told[:-1]).tolist() == style[6:]
    assert np.isfinite(told[-1])


def test_the_same_seed_gives_the_same_bits_and_nothing_known_the_mean() -> None:
    likings = [("p", "a", 0.5), ("q", "a", -0.5), ("q", "b", 1.0)]
    assert factorise(likings).clips.tobytes() == factorise(likings).clips.tobytes()
    assert fold_in(factorise([]), [], ["a"]).tolist() == [0.0]
