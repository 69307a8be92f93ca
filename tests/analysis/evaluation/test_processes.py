"""Real worker processes: one that dies, all of them killed at any point, and those of a Dask scheduler."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.evaluation.experiment import ControlSpec
from analysis.evaluation.run_folder import Run, open_run
from analysis.evaluation.runner import Heard, work
from analysis.evaluation.workers import Job, Local, WorkersError
from tests.helpers import engine
from tests.helpers.batches import make_batch
from tests.helpers.dying import die, live
from tests.helpers.engine import begun_after, new_run, probabilities
from tests.helpers.growing import grow

CHECKOUT = Path(__file__).resolve().parents[3]
PATIENCE_S = 120.0
KILLS = 5


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that nothing disturbed."""
    run = new_run(tmp_path_factory.mktemp("calm") / "run", batch=make_batch(10))
    return work(run, maker=engine.make, pool=engine.Here())


@pytest.mark.slow
@pytest.mark.usefixtures("own_workers")
def test_one_process_gives_the_same_bits(expected: Run, tmp_path: Path) -> None:
    run = work(new_run(tmp_path / "run", batch=make_batch(10)), workers=1, maker=engine.make)
    assert probabilities(run) == probabilities(expected)


@pytest.mark.slow
@pytest.mark.usefixtures("own_workers")
def test_a_worker_that_dies_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    told = engine.experiment(settings={"fault": "dies without P03"})
    run = work(new_run(tmp_path / "run", told), workers=2, maker=engine.make)
    assert run.state == "incomplete"
    failed = {each.name: each.why for each in run.folds if each.state != "finished"}
    assert failed == {"P03": "its process ended without a word: it was killed, or memory ran out"}


@pytest.mark.slow
@pytest.mark.usefixtures("own_workers")
def test_only_the_job_that_kills_its_process_fails_not_its_neighbours() -> None:
    # The second is always in hand when the first kills its process.
    jobs: list[Job] = [("kills", die, (0.5,)), ("beside", live, (1.5,)), ("later", live, (0.0,))]
    done = {each.name: each for each in Local(2).run(jobs, lambda: False)}
    assert {name: each.state for name, each in done.items()} == {
        "kills": "failed",
        "beside": "finished",
        "later": "finished",
    }
    assert done["kills"].died == "its process ended without a word: it was killed, or memory ran out"


@pytest.mark.slow
@pytest.mark.usefixtures("own_workers")
def test_workers_that_grow_are_replaced_without_a_word_and_nothing_is_lost() -> None:
    started_s = time.monotonic()
    jobs: list[Job] = [(f"job-{number}", grow, (400,)) for number in range(6)]
    # Warnings are errors here: this one would end the executor's own thread, and the work with it.
    done = list(Local(2).run(jobs, lambda: time.monotonic() - started_s > PATIENCE_S))
    assert sorted(each.name for each in done) == [name for name, *_ in jobs]
    assert {(each.state, each.died) for each in done} == {("finished", "")}


@pytest.mark.slow
@pytest.mark.usefixtures("own_workers")
def test_the_file_cancel_stops_what_is_in_hand(tmp_path: Path) -> None:
    told = engine.experiment(settings={"wait_s": 20.0})
    run = new_run(tmp_path / "run", told)
    stopped = work(run, workers=2, maker=engine.make, cancelled=lambda: bool(begun(run)))
    assert stopped.state == "cancelled"
    assert not any(each.state == "finished" for each in stopped.folds)


def begun(run: Run) -> list[str]:
    return [line["fold"] for line in run.progress() if line["kind"] == "fold"]


@pytest.mark.slow
def test_killed_at_any_point_no_finished_fold_is_trained_again(expected: Run, tmp_path: Path) -> None:
    told = engine.experiment(settings={"wait_s": 0.05})
    run = new_run(tmp_path / "run", told, make_batch(10))
    draw = random.Random(6)
    for kill in range(1, KILLS + 1):
        before = finished(run)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.engine_process", str(run.folder)],
            cwd=CHECKOUT,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        # Once it trains, it is killed at a random moment of what is left.
        enough = len(before) + draw.randint(0, 2)
        deadline = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < deadline:
            if starts(run) >= kill and len(finished(run)) >= enough and begun_after(run, kill):
                time.sleep(draw.random() * 0.15)
                break
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert before.items() <= finished(run).items()
        assert not set(before) & set(begun_after(run, kill))
    known = finished(run)
    whole = work(run, maker=engine.make, pool=engine.Here())
    assert whole.state == "finished"
    assert known.items() <= finished(run).items()
    assert probabilities(whole) == probabilities(expected)
    assert whole.result == expected.result


def finished(run: Run) -> dict[str, int]:
    """Finished folds with when their file was written."""
    return {
        path.stem: path.stat().st_mtime_ns
        for path in (run.folder / "folds").glob("*.json")
        if not path.name.endswith(".failed.json")
    }


def starts(run: Run) -> int:
    return sum(line["kind"] == "run" and line["state"] == "started" for line in run.progress())


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a Dask scheduler with two processes on this computer."""
    from distributed import LocalCluster

    start: Any = LocalCluster
    with start(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield str(cluster.scheduler_address)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_scheduler_gives_the_same_bits(expected: Run, scheduler: str, tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", batch=make_batch(10))
    heard: list[Heard] = []
    done = work(run, cluster=scheduler, maker=engine.make, heard=heard.append)
    assert done.state == "finished"
    assert probabilities(done) == probabilities(expected)
    assert heard[-1].done == 10
    slow = engine.experiment(settings={"wait_s": 0.2}, controls=ControlSpec(probe=False))
    other = new_run(tmp_path / "other", slow, make_batch(10))
    stopped = work(other, cluster=scheduler, maker=engine.make, cancelled=lambda: len(finished(other)) >= 2)
    assert stopped.state == "cancelled"
    again = work(open_run(other.folder), cluster=scheduler, maker=engine.make)
    assert again.state == "finished"
    assert not set(finished_before(again)) & set(begun_after(again, 2))


def finished_before(run: Run) -> list[str]:
    """Folds that were finished before the run was begun for the second time."""
    found: list[str] = []
    times = 0
    for line in run.progress():
        times += line["kind"] == "run" and line["state"] == "started"
        if times == 1 and line["kind"] == "fold" and line["state"] == "finished":
            found.append(line["fold"])
    return found


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_said(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    with pytest.raises(WorkersError, match="no Dask scheduler answers there"):
        work(run, cluster="tcp://127.0.0.1:9", maker=engine.make)
    assert run.state == "waiting"
