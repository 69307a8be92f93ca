"""What a worker process does: one fold of a run, from the run's folder to a whole file in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.cases import Batch
from analysis.evaluation import provenance, search
from analysis.evaluation.combinations import masks_of
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.files import read_arrays, write_arrays, write_json
from analysis.evaluation.fold import FoldOutcome, Maker, Training, evaluate_fold, seed_of
from analysis.evaluation.guards import LeakError
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.run_folder import Run, open_run
from analysis.evaluation.splits import KINDS, TRIAL, Fold
from analysis.recognizers.recognizer import CancelledError, Context
from analysis.recognizers.table import make

EVERY_S = 0.25
LOOK_S = 0.1


class CancelFile:
    """Whether a run's file `cancel` is there, looked up ten times a second at most."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cancel"
        self._next = 0.0
        self._found = False

    def __call__(self) -> bool:
        """Tell whether to stop."""
        now = time.monotonic()
        if not self._found and now >= self._next:
            self._next = now + LOOK_S
            self._found = self._path.exists()
        return self._found


def training_of(experiment: Experiment, name: str, maker: Maker = make) -> Training:
    """Return what a fold (or control) of this name is trained with."""
    return Training(
        experiment.recognizer,
        dict(experiment.settings),
        tuple(experiment.steps or ()),
        KINDS[experiment.split.kind].unit or TRIAL,
        seed_of(experiment.seed, name),
        maker,
    )


def run_fold(folder: str, name: str, maker: Maker = make) -> str:
    """Work on a fold of a run unless it is finished; returns finished, failed, stopped or cancelled."""
    run = open_run(Path(folder))
    done = run.folder / "folds" / f"{name}.json"
    failed = run.folder / "folds" / f"{name}.failed.json"
    if done.exists():
        return "finished"
    cancelled = CancelFile(run.folder)
    if cancelled():
        return "cancelled"
    fold = run.division.fold(name)
    started = time.perf_counter()
    run.tell("fold", fold=name, state="started")
    try:
        with one_thread():
            run.guards_before(name).check()
            outcome, facts = _evaluated(run, fold, maker, cancelled)
        _write(run, fold, outcome, {"seconds": time.perf_counter() - started, **facts, **_other_code(run)})
    except CancelledError:
        return "cancelled"
    except LeakError as error:
        return _fail(run, failed, name, str(error), error.line.guard)
    except MemoryError:
        return _fail(run, failed, name, "memory ran out. Use fewer workers.", "")
    except Exception as error:
        return _fail(run, failed, name, f"{error} ({type(error).__name__})", "")
    failed.unlink(missing_ok=True)
    run.tell("fold", fold=name, state="finished", seconds=time.perf_counter() - started)
    return "finished"


def _evaluated(
    run: Run, fold: Fold, maker: Maker, cancelled: Callable[[], bool]
) -> tuple[FoldOutcome, dict[str, Any]]:
    batch, experiment = run.batch(), run.experiment
    training = training_of(experiment, fold.name, maker)
    ids = batch.cases.id
    ledger = Ledger.of(ids[fold.train], ids[fold.validation])
    chosen: Mapping[str, Any] = {}
    if experiment.search.sets:
        context = Context(cancelled=cancelled, progress=_teller(run, fold.name, "search"))
        found = search.searched(batch, fold, training, experiment, context, ledger)
        training = replace(training, settings=found.settings)
        chosen = found.to_json()
    context = Context(cancelled=cancelled, progress=_teller(run, fold.name, ""))
    masks: dict[str, tuple[str, ...]] = {}
    if experiment.controls.masking and maker(training.recognizer, training.settings).card.missing_inputs:
        masks = masks_of(experiment.inputs, tuple(batch.inputs))
    outcome = evaluate_fold(batch, fold, training, context, ledger=ledger, masks=masks)
    return outcome, {"settings": dict(training.settings), "seed": training.seed, "search": chosen}


def _write(run: Run, fold: Fold, outcome: FoldOutcome, facts: Mapping[str, Any]) -> None:
    explained: dict[str, Any] = {
        f"explain.{name}": values for name, values in outcome.explanation.weights.items()
    }
    explained |= {f"masked.{name}": values for name, values in outcome.masked.items()}
    if outcome.planes:
        explained |= {f"plane.{name}": np.float32(values) for name, values in outcome.planes.items()}
        explained["train_rows"] = fold.train
    digest = write_arrays(
        run.folder / "folds" / f"{fold.name}.npz",
        {"rows": fold.test, "proba": outcome.proba, **explained},
    )
    write_json(
        run.folder / "folds" / f"{fold.name}.json",
        {
            "fold": fold.name,
            "sha256": digest,
            **facts,
            "trained": len(fold.train),
            "validated": len(fold.validation),
            "tested": len(fold.test),
            "losses": plain(outcome.losses),
            "explain": dict(outcome.explanation.about),
            "ledger": [entry.to_json() for entry in outcome.ledger.entries],
            "guards": [
                {"guard": line.guard, "state": line.state, "words": line.words, "fold": line.fold}
                for line in outcome.guards
            ],
            "told": list(outcome.told),
        },
    )


