"""The body's signals: pulse, skin, warmth, breath, wrist. Shapes and their sources: `shapes`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.simulate.artefacts import Artefact, hitting
from analysis.simulate.participant import QUANTITIES, Participant, Push, level
from analysis.simulate.shapes import heart_response, pulse_wave, skin_response

Floats = NDArray[np.float64]

HEART_BPM, EDA_US, SKIN_DEGC, BREATHS_PER_MIN = 70.0, 3.0, 33.0, 15.0
SLOWEST_BPM, FASTEST_BPM = 45.0, 140.0
RESPONSE_US = 0.35
RESPONSE_LATENCY_S = 1.6
SPONTANEOUS_PER_MIN = 2.2
WARMTH_STEP_DEGC = 0.02
"""What a wristband's thermometer can tell."""
WARMTH_BACK_S = 25.0
COUNTS_PER_G = 64.0


def pulse(
    times_s: Floats, participant: Participant, moved: Sequence[Push], wrong: Sequence[Artefact]
) -> Floats:
    """Return the blood volume pulse (n, 1), of a heart that breath, blood pressure and feeling move."""
    quantity, random = QUANTITIES["bvp"], participant.random("bvp")
    rate_hz = 1.0 / float(times_s[1] - times_s[0])
    since = times_s - times_s[0]
    breath = 2 * np.pi * (BREATHS_PER_MIN + random.uniform(-2, 2)) / 60.0 * since
    beats_per_min = np.full(len(times_s), HEART_BPM + participant.own("bvp"))
    beats_per_min += 3.0 * np.sin(breath) + 1.8 * np.sin(2 * np.pi * (0.095 * since + random.random()))
    beats_per_min += 1.2 * _wander(len(times_s), rate_hz, 20.0, random)
    for push in moved:
        first, last = np.searchsorted(times_s, (push.start_s, push.start_s + 12.0))
        # What every picture does to a heart, whatever is felt.
        beats_per_min[first:last] += 0.4 * heart_response(times_s[first:last] - push.start_s, 0.0)
    beats_per_min += quantity.within * level(times_s, moved)
    beats_per_min = np.clip(beats_per_min, SLOWEST_BPM, FASTEST_BPM)
    phase = random.random() + np.cumsum(beats_per_min / 60.0) / rate_hz
    size = 62.0 * np.exp(0.15 * random.standard_normal()) * (1.0 + 0.07 * np.sin(breath + 0.8))
    wave = size * pulse_wave(phase) + 3.0 * np.sin(breath) + 0.8 * random.standard_normal(len(times_s))
    for burst in hitting(wrong, "bvp", "motion"):
        first, last = np.searchsorted(times_s, (burst.start_s, burst.stop_s))
        wave[first:last] += 140.0 * _wander(last - first, rate_hz, 0.15, random)
    for lost in hitting(wrong, "bvp", "contact"):
        first, last = np.searchsorted(times_s, (lost.start_s, lost.stop_s))
        wave[first:last] = 0.3 * random.standard_normal(last - first)
    rounded: Floats = np.round(wave, 2)
    return rounded[:, None]


def skin(
    times_s: Floats, participant: Participant, moved: Sequence[Push], wrong: Sequence[Artefact]
) -> Floats:
    """Return skin conductance (n, 1) in microsiemens: a level, and responses to stimuli and to nothing."""
    quantity, random = QUANTITIES["eda"], participant.random("eda")
    rate_hz = 1.0 / float(times_s[1] - times_s[0])
    drift = _smooth(_wander(len(times_s), rate_hz, 60.0, random), rate_hz, 4.0)
    tonic = EDA_US * np.exp(participant.own("eda") + 0.07 * drift)
    length_s = float(times_s[-1] - times_s[0])
    count = int(random.poisson(SPONTANEOUS_PER_MIN * length_s / 60.0))
    responses = [
        (times_s[0] + length_s * at, 0.04 + 0.14 * high**2) for at, high in random.random((count, 2))
    ]
    for push in moved:
        height_us = RESPONSE_US * float(np.exp(quantity.within * push.inside))
        responses.append((push.at[0] + RESPONSE_LATENCY_S + random.uniform(-0.3, 0.3), height_us))
    phasic = np.zeros(len(times_s))
    for onset_s, height_us in responses:
        first, last = np.searchsorted(times_s, (onset_s, onset_s + 25.0))
        phasic[first:last] += height_us * skin_response(times_s[first:last] - onset_s)
    level_us = tonic + phasic
    for burst in hitting(wrong, "eda", "motion"):
        first, last = np.searchsorted(times_s, (burst.start_s, burst.stop_s))
        level_us[first:last] += 0.4 * _wander(last - first, rate_hz, 0.3, random)
    for lost in hitting(wrong, "eda", "contact"):
        first, last = np.searchsorted(times_s, (lost.start_s, lost.stop_s))
        level_us[first:last] = 0.02
    measured: Floats = np.maximum(0.01, level_us + 0.0015 * random.standard_normal(len(times_s)))
    return measured[:, None]


