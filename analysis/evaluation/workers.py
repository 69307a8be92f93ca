"""Where folds are worked on: processes of this computer, or those of a Dask scheduler, behind one queue."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

POLL_S = 0.05
IDLE_S = 30
GRACE_S = 3.0
"""How long what is in hand may take to stop by itself; what is unfinished is trained again on resuming."""
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
Job = tuple[str, Callable[..., str], tuple[Any, ...]]
"""A job: its name, a function of a module, and what it is called with; it returns a state in a word."""


class WorkersError(Exception):
    """Workers cannot be started or reached; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Done:
    """A job that ended: what it returned, or `died` where its process vanished."""

    name: str
    state: str
    died: str = ""


class Workers(Protocol):
    """Runs jobs, `count` at once."""

    count: int

    def run(self, jobs: list[Job], stop: Callable[[], bool]) -> Iterator[Done]:
        """Yield jobs as they end, in any order. Once `stop` says so no further one is begun."""


class Here:
    """No process of its own, one job after the other: small networks are trained before one has started."""

    count = 1

    def run(self, jobs: list[Job], stop: Callable[[], bool]) -> Iterator[Done]:
        """Yield jobs as they end."""
        for name, function, given in jobs:
            if stop():
                return
            yield Done(name, function(*given))


class Local:
    """Processes of this computer, through joblib's loky: started fresh, one thread each."""

    def __init__(self, count: int = 0) -> None:
        self.count = count if count > 0 else available()

    def run(self, jobs: list[Job], stop: Callable[[], bool]) -> Iterator[Done]:
        """Yield jobs as they end. What was in hand when a process vanished is tried once more, alone.

        A process that dies takes what its neighbours have in hand with it; alone, only the job that kills
        its process fails.
        """
        lost: list[Job] = []
        yield from self._batch(jobs, stop, lost)
        for job in lost:
            if stop():
                return
            lost_again: list[Job] = []
            yield from self._batch([job], stop, lost_again)
            if lost_again:
                why = "its process ended without a word: it was killed, or memory ran out"
                yield Done(job[0], "failed", why)

    def _batch(self, jobs: list[Job], stop: Callable[[], bool], lost: list[Job]) -> Iterator[Done]:
        from concurrent.futures import FIRST_COMPLETED, Future, wait
        from concurrent.futures.process import BrokenProcessPool

        from joblib.externals.loky import get_reusable_executor

        # A worker that has grown by 300 MB ends between two jobs, and one that idled for `IDLE_S` may do so
        # as the next job comes. The executor starts another one; nothing is lost by that, and a job whose
        # process died is another error. Raised in the executor's own thread it would end that one.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        executor = get_reusable_executor(
            max_workers=self.count, timeout=IDLE_S, env=_ONE_THREAD, kill_workers=True, reuse="auto"
        )
        waiting = list(reversed(jobs))
        running: dict[Future[str], Job] = {}
        broken, stopped_s = False, 0.0
        while (waiting and not stop() and not broken) or running:
            # No more are handed over than are worked on: what was not begun can be left at once.
            while waiting and len(running) < self.count and not stop() and not broken:
                job = waiting.pop()
                try:
                    running[executor.submit(job[1], *job[2])] = job
                except BrokenProcessPool:
                    waiting.append(job)
                    broken = True
            if stop():
                stopped_s = stopped_s or time.monotonic()
                if time.monotonic() - stopped_s > GRACE_S:
                    executor.shutdown(wait=True, kill_workers=True)
                    return
            ended, _ = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
            for future in ended:
                job = running.pop(future)
                try:
                    yield Done(job[0], future.result())
                except BrokenProcessPool:
                    broken = True
                    lost.append(job)
        if broken:
            executor.shutdown(wait=True, kill_workers=True)
            if not stop():
                # What was never begun starts again with a count of its own.
                yield from self._again(waiting, stop, lost)

    def _again(self, waiting: list[Job], stop: Callable[[], bool], lost: list[Job]) -> Iterator[Done]:
        if waiting:
            yield from self._batch(list(reversed(waiting)), stop, lost)


class Cluster:
    """The workers of a Dask scheduler: they see the run's folder under the same path, and have Evoke."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.count = max(1, sum(client.nthreads().values()))

    def run(self, jobs: list[Job], stop: Callable[[], bool]) -> Iterator[Done]:
        """Yield jobs as they end."""
        token = f"{os.getpid()}-{time.monotonic_ns()}"
        futures = {
            self._client.submit(function, *given, key=f"evoke-{name}-{token}", pure=False): name
            for name, function, given in jobs
        }
        stopped = False
        while futures:
            for future in [each for each in futures if each.done()]:
                name = futures.pop(future)
                if future.status == "finished":
                    yield Done(name, str(future.result()))
                elif future.status == "error":
                    error = future.exception()
                    yield Done(name, "failed", f"its worker was lost ({type(error).__name__}: {error})")
            if stop() and not stopped:
                stopped = True
                # What was begun sees the run's own file `cancel`; only what was not is taken back.
                begun = {key for keys in self._client.processing().values() for key in keys}
                idle = [each for each in futures if each.key not in begun]
                self._client.cancel(idle, force=True)
                for each in idle:
                    futures.pop(each, None)
            time.sleep(POLL_S)


@contextmanager
def workers_for(count: int = 0, cluster: str = "") -> Iterator[Workers]:
    """Give local workers (`count` 0: one a core), or those of the Dask scheduler at an address.

    Raises WorkersError where the scheduler cannot be reached or has no workers.
    """
    if not cluster:
        yield Local(count)
        return
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise WorkersError(
            "--cluster needs the package distributed, which this installation does not have."
            " Install Evoke with its extra 'cluster'."
        ) from error
    try:
        make_client: Callable[..., Any] = distributed.Client
        client = make_client(cluster, timeout="5s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise WorkersError(
            f"--cluster {cluster}: no Dask scheduler answers there. Start one with `dask scheduler`."
        ) from error
    try:
        if not client.nthreads():
            raise WorkersError(f"--cluster {cluster}: the scheduler has no workers. Start some: dask worker.")
        yield Cluster(client)
    finally:
        with suppress(Exception):
            client.close()


def close_workers() -> None:
    """End the processes that wait for more; without it they end after `IDLE_S`, or with this process."""
    loky = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = None if loky is None else loky._executor
    if executor is not None:
        executor.shutdown(wait=True, kill_workers=True)


def available() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
