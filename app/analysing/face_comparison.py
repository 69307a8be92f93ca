"""PSA-YOLO beside the cascade with the small expression network, on the same pictures: the tables of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from analysis.detection.box_book import CASCADE, DETECTOR, HAND
from analysis.detection.counting import Latency, cost_of
from analysis.detection.gathering import Gathered
from analysis.detection.network import Architecture, PsaYolo
from analysis.detection.problems import DetectionError
from analysis.evaluation.experiment import SplitKind
from analysis.literature.paper import Cell, Ours
from analysis.recognizers.psa_yolo import FAINT
from analysis.recognizers.psa_yolo_card import PSA_YOLO_CARD
from app.analysing.face_pictures import NOBODY
from app.analysing.face_runs import (
    Scores,
    controls_of,
    evaluated,
    haar_scores,
    yolo_latency,
)
from app.analysing.guard_words import guard_words
from app.study import Study

PEOPLE: SplitKind = "participants"
RANDOM: SplitKind = "trials-pooled"
HAAR = "cascade and expression network"
OURS = "PSA-YOLO"
NOT_FOUND = "not found"
LEAK = (
    "LEAK: in the random split the same people, with the same face, are on both sides; a person's other "
    "pictures tell who it is. Only the split by people says what to expect of somebody new."
)
ABLATIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "no PSA": {"psa": False},
        "no SPC in the neck": {"spc": False},
        "no Focus": {"focus": False},
        "backbone 1-2-2-2-2": {"variant": 2},
        "backbone 1-3-4-6-3": {"variant": 3},
        "CSPDarknet53's 1-2-8-8-4": {"variant": 0},
    }
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to compare: settings of PSA-YOLO, folds, which ablations, and the size of the squares."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    size_px: int = 128
    k: int = 3
    ablation_k: int = 2
    ablations: tuple[str, ...] = tuple(ABLATIONS)
    seed: int = 1
    workers: int = 1
    times: int = 30


@dataclass(frozen=True)
class Compared:
    """Tables, and the scores behind them: by people, at random, of the cascade (None: it knows no class)."""

    tables: tuple[Ours, ...]
    people: Scores
    mixed: Scores
    haar: Scores | None


def compare_detectors(
    study: Study,
    gathered: Gathered,
    data: str,
    wish: Wish,
    *,
    said: Callable[[str], None] = lambda words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Compared:
    """Train, test and time; raises EvaluatingError, CancelledError."""
    settings = {**PSA_YOLO_CARD.defaults(), **wish.settings}

    def run(split: SplitKind, k: int, more: Mapping[str, Any] | None = None) -> Scores:
        return evaluated(
            study, gathered, {**settings, **(more or {})}, split, k=k, seed=wish.seed, workers=wish.workers,
            cancelled=cancelled,
        )  # fmt: skip

    said("PSA-YOLO, people kept apart")
    people = run(PEOPLE, wish.k)
    said("PSA-YOLO, random split")
    mixed = run(RANDOM, wish.k)
    said(HAAR)
    try:
        haar: Scores | None = haar_scores(gathered)
    except DetectionError:
        haar = None
    without: dict[str, Scores] = {}
    for name in wish.ablations:
        said(f"PSA-YOLO, {name}")
        without[name] = run(PEOPLE, wish.ablation_k, ABLATIONS[name])
    whole = people if wish.k == wish.ablation_k or not without else run(PEOPLE, wish.ablation_k)
    said("times")
    took = yolo_latency(gathered, settings, wish.times)
    tables = (
        _by_class(gathered, data, people, mixed, haar, wish),
        _summary(gathered, data, people, mixed, haar, took, settings, wish),
        *_confusions(data, {f"{OURS}, people apart": people, HAAR: haar}, wish),
        *([_ablation(data, whole, without, settings, wish)] if without else []),
    )
    return Compared(tables, people, mixed, haar)


def _protocols(k: int) -> str:
    return f"{k} folds by people, and {k} folds at random; the cascade learns nothing and sees every picture"


def _runs(*scores: Scores | None) -> tuple[str, ...]:
    return tuple(each.run.name for each in scores if each is not None and each.run is not None)


def _by_class(
    gathered: Gathered, data: str, people: Scores, mixed: Scores, haar: Scores | None, wish: Wish
) -> Ours:
    counts = people.confusion.sum(1)
    every = (people, mixed, haar)

    def row(name: str, count: Cell, value: Callable[[Scores], float]) -> tuple[Cell, ...]:
        return (name, count, *(_of(each, value) for each in every))

    rows: list[tuple[Cell, ...]] = [
        row(name, float(counts[place]), _recall(place)) for place, name in enumerate(people.classes)
    ]
    rows.append(row("accuracy over all", float(counts.sum()), lambda one: one.accuracy))
    rows.append(row("mean of the classes", None, lambda one: one.class_mean))
    rows.append(row("nothing found (wrong)", None, lambda one: one.not_found / float(counts.sum())))
    left_out = (
        f"{gathered.near_duplicates} nearly equal pictures were left out, {gathered.damaged} unreadable."
    )
    return Ours(
        "Accuracy by expression, per cent",
        data,
        _protocols(wish.k),
        ("expression", "pictures", f"{OURS}, people apart", f"{OURS}, random split", HAAR),
        tuple(rows),
        (*controls_of(people), *_leak_words(mixed)),
        (LEAK, left_out, *_haar_note(haar)),
        _runs(people, mixed),
    )


def _leak_words(mixed: Scores) -> tuple[str, ...]:
    if mixed.run is None:
        return ()
    said = guard_words(mixed.run.guards.lines)
    return (f"Random split, which allows the same people on both sides. {said}",)


def _confusions(data: str, scores: Mapping[str, Scores | None], wish: Wish) -> Iterator[Ours]:
    """Yield what was said of pictures of each expression, a table a method."""
    for name, each in scores.items():
        if each is not None:
            rows: tuple[tuple[Cell, ...], ...] = tuple(
                (true, *map(float, each.confusion[place])) for place, true in enumerate(each.classes)
            )
            yield Ours(
                f"Confusion, {name}: pictures",
                data,
                _protocols(wish.k),
                ("shown", *(f"said {one}" for one in each.classes), NOT_FOUND),
                rows,
                (),
                ("Rows are what is shown, columns what was said of it.",),
                _runs(each),
            )


def _haar_note(haar: Scores | None) -> tuple[str, ...]:
    if haar is None:
        return ("The expression network knows none of these classes.",)
    return (
        "The cascade and its network learnt from photographs; nothing of these pictures was shown to them.",
    )


def _recall(place: int) -> Callable[[Scores], float]:
    return lambda scores: scores.recalls[place]


def _of(scores: Scores | None, value: Callable[[Scores], float]) -> Cell:
    return None if scores is None else round(100 * value(scores), 1)


def _origins(gathered: Gathered) -> tuple[bool, tuple[str, ...]]:
    """Return whether people drew every true box, and what is to be known of who made them."""
    made = Counter(each.by for each in gathered.pictures if each.box is not None)
    count = sum(made.values())
    notes = []
    if made[CASCADE]:
        notes.append(
            f"{made[CASCADE]} of {count} true boxes are the cascade's own: average precision of {OURS} then "
            "tells how well it copies the cascade. Draw boxes by hand in Faces for more."
        )
    if made[DETECTOR]:
        notes.append(f"{made[DETECTOR]} of {count} true boxes were proposed by a trained detector.")
    if made[NOBODY]:
        notes.append(
            f"{made[NOBODY]} of {count} true boxes are the whole picture: there the cascade found nothing."
        )
    if made[HAND] < count:
        notes.append(
            "The cascade's own average precision is left out: only boxes that were all drawn by hand could "
            "judge it."
        )
    several = sum(bool(each.others) for each in gathered.pictures)
    if several:
        notes.append(
            f"{several} pictures have further boxed faces. Finding those is neither right nor wrong; the "
            "answer is still that of the surest face."
        )
    return made[HAND] == count, tuple(notes)


def _summary(
    gathered: Gathered,
    data: str,
    people: Scores,
    mixed: Scores,
    haar: Scores | None,
    took: Latency,
    settings: Mapping[str, Any],
    wish: Wish,
) -> Ours:
    cost = cost_of(PsaYolo(architecture_of(settings, len(people.classes))), wish.size_px)

    by_hand, origins = _origins(gathered)

    def row(name: str, scores: Scores, latency: Latency | None) -> tuple[Cell, ...]:
        is_judged = scores is not haar or by_hand
        return (
            name,
            round(100 * scores.precision.at(0.5), 1) if is_judged else None,
            round(100 * scores.precision.mean, 1) if is_judged else None,
            *((None, None) if latency is None else (latency.median_ms, latency.p95_ms)),
        )

    rows = [row(f"{OURS}, people apart", people, took), row(f"{OURS}, random split", mixed, None)]
    if haar is not None:
        rows.append(row(HAAR, haar, haar.latency))
    return Ours(
        "Finding and naming faces: average precision, and time of a picture on this machine",
        data,
        _protocols(wish.k),
        ("method", "mAP@.5 %", "mAP@.5:.95 %", "median ms", "95th percentile ms"),
        tuple(rows),
        (),
        (
            *origins,
            f"Average precision of {OURS} counts detections down to a confidence of {FAINT:g}; the cascade "
            "gives one confidence a face.",
            f"{OURS} here: {cost.parameters / 1e6:.2f} million numbers, {cost.flops / 1e9:.2f} billion "
            f"operations a picture of {wish.size_px} x {wish.size_px}; one thread, pixels to boxes.",
            "The cascade's boxes are squares of its own kind; how well they overlap the true ones depends on "
            "what was taken for a face's edge. Its time is from the file's bytes.",
        ),
        _runs(people, mixed),
    )


def architecture_of(settings: Mapping[str, Any], classes: int) -> Architecture:
    """Return what a network of these settings is built of."""
    return Architecture(
        classes, int(settings["variant"]), bool(settings["focus"]), bool(settings["psa"]),
        bool(settings["spc"]), float(settings["width"]), float(settings["depth"]),
    )  # fmt: skip


def _ablation(
    data: str, whole: Scores, without: Mapping[str, Scores], settings: Mapping[str, Any], wish: Wish
) -> Ours:
    rows: list[tuple[Cell, ...]] = []
    for name, scores in {"whole": whole, **without}.items():
        cost = cost_of(
            PsaYolo(architecture_of({**settings, **ABLATIONS.get(name, {})}, len(whole.classes))),
            wish.size_px,
        )
        rows.append(
            (
                name,
                round(100 * scores.accuracy, 1),
                round(100 * scores.class_mean, 1),
                round(100 * scores.precision.at(0.5), 1),
                cost.parameters / 1e6,
                cost.flops / 1e9,
            )
        )
    count = int(np.sum(whole.confusion))
    return Ours(
        "Without parts of the network",
        data,
        f"{wish.ablation_k} folds by people, one seed",
        (
            "variant",
            "accuracy %",
            "mean of the classes %",
            "mAP@.5 %",
            "million numbers",
            "billion operations",
        ),
        tuple(rows),
        (),
        (f"One training a fold on {count} pictures: differences of a few per cent are chance.",),
        _runs(whole, *without.values()),
    )
