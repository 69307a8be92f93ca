"""The tables of apparent impressions on a study with observers' ratings, or on simulated participants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.run_folder import Run
from analysis.literature.paper import Cell, Ours
from analysis.recognizers.personality_card import INTERVIEW, TRAITS
from analysis.simulate.settings import Settings
from analysis.targets.recipe import Recipe
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words
from app.analysing.literature.engine import controls, engine_run, value
from app.analysing.literature.filmed import SPEAKING, films_speaking
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.literature.simulated_people import simulated_study
from app.analysing.simulated_words import OBSERVER, rate
from app.analysing.targets import make_target, recipes
from app.study import Study

EFFECT = 0.8
PERMUTATIONS = 200
SMALL: Mapping[str, Any] = {
    "speech_width": 4, "picture_width": 4, "lstm": 32, "transformer": 32, "epochs": 30, "local_epochs": 3,
}  # fmt: skip
TINY: Mapping[str, Any] = {
    "speech_width": 2, "picture_width": 4, "lstm": 8, "lstm_layers": 1, "transformer": 8,
    "transformer_layers": 1, "heads": 2, "epochs": 2, "local_epochs": 1,
}  # fmt: skip
VARIANTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "mean of training": ("majority", {}),
    "SVR on raw patches and pixels, linear": ("svr", {"kernel": "linear"}),
    "SVR on raw patches and pixels, RBF": ("svr", {"kernel": "rbf", "c": 2.0}),
    "SVR on raw patches and pixels, polynomial": ("svr", {"kernel": "poly"}),
    "decision tree on raw patches and pixels": ("tree-regression", {}),
    "audio": ("personality", {"streams": "speech", "fusion": "early"}),
    "scene": ("personality", {"streams": "scene", "fusion": "early"}),
    "face": ("personality", {"streams": "face", "fusion": "early"}),
    "all, early": ("personality", {"fusion": "early"}),
    "all, model-level": ("personality", {"fusion": "model"}),
    "all, late": ("personality", {"fusion": "late"}),
    "all, late, not negative": ("personality", {"fusion": "late", "late_weights": "not negative"}),
    "all, late, equal weights": ("personality", {"fusion": "late", "late_weights": "equal"}),
}
QUICK = ("mean of training", "SVR on raw patches and pixels, linear", "all, late")
SIX = (*TRAITS, INTERVIEW)
TOGETHER = "Voice, scene and face are of the same seconds: those in which people speak."
APART = (
    "The camera did not run while people spoke: scene and face are of watching the stimulus, the voice is of "
    "speaking after it."
)
BESIDE = ("one_minus_mae", "r2", "ccc", "pearson")


def tables(order: Order) -> Made:
    """Make S of each impression for every model, and R², concordance and r beside it."""
    study, data = _study(order)
    with in_words():
        corpus = study_corpus(study)
        recipe = _recipe(study, corpus)
        target = make_target(study, corpus, recipe)
        inputs = _inputs(order.is_quick, films_speaking(corpus))
    names = QUICK if order.is_quick else tuple(VARIANTS)
    runs: dict[str, Run] = {}
    for name in names:
        recognizer, settings = VARIANTS[name]
        given = (
            {**(TINY if order.is_quick else SMALL), **settings} if recognizer == "personality" else settings
        )
        runs[name] = engine_run(
            order,
            study,
            corpus,
            target,
            recognizer,
            given,
            inputs=inputs,
            folds=2 if order.is_quick else 5,
            permutations=PERMUTATIONS,
            metric="one_minus_mae",
            words=name,
        )
    protocol = f"{'2' if order.is_quick else '5'} folds of whole participants; S = 1 - mean absolute error"
    notes = (
        *(("Quick form: few participants, tiny networks, two epochs; no result.",) * order.is_quick),
        "Apparent impressions of observers, nobody's traits. S is high for the mean of training alone: read "
        "the first row, and the second table.",
        "Weights of late fusion come from training people held out of the predictors' training: late fusion, "
        "with equal weights too, has predictors that learnt from 80 % of the training people; all other rows "
        "learnt from all of them.",
        TOGETHER if inputs[1].stage else APART,
        "SVR and tree see mean and SD of raw patches and pixels of all three streams at once, not each "
        "stream's pooled VGGish or VGG-Face features; RBF with C 2 as printed, and gamma by the data instead "
        "of 0.5.",
    )
    data = f"{data}; {_rated_by(study, corpus, recipe)}"
    traits, rest = target.outputs[: len(TRAITS)], target.outputs[len(TRAITS) :]
    told, kept = controls(runs), tuple(run.name for run in runs.values())
    score = Ours(
        "S of each impression", data, protocol, ("model", *traits, "average", *rest),
        tuple(_score_row(name, run, len(traits)) for name, run in runs.items()), told, notes, kept,
    )  # fmt: skip
    beside = Ours(
        "What S hides", data, protocol, ("model", "1 - MAE", "R²", "concordance", "Pearson r"),
        tuple((name, *(value(run, each) for each in BESIDE)) for name, run in runs.items()),
        told, notes, kept,
    )  # fmt: skip
    return Made((score, beside))


def _score_row(name: str, run: Run, traits: int) -> tuple[Cell, ...]:
    predictions = run.predictions()
    answers = np.asarray(predictions.y, np.float64).reshape(len(predictions), -1)
    score = 1 - np.nanmean(np.abs(answers - predictions.proba), axis=0)
    return (name, *score[:traits].tolist(), float(score[:traits].mean()), *score[traits:].tolist())


def _study(order: Order) -> tuple[Study, str]:
    if order.source is not None:
        found = Study.open(order.source)
        return found, f"the study {found.name}"
    participants = 3 if order.is_quick else 24
    settings = Settings(modalities=("speech", "face"), artefacts=0.0, seed=order.seed, fingerprint=1.5)
    shorter = {
        "name: induction, duration_s: 10": f"name: induction, duration_s: {2 if order.is_quick else 4}"
    }
    study = simulated_study(
        order,
        f"personality-{'quick' if order.is_quick else 'full'}-{order.seed}",
        "picture-typing-speaking",
        participants,
        settings,
        shorter,
    )
    with in_words():
        corpus = study_corpus(study)
        if not any((study.folder / "annotations").glob(f"*/{OBSERVER}/*.sqlite")):
            rate(study, corpus, EFFECT, order.seed)
    return study, (
        f"{participants} simulated participants; {EFFECT:g} of each impression's spread follows a person's "
        "own pitch and own smile, the rest is chance"
    )


def _recipe(study: Study, corpus: Corpus) -> Recipe:
    """Return the target of all six impressions: observers' fused ratings, else one observer's."""
    found = _of_impressions(study, corpus)
    for recipe in (*(each for each in found if each.source == "fused"), *found):
        return recipe
    raise LiteratureError(
        f"{study.folder}: no observer has rated impressions. Rate trials by the scheme impressions, or bring "
        "ratings in: evoke labels STUDY --from FILE.csv --scheme impressions --annotator CODE."
    )


def _of_impressions(study: Study, corpus: Corpus) -> tuple[Recipe, ...]:
    return tuple(each for each in recipes(study, corpus) if is_of_impressions(each))


def is_of_impressions(recipe: Recipe) -> bool:
    """Whether a target is what observers answered to all six questions, in the order of the tables."""
    is_observed = recipe.source in ("annotator", "fused") and recipe.rule == "number"
    return is_observed and recipe.numbers == SIX


def _rated_by(study: Study, corpus: Corpus, recipe: Recipe) -> str:
    """Return in words whose ratings are answered, and who else's are there and are not."""
    others = {each.of[2] for each in _of_impressions(study, corpus) if each.source == "annotator"}
    others.discard(recipe.of[2])
    if recipe.source == "fused" or not others:
        return f"rated by {recipe.of[2]}"
    left = f"{', '.join(sorted(others))} rated too: fuse the ratings to use all"
    return f"rated by {recipe.of[2]} alone ({left})"


def _inputs(is_quick: bool, is_filmed: bool) -> tuple[InputSpec, ...]:
    """Return the inputs; scene and face are of the stage in which people speak where it was filmed."""
    scene, faces, looks, side = (4, 4, 6, 16) if is_quick else (20, 15, 30, 32)
    stage = SPEAKING if is_filmed else ""
    crops = {"count": faces, "looks": looks, "size_px": side}
    return (
        InputSpec("speech", "speech", "speech.patches", stage=SPEAKING),
        InputSpec("scene", "face", "scene.frames", {"count": scene, "size_px": side}, stage=stage),
        InputSpec("face", "face", "face.crops", crops, stage=stage),
    )
