"""Sound for clips: a few instruments and noises, and short pieces in five moods, as 48 kHz mono.

Every function returns float64 samples, peaks within -1..1; the same arguments give the same samples.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
LOUDNESS = 0.09
Sound = NDArray[np.float64]

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
PENTATONIC = (0, 2, 4, 7, 9)


def pitch(semitones: float) -> float:
    """Return the frequency in Hz of a note `semitones` above the middle C."""
    return float(261.6256 * 2 ** (semitones / 12))


def silence(seconds: float) -> Sound:
    """Return nothing to hear."""
    return np.zeros(round(seconds * RATE_HZ))


def noise(seconds: float, seed: int, low_hz: float, high_hz: float) -> Sound:
    """Return noise between two frequencies, its edges an octave wide, with a root mean square of 1."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 1e-3))
    edge = np.clip(octaves - np.log2(low_hz) + 1, 0, 1) * np.clip(np.log2(high_hz) - octaves + 1, 0, 1)
    shaped = np.fft.irfft(spectrum * edge, count)
    return np.asarray(shaped / np.sqrt(np.mean(shaped**2)), np.float64)


def slow(seconds: float, period_s: float, low: float, high: float, phase: float = 0.0) -> Sound:
    """Return a gain that swings between `low` and `high`."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(low + (high - low) * (0.5 + 0.5 * np.sin(2 * np.pi * (t / period_s + phase))))


def pluck(hz: float, seconds: float, decay_s: float = 0.6, bright: float = 0.5) -> Sound:
    """Return a struck note: harmonics that fade, the higher the sooner."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    note = np.zeros_like(t)
    for harmonic in range(1, 7):
        if hz * harmonic < RATE_HZ / 3:
            note += (
                bright ** (harmonic - 1)
                * np.sin(2 * np.pi * hz * harmonic * t)
                * np.exp(-t * harmonic / decay_s)
            )
    return np.asarray(note * np.minimum(1, t / 0.006))


def pad(hz: float, seconds: float, swell_s: float = 1.2) -> Sound:
    """Return a soft held note: three voices slightly apart that swell and fade."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    note = np.zeros_like(t)
    for apart in (-0.0022, 0.0, 0.0019):
        for harmonic, share in ((1, 1.0), (2, 0.32), (3, 0.1)):
            note += share * np.sin(2 * np.pi * hz * (1 + apart) * harmonic * t + 40 * apart * 1000)
    swell = np.minimum(1, t / swell_s) * np.minimum(1, (seconds - t) / swell_s)
    return np.asarray(note * swell / 3)


def thump(seconds: float, hz: float = 52.0) -> Sound:
    """Return a dull beat, as of a drum or a heart."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(
        np.sin(2 * np.pi * (hz * t + 14 * (1 - np.exp(-t * 18)) / 18))
        * np.exp(-t * 12)
        * np.minimum(1, t / 0.004)
    )


def lay(base: Sound, sound: Sound, at_s: float, gain: float = 1.0) -> None:
    """Add `sound` to `base` from `at_s` on, as far as it fits."""
    start = round(at_s * RATE_HZ)
    part = sound[: max(0, len(base) - start)]
    base[start : start + len(part)] += gain * part


def finish(sound: Sound, fade_s: float = 0.35, loudness: float = LOUDNESS) -> Sound:
    """Return the sound at one loudness (root mean square), faded at both ends, its peaks held below 0.9."""
    t = np.arange(len(sound)) / RATE_HZ
    faded = sound * np.minimum(1, t / fade_s) * np.minimum(1, (t[-1] - t) / fade_s)
    faded *= loudness / max(1e-9, float(np.sqrt(np.mean(faded**2))))
    return np.asarray(0.9 * np.tanh(faded / 0.9), np.float64)


