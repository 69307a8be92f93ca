"""What a feature is, and every feature by name: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import Span
from analysis.features.reach import ReachFn, no_further

Floats = NDArray[np.float32]


class FeatureError(Exception):
    """A feature cannot be computed of this signal; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of one recording, whole, on an even grid of its corrected clock.

    `values` (n, channels) float32, NaN in gaps; sample i was taken at `start_s` + i / `rate_hz`. For `kind`
    "face" there are no values but `frames`, which reads JPEGs by number, and their `times_s`; for "keys" the
    table /keys (time, edge, key, class) in `table`, for "text" that of utterances (start_s, stop_s, trial,
    text). `good` are spans free of known faults.
    """

    modality: str
    rate_hz: float
    start_s: float
    values: Floats
    channels: tuple[str, ...]
    units: tuple[str, ...]
    times_s: NDArray[np.float64] | None = None
    frames: Callable[[int], bytes] | None = None
    table: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    doubtful: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """A feature of some spans: for span i the rows `first[i]` to `first[i + 1]` of `values` (rows, d).

    `times_s` (rows,) is the middle of each step. A row with nothing to compute is NaN, never 0.
    """

    values: Floats
    first: NDArray[np.intp]
    times_s: NDArray[np.float64]
    names: tuple[str, ...]


Stop = Callable[[], bool]
OfSpan = Callable[[float, float, Stop], Steps]
"""of(start_s, stop_s, cancelled) -> the rows of one span, raising CancelledError once `cancelled` says so."""
BySpan = Callable[[Signal, Mapping[str, Any]], OfSpan]
Extract = Callable[[Signal, NDArray[np.float64], float, float, Mapping[str, Any]], Steps]
"""extract(signal, spans (n, 2) in seconds, window_s, hop_s, settings) -> Steps; the whole recording is
filtered once, and windows are cut afterwards. window_s 0: one step a span."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: raise `version` whenever its numbers change. `source` says whose definition it is.

    `reach` says what it reads beside its spans, by its settings: guards against leaks ask it. `by_span` is
    for what takes minutes: the same numbers span by span, to be stopped, and gone on with at the next.
    """

    name: str
    version: int
    modalities: tuple[str, ...]
    about: str
    source: str
    extract: Extract
    settings: Mapping[str, Any] = field(default_factory=dict)
    reach: ReachFn = no_further
    files: tuple[str, ...] = ()
    """Settings that name files: what these hold decides the numbers as well."""
    by_span: BySpan | None = None


FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "eeg.de": "analysis.features.eeg:DIFFERENTIAL_ENTROPY",
        "eeg.de_filtered": "analysis.features.eeg:DIFFERENTIAL_ENTROPY_FILTERED",
        "eeg.band_power": "analysis.features.eeg:BAND_POWER",
        "eeg.asymmetry": "analysis.features.eeg:ASYMMETRY",
        "eeg.hjorth": "analysis.features.eeg:HJORTH",
        "eeg.raw": "analysis.features.plain:RAW_EEG",
        "eeg.band": "analysis.features.eeg_band:BAND",
        "statistics": "analysis.features.plain:STATISTICS",
        "samples": "analysis.features.plain:SAMPLES",
        "values": "analysis.features.plain:VALUES",
        "heart": "analysis.features.heart:HEART",
        "heart.change": "analysis.features.heart_change:HEART_CHANGE",
        "skin": "analysis.features.skin:SKIN",
        "skin.change": "analysis.features.skin_change:SKIN_CHANGE",
        "motion": "analysis.features.motion:MOTION",
        "temperature": "analysis.features.temperature:TEMPERATURE",
        "respiration": "analysis.features.respiration:RESPIRATION",
        "speech.mfcc": "analysis.features.speech:MFCC",
        "speech.log_mel": "analysis.features.speech:LOG_MEL",
        "speech.spectrogram": "analysis.features.spectrogram:SPECTROGRAM",
        "speech.imemd": "analysis.features.imemd:IMEMD",
        "speech.voice": "analysis.features.voice_quality:VOICE",
        "speech.speaker_frames": "analysis.features.speaker_frames:SPEAKER_FRAMES",
        "speech.embedding": "analysis.features.embedding:EMBEDDING",
        "speech.vectors": "analysis.features.embedding:VECTORS",
        "speech.answer": "analysis.features.answer:ANSWER",
        "speech.functionals": "analysis.features.functionals:FUNCTIONALS",
        "face.expression": "analysis.features.face:EXPRESSION",
        "face.box": "analysis.features.face:BOX",
        "face.pixels": "analysis.features.face:PIXELS",
        "face.scene": "analysis.features.scene:SCENE",
        "face.scene_box": "analysis.features.scene:SCENE_BOX",
        "face.frames": "analysis.features.frames:FACE_FRAMES",
        "face.crops": "analysis.features.frames:FACE_CROPS",
        "scene.frames": "analysis.features.frames:SCENE_FRAMES",
        "speech.patches": "analysis.features.patches:PATCHES",
        "text.hashed": "analysis.features.text:HASHED",
        "text.embedding": "analysis.features.text:EMBEDDING",
        "keys.intervals": "analysis.features.keys:INTERVALS",
        "keys.statistics": "analysis.features.keys:STATISTICS",
        "csi.event": "analysis.features.csi:EVENT",
        "event.segment": "analysis.features.csi:SEGMENT",
    }
)


def feature(name: str) -> Feature:
    """Return a feature; raises FeatureError for a name that there is not."""
    target = FEATURES.get(name)
    if target is None:
        close = get_close_matches(name, FEATURES, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(FEATURES)}."
        raise FeatureError(f"there is no feature '{name}'. {hint}")
    module, _, attribute = target.partition(":")
    found: Feature = getattr(import_module(module), attribute)
    return found
