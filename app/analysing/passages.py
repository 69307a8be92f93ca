"""Passages of a study's WiFi recordings: the chain on a whole recording, and class labels given by key.

Labels are answers about whole trials in the annotation logs, under a scheme of their own, so that they are
undone, kept and recognised as any other labels.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import Corpus, Recording, Trial
from analysis.corpus.signals import modalities_of, signal_of
from analysis.csi.chain import RATE_HZ, ChainSpec, Curve, centres, follow, segments
from analysis.features.csi import EVENT
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
NEAR_S = EVENT.reach(EVENT.settings, RATE_HZ).before_s + EVENT.reach(EVENT.settings, RATE_HZ).after_s
"""Passages that are no further apart share readings: their segments reach so far."""


class PassageError(EvokeError):
    """Passages cannot be shown or labelled; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage: the trial, its label ("" for none) and who gave it ("" for the import)."""

    trial: Trial
    label: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """The passages of a recording whose first reading was at `start_s` of its clock."""

    recording: Recording
    start_s: float
    passages: tuple[Passage, ...]


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
    passages = passages_of(study, corpus, recording, annotator)
    rows = tuple(
        (
            round((each.trial.shown[0] - signal.start_s) * signal.rate_hz),
            round((each.trial.shown[1] - signal.start_s) * signal.rate_hz),
        )
        for each in passages
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


def passages_of(study: Study, corpus: Corpus, recording: Recording, annotator: str) -> tuple[Passage, ...]:
    """Return the passages of a recording with the labels that hold: the annotator's, else the imported."""
    given = labels_of(study, recording.id, annotator)
    return tuple(
        Passage(each, given.get(each.index, each.category), annotator if each.index in given else "")
        for each in corpus.trials
        if each.recording == recording.id
    )


def labelled_recordings(study: Study, corpus: Corpus, annotator: str) -> tuple[Labelled, ...]:
    """Return the recordings that have a label, with when each began."""
    found = []
    for recording in recordings_of(corpus):
        passages = passages_of(study, corpus, recording, annotator)
        signal = signal_of(recording, STILL) if any(each.label for each in passages) else None
        if signal is not None:
            found.append(Labelled(recording, signal.start_s, passages))
    return tuple(found)


def scheme_for(study: Study, classes: Sequence[str]) -> Scheme:
    """Return the study's scheme with these classes, made or given a next version where it is another.

    Raises PassageError for classes that cannot be, SchemeError, StudyError.
    """
    names = tuple(dict.fromkeys(filter(None, (name.strip() for name in classes))))
    if not 2 <= len(names) <= MOST_CLASSES:
        raise PassageError(
            f"{len(names)} classes: two to {MOST_CLASSES} can be given by key. Part them by commas."
        )
    if len({name.casefold() for name in names}) < len(names):
        raise PassageError("Two classes have nearly the same name. Give them names that differ in letters.")
    # Ids are numbers: a name may be of any language. Labels of other versions are known by their names.
    labels = tuple(Label(f"class-{place}", name, key=str(place)) for place, name in enumerate(names, start=1))
    question = Question(QUESTION, "Who or what passed?", "choice", labels=labels)
    tier = Tier(TIER, "trial", "Passage", questions=(question,), cannot_tell=False)
    last = max((each.version for each in schemes(study) if each.name == SCHEME), default=1)
    return add_scheme(study, Scheme(SCHEME, last, "Passages", "Who or what passed?", (tier,)))


def known_classes(study: Study, corpus: Corpus) -> tuple[str, ...]:
    """Return the classes of the study's newest scheme; without one the imported ones, else the usual."""
    own = [each for each in schemes(study) if each.name == SCHEME]
    if own:
        return tuple(_names(max(own, key=lambda each: each.version)).values())
    there = {each.id for each in recordings_of(corpus)}
    imported = {each.category for each in corpus.trials if each.category and each.recording in there}
    return tuple(sorted(imported)) or USUAL


def _names(scheme: Scheme) -> dict[str, str]:
    return {label.id: label.name for label in scheme.tier(TIER).questions[0].labels}


def label(study: Study, scheme: Scheme, recording: str, trial: int, given: str, annotator: str) -> Mark:
    """Label one passage with a class's id; one that has a label gets another. Raises EvokeError."""
    add_annotator(study, annotator)
    place = StudyPlace(study)
    with place.log(place.whole(recording, scheme.id), annotator) as log:
        return log.add(TIER, trial=trial, value={QUESTION: given})


