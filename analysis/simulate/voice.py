"""A voice: syllables of vowels in phrases, whose pitch and level move with what is felt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.simulate.participant import QUANTITIES, Participant, Push

Floats = NDArray[np.float64]

# Vowels by their first three formants (Hz), an adult voice; bandwidths widen upwards.
VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
BANDWIDTHS_HZ = (80.0, 110.0, 170.0)
HARMONICS = 29
LOW_HZ, HIGH_HZ = 118.0, 205.0
LEVEL_DB = 2.0
"""How far the level moves with one SD of the trial."""
LOUDEST = 9000.0
HISS = 12.0


def syllable(formants_hz: Sequence[float], pitch_hz: float, length_s: float, rate_hz: float) -> Floats:
    """Return a sung vowel (n,) with its highest value 1: harmonics through formants, rise and fall."""
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    glide = pitch_hz * (1.0 + 0.03 * np.sin(2 * np.pi * 5.2 * t) - 0.08 * t / length_s)
    phase = 2 * np.pi * np.cumsum(glide) / rate_hz
    wave = np.zeros(len(t))
    for harmonic in range(1, HARMONICS + 1):
        frequency = harmonic * pitch_hz
        if 1.1 * frequency >= rate_hz / 2:
            break
        gain = sum(
            1.0 / (1.0 + ((frequency - formant) / width) ** 2) / (1.0 + place)
            for place, (formant, width) in enumerate(zip(formants_hz, BANDWIDTHS_HZ, strict=True))
        )
        wave += gain / harmonic**0.4 * np.sin(harmonic * phase)
    rise, fall = np.minimum(1.0, t / 0.025), np.minimum(1.0, (length_s - t) / 0.05)
    shaped: Floats = wave / max(1e-9, float(np.abs(wave).max())) * rise * np.maximum(fall, 0.0)
    return shaped


def voice(times_s: Floats, participant: Participant, moved: Sequence[Push]) -> NDArray[np.int16]:
    """Return what the microphone hears (n, 1): a quiet room, and speech in each talk."""
    rate_hz = 1.0 / float(np.median(np.diff(times_s[:100])))
    sound = HISS * participant.random("speech").standard_normal(len(times_s))
    for number, push in enumerate(moved):
        spoken = _talk(participant, push, rate_hz, number)
        first = int(np.searchsorted(times_s, push.start_s))
        room = min(len(spoken), len(times_s) - first)
        sound[first : first + room] += spoken[:room]
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)[:, None]


def _talk(participant: Participant, push: Push, rate_hz: float, number: int) -> Floats:
    """Return one talk (n,): phrases that fall in pitch, as statements do, and breaths between them."""
    quantity = QUANTITIES["speech"]
    random = participant.random("speech", 10_000 + number)
    length_s = push.stop_s - push.start_s
    sound = np.zeros(round(length_s * rate_hz))
    # A mouth of one's own: shorter ones have higher formants.
    middle_hz = HIGH_HZ if participant.is_high else LOW_HZ
    tract = (1.12 if participant.is_high else 1.0) * float(np.exp(0.15 * participant.own("speech")))
    at_s = 0.25 + 0.2 * random.random()
    while at_s < length_s - 0.4:
        lift = 1.0 + 0.06 * random.standard_normal()
        for place in range(int(random.integers(4, 9))):
            vowel = VOWELS[int(random.integers(len(VOWELS)))]
            syllable_s, pause_s = 0.12 + 0.12 * random.random(), 0.03 + 0.03 * random.random()
            if at_s + syllable_s > length_s - 0.1:
                break
            moved_by = push.inside if push.at[0] <= push.start_s + at_s <= push.at[1] else push.noise
            pitch_hz = middle_hz * float(np.exp(participant.own("speech") + quantity.within * moved_by))
            pitch_hz *= lift * (1.1 - 0.03 * place)
            loudness = LOUDEST * 10 ** (LEVEL_DB * moved_by / 20) * (0.85 + 0.3 * random.random())
            shaped = syllable([tract * each for each in vowel], pitch_hz, syllable_s, rate_hz)
            start = round(at_s * rate_hz)
            room = min(len(shaped), len(sound) - start)
            sound[start : start + room] += loudness * shaped[:room]
            at_s += syllable_s + pause_s
        at_s += 0.25 + 0.3 * random.random()
    return sound
