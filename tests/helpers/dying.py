"""Jobs for worker processes: one that kills its process, one that takes its time beside it."""

from __future__ import annotations

import os
import signal
import time


def die(after_s: float) -> str:
    """Kill the process that works on this."""
    time.sleep(after_s)
    os.kill(os.getpid(), signal.SIGKILL)
    return "finished"


def live(for_s: float) -> str:
    """Work for some time."""
    time.sleep(for_s)
    return "finished"
