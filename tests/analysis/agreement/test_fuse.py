"""Fused labels: what comes of ties, of missing raters, and of raters who go against all others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.agreement.fuse import (
    Recipe,
    class_weights,
    fuse_classes,
    fuse_numbers,
    fuse_segments,
    moved_by,
    weights_of,
)
from analysis.agreement.outcome import AgreementError
from analysis.agreement.spans import Span

X = np.nan
VALUES = np.array([[1.0, 3.0, 8.0], [2.0, X, 4.0], [X, X, 5.0], [X, X, X]])


def known(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float | None]:
    """Return values with None for NaN."""
    return [None if np.isnan(value) else float(value) for value in values]


@pytest.mark.parametrize(
    ("method", "weights", "least", "expected"),
    [
        ("mean", (1, 1, 1), 2, [4.0, 3.0, None, None]),
        ("mean", (1, 1, 1), 1, [4.0, 3.0, 5.0, None]),
        ("mean", (1, 1, 1), 3, [4.0, None, None, None]),
        ("median", (1, 1, 1), 2, [3.0, 3.0, None, None]),
        ("weighted", (1, 1, 2), 2, [5.0, 10 / 3, None, None]),
        ("weighted", (0, 1, 3), 2, [6.75, None, None, None]),
        ("weighted", (0, 0, 0), 1, [None, None, None, None]),
    ],
)
def test_numbers(method: str, weights: tuple[float, ...], least: int, expected: list[float | None]) -> None:
    found = known(fuse_numbers(VALUES, method, weights, least))  # type: ignore[arg-type]
    assert [each is None for each in found] == [each is None for each in expected]
    assert [each for each in found if each is not None] == pytest.approx(
        [e for e in expected if e is not None]
    )


def test_numbers_have_no_majority() -> None:
    with pytest.raises(AgreementError, match="mean, median or weights"):
        fuse_numbers(VALUES, "majority", (1, 1, 1))


@pytest.mark.parametrize(
    ("row", "weights", "expected", "ties"),
    [
        ([0, 0, 1], None, 0.0, 0),
        ([0, 1, X], None, None, 1),
        ([0, 1, 2], None, None, 1),
        ([0, X, X], None, None, 0),
        ([0, 1, X], (0.6, 0.4, 1.0), 0.0, 0),
        ([0, 1, 1], (0.8, 0.3, 0.3), 0.0, 0),
        ([0, 1, 1], (0.6, 0.3, 0.3), None, 1),
        ([0, 1, 1], (0.0, 0.3, 0.3), 1.0, 0),
    ],
)
def test_classes(
    row: list[float], weights: tuple[float, ...] | None, expected: float | None, ties: int
) -> None:
    found, tied = fuse_classes(np.array([row], float), weights)
    assert (known(found), tied) == ([expected], ties)


def test_weights_are_correlations_with_the_mean_of_the_others_and_never_negative() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(size=200)
    against = 0.5 * random.normal(size=200) - 0.5 * truth
    raters = np.column_stack([truth, truth + random.normal(size=200), against, np.full(200, 3.0)])
    found = weights_of([raters[:120], raters[120:]])
    for place in range(3):
        others = np.delete(raters, place, axis=1).mean(axis=1)
        assert found[place] == pytest.approx(max(0.0, np.corrcoef(raters[:, place], others)[0, 1]), abs=1e-10)
    assert found[2] == 0.0, "one who goes against all others does not count"
    assert found[3] == 0.0, "one who never moves has no correlation"


def test_weights_for_classes_are_mean_kappas() -> None:
    table = np.array([[0, 0, 1], [1, 1, 0], [2, 2, 2], [0, 0, 1], [1, 1, 1]], float)
    one, other, odd = class_weights(table)
    assert one == other
    assert odd < one


def spans(*bounds: tuple[int, int]) -> list[Span]:
    """Return segments of one label."""
    return [Span(start, end, "smile") for start, end in bounds]


@pytest.mark.parametrize(
    ("marked", "weights", "expected"),
    [
        ([spans((0, 100)), spans((50, 150)), spans((60, 90))], None, [(50, 100)]),
        ([spans((0, 100)), spans((0, 100)), []], None, [(0, 100)]),
        ([spans((0, 100)), []], None, []),  # half is no majority
        ([spans((0, 100)), None], None, []),  # one rater alone
        ([spans((0, 100)), spans((0, 80)), None], None, [(0, 80)]),
        ([spans((0, 100)), spans((40, 60)), []], (3.0, 1.0, 1.0), [(0, 100)]),
        ([spans((0, 50), (50, 100)), spans((0, 100))], None, [(0, 100)]),
        ([spans((0, 60), (30, 100)), [], []], None, []),  # one rater twice is one rater
    ],
)
def test_segments_hold_where_most_of_the_weight_says_so(
    marked: list[list[Span] | None], weights: tuple[float, ...] | None, expected: list[tuple[int, int]]
) -> None:
    assert [(each.start_ns, each.end_ns) for each in fuse_segments(marked, weights)] == expected


def test_moving_by_a_lag_leaves_nothing_behind_the_end() -> None:
    unit = np.column_stack([np.arange(8.0), np.arange(8.0)])
    (moved,) = moved_by([unit], (0.0, 0.5))
    assert moved[:, 0].tolist() == list(range(8))
    assert moved[:6, 1].tolist() == [2, 3, 4, 5, 6, 7]
    assert np.isnan(moved[6:, 1]).all()


def test_the_checksum_covers_how_and_out_of_what() -> None:
    recipe = Recipe("weighted", ("ann", "bo"), (0.5, 1.0), (0.0, 0.0), 2, ("m1", "m2"), 0, 1)
    changes = ({"method": "mean"}, {"weights": (0.4, 1.0)}, {"lags_s": (0.25, 0.0)}, {"sources": ("m1",)})
    others = [replace(recipe, **change) for change in changes]
    assert len({each.sha256 for each in (recipe, *others)}) == 5
    assert recipe.to_json()["sha256"] == replace(recipe).sha256
