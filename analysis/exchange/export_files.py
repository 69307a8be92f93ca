"""What every export shares: its report, its one error, and files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from analysis.session_reader import BLOCK_BYTES, Stream


class ExportError(Exception):
    """A session cannot be written in another format; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """One file that was written: from which stream ("" for tables), how many rows, and what to know of it.

    `facts` are numbers and texts a person needs to judge the file: quantisation, drift, filled gaps.
    """

    file: str
    stream: str
    rows: int
    facts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of a session that is in none of the written files, and why."""

    what: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


@dataclass(slots=True)
class Report:
    """What an export wrote and what it left out."""

    wrote: list[Wrote] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Take over what another report says."""
        self.wrote += other.wrote
        self.left_out += other.left_out

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "wrote": [wrote.to_json() for wrote in self.wrote],
            "left_out": [left.to_json() for left in self.left_out],
        }


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a temporary name to write under; the file gets its own name when it is whole.

    Raises ExportError where `path` exists already: nothing is ever overwritten. On an error nothing stays.
    """
    refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: some writers choose the format by it.
    partial = path.with_name(f".{path.stem}.{uuid4().hex[:8]}.partial{path.suffix}")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        refuse_existing(path)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to write in; it gets its own name when all is written, as `new_file`."""
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()
    refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid4().hex[:8]}.partial")
    partial.mkdir()
    try:
        yield partial
        refuse_existing(path)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(path: Path) -> None:
    """Raise ExportError where there is something at `path`."""
    if path.exists() or path.is_symlink():
        raise ExportError(f"{path}: is there already and is not overwritten. Choose another place.")


def row_blocks(stream: Stream, first: int = 0, stop: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield (from, to) over a stream's rows in blocks of some megabytes."""
    end = stream.rows if stop is None else stop
    step = rows_per_block(stream)
    for start in range(first, end, step):
        yield start, min(start + step, end)


def rows_per_block(stream: Stream) -> int:
    """Return how many rows of a stream take some megabytes."""
    if stream.info.is_blob:
        payload = int(stream.group["frames" if stream.info.dtype == "jpeg" else "text"].shape[0])
        each = 64 + payload // max(1, stream.written_rows)
    else:
        each = 16 + 8 * len(stream.info.channels)
    return max(1, BLOCK_BYTES // each)
