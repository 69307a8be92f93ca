"""The tables of MER-SEM-MBT on a study with voices, faces and transcripts, or on simulated participants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.run_folder import Predictions, Run
from analysis.literature.paper import Cell, Ours
from analysis.simulate.settings import Settings
from analysis.targets.recipe import Recipe, Target
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words
from app.analysing.literature.engine import controls, engine_run
from app.analysing.literature.reproducing import Made, Order
from app.analysing.literature.simulated_people import simulated_study
from app.analysing.simulated_words import say
from app.analysing.targets import make_target
from app.study import Study

EFFECTS: Mapping[str, float] = {"speech": 1.5, "face": 1.5}
WORDS_EFFECT = 1.5
PERMUTATIONS = 200
TWO = Recipe("pleasant-or-unpleasant", "category", classes=("pleasant", "unpleasant"))
SMALL: Mapping[str, Any] = {"speech_width": 4, "face_width": 4, "tokens": 16, "heads": 4, "epochs": 20}
TINY: Mapping[str, Any] = {
    "speech_width": 2, "face_width": 2, "tokens": 8, "heads": 2, "text_hidden": 16, "epochs": 3,
}  # fmt: skip
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "MER (three decisions, attentive fusion)": {"sem": False, "exchange": "none"},
    "MER + SEM": {"exchange": "none"},
    "MER + MBT": {"sem": False},
    "MER + SEM + MBT": {},
    "MER + SEM + MBT, no text decision": {"text_decision": False},
    "voice only": {"use": "speech"},
    "voice only, with SEM": {"use": "speech+text", "text_decision": False},
    "face only": {"use": "face"},
    "face only, with SEM": {"use": "face+text", "text_decision": False},
    "voice + face, joint attention": {"use": "speech+face", "exchange": "joint"},
    "voice + face, bidirectional cross-attention": {"use": "speech+face", "exchange": "cross"},
    "voice + face, MBT": {"use": "speech+face"},
    "text only": {"use": "text"},
}
QUICK = ("MER + SEM + MBT", "voice + face, MBT")
HEADS = ("variant", "accuracy", "weighted accuracy", "F1", "floor of accuracy", "floor of F1")


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one class against the rest; `floor` is what always no (accuracy) or yes (F1) reaches."""

    accuracy: float
    weighted: float
    f1: float
    floor: tuple[float, float]


def tables(order: Order) -> Made:
    """Make the ablations, and accuracy and F1 of each class beside what a constant answer reaches."""
    study, data = _study(order)
    with in_words():
        corpus = study_corpus(study)
        target = make_target(study, corpus, _recipe(corpus))
    inputs = _inputs(order.is_quick)
    names = QUICK if order.is_quick else tuple(VARIANTS)
    settings = TINY if order.is_quick else SMALL
    runs: dict[str, Run] = {}
    for name in names:
        runs[name] = engine_run(
            order,
            study,
            corpus,
            target,
            "mer-sem-mbt",
            {**settings, **VARIANTS[name]},
            inputs=inputs,
            folds=2 if order.is_quick else 5,
            permutations=PERMUTATIONS,
            words=name,
        )
    protocol = f"{'2' if order.is_quick else '5'} folds of whole participants; each class against the rest"
    notes = (
        *(("Quick form: few participants, tiny networks, three epochs; no result.",) * order.is_quick),
        "Encoders from nothing and hashed words; published figures are of other data and trained ones.",
    )
    told = controls(runs)
    ablation = Ours(
        "Ablations", data, protocol, HEADS,
        tuple(_ablation_row(name, run, target) for name, run in runs.items()),
        told, notes, tuple(run.name for run in runs.values()),
    )  # fmt: skip
    full = runs["MER + SEM + MBT"]
    each = Ours(
        "Accuracy, weighted accuracy and F1 of each class", data, protocol,
        ("class", *HEADS[1:]), _class_rows(full, target), told, notes, (full.name,),
    )  # fmt: skip
    return Made((each, ablation))


def _study(order: Order) -> tuple[Study, str]:
    if order.source is not None:
        found = Study.open(order.source)
        return found, f"the study {found.name}"
    participants = 4 if order.is_quick else 12
    settings = Settings(EFFECTS, modalities=("speech", "face"), artefacts=0.0, seed=order.seed)
    shorter = {
        "name: induction, duration_s: 10": f"name: induction, duration_s: {2 if order.is_quick else 4}"
    }
    study = simulated_study(
        order,
        f"mer-sem-mbt-{'quick' if order.is_quick else 'full'}",
        "picture-typing-speaking",
        participants,
        settings,
        shorter,
    )
    with in_words():
        say(study, study_corpus(study), WORDS_EFFECT)
    return study, (
        f"{participants} simulated participants, pleasant and unpleasant pictures: planted d = "
        f"{EFFECTS['speech']:g} in voice and face, {WORDS_EFFECT:g} in the words of made-up transcripts"
    )


def _recipe(corpus: Corpus) -> Recipe:
    found = {trial.category for trial in corpus.trials}
    return TWO if set(TWO.classes) <= found else Recipe("category", "category")


def _inputs(is_quick: bool) -> tuple[InputSpec, ...]:
    side = 24 if is_quick else 48
    return (
        InputSpec("speech", "speech", "speech.patches", stage="speaking"),
        InputSpec("face", "face", "face.frames", {"size_px": side, "tries": 3}),
        InputSpec("text", "text", "text.hashed"),
    )


def _ablation_row(name: str, run: Run, target: Target) -> tuple[Cell, ...]:
    scores = _scores(run.predictions(), target.classes)
    return (name, *_mean(scores.values()))


def _class_rows(run: Run, target: Target) -> tuple[tuple[Cell, ...], ...]:
    scores = _scores(run.predictions(), target.classes)
    rows: list[tuple[Cell, ...]] = [(name, *_cells(each)) for name, each in scores.items()]
    return (*rows, ("average", *_mean(scores.values())))


def _cells(each: Scores) -> tuple[float, ...]:
    return (each.accuracy, each.weighted, each.f1, *each.floor)


def _mean(scores: Any) -> tuple[float, ...]:
    return tuple(np.mean([_cells(each) for each in scores], axis=0).tolist())


def _scores(predictions: Predictions, classes: Sequence[str]) -> dict[str, Scores]:
    """Return each class's scores, the most probable class being said."""
    said = predictions.proba.argmax(axis=1)
    return {
        name: one_against_rest(predictions.y == place, said == place) for place, name in enumerate(classes)
    }


def one_against_rest(true: Any, said: Any) -> Scores:
    """Return accuracy, weighted accuracy, F1 and their floors of flags (n,); MER-SEM-MBT."""
    hits, right_no = float((true & said).sum()), float((~true & ~said).sum())
    positive, n = float(true.sum()), float(len(true))
    negative = n - positive
    recall = hits / positive if positive else 0.0
    specificity = right_no / negative if negative else 0.0
    wrong = n - hits - right_no
    f1 = 2 * hits / (2 * hits + wrong) if hits + wrong else 0.0
    floor = (negative / n, 2 * positive / (n + positive) if positive else 0.0)
    return Scores((hits + right_no) / n, (recall + specificity) / 2, f1, floor)
