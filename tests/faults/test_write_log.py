"""The recorder's writes are replayed: cut after any of them, and with some of the unsynced ones missing.

Cut anywhere (the process was killed): everything up to the last completed flush is there. Random
halves of the writes since the last fsync missing (the power went): everything up to that fsync is
there. In neither case is a row wrong, and in neither does recovery hang.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from analysis.session_file import open_session
from app.plan import SessionPaths
from tests.helpers.recordings import (
    FLUSH_S,
    PLAN,
    START_S,
    blob,
    numbers,
    row_times,
    rows_until,
)
from tests.helpers.write_log import CAUSE, STREAMS, Write, has_gap, rebuilt, trace

FLUSHES = 48
SECONDS_A_CASE = 30


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[Write]:
    return trace(tmp_path_factory.mktemp("trace"), FLUSHES)


class Case:
    """A part as a crash may have left it, and how many flushes must be found in it."""

    def __init__(self, folder: Path, content: bytes, flushes: int, what: str) -> None:
        self.paths = SessionPaths(folder, "crashed")
        self.flushes = flushes
        self.what = what
        self.paths.live.mkdir(parents=True)
        PLAN.save(self.paths.plan)
        self.paths.part(1).write_bytes(content)

    def check(self) -> None:
        """The recovered file holds at least what it must, and nothing that was not recorded."""
        with open_session(self.paths.final) as session:
            for info in STREAMS:
                least = rows_until(info, START_S + self.flushes * FLUSH_S)
                if info.id not in session.streams:
                    assert least == 0, f"{self.what}: stream {info.id} is missing"
                    continue
                stream = session.streams[info.id]
                rows = stream.rows
                assert rows >= least, f"{self.what}: {info.id} has {rows} rows of {least}"
                assert np.array_equal(stream.times[:], row_times(info, 0, rows)), self.what
                if info.is_blob:
                    assert stream.data[:] == [blob(i) for i in range(rows)], self.what
                else:
                    assert np.array_equal(stream.data[:], numbers(info, 0, rows)), self.what
                gaps = sum(has_gap(info, flush) for flush in range(1, self.flushes + 1))
                assert len(stream.gaps) >= gaps, self.what
                assert {gap.cause for gap in stream.gaps} <= {CAUSE}, self.what
                assert set(stream.offsets["offset"].tolist()) <= {0.5}, self.what


def cut_anywhere(log: Sequence[Write], count: int, folder: Path) -> list[Case]:
    """After any write, whatever it was part of; the last cut is the whole log."""
    writes = [i + 1 for i, write in enumerate(log) if write.kind in ("write", "size")]
    chosen = [*sorted(random.Random(1).sample(writes, count - 1)), len(log)]
    return [
        Case(folder / f"cut-{end}", rebuilt(log[:end]), completed(log[:end]), f"cut after write {end}")
        for end in chosen
    ]


def halves_missing(log: Sequence[Write], count: int, folder: Path) -> list[Case]:
    """At any moment, with every write since the last completed fsync there or not by the toss of a coin."""
    source = random.Random(2)
    first_sync = next(i for i, write in enumerate(log) if write.kind == "sync")
    cases = []
    for number in range(count):
        end = source.randrange(first_sync + 1, len(log) + 1)
        synced = max(i for i, write in enumerate(log[:end]) if write.kind == "sync") + 1
        kept = [write for write in log[synced:end] if source.random() < 0.5]
        content = rebuilt([*log[:synced], *kept])
        # The first fsync is that of the empty part.
        flushes = sum(write.kind == "sync" for write in log[:synced]) - 1
        cases.append(Case(folder / f"half-{number}", content, flushes, f"half of writes {synced} to {end}"))
    return cases


def completed(log: Sequence[Write]) -> int:
    """Return how many flushes had come back."""
    return sum(write.kind == "flushed" for write in log)


def recover_all(folder: Path, cases: Sequence[Case]) -> None:
    """Recover as `evoke recover` does, in a process that may take so long and no longer."""
    code = "import sys, pathlib, app.recorder.recovery as r; r.recover(pathlib.Path(sys.argv[1]))"
    limit_s = SECONDS_A_CASE * len(cases)
    subprocess.run(
        [sys.executable, "-c", code, str(folder)], check=True, timeout=limit_s, capture_output=True
    )
    for case in cases:
        case.check()
    shutil.rmtree(folder)


def test_the_log_shows_an_fsync_for_every_flush(log: list[Write]) -> None:
    assert completed(log) == FLUSHES
    assert sum(write.kind == "sync" for write in log) == FLUSHES + 1


def test_a_cut_anywhere_keeps_everything_flushed(log: list[Write], tmp_path: Path) -> None:
    recover_all(tmp_path, cut_anywhere(log, 12, tmp_path))


def test_missing_writes_keep_everything_synced(log: list[Write], tmp_path: Path) -> None:
    recover_all(tmp_path, halves_missing(log, 16, tmp_path))


@pytest.mark.slow
def test_a_cut_at_every_kind_of_place_keeps_everything_flushed(log: list[Write], tmp_path: Path) -> None:
    recover_all(tmp_path, cut_anywhere(log, 40, tmp_path))


@pytest.mark.slow
def test_many_losses_of_power_keep_everything_synced(log: list[Write], tmp_path: Path) -> None:
    recover_all(tmp_path, halves_missing(log, 60, tmp_path))
