"""A study's viewings as a catalogue, and recommenders made of them.

A viewing is a trial of a finished session with a stimulus and a rating, or held-out predictions of valence or
arousal. Nothing else of a participant is used: no field of the participant table, no group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from analysis.corpus.corpus import Corpus, Trial
from analysis.recommendation.rankers import RANKERS, Ranker, Target, has_material, make_ranker
from analysis.recommendation.stored import Stored, store
from analysis.recommendation.viewings import (
    DIMENSIONS,
    Catalogue,
    Clip,
    RecommendationError,
    Viewing,
)
from analysis.session_file import SessionFileError, open_session
from app.analysing.corpora import study_corpus
from app.analysing.recommending_estimates import told_of
from app.analysing.targets import ON_NINE, norms_of
from app.recommenders import keep
from app.study import Study
from protocols.scales import Scale, scales_of
from protocols.schedule import Schedule
from stimuli.problems import EvokeError
from stimuli.sets import Stimulus, StimulusSet, load_set

LIKED = ("liking", "valence")
"""What says how much somebody liked a clip, the first that was asked."""
AIMING = ("norms", "target", "hybrid")
"""Rankers that a target affect changes."""
RANKED = tuple(RANKERS)
"""Rankers for a study."""
EMOTIONS: Mapping[str, Target] = {
    "excited joy": {"valence": 0.65, "arousal": 0.45},
    "calm joy": {"valence": 0.6, "arousal": -0.5},
    "sadness": {"valence": -0.5, "arousal": -0.4},
    "tension": {"valence": -0.55, "arousal": 0.5},
    "neutral": {"valence": 0.0, "arousal": -0.55},
}
"""The affect that an emotion's name stands for; the presenter's rules have the same."""


NO_COURSES = (
    "Grey-relational compares courses of affect, and the study has none. Keep a recognizer that estimates"
    " valence or arousal as a number, in windows shorter than the clips: its held-out answers are courses."
)


class RecommendingError(EvokeError):
    """Nothing can be recommended or kept; the text is the one clear message."""


class NothingRatedError(RecommendingError):
    """Nobody has rated anything in the study yet."""


@dataclass(frozen=True)
class Material:
    """What a study knows: its catalogue, the recordings that are in it, and what a reader must know."""

    catalogue: Catalogue
    recordings: tuple[str, ...]
    estimated: int
    notes: tuple[str, ...] = ()

    @property
    def asked_liking(self) -> bool:
        """Whether anybody said how much a clip was liked."""
        return any(each.liking is not None for each in self.catalogue.viewings)


def material_of(study: Study, corpus: Corpus | None = None) -> Material:
    """Gather a study's viewings; raises NothingRatedError, StudyError, CorpusError.

    People who are excluded or withdrew, and what they did not agree to, are left out as in every corpus.
    """
    known = study_corpus(study) if corpus is None else corpus
    scales = _scales(known)
    rated = {trial.key: _ratings(trial, scales.get(trial.recording, {})) for trial in known.trials}
    told = told_of(study, scales, rated)
    viewings, recordings = [], []
    for order, trial in enumerate(known.trials):
        ratings = rated[trial.key]
        estimates = told.estimates.get(trial.key, {})
        if trial.stimulus and (ratings or estimates):
            liking = next((ratings[key] for key in LIKED if key in ratings), None)
            affect = {key: value for key, value in ratings.items() if key in DIMENSIONS}
            curves = told.curves.get(trial.key, {})
            viewings.append(
                Viewing(trial.participant, trial.stimulus, order, affect, liking, estimates, curves)
            )
            recordings.append(trial.recording)
    if not viewings:
        raise NothingRatedError(
            f"{study.name}: nobody has rated a stimulus yet. A protocol that asks for valence, arousal or "
            "liking after each stimulus gives such ratings: film-ranking is one."
        )
    clips = _clips(study, known, {each.clip for each in viewings})
    notes = []
    if not any(each.liking is not None for each in viewings):
        notes.append("Nobody was asked for liking or valence: rankers of liking have nothing to go by.")
    elif not any("liking" in row for row in _asked(scales)):
        notes.append("Liking was not asked: valence stands for it.")
    if told.runs:
        notes.append(f"Held-out estimates of {', '.join(told.runs)} are weighed in by their error.")
    if told.unused:
        notes.append(f"Not used: {', '.join(told.unused)}. They say nothing of affect on a known scale.")
    return Material(
        Catalogue(clips, tuple(viewings)),
        tuple(dict.fromkeys(recordings)),
        len(told.estimates),
        tuple(notes),
    )


def keep_recommender(
    study: Study, material: Material, name: str, ranker: str, target: Target | None = None
) -> Stored:
    """Make a recommender of everybody's viewings and keep it; raises RecommendingError, RecommenderError."""
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        made = store(name, ranker, material.catalogue, material.recordings, created, target)
    except RecommendationError as error:
        raise RecommendingError(f"{study.name}: {error}") from error
    keep(study.folder, made)
    return made


