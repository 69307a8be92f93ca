"""Who works on a run: one process, however many look at it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from analysis.evaluation import files
from analysis.evaluation.files import BusyError, alone_in, is_worked_on


def test_work_is_seen_and_ends(tmp_path: Path) -> None:
    assert not is_worked_on(tmp_path)
    with alone_in(tmp_path):
        assert is_worked_on(tmp_path)
    assert not is_worked_on(tmp_path)


def test_a_second_worker_is_refused(tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(BusyError, match="being worked on already"), alone_in(tmp_path):
        pass


def test_who_looks_keeps_nobody_from_beginning(tmp_path: Path) -> None:
    looking = (tmp_path / "lock").open("ab")
    files._take(looking, is_shared=True)
    # The look ends while the lock is asked for.
    ending = threading.Timer(files.BETWEEN_S, looking.close)
    ending.start()
    try:
        with alone_in(tmp_path):
            assert is_worked_on(tmp_path)
    finally:
        ending.join()


def test_two_who_look_do_not_take_each_other_for_work(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    ended = threading.Event()
    seen: list[bool] = []

    def watch() -> None:
        while not ended.is_set():
            seen.append(is_worked_on(tmp_path))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert not any(is_worked_on(tmp_path) for _ in range(500))
    finally:
        ended.set()
        watcher.join()
    assert not any(seen)
