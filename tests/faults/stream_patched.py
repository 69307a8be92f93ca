"""A recorder with a fault that cannot be had otherwise: a slow disk, a sleeping computer, odd senders.

`python -m tests.faults.stream_patched FAULT SWITCH -- --live DIR` runs the recorder; what
takes time begins when the file SWITCH is there, which holds the seconds of a write or of the sleep.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from app.recorder import asleep, lifelines


def seconds_of(switch: Path) -> float:
    """Return what the switch says, 0 where there is none."""
    try:
        return float(switch.read_text(encoding="ascii") or 0)
    except (OSError, ValueError):
        return 0.0


def slow_down(switch: Path) -> None:
    """Let every fsync take as long as the switch says, as it does on a disk with a long queue."""
    fsync = os.fsync

    def slow(file: Any) -> None:
        time.sleep(seconds_of(switch))
        fsync(file)

    os.fsync = slow  # type: ignore[assignment]


def fall_asleep(switch: Path) -> None:
    """Let real time run ahead of the clock by what the switch says."""
    asleep.SleepWatch.__init__.__defaults__ = (lambda: seconds_of(switch), True)


def without_lifelines(switch: Path) -> None:
    """Let no sender be watched but by the library, as with senders that take a single connection."""
    lifelines.Lifelines.hold = lambda self, lsl: None  # type: ignore[method-assign]


if __name__ == "__main__":
    fault, place, _, option, live = sys.argv[1:]
    {"slow": slow_down, "asleep": fall_asleep, "unwatched": without_lifelines}[fault](Path(place))
    from app.recorder.process import main

    sys.exit(main(Path(live)))
