"""From boxed pictures to cases: what a detector is trained and tested on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import content_of
from analysis.corpus.cases import Batch, Cases, Input
from analysis.detection.box_book import HAND
from analysis.detection.boxes import Letterbox
from analysis.detection.problems import DetectionError
from analysis.features.scene import NAMES, scene_of
from analysis.recognizers.psa_yolo_card import BOX, SCENE
from analysis.views.faces import Box, Crop, FaceError, FaceFinder

NEAR = 0.02
"""Pictures of one person and class that differ less (mean of grey levels, 0 to 1) are nearly the same."""
SMALL = 16


@dataclass(frozen=True)
class Boxed:
    """A picture with its face: where it is from, whose it is, its class; `box` None where it has none.

    `by` tells who made the box: "hand", "cascade", "detector", or "whole" where the whole picture is taken
    for the face. `others` are boxes of other faces on it, which are neither asked for nor background.
    """

    source: str
    frame: str
    person: str
    expression: str
    box: Box | None
    read: Callable[[], bytes]
    by: str = HAND
    others: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """Cases of pictures, each with its picture's row in `pictures`; how many were nearly the same as one."""

    batch: Batch
    pictures: tuple[Boxed, ...]
    near_duplicates: int
    damaged: int


def gather(
    pictures: Sequence[Boxed],
    size_px: int,
    *,
    colour: bool = False,
    near: float = NEAR,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Gathered:
    """Return a case for each picture that has a class, without near-duplicates (`near` 0: all are kept).

    The input `box` holds left, top, width, height of the face in the square and 1; behind these the same four
    of each other boxed face (0 where there are fewer). Of pictures of the same person and class that differ
    by less than `near` the first is kept. Classes are in alphabetical order. Raises DetectionError where
    fewer than two classes are left.
    """
    said = [each for each in pictures if each.expression]
    most = max((len(each.others) for each in said), default=0)
    scenes: list[NDArray[np.float32]] = []
    boxes: list[NDArray[np.float32]] = []
    kept: list[Boxed] = []
    seen: dict[tuple[str, str], list[NDArray[np.float32]]] = {}
    dropped = damaged = 0
    with FaceFinder(Crop(size_px, colour=colour, whole=True, bars=True)) as reader:
        for number, each in enumerate(said):
            progress(number, len(said))
            try:
                found = reader.cut_out(each.read())
            except FaceError as error:
                raise DetectionError(str(error)) from error
            if not found.width:
                damaged += 1
                continue
            scene = scene_of(found)
            small = shrunk(scene)
            before = seen.setdefault((each.person, each.expression), [])
            if near > 0 and any(float(np.abs(small - other).mean()) < near for other in before):
                dropped += 1
                continue
            before.append(small)
            scenes.append(scene)
            boxes.append(_row(each, most, Letterbox(found.width, found.height)))
            kept.append(each)
    classes = tuple(sorted({each.expression for each in kept}))
    if len(classes) < 2:
        raise DetectionError(
            f"Two expressions at least are needed; the pictures show {' and '.join(classes) or 'none'}. Set "
            "the expression of more boxes, or add folders."
        )
    one, there = np.ones(len(kept), np.intp), np.ones(len(kept), bool)
    inputs = {
        SCENE: Input(np.stack(scenes)[:, None], one, there),
        BOX: Input(np.stack(boxes)[:, None], one, there, _names(most)),
    }
    y = np.array([classes.index(each.expression) for each in kept], np.int64)
    return Gathered(Batch(_cases(kept, inputs), inputs, y, classes), tuple(kept), dropped, damaged)


def _names(most: int) -> tuple[str, ...]:
    """Return what the numbers of the input `box` are called."""
    further = [f"{side} of other face {place + 1}" for place in range(most) for side in NAMES[:4]]
    return (*NAMES, *further)


def shrunk(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture (channels, s, s) as 16 x 16 grey levels, each the mean of its square."""
    grey = scene.mean(0)
    step = grey.shape[0] // SMALL
    cut = grey[: step * SMALL, : step * SMALL].reshape(SMALL, step, SMALL, step)
    made: NDArray[np.float32] = cut.mean((1, 3)).astype(np.float32)
    return made


def _row(picture: Boxed, most: int, letterbox: Letterbox) -> NDArray[np.float32]:
    row = np.zeros(len(NAMES) + 4 * most, np.float32)
    if picture.box is not None:
        row[:4] = letterbox.into(np.array([_sides(picture.box)]))[0]
        row[4] = 1.0
    if picture.others:
        further = letterbox.into(np.array([_sides(each) for each in picture.others])).ravel()
        row[len(NAMES) : len(NAMES) + len(further)] = further
    return row


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.width, box.height


def _cases(kept: Sequence[Boxed], inputs: dict[str, Input]) -> Cases:
    n = len(kept)
    numbers = np.arange(n)
    return Cases(
        id=numbers.astype(np.intp),
        recording=np.array([f"{each.source}/{each.person}" for each in kept], dtype=np.str_),
        participant=np.array([each.person for each in kept], dtype=np.str_),
        session=np.full(n, "1"),
        trial=numbers.astype(np.int64),
        stimulus=np.array([each.frame for each in kept], dtype=np.str_),
        category=np.array([each.expression for each in kept], dtype=np.str_),
        start_s=numbers.astype(np.float64),
        stop_s=(numbers + 1).astype(np.float64),
        content=content_of(inputs),
    )
