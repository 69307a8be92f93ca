"""The ten labels of BMMN: three ratings from 1 to 9 and seven emotions; their scaling, and scores of each.

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", section IV. How continuous estimates become classes is not said there; thresholds are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Scores of one label after its threshold; `ccc` and `rmse` NaN for emotions, all NaN where undefined.

    `precision` is of the upper class (rating above 5, emotion present); it is NaN where nobody was put there.
    """

    label: str
    n: int
    precision: float
    accuracy: float
    macro_f1: float
    ccc: float
    rmse: float


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One label (or "average") with the accuracy of each variant, as in Tables III and IV of the paper."""

    label: str
    accuracy: Mapping[str, float]


def decisions(names: Sequence[str], values: Numbers, largest: bool = False) -> NDArray[np.bool_]:
    """Return which labels (n, k) are high: ratings above 5, emotions above 0.5.

    With `largest` the largest of the emotions there is the one that is present, whatever its size.
    """
    middle = np.array([RATING_MIDDLE if name in RATINGS else EMOTION_MIDDLE for name in names])
    high: NDArray[np.bool_] = values > middle
    places = [number for number, name in enumerate(names) if is_emotion(name)]
    if largest and places:
        best = values[:, places].argmax(1)
        high[:, places] = np.arange(len(places))[None, :] == best[:, None]
    return high


def label_scores(
    names: Sequence[str], answers: Numbers, estimates: Numbers, largest: bool = False
) -> tuple[LabelScore, ...]:
    """Return the scores of each label from answers (n, k) and estimates (n, k); NaN answers are left out."""
    true, said = decisions(names, answers), decisions(names, estimates, largest)
    return tuple(
        _score(name, answers[:, place], estimates[:, place], true[:, place], said[:, place])
        for place, name in enumerate(names)
    )


def _score(
    name: str, answers: Numbers, estimates: Numbers, true: NDArray[np.bool_], said: NDArray[np.bool_]
) -> LabelScore:
    known = np.isfinite(answers)
    answers, estimates, true, said = answers[known], estimates[known], true[known], said[known]
    n = len(answers)
    if not n:
        return LabelScore(name, 0, *[float("nan")] * 5)
    is_rating = name in RATINGS
    return LabelScore(
        name,
        n,
        _share(int(np.sum(true & said)), int(np.sum(said))),
        float(np.mean(true == said)),
        float(np.mean([_f1(true, said), _f1(~true, ~said)])),
        concordance(answers, estimates) if is_rating else float("nan"),
        float(np.sqrt(np.mean((answers - estimates) ** 2))) if is_rating else float("nan"),
    )


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else float("nan")


def _f1(true: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    either = np.sum(true) + np.sum(said)
    return float(2 * np.sum(true & said) / either) if either else 0.0


def concordance(one: Numbers, other: Numbers) -> float:
    """Return Lin's concordance correlation coefficient of two columns; NaN where both are constant."""
    spread = np.var(one) + np.var(other) + (np.mean(one) - np.mean(other)) ** 2
    if spread == 0:
        return float("nan")
    return float(2 * np.mean((one - one.mean()) * (other - other.mean())) / spread)


def ablation(
    names: Sequence[str], answers: Numbers, variants: Mapping[str, Numbers], largest: bool = False
) -> tuple[AblationRow, ...]:
    """Return accuracy by label and variant, with their average in the last row (Tables III and IV).

    `variants` are estimates (n, k) by name: {"bio": ..., "face": ..., "both": ...}, all of the same cases.
    """
    scores = {
        variant: {each.label: each.accuracy for each in label_scores(names, answers, estimates, largest)}
        for variant, estimates in variants.items()
    }
    rows = [AblationRow(name, {variant: found[name] for variant, found in scores.items()}) for name in names]
    means = {variant: _mean(list(found.values())) for variant, found in scores.items()}
    return (*rows, AblationRow("average", means))


def _mean(values: list[float]) -> float:
    finite = [each for each in values if np.isfinite(each)]
    return float(np.mean(finite)) if finite else float("nan")
