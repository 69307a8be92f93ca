"""A wearer for the simulated wristband: heart, skin and hand of someone who reacts to what is shown.

Everything is computed in blocks of half a second with a fixed number of random draws each, so that
equal seeds and equal stimuli give equal samples however the blocks are asked for. The shapes are those of
`analysis.simulate.shapes`; in the heart rate there are respiratory sinus arrhythmia and the 0.1 Hz wave of
blood pressure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.simulate.shapes import heart_response, pulse_wave, skin_response

BLOCK_S = 0.5
RATES_HZ = {"bvp": 64, "eda": 4, "temperature": 4, "acceleration": 32}
CATEGORY_AROUSAL = {"pleasant": 6.0, "unpleasant": 6.6, "neutral": 2.6}
CATEGORY_VALENCE = {"pleasant": 7.2, "unpleasant": 2.6, "neutral": 5.0}
MEMORY_S = 40.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stimulation:
    """A stimulus as the body takes it: onset in seconds of the simulation, drive 0-1, valence -1 to 1."""

    onset_s: float
    drive: float
    valence: float


def drive_of(category: str, valence: float | None, arousal: float | None) -> tuple[float, float]:
    """Return (drive 0-1, valence -1 to 1) of a stimulus rated from 1 to 9, or of its category."""
    name = category.lower()
    rated_arousal = CATEGORY_AROUSAL.get(name, 4.0) if arousal is None else arousal
    rated_valence = CATEGORY_VALENCE.get(name, 5.0) if valence is None else valence
    drive = float(np.clip((rated_arousal - 2.0) / 6.0, 0.0, 1.0))
    return drive, float(np.clip((rated_valence - 5.0) / 4.0, -1.0, 1.0))


class Wearer:
    """One person's wrist. `stimulate` says what was shown, `advance` gives the next half second."""

    def __init__(self, seed: int, heart_rate_bpm: float = 68.0, reactivity: float = 1.0) -> None:
        self._random = np.random.default_rng(seed)
        draw = self._random.random
        self._base_bpm = heart_rate_bpm
        self._reactivity = reactivity
        self._breath_hz = 0.22 + 0.06 * draw()
        self._breath = draw()
        self._pulse = draw()
        self._vasomotion = draw()
        self._drift_bpm = 0.0
        self._tonic_us = 2.0 + 3.0 * draw()
        self._skin_degc = 32.0 + 2.0 * draw()
        self._wrist = np.array([0.25, -0.35, 0.9]) + 0.2 * (draw(3) - 0.5)
        self._wrist_goal = self._wrist.copy()
        self._tremor_hz = 8.5 + 2.0 * draw()
        self._responses: list[tuple[float, float]] = []
        self._stimuli: list[Stimulation] = []
        self._shown = 0
        self.elapsed_s = 0.0

    def stimulate(self, stimulus: Stimulation) -> None:
        """Let the wearer see a stimulus; the skin answers 1.2-2.2 s after the onset, ever less."""
        weight = stimulus.drive * self._reactivity
        self._stimuli.append(stimulus)
        if weight > 0.15:
            # Latency and strength come from the count, not from the random draws of the blocks.
            self._shown += 1
            latency_s = 1.2 + 1.0 * ((self._shown * 0.618034) % 1.0)
            habituation = 0.55 + 0.45 * float(np.exp(-self._shown / 12.0))
            self._responses.append((stimulus.onset_s + latency_s, 0.75 * weight * habituation))

    def advance(self) -> Mapping[str, Floats]:
        """Return the next half second: arrays (samples, channels) by signal."""
        start = self.elapsed_s
        uniform = self._random.random(6)
        normal = {name: self._random.standard_normal((self._count(name), 3)) for name in RATES_HZ}
        if uniform[0] < BLOCK_S * 2.2 / 60.0:
            self._responses.append((start + uniform[1] * BLOCK_S, 0.04 + 0.16 * uniform[2] ** 2))
        self._responses = [entry for entry in self._responses if entry[0] > start - MEMORY_S]
        self._stimuli = [entry for entry in self._stimuli if entry.onset_s > start - MEMORY_S]
        signals = {
            "bvp": self._blood(self._times("bvp"), normal["bvp"]),
            "eda": self._skin(self._times("eda"), normal["eda"]),
            "temperature": self._warmth(self._times("temperature"), normal["temperature"]),
            "acceleration": self._motion(self._times("acceleration"), normal["acceleration"], uniform[3:]),
        }
        self.elapsed_s = start + BLOCK_S
        return signals

    @property
    def drives(self) -> list[float]:
        """How strongly the stimuli of the last time drove the body, 0-1 each."""
        return [stimulus.drive for stimulus in self._stimuli]

    @property
    def heart_rate_bpm(self) -> float:
        """The heart rate at the end of the last block."""
        return float(self._rate(np.array([self.elapsed_s]))[0])

    def _count(self, name: str) -> int:
        return round(RATES_HZ[name] * BLOCK_S)

    def _times(self, name: str) -> Floats:
        return self.elapsed_s + np.arange(self._count(name)) / RATES_HZ[name]

    def _arousal(self, times: Floats, delay_s: float, width_s: float) -> Floats:
        """Return how aroused the body is: bumps after each stimulus, 1 at full drive."""
        level = np.zeros(len(times))
        for stimulus in self._stimuli:
            since = times - stimulus.onset_s
            bump = np.exp(-0.5 * ((since - delay_s) / width_s) ** 2)
            level += self._reactivity * stimulus.drive * np.where(since > 0, bump, 0.0)
        return level

    def _rate(self, times: Floats) -> Floats:
        breath = self._breath + self._breath_hz * (times - self.elapsed_s)
        rate = self._base_bpm + self._drift_bpm + 3.2 * np.sin(2 * np.pi * breath)
        rate = rate + 1.8 * np.sin(2 * np.pi * (0.095 * times + self._vasomotion))
        for stimulus in self._stimuli:
            change = heart_response(times - stimulus.onset_s, stimulus.valence)
            rate = rate + self._reactivity * stimulus.drive * change
        return np.clip(rate, 38.0, 185.0)

    def _blood(self, times: Floats, noise: Floats) -> Floats:
        rate = self._rate(times)
        phase = self._pulse + np.cumsum(rate / 60.0 / RATES_HZ["bvp"])
        breath = 2 * np.pi * (self._breath + self._breath_hz * (times - self.elapsed_s))
        # Arteries of the skin narrow with arousal: the pulse gets smaller.
        size = (
            62.0
            * (1.0 + 0.07 * np.sin(breath + 0.8))
            * (1.0 - 0.32 * np.minimum(1.0, self._arousal(times, 4.5, 2.5)))
        )
        wander = 3.0 * np.sin(breath) + 2.0 * np.sin(2 * np.pi * 0.05 * times)
        self._pulse = float(phase[-1] % 1.0)
        self._breath = float((self._breath + self._breath_hz * BLOCK_S) % 1.0)
        self._breath_hz = float(np.clip(self._breath_hz + 0.002 * noise[0, 1], 0.17, 0.33))
        self._drift_bpm = 0.995 * self._drift_bpm + 0.12 * float(noise[0, 2])
        wave = size * pulse_wave(phase) + wander + 0.8 * noise[:, 0]
        rounded: Floats = np.round(wave, 2)
        return rounded[:, None]

    def _skin(self, times: Floats, noise: Floats) -> Floats:
        aroused = float(self._arousal(times[:1], 6.0, 5.0)[0])
        self._tonic_us += 0.0015 * float(noise[0, 1]) + 0.004 * aroused - 0.0008 * (self._tonic_us - 3.2)
        self._tonic_us = max(0.3, self._tonic_us)
        level = np.full(len(times), self._tonic_us)
        for onset_s, height_us in self._responses:
            level += height_us * skin_response(times - onset_s)
        measured: Floats = np.maximum(0.05, level + 0.0015 * noise[:, 0])
        return measured[:, None]

    def _warmth(self, times: Floats, noise: Floats) -> Floats:
        cooling = 0.012 * float(self._arousal(times[:1], 12.0, 6.0)[0])
        self._skin_degc += (
            0.0025 * float(noise[0, 1]) - cooling * BLOCK_S - 0.002 * (self._skin_degc - 33.2) * BLOCK_S
        )
        # The sensor's steps are 0.02 degrees.
        steps: Floats = np.round((self._skin_degc + 0.008 * noise[:, 0]) / 0.02)
        return 0.02 * steps[:, None]

    def _motion(self, times: Floats, noise: Floats, uniform: Floats) -> Floats:
        if uniform[0] < BLOCK_S / 25.0:
            moved = self._wrist_goal + 0.5 * (np.array([uniform[1], uniform[2], uniform[1]]) - 0.5)
            self._wrist_goal = moved / np.linalg.norm(moved)
        path = []
        for _ in times:
            self._wrist = self._wrist + 0.12 * (self._wrist_goal - self._wrist)
            path.append(self._wrist / np.linalg.norm(self._wrist))
        tremor = 0.006 * np.sin(2 * np.pi * self._tremor_hz * times)
        shake = tremor[:, None] * np.array([0.4, 1.0, 0.7]) + 0.004 * noise
        # The device counts in 64ths of g.
        counts: Floats = np.round((np.array(path) + shake) * 64.0)
        return counts / 64.0
