"""Passages of a study's WiFi recordings: the chain on a whole recording, and class labels given by key.

Labels are answers about whole trials in the annotation logs, under a scheme of their own, so that they are
undone, kept and recognised as any other labels.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import Corpus, Recording, Trial
from analysis.corpus.signals import modalities_of, signal_of
from analysis.csi.chain import ChainSpec, Curve, centres, follow, segments
from analysis.labels.records import Mark
from analysis.labels.scheme import Label, Question, Scheme, Tier
from app.annotation.annotators import add_annotator
from app.annotation.schemes import add_scheme, schemes
from app.annotation.study_place import StudyPlace
from app.study import Study
from stimuli.problems import EvokeError

SCHEME, TIER, QUESTION = "passages", "passage", "class"
MOST_CLASSES = 9
USUAL = ("pedestrian", "bicycle", "motorcycle", "car")
STILL = "csi"


class PassageError(EvokeError):
    """Passages cannot be shown or labelled; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage: the trial, its label ("" for none) and who gave it ("" for the import)."""

    trial: Trial
    label: str
    by: str = ""


@dataclass(frozen=True)
class Followed:
    """A recording with the chain run over it; `segments` (passages, 201) after and `raw` before."""

    recording: Recording
    rate_hz: float
    start_s: float
    spec: ChainSpec
    curve: Curve
    passages: tuple[Passage, ...]
    segments: NDArray[np.float64]
    raw: NDArray[np.float64]
    missing_s: float


def recordings_of(corpus: Corpus) -> tuple[Recording, ...]:
    """Return the recordings that hold channel state."""
    return tuple(each for each in corpus.recordings if STILL in modalities_of(each))


def followed(study: Study, corpus: Corpus, recording: Recording, spec: ChainSpec, annotator: str) -> Followed:
    """Run the chain over a recording; raises PassageError where it holds no channel state."""
    signal = signal_of(recording, STILL)
    if signal is None:
        raise PassageError(f"{recording.id}: holds no channel state information.")
    values = signal.values.astype(np.float64)
    curve = follow(values, spec)
    trials = [each for each in corpus.trials if each.recording == recording.id]
    given = labels_of(study, recording.id, annotator)
    passages = tuple(
        Passage(each, given.get(each.index, each.category), annotator if each.index in given else "")
        for each in trials
    )
    rows = tuple(
        (
            round((each.shown[0] - signal.start_s) * signal.rate_hz),
            round((each.shown[1] - signal.start_s) * signal.rate_hz),
        )
        for each in trials
    )
    places = centres(curve.curve, rows)
    return Followed(
        recording,
        signal.rate_hz,
        signal.start_s,
        spec,
        curve,
        passages,
        segments(curve.curve, places, spec.half),
        segments(curve.raw, places, spec.half),
        float((~np.isfinite(values[:, 0])).sum() / signal.rate_hz),
    )


def scheme_for(study: Study, classes: Sequence[str]) -> Scheme:
    """Return the study's scheme with these classes, made or given a next version where it is another.

    Raises PassageError for classes that cannot be, SchemeError, StudyError.
    """
    names = tuple(dict.fromkeys(filter(None, (name.strip() for name in classes))))
    if not 2 <= len(names) <= MOST_CLASSES:
        raise PassageError(
            f"{len(names)} classes: two to {MOST_CLASSES} can be given by key. Part them by commas."
        )
    ids = ["".join(sign if sign.isalnum() else "-" for sign in name.lower()).strip("-") for name in names]
    if len(set(ids)) < len(ids) or not all(ids):
        raise PassageError("Two classes have nearly the same name. Give them names that differ in letters.")
    labels = tuple(
        Label(each, name, key=str(place))
        for place, (each, name) in enumerate(zip(ids, names, strict=True), start=1)
    )
    question = Question(QUESTION, "Who or what passed?", "choice", labels=labels)
    tier = Tier(TIER, "trial", "Passage", questions=(question,), cannot_tell=False)
    last = max((each.version for each in schemes(study) if each.name == SCHEME), default=1)
    return add_scheme(study, Scheme(SCHEME, last, "Passages", "Who or what passed?", (tier,)))


def known_classes(study: Study) -> tuple[str, ...]:
    """Return the classes of the study's newest scheme, the usual ones where it has none."""
    own = [each for each in schemes(study) if each.name == SCHEME]
    if not own:
        return USUAL
    newest = max(own, key=lambda each: each.version)
    return tuple(label.name for label in newest.tier(TIER).questions[0].labels)


def label(study: Study, scheme: Scheme, recording: str, trial: int, given: str, annotator: str) -> Mark:
    """Label one passage with a class's id; one that has a label gets another. Raises EvokeError."""
    add_annotator(study, annotator)
    place = StudyPlace(study)
    with place.log(place.whole(recording, scheme.id), annotator) as log:
        return log.add(TIER, trial=trial, value={QUESTION: given})


def labels_of(study: Study, recording: str, annotator: str) -> dict[int, str]:
    """Return an annotator's labels of a recording by trial, those of the newest scheme that has any."""
    place = StudyPlace(study)
    for scheme in sorted((s for s in schemes(study) if s.name == SCHEME), key=lambda s: -s.version):
        contents = place.contents(place.whole(recording, scheme.id), annotator)
        if contents is not None:
            found = {
                mark.trial: str(mark.value[QUESTION])
                for mark in contents.marks
                if mark.tier == TIER and mark.value.get(QUESTION)
            }
            if found:
                return found
    return {}


def target_name(study: Study, annotator: str) -> str:
    """Return the name of the target that these labels are."""
    own = [each for each in schemes(study) if each.name == SCHEME]
    version = max((each.version for each in own), default=1)
    return f"{SCHEME}-{version}.{TIER}.{QUESTION}.{annotator}"


def write_events(path: Path, followed: Sequence[Followed]) -> None:
    """Write the labels as events.csv, as the import reads it; raises PassageError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("file", "start_s", "stop_s", "label"))
            for each in followed:
                for passage in each.passages:
                    if passage.label:
                        start_s, stop_s = (at - each.start_s for at in passage.trial.shown)
                        writer.writerow((each.recording.id, f"{start_s:.2f}", f"{stop_s:.2f}", passage.label))
    except OSError as error:
        raise PassageError(f"{path}: cannot be written ({error.strerror}). Choose another folder.") from error


def counted(passages: Sequence[Passage]) -> Mapping[str, int]:
    """Return how many passages each class has, "" for those without."""
    found: dict[str, int] = {}
    for each in passages:
        found[each.label] = found.get(each.label, 0) + 1
    return dict(sorted(found.items(), key=lambda entry: (entry[0] == "", entry[0])))
