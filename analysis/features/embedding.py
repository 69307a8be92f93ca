"""Who speaks, as one vector a span: by a trained extractor, or ready from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import Span, Trial
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.speaker_frames import RATE_HZ, sound_of, speaker_frames
from analysis.speakers.extractor import checksum, extractor_at
from analysis.speakers.settings import SpeakersError
from analysis.speakers.shelf import found_at
from analysis.speakers.vectors import file_checksum, vectors_at

READY = "speech.vectors"


def named(extractor: str) -> dict[str, str]:
    """Return the settings of the feature for an extractor, checksum and all; raises SpeakersError."""
    return {"extractor": extractor, "sha256": checksum(found_at(extractor))}


def named_file(file: str) -> dict[str, str]:
    """Return the settings for a file of ready vectors; raises SpeakersError."""
    return {"file": file, "sha256": file_checksum(found_at(file))}


def _embedding(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s
    try:
        folder = found_at(str(settings["extractor"]))
        if not settings["sha256"]:
            raise FeatureError(
                f"speech.embedding: give the checksum of '{settings['extractor']}' too (setting sha256, now"
                f" {checksum(folder)}): without it a changed extractor would pass for the old one."
            )
        extractor = extractor_at(folder.resolve(), str(settings["sha256"]))
    except SpeakersError as error:
        raise FeatureError(str(error)) from error
    sound, start_s = sound_of(signal)
    frames = []
    for begin_s, stop_s in spans:
        low, high = (round((each - start_s) * RATE_HZ) for each in (begin_s, stop_s))
        frames.append(speaker_frames(sound[max(low, 0) : max(high, 0)], extractor.making.feature))
    made = extractor.vectors(frames)
    names = tuple(f"v{place + 1}" for place in range(extractor.dimension))
    return Steps(made, np.arange(len(spans) + 1, dtype=np.intp), spans.mean(axis=1), names)


def _no_signal(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    raise FeatureError("ready vectors belong to trials of recordings, and are read of no signal.")


def ready_steps(rows: Sequence[tuple[Trial, Span]], settings: Mapping[str, Any]) -> Steps:
    """Return the vectors of trials, one a row that has one, in order; raises FeatureError.

    `first` tells which: a row without a vector has no step.
    """
    try:
        ready = vectors_at(found_at(str(settings.get("file", ""))), str(settings.get("sha256", "")))
    except SpeakersError as error:
        raise FeatureError(str(error)) from error
    found = [ready.by_trial.get(trial.key) for trial, _ in rows]
    counts = [each is not None for each in found]
    values = np.array([each for each in found if each is not None], np.float32).reshape(-1, ready.dimension)
    middles = [sum(span) / 2 for (_, span), is_there in zip(rows, counts, strict=True) if is_there]
    names = tuple(f"v{place + 1}" for place in range(ready.dimension))
    return Steps(values, np.cumsum([0, *counts]).astype(np.intp), np.array(middles, np.float64), names)


EMBEDDING = Feature(
    name="speech.embedding",
    version=1,
    modalities=("speech",),
    about=(
        "One vector a span of who speaks and how, by a trained extractor: `extractor` is its name on this "
        "computer's shelf or its folder, `sha256` its checksum, so that a changed extractor is another "
        "feature. NaN where there are too few voiced frames. Doubts: it holds the voice, the microphone and "
        "the room as well as any state; it was trained on another language and source as its card says."
    ),
    source=(
        "i-vector: Dehak et al. 2011; x-vector: Snyder et al. 2018, ResNet34 after He et al. 2016; as the "
        "paper on depression from nine speech tasks uses them"
    ),
    extract=_embedding,
    settings={"extractor": "", "sha256": ""},
)

VECTORS = Feature(
    name=READY,
    version=1,
    modalities=("speech",),
    about="Vectors made elsewhere, one a trial of a recording, from a CSV or npz `file` with its checksum.",
    source="The file's author says how they were made.",
    extract=_no_signal,
    settings={"file": "", "sha256": ""},
)
