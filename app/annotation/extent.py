"""From when to when a recording goes, without looking at every row of it."""

from __future__ import annotations

from analysis.session_file import Session, Stream


def extent_s(session: Session) -> tuple[float, float]:
    """Return from when to when streams were recorded, (0, 0) where there is no row at all.

    To the jitter of single rows: a fit through every row of a long recording would take minutes.
    """
    edges = [(_time_of(stream, 0), _time_of(stream, stream.rows - 1)) for stream in session if stream.rows]
    if not edges:
        return 0.0, 0.0
    return min(first for first, _ in edges), max(last for _, last in edges)


def _time_of(stream: Stream, row: int) -> float:
    offsets = stream.offsets
    added_s = float(offsets["offset"][0 if row == 0 else -1]) if len(offsets) else 0.0
    return float(stream.times[row]) + added_s
