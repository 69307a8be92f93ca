"""What simulated participants say: made-up sentences, of which some words follow what is felt."""

from __future__ import annotations

from collections.abc import Mapping
from math import erf, sqrt

from analysis.simulate.participant import Felt, Participant, chance

OPENINGS = ("I think of", "It reminds me of", "There is", "I see", "I remember", "We once had", "I look at")
THINGS = (
    "a house by the road", "the kitchen at home", "an old bicycle", "the school yard", "a long corridor",
    "the garden behind it", "a train that leaves", "my uncle's workshop", "the street in the rain",
    "a table by the window",
)  # fmt: skip
LIGHT = ("bright", "gentle", "lovely", "warm", "playful", "kind", "sunny", "happy")
DARK = ("bleak", "heavy", "awful", "cold", "broken", "cruel", "gloomy", "sad")
CLOSINGS = ("and that is all.", "and it stays with me.", "as far as I can say.", "I would say so.")
SENTENCES = 2
_SALT = 7_000


def said(participant: Participant, felt: Mapping[int, Felt], effect: float) -> dict[int, str]:
    """Return a text for each trial: two sentences, each with one word out of two lists.

    `effect` is Cohen's d of a hidden number whose sign picks the list: of a trial that is felt as positive a
    light word comes with the probability that a normal number of mean d/2 is above 0.
    """
    found = {}
    for trial, each in felt.items():
        random = chance(participant.settings, participant.place, "rating", _SALT + trial)
        share = 0.5 * (1 + erf(0.5 * effect * each.drive / sqrt(2)))
        sentences = []
        for _ in range(SENTENCES):
            words = LIGHT if random.random() < share else DARK
            parts = (each[int(random.integers(len(each)))] for each in (OPENINGS, THINGS, words, CLOSINGS))
            opening, thing, word, closing = parts
            sentences.append(f"{opening} {thing}, {word}, {closing}")
        found[trial] = " ".join(sentences)
    return found
