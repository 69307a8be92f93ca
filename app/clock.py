"""The one clock: monotonic seconds of `pylsl.local_clock`. Wall time only as anchors beside it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import psutil
from pylsl import local_clock


class Anchor(NamedTuple):
    """A pair of readings taken together: monotonic seconds, UTC seconds, and how far apart they may be."""

    monotonic_s: float
    utc_s: float
    uncertainty_s: float


def now() -> float:
    """Return the time in monotonic seconds; the only time base of a session."""
    return float(local_clock())


def anchor(attempts: int = 5) -> Anchor:
    """Tie the clock to UTC: the tightest of `attempts` bracketed readings."""
    best: Anchor | None = None
    for _ in range(attempts):
        before = now()
        utc_s = time.time()
        after = now()
        if best is None or (after - before) / 2 < best.uncertainty_s:
            best = Anchor((before + after) / 2, utc_s, (after - before) / 2)
    assert best is not None
    return best


def boot_id() -> str:
    """Name this run of the machine: monotonic times of two boots cannot be compared."""
    kernel = Path("/proc/sys/kernel/random/boot_id")
    if kernel.exists():
        return kernel.read_text(encoding="ascii").strip()
    # The boot time wanders by a second with NTP; ten seconds are coarse enough and still unique.
    return f"booted-{round(psutil.boot_time() / 10)}"
