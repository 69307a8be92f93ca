"""What the step Speech tasks reads and computes, away from the window's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from analysis.literature.depression import SpokenTask
from analysis.targets.recipe import TargetError
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words
from app.analysing.speech_confounds import sites_of
from app.analysing.speech_outcome import Outcome, Wanted, outcome_of
from app.analysing.speech_tasks import SpeechTasksError, spoken_tasks
from app.analysing.targets import make_target, recipes
from app.console.analyse.waiting import Told
from app.study import Study

if TYPE_CHECKING:
    from analysis.speakers.shelf import Shelved

SIZES: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "small": {
            "ivector": {"components": 32, "dimension": 64},
            "tdnn": {"width": 64, "pooled": 128, "dimension": 64, "chunk": 100, "batch": 32, "rate": 0.01,
                     "epochs": 40, "period": 20},
            "resnet": {"width": 8, "dimension": 64, "chunk": 100, "batch": 32},
        },
        "as the paper": {},
    }
)  # fmt: skip
"""Settings of extractors that are trained here."""


@dataclass(frozen=True, slots=True)
class TargetOffer:
    """A target of persons, and its two classes."""

    name: str
    classes: tuple[str, str]


@dataclass(frozen=True)
class Ready:
    """What can be chosen: targets, spoken tasks of `people` participants, what is on the shelf.

    `sites` are fields of the participants that can be held out as a whole.
    """

    targets: tuple[TargetOffer, ...]
    tasks: tuple[SpokenTask, ...]
    people: int
    extractors: tuple[Shelved, ...]
    vectors: tuple[str, ...]
    problems: tuple[str, ...]
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewExtractor:
    """An extractor that is to be trained on a folder of speakers."""

    folder: Path
    kind: str
    feature: str
    size: str
    language: str
    domain: str


def look(study: Study, told: Told) -> Ready:
    """Read a study's spoken tasks and targets of persons, and the shelf."""
    from analysis.speakers.shelf import shelved, shelved_vectors

    told(0, 0, "recordings")
    with in_words():
        corpus = study_corpus(study)
    tasks = spoken_tasks(corpus)
    offers = []
    if tasks:
        for recipe in recipes(study, corpus):
            if recipe.source not in ("participant", "questionnaire") or recipe.rule == "number":
                continue
            try:
                target = make_target(study, corpus, recipe)
            except TargetError:
                continue
            if len(target.classes) == 2 and len(set(target.values.values())) == 2:
                offers.append(TargetOffer(recipe.name, (target.classes[0], target.classes[1])))
    found, problems = shelved()
    people = {trial.participant for trial in corpus.trials if trial.stimulus}
    sites = tuple(sites_of(study, sorted(people)))
    return Ready(tuple(offers), tasks, len(people), found, shelved_vectors(), problems, sites)


def run_test(study: Study, wanted: Wanted, told: Told) -> Outcome:
    """Test persons by others; raises EvokeError."""
    return outcome_of(study, wanted, told, told.cancelled)


def train_new(wanted: NewExtractor, told: Told) -> str:
    """Train an extractor, put it on the shelf, and return what it is in words; raises SpeechTasksError."""
    import tempfile

    from analysis.speakers.folder import read_utterances
    from analysis.speakers.settings import SpeakersError, making_of
    from analysis.speakers.shelf import place_on_shelf
    from analysis.speakers.shelf import told as told_of
    from analysis.speakers.training import About, train_extractor

    try:
        kind: Any = wanted.kind
        feature: Any = wanted.feature
        making = making_of(kind, feature, **SIZES[wanted.size].get(wanted.kind, {}))
        utterances = read_utterances(wanted.folder, making.feature, lambda d, of: told(d, of, "sound files"))
        found = train_extractor(
            utterances, making, About(wanted.language, wanted.domain), told, told.cancelled
        )
        with tempfile.TemporaryDirectory(prefix="evoke-extractor-") as folder:
            place = Path(folder) / "extractor"
            sha256 = found.save(place)
            name = f"{wanted.kind}-{wanted.feature}-{sha256[:6]}"
            return f"{name}: {told_of(place_on_shelf(place, name)).words}"
    except SpeakersError as error:
        raise SpeechTasksError(str(error)) from error


def add_file(path: Path, told: Told) -> str:
    """Put an extractor's folder, or a file of ready vectors, on the shelf; raises SpeechTasksError."""
    from analysis.speakers.settings import SpeakersError
    from analysis.speakers.shelf import place_on_shelf, place_vectors

    told(0, 0, path.name)
    try:
        placed = place_vectors(path) if path.is_file() else place_on_shelf(path)
    except SpeakersError as error:
        raise SpeechTasksError(str(error)) from error
    return f"{placed.name} is on the shelf."
