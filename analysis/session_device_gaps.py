"""Gap rows from what devices told of themselves: a counter's jump, an overflow, dropped frames.

The recorder sees a hole in the times of a stream only where it is long; the process that reads the
device knows each row that is missing. It journals `device_gap`, and finishing makes gap rows of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from analysis.records import Event, Gap, StreamInfo

KIND = "device_gap"
GUESSED = ("no samples", "clock reset")
"""Causes that the recorder gives where it knows no better."""
NEAR_S = 0.002
"""How far from a row's time the time told of it may be."""


class Output(Protocol):
    """A stream that is being written: its description, its rows' times, its gaps in order."""

    info: StreamInfo
    time: Any
    gaps: list[Gap]
    rows: int


def add_device_gaps(outputs: Iterable[Output], events: Sequence[Event]) -> None:
    """Add the gaps that devices told to the streams' own.

    Where the recorder has seen the hole too, without a cause of its own, the device's count and cause
    stand: it knows, the recorder has estimated. Tellings of rows that are not in the file are left out.
    """
    told: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        if event.kind == KIND:
            told.setdefault(str(event.payload.get("stream", "")), []).append(event.payload)
    for output in outputs:
        for payload in told.get(output.info.id, ()):
            gap = _gap(output, payload)
            if gap is not None:
                _place(output.gaps, gap)
        output.gaps.sort(key=lambda gap: gap.first)


def _gap(output: Output, payload: Mapping[str, Any]) -> Gap | None:
    try:
        first_s, missing = float(payload["first_s"]), int(payload["missing"])
    except (KeyError, TypeError, ValueError):
        return None
    # Times rise but for a reset of their clock; so a row of a million is found by reading twenty.
    row = bisect_left(range(output.rows), first_s - NEAR_S, key=lambda place: float(output.time[place]))
    if row >= output.rows or abs(float(output.time[row]) - first_s) > NEAR_S:
        return None
    while row + 1 < output.rows and _is_nearer(output, row, first_s):
        row += 1
    return Gap(row - 1, row, missing, str(payload.get("cause", ""))) if row else None


def _is_nearer(output: Output, row: int, first_s: float) -> bool:
    return abs(float(output.time[row + 1]) - first_s) < abs(float(output.time[row]) - first_s)


def _place(gaps: list[Gap], gap: Gap) -> None:
    for place, known in enumerate(gaps):
        if known.first == gap.first:
            if known.cause in GUESSED:
                gaps[place] = gap
            return
    gaps.append(gap)
