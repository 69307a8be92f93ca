"""The quality of a session's streams while it ran, as the monitor judged it every ten seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from analysis.records import Event

SOURCE, KIND = "monitor", "quality"
MEASURES = (
    "rate_hz",
    "rate_error",
    "loss",
    "line_noise",
    "motion_g",
    "heart_rate_bpm",
    "level_dbfs",
    "clipping",
    "brightness",
)
"""Measures whose median over a session says something."""


def quality_table(events: Iterable[Event]) -> dict[str, list[Mapping[str, Any]]]:
    """Return for each stream what the monitor judged, in order of time.

    A row is what the monitor sent (`verdict`, `problems`, the measures of the stream's kind, `seconds`
    judged) and `time`, the end of the judged stretch in seconds of the session's clock.
    """
    table: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        stream = event.payload.get("stream")
        if event.source == SOURCE and event.kind == KIND and isinstance(stream, str):
            row = {key: value for key, value in event.payload.items() if key != "stream"}
            table.setdefault(stream, []).append({"time": event.time} | row)
    return {stream: sorted(rows, key=lambda row: float(row["time"])) for stream, rows in table.items()}


def quality_summary(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Sum up one stream's rows; None where there are none.

    Returns `judged`, `passed`, `warned`, `failed` (counts of stretches), `problems` {code: count} and
    `medians` of the measures; `worn` and `face` are shares of the stretches, where they were judged.
    """
    known = list(rows)
    if not known:
        return None
    verdicts = Counter(str(row.get("verdict", "")) for row in known)
    codes = Counter(str(problem.get("code", "")) for row in known for problem in row.get("problems") or ())
    summary: dict[str, Any] = {"judged": len(known)}
    summary |= {verdict: verdicts[verdict] for verdict in ("passed", "warned", "failed")}
    summary["problems"] = dict(sorted(codes.items()))
    summary["medians"] = {
        measure: median
        for measure in MEASURES
        if (median := _median(row.get(measure) for row in known)) is not None
    }
    for sign in ("worn", "face"):
        told = [bool(row[sign]) for row in known if isinstance(row.get(sign), bool)]
        if told:
            summary[sign] = round(sum(told) / len(told), 3)
    return summary


def _median(values: Iterable[Any]) -> float | None:
    known = sorted(float(value) for value in values if isinstance(value, int | float))
    if not known:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else round((known[middle - 1] + known[middle]) / 2, 6)
