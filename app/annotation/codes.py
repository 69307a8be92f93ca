"""Chance that is the same on every computer, and codes that tell nothing.

Everything here is drawn by `random.Random(seed).random()` alone, which Python promises to keep.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

ALPHABET = "bcdfghjkmnpqrtvwxz2346789"
"""Without vowels, so that no word comes about, and without what is taken for another (0 o, 1 l i, 5 s)."""
LENGTH = 6
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

ValueT = TypeVar("ValueT")

Draw = Callable[[], float]
"""Returns the next number from 0 up to 1."""


def chance(*about: object) -> Draw:
    """Return the chance of one purpose: the same words, the same numbers, wherever they are drawn."""
    digest = hashlib.sha256("|".join(map(str, about)).encode()).digest()
    return random.Random(int.from_bytes(digest[:8])).random


def shuffled(values: Iterable[ValueT], draw: Draw) -> list[ValueT]:
    """Return values in an order by chance (Fisher and Yates)."""
    order = list(values)
    for last in range(len(order) - 1, 0, -1):
        other = int(draw() * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order


def draw_codes(count: int, draw: Draw, taken: Collection[str] = ()) -> list[str]:
    """Return codes of items, none of them twice and none of `taken`."""
    found: list[str] = []
    used = set(taken)
    while len(found) < count:
        code = "".join(ALPHABET[int(draw() * len(ALPHABET))] for _ in range(LENGTH))
        if code not in used:
            used.add(code)
            found.append(code)
    return found


def letters(names: Iterable[str], *about: object) -> Mapping[str, str]:
    """Return the letter that stands for each name in one view: A, B, C ..., in no order that tells a name.

    `about` is what the view is about: the letters stay in it, and are others elsewhere.
    """
    order = sorted(
        set(names), key=lambda name: hashlib.sha256("|".join(map(str, (*about, name))).encode()).digest()
    )
    return {name: _letter(place) for place, name in enumerate(order)}


def _letter(place: int) -> str:
    more, place = divmod(place, len(LETTERS))
    return LETTERS[place] + (str(more + 1) if more else "")
