"""Reading logs of labels, also while they are written and from folders that cannot be written."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from analysis.labels.folding import LogState, TakeHead
from analysis.labels.format import (
    OP_COLUMNS,
    WORK_COLUMNS,
    LabelFileError,
    Op,
    Work,
    damaged,
    reading,
    row_op,
    row_work,
)
from analysis.labels.records import ItemState, LogHead, Mark, Take

__all__ = ["LabelFileError", "LogContents", "find_logs", "read_log"]


@dataclass(frozen=True, slots=True)
class LogContents:
    """Everything in a log: what there is now, and the operations that it came from.

    `states` and `skipped` (reasons) and `questions` to the curator go by item. `rejected` are the marks of
    models that the annotator found wrong. `scheme_json` is the canonical text of the scheme.
    """

    path: Path
    head: LogHead
    scheme_json: str
    marks: tuple[Mark, ...]
    takes: tuple[Take, ...]
    states: dict[str, ItemState]
    works: tuple[Work, ...]
    ops: tuple[Op, ...]
    questions: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    rejected: frozenset[str] = frozenset()


def read_log(path: Path, *, samples: bool = True) -> LogContents:
    """Read a log; without `samples` its takes are left out. Raises LabelFileError."""
    with reading(path) as connection:
        return load(connection, path, samples)


def find_logs(annotations: Path, recording: str = "") -> Iterator[Path]:
    """Yield the logs in a study's folder `annotations`, of one recording (its stem) or of all.

    Those of the training queue are no labels and are left out, and so is a file that was just being made
    when its window was killed.
    """
    for folder in sorted(annotations.glob(recording or "sub-*")):
        yield from (path for path in sorted(folder.glob("*/*.sqlite")) if path.stat().st_size)


def load(connection: sqlite3.Connection, path: Path, samples: bool = True) -> LogContents:
    """Return the contents of an open log; raises LabelFileError."""
    head = head_of(connection, path)
    ops = ops_of(connection, path)
    state = state_of(head, ops, path)
    (scheme,) = connection.execute("SELECT value FROM meta WHERE key = 'scheme'").fetchone()
    works = connection.execute(f"SELECT {', '.join(WORK_COLUMNS)} FROM work ORDER BY opened_utc, sid")
    items = state.items()
    marks = sorted(state.marks.values(), key=lambda m: (-1 if m.start_ns is None else m.start_ns, m.id))
    return LogContents(
        path=path,
        head=head,
        scheme_json=str(scheme),
        marks=tuple(marks),
        takes=takes_of(connection, path, head.annotator, state.takes()) if samples else (),
        states={item: state.item_state(item) for item in items},
        works=tuple(map(row_work, works)),
        ops=ops,
        questions=state.questions(),
        skipped={item: why for item in items if (why := state.skipped_because(item))},
        rejected=state.rejected(),
    )


def state_of(head: LogHead, ops: Iterable[Op], path: Path) -> LogState:
    """Return what operations of a file come to; raises LabelFileError where they make no sense."""
    try:
        return LogState(head.annotator, head.kind, ops)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise damaged(path, "its operations make no sense") from error


def head_of(connection: sqlite3.Connection, path: Path) -> LogHead:
    """Return what an open log is about; raises LabelFileError."""
    try:
        (text,) = connection.execute("SELECT value FROM meta WHERE key = 'head'").fetchone()
        return LogHead(**json.loads(text))
    except (TypeError, ValueError, sqlite3.DatabaseError) as error:
        raise damaged(path, "it does not say what it is about") from error


def ops_of(connection: sqlite3.Connection, path: Path) -> tuple[Op, ...]:
    """Return the operations of an open log in their order; raises LabelFileError."""
    try:
        rows = connection.execute(f"SELECT {', '.join(OP_COLUMNS)} FROM op ORDER BY lamport, sid, seq")
        return tuple(map(row_op, rows))
    except (LabelFileError, sqlite3.DatabaseError) as error:
        raise damaged(path, error) from error


def takes_of(
    connection: sqlite3.Connection, path: Path, annotator: str, heads: Iterable[TakeHead]
) -> tuple[Take, ...]:
    """Return takes with their samples from an open log; raises LabelFileError where a checksum is wrong."""
    takes = []
    for head in heads:
        rows = connection.execute(
            "SELECT count, dims, t, mono, v, crc32 FROM chunk WHERE take = ? ORDER BY n", (head.id,)
        ).fetchall()
        for count, dims, t, mono, v, crc in rows:
            if zlib.crc32(t + mono + v) != crc or (len(t), len(v)) != (8 * count, 4 * count * dims):
                raise damaged(path, f"a piece of the trace {head.id}")
        dims = rows[0][1] if rows else 1
        takes.append(
            Take(
                id=head.id,
                tier=head.tier,
                annotator=annotator,
                trial=head.trial,
                item=head.item,
                state=head.state,
                t_ns=np.frombuffer(b"".join(row[2] for row in rows), "<i8").astype(np.int64),
                mono_ns=np.frombuffer(b"".join(row[3] for row in rows), "<i8").astype(np.int64),
                values=np.frombuffer(b"".join(row[4] for row in rows), "<f4")
                .reshape(-1, dims)
                .astype(np.float32),
                device=head.device,
                model_seen=head.model_seen,
                note=head.note,
            )
        )
    return tuple(takes)
