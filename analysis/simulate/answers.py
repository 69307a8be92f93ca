"""Spoken answers of simulated speakers: vowels that lie closer together and pauses that grow with a state.

Nothing of it is a model of depression: it plants an effect of known size that a speaker embedding can find.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.simulate.voice import HIGH_HZ, LOW_HZ, VOWELS, syllable

Floats = NDArray[np.float64]

RATE_HZ = 16000.0
MIDDLE_HZ = tuple(float(np.mean([vowel[place] for vowel in VOWELS])) for place in range(3))
CLOSER, FLATTER, LONGER = 0.30, 0.35, 0.25
"""How vowel space and pitch range (less) and pauses (more) move with one SD of the state, natural logs."""
ROOM = 0.001


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice: middle pitch in Hz, the vocal tract as a factor of the formants, range of the pitch."""

    pitch_hz: float
    tract: float
    pitch_range: float

    @classmethod
    def draw(cls, random: np.random.Generator) -> Speaker:
        """Return somebody."""
        is_high = random.random() < 0.5
        middle = (HIGH_HZ if is_high else LOW_HZ) * float(np.exp(0.12 * random.standard_normal()))
        tract = (1.12 if is_high else 1.0) * float(np.exp(0.05 * random.standard_normal()))
        return cls(middle, tract, 0.10 * float(np.exp(0.3 * random.standard_normal())))


def answer(speaker: Speaker, state: float, seconds: float, random: np.random.Generator) -> Floats:
    """Return an answer (n,) of full scale 1 at 16 kHz; `state` is how far the speaker is moved, in SDs."""
    sound = ROOM * random.standard_normal(round(seconds * RATE_HZ))
    closer, flatter = float(np.exp(-CLOSER * state)), float(np.exp(-FLATTER * state))
    at_s = 0.1
    while at_s < seconds - 0.2:
        vowel = VOWELS[int(random.integers(len(VOWELS)))]
        formants = [
            speaker.tract * (middle + closer * (each - middle))
            for each, middle in zip(vowel, MIDDLE_HZ, strict=True)
        ]
        pitch_hz = speaker.pitch_hz * float(np.exp(flatter * speaker.pitch_range * random.standard_normal()))
        length_s = min(0.10 + 0.10 * random.random(), seconds - at_s - 0.05)
        made = 0.2 * (0.8 + 0.4 * random.random()) * syllable(formants, pitch_hz, length_s, RATE_HZ)
        first = round(at_s * RATE_HZ)
        sound[first : first + len(made)] += made[: len(sound) - first]
        at_s += length_s + (0.03 + 0.05 * random.random()) * float(np.exp(LONGER * state))
    return sound
