"""Keeps the computer from sleeping while a session runs; released at the end and when this process dies.

The screen's saver and notifications are the curtain's task (`app.presenter.curtain`), which has a display.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

WHY = "An emotion-research session is being recorded."
# From winbase.h: the state holds for this thread until it is set anew.
ES_CONTINUOUS, ES_SYSTEM_REQUIRED, ES_DISPLAY_REQUIRED = 0x80000000, 0x00000001, 0x00000002
SETTLE_S = 0.3


class Awake:
    """Holds sleep off from `hold` to `release`; call both in one thread."""

    def __init__(
        self, platform: str = sys.platform, find: Callable[[str], str | None] = shutil.which
    ) -> None:
        self._platform = platform
        self._find = find
        self._child: subprocess.Popen[bytes] | None = None
        self._is_set = False

    def hold(self) -> dict[str, Any]:
        """Do it and return the payload of an `awake` event: what is held off, and what is not and why."""
        problem = self._hold()
        held = [] if problem else ["sleep"]
        missing = {"sleep": problem} if problem else {}
        return {"holder": "supervisor", "held": held, "not_held": missing}

    def release(self) -> None:
        """Let the computer sleep again."""
        child, self._child = self._child, None
        if child is not None:
            _let_go(child)
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(2.0)
        if self._is_set:
            self._is_set = False
            _execution_state(ES_CONTINUOUS)

    def _hold(self) -> str:
        """Return why sleep could not be held off, '' if it is."""
        if self._platform == "win32":
            self._is_set = _execution_state(ES_CONTINUOUS | ES_SYSTEM_REQUIRED | ES_DISPLAY_REQUIRED)
            return "" if self._is_set else "Windows refused it."
        if self._platform == "darwin":
            # -w: until this process has ended, however it ends.
            return self._start("caffeinate", "-d", "-i", "-m", "-s", "-w", str(os.getpid()))
        what = "--what=idle:sleep:handle-lid-switch"
        # `cat` ends when this process, the other end of its pipe, does.
        return self._start("systemd-inhibit", what, "--who=Evoke", f"--why={WHY}", "--mode=block", "cat")

    def _start(self, program: str, *arguments: str) -> str:
        path = self._find(program)
        if path is None:
            return f"{program} is not installed."
        try:
            child = subprocess.Popen(
                [path, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            return f"{program} could not be started: {error.strerror}."
        try:
            status = child.wait(SETTLE_S)
        except subprocess.TimeoutExpired:
            self._child = child
            return ""
        _let_go(child)
        return f"{program} ended with status {status}."


def _let_go(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        child.stdin.close()


def _execution_state(flags: int) -> bool:
    kernel = getattr(ctypes, "windll", None)
    return kernel is not None and bool(kernel.kernel32.SetThreadExecutionState(flags))
