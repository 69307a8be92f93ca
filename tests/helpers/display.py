"""A display that no one else uses: windows of tests appear on an X server of their own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from app.console.garbage import collect_due

SCREEN = "1280x800x24"
OWN_DISPLAY = "EVOKE_TEST_DISPLAY"


def start_xvfb(screen: str = SCREEN) -> tuple[subprocess.Popen[bytes], str]:
    """Start an X server on a free display and return it with the display's name."""
    reading, writing = os.pipe()
    try:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"],
            pass_fds=(writing,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as number:
        said = number.readline().strip()
    if not said:
        server.wait(10)
        raise RuntimeError(f"Xvfb ended with status {server.returncode}")
    return server, f":{int(said)}"


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Let this process and its children open windows; return the display's name."""
    if not sys.platform.startswith("linux") or OWN_DISPLAY in os.environ:
        yield os.environ.get(OWN_DISPLAY, "")
        return
    server, name = start_xvfb()
    patch = pytest.MonkeyPatch()
    patch.setenv(OWN_DISPLAY, name)
    patch.setenv("DISPLAY", name)
    patch.setenv("QT_QPA_PLATFORM", "xcb")
    for variable in ("WAYLAND_DISPLAY", "XAUTHORITY"):
        patch.delenv(variable, raising=False)
    try:
        yield name
    finally:
        patch.undo()
        _leave_display()
        server.terminate()
        server.wait(10)


def _leave_display() -> None:
    """Take all windows and the application away while their X server still runs.

    What is left would be destroyed when the interpreter ends; the X library ends a process that then finds
    its server gone.
    """
    application = QApplication.instance()
    if application is not None:
        gc.collect()
        application.shutdown()


@pytest.fixture(autouse=True)
def garbage_in_this_thread() -> Iterator[None]:
    """Once there are windows, look for cycles between tests and in this thread, as the window itself does.

    A thread that an earlier test has left behind would free widgets while Qt goes through them.
    """
    yield
    if QApplication.instance() is not None:
        gc.disable()
        collect_due()


@pytest.fixture(scope="session")
def qapp_cls(display: str) -> type[QApplication]:
    """Let pytest-qt make its application on this display."""
    return QApplication
