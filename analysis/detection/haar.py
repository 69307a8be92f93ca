"""Faces without training: OpenCV's cascade finds them, the small expression network names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from analysis.detection.decoding import Detection
from analysis.detection.problems import DetectionError
from analysis.features.expression_network import EXPRESSIONS, SIDE_PX, expression_network
from analysis.views.faces import Crop, FaceError, FaceFinder

MARGIN = 0.1
KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "anger": "angry", "hate": "disgust", "disgusted": "disgust", "afraid": "fear", "fearful": "fear",
        "happiness": "happy", "joy": "happy", "smile": "happy", "sadness": "sad", "surprised": "surprise",
        "calm": "neutral",
    }
)  # fmt: skip
"""Other names that data sets give the expressions."""


def expression_of(name: str) -> str:
    """Return which of the network's expressions a class is; "" for none."""
    plain = name.strip().lower()
    known = KNOWN.get(plain, plain)
    return known if known in EXPRESSIONS else ""


class HaarExpressions:
    """Finds and names faces of JPEG or PNG pictures; use it as a context manager, or `close` it.

    `classes` are those to choose from, in their order; those that the network does not know are never said.
    A detection's confidence is the probability of its class. Raises DetectionError where it knows none.
    """

    def __init__(self, classes: Sequence[str] = EXPRESSIONS) -> None:
        self.classes = tuple(classes)
        self._places = [
            EXPRESSIONS.index(expression_of(name)) if expression_of(name) else -1 for name in self.classes
        ]
        if max(self._places, default=-1) < 0:
            raise DetectionError(
                f"The expression network knows none of {', '.join(self.classes)}. It knows "
                f"{', '.join(EXPRESSIONS)}."
            )
        self._finder = FaceFinder(Crop(SIDE_PX, MARGIN))
        self._network = expression_network()

    def __enter__(self) -> HaarExpressions:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End OpenCV's process."""
        self._finder.close()

    def detect(self, picture: bytes) -> tuple[Detection, ...]:
        """Return the faces of a picture, the most certain first; boxes are shares of it."""
        try:
            faces = self._finder.cut_out(picture)
        except FaceError as error:
            raise DetectionError(str(error)) from error
        if not faces.boxes:
            return ()
        proba = self._proba(faces.pixels[..., 0])
        return tuple(
            Detection(
                (box.left, box.top, box.width, box.height),
                int(each.argmax()),
                float(each.max()),
                tuple(each.tolist()),
            )
            for box, each in zip(faces.boxes, proba, strict=True)
        )

    def _proba(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return probabilities of the classes (faces, classes), made to sum to 1."""
        every = self._network(pixels)[0].astype(np.float64)
        chosen = np.stack(
            [every[:, place] if place >= 0 else np.zeros(len(every)) for place in self._places], 1
        )
        total = chosen.sum(1, keepdims=True)
        made: NDArray[np.float64] = chosen / np.maximum(total, 1e-12)
        return made
