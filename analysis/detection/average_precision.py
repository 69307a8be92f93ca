"""Mean average precision: whether faces are found, at the right place, under the right name.

A detection is right where its class is that of a true box of the same picture that overlaps it enough and no
more confident detection has taken. Average precision is the area under precision over recall, precision
made non-increasing first (every recall, as PASCAL VOC since 2010). mAP@.5:.95 is the mean over the overlaps
.50, .55 ... .95 (COCO), means over the classes that occur in the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.detection.boxes import overlap

Floats = NDArray[np.float64]
OVERLAPS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))


@dataclass(frozen=True, slots=True)
class Found:
    """Detections of one picture: `boxes` (m, 4), `labels` (m,), `confidences` (m,)."""

    boxes: Floats
    labels: NDArray[np.intp]
    confidences: Floats


@dataclass(frozen=True, slots=True)
class True_:  # noqa: N801
    """True boxes of one picture: `boxes` (m, 4), `labels` (m,).

    `others` (k, 4) are faces that are not asked for: a detection of one is neither right nor wrong.
    """

    boxes: Floats
    labels: NDArray[np.intp]
    others: Floats = field(default_factory=lambda: np.zeros((0, 4)))


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precision by class and overlap, (classes, overlaps), NaN for a class without a true box."""

    by_class: Floats
    overlaps: tuple[float, ...]

    def at(self, overlap: float) -> float:
        """Return the mean over classes at one overlap; NaN where nothing is true."""
        return _mean(self.by_class[:, self.overlaps.index(overlap)])

    @property
    def mean(self) -> float:
        """The mean over classes and overlaps."""
        return _mean(np.array([_mean(column) for column in self.by_class.T]))


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def average_precision(right: NDArray[np.bool_], confidences: Floats, true: int) -> float:
    """Return the area under precision over recall of one class; NaN where `true` is 0."""
    if not true:
        return float("nan")
    order = np.argsort(-confidences, kind="stable")
    hits = np.cumsum(right[order])
    precision = hits / np.arange(1, len(order) + 1)
    recall = hits / true
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * best).sum())


def mean_average_precision(
    found: Sequence[Found], true: Sequence[True_], classes: int, overlaps: Sequence[float] = OVERLAPS
) -> Precision:
    """Return average precision of pictures, `found` and `true` of each in the same order."""
    made = np.full((classes, len(overlaps)), np.nan)
    for label in range(classes):
        counted = sum(int((each.labels == label).sum()) for each in true)
        for place, least in enumerate(overlaps):
            right: list[bool] = []
            sure: list[float] = []
            for one, other in zip(found, true, strict=True):
                mine = one.labels == label
                taken = _matched(
                    one.boxes[mine], one.confidences[mine], other.boxes[other.labels == label], least
                )
                meant = _meant(one.boxes[mine], other.others)
                for is_right, confidence, counts in zip(
                    taken, one.confidences[mine].tolist(), meant, strict=True
                ):
                    if is_right or counts:
                        right.append(is_right)
                        sure.append(confidence)
            made[label, place] = average_precision(np.array(right, bool), np.array(sure, float), counted)
    return Precision(made, tuple(overlaps))


def _meant(boxes: Floats, others: Floats) -> list[bool]:
    """Return which boxes (m, 4) lie on none of the faces that are not asked for."""
    if not len(others) or not len(boxes):
        return [True] * len(boxes)
    meant: list[bool] = (overlap(boxes, others).max(axis=1) < OVERLAPS[0]).tolist()
    return meant


def _matched(boxes: Floats, confidences: Floats, true: Floats, least: float) -> list[bool]:
    """Return which boxes are right, in their own order: the surest takes the true box it overlaps most."""
    found = [False] * len(boxes)
    if not len(true):
        return found
    shared = overlap(boxes, true)
    free = np.ones(len(true), bool)
    for each in np.argsort(-confidences, kind="stable").tolist():
        open_ = np.where(free, shared[each], -1.0)
        best = int(open_.argmax())
        if open_[best] >= least:
            free[best] = False
            found[each] = True
    return found
