"""The file of a log: SQL, rows, and reading it without changing anything.

One SQLite file an annotator, recording and scheme version. `op` and `chunk` are only ever added to; what is
on the screen is computed from them (`analysis.labels.folding`). A row is named by its work session and its
number in it, so files of several computers are united row by row.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

APPLICATION_ID = 0x45564C47
FORMAT_VERSION = 1
MAGIC = b"SQLite format 3\0"

OpKind = Literal[
    "add", "edit", "delete", "reject", "ask", "finish", "reopen", "skip", "take", "end", "undo", "redo"
]
"""`take` begins a trace and `end` ends it; `reject` is about a model's mark, `ask` about an item."""


class LabelFileError(Exception):
    """A log cannot be read or must not be written; the text is the one clear message."""


class Op(NamedTuple):
    """One line of the log: what a mark, an item or a take was from then on, and how it came about.

    `sid` and `seq` (from 1) name it; `lamport` orders operations of several computers: each is larger than
    all that its author knew. `step` is the `seq` of the first operation of one action of the user, 0 for
    what cannot be undone. `action` says what she did. From `item` to `asks` the fields are those of `Mark`
    afterwards (of `take`: `note` is the device, of `end`: `label` is the state). `via` is how it was put in.
    `media_ns` is the time that was shown, `play_rate` how fast it played, `reaction_ms` how long she took,
    `mono_ns` the computer's monotonic clock, `utc` the wall clock. `target_*` is the step undone or redone.
    """

    sid: str
    seq: int
    lamport: int
    step: int
    kind: OpKind
    action: str
    item: str = ""
    mark: str = ""
    revision: int = 0
    tier: str = ""
    trial: int = -1
    start_ns: int | None = None
    end_ns: int | None = None
    label: str = ""
    value: Mapping[str, Any] = MappingProxyType({})
    confidence: float | None = None
    channels: tuple[str, ...] = ()
    note: str = ""
    input: str = ""
    derived_from: str = ""
    model_seen: bool = False
    to_confirm: bool = False
    asks: str = ""
    via: str = ""
    media_ns: int | None = None
    play_rate: float = 1.0
    reaction_ms: float | None = None
    mono_ns: int = 0
    utc: str = ""
    target_sid: str = ""
    target_step: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """A stretch of work during which the same things were visible.

    `visible` are the limits of the view as JSON (null: nobody said), `streams` the streams on the screen,
    `others` and `model` whether other annotators' labels and labels of models were on it. `host` names the
    computer by a checksum.
    """

    sid: str
    opened_utc: str
    host: str = ""
    version: str = ""
    visible: str = "null"
    streams: tuple[str, ...] = ()
    others: bool = False
    model: bool = False


OP_COLUMNS = Op._fields
WORK_COLUMNS = tuple(entry.name for entry in fields(Work))
CHUNK_COLUMNS = ("take", "n", "count", "dims", "t", "mono", "v", "crc32")

_INTEGERS = (
    *("seq", "lamport", "step", "revision", "trial", "start_ns", "end_ns", "model_seen", "to_confirm"),
    *("media_ns", "mono_ns", "target_step"),
)
_TYPES = dict.fromkeys(_INTEGERS, "INTEGER") | dict.fromkeys(
    ("confidence", "play_rate", "reaction_ms"), "REAL"
)


def _refusing(table: str) -> str:
    return "".join(
        f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'a log is only added to'); END;\n"
        for what in ("UPDATE", "DELETE")
    )


SCHEMA = f"""
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE lock(one INTEGER PRIMARY KEY CHECK (one = 1), owner TEXT NOT NULL);
CREATE TABLE work(sid TEXT PRIMARY KEY, opened_utc TEXT, host TEXT, version TEXT, visible TEXT, streams TEXT,
    others INTEGER, model INTEGER) WITHOUT ROWID;
CREATE TABLE op({", ".join(f"{name} {_TYPES.get(name, 'TEXT')}" for name in OP_COLUMNS)},
    PRIMARY KEY (sid, seq));
CREATE TABLE chunk(take TEXT, n INTEGER, count INTEGER, dims INTEGER, t BLOB, mono BLOB, v BLOB,
    crc32 INTEGER, PRIMARY KEY (take, n));
{_refusing("op")}{_refusing("chunk")}{_refusing("work")}"""

