"""alpha-CIoU against plain numbers, which cells answer, decoding undone by hand, one box a face."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detection.anchors import anchors_of, cluster_sizes, size_overlap
from analysis.detection.augmenting import NONE, Augmenting, augmented
from analysis.detection.boxes import Letterbox, overlap
from analysis.detection.decoding import REACH, boxes_of_cells, decode, detections, suppress
from analysis.detection.loss import LossSpec, Truth, alpha_ciou, loss_terms, plain_iou
from analysis.detection.problems import DetectionError

SHARE = st.floats(0.02, 0.9)
BOX = st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), SHARE, SHARE)


def by_hand(one: tuple[float, ...], other: tuple[float, ...], alpha: float) -> float:
    """Compute alpha-CIoU as its paper writes it, in plain floats."""
    (x, y, w, h), (u, v, p, q) = one, other
    inside = max(0.0, min(x + w, u + p) - max(x, u)) * max(0.0, min(y + h, v + q) - max(y, v))
    iou = inside / (w * h + p * q - inside)
    apart = (x + w / 2 - u - p / 2) ** 2 + (y + h / 2 - v - q / 2) ** 2
    across = max(x + w, u + p) - min(x, u)
    down = max(y + h, v + q) - min(y, v)
    slant = 4 / math.pi**2 * (math.atan(p / q) - math.atan(w / h)) ** 2
    beta = slant / ((1 - iou) + slant) if slant else 0.0
    return float(1 - iou**alpha + (apart / (across**2 + down**2)) ** alpha + (beta * slant) ** alpha)


@given(BOX, BOX, st.sampled_from([1.0, 2.0, 3.0]))
@settings(max_examples=30, deadline=None)
def test_alpha_ciou_is_that_of_its_paper_and_ciou_for_alpha_one(
    one: tuple[float, ...], other: tuple[float, ...], alpha: float
) -> None:
    found = alpha_ciou(
        torch.tensor([one], dtype=torch.float64), torch.tensor([other], dtype=torch.float64), alpha
    )
    assert float(found) == pytest.approx(by_hand(one, other, alpha), abs=1e-6)


def test_the_right_box_costs_nothing_and_has_a_gradient_that_is_a_number() -> None:
    box = torch.tensor([[0.2, 0.2, 0.4, 0.3]], requires_grad=True)
    lost = alpha_ciou(box, box.detach().clone(), 3.0)
    assert float(lost.detach()) == pytest.approx(0, abs=1e-5)
    lost.sum().backward()  # type: ignore[no-untyped-call]
    assert box.grad is not None and bool(torch.isfinite(box.grad).all())


def test_alpha_three_blames_a_bad_box_less_than_ciou_relative_to_a_good_one() -> None:
    true = torch.tensor([[0.2, 0.2, 0.4, 0.4]])
    good, bad = torch.tensor([[0.21, 0.2, 0.4, 0.4]]), torch.tensor([[0.5, 0.45, 0.4, 0.4]])

    def ratio(alpha: float) -> float:
        slopes = []
        for each in (good, bad):
            box = each.clone().requires_grad_()
            alpha_ciou(box, true, alpha).sum().backward()  # type: ignore[no-untyped-call]
            assert box.grad is not None
            slopes.append(float(box.grad.abs().sum()))
        return slopes[0] / slopes[1]

    assert ratio(3.0) > ratio(1.0)


@given(st.lists(BOX, min_size=1, max_size=5), st.lists(BOX, min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_overlap_is_symmetric_within_bounds_and_one_with_itself(
    one: list[tuple[float, ...]], other: list[tuple[float, ...]]
) -> None:
    a, b = np.array(one), np.array(other)
    found = overlap(a, b)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(found, overlap(b, a).T)
    np.testing.assert_allclose(np.diag(overlap(a, a)), 1)
    first = min(len(a), len(b))
    pairs = plain_iou(torch.tensor(a[:first]), torch.tensor(b[:first])).numpy()
    np.testing.assert_allclose(pairs, np.diag(found)[:first], atol=1e-5)


@given(BOX, st.integers(20, 400), st.integers(20, 400))
@settings(max_examples=20, deadline=None)
def test_a_box_goes_into_the_square_and_back(box: tuple[float, ...], width: int, height: int) -> None:
    inside = np.array([box])
    inside[:, 2:] = np.minimum(inside[:, 2:], 1 - inside[:, :2])
    letterbox = Letterbox(width, height)
    np.testing.assert_allclose(letterbox.out_of(letterbox.into(inside)), inside, atol=1e-9)


def heads_for(
    box: tuple[float, ...], anchors: torch.Tensor, scale: int, anchor: int, side: int, label: int
) -> list[torch.Tensor]:
    """Return heads whose one sure cell says this box."""
    heads = [torch.full((1, 3, side >> k, side >> k, 7), -12.0) for k in range(3)]
    cells = side >> scale
    x, y = (box[0] + box[2] / 2) * cells, (box[1] + box[3] / 2) * cells
    column, row = int(x), int(y)
    reach = REACH[scale]
    for place, share in enumerate((x - column, y - row)):
        inner = (share + (reach - 1) / 2) / reach
        heads[scale][0, anchor, row, column, place] = math.log(inner / (1 - inner))
    for place in (0, 1):
        size = math.log(box[2 + place] / float(anchors[scale, anchor, place]))
        heads[scale][0, anchor, row, column, 2 + place] = size
    heads[scale][0, anchor, row, column, 4] = 12.0
    heads[scale][0, anchor, row, column, 5 + label] = 12.0
    return heads


ANCHORS = torch.tensor([[[0.1, 0.1]] * 3, [[0.3, 0.25], [0.35, 0.35], [0.4, 0.5]], [[0.8, 0.8]] * 3])
TRUE = (0.31, 0.22, 0.34, 0.36)


def test_decoding_gives_the_box_that_was_written_into_a_cell() -> None:
    heads = heads_for(TRUE, ANCHORS, 1, 1, 8, 1)
    boxes, objects, classes = (each[0].double().numpy() for each in decode(heads, ANCHORS))
    found = detections(boxes, objects, classes)
    assert len(found) == 1
    assert found[0].label == 1
    np.testing.assert_allclose(found[0].box, TRUE, atol=1e-5)
    assert sum(found[0].proba) == pytest.approx(1)
    assert boxes_of_cells(heads[1], ANCHORS[1], 1).shape == (1, 3, 4, 4, 4)


def test_the_cell_that_says_the_truth_loses_next_to_nothing_and_each_term_has_its_own_fault() -> None:
    truth = Truth(torch.tensor([[TRUE]]), torch.tensor([[1]]), torch.tensor([[True]]))
    spec = LossSpec(alpha=1.0, box=1.0, match=0.9)
    right = loss_terms(heads_for(TRUE, ANCHORS, 1, 1, 8, 1), truth, ANCHORS, spec)
    assert all(float(term) < 0.02 for term in right)
    wrong_class = loss_terms(heads_for(TRUE, ANCHORS, 1, 1, 8, 0), truth, ANCHORS, spec)
    assert float(wrong_class[2]) > 10 and float(wrong_class[0]) < 0.02
    shifted = heads_for((0.31, 0.22, 0.2, 0.2), ANCHORS, 1, 1, 8, 1)
    moved = heads_for(TRUE, ANCHORS, 1, 1, 8, 1)
    moved[1][..., 2:4] = shifted[1][..., 2:4]
    assert float(loss_terms(moved, truth, ANCHORS, spec)[0]) > 0.3
    missed = [torch.full_like(each, -12.0) for each in moved]
    assert float(loss_terms(missed, truth, ANCHORS, spec)[1]) > 10


def test_a_picture_without_a_face_blames_objectness_only() -> None:
    truth = Truth(torch.zeros(1, 1, 4), torch.zeros(1, 1, dtype=torch.long), torch.tensor([[False]]))
    box, objectness, named = loss_terms(heads_for(TRUE, ANCHORS, 1, 1, 8, 1), truth, ANCHORS, LossSpec())
    assert (float(box), float(named)) == (0, 0)
    assert float(objectness) > 10


def test_a_face_that_is_not_asked_for_is_no_background() -> None:
    nothing = (torch.zeros(1, 1, 4), torch.zeros(1, 1, dtype=torch.long), torch.tensor([[False]]))
    heads = heads_for(TRUE, ANCHORS, 1, 1, 8, 1)
    other = torch.tensor([[TRUE, (0.0, 0.0, 0.0, 0.0)]])
    blamed = loss_terms(heads, Truth(*nothing), ANCHORS, LossSpec())[1]
    left_alone = loss_terms(heads, Truth(*nothing, other), ANCHORS, LossSpec())[1]
    elsewhere = torch.tensor([[(0.8, 0.8, 0.1, 0.1)]])
    assert float(left_alone) < 0.02 < 10 < float(blamed)
    away = loss_terms(heads, Truth(*nothing, elsewhere), ANCHORS, LossSpec())[1]
    assert float(away) == pytest.approx(float(blamed), rel=1e-4)
    # A true face that lies on another one is asked for all the same.
    truth = Truth(torch.tensor([[TRUE]]), torch.tensor([[1]]), torch.tensor([[True]]), other)
    missed = [torch.full_like(each, -12.0) for each in heads]
    assert float(loss_terms(missed, truth, ANCHORS, LossSpec(match=0.9))[1]) > 10


def test_suppression_keeps_the_surest_of_boxes_that_overlap_and_works_class_by_class() -> None:
    boxes = np.array([[0, 0, 0.4, 0.4], [0.02, 0, 0.4, 0.4], [0.5, 0.5, 0.3, 0.3]])
    assert suppress(boxes, np.array([0.6, 0.9, 0.5]), 0.5).tolist() == [1, 2]
    classes = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]])
    found = detections(boxes, np.array([0.9, 0.9, 0.9]), classes, least=0.5)
    assert sorted(each.label for each in found) == [0, 0, 1]
    assert [each.confidence for each in found] == sorted((each.confidence for each in found), reverse=True)


def test_anchors_find_planted_sizes_by_their_shape() -> None:
    random = np.random.default_rng(0)
    planted = np.array([[0.1, 0.2], [0.3, 0.3], [0.7, 0.5]])
    sizes = np.repeat(planted, 30, axis=0) * random.uniform(0.97, 1.03, (90, 2))
    found = cluster_sizes(sizes, 3, seed=1)
    assert size_overlap(planted, found).max(1).min() > 0.9
    assert (np.diff(found.prod(1)) > 0).all()


def test_nearly_equal_boxes_give_one_anchor_that_comes_in_nine_sizes() -> None:
    sizes = np.full((20, 2), 0.4) + np.linspace(0, 0.002, 20)[:, None]
    assert len(cluster_sizes(sizes, 9)) == 1
    anchors = anchors_of(sizes)
    assert anchors.shape == (3, 3, 2)
    areas = anchors.reshape(-1, 2).prod(1)
    assert (np.diff(areas) > 0).all()
    with pytest.raises(DetectionError, match="No box"):
        cluster_sizes(np.zeros((0, 2)), 9)


def test_a_box_goes_with_the_picture_when_it_is_changed() -> None:
    pictures = torch.zeros(40, 1, 64, 64)
    pictures[:, :, 20:36, 12:28] = 1.0
    boxes = torch.tensor([[12, 20, 16, 16]]).div(64).expand(40, 1, 4)
    truth = Truth(boxes, torch.zeros(40, 1, dtype=torch.long), torch.ones(40, 1, dtype=torch.bool))
    random = torch.Generator().manual_seed(1)
    changed, moved = augmented(pictures, truth, Augmenting(0.5, 0, 0, 0.2, 0.1), random)
    for picture, box in zip(changed[:, 0], moved.boxes[:, 0], strict=True):
        rows, columns = torch.nonzero(picture > 0.5, as_tuple=True)
        seen = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]) / 64
        seen[:, 2:] -= seen[:, :2]
        assert overlap(seen, box.numpy()[None])[0, 0] > 0.75
    assert float((moved.boxes - truth.boxes).abs().max()) > 0.05
    same, kept = augmented(pictures, truth, NONE, random)
    assert torch.equal(same, pictures) and kept is truth
