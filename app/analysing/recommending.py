"""A study's viewings as a catalogue, and recommenders made of them.

A viewing is a trial of a finished session with a stimulus and a rating, or held-out predictions of valence or
arousal. Nothing else of a participant is used: no field of the participant table, no group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from analysis.corpus.corpus import Corpus, Trial
from analysis.evaluation.run_folder import Run, RunError
from analysis.recommendation.rankers import RANKERS, Ranker, Target, make_ranker
from analysis.recommendation.stored import Stored, store
from analysis.recommendation.viewings import (
    DIMENSIONS,
    Catalogue,
    Clip,
    Estimate,
    RecommendationError,
    Viewing,
)
from analysis.session_file import SessionFileError, open_session
from app.analysing.applying import kept
from app.analysing.corpora import study_corpus
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
RANKED = tuple(name for name in RANKERS if name != "grey-relational")
"""Rankers for a study: it keeps no curve of affect for each clip and person, so that there is nothing for the
grey relational one."""
EMOTIONS: Mapping[str, Target] = {
    "excited joy": {"valence": 0.65, "arousal": 0.45},
    "calm joy": {"valence": 0.6, "arousal": -0.5},
    "sadness": {"valence": -0.5, "arousal": -0.4},
    "tension": {"valence": -0.55, "arousal": 0.5},
    "neutral": {"valence": 0.0, "arousal": -0.55},
}
"""The affect that an emotion's name stands for; the presenter's rules have the same."""


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
    told, runs = _estimates(study)
    viewings, recordings = [], []
    for order, trial in enumerate(known.trials):
        ratings = _ratings(trial, scales.get(trial.recording, {}))
        estimates = told.get(trial.key, {})
        if trial.stimulus and (ratings or estimates):
            liking = next((ratings[key] for key in LIKED if key in ratings), None)
            affect = {key: value for key, value in ratings.items() if key in DIMENSIONS}
            viewings.append(Viewing(trial.participant, trial.stimulus, order, affect, liking, estimates))
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
    if runs:
        notes.append(f"Held-out estimates of {', '.join(runs)} are weighed in by their error.")
    return Material(
        Catalogue(clips, tuple(viewings)), tuple(dict.fromkeys(recordings)), len(told), tuple(notes)
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
    """Return a ranker fitted on everybody."""
    made = make_ranker(ranker, target)
    made.fit(material.catalogue)
    return made


def _scales(corpus: Corpus) -> dict[str, dict[str, Scale]]:
    """Return the scales of each recording's items, as its own protocol has them."""
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
                seen[key] = scales_of(Schedule.from_json(protocol["schedule"]))
            except (KeyError, TypeError, ValueError):
                seen[key] = {}
        found[recording.id] = {**published, **seen[key]}
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


def _estimates(
    study: Study,
) -> tuple[dict[tuple[str, int], dict[str, list[Estimate]]], tuple[str, ...]]:
    """Return what kept recognizers of valence and arousal said of trials they were not trained on."""
    found: dict[tuple[str, int], dict[str, list[Estimate]]] = {}
    used = []
    for model in kept(study):
        try:
            told = list(_of_run(model.run))
        except (RunError, OSError, ValueError, KeyError):
            continue
        for key, dimension, value, rmse in told:
            found.setdefault(key, {}).setdefault(dimension, []).append(Estimate(value, rmse, model.run.name))
        if told:
            used.append(model.run.name)
    return found, tuple(used)


def _of_run(run: Run) -> Iterator[tuple[tuple[str, int], str, float, float]]:
    """Yield trial, dimension, held-out value on -1..1 and its root mean square error on that scale.

    A ratings scale of 1 to 9 is taken: a target of another scale has another name than its dimension.
    """
    if not any(name in DIMENSIONS for name in run.outputs) or run.division.leaks:
        return
    predictions = run.predictions()
    answers = predictions.y.reshape(len(predictions), -1).astype(float)
    for column, name in enumerate(run.outputs):
        truth, guessed = answers[:, column], predictions.proba[:, column]
        known = (truth == truth) & (guessed == guessed)
        if (
            name not in DIMENSIONS
            or not known.any()
            or not 1 <= truth[known].min() <= truth[known].max() <= 9
        ):
            continue
        rmse = float(((truth[known] - guessed[known]) ** 2).mean() ** 0.5) / 4
        sums: dict[tuple[str, int], list[float]] = {}
        for row in known.nonzero()[0]:
            key = (str(predictions.cases.recording[row]), int(predictions.cases.trial[row]))
            sums.setdefault(key, []).append(float(guessed[row]))
        for key, values in sums.items():
            mean = (sum(values) / len(values) - 5) / 4
            yield key, name, max(-1.0, min(1.0, mean)), rmse


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
