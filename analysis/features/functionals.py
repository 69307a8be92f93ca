"""Speech in one row of numbers: how pitch, loudness, sound and rhythm were over a whole span.

Only the part in which somebody speaks is described, from its first to its last frame; pauses inside belong
to it. What silence a file was padded with does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.features.contours import CEPSTRUM, CONTOURS, SHAPE, SPECTRUM, VOICE, contours
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.intonation import INTONATION, intonation
from analysis.features.rhythm import RHYTHM, rhythm
from analysis.features.statistics_of_contours import summarise
from analysis.features.voice_activity import is_speech, spoken
from analysis.features.voice_frames import HOP_S, VoiceFrames, describe
from analysis.features.voice_quality import sound_of, voice_of
from analysis.features.windows import cut

Times = NDArray[np.float64]
Floats = NDArray[np.float64]

LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class Group:
    """Statistics `kinds` of some contours, over all frames or only the voiced or unvoiced ones."""

    contours: tuple[str, ...]
    kinds: tuple[str, ...]
    frames: Literal["all", "voiced", "unvoiced"] = "all"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its numbers: "pitch_st.mean", "voiced.flux.sd"."""
        front = "" if self.frames == "all" else f"{self.frames}."
        return tuple(f"{front}{contour}.{kind}" for kind in self.kinds for contour in self.contours)


_TRENDS = ("mean", "sd", "p10", "p50", "p90", "range", "slope", "rise", "fall", "d_sd", "d_range")
# Bandwidths of formants are the roughest of all guesses: the long sets leave them out.
_STEADY = tuple(name for name in VOICE if not name.startswith("log_b"))
_GENERAL = (
    Group(_STEADY, _TRENDS),
    Group(CEPSTRUM, ("sd", "d_sd")),
    Group(SPECTRUM, ("mean", "sd", "slope"), "voiced"),
    Group(SPECTRUM, ("p10", "p90", "rise", "fall"), "voiced"),
    Group(SPECTRUM, ("mean", "sd"), "unvoiced"),
)
SETS: Mapping[str, tuple[Group, ...]] = MappingProxyType(
    {
        "compact": (Group(VOICE, ("mean", "sd", "p20", "p50", "p80")), Group(CEPSTRUM, ("mean", "sd"))),
        "general": _GENERAL,
        "wide": (
            *_GENERAL,
            Group(CEPSTRUM, ("mean", "sd", "slope"), "voiced"),
            Group(SHAPE, ("mean", "sd")),
        ),
    }
)
"""Groups of statistics by the name of their set; rhythm and intonation belong to every set."""


def names_of(name: str) -> tuple[str, ...]:
    """Return the columns of a set; raises FeatureError for a name that there is not."""
    if name not in SETS:
        raise FeatureError(f"there is no set '{name}' of functionals. There are: {', '.join(SETS)}.")
    return tuple(each for group in SETS[name] for each in group.names) + RHYTHM + INTONATION


def _functionals(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    chosen = str(settings["set"])
    names = names_of(chosen)
    below_loud_db = float(settings["below_loud_db"])
    sound, windows = voice_of(signal), cut(spans, window_s, hop_s)
    longest_s = float(windows.length_s.max(initial=0.0))
    if longest_s > LONGEST_S:
        raise FeatureError(
            f"functionals of {longest_s:.0f} s say nothing: {LONGEST_S:.0f} s is the longest."
            " Use windows (window_s)."
        )
    rows = np.full((len(windows), len(names)), np.nan)
    for place, (start_s, stop_s) in enumerate(zip(windows.start_s, windows.stop_s, strict=True)):
        samples, _ = sound_of(sound, float(start_s), float(stop_s))
        frames = describe(spoken(samples, sound.rate_hz, below_loud_db), sound.rate_hz)
        active = is_speech(frames.of("level_db"), HOP_S, below_loud_db)
        if int(active.sum()) >= int(settings["least_frames"]):
            rows[place] = _row(frames, active, SETS[chosen])
    return windows.steps(rows, names)


def _row(frames: VoiceFrames, active: NDArray[np.bool_], groups: tuple[Group, ...]) -> Floats:
    inside = np.flatnonzero(active)
    part = slice(int(inside[0]), int(inside[-1]) + 1)
    curves = contours(frames)[part]
    voiced = frames.of("voiced")[part] > 0
    chosen = {"all": np.ones(len(voiced), bool), "voiced": voiced, "unvoiced": ~voiced}
    parts = []
    for group in groups:
        own = curves[:, [CONTOURS.index(name) for name in group.contours]]
        parts.append(summarise(group.kinds, np.where(chosen[group.frames][:, None], own, np.nan), HOP_S))
    pitch, loudness = (curves[:, CONTOURS.index(name)] for name in ("pitch_st", "log_loudness"))
    return np.concatenate([*parts, rhythm(frames, part, active), intonation(pitch, loudness, HOP_S)])


FUNCTIONALS = Feature(
    name="speech.functionals",
    version=1,
    modalities=("speech",),
    about=(
        "Pitch, loudness, voice quality, spectrum, formants and cepstra of the spoken part of a span, "
        "each by its mean, spread and percentiles, with rhythm and melody, in one row of named numbers. "
        "`set` 'compact' gives 167. 'general' gives 386: trends and speeds too, voiced and unvoiced "
        "frames apart, but not the steady shape of the spectrum, which is more the speaker's than the "
        "moment's. 'wide' adds that shape (474): for speakers who are each scaled by their own. NaN where "
        "a span holds too little speech (`least_frames`) or no voice. Doubts: loudness depends on the "
        "microphone's distance; numbers of the voice depend on sex and age; spans of a few words give "
        "rough percentiles; what was read aloud matters; speech is told from pauses by level alone."
    ),
    source=(
        "after eGeMAPS and ComParE (Eyben et al., IEEE Transactions on Affective Computing 7, 2016, "
        "section 3.2; Schuller et al., Interspeech 2013), with contours and statistics of our own choice: "
        "numbers differ from openSMILE's"
    ),
    extract=_functionals,
    settings={"set": "compact", "below_loud_db": 30.0, "least_frames": 10},
)
