"""Random choice and constrained order, the same on every machine and Python version.

All chance comes from `random.Random(number).random()`, whose sequence Python guarantees; shuffling and
choosing are written out here because those of the standard library may change between versions.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

ItemT = TypeVar("ItemT", bound=Hashable)
CategoryT = TypeVar("CategoryT", bound=Hashable)


class Chance:
    """The chance of one purpose in one session.

    Each purpose (the order of a block, the sentences of a list) has its own sequence, so that changing
    one part of a protocol leaves the others as they were. The number that starts it is the first eight
    bytes (big-endian) of SHA-256 of the UTF-8 text `SEED/SESSION/PARTICIPANT/PURPOSE`: participant and
    session are mixed into the seed in this way and in no other.
    """

    def __init__(self, seed: int, session: int, participant: str, purpose: str) -> None:
        text = f"{seed}/{session}/{participant}/{purpose}".encode()
        self._random = random.Random(int.from_bytes(hashlib.sha256(text).digest()[:8], "big"))

    def below(self, count: int) -> int:
        """Return a whole number from 0 to `count` - 1."""
        return min(int(self._random.random() * count), count - 1)

    def shuffled(self, items: Sequence[ItemT]) -> list[ItemT]:
        """Return the items in random order (Fisher and Yates)."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            chosen = self.below(last + 1)
            mixed[last], mixed[chosen] = mixed[chosen], mixed[last]
        return mixed


def can_follow(
    left: Mapping[CategoryT, int], last: CategoryT | None, run: int, max_run: Mapping[CategoryT, int]
) -> bool:
    """Return whether `left` items of each category can follow `run` items of category `last`.

    Every other item makes room for one more run of a category; the present run takes what it still may.
    """
    total = sum(left.values())
    for category, count in left.items():
        others, longest = total - count, max_run[category]
        room = longest * others + (longest - run if category == last else longest)
        if count > room:
            return False
    return True


def order_categories(
    counts: Mapping[CategoryT, int],
    max_run: int | Mapping[CategoryT, int],
    first: CategoryT | None,
    chance: Chance,
) -> list[CategoryT] | None:
    """Return a random order with at most `max_run` of one category in a row; None if there is none.

    `max_run` may be given for each category.
    Built from the front: each step draws among the items that leave the rest solvable, each with the
    same weight, so it never has to go back.
    """
    limits = dict.fromkeys(counts, max_run) if isinstance(max_run, int) else max_run
    left = Counter({category: count for category, count in counts.items() if count})
    order: list[CategoryT] = []
    run = 0
    while left.total():
        last = order[-1] if order else None
        tickets: list[CategoryT] = []
        for category, count in left.items():
            new_run = run + 1 if category == last else 1
            if new_run > limits[category] or (not order and first is not None and category != first):
                continue
            if can_follow(left - Counter({category: 1}), category, new_run, limits):
                tickets += [category] * count
        if not tickets:
            return None
        category = tickets[chance.below(len(tickets))]
        run = run + 1 if category == last else 1
        order.append(category)
        left -= Counter({category: 1})
    return order


def fill_runs(
    runs: Sequence[int], counts: Mapping[ItemT, int], first: Collection[ItemT] | None, chance: Chance
) -> list[ItemT]:
    """Put items into runs of places, so that none stands twice running where that can be avoided.

    `runs` are the lengths of the stretches of neighbouring places, `counts` how often each item comes;
    both sum to the same. `first`, if given, are the items that the first place may take. Each step draws
    among the items that leave the rest solvable, weighted by what is left of them.
    """
    left = dict(counts)
    filled: list[ItemT] = []
    for number, run in enumerate(runs):
        for place in range(run):
            last = filled[-1] if place else None
            allowed = [item for item, count in left.items() if count]
            if number == place == 0 and first is not None:
                allowed = [item for item in allowed if item in first]
            rest = (run - place - 1, *runs[number + 1 :])
            fair = [item for item in allowed if (not place or item != last) and _solvable(left, item, rest)]
            tickets = [item for item in fair or allowed for _ in range(left[item])]
            item = tickets[chance.below(len(tickets))]
            left[item] -= 1
            filled.append(item)
    return filled


def _solvable(left: Mapping[ItemT, int], taken: ItemT, rest: Sequence[int]) -> bool:
    """Whether what is left after `taken` fits: at most every other place of a run takes the same item.

    The first run of `rest` goes on after `taken`, the others begin anew.
    """
    going_on, later = rest[0], sum((length + 1) // 2 for length in rest[1:])
    return all(
        count - (item == taken) <= later + (going_on // 2 if item == taken else (going_on + 1) // 2)
        for item, count in left.items()
    )
