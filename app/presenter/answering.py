"""What an automatic participant answers: close to what is known of the stimulus, with a person's noise."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

from app.presenter.tasks import Item, Value

REMARKS = (
    "It reminded me of a walk by the sea.",
    "Nothing in particular.",
    "I thought of a friend I have not seen for a long time.",
    "It made me a little restless.",
    "I liked the colours.",
)
# Which of the basic emotions go with pleasant and unpleasant, by the words that options use.
PLEASANT = ("happ", "joy", "amus", "love", "relief", "content", "calm", "neutral", "tender")
UNPLEASANT = ("sad", "ang", "fear", "disgust", "grief", "jealous", "frustrat", "contempt", "depress")


def answer_to(item: Item, norms: Mapping[str, Any], chance: random.Random) -> Value:
    """Return an answer about a stimulus of which `norms` (category, valence, arousal) are known."""
    match item.scale:
        case "grid":
            return [_point(axis.dimension, item.points, norms, chance) for axis in (item.x, item.y)]
        case "choice":
            return _options(item, norms, chance)
        case "text":
            return chance.choice(REMARKS)[: item.max_chars]
        case "number":
            return _number(item, chance)
    return item.first - 1 + _point(item.dimension or item.id, item.points, norms, chance)


def _point(dimension: str, points: int, norms: Mapping[str, Any], chance: random.Random) -> int:
    """Return a point of 1..`points` that follows the stimulus."""
    value = 1 + expected(dimension, norms) * (points - 1) + chance.gauss(0, 0.1 * points)
    return max(1, min(points, round(value)))


def _options(item: Item, norms: Mapping[str, Any], chance: random.Random) -> Value:
    """Choose among options, those that suit the stimulus rather than others."""
    pleasant = expected("valence", norms)
    weights = {}
    for option, text in item.options:
        words = f"{option} {text}".lower()
        suits = 0.5
        if any(word in words for word in PLEASANT):
            suits = pleasant
        elif any(word in words for word in UNPLEASANT):
            suits = 1 - pleasant
        weights[option] = 0.05 + suits**2
    if not item.several:
        return chance.choices(list(weights), list(weights.values()))[0]
    count = chance.randint(item.least, max(item.least, min(item.most, 3)))
    chosen: list[str] = []
    for _ in range(count):
        left = {option: weight for option, weight in weights.items() if option not in chosen}
        chosen += chance.choices(list(left), list(left.values()))
    return [option for option, _ in item.options if option in chosen]


def _number(item: Item, chance: random.Random) -> int | float:
    low = 0.0 if item.lowest is None else item.lowest
    high = low + 100 if item.highest is None else item.highest
    value = low + (high - low) * min(1.0, max(0.0, chance.gauss(0.5, 0.15)))
    scale = 10**item.decimals
    # Towards the inside, so that rounding never leaves the range.
    whole = (
        math.floor(value * scale) if value * scale >= math.ceil(low * scale) + 1 else math.ceil(value * scale)
    )
    return whole / scale if item.decimals else int(whole)


def expected(dimension: str, norms: Mapping[str, Any]) -> float:
    """Return the expected rating on 0..1 of what an item measures, 0.5 where nothing is known."""
    category = str(norms.get("category", ""))
    guess = {"positive": 7.5, "pleasant": 7.5, "negative": 2.5, "unpleasant": 2.5}.get(category, 5.0)
    valence = norms.get("valence")
    valence = guess if valence is None else float(valence)
    arousal = norms.get("arousal")
    arousal = 3.0 + abs(valence - 5) if arousal is None else float(arousal)
    scales = {
        "valence": (valence - 1) / 8,
        "arousal": (arousal - 1) / 8,
        "dominance": 0.5 + (valence - 5) / 16,
        "liking": (valence - 1) / 8,
        # One-sided scales: neutral pictures are weak on both.
        "positive": max(0.05, (valence - 4.5) / 4),
        "negative": max(0.05, (5.5 - valence) / 4),
    }
    return min(1.0, max(0.0, scales.get(dimension, 0.5)))
