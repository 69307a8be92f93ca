"""Recognizers for trying the engine out: quick, without torch, some of them with a fault."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, CaseSpec, InputSpec
from analysis.evaluation.experiment import ControlSpec, Experiment
from analysis.evaluation.guards import check_division
from analysis.evaluation.probe import summaries
from analysis.evaluation.run_folder import Run, create_run
from analysis.evaluation.splits import divide
from analysis.evaluation.workers import Done, Job
from analysis.recognizers.recognizer import Card, Context, Explanation, Recognizer, RecognizerError, Setting
from tests.helpers.batches import make_batch

CARD = Card(
    name="nearest-mean",
    title="Nearest mean",
    source="a test",
    task=("classes",),
    about="the class whose training mean is nearest",
    cases=CaseSpec(),
    inputs=(
        InputSpec("bvp", "bvp", "samples"),
        InputSpec("eda", "eda", "samples"),
    ),
    steps=("impute", "zscore"),
    settings=(
        Setting("epochs", 3, "how often it says that it learns", 1, 5, "int"),
        Setting("scale", 1.0, "of the distances", 0.1, 10.0, "log10"),
        Setting("fault", "", "what goes wrong"),
        Setting("wait_s", 0.0, "between epochs"),
    ),
    missing_inputs=True,
)


def experiment(**changes: Any) -> Experiment:
    """Return an experiment with the recognizer of this module, as the engine takes it."""
    target = {"name": "category", "source": "category"}
    known: dict[str, Any] = {"controls": ControlSpec(permutations=99), **changes}
    return Experiment("nearest-mean", target, "0" * 64, steps=("impute", "zscore"), **known)


def new_run(folder: Path, told: Experiment | None = None, batch: Batch | None = None) -> Run:
    """Make a run in which nothing is trained yet."""
    chosen, known = told or experiment(), batch or make_batch()
    division = divide(known.cases, known.y, chosen.split)
    return create_run(folder, chosen, known, division, check_division(known, division), {"warnings": []})


def probabilities(run: Run) -> dict[str, bytes]:
    """Return every bit of what each fold predicted."""
    return {each.name: run.fold_arrays(each.name)["proba"].tobytes() for each in run.folds}


def begun_after(run: Run, time: int) -> list[str]:
    """Return the folds that were begun after the run was begun for the nth time."""
    lines = run.progress()
    starts = [
        place for place, line in enumerate(lines) if line["kind"] == "run" and line["state"] == "started"
    ]
    later = lines[starts[time - 1] :]
    return [line["fold"] for line in later if line["kind"] == "fold" and line["state"] == "started"]


class NearestMean:
    """Softmax of the distances to class means of summaries; `fault` makes it misbehave."""

    card: ClassVar[Card] = CARD

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**CARD.defaults(), **settings}
        self._means = np.zeros((0, 0))
        self._noise = 0.0

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        assert train.y is not None
        for epoch in range(1, self.settings["epochs"] + 1):
            context.check()
            context.progress(epoch, self.settings["epochs"], {"train": 1.0 / epoch})
            time.sleep(self.settings["wait_s"])
        fault, people = self.settings["fault"], set(train.cases.participant.tolist())
        if fault == "fails without P03" and "P03" not in people:
            raise RecognizerError("the data of P03 are needed")
        if fault == "dies without P03" and "P03" not in people:
            os.kill(os.getpid(), signal.SIGKILL)
        context.fitted("weights", train.cases.id)
        if fault == "tunes on everything":
            context.fitted("tuning", np.arange(10_000))
        values = summaries(train)
        kinds = len(train.classes)
        self._means = np.stack([values[train.y == kind].mean(axis=0) for kind in range(kinds)])
        self._noise = float(np.random.default_rng(context.seed).normal(0, 1e-6))

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        assert batch.y is None
        away = ((summaries(batch)[:, None] - self._means) ** 2).mean(axis=2)
        score = np.exp(-self.settings["scale"] * away + self._noise * np.arange(len(self._means)))
        proba = score / score.sum(axis=1, keepdims=True)
        if self.settings["fault"] == "gives NaN":
            proba[0] = np.nan
        return np.asarray(proba)

    def explain(self, batch: Batch) -> Explanation:
        weights = np.ones((len(batch), len(self._means)), np.float32)
        return Explanation({"mean": weights}, {"mean": "nothing"})

    def save(self, folder: Path) -> None:
        folder.mkdir()
        np.savez(folder / "means.npz", means=self._means, noise=self._noise)

    @classmethod
    def load(cls, folder: Path) -> Self:
        made = cls()
        with np.load(folder / "means.npz", allow_pickle=False) as file:
            made._means, made._noise = file["means"], float(file["noise"])
        return made


def start_trackers() -> None:
    """Start what multiprocessing and loky leave running beside their first worker processes."""
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    resource_tracker.ensure_running()
    loky_tracker.ensure_running()


class Here:
    """Workers that are this process: everything but the processes is real."""

    count = 1

    def run(self, jobs: list[Job], stop: Callable[[], bool]) -> Iterator[Done]:
        for name, function, given in jobs:
            if stop():
                return
            yield Done(name, function(*given))


def make(name: str, settings: Mapping[str, Any] | None = None) -> Recognizer:
    """Make the recognizer of this module, whatever name is asked for."""
    return NearestMean(**(settings or {}))