def warmth(
    times_s: Floats, participant: Participant, moved: Sequence[Push], wrong: Sequence[Artefact]
) -> Floats:
    """Return skin temperature (n, 1) in degrees Celsius: it rises or falls while something is felt."""
    from scipy.signal import lfilter

    quantity, random = QUANTITIES["temperature"], participant.random("temperature")
    step_s = float(times_s[1] - times_s[0])
    slope = quantity.within * level(times_s, moved)
    inside = np.zeros(len(times_s))
    for push in moved:
        first, last = np.searchsorted(times_s, (push.start_s, push.stop_s))
        inside[first:last] = participant.own("temperature")
    # What a stage has done goes back again.
    keep = 1.0 - step_s / WARMTH_BACK_S
    change = lfilter([step_s], [1.0, -keep], slope + inside)
    base = SKIN_DEGC + 1.0 * participant.settings.fingerprint * random.standard_normal()
    drift = 0.12 * _smooth(_wander(len(times_s), 1.0 / step_s, 120.0, random), 1.0 / step_s, 5.0)
    warm = base + change + drift + 0.008 * random.standard_normal(len(times_s))
    steps: Floats = np.round(warm / WARMTH_STEP_DEGC)
    return WARMTH_STEP_DEGC * steps[:, None]


def breath(
    times_s: Floats, participant: Participant, moved: Sequence[Push], wrong: Sequence[Artefact]
) -> Floats:
    """Return a breathing belt's signal (n, 1) in arbitrary units."""
    quantity, random = QUANTITIES["respiration"], participant.random("respiration")
    rate_hz = 1.0 / float(times_s[1] - times_s[0])
    per_min = BREATHS_PER_MIN + participant.own("respiration") + quantity.within * level(times_s, moved)
    per_min += 0.6 * _wander(len(times_s), rate_hz, 30.0, random)
    phase = 2 * np.pi * (random.random() + np.cumsum(np.clip(per_min, 7.0, 30.0) / 60.0) / rate_hz)
    depth = 1.0 + 0.1 * _wander(len(times_s), rate_hz, 8.0, random)
    # Breathing out takes longer than breathing in.
    wave: Floats = depth * np.sin(phase + 0.35 * np.sin(phase)) + 0.02 * random.standard_normal(len(times_s))
    return wave[:, None]


def wrist(
    times_s: Floats, participant: Participant, moved: Sequence[Push], wrong: Sequence[Artefact]
) -> Floats:
    """Return the wrist's acceleration (n, 3) in g: gravity, now and then another posture, restlessness."""
    quantity, random = QUANTITIES["acceleration"], participant.random("acceleration")
    rate_hz = 1.0 / float(times_s[1] - times_s[0])
    posture = np.stack([_postures(times_s, rate_hz, random) for _ in range(3)], axis=1)
    posture += np.array([0.25, -0.35, 0.9])
    posture /= np.linalg.norm(posture, axis=1, keepdims=True)
    height = np.exp(participant.own("acceleration") + quantity.within * level(times_s, moved))
    shake = np.stack([_wander(len(times_s), rate_hz, 0.05, random) for _ in range(3)], axis=1)
    measured = posture + 0.02 * height[:, None] * shake + 0.004 * random.standard_normal((len(times_s), 3))
    for burst in hitting(wrong, "acceleration", "motion"):
        first, last = np.searchsorted(times_s, (burst.start_s, burst.stop_s))
        measured[first:last] += 0.6 * random.standard_normal((last - first, 3))
    counts: Floats = np.round(measured * COUNTS_PER_G)
    return counts / COUNTS_PER_G


def _postures(times_s: Floats, rate_hz: float, random: np.random.Generator) -> Floats:
    """Return one axis of a hand that is put elsewhere about every two minutes, and not at once."""
    count = max(1, int((times_s[-1] - times_s[0]) / 120.0))
    at = np.sort(random.uniform(times_s[0], times_s[-1], count))
    goals = np.concatenate([[0.0], 0.12 * random.standard_normal(count)])
    goal = goals[np.searchsorted(at, times_s, "right")]
    return _smooth(goal, rate_hz, 0.4)


def _wander(count: int, rate_hz: float, slow_s: float, random: np.random.Generator) -> Floats:
    """Return a slow random walk that comes back (n,): mean 0, SD 1, correlated over `slow_s`."""
    from scipy.signal import lfilter

    if count == 0:
        return np.zeros(0)
    keep = float(np.exp(-1.0 / (slow_s * rate_hz)))
    start = random.standard_normal()
    drawn = np.sqrt(1.0 - keep**2) * random.standard_normal(count)
    walked: Floats = lfilter([1.0], [1.0, -keep], drawn, zi=[keep * start])[0]
    return walked


def _smooth(values: Floats, rate_hz: float, slow_s: float) -> Floats:
    from scipy.signal import lfilter

    keep = float(np.exp(-1.0 / (slow_s * rate_hz)))
    smoothed: Floats = lfilter([1.0 - keep], [1.0, -keep], values, zi=[keep * values[0]])[0]
    return smoothed
