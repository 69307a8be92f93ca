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
from analysis.recognizers.ten_labels import is_emotion
from analysis.simulate.settings import Settings
from analysis.targets.recipe import Recipe, Target, TargetError
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words
from app.analysing.literature.engine import controls, engine_run
from app.analysing.literature.filmed import SPEAKING, films_speaking
from app.analysing.literature.reproducing import Made, Order
from app.analysing.literature.simulated_people import simulated_study
from app.analysing.simulated_words import say
from app.analysing.targets import make_target, recipes
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
TOGETHER = "Face and voice are of the same seconds: those in which people speak."
APART = (
    "The camera did not run while people spoke: the face is of watching the stimulus, the voice of speaking "
    "after it. Steps of both are not of the same moment."
)
ONE_LABEL = (
    "One label each, the category: nobody said of several emotions whether they are there (scheme "
    "emotions-present), which is the article's task."
)
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
        target = _target(study, corpus)
        inputs = _inputs(order.is_quick, films_speaking(corpus))
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
    task = "each class against the rest" if target.classes else "each emotion there or not, several at once"
    protocol = f"{'2' if order.is_quick else '5'} folds of whole participants; {task}"
    notes = (
        *(("Quick form: few participants, tiny networks, three epochs; no result.",) * order.is_quick),
        ONE_LABEL if target.classes else f"The answers are the target {target.recipe.name}: 0 or 1 each.",
        TOGETHER if inputs[1].stage else APART,
        "Encoders from nothing and hashed words; published figures are of other data and trained ones.",
    )
    told = controls(runs)
    ablation = Ours(
        "Ablations", data, protocol, HEADS,
        tuple((name, *class_rows(run)[-1][1:]) for name, run in runs.items()),
        told, notes, tuple(run.name for run in runs.values()),
    )  # fmt: skip
    full = runs["MER + SEM + MBT"]
    each = Ours(
        "Accuracy, weighted accuracy and F1 of each class", data, protocol,
        ("class" if target.classes else "emotion", *HEADS[1:]), class_rows(full), told, notes, (full.name,),
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
        f"mer-sem-mbt-{'quick' if order.is_quick else 'full'}-{order.seed}",
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


def _target(study: Study, corpus: Corpus) -> Target:
    """Return several emotions at once, each 0 or 1, where a study asked for them; else the category."""
    found = [each for each in recipes(study, corpus) if each.rule == "number" and len(each.numbers) > 1]
    # Of several targets the one with most emotions, and of that the observers' fused labels.
    for recipe in sorted(found, key=lambda each: (-len(each.numbers), each.source != "fused")):
        try:
            target = make_target(study, corpus, recipe)
        except TargetError:
            continue
        if is_multi_label(target):
            return target
    there = {trial.category for trial in corpus.trials}
    chosen = TWO if set(TWO.classes) <= there else Recipe("category", "category")
    return make_target(study, corpus, chosen)


def is_multi_label(target: Target) -> bool:
    """Whether every answer is whether one emotion of several is there: 0 or 1, or a share of raters."""
    answers = [(value, *target.further.get(key, ())) for key, value in target.values.items()]
    known = {value for row in answers for value in row if np.isfinite(value)}
    if not known or len(target.outputs) < 2 or target.classes:
        return False
    is_shared = target.recipe.source == "fused" and all(map(is_emotion, target.outputs))
    return known <= {0.0, 1.0} or (is_shared and min(known) >= 0 and max(known) <= 1)


def _inputs(is_quick: bool, is_filmed: bool) -> tuple[InputSpec, ...]:
    """Return the inputs; the face is of the stage in which people speak where they are filmed in it."""
    face = {"size_px": 24 if is_quick else 48, "tries": 3}
    return (
        InputSpec("speech", "speech", "speech.patches", stage=SPEAKING),
        InputSpec("face", "face", "face.frames", face, stage=SPEAKING if is_filmed else ""),
        InputSpec("text", "text", "text.hashed"),
    )


def class_rows(run: Run) -> tuple[tuple[Cell, ...], ...]:
    """Return scores and floors of each class or emotion, their average last; None where undefined."""
    predictions = run.predictions()
    if predictions.classes:
        scores = _scores(predictions, predictions.classes)
        rows: list[tuple[Cell, ...]] = [(name, *_cells(each)) for name, each in scores.items()]
    else:
        rows = [_label_row(each) for each in (run.result or {})["labels"]["rows"]]
    return (*rows, ("average", *(_mean(column) for column in list(zip(*rows, strict=True))[1:])))


def _label_row(each: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return one emotion's row of what `analysis.evaluation.label_scores` says of it."""
    scores, floors = each["metrics"], each["floors"] or {"no": {}, "yes": {}}
    own = (scores[name]["value"] for name in ("accuracy", "weighted_accuracy", "f1"))
    return (each["label"], *own, floors["no"].get("accuracy"), floors["yes"].get("f1"))


def _cells(each: Scores) -> tuple[float, ...]:
    return (each.accuracy, each.weighted, each.f1, *each.floor)


def _mean(column: Sequence[Cell]) -> float | None:
    known = [value for value in column if isinstance(value, float)]
    return float(np.mean(known)) if known else None


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
