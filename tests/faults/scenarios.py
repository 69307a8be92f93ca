"""What a fault cost: one row of the fault table, asserted by a test and printed by `evoke bench faults`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One fault and what became of the session.

    `lost` are rows missing a stream (exact counts), `gaps` the gap rows that tell of them, `alarm_s` how long
    after the fault the operator was told (None: nothing to tell), `message` what was said, `status` the
    exit status, `readable` whether the file holds everything else (None: nothing was to be recorded).
    """

    fault: str
    lost: Mapping[str, int] = field(default_factory=dict)
    gaps: Mapping[str, int] = field(default_factory=dict)
    alarm_s: float | None = None
    message: str = ""
    status: int = 0
    readable: bool | None = True
