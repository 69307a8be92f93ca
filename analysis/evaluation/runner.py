"""Works on a run until every fold is finished: in worker processes, stopped and resumed at any point."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from analysis.evaluation.files import BusyError, alone_in, write_json
from analysis.evaluation.fold import Maker
from analysis.evaluation.jobs import permutation_values, run_fold, run_permutation
from analysis.evaluation.results import result_of
from analysis.evaluation.run_folder import Run, RunError, open_run
from analysis.evaluation.workers import Done, Job, Workers, workers_for
from analysis.recognizers.recognizer import CancelledError
from analysis.recognizers.table import make


@dataclass(frozen=True, slots=True)
class Heard:
    """How far the work is: `done` of `of` (folds, or permutations); `seconds_left` None until one is done."""

    what: str
    done: int
    of: int
    seconds_left: float | None
    name: str = ""
    state: str = ""
    why: str = ""


def work(
    run: Run,
    *,
    workers: int = 0,
    cluster: str = "",
    heard: Callable[[Heard], None] = lambda heard: None,
    cancelled: Callable[[], bool] = lambda: False,
    maker: Maker = make,
    pool: Workers | None = None,
) -> Run:
    """Do what is left of a run; finished folds are not touched. Returns the run as it is then.

    `pool` are workers that are there already, instead of `workers` processes of this computer or a `cluster`.
    Stops where `cancelled` says so or the run's folder holds a file `cancel`. Raises RunError where somebody
    else works on it, WorkersError where the cluster cannot be reached.
    """
    folder = run.folder.resolve()
    run = open_run(folder)
    stop = _Stop(run, cancelled)
    try:
        with alone_in(folder), _given(pool) or workers_for(workers, cluster) as working:
            (folder / "cancel").unlink(missing_ok=True)
            _folds(run, working, heard, stop, maker)
            if not stop() and run.experiment.controls.permutation_kind == "retrained":
                _permutations(run, working, heard, stop, maker)
            _end(run, stop)
    except KeyboardInterrupt:
        run.cancel()
        raise
    except BusyError as error:
        raise RunError(str(error)) from error
    return open_run(folder)


def _given(pool: Workers | None) -> AbstractContextManager[Workers] | None:
    return None if pool is None else nullcontext(pool)


class _Stop:
    """Whether to stop; whoever asks here asks every worker, by the run's file."""

    def __init__(self, run: Run, cancelled: Callable[[], bool]) -> None:
        self._run = run
        self._cancelled = cancelled
        self._file: Path = run.folder / "cancel"

    def __call__(self) -> bool:
        if self._file.exists():
            return True
        if self._cancelled():
            self._run.cancel()
            return True
        return False


def _folds(run: Run, pool: Workers, heard: Callable[[Heard], None], stop: _Stop, maker: Maker) -> None:
    every = [fold.name for fold in run.division.folds]
    left = [name for name in every if not (run.folder / "folds" / f"{name}.json").exists()]
    run.tell("run", state="started", folds=len(every), done=len(every) - len(left))
    if left and not (run.folder / "batch" / "inputs.json").exists():
        raise RunError(f"{run.name}: its inputs are gone, so it cannot be resumed. Rerun it.")
    jobs: list[Job] = [(name, run_fold, (str(run.folder), name, maker)) for name in left]

    def died(done: Done) -> None:
        write_json(
            run.folder / "folds" / f"{done.name}.failed.json",
            {"fold": done.name, "why": done.died, "guard": ""},
        )
        run.tell("fold", fold=done.name, state="failed", why=done.died)

    _do(jobs, len(every), "folds", pool, heard, stop, died)


def _permutations(run: Run, pool: Workers, heard: Callable[[Heard], None], stop: _Stop, maker: Maker) -> None:
    wanted = run.experiment.controls.permutations
    if not wanted or not any(status.state == "finished" for status in run.folds):
        return
    (run.folder / "controls").mkdir(exist_ok=True)
    known = permutation_values(run)
    jobs: list[Job] = [
        (f"permutation-{number:04d}", run_permutation, (str(run.folder), number, maker))
        for number in range(1, wanted + 1)
        if number not in known
    ]

    def told(each: Heard) -> None:
        run.tell("control", control="permutations", done=each.done, of=each.of)
        heard(each)

    _do(jobs, wanted, "permutations", pool, told, stop, lambda done: None)


def _do(
    jobs: list[Job],
    of: int,
    what: str,
    pool: Workers,
    heard: Callable[[Heard], None],
    stop: Callable[[], bool],
    died: Callable[[Done], None],
) -> None:
    before = of - len(jobs)
    heard(Heard(what, before, of, None))
    began = time.monotonic()
    for count, done in enumerate(pool.run(jobs, stop), 1):
        if done.died:
            died(done)
        pace = (time.monotonic() - began) / count
        heard(Heard(what, before + count, of, pace * (len(jobs) - count), done.name, done.state, done.died))


def _end(run: Run, stop: _Stop) -> None:
    """Write the result of what is finished; leave the inputs only where something is left to do."""
    if stop():
        run.tell("run", state="cancelled")
        return
    done = [each for each in run.folds if each.state == "finished"]
    if done:
        try:
            write_json(run.folder / "result.json", result_of(run, stop))
        except CancelledError:
            run.tell("run", state="cancelled")
            return
    whole = len(done) == len(run.division.folds)
    if whole:
        shutil.rmtree(run.folder / "batch", ignore_errors=True)
    run.tell(
        "run", state="finished" if whole else "incomplete", folds=len(run.division.folds), done=len(done)
    )