def _other_code(run: Run) -> dict[str, str]:
    """Return what the code is now, where it is not that which the run was made with."""
    now = provenance.code_sha256()
    return {"code_sha256": now} if run.facts.get("code_sha256", now) != now else {}


def _fail(run: Run, path: Path, name: str, why: str, guard: str) -> str:
    state = "stopped" if guard else "failed"
    write_json(path, {"fold": name, "why": why, "guard": guard})
    run.tell("fold", fold=name, state=state, why=why)
    return state


def run_permutation(folder: str, number: int, maker: Maker = make) -> str:
    """Train every fold again with answers permuted within participants; keeps the figure in controls/.

    One that cannot be trained (its training side may be left with one class) has no figure and is kept so.
    """
    from analysis.evaluation.controls import permuted, score

    run = open_run(Path(folder))
    place = run.folder / "controls" / f"permutation-{number:04d}.npz"
    folds = _finished_folds(run)
    if number in permutation_values(run):
        return "finished"
    cancelled = CancelFile(run.folder)
    batch = run.batch()
    answers = permuted(batch.cases, run.y, np.random.default_rng((run.experiment.seed, number)))
    shuffled = replace(batch, y=answers)
    try:
        with one_thread():
            value = _permuted(run, shuffled, number, maker, cancelled, score)
    except CancelledError:
        return "cancelled"
    except MemoryError:
        return "failed"
    except Exception as error:
        why = f"{error} ({type(error).__name__})"
        write_arrays(place, {"value": np.array(np.nan), "folds": np.array(folds), "why": np.array(why)})
        return "failed"
    write_arrays(place, {"value": np.array(np.nan if value is None else value), "folds": np.array(folds)})
    return "finished"


def _permuted(
    run: Run,
    batch: Batch,
    number: int,
    maker: Maker,
    cancelled: Callable[[], bool],
    score: Callable[..., float | None],
) -> float | None:
    rows, proba = [], []
    for status in run.folds:
        if status.state != "finished":
            continue
        fold = run.division.fold(status.name)
        settings = run.fold_facts(status.name)["settings"]
        training = training_of(run.experiment, f"permutation-{number}/{fold.name}", maker)
        training = replace(training, settings=settings)
        outcome = evaluate_fold(batch, fold, training, Context(cancelled=cancelled), explain=False)
        rows.append(fold.test)
        proba.append(outcome.proba)
    every = np.concatenate(rows)
    return score(run, batch.rows(every), np.concatenate(proba))


def permutation_values(run: Run) -> dict[int, float]:
    """Return the figures of permutations that are done, by number; NaN where one was undefined.

    One that was made while fewer folds were finished is of other cases than the run's figure, and not done.
    """
    folds, found = _finished_folds(run), {}
    for path in sorted((run.folder / "controls").glob("permutation-*.npz")):
        arrays = read_arrays(path)
        if int(arrays.get("folds", folds)) == folds:
            found[int(path.stem.split("-")[1])] = float(arrays["value"])
    return found


def _finished_folds(run: Run) -> int:
    return sum((run.folder / "folds" / f"{fold.name}.json").exists() for fold in run.division.folds)


def one_thread() -> AbstractContextManager[Any]:
    """Keep every linear algebra library of this process to one thread: then bits do not depend on cores."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


def plain(values: Any) -> Any:
    """Return values JSON-ready: numbers of numpy as Python's, those that are none as None."""
    if isinstance(values, Mapping):
        return {str(name): plain(each) for name, each in values.items()}
    if isinstance(values, (list, tuple)):
        return [plain(each) for each in values]
    if isinstance(values, np.generic):
        values = values.item()
    if isinstance(values, np.ndarray):
        return plain(values.tolist())
    if isinstance(values, float) and not np.isfinite(values):
        return None
    return values


def _teller(run: Run, fold: str, part: str) -> Callable[[int, int, Mapping[str, float]], None]:
    last = [0.0]

    def tell(epoch: int, epochs: int, losses: Mapping[str, float]) -> None:
        now = time.monotonic()
        if now - last[0] >= EVERY_S or epoch == epochs:
            last[0] = now
            known = {name: float(value) for name, value in losses.items() if np.isfinite(value)}
            run.tell("epoch", fold=fold, part=part, epoch=int(epoch), epochs=int(epochs), losses=known)

    return tell
