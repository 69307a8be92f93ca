"""Detectors on boxed pictures: trained and tested by the engine, or only looked at, scored the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, CaseSpec, InputSpec
from analysis.detection.average_precision import Found, Precision, True_, mean_average_precision
from analysis.detection.counting import Latency, latency, latency_of
from analysis.detection.gathering import Gathered
from analysis.detection.haar import HaarExpressions
from analysis.evaluation import provenance
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitKind, SplitSpec
from analysis.evaluation.guards import check_division
from analysis.evaluation.run_folder import Run, create_run
from analysis.evaluation.runner import work
from analysis.evaluation.splits import divide
from analysis.evaluation.workers import Done, Job
from analysis.recognizers.psa_yolo import DETECTED, EVERY, PSAYolo
from analysis.recognizers.psa_yolo_card import BOX, PSA_YOLO_CARD, SCENE
from analysis.recognizers.recognizer import Context
from analysis.recognizers.table import make
from analysis.views.faces import Box
from app.analysing.evaluating import free_folder, in_words, name_of
from app.analysing.guard_words import guard_words
from app.study import Study

TARGET = "expression of the face"
HALF = 0.5


@dataclass(frozen=True)
class Scores:
    """How a detector does on pictures: accuracy overall and by class, average precision, time, guards.

    A picture without a detection counts as wrong. `confusion` (classes, classes + 1): rows are true, the last
    column is "not found".
    """

    classes: tuple[str, ...]
    accuracy: float
    recalls: tuple[float, ...]
    confusion: NDArray[np.intp]
    precision: Precision
    latency: Latency | None = None
    run: Run | None = None

    @property
    def class_mean(self) -> float:
        """The mean of the classes' own accuracies."""
        known = [each for each in self.recalls if np.isfinite(each)]
        return float(np.mean(known)) if known else float("nan")

    @property
    def not_found(self) -> int:
        """Pictures in which nothing was found."""
        return int(self.confusion[:, -1].sum())


class Here:
    """Works in this process, one fold after the other: small networks are trained before a process starts."""

    count = 1

    def run(self, jobs: list[Job], stop: Callable[[], bool]) -> Iterator[Done]:
        """Yield jobs as they end."""
        for name, function, given in jobs:
            if stop():
                return
            yield Done(name, function(*given))


