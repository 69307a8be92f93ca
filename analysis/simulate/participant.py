"""Who takes part: own levels, what is felt in each trial, and how strongly each modality shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulate.course import Course, Span
from analysis.simulate.settings import MODALITIES, Settings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a modality's signal follows.

    `between` is the SD of participants' own levels, `within` that of trials, both in `unit`. `sign` is -1
    where more of it goes with a negative feeling.
    """

    about: str
    unit: str
    between: float
    within: float
    sign: int = 1


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        "eeg": Quantity("log alpha power right minus left in front, and temporal gamma", "ln", 0.3, 0.5),
        "bvp": Quantity("heart rate", "beats/min", 8.0, 3.0),
        "eda": Quantity("log height of the response to the stimulus", "ln", 0.5, 0.6, -1),
        "temperature": Quantity("slope of skin temperature", "degC/s", 0.002, 0.008),
        "respiration": Quantity("breaths a minute", "1/min", 2.0, 2.0),
        "acceleration": Quantity("log restlessness of the wrist", "ln", 0.3, 0.5, -1),
        "speech": Quantity("log pitch of the voice, and its level", "ln", 0.2, 0.06),
        "face": Quantity("from frown (-1) to smile (1)", "", 0.2, 0.3),
        "keys": Quantity("log interval between key presses", "ln", 0.2, 0.12, -1),
    }
)

FOLLOWED, WEAK = 0.90, 0.06
"""Shares of affective trials that are felt as meant, or hardly at all; the others the other way round."""
FULL_VALENCE = 0.6
"""From this valence on the effect is there in full."""

_PURPOSES = ("person", "felt", "missing", "artefacts", "look", "rating", *MODALITIES)


def chance(settings: Settings, place: int, purpose: str, part: int = 0) -> np.random.Generator:
    """Return the random numbers of one participant for one purpose.

    None of them depends on an effect, so with another effect everything else stays as it was.
    """
    return np.random.default_rng([settings.seed, place, _PURPOSES.index(purpose), part])


@dataclass(frozen=True, slots=True)
class Participant:
    """One simulated person: `levels` are own levels by modality, in SDs of people times the fingerprint.

    `is_high` says that the voice is a high one. `missing` are modalities that were not recorded.
    """

    settings: Settings
    place: int
    levels: Mapping[str, float]
    is_high: bool
    missing: frozenset[str] = frozenset()

    @classmethod
    def draw(cls, settings: Settings, place: int) -> Participant:
        """Return participant number `place` (from 0) of these settings."""
        random = chance(settings, place, "person")
        levels = dict(zip(MODALITIES, settings.fingerprint * random.standard_normal(9), strict=True))
        gone = chance(settings, place, "missing").random(len(MODALITIES)) < settings.missing
        missing = frozenset(name for name, is_gone in zip(MODALITIES, gone, strict=True) if is_gone)
        if missing >= set(settings.modalities):
            # Somebody of whom nothing was recorded is no participant.
            missing -= {settings.modalities[place % len(settings.modalities)]}
        return cls(settings, place, levels, bool(random.random() < 0.5), missing)

    @property
    def modalities(self) -> tuple[str, ...]:
        """What is recorded."""
        return tuple(name for name in self.settings.modalities if name not in self.missing)

    def own(self, modality: str) -> float:
        """Return how far the own level lies from people's, in the quantity's unit."""
        return self.levels[modality] * QUANTITIES[modality].between

    def random(self, purpose: str, part: int = 0) -> np.random.Generator:
        """Return this participant's random numbers for a purpose."""
        return chance(self.settings, self.place, purpose, part)


@dataclass(frozen=True, slots=True)
class Felt:
    """What was felt in a trial: `valence` from -1 to 1."""

    trial: int
    valence: float

    @property
    def drive(self) -> float:
        """Which class the trial is of, from -1 to 1: most affective trials are at one of the ends."""
        return float(np.clip(self.valence / FULL_VALENCE, -1.0, 1.0))


