"""Widgets are freed by the window's thread, whoever works beside it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.console.garbage import Collector


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[Collector]:
    """The collector, at work."""
    was_enabled = gc.isenabled()
    made = Collector()
    yield made
    made.stop()
    if not was_enabled:
        gc.disable()


def drop_a_cycle(freed_in: list[int]) -> None:
    """Leave a widget behind that only a search for cycles finds."""
    widget = QWidget()
    holder = {"widget": widget}
    widget.setProperty("number", 1)
    widget.holder = holder  # type: ignore[attr-defined]
    weakref.finalize(widget, lambda: freed_in.append(threading.get_ident()))


def test_a_working_thread_never_frees_a_widget_and_the_window_does(
    qtbot: QtBot, collector: Collector
) -> None:
    freed_in: list[int] = []
    drop_a_cycle(freed_in)
    made: list[object] = []

    def work() -> None:
        for _ in range(50_000):
            made.append([made])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert freed_in == []
    qtbot.waitUntil(lambda: freed_in == [threading.get_ident()], timeout=5000)


def test_python_looks_for_cycles_again_when_it_is_stopped(qapp: QApplication) -> None:
    was_enabled = gc.isenabled()
    made = Collector()
    assert not gc.isenabled()
    made.stop()
    assert gc.isenabled()
    if not was_enabled:
        gc.disable()
