"""The ten labels of BMMN: three ratings from 1 to 9 and seven emotions, and their scaling.

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", section IV. Their scores are in `analysis.evaluation.label_scores`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

RATINGS = ("valence", "arousal", "liking")
EMOTIONS = ("neutral", "disgust", "joy", "surprise", "anger", "fear", "sadness")
TEN_LABELS = RATINGS + EMOTIONS
RATING_LOW, RATING_HIGH, RATING_MIDDLE = 1.0, 9.0, 5.0
EMOTION_MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class Scale:
    """`low` and `high` of each output (k,), which become 0 and 1, so that no label drowns another."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    def to_unit(self, values: Numbers) -> Numbers:
        """Return (n, k) answers as 0..1; NaN stays NaN."""
        return np.asarray((values - np.array(self.low)) / self._width)

    def from_unit(self, values: Numbers) -> Numbers:
        """Return (n, k) outputs in the answers' own units."""
        return np.asarray(values * self._width + np.array(self.low))

    @property
    def _width(self) -> Numbers:
        return np.asarray(np.array(self.high) - np.array(self.low))


def scale_of(names: Sequence[str], values: Numbers) -> Scale:
    """Return the scale of outputs `names` with the training rows' answers (n, k).

    A rating is on 1..9 and an emotion on 0..1 where its answers fit; everything else goes from the smallest
    to the largest training answer.
    """
    low, high = [], []
    for name, column in zip(names, values.T, strict=True):
        first, last = _known(name)
        found = column[np.isfinite(column)]
        if not len(found) or (found.min() >= first and found.max() <= last):
            low.append(first if np.isfinite(first) else 0.0)
            high.append(last if np.isfinite(last) else 1.0)
        else:
            low.append(float(found.min()))
            high.append(float(found.max()) if found.max() > found.min() else float(found.min()) + 1)
    return Scale(tuple(low), tuple(high))


def is_emotion(name: str) -> bool:
    """Whether a label is one of the seven emotions; AMIGOS calls joy happiness."""
    return name in EMOTIONS or name == "happiness"


def _known(name: str) -> tuple[float, float]:
    if name in RATINGS:
        return RATING_LOW, RATING_HIGH
    if is_emotion(name):
        return 0.0, 1.0
    return np.inf, -np.inf