def _chord(root: int, degree: int, scale: Sequence[int]) -> list[int]:
    return [root + scale[(degree + step) % 7] + 12 * ((degree + step) // 7) for step in (0, 2, 4)]


def joyful(seconds: float, seed: int, root: int = 0, beats: float = 132.0) -> Sound:
    """A quick dance in major: bass, chords off the beat, a skipping melody."""
    chance, beat = random.Random(seed), 60 / beats
    piece = silence(seconds)
    at, step = 0.0, 4
    number = 0
    while at < seconds - 0.3:
        degree = (0, 4, 5, 3)[(number // 4) % 4]
        chord = _chord(root, degree, MAJOR)
        lay(piece, pluck(pitch(chord[0] - 24), 0.6, 0.35, 0.4), at, 1.0)
        lay(piece, thump(0.3, 62), at, 0.9)
        for note in chord:
            lay(piece, pluck(pitch(note), 0.4, 0.22, 0.55), at + beat / 2, 0.3)
        for half in (0.0, 0.5):
            if half == 0.0 or chance.random() < 0.72:
                step = max(0, min(9, step + round(chance.gauss(0, 1.6))))
                note = root + 12 + PENTATONIC[step % 5] + 12 * (step // 5)
                lay(piece, pluck(pitch(note), 0.7, 0.4, 0.35), at + half * beat, 0.62)
        at, number = at + beat, number + 1
    return finish(piece, 0.15)


def calm(seconds: float, seed: int, root: int = -3, water: float = 0.0) -> Sound:
    """Slow chords with single bells; `water` lets waves be heard."""
    chance = random.Random(seed)
    piece = silence(seconds)
    for number, at in enumerate(np.arange(0.0, seconds, 3.0)):
        for note in _chord(root, (0, 3, 5, 4)[number % 4], MAJOR):
            lay(piece, pad(pitch(note - 12), 4.2, 1.6), float(at), 0.5)
    at, step = 0.8, 3
    while at < seconds - 1.2:
        step = max(0, min(8, step + round(chance.gauss(0, 1.4))))
        lay(piece, pluck(pitch(root + 12 + PENTATONIC[step % 5] + 12 * (step // 5)), 2.5, 1.3, 0.22), at, 0.5)
        at += chance.choice((0.75, 1.5, 1.5, 2.25))
    if water:
        piece += water * 0.3 * noise(seconds, seed, 200, 1800) * slow(seconds, 4.6, 0.15, 1.0)
    return finish(piece, 0.8)


def sad(seconds: float, seed: int, root: int = -5, wet: float = 0.0) -> Sound:
    """A slow lament in minor, falling; `wet` lets rain be heard."""
    chance, beat = random.Random(seed), 60 / 58
    piece = silence(seconds)
    number, at = 0, 0.0
    while at < seconds - 0.5:
        chord = _chord(root, (0, 5, 3, 4)[(number // 3) % 4], MINOR)
        if number % 3 == 0:
            for note in chord:
                lay(piece, pad(pitch(note - 12), 3.6 * beat, 1.0), at, 0.34)
            lay(piece, pluck(pitch(chord[0] - 24), 2.6, 1.6, 0.3), at, 0.6)
        fall = (7, 4, 3, 2, 4, 2, 1, 0)[number % 8]
        note = root + 12 + MINOR[fall % 7]
        if chance.random() < 0.88:
            lay(piece, pluck(pitch(note), 2.4, 1.1, 0.3), at + 0.02, 0.55)
        at, number = at + beat, number + 1
    if wet:
        piece += wet * 0.28 * noise(seconds, seed, 900, 7000) * slow(seconds, 5.2, 0.7, 1.0)
    return finish(piece, 0.6)


def tense(seconds: float, seed: int, root: int = -17, beats: tuple[float, float] = (70.0, 120.0)) -> Sound:
    """Low notes a semitone apart, wind, and a heart that beats faster and faster."""
    piece = silence(seconds)
    for note, gain in ((root, 0.7), (root + 1, 0.6), (root + 6, 0.4), (root + 13, 0.22)):
        lay(piece, pad(pitch(note), seconds, 1.5), 0.0, gain)
    tremble = pad(pitch(root + 25), seconds, 3.0) + pad(pitch(root + 26), seconds, 3.0)
    piece += 0.16 * tremble * slow(seconds, 0.16, 0.3, 1.0) * np.linspace(0.2, 1.0, len(piece))
    piece += 0.12 * noise(seconds, seed, 120, 700) * slow(seconds, 3.3, 0.2, 1.0)
    at = 0.4
    while at < seconds - 0.4:
        share = at / seconds
        lay(piece, thump(0.35), at, 1.2 + 0.6 * share)
        lay(piece, thump(0.3), at + 0.19, 0.7 + 0.5 * share)
        at += 60 / (beats[0] + (beats[1] - beats[0]) * share)
    return finish(piece, 0.5)


def buzzing(seconds: float, seed: int, root: int = -8) -> Sound:
    """Insects, or something that seethes: restless tones close together over a low hum."""
    piece = 0.25 * pad(pitch(root - 12), seconds, 1.0) + 0.2 * pad(pitch(root - 11), seconds, 1.0)
    chance = random.Random(seed)
    t = np.arange(len(piece)) / RATE_HZ
    for _ in range(6):
        hz, period, phase = pitch(root + chance.uniform(-3, 9)), chance.uniform(0.5, 1.6), chance.random()
        bend = hz * (t + 0.012 * np.sin(2 * np.pi * (t / period + phase)))
        buzz = np.sign(np.sin(2 * np.pi * bend)) * 0.14 + 0.4 * np.sin(2 * np.pi * 2 * bend)
        piece += 0.3 * buzz * slow(seconds, chance.uniform(0.9, 2.4), 0.05, 1.0, phase)
    piece += 0.15 * noise(seconds, seed, 150, 900) * slow(seconds, 0.7, 0.2, 1.0)
    return finish(piece, 0.5)


def strikes(seconds: float, seed: int, beat_s: float = 0.78) -> Sound:
    """Hard beats with a harsh chord, one every `beat_s`."""
    piece = silence(seconds)
    for number in range(int(seconds / beat_s) + 1):
        at = number * beat_s
        lay(piece, thump(0.5, 46), at, 2.2)
        lay(
            piece,
            noise(0.3, seed + number, 250, 3000) * np.exp(-np.arange(round(0.3 * RATE_HZ)) / 3200),
            at,
            0.5,
        )
        for note in (-24, -18, -13, -12):
            lay(piece, pluck(pitch(note + (number % 2)), 0.7, 0.5, 0.75), at, 0.5)
    return finish(piece, 0.1)


def thunder(seconds: float, seed: int, strikes_s: Sequence[float] = (1.9, 4.8, 7.3)) -> Sound:
    """Rain and wind with thunder that rolls after each lightning."""
    piece = 0.22 * noise(seconds, seed, 700, 7000) * slow(seconds, 3.1, 0.6, 1.0)
    piece += 0.4 * noise(seconds, seed + 1, 90, 420) * slow(seconds, 2.3, 0.15, 1.0)
    for number, at in enumerate(strikes_s):
        roll = noise(2.6, seed + 5 + number, 28, 190)
        t = np.arange(len(roll)) / RATE_HZ
        lay(
            piece,
            roll * np.minimum(1, t / 0.12) * np.exp(-t / 0.9) * (1 + 0.5 * np.sin(2 * np.pi * 3.1 * t)),
            at,
            1.5,
        )
    return finish(piece, 0.4)


def plain(seconds: float, seed: int, tick_s: float = 1.0, hum_hz: float = 98.0) -> Sound:
    """A quiet hum and an even ticking."""
    piece = 0.3 * pad(hum_hz, seconds, 0.8) + 0.1 * noise(seconds, seed, 120, 900)
    tick = noise(0.04, seed + 1, 900, 3500) * np.exp(-np.arange(round(0.04 * RATE_HZ)) / 320)
    for number in range(int(seconds / tick_s) + 1 if tick_s else 0):
        lay(piece, tick, number * tick_s, 0.6 if number % 2 else 0.75)
    return finish(piece, 0.4, 0.5 * LOUDNESS)


def chime(seconds: float, notes: Sequence[int], gap_s: float = 0.28) -> Sound:
    """Soft bells one after the other."""
    piece = silence(seconds)
    for number, note in enumerate(notes):
        lay(piece, pluck(pitch(note), seconds - number * gap_s, 0.9, 0.2), number * gap_s, 0.8)
    return finish(piece, 0.02)
