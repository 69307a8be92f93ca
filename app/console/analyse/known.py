"""What several steps of Analyse read of a study: read again only when files have changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analysis.corpus.corpus import Corpus
from analysis.corpus.texts import TRANSCRIPTS
from analysis.targets.recipe import Recipe, Target, TargetError
from app.analysing.corpora import study_corpus
from app.analysing.emotion_labels import TABLE as EMOTIONS
from app.analysing.targets import make_target, recipes
from app.consent import FILE as CONSENTS
from app.console.annotate.agreement_work import Signature, signature
from app.participant_rows import FILE as PARTICIPANTS
from app.study import WITHDRAWALS, Study


@dataclass(frozen=True)
class Material:
    """Recordings and trials of a study, and the targets that it offers."""

    study: Study
    corpus: Corpus
    recipes: tuple[Recipe, ...]

    def path_of(self, recording: str) -> Path | None:
        """Return the file of a recording, also of one that was left out."""
        known = self.corpus.by_id.get(recording)
        if known is not None:
            return known.path
        paths = (self.study.folder / session.file for session in self.study.sessions())
        return next((path for path in paths if path.stem == recording), None)

    def recipe(self, name: str) -> Recipe | None:
        """Return a target's recipe by its name."""
        return next((recipe for recipe in self.recipes if recipe.name == name), None)


def material_of(study: Study) -> Material:
    """Return what is there; slow when files have changed. Raises EvokeError, CorpusError, TargetError."""
    return _material(study.folder, _signature(study))


def target_of(study: Study, recipe: Recipe) -> Target | str:
    """Return a recipe's answers, or in one sentence why there are none."""
    return _target(study.folder, _signature(study), recipe.name)


def _signature(study: Study) -> Signature:
    files = sorted((study.folder / "derivatives" / "targets").glob("*.json"))
    files += sorted((study.folder / TRANSCRIPTS).glob("*.csv"))
    tables = (WITHDRAWALS, CONSENTS, PARTICIPANTS, EMOTIONS, "study.yaml")
    files += [path for name in tables if (path := study.folder / name).exists()]
    named = tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return signature(study) + named


@lru_cache(maxsize=2)
def _material(folder: Path, state: Signature) -> Material:
    del state
    study = Study.open(folder)
    corpus = study_corpus(study)
    return Material(study, corpus, recipes(study, corpus))


@lru_cache(maxsize=64)
def _target(folder: Path, state: Signature, name: str) -> Target | str:
    material = _material(folder, state)
    recipe = material.recipe(name)
    if recipe is None:
        return f"There is no target '{name}' any more."
    try:
        return make_target(material.study, material.corpus, recipe)
    except TargetError as error:
        return str(error)