def fitted(material: Material, ranker: str, target: Target | None) -> Ranker:
    """Return a ranker fitted on everybody; raises RecommendingError where it has nothing to go by."""
    if not has_material(ranker, material.catalogue):
        raise RecommendingError(NO_COURSES)
    made = make_ranker(ranker, target)
    made.fit(material.catalogue)
    return made


def unmeasured_words(count: int) -> list[str]:
    """Return the sentence on clips that a limit of time leaves out, none where there are none."""
    if not count:
        return []
    clips = "1 clip" if count == 1 else f"{count} clips"
    return [f"Left out: {clips} whose length is not known."]


def _scales(corpus: Corpus) -> dict[str, dict[str, Scale]]:
    """Return the scales of each recording's items, as its own protocol has them; a grid's by dimension."""
    found: dict[str, dict[str, Scale]] = {}
    seen: dict[str, dict[str, Scale]] = {}
    for recording in corpus.recordings:
        published = {item: (item, 1.0, 9.0) for item in ON_NINE.get(recording.program, ())}
        try:
            with open_session(recording.path) as session:
                protocol = session.protocol
        except SessionFileError:
            continue
        key = str(protocol.get("sha256") or recording.id)
        if key not in seen:
            try:
                seen[key] = _apart(scales_of(Schedule.from_json(protocol["schedule"])))
            except (KeyError, TypeError, ValueError):
                seen[key] = {}
        found[recording.id] = {**published, **seen[key]}
    return found


def _apart(scales: Mapping[str, Scale]) -> dict[str, Scale]:
    """Return scales as trials have their ratings: a grid's point under the names of its two dimensions."""
    found = {item: scale for item, scale in scales.items() if " " not in scale[0]}
    for dimensions, low, high in scales.values():
        for dimension in dimensions.split() if " " in dimensions else ():
            found.setdefault(dimension, (dimension, low, high))
    return found


def _asked(scales: Mapping[str, Mapping[str, Scale]]) -> Iterator[tuple[str, ...]]:
    for items in scales.values():
        yield tuple(dimension for dimension, _, _ in items.values())


def _ratings(trial: Trial, scales: Mapping[str, Scale]) -> dict[str, float]:
    """Return a trial's ratings on -1..1 by dimension; valence also from positive less negative."""
    found = {}
    for item, value in trial.ratings.items():
        if item in scales:
            dimension, low, high = scales[item]
            if high > low:
                found[dimension] = max(-1.0, min(1.0, 2 * (value - low) / (high - low) - 1))
    if "valence" not in found and {"positive", "negative"} <= found.keys():
        found["valence"] = (found["positive"] - found["negative"]) / 2
    return {key: value for key, value in found.items() if key in (*DIMENSIONS, "liking")}


def _clips(study: Study, corpus: Corpus, shown: set[str]) -> dict[str, Clip]:
    """Return what was shown, and what else its sets have of the same kind (films where films were shown)."""
    items: dict[str, Stimulus] = {}
    for known in _sets(study, corpus):
        kinds = {item.kind for name, item in known.items.items() if name in shown}
        items |= {name: item for name, item in known.items.items() if item.kind in kinds}
    clips = {name: _clip(item) for name, item in items.items()}
    if shown - clips.keys():
        norms = norms_of(corpus)
        categories = {trial.stimulus: trial.category for trial in corpus.trials}
        for name in sorted(shown - clips.keys()):
            means = {key: (value - 5) / 4 for key, value in norms.get(name, {}).items() if key in DIMENSIONS}
            clips[name] = Clip(name, 0.0, means, categories.get(name, ""))
    return clips


def _sets(study: Study, corpus: Corpus) -> Iterator[StimulusSet]:
    seen = set()
    for recording in corpus.recordings:
        try:
            with open_session(recording.path) as session:
                name = str((session.protocol.get("schedule") or {}).get("stimulus_set") or "")
        except SessionFileError:
            continue
        if name and name not in seen:
            seen.add(name)
            try:
                yield load_set(name, beside=study.folder)
            except EvokeError:
                # Its stimuli are known by their names and the norms that were noted when they were shown.
                continue


def _clip(item: Stimulus) -> Clip:
    means = {name: (value - 5) / 4 for name in DIMENSIONS if (value := getattr(item, name)) is not None}
    return Clip(item.id, item.duration_s or 0.0, means, item.category)
