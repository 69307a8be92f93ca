"""Mean average precision on cases computed by hand, and what must hold of it for any detections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detection.average_precision import (
    OVERLAPS,
    Found,
    True_,
    average_precision,
    mean_average_precision,
)

HERE, THERE = (0.1, 0.1, 0.4, 0.4), (0.6, 0.6, 0.3, 0.3)


def found(*rows: tuple[tuple[float, ...], int, float]) -> Found:
    boxes = np.array([row[0] for row in rows], float).reshape(-1, 4)
    return Found(boxes, np.array([row[1] for row in rows], int), np.array([row[2] for row in rows], float))


def true(*rows: tuple[tuple[float, ...], int]) -> True_:
    return True_(
        np.array([row[0] for row in rows], float).reshape(-1, 4), np.array([row[1] for row in rows], int)
    )


@pytest.mark.parametrize(
    ("right", "faces", "expected"),
    [
        ([True], 1, 1.0),
        ([False, True], 1, 0.5),
        ([True, False, True], 2, 0.5 * 1 + 0.5 * 2 / 3),
        # Precision 1/2 at the first hit, 2/3 later: made non-increasing both are 2/3.
        ([False, True, True], 2, 2 / 3),
        ([True], 2, 0.5),
        ([], 3, 0.0),
    ],
)
def test_average_precision_is_the_area_under_the_non_increasing_curve(
    right: list[bool], faces: int, expected: float
) -> None:
    sure = np.linspace(1, 0.5, len(right)) if right else np.zeros(0)
    assert average_precision(np.array(right, bool), sure, faces) == pytest.approx(expected)


def test_a_second_box_on_the_same_face_is_wrong() -> None:
    made = mean_average_precision([found((HERE, 0, 0.9), (HERE, 0, 0.8))], [true((HERE, 0))], 1)
    assert made.at(0.5) == pytest.approx(1.0)
    made = mean_average_precision(
        [found((HERE, 0, 0.8), (HERE, 0, 0.9))] * 2, [true((HERE, 0)), true((THERE, 0))], 1
    )
    # Sorted: right, wrong (other picture), wrong, wrong: half of the faces at precision 1.
    assert made.at(0.5) == pytest.approx(0.5)


def test_the_right_place_under_the_wrong_name_is_wrong() -> None:
    made = mean_average_precision([found((HERE, 1, 0.9))], [true((HERE, 0))], 2)
    assert made.at(0.5) == 0
    assert np.isnan(made.by_class[1]).all()


def test_a_face_that_is_not_asked_for_is_neither_right_nor_wrong() -> None:
    said = [found((THERE, 0, 0.95), (HERE, 0, 0.9))]
    known = True_(np.array([HERE]), np.array([0]), np.array([THERE]))
    assert mean_average_precision(said, [known], 1).mean == pytest.approx(1.0)
    assert mean_average_precision(said, [true((HERE, 0))], 1).mean == pytest.approx(0.5)
    nowhere = [found(((0.0, 0.8, 0.1, 0.1), 0, 0.95), (HERE, 0, 0.9))]
    assert mean_average_precision(nowhere, [known], 1).mean == pytest.approx(0.5)


def test_a_box_counts_up_to_the_overlap_that_it_has() -> None:
    wide = (0.1, 0.1, 0.4, 0.5)
    made = mean_average_precision([found((wide, 0, 1.0))], [true((HERE, 0))], 1)
    assert made.by_class[0].tolist() == [1.0] * 7 + [0.0] * 3
    assert made.mean == pytest.approx(0.7)


def test_a_better_overlap_is_preferred_among_faces_that_are_free() -> None:
    near = (0.15, 0.1, 0.4, 0.4)
    made = mean_average_precision(
        [found((HERE, 0, 0.9), (near, 0, 0.8))], [true((near, 0), (HERE, 0))], 1, (0.5, 0.95)
    )
    assert made.by_class[0].tolist() == [1.0, 1.0]


@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0, 0.3))
@settings(max_examples=12, deadline=None)
def test_it_lies_within_bounds_falls_with_the_overlap_asked_and_knows_no_scale_of_confidence(
    seed: int, classes: int, shift: float
) -> None:
    random = np.random.default_rng(seed)
    said, known = [], []
    for _ in range(4):
        boxes = np.column_stack([random.uniform(0, 0.5, (3, 2)), random.uniform(0.1, 0.4, (3, 2))])
        labels = random.integers(0, classes, 3)
        known.append(True_(boxes, labels))
        moved = boxes + np.array([1, 1, 0, 0]) * random.uniform(-shift, shift, (3, 1))
        said.append(Found(moved, labels, random.random(3)))
    made = mean_average_precision(said, known, classes)
    finite = made.by_class[np.isfinite(made.by_class).all(1)]
    assert ((finite >= 0) & (finite <= 1)).all()
    assert (np.diff(finite, axis=1) <= 1e-12).all()
    assert made.mean <= made.at(0.5) + 1e-12
    squared = [Found(each.boxes, each.labels, each.confidences**2) for each in said]
    np.testing.assert_array_equal(mean_average_precision(squared, known, classes).by_class, made.by_class)
    perfect = [Found(each.boxes, each.labels, np.ones(3)) for each in known]
    assert mean_average_precision(perfect, known, classes).mean == pytest.approx(1.0)


def test_nothing_true_gives_no_figure() -> None:
    made = mean_average_precision([found((HERE, 0, 1.0))], [true()], 1)
    assert np.isnan(made.at(0.5)) and np.isnan(made.mean)
    assert len(OVERLAPS) == 10 and OVERLAPS[-1] == 0.95
