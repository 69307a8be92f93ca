"""Lifelines to real senders: a death is seen at once, a stall by its silence, and neither without cause."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pylsl import StreamInlet, resolve_byprop

from app import clock
from app.recorder.lifelines import PATIENCE_S, Lifeline, Lifelines
from tests.helpers import outlets
from tests.helpers.outlets import Counter

MARKERS = Counter("Lifeline", 1, 0.5, "text", "lifelines:markers", "Markers")


def wait_for(condition: Callable[[], Any], seconds: float) -> None:
    end_s = clock.now() + seconds
    while not condition():
        assert clock.now() < end_s, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def sender() -> Iterator[subprocess.Popen[bytes]]:
    process = outlets.start(MARKERS)
    yield process
    outlets.end(process)


@pytest.fixture
def line(sender: subprocess.Popen[bytes]) -> Iterator[Lifeline]:
    (found,) = resolve_byprop("source_id", MARKERS.lsl_id, timeout=10)
    inlet = StreamInlet(found)
    inlet.open_stream(5)
    line = Lifelines().hold(inlet.info(5))
    assert line is not None
    yield line
    line.is_wanted = False
    inlet.close_stream()


def test_a_sender_that_dies_is_known_to_be_gone_at_once(
    sender: subprocess.Popen[bytes], line: Lifeline
) -> None:
    wait_for(lambda: line.answered_s is not None, 3)
    died_s = clock.now()
    outlets.end(sender)
    wait_for(lambda: line.cut_s is not None, 1)
    assert line.cut_s is not None
    assert 0 < line.cut_s - died_s < 0.5


def test_a_sender_that_stands_still_does_not_answer_and_is_not_cut(
    sender: subprocess.Popen[bytes], line: Lifeline
) -> None:
    wait_for(lambda: line.answered_s is not None, 3)
    os.kill(sender.pid, signal.SIGSTOP)
    wait_for(lambda: clock.now() - (line.answered_s or 0.0) > PATIENCE_S, 4)
    assert line.cut_s is None
    os.kill(sender.pid, signal.SIGCONT)
    wait_for(lambda: clock.now() - (line.answered_s or 0.0) < PATIENCE_S, 2)


def test_a_sender_that_closes_idle_connections_is_not_taken_for_dead(
    sender: subprocess.Popen[bytes], line: Lifeline
) -> None:
    assert line.socket is not None
    # What comes to the thread is the same as when the sender closes: the end of the connection.
    first = line.socket
    first.shutdown(2)
    wait_for(lambda: line.reconnections == 1, 2)
    wait_for(lambda: line.socket not in (None, first), 2)
    assert line.cut_s is None
