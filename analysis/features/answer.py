"""How good a spoken answer is as sound: its length, how much is voice, how far above the room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, Signal, Steps
from analysis.features.sound import speech_of
from analysis.features.voice_activity import is_speech
from analysis.views.voice import STEP_S, level

NAMES = ("length_s", "voiced_s", "speech_db", "room_db", "clipped_share")
CLIPPED = 0.999


def _answer(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s, settings
    sound = speech_of(signal)
    made = np.full((len(spans), len(NAMES)), np.nan, np.float32)
    for place, (begin_s, stop_s) in enumerate(spans):
        low, high = (round((each - sound.start_s) * sound.rate_hz) for each in (begin_s, stop_s))
        inside = sound.values[max(low, 0) : max(high, 0), 0]
        known = inside[np.isfinite(inside)]
        if not len(known):
            continue
        curve = level(inside, sound.rate_hz, begin_s).values
        spoken = is_speech(curve, STEP_S)
        rest = curve[~spoken & np.isfinite(curve)]
        made[place] = (
            stop_s - begin_s,
            spoken.sum() * STEP_S,
            np.median(curve[spoken]) if spoken.any() else np.nan,
            np.median(rest) if len(rest) else np.nan,
            (np.abs(known) >= CLIPPED).mean(),
        )
    return Steps(made, np.arange(len(spans) + 1, dtype=np.intp), spans.mean(axis=1), NAMES)


ANSWER = Feature(
    name="speech.answer",
    version=1,
    modalities=("speech",),
    about=(
        "Of each span: its length, seconds of voice, median level of voice and of the rest in dB re full "
        "scale (NaN where there is none), share of clipped samples. Doubts: by level alone, as "
        "`voice_activity`; the microphone is not calibrated, so no level in air is known."
    ),
    source="Own definition; levels as in the review",
    extract=_answer,
)