def feel(participant: Participant, expected: Mapping[int, float]) -> dict[int, Felt]:
    """Return what is felt in trials of which -1 to 1 is expected; near 0 is neutral.

    Most are felt as meant, some hardly, a few the other way round.
    """
    felt = {}
    random = participant.random("felt")
    for trial in sorted(expected):
        luck, strength, mood = random.random(), random.random(), random.standard_normal()
        meant = expected[trial]
        if abs(meant) < 0.2:
            valence = float(np.clip(0.2 * mood, -0.5, 0.5))
        elif luck < FOLLOWED:
            valence = float(np.sign(meant)) * (FULL_VALENCE + (1 - FULL_VALENCE) * strength)
        elif luck < FOLLOWED + WEAK:
            valence = 0.15 * float(np.clip(mood, -2.0, 2.0))
        else:
            valence = -float(np.sign(meant)) * FULL_VALENCE
        felt[trial] = Felt(trial, valence)
    return felt


@dataclass(frozen=True, slots=True)
class Push:
    """How a modality is moved in one stretch of time, in SDs of trials.

    From `start_s` to `stop_s` it stands at `noise`, which has nothing to do with what is felt; between the
    two times of `at` `effect` comes on top.
    """

    trial: int
    start_s: float
    stop_s: float
    noise: float
    effect: float
    at: Span

    @property
    def mean(self) -> float:
        """The mean over the stretch."""
        share = (self.at[1] - self.at[0]) / max(self.stop_s - self.start_s, 1e-9)
        return self.noise + self.effect * share

    @property
    def inside(self) -> float:
        """Where the effect is: noise and effect together."""
        return self.noise + self.effect


def pushes(
    participant: Participant, modality: str, course: Course, felt: Mapping[int, Felt]
) -> tuple[Push, ...]:
    """Return how a modality is moved by each trial: half of d to either side of the trial's own noise.

    A trial with several stretches (two sentences spoken) has one noise.
    """
    settings = participant.settings
    half = 0.5 * settings.effect(modality) * QUANTITIES[modality].sign
    by_trial: dict[int, tuple[float, float]] = {}
    for trial in course.trials:
        random = participant.random(modality, 1 + trial)
        by_trial[trial] = (float(random.standard_normal()), float(random.random()))
    found = []
    for trial, start, stop in course.acting(modality):
        noise, where = by_trial[trial]
        length = (stop - start) * settings.within
        begin = start + where * (stop - start - length)
        drive = felt[trial].drive if trial in felt else 0.0
        found.append(Push(trial, start, stop, noise, half * drive, (begin, begin + length)))
    return tuple(found)


RAMP_S = 0.5


def level(times_s: Floats, moved: Sequence[Push]) -> Floats:
    """Return where a modality stands at some times, in SDs of trials; 0 outside of all stretches."""
    found = np.zeros(len(times_s))
    for push in moved:
        for start, stop, height in ((push.start_s, push.stop_s, push.noise), (*push.at, push.effect)):
            first, last = np.searchsorted(times_s, (start, stop))
            since = times_s[first:last] - start
            found[first:last] += height * np.minimum(1.0, since / min(RAMP_S, max(stop - start, 1e-9)))
    return found


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a simulated session because it was made, and must reach no recognizer."""

    participant: Participant
    felt: Mapping[int, Felt]
    artefacts: tuple[Any, ...] = ()
    pushes: Mapping[str, tuple[Push, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        person = self.participant
        return {
            "settings": person.settings.to_json(),
            "place": person.place,
            "levels": {name: round(value, 6) for name, value in person.levels.items()},
            "missing": sorted(person.missing),
            "felt": {str(trial): round(felt.valence, 6) for trial, felt in self.felt.items()},
            "artefacts": [artefact.to_json() for artefact in self.artefacts],
        }
