"""Where the annotator's hand stands on the scale of a trace. No Qt."""

from __future__ import annotations

import math
from collections import deque

from analysis.labels.scheme import Dimension, Tier

HISTORY_S = 2.0
STEPS = (10, 20, 50, 100)
"""Into how many steps the keys may divide a scale."""
USUAL_STEPS = 20
RELATIVE = Dimension("change", -1.0, 1.0, "less", "more")


class Hand:
    """One value for each dimension of a tier, NaN until the annotator has begun.

    Values stay inside a bounded scale, two of them inside the disc that fits it where the tier is one. An
    unbounded trace starts at 0 and has no ends.
    """

    def __init__(self, tier: Tier) -> None:
        wanted = 2 if tier.kind == "trace2d" else 1
        found = tier.dimensions[:wanted]
        self.dimensions = found + (RELATIVE,) * (wanted - len(found))
        self.is_bounded = tier.bounded or wanted == 2
        self.is_circle = tier.disc and wanted == 2
        self.may_not_tell = tier.cannot_tell
        self.place = self._middle()
        """Where the mark stands, also before it counts."""
        self.has_begun = False
        self.history: deque[tuple[float, tuple[float, ...]]] = deque()

    @property
    def values(self) -> tuple[float, ...]:
        """What is rated at this moment."""
        return self.place if self.has_begun else (math.nan,) * len(self.place)

    def clear(self) -> None:
        """Forget everything: a new pass."""
        self.place = self._middle()
        self.has_begun = False
        self.history.clear()

    def put(self, *shares: float) -> None:
        """Take a place told as shares of each dimension from its low end (0) to its high end (1)."""
        self.take(
            *(
                each.low + share * (each.high - each.low)
                for each, share in zip(self.dimensions, shares, strict=True)
            )
        )

    def move(self, *steps: float) -> None:
        """Go on from where it stands by this much of each dimension, in the unit of the scale."""
        self.take(*(value + step for value, step in zip(self.place, steps, strict=True)))

    def take(self, *values: float) -> None:
        """Take values, brought inside the scale where it has ends."""
        self.has_begun = True
        if not self.is_bounded:
            self.place = values
            return
        kept = tuple(
            min(max(value, each.low), each.high) for value, each in zip(values, self.dimensions, strict=True)
        )
        self.place = self._inside(kept) if self.is_circle else kept

    def cannot_tell(self) -> None:
        """Rate nothing until the next movement."""
        if self.may_not_tell:
            self.has_begun = False

    def remember(self, at_s: float) -> None:
        """Keep the value for the fading trail; what is older than `HISTORY_S` goes."""
        if self.has_begun:
            self.history.append((at_s, self.place))
        while self.history and at_s - self.history[0][0] > HISTORY_S:
            self.history.popleft()

    def shares(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """Return where values lie on each dimension: 0 the low end, 1 the high end."""
        return tuple(
            (value - each.low) / (each.high - each.low)
            for value, each in zip(values, self.dimensions, strict=True)
        )

    def step_of(self, dimension: int, parts: int) -> float:
        """Return the length of a key's step: the scheme's own where it has one and `parts` is 0."""
        each = self.dimensions[dimension]
        if parts == 0 and each.step > 0:
            return each.step
        return (each.high - each.low) / (parts or USUAL_STEPS)

    def _middle(self) -> tuple[float, ...]:
        if not self.is_bounded:
            return (0.0,) * len(self.dimensions)
        return tuple((each.low + each.high) / 2 for each in self.dimensions)

    def _inside(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """Bring a point outside of the disc back to its edge, in the direction in which it lies."""
        halves = [(each.high - each.low) / 2 for each in self.dimensions]
        middle = self._middle()
        offsets = [
            (value - centre) / half for value, centre, half in zip(values, middle, halves, strict=True)
        ]
        length = math.hypot(*offsets)
        if length <= 1.0:
            return values
        return tuple(
            centre + offset / length * half
            for centre, offset, half in zip(middle, offsets, halves, strict=True)
        )
