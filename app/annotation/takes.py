"""Writing a trace: every sample as it was read, on the disk within a second."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.labels.checking import ROUNDING
from analysis.labels.format import INSERT_CHUNK
from analysis.labels.records import NS, TakeState
from analysis.labels.scheme import Tier
from app.annotation.log_file import LogError

if TYPE_CHECKING:
    from app.annotation.log import Log

CHUNK_NS = NS // 2
"""A piece is saved after so long, so that a kill during a slow commit still costs less than a second."""


class TakeWriter:
    """One pass of a trace that is being recorded; made by `Log.begin_take`."""

    def __init__(self, log: Log, name: str, tier: Tier, trial: int, item: str) -> None:
        self.id, self.tier, self.trial, self.item = name, tier, trial, item
        self.is_open = True
        self._log = log
        self._dims = len(tier.dimensions)
        self._n = 0
        self._t: list[int] = []
        self._mono: list[int] = []
        self._values: list[Sequence[float]] = []

    def append(self, t_ns: int, mono_ns: int, values: float | Sequence[float]) -> None:
        """Take one sample: time shown in the recording, the computer's clock, and a value a dimension.

        NaN: nothing is rated. Raises LogError for values off the tier's scale, and where it cannot be saved.
        """
        row = (values,) if isinstance(values, int | float) else tuple(values)
        if not self.is_open:
            raise LogError("This trace has ended: begin a new take.")
        if len(row) != self._dims:
            raise LogError(f"Tier '{self.tier.name}' takes {self._dims} values at a time, not {len(row)}.")
        if self.tier.bounded:
            for value, scale in zip(row, self.tier.dimensions, strict=True):
                slack = ROUNDING * max(1.0, abs(scale.low), abs(scale.high))
                if not math.isnan(value) and not scale.low - slack <= value <= scale.high + slack:
                    raise LogError(
                        f"Tier '{self.tier.name}': {value:g} is outside {scale.low:g} to {scale.high:g}."
                    )
        self._t.append(t_ns)
        self._mono.append(mono_ns)
        self._values.append(row)
        if mono_ns - self._mono[0] >= CHUNK_NS:
            self.save()

    def save(self) -> None:
        """Put what was taken so far on the disk; raises LogError."""
        if not self._t:
            return
        t = np.array(self._t, "<i8").tobytes()
        mono = np.array(self._mono, "<i8").tobytes()
        values = np.array(self._values, "<f4").tobytes()
        row = (self.id, self._n, len(self._t), self._dims, t, mono, values, zlib.crc32(t + mono + values))
        self._log.save_chunk(row, INSERT_CHUNK)
        self._n += 1
        self._t, self._mono, self._values = [], [], []

    def end(self, state: TakeState = "done", note: str = "") -> None:
        """End the take: `done`, `interrupted`, or `superseded` (thrown away, and kept all the same).

        `note` says how well its rate was kept.
        """
        if not self.is_open:
            return
        if state == "open":
            raise ValueError("a take cannot end as open")
        self.save()
        self.is_open = False
        with self._log.together("trace"):
            self._log.emit(
                "end",
                is_step=state != "interrupted",
                mark=self.id,
                tier=self.tier.name,
                trial=self.trial,
                item=self.item,
                label=state,
                note=note,
            )
