"""The voice every 10 ms: its pitch and how steady, loud, bright and clean it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.sound import speech_of
from analysis.features.voice_frames import FRAME_S, HOP_S, NAMES, describe

Times = NDArray[np.float64]

LEAST_RATE_HZ = 5000.0
"""Below it nothing is left above 2 kHz, which Hammarberg's index is taken of."""
PIECE_S = 120.0
"""Longer sounds are described piece by piece, for their spectra would fill the memory."""


def voice_of(signal: Signal) -> Signal:
    """Return a sound as one channel; raises FeatureError where it is too slow to hold a voice's spectrum."""
    sound = speech_of(signal)
    if sound.rate_hz < LEAST_RATE_HZ:
        raise FeatureError(f"a voice needs at least {LEAST_RATE_HZ:g} Hz, not {sound.rate_hz:g}.")
    return sound


def sound_of(signal: Signal, start_s: float, stop_s: float) -> tuple[NDArray[np.float64], float]:
    """Return the samples of a span and when the first one was taken (s); what lies outside is left out."""
    low = max(0, round((start_s - signal.start_s) * signal.rate_hz))
    high = min(len(signal.values), round((stop_s - signal.start_s) * signal.rate_hz))
    values = np.asarray(signal.values[low : max(low, high), 0], np.float64)
    return values, signal.start_s + low / signal.rate_hz


def in_pieces(
    sound: NDArray[np.float64], rate_hz: float, piece_s: float = PIECE_S
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield a sound in pieces whose frames are those of the whole: each reaches into the next by a frame."""
    hop, over = round(piece_s * rate_hz), round((FRAME_S - HOP_S) * rate_hz)
    for begin in range(0, max(1, len(sound) - over), hop):
        yield begin, sound[begin : begin + hop + over]


def _voice(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]) -> Steps:
    del window_s, hop_s, settings
    sound = voice_of(signal)
    values: list[NDArray[np.float32]] = [np.zeros((0, len(NAMES)), np.float32)]
    times: list[Times] = [np.zeros(0)]
    first = [0]
    for start_s, stop_s in spans.tolist():
        samples, first_s = sound_of(sound, start_s, stop_s)
        for begin, part in in_pieces(samples, sound.rate_hz):
            found = describe(part, sound.rate_hz)
            values.append(found.values.astype(np.float32))
            times.append(first_s + begin / sound.rate_hz + found.times_s)
        first.append(sum(len(part) for part in values))
    return Steps(np.concatenate(values), np.array(first, np.intp), np.concatenate(times), NAMES)


VOICE = Feature(
    name="speech.voice",
    version=1,
    modalities=("speech",),
    about=(
        "Pitch, voicing, jitter and shimmer (local, of the cycles within 60 ms), harmonics-to-noise "
        "ratio, loudness and level, centroid, spread, roll-off, flatness, flux, slopes (dB per kHz) and "
        "ratios of the spectrum, first harmonics and three formants: frames of 40 ms every 10 ms, whole "
        "inside the span. NaN where a number means nothing: the voice of unvoiced frames, the spectrum of "
        "silence. Doubts: level and loudness depend on the microphone's distance; jitter, shimmer and "
        "harmonics-to-noise are those of running speech, and worthless in noise or after lossy coding; "
        "formants of high voices are drawn to the harmonics; nothing above 8 kHz is looked at."
    ),
    source=(
        "the low-level descriptors of eGeMAPS (Eyben et al., IEEE Transactions on Affective Computing 7, "
        "2016, section 3.1), by definitions of our own where modules say so; pitch as in "
        "analysis.views.voice"
    ),
    extract=_voice,
)
