"""The rhythm of somebody typing: intervals between key presses and how long keys are held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.simulate.participant import QUANTITIES, Participant, Push

# Practised adults: about 180 ms from key to key, keys held about 90 ms.
BETWEEN_S, HELD_S = 0.18, 0.09
SCATTER, HELD_SCATTER = 0.3, 0.25


def intervals_s(
    participant: Participant, trial: int, moved: Sequence[Push], slower: Sequence[float]
) -> list[float]:
    """Return the time before each key press; `slower` is how many times longer each usually takes.

    The stretch of the effect is a share of the keys here: when they come is only known from them.
    """
    quantity, random = QUANTITIES["keys"], participant.random("keys", 20_000 + trial)
    push = next((each for each in moved if each.trial == trial), None)
    scatter = SCATTER * random.standard_normal(len(slower))
    shift = np.full(len(slower), participant.own("keys"))
    if push is not None:
        share = (np.arange(len(slower)) + 0.5) / max(len(slower), 1)
        length_s = push.stop_s - push.start_s
        first, last = ((at - push.start_s) / length_s for at in push.at)
        inside = (share >= first) & (share <= last)
        shift += quantity.within * (push.noise + push.effect * inside)
    return [float(each) for each in BETWEEN_S * np.asarray(slower) * np.exp(shift + scatter)]


def held_s(participant: Participant, trial: int, count: int) -> list[float]:
    """Return how long each of `count` keys is held down."""
    random = participant.random("keys", 30_000 + trial)
    drawn = HELD_S * np.exp(0.3 * participant.own("keys") + HELD_SCATTER * random.standard_normal(count))
    return [float(each) for each in drawn]
