"""Words that stand on the scales of traces: landmarks of the valence-arousal space."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.labels.scheme import Dimension

REACH = 0.8
CIRCLE: tuple[tuple[float, str], ...] = (
    (15.0, "happy"),
    (45.0, "delighted"),
    (75.0, "excited"),
    (105.0, "alarmed"),
    (135.0, "angry"),
    (165.0, "distressed"),
    (195.0, "miserable"),
    (225.0, "sad"),
    (255.0, "bored"),
    (285.0, "sleepy"),
    (315.0, "calm"),
    (345.0, "pleased"),
)
"""Directions in degrees from the right, anticlockwise: in the order of Russell (1980), evenly spread."""


def landmarks(dimensions: Sequence[Dimension]) -> tuple[tuple[float, float, str], ...]:
    """Return (share across, share up, word) for the valence-arousal space, nothing for any other."""
    names = [each.name.lower() for each in dimensions]
    if names != ["valence", "arousal"]:
        return ()
    return tuple(
        (
            0.5 + REACH / 2 * math.cos(math.radians(angle)),
            0.5 + REACH / 2 * math.sin(math.radians(angle)),
            word,
        )
        for angle, word in CIRCLE
    )