def labels_of(study: Study, recording: str, annotator: str) -> dict[int, str]:
    """Return the names of an annotator's labels of a recording by trial; newer versions go before older."""
    place, found = StudyPlace(study), dict[int, str]()
    for scheme in sorted((s for s in schemes(study) if s.name == SCHEME), key=lambda s: s.version):
        contents = place.contents(place.whole(recording, scheme.id), annotator)
        names = _names(scheme)
        for mark in () if contents is None else contents.marks:
            given = str(mark.value.get(QUESTION) or "")
            if mark.tier == TIER and given in names:
                found[mark.trial] = names[given]
    return found


def target_of_labels(study: Study, corpus: Corpus, classes: Sequence[str], annotator: str) -> str:
    """Return the name of a target that says of every passage what is shown of it.

    Where the annotator labelled nothing, that is what was imported. Else all labels are in the log by the
    newest scheme then: those imported, or given when there were other classes, are written there as such.
    Raises EvokeError where a label is none of the classes, or the log cannot be written.
    """
    every = {each.id: passages_of(study, corpus, each, annotator) for each in recordings_of(corpus)}
    labels = [each.label for passages in every.values() for each in passages if each.label]
    if len(set(labels)) < 2:
        raise PassageError("Two classes are needed to be told apart: label passages of another one first.")
    if not any(each.by for passages in every.values() for each in passages):
        return "category"
    others = [f"{each} ({labels.count(each)})" for each in sorted(set(labels) - set(classes))]
    if others:
        raise PassageError(
            f"Labels that are none of the classes: {', '.join(others)}. Add them to the classes, or give"
            " these passages others."
        )
    scheme = scheme_for(study, classes)
    ids = {name: each for each, name in _names(scheme).items()}
    for recording, passages in every.items():
        _complete(study, scheme, recording, passages, ids, annotator)
    return target_name(study, annotator)


def _complete(
    study: Study,
    scheme: Scheme,
    recording: str,
    passages: Sequence[Passage],
    ids: Mapping[str, str],
    annotator: str,
) -> None:
    place = StudyPlace(study)
    item = place.whole(recording, scheme.id)
    contents = place.contents(item, annotator)
    there = {mark.trial for mark in (() if contents is None else contents.marks) if mark.tier == TIER}
    missing = [each for each in passages if each.label and each.trial.index not in there]
    if not missing:
        return
    with place.log(item, annotator) as log, log.together("add"):
        for each in missing:
            value = {QUESTION: ids[each.label]}
            log.add(TIER, trial=each.trial.index, value=value, input="carried" if each.by else "import")


def split_for(study: Study, corpus: Corpus, annotator: str) -> str:
    """Return the split that leaves out most at a time: places, else visits, else trials of one recording.

    Raises PassageError where trials are too near each other to be tested by one another.
    """
    found = [
        (each, [one.trial for one in passages_of(study, corpus, each, annotator) if one.label])
        for each in recordings_of(corpus)
    ]
    used = [recording for recording, trials in found if trials]
    if len({each.participant for each in used}) > 1:
        return "loso"
    if len({each.session for each in used}) > 1:
        return "sessions"
    for _, trials in found:
        for one, other in itertools.pairwise(sorted(trials, key=lambda each: each.shown)):
            if other.shown[0] - one.shown[1] < NEAR_S:
                raise PassageError(
                    f"Not possible with one visit: passages {one.index + 1} and {other.index + 1} are"
                    f" {other.shown[0] - one.shown[1]:.1f} s apart, and segments of passages less than"
                    f" {NEAR_S:g} s apart share readings. Import another visit or place, which is then left"
                    " out as a whole."
                )
    return "trials"


def target_name(study: Study, annotator: str) -> str:
    """Return the name of the target that these labels are."""
    own = [each for each in schemes(study) if each.name == SCHEME]
    version = max((each.version for each in own), default=1)
    return f"{SCHEME}-{version}.{TIER}.{QUESTION}.{annotator}"


def write_events(path: Path, labelled: Sequence[Labelled]) -> None:
    """Write the labels as events.csv, as the import reads it; raises PassageError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("file", "start_s", "stop_s", "label"))
            for each in labelled:
                # As the log is called that the recording was made of.
                name = f"{each.recording.participant}_{int(each.recording.session or 1)}"
                for passage in each.passages:
                    if passage.label:
                        start_s, stop_s = (at - each.start_s for at in passage.trial.shown)
                        writer.writerow((name, f"{start_s:.2f}", f"{stop_s:.2f}", passage.label))
    except OSError as error:
        raise PassageError(f"{path}: cannot be written ({error.strerror}). Choose another folder.") from error


def counted(passages: Sequence[Passage]) -> Mapping[str, int]:
    """Return how many passages each class has, "" for those without."""
    found: dict[str, int] = {}
    for each in passages:
        found[each.label] = found.get(each.label, 0) + 1
    return dict(sorted(found.items(), key=lambda entry: (entry[0] == "", entry[0])))
