"""The rows of another log, as they are to stand in this one."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.labels.format import (
    CHUNK_COLUMNS,
    INSERT_CHUNK,
    INSERT_OP,
    INSERT_WORK,
    OP_COLUMNS,
    LabelFileError,
    Op,
    op_row,
    reading,
    work_row,
)
from analysis.labels.reader import LogContents
from analysis.labels.records import LogHead


@dataclass(frozen=True, slots=True)
class ForeignRows:
    """Operations, work sessions and pieces of traces that came from another file."""

    path: Path
    head: LogHead
    works: tuple[tuple[Any, ...], ...]
    ops: tuple[tuple[Any, ...], ...]
    chunks: tuple[tuple[Any, ...], ...]

    def unite(self, connection: sqlite3.Connection, path: Path) -> int:
        """Add the rows that are new, in the caller's transaction; return the number of new operations.

        Raises LabelFileError where a row is there already and says something else.
        """
        known = {row[:2]: row for row in connection.execute(f"SELECT {', '.join(OP_COLUMNS)} FROM op")}
        works = {row[0] for row in connection.execute("SELECT sid FROM work")}
        chunks = dict.fromkeys(connection.execute("SELECT take, n FROM chunk"))
        for row in self.ops:
            if known.get(row[:2], row) != row:
                raise LabelFileError(
                    f"{self.path}: the operation {row[0]}/{row[1]} differs from the one in {path.name}."
                    " Nothing was changed; one of the two files was altered by hand."
                )
        new = [row for row in self.ops if row[:2] not in known]
        connection.executemany(INSERT_WORK, [row for row in self.works if row[0] not in works])
        connection.executemany(INSERT_OP, new)
        connection.executemany(INSERT_CHUNK, [row for row in self.chunks if row[:2] not in chunks])
        return len(new)


def foreign_rows(contents: LogContents, path: Path, shift_ns: int, trials: Mapping[int, int]) -> ForeignRows:
    """Read the rows of another log, times moved by `shift_ns`, trials renumbered; raises LabelFileError."""
    with reading(path) as connection:
        found = connection.execute(
            f"SELECT {', '.join(CHUNK_COLUMNS)} FROM chunk ORDER BY take, n"
        ).fetchall()
    return ForeignRows(
        path,
        contents.head,
        tuple(map(work_row, contents.works)),
        tuple(op_row(_moved(op, shift_ns, trials)) for op in contents.ops),
        tuple(_chunk(row, shift_ns) for row in found),
    )


def _moved(op: Op, shift_ns: int, trials: Mapping[int, int]) -> Op:
    def moved(time_ns: int | None) -> int | None:
        return None if time_ns is None else time_ns + shift_ns

    return op._replace(
        start_ns=moved(op.start_ns),
        end_ns=moved(op.end_ns),
        media_ns=moved(op.media_ns),
        trial=trials.get(op.trial, op.trial),
    )


def _chunk(row: tuple[Any, ...], shift_ns: int) -> tuple[Any, ...]:
    if not shift_ns:
        return row
    take, n, count, dims, t, mono, v, _ = row
    moved = (np.frombuffer(t, "<i8") + shift_ns).astype("<i8").tobytes()
    return take, n, count, dims, moved, mono, v, zlib.crc32(moved + mono + v)
