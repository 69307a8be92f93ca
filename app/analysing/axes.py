"""The axes valence and arousal: which one a target is about, and which of its classes is the high side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

AXES = ("valence", "arousal")
MIDDLE, HALF = 5.0, 4.0
"""Of ratings from 1 to 9: (label - 5) / 4 lies on -1..1."""
SIDES: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "valence": {
            "low": frozenset({"low", "negative", "unpleasant", "displeasure", "sad", "unhappy", "lv"}),
            "high": frozenset({"high", "positive", "pleasant", "pleasure", "happy", "hv"}),
        },
        "arousal": {
            "low": frozenset({"low", "calm", "relaxed", "passive", "deactivated", "sleepy", "la"}),
            "high": frozenset({"high", "excited", "aroused", "active", "activated", "ha"}),
        },
    }
)
"""Names of classes on either side of an axis."""


def axis_named(text: str) -> str:
    """Return which of the two axes a name is about, "" where neither or both."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    named = [name for name in AXES if name in words]
    return named[0] if len(named) == 1 else ""


def high_side(classes: Sequence[str], axis: str, rule: str) -> int | None:
    """Return which of two classes is the high side of an axis, None where their names do not tell.

    `rule` is that of the target.
    """
    # Above a threshold is the second class, whatever it is called; others come in the order of letters.
    sides = ["low", "high"] if rule == "threshold" else [side_of(each, axis) for each in classes]
    return sides.index("high") if sorted(sides) == ["high", "low"] else None


def side_of(word: str, axis: str) -> str:
    """Return "high" or "low" for a class of valence or arousal, "" where its name does not tell."""
    plain = " ".join(each for each in re.findall(r"[a-z]+", word.lower()) if each != axis)
    return next((side for side, words in SIDES[axis].items() if plain in words), "")
