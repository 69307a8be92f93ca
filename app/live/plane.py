"""Where answers lie on the plane of valence and arousal, -1 to 1 each.

A recognizer of two classes tells one axis by 2 p - 1, where p is that of the class on the high side; one of
numbers by where they lie on the scale that was answered on. One of emotions lies at the mean of its classes'
places, weighted by their probabilities; the places are the angles of Russell's circular scaling (Journal of
Personality and Social Psychology 39, 1980, 1161-1178, figure 2) on the unit circle, neutral in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.analysing.axes import AXES, HALF, MIDDLE, axis_named, high_side
from app.live.models import Mounted

USUAL = (MIDDLE - HALF, MIDDLE + HALF)
"""The scale of a number whose scale is not known: that of the self-assessment manikin."""
DEGREES: Mapping[str, float] = MappingProxyType(
    {
        "happy": 7.8, "delighted": 24.9, "excited": 48.6, "astonished": 69.8, "aroused": 73.8, "tense": 92.8,
        "alarmed": 96.5, "angry": 99.0, "afraid": 116.0, "annoyed": 123.0, "distressed": 138.0,
        "frustrated": 141.0, "miserable": 188.7, "sad": 207.5, "gloomy": 209.0, "depressed": 210.0,
        "bored": 242.0, "droopy": 256.0, "tired": 267.7, "sleepy": 271.9, "calm": 316.2, "relaxed": 318.0,
        "satisfied": 319.0, "content": 323.0, "serene": 328.6, "glad": 349.0, "pleased": 353.2,
    }
)  # fmt: skip
ALIKE: Mapping[str, str] = MappingProxyType(
    {
        "happiness": "happy", "joy": "happy", "amusement": "delighted", "surprise": "astonished",
        "anger": "angry", "fear": "afraid", "anxiety": "afraid", "sadness": "sad", "boredom": "bored",
        "stress": "distressed", "relaxation": "relaxed", "tenderness": "serene", "excitement": "excited",
    }
)  # fmt: skip
"""Words for the same as one of Russell's."""
NEUTRAL = ("neutral", "baseline", "rest")
QUADRANTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"hvha": (1.0, 1.0), "hahv": (1.0, 1.0), "lvha": (-1.0, 1.0), "halv": (-1.0, 1.0), "lvla": (-1.0, -1.0),
     "lalv": (-1.0, -1.0), "hvla": (1.0, -1.0), "lahv": (1.0, -1.0)}
)  # fmt: skip


def place_of(word: str) -> tuple[float, float] | None:
    """Return valence and arousal of an emotion's name, None for one that has no place."""
    plain = word.strip().lower()
    if plain in NEUTRAL:
        return (0.0, 0.0)
    if plain in QUADRANTS:
        valence, arousal = QUADRANTS[plain]
        return (valence * math.sqrt(0.5), arousal * math.sqrt(0.5))
    degrees = DEGREES.get(ALIKE.get(plain, plain))
    if degrees is None:
        return None
    return (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


@dataclass(frozen=True, slots=True)
class Axis:
    """How one axis is told: by which column of an answer, from `low` to `high`; a probability from 0 to 1."""

    column: int
    low: float = 0.0
    high: float = 1.0

    def of(self, proba: NDArray[np.float64]) -> float:
        """Return the place on the axis, -1 to 1, of an answer (k,)."""
        share = (float(proba[self.column]) - self.low) / (self.high - self.low)
        return float(np.clip(2 * share - 1, -1, 1))


def axes_of(mounted: Mounted) -> tuple[dict[str, Axis], tuple[str, ...]]:
    """Return which axes a recognizer tells, and how; and in words what is taken for granted, or why none."""
    trained = mounted.trained
    if not trained.classes:
        found, told = {}, []
        for column, output in enumerate(trained.outputs):
            name = axis_named(output)
            if not name:
                continue
            low, high = mounted.scales.get(output, USUAL)
            found[name] = Axis(column, low, high)
            if output not in mounted.scales:
                told.append(
                    f"{output} on the plane: its scale is not known; it is taken to go from {low:g} to"
                    f" {high:g}"
                )
        return found, tuple(told)
    target = trained.experiment.target
    name = axis_named(" ".join((mounted.target, *map(str, target.get("of", ())))))
    if not name or len(trained.classes) != 2:
        return {}, ()
    side = high_side(trained.classes, name, str(target.get("rule", "")))
    if side is None:
        which = " and ".join(trained.classes)
        return {}, (f"{name} is not on the plane: which of {which} is the high side is not known",)
    return {name: Axis(side)}, ()


class Plane:
    """Puts answers of recognizers on the plane; `has_place` says whether they tell both axes.

    `told` is by recognizer what a reader must know of it.
    """

    def __init__(self, mounted: Sequence[Mounted]) -> None:
        self._axes: dict[str, tuple[int, Axis]] = {}
        self._classes: tuple[int, NDArray[np.float64]] | None = None
        self._at: dict[str, float] = {}
        self.told: dict[int, tuple[str, ...]] = {}
        for number, each in enumerate(mounted):
            axes, self.told[number] = axes_of(each)
            for name, axis in axes.items():
                self._axes.setdefault(name, (number, axis))
            places = [place_of(name) for name in each.trained.classes]
            if self._classes is None and len(places) > 1 and all(place is not None for place in places):
                self._classes = (number, np.array(places, np.float64))

    @property
    def has_place(self) -> bool:
        """Whether the recognizers tell both valence and arousal."""
        return set(self._axes) == set(AXES) or self._classes is not None

    @property
    def tellers(self) -> tuple[int, ...]:
        """The recognizers without whose answers there is no place."""
        if set(self._axes) == set(AXES):
            return tuple(sorted({teller for teller, _ in self._axes.values()}))
        return () if self._classes is None else (self._classes[0],)

    def forget(self, number: int) -> None:
        """Forget what recognizer `number` told: it pauses, and where it was is no place now."""
        for name, (teller, _) in self._axes.items():
            if teller == number:
                self._at.pop(name, None)

    def place(self, number: int, proba: NDArray[np.float64]) -> tuple[float, float] | None:
        """Return valence and arousal after an answer of recognizer `number`, None before both are known."""
        if set(self._axes) != set(AXES):
            if self._classes is None or self._classes[0] != number:
                return None
            valence, arousal = (proba @ self._classes[1]).tolist()
            return valence, arousal
        for name, (teller, axis) in self._axes.items():
            if teller == number:
                self._at[name] = axis.of(proba)
        if self.tellers[-1] != number or len(self._at) < len(AXES):
            return None
        return self._at[AXES[0]], self._at[AXES[1]]
