"""Rows that a device's own process knows to be missing, told once: where, how many, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.events import Journal

STEP_LIMIT = 1.5
"""A step between two rows' times of more sample intervals than this has left rows out."""


@dataclass(frozen=True, slots=True)
class Loss:
    """`missing` rows of a stream between the rows at `last_s` and `first_s` (`clock.now()` seconds)."""

    stream_id: str
    last_s: float
    first_s: float
    missing: int
    cause: str

    @property
    def payload(self) -> Mapping[str, Any]:
        """The event's payload, as the recorder writes its own gaps."""
        return {
            "stream": self.stream_id,
            "last_s": self.last_s,
            "first_s": self.first_s,
            "missing": self.missing,
            "cause": self.cause,
        }


def skipped(times: NDArray[np.float64], previous_s: float | None, rate_hz: float) -> list[tuple[int, int]]:
    """Return (row, rows missing before it) where stamps (n,) of a regular stream leave rows out."""
    if not len(times) or rate_hz <= 0:
        return []
    steps = np.diff(times, prepend=times[0] if previous_s is None else previous_s)
    return [
        (int(row), round(float(steps[row]) * rate_hz) - 1)
        for row in np.flatnonzero(steps * rate_hz > STEP_LIMIT)
    ]


class LossJournal:
    """The journal of a device's process: `device_gap` for each loss, `device_opened` for each start.

    Finishing takes every journal of the live folder into the session file. A full disk must not end the
    device: what cannot be written is left out, the process's health still counts it.
    """

    def __init__(self, live: Path, role: str, device_id: str) -> None:
        source = f"{role}-{device_id}"
        self._journal: Journal | None = None
        try:
            self._journal = Journal(live / f"{source}.jsonl", source)
        except OSError:
            return

    def tell(self, losses: Iterable[Loss]) -> None:
        """Write losses down."""
        for loss in losses:
            self._append("device_gap", loss.payload)

    def note(self, kind: str, **payload: Any) -> None:
        """Write down something else that happened to the device."""
        self._append(kind, payload)

    def close(self) -> None:
        """End the journal."""
        if self._journal is not None:
            self._journal.close()

    def _append(self, kind: str, payload: Mapping[str, Any]) -> None:
        if self._journal is not None:
            self._journal.append(kind, payload=payload, urgent=False)
