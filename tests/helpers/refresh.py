"""Lets swaps of real windows wait for a refresh, as a screen does, where the display has none."""

from __future__ import annotations

import ctypes
import math

import pytest

from app import clock
from app.presenter.window import StageWindow


def wait_for_refreshes(patch: pytest.MonkeyPatch, rate_hz: float) -> None:
    """Make each swap last until the next of `rate_hz` refreshes a second; Python's lock is kept meanwhile.

    That is what PySide6 does on a real screen.
    """
    library = ctypes.PyDLL(None)
    swap = StageWindow._swap_buffers
    begun_s = clock.now()

    def wait(window: StageWindow) -> None:
        swap(window)
        now = clock.now()
        refresh_s = begun_s + math.ceil((now - begun_s) * rate_hz) / rate_hz
        library.usleep(max(0, round((refresh_s - now) * 1e6)))

    patch.setattr(StageWindow, "_swap_buffers", wait)