INSERT_OP = f"INSERT INTO op({', '.join(OP_COLUMNS)}) VALUES ({', '.join('?' * len(OP_COLUMNS))})"
INSERT_WORK = f"INSERT INTO work({', '.join(WORK_COLUMNS)}) VALUES ({', '.join('?' * len(WORK_COLUMNS))})"
INSERT_CHUNK = f"INSERT INTO chunk({', '.join(CHUNK_COLUMNS)}) VALUES (?,?,?,?,?,?,?,?)"

_VALUE, _CHANNELS = OP_COLUMNS.index("value"), OP_COLUMNS.index("channels")
_FLAGS = (OP_COLUMNS.index("model_seen"), OP_COLUMNS.index("to_confirm"))
_STREAMS = WORK_COLUMNS.index("streams")


def compact(value: Any) -> str:
    """Return JSON in one spelling: sorted, no spaces, no infinities; raises ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def op_row(op: Op) -> tuple[Any, ...]:
    """Return an operation as a row of `op`."""
    row: list[Any] = [*op]
    row[_VALUE] = compact(dict(op.value)) if op.value else "{}"
    row[_CHANNELS] = compact(list(op.channels)) if op.channels else "[]"
    for place in _FLAGS:
        row[place] = int(row[place])
    return tuple(row)


def row_op(row: tuple[Any, ...]) -> Op:
    """Return the operation of a row; raises LabelFileError for one that is none."""
    values = list(row)
    try:
        values[_VALUE] = {} if row[_VALUE] == "{}" else dict(json.loads(row[_VALUE]))
        values[_CHANNELS] = () if row[_CHANNELS] == "[]" else tuple(map(str, json.loads(row[_CHANNELS])))
    except (TypeError, ValueError) as error:
        raise LabelFileError(f"operation {row[0]}/{row[1]} cannot be read") from error
    for place in _FLAGS:
        values[place] = bool(row[place])
    return Op._make(values)


def work_row(work: Work) -> tuple[Any, ...]:
    """Return a work session as a row of `work`."""
    row = list(astuple(work))
    row[_STREAMS] = compact(list(work.streams))
    return tuple(int(value) if isinstance(value, bool) else value for value in row)


def row_work(row: tuple[Any, ...]) -> Work:
    """Return the work session of a row."""
    values = list(row)
    values[_STREAMS] = tuple(json.loads(row[_STREAMS]))
    values[-2:] = bool(row[-2]), bool(row[-1])
    return Work(*values)


def check_header(path: Path) -> None:
    """Raise LabelFileError unless a file begins like a log that this Evoke understands."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise LabelFileError(f"{path}: cannot be read ({error.strerror}).") from error
    if len(head) < 100 or not head.startswith(MAGIC) or int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise LabelFileError(
            f"{path}: is no log of labels, or it is damaged. Nothing was changed; put a copy from the backup"
            " in its place."
        )
    version = int.from_bytes(head[60:64], "big")
    if version > FORMAT_VERSION:
        raise LabelFileError(
            f"{path}: is of a newer Evoke (format {version}, this one knows {FORMAT_VERSION}). Update Evoke."
        )


def damaged(path: Path, why: object) -> LabelFileError:
    """Return the one message about a file that is broken inside."""
    reason = " ".join(str(why).replace("***", "").split())
    return LabelFileError(
        f"{path}: is damaged ({reason}). Nothing was changed; put a copy from the backup in its place."
    )


def check_inside(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LabelFileError if pages or tables of an open log are broken."""
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    if found != "ok":
        raise damaged(path, found)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a log to read: one state of it, while others write it or from a folder that cannot be written.

    Raises LabelFileError.
    """
    check_header(path)
    with tempfile.TemporaryDirectory() as spare, closing(_connect(path, Path(spare))) as connection:
        try:
            connection.execute("BEGIN")
            check_inside(connection, path)
            yield connection
        except sqlite3.DatabaseError as error:
            raise damaged(path, error) from error


def _connect(path: Path, spare: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=10.0, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM meta").fetchone()
        return connection
    except sqlite3.OperationalError:
        connection.close()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise damaged(path, error) from error
    # What was not taken into the file yet needs a folder that can be written.
    try:
        for suffix in ("", "-wal", "-journal"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                shutil.copyfile(beside, spare / f"log{suffix}")
        return sqlite3.connect(spare / "log", check_same_thread=False)
    except OSError as error:
        raise LabelFileError(f"{path}: cannot be read ({error.strerror}).") from error
