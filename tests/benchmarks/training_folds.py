"""Leave-one-participant-out over all combinations of modalities: a fold's time, memory, more workers."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.fold import Training, evaluate_fold
from analysis.evaluation.splits import divide
from analysis.evaluation.workers import Local
from analysis.recognizers.recognizer import Context
from tests.benchmarks.training_networks import STEPS, WIDTHS
from tests.helpers.batches import make_batch

TRIALS = 10
MODALITIES = {"P": ("bvp", "eda", "temperature"), "V": ("face",), "A": ("speech",), "T": ("keys",)}
PARTICIPANTS, EPOCHS = 40, 100


def all_combinations() -> tuple[str, ...]:
    """Return the 15 names, P to P+V+A+T."""
    return tuple("+".join(each) for count in range(1, 5) for each in combinations(MODALITIES, count))


def batch_of(participants: int, combination: str) -> Batch:
    """Return made-up cases of the spec's shapes: 10 trials a participant."""
    names = [name for each in combination.split("+") for name in MODALITIES[each]]
    return make_batch(participants, TRIALS, {name: (STEPS[name], WIDTHS[name]) for name in names})


def one_fold(participants: int, combination: str, number: int, epochs: int) -> str:
    """Train and test one fold as the engine does; returns its facts as JSON. Runs in a worker."""
    batch = batch_of(participants, combination)
    division = divide(batch.cases, batch.y, SplitSpec("loso"))
    settings = {"epochs": epochs, "pretraining_epochs": epochs}
    training = Training("attention-lstm", settings, ("impute", "zscore"), ("participant",), 1)
    begun, cpu = time.perf_counter(), time.process_time()
    outcome = evaluate_fold(batch, division.folds[number], training, Context())
    assert np.isfinite(outcome.proba).all()
    return json.dumps(
        {
            "seconds": time.perf_counter() - begun,
            "cpu_s": time.process_time() - cpu,
            "memory_mb": peak_mb(),
        }
    )


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    import psutil

    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def warmed(folder: str, number: int, count: int) -> str:
    """Import and train once, then wait until every worker has: the clock runs only afterwards."""
    one_fold(3, "T", 0, 1)
    Path(folder, str(number)).touch()
    while len(list(Path(folder).iterdir())) < count:
        time.sleep(0.05)
    return ""


def _go_on() -> bool:
    return False


def a_fold_of_each(participants: int, epochs: int) -> dict[str, dict[str, float]]:
    """Return seconds of a fold of each combination, one after the other in this process."""
    one_fold(participants, "T", 0, 1)
    return {name: json.loads(one_fold(participants, name, 0, epochs)) for name in all_combinations()}


def scaling(participants: int, epochs: int, folds: int, workers: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return wall seconds of the same folds of everything over one worker and more."""
    rows: list[dict[str, Any]] = []
    for count in workers:
        jobs = [(f"{number}", one_fold, (participants, "P+V+A+T", number, epochs)) for number in range(folds)]
        local = Local(count)
        with tempfile.TemporaryDirectory() as folder:
            list(local.run([(f"{each}", warmed, (folder, each, count)) for each in range(count)], _go_on))
        begun = time.perf_counter()
        done = [json.loads(each.state) for each in local.run(jobs, _go_on)]
        rows.append(
            {
                "workers": count,
                "folds": folds,
                "wall_s": time.perf_counter() - begun,
                "cpu_s": sum(each["cpu_s"] for each in done),
                "memory_mb": max(each["memory_mb"] for each in done),
            }
        )
    return rows


def extrapolated(folds: dict[str, dict[str, float]], participants: int, epochs: int) -> float:
    """Return CPU hours on one core for 40 participants, 15 combinations, 100 + 100 epochs.

    Cases trained on and epochs both count proportionally: an extrapolation, not a measurement.
    """
    once = sum(each["cpu_s"] for each in folds.values())
    larger = (PARTICIPANTS - 1) / (participants - 1) * EPOCHS / epochs
    return once * larger * PARTICIPANTS / 3600
