"""The EEG: pink noise, an alpha rhythm with its own frequency, temporal gamma, blinks, the mains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.simulate.artefacts import Artefact, hitting
from analysis.simulate.participant import QUANTITIES, Participant, Push, level
from analysis.views.electrodes import place

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

ORDER = (
    "AF3", "AF4", "F3", "F4", "F7", "F8", "T7", "T8", "O1", "O2", "P7", "P8", "FC5", "FC6",
    "C3", "C4", "P3", "P4", "Fz", "Cz", "Pz", "Oz", "FC1", "FC2", "CP1", "CP2", "CP5", "CP6",
    "PO3", "PO4", "Fp1", "Fp2",
)  # fmt: skip
"""Electrodes in the order in which more of them are added, both sides of a pair one after the other."""

PINK_UV, ALPHA_UV, FRONT_ALPHA_UV, GAMMA_UV, BLINK_UV = 9.0, 11.0, 6.5, 4.0, 85.0
GAMMA_HZ = (30.0, 45.0)
SOURCES = 8
BLINK_EVERY_S = 4.5


def montage(count: int) -> tuple[str, ...]:
    """Return the names of the first `count` electrodes."""
    return ORDER[:count]


def brain(
    times_s: Floats,
    names: Sequence[str],
    participant: Participant,
    moved: Sequence[Push],
    wrong: Sequence[Artefact],
) -> Singles:
    """Return the EEG (n, electrodes) in microvolts.

    What is felt moves two things: alpha power in front, to the right up and to the left down (a positive
    feeling: the left side is the more active one), and gamma power at the temples.
    """
    quantity, random = QUANTITIES["eeg"], participant.random("eeg")
    count, rate_hz = len(times_s), 1.0 / float(times_s[1] - times_s[0])
    known = place(names).positions
    x, y = np.array([known[name] for name in names]).T
    eeg = _pink(count, rate_hz, x, y, random)
    asymmetry = quantity.within * level(times_s, moved) + participant.own("eeg")
    loudness = np.exp(0.35 * participant.settings.fingerprint * random.standard_normal())
    alpha_hz = 10.0 + 0.7 * float(np.clip(random.standard_normal(), -2, 2))
    alpha = [_rhythm(count, rate_hz, alpha_hz - 1.2, alpha_hz + 1.2, random) for _ in range(3)]
    back = np.clip(0.35 - y, 0.0, 1.2)
    eeg += (ALPHA_UV * loudness * alpha[0]).astype(np.float32)[:, None] * back.astype(np.float32)
    for side, source in ((-1, alpha[1]), (1, alpha[2])):
        near = np.exp(-(((x - side * 0.4) / 0.28) ** 2) - ((y - 0.55) / 0.3) ** 2)
        # Half of the difference of log power on either side, and amplitude is the root of power.
        wave = FRONT_ALPHA_UV * loudness * np.exp(0.25 * side * asymmetry) * source
        eeg += wave.astype(np.float32)[:, None] * near.astype(np.float32)
    gamma = GAMMA_UV * np.exp(0.15 * level(times_s, moved)) * _rhythm(count, rate_hz, *GAMMA_HZ, random)
    eeg += gamma.astype(np.float32)[:, None] * np.clip(np.abs(x) - 0.35, 0.0, 0.6).astype(np.float32) / 0.6
    eeg += _blinks(times_s, random).astype(np.float32)[:, None] * _eyes(y).astype(np.float32)
    if rate_hz > 100.0:
        hum = 0.4 * np.sin(2 * np.pi * 50.0 * (times_s - times_s[0]) + random.random())
        eeg += hum.astype(np.float32)[:, None]
    _spoil(eeg, times_s, rate_hz, wrong, random)
    return eeg


def _pink(count: int, rate_hz: float, x: Floats, y: Floats, random: np.random.Generator) -> Singles:
    """Return noise (n, electrodes) whose power falls with frequency, neighbours being alike."""
    centres = random.uniform(-0.8, 0.8, (SOURCES, 2))
    apart = (x[:, None] - centres[:, 0]) ** 2 + (y[:, None] - centres[:, 1]) ** 2
    mixing = np.exp(-apart / 0.35)
    mixing *= 0.8 / np.linalg.norm(mixing, axis=1, keepdims=True)
    eeg = np.empty((count, len(x)), np.float32)
    sources = np.stack([_shaped(count, rate_hz, random) for _ in range(SOURCES)], axis=1)
    for i in range(len(x)):
        eeg[:, i] = PINK_UV * (sources @ mixing[i].astype(np.float32) + 0.6 * _shaped(count, rate_hz, random))
    return eeg


def _fast(count: int) -> int:
    from scipy.fft import next_fast_len

    return int(next_fast_len(count, real=True))


def _shaped(count: int, rate_hz: float, random: np.random.Generator) -> Singles:
    from scipy.fft import irfft, rfft, rfftfreq

    long = _fast(count)
    spectrum = rfft(random.standard_normal(long, np.float32))
    frequencies = rfftfreq(long, 1.0 / rate_hz)
    spectrum *= (1.0 / np.sqrt(np.maximum(frequencies, 0.8))).astype(np.float32)
    spectrum[frequencies < 0.15] = 0.0
    noise = irfft(spectrum, long)[:count]
    shaped: Singles = (noise / noise.std()).astype(np.float32)
    return shaped


def _rhythm(
    count: int, rate_hz: float, low_hz: float, high_hz: float, random: np.random.Generator
) -> Singles:
    """Return noise of one band (n,) with SD 1: it waxes and wanes as rhythms do."""
    from scipy.fft import irfft, rfft, rfftfreq

    long = _fast(count)
    spectrum = rfft(random.standard_normal(long, np.float32))
    frequencies = rfftfreq(long, 1.0 / rate_hz)
    middle, half = (low_hz + high_hz) / 2, (high_hz - low_hz) / 2
    spectrum *= np.exp(-0.5 * ((frequencies - middle) / (0.7 * half)) ** 2).astype(np.float32)
    rhythm = irfft(spectrum, long)[:count]
    even: Singles = (rhythm / rhythm.std()).astype(np.float32)
    return even


def _eyes(y: Floats) -> Floats:
    return np.clip((y - 0.15) / 0.75, 0.0, 1.0) ** 2


def _blinks(times_s: Floats, random: np.random.Generator) -> Floats:
    wave = np.zeros(len(times_s))
    at_s = times_s[0] + random.exponential(BLINK_EVERY_S)
    while at_s < times_s[-1]:
        first, last = np.searchsorted(times_s, (at_s, at_s + 0.6))
        since = times_s[first:last] - at_s
        height = BLINK_UV * (0.7 + 0.6 * random.random())
        wave[first:last] += height * (
            np.exp(-0.5 * ((since - 0.14) / 0.055) ** 2) - 0.15 * np.exp(-0.5 * ((since - 0.36) / 0.08) ** 2)
        )
        at_s += 0.5 + random.exponential(BLINK_EVERY_S - 0.5)
    return wave


def _spoil(
    eeg: Singles, times_s: Floats, rate_hz: float, wrong: Sequence[Artefact], random: np.random.Generator
) -> None:
    channels = eeg.shape[1]
    for pop in hitting(wrong, "eeg", "pop"):
        first, last = np.searchsorted(times_s, (pop.start_s, pop.start_s + 3.0))
        fall = np.exp(-(times_s[first:last] - pop.start_s) / 0.5)
        eeg[first:last, int(pop.place * channels)] += (260.0 * fall).astype(np.float32)
    for lost in hitting(wrong, "eeg", "contact"):
        first, last = np.searchsorted(times_s, (lost.start_s, lost.stop_s))
        eeg[first:last, int(lost.place * channels)] = 0.05 * random.standard_normal(last - first)
    for burst in hitting(wrong, "eeg", "motion"):
        first, last = np.searchsorted(times_s, (burst.start_s, burst.stop_s))
        sway = np.cumsum(random.standard_normal((last - first, 2)), axis=0) * 220.0 / np.sqrt(rate_hz)
        spread = random.standard_normal((2, channels)) * 0.5
        fade = np.hanning(max(last - first, 1))[: last - first, None]
        eeg[first:last] += (fade * (sway @ spread)).astype(np.float32)