def evaluated(
    study: Study,
    gathered: Gathered,
    settings: Mapping[str, Any],
    split: SplitKind,
    *,
    k: int = 3,
    seed: int = 1,
    workers: int = 1,
    told: Callable[[int, int], None] = lambda done, of: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Scores:
    """Train and test a PSA-YOLO by the engine, with its guards and permutations; the run stays in the study.

    Raises EvaluatingError, CancelledError.
    """
    batch = gathered.batch
    experiment = Experiment(
        "psa-yolo",
        {"name": TARGET, "classes": list(batch.classes)},
        sha256(batch.cases.content.tobytes() + np.asarray(batch.y).tobytes()).hexdigest(),
        {**PSA_YOLO_CARD.defaults(), **settings},
        CaseSpec("trial"),
        _inputs(batch),
        steps=(),
        split=SplitSpec(split, k, seed),
        controls=ControlSpec(permutations=200, probe=False),
        seed=seed,
    )
    with in_words():
        division = divide(batch.cases, batch.y, experiment.split)
        guards = check_division(batch, division, steps=())
        for fold in {line.fold for line in guards.stopped}:
            guards.of(fold).check()
        folder = free_folder(study.folder / "derivatives" / "results", name_of(experiment))
        run = create_run(folder, experiment, batch, division, guards, _facts(study, gathered))
        done = work(
            run,
            workers=workers,
            pool=Here() if workers == 1 else None,
            heard=lambda heard: told(heard.done, heard.of),
            cancelled=cancelled,
        )
        done.predictions()
    return scores_of_run(done, batch)


def _inputs(batch: Batch) -> tuple[InputSpec, ...]:
    """Return the card's inputs with the size and the colour of these pictures."""
    channels, side = batch.inputs[SCENE].values.shape[2], batch.inputs[SCENE].values.shape[-1]
    seen = {"size_px": side, "colour": channels > 1}
    return tuple(
        replace(spec, settings={**spec.settings, **seen}) if spec.name == SCENE else spec
        for spec in PSA_YOLO_CARD.inputs
    )


def _facts(study: Study, gathered: Gathered) -> dict[str, Any]:
    batch = gathered.batch
    told = [f"{gathered.near_duplicates} nearly equal pictures were left out."]
    if gathered.damaged:
        told.append(f"{gathered.damaged} pictures could not be read.")
    return {
        "study": {"name": study.name, "uuid": study.uuid, "kind": study.kind},
        "recordings": {},
        "labels": {},
        "target_sha256": "",
        "recipe_sha256": "",
        "code_sha256": provenance.code_sha256(),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "participants": np.unique(batch.cases.participant).tolist(),
        "trials": len(batch),
        "trials_in_corpus": len(batch),
        "lost": [],
        "left_out": [],
        "warnings": told,
        "middles": {},
        "plan": None,
    }


def scores_of_run(run: Run, batch: Batch) -> Scores:
    """Return the scores of a finished run on these pictures."""
    rows, proba, detected, every = [], [], [], []
    for status in run.folds:
        if status.state == "finished":
            arrays = run.fold_arrays(status.name)
            rows.append(arrays["rows"])
            proba.append(arrays["proba"])
            detected.append(arrays[f"explain.{DETECTED}"] > HALF)
            every.append(arrays[f"explain.{EVERY}"].astype(np.float64))
    place = np.concatenate(rows).astype(np.intp)
    said = np.where(np.concatenate(detected), np.concatenate(proba).argmax(1), len(batch.classes))
    found = [_found(each[each[:, 5] > 0]) for each in np.concatenate(every)]
    tested = batch.rows(place)
    return replace(_scores(tested, said, found, _of_batch(tested)), run=run)


def haar_scores(
    gathered: Gathered,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Scores:
    """Return the scores of the cascade with the small expression network on the same pictures."""
    batch, took, said, found = gathered.batch, [], [], []
    with HaarExpressions(batch.classes) as detector:
        for number, each in enumerate(gathered.pictures):
            told(number, len(gathered.pictures))
            content = each.read()
            began = time.perf_counter()
            seen = detector.detect(content)
            if number:
                # The first one starts OpenCV's process.
                took.append(1000 * (time.perf_counter() - began))
            said.append(seen[0].label if seen else len(batch.classes))
            found.append(_found(np.array([[*one.box, one.label, one.confidence] for one in seen])))
    true = [
        _true(
            np.array([] if each.box is None else [_sides(each.box)]),
            np.array(list(map(_sides, each.others))),
            y,
        )
        for each, y in zip(gathered.pictures, np.asarray(batch.y).tolist(), strict=True)
    ]
    made = _scores(batch, np.array(said), found, true)
    return replace(made, latency=latency_of(took))


def yolo_latency(gathered: Gathered, settings: Mapping[str, Any], times: int = 20) -> Latency:
    """Return how long a PSA-YOLO of these settings needs a picture, from pixels to detections."""
    few = gathered.batch.rows(np.arange(min(4, len(gathered.batch)), dtype=np.intp))
    recognizer = make("psa-yolo", {**settings, "epochs": 1, "iterations": 1})
    assert isinstance(recognizer, PSAYolo)
    recognizer.fit(few, None, Context(seed=1))
    picture = few.inputs["scene"].values[0]
    return latency(lambda: recognizer.detect(picture[:1]), times)


def _found(rows: NDArray[np.float64]) -> Found:
    known = rows.reshape(-1, 6)
    return Found(known[:, :4], known[:, 4].astype(np.intp), known[:, 5])


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.width, box.height


def _true(boxes: NDArray[Any], others: NDArray[Any], label: int) -> True_:
    """Return the truth of one picture; boxes without a size are none."""
    kept = [np.asarray(each, np.float64).reshape(-1, 4) for each in (boxes, others)]
    own, rest = (each[each[:, 2] > 0] for each in kept)
    return True_(own, np.full(len(own), label, np.intp), rest)


def _of_batch(batch: Batch) -> list[True_]:
    """Return the truth of each picture as it lies in the square."""
    rows = batch.inputs[BOX].values[:, 0]
    return [
        _true(row[:4] * (row[4] > HALF), row[5:], y)
        for row, y in zip(rows, np.asarray(batch.y).tolist(), strict=True)
    ]


def _scores(batch: Batch, said: NDArray[Any], found: Sequence[Found], true: Sequence[True_]) -> Scores:
    assert batch.y is not None
    count = len(batch.classes)
    confusion = np.zeros((count, count + 1), np.intp)
    np.add.at(confusion, (batch.y, said), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recalls = np.diag(confusion[:, :count]) / confusion.sum(1)
    return Scores(
        batch.classes,
        float(np.diag(confusion[:, :count]).sum() / max(1, confusion.sum())),
        tuple(recalls.tolist()),
        confusion,
        mean_average_precision(found, true, count),
    )


def controls_of(scores: Scores) -> tuple[str, ...]:
    """Return chance, permutations and guards of a run in words."""
    run = scores.run
    if run is None or run.result is None:
        return ()
    chance = scores.confusion.sum(1).max() / max(1, scores.confusion.sum())
    lines = [f"Majority class: accuracy {100 * chance:.1f} %."]
    known = run.controls().get("permutations") or {}
    if known.get("p") is not None:
        lines.append(f"Answers permuted within people 200 times: p = {known['p']:.3f}.")
    return (*lines, guard_words(run.guards.lines))
