"""Traces: every sample is kept as it was read, a second pass is a new take, nothing waits a second."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.labels.reader import LabelFileError, read_log
from app.annotation.log import Log, LogError
from app.annotation.log_file import OPEN_HERE
from app.annotation.takes import TakeWriter
from app.annotation.visible import EVERYTHING
from tests.helpers.labels import open_log

TICK_NS = 16_666_667


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with open_log(tmp_path / "log.sqlite") as opened:
        yield opened


def run(writer: TakeWriter, samples: int, first: int = 0) -> None:
    for n in range(first, first + samples):
        writer.append(n * TICK_NS, 5_000_000_000 + n * TICK_NS, math.sin(n / 30))


def test_every_sample_is_kept_as_it_was_read(log: Log) -> None:
    writer = log.begin_take("trace", 3, "k7", "mouse")
    run(writer, 1000)
    writer.append(1000 * TICK_NS, 1, math.nan)
    writer.end()
    (take,) = read_log(log.path).takes
    assert (take.state, take.trial, take.item, take.device) == ("done", 3, "k7", "mouse")
    assert take.t_ns.tolist() == [n * TICK_NS for n in range(1001)]
    assert take.mono_ns[:2].tolist() == [5_000_000_000, 5_000_000_000 + TICK_NS]
    expected = np.array([math.sin(n / 30) for n in range(1000)] + [math.nan], np.float32)
    assert take.values.dtype == np.float32
    assert np.array_equal(take.values[:, 0], expected, equal_nan=True)


def test_less_than_a_second_is_ever_unsaved(log: Log) -> None:
    writer = log.begin_take("trace")
    for n in range(0, 400, 20):
        run(writer, 20, n)
        (take,) = read_log(log.path).takes
        assert take.state == "open"
        assert (n + 20 - len(take.t_ns)) * TICK_NS < 1_000_000_000


def test_a_second_pass_is_a_new_take_and_the_last_one_counts(log: Log) -> None:
    for _ in range(2):
        writer = log.begin_take("trace", 3, "k7")
        run(writer, 5)
        writer.end()
    other = log.begin_take("trace", 4, "m2")
    other.end()
    assert [take.state for take in log.takes("k7")] == ["superseded", "done"]
    assert log.undo("k7") == "trace Trace"
    assert [take.state for take in log.takes("k7")] == ["done", "superseded"]
    log.redo("k7")
    assert [take.state for take in log.takes()] == ["superseded", "done", "done"]


def test_an_interrupted_take_is_kept_and_replaces_nothing(log: Log) -> None:
    whole = log.begin_take("trace", 3, "k7")
    run(whole, 5)
    whole.end()
    broken = log.begin_take("trace", 3, "k7")
    run(broken, 2)
    broken.end("interrupted")
    assert [(take.state, len(take.t_ns)) for take in log.takes()] == [("done", 5), ("interrupted", 2)]
    assert log.undo() == "trace Trace"
    assert [take.state for take in log.takes()] == ["superseded", "interrupted"]


def test_a_take_that_was_united_while_it_ran_is_done_once_it_is_united_again(tmp_path: Path) -> None:
    away, here = tmp_path / "away.sqlite", tmp_path / "here.sqlite"
    with open_log(away) as running:
        writer = running.begin_take("trace")
        run(writer, 60)
        with open_log(here) as log:
            log.merge_from(away)
        with open_log(here) as log:
            assert [take.state for take in log.takes()] == ["interrupted"]
            for start in range(9):
                log.add("event", start_ns=start, label="sad")
        writer.end()
        with open_log(here) as log:
            log.merge_from(away)
            (take,) = log.takes()
    assert (take.state, len(take.t_ns)) == ("done", 60)


def test_closing_ends_a_running_take_as_interrupted(tmp_path: Path) -> None:
    with open_log(tmp_path / "log.sqlite") as log:
        run(log.begin_take("trace"), 7)
    (take,) = read_log(tmp_path / "log.sqlite").takes
    assert (take.state, len(take.t_ns)) == ("interrupted", 7)


def test_what_a_killed_window_left_open_is_interrupted_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log = open_log(path)
    run(log.begin_take("trace"), 60)
    assert log._connection is not None
    log._connection.close()
    OPEN_HERE.discard(log._token)
    with open_log(path) as again:
        (take,) = again.takes()
        assert (again.read_only, take.state) == (False, "interrupted")
        assert len(take.t_ns) > 0


def test_two_dimensions_and_traces_without_ends(log: Log) -> None:
    plane = log.begin_take("plane")
    plane.append(0, 0, (0.5, -0.25))
    plane.end()
    wheel = log.begin_take("wheel")
    wheel.append(0, 0, 17.0)
    wheel.end("done", "recipe")
    first, second = log.takes()
    assert first.values.tolist() == [[0.5, -0.25]]
    assert (second.values.tolist(), second.note) == ([[17.0]], "recipe")


def test_what_does_not_fit_is_refused(log: Log) -> None:
    with pytest.raises(LogError, match="takes none"):
        log.begin_take("mood")
    with pytest.raises(LogError, match="no tier"):
        log.begin_take("nothing")
    writer = log.begin_take("trace")
    with pytest.raises(LogError, match="outside -1 to 1"):
        writer.append(0, 0, 1.5)
    with pytest.raises(LogError, match="takes 1 values"):
        writer.append(0, 0, (0.1, 0.2))
    writer.end()
    with pytest.raises(LogError, match="has ended"):
        writer.append(0, 0, 0.5)


def test_a_trace_made_with_a_model_in_sight_says_so(log: Log) -> None:
    log.see(EVERYTHING, (), others=False, model=True)
    log.begin_take("trace").end()
    assert [take.model_seen for take in log.takes()] == [True]


def test_a_damaged_piece_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with open_log(path) as log:
        writer = log.begin_take("trace")
        run(writer, 10)
        writer.end()
    raw = sqlite3.connect(path)
    raw.execute("DROP TRIGGER chunk_no_update")
    raw.execute("UPDATE chunk SET v = zeroblob(length(v))")
    raw.commit()
    raw.close()
    with pytest.raises(LabelFileError, match="a piece of the trace"):
        read_log(path)
