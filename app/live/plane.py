"""Where answers lie on the plane of valence and arousal, -1 to 1 each.

A recognizer of two classes tells one axis by 2 p - 1, one of numbers from 1 to 9 by (x - 5) / 4, as
`app.analysing.therapy` does. One of emotions lies at the mean of its classes' places, weighted by their
probabilities; the places are the angles of Russell's circular scaling (Journal of Personality and Social
Psychology 39, 1980, 1161-1178, figure 2) on the unit circle, neutral in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.analysing.therapy import AXES, HALF, MIDDLE, axis_named
from app.live.models import Mounted

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


def axes_of(mounted: Mounted) -> dict[str, int]:
    """Return which axes a recognizer tells, and by which column of its answer."""
    trained = mounted.trained
    if not trained.classes:
        return {axis_named(name): column for column, name in enumerate(trained.outputs) if axis_named(name)}
    named = axis_named(" ".join((mounted.target, *map(str, trained.experiment.target.get("of", ())))))
    return {named: 1} if named and len(trained.classes) == 2 else {}


class Plane:
    """Puts answers of recognizers on the plane; `has_place` says whether they tell both axes."""

    def __init__(self, mounted: Sequence[Mounted]) -> None:
        self._axes: dict[str, tuple[int, int, bool]] = {}
        self._classes: tuple[int, NDArray[np.float64]] | None = None
        self._told: dict[str, float] = {}
        for number, each in enumerate(mounted):
            is_probability = bool(each.trained.classes)
            for name, column in axes_of(each).items():
                self._axes.setdefault(name, (number, column, is_probability))
            places = [place_of(name) for name in each.trained.classes]
            if self._classes is None and len(places) > 1 and all(place is not None for place in places):
                self._classes = (number, np.array(places, np.float64))

    @property
    def has_place(self) -> bool:
        """Whether the recognizers tell both valence and arousal."""
        return set(self._axes) == set(AXES) or self._classes is not None

    def place(self, number: int, proba: NDArray[np.float64]) -> tuple[float, float] | None:
        """Return valence and arousal after an answer of recognizer `number`, None before both are known."""
        if set(self._axes) != set(AXES):
            if self._classes is None or self._classes[0] != number:
                return None
            valence, arousal = (proba @ self._classes[1]).tolist()
            return valence, arousal
        for name, (teller, column, is_probability) in self._axes.items():
            if teller == number:
                told = float(proba[column])
                self._told[name] = (
                    2 * told - 1 if is_probability else float(np.clip((told - MIDDLE) / HALF, -1, 1))
                )
        teller = max(teller for teller, _, _ in self._axes.values())
        if teller != number or len(self._told) < len(AXES):
            return None
        return self._told[AXES[0]], self._told[AXES[1]]
