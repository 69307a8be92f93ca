"""Work in a child process: results, refusals, faults, cancelling, and a child that dies."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.recognizers.recognizer import CancelledError, RecognizerError
from app.console.analyse.apart import DIED, Apart, ApartError
from app.console.analyse.waiting import Told
from stimuli.problems import EvokeError


def add(one: int, other: int, told: Told) -> int:
    told(1, 2, "adding")
    print("what a library prints is no answer")  # noqa: T201
    return one + other


def process(told: Told) -> int:
    return os.getpid()


def refuse(told: Told) -> None:
    raise RecognizerError("it needs two inputs.")


def fault(told: Told) -> None:
    raise ZeroDivisionError


def die(told: Told) -> None:
    os._exit(3)


def wait(folder: Path, told: Told) -> None:
    (folder / "begun").touch()
    time.sleep(60)


@pytest.fixture
def apart() -> Iterator[Apart]:
    made = Apart()
    yield made
    made.close()


def call(apart: Apart, name: str, *arguments: object) -> object:
    return apart.ask(f"tests.app.console.analyse.test_apart:{name}", arguments, Told())


def test_results_come_back_and_the_child_stays(apart: Apart) -> None:
    told = Told()
    assert apart.ask("tests.app.console.analyse.test_apart:add", (2, 3), told) == 5
    assert told.at == (1, 2, "adding")
    first = call(apart, "process")
    assert first == call(apart, "process") != os.getpid()
    with pytest.raises(EvokeError, match=r"it needs two inputs\."):
        call(apart, "refuse")
    with pytest.raises(ApartError, match="ZeroDivisionError"):
        call(apart, "fault")
    assert call(apart, "process") == first
    with pytest.raises(EvokeError) as died:
        call(apart, "die")
    assert str(died.value) == DIED
    assert call(apart, "process") != first, "another child takes over"


def test_cancelling_ends_the_child(apart: Apart, tmp_path: Path) -> None:
    told, outcome = Told(), list[BaseException]()

    def ask() -> None:
        try:
            apart.ask("tests.app.console.analyse.test_apart:wait", (tmp_path,), told)
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    told.cancel()
    thread.join(20)
    assert [type(error) for error in outcome] == [CancelledError]
