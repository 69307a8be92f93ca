"""A job that keeps memory, as libraries with caches of their own do."""

from __future__ import annotations

import time

CHECKED_EVERY_S = 1.0
"""loky looks at a worker's memory no more often than this."""
_kept: list[bytes] = []


def grow(megabytes: int) -> str:
    """Keep so much memory more, from the second job of a process on."""
    _kept.append(b"\1" * (megabytes * 10**6 if _kept else 1))
    time.sleep(1.2 * CHECKED_EVERY_S)
    return "finished"
