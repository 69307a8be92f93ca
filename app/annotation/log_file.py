"""Opening a log to write: made where there is none, locked, and committed the way its disk allows."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from analysis.labels.format import (
    APPLICATION_ID,
    FORMAT_VERSION,
    SCHEMA,
    LabelFileError,
    check_header,
    check_inside,
    compact,
)
from analysis.labels.records import LogHead
from analysis.labels.scheme import Scheme
from analysis.labels.scheme_json import to_text
from app import places
from app.plan import Lock
from app.study_files import utc_now
from stimuli.problems import EvokeError

BUSY_S = 20.0
DESERTED_S = 12 * 3600
"""After so long without an edit another computer's lock is taken for left behind."""
OPEN_HERE: set[str] = set()
"""Tokens of the logs that this process has open: its pid alone would lock what it has let go."""


class LogError(EvokeError):
    """A log cannot be opened or an edit cannot be taken; the text is the one clear message."""


@contextmanager
def told() -> Iterator[None]:
    """Turn what the files say into a LogError."""
    try:
        yield
    except LabelFileError as error:
        raise LogError(str(error)) from error


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn the disk's refusals into a LogError."""
    try:
        yield
    except sqlite3.Error as error:
        raise LogError(
            f"{path.name}: could not be saved ({error}). What was saved before is safe; this edit was not"
            " taken. Free some space or mend the permissions there, then make it again."
        ) from error


def connect(path: Path, head: LogHead, scheme: Scheme) -> sqlite3.Connection:
    """Open a log to write, making it where there is none; raises LogError, OSError."""
    if path.exists() and path.stat().st_size:
        with told():
            check_header(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        with told(), saving(path):
            _make(connection, head, scheme)
            check_inside(connection, path)
            # The log beside the file needs memory shared by all who use it: no network has that.
            local = places.kind_of(path.parent) == "local"
            connection.execute(f"PRAGMA journal_mode={'WAL' if local else 'DELETE'}")
            connection.execute(f"PRAGMA synchronous={'FULL' if local else 'EXTRA'}")
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection, head: LogHead, scheme: Scheme) -> None:
    connection.execute("PRAGMA synchronous=EXTRA")
    if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            for statement in _statements(SCHEMA):
                connection.execute(statement)
            facts = {"head": compact(asdict(head)), "scheme": to_text(scheme), "created": utc_now()}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _statements(text: str) -> Iterator[str]:
    statement = ""
    for line in text.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def claim(connection: sqlite3.Connection, path: Path) -> tuple[str, str]:
    """Become the one who writes a log; return (token, '') or ('', who writes it already).

    A lock whose process is gone is taken over, and one that was copied with the file.
    """
    token = secrets.token_hex(8)
    mine = asdict(Lock.of_this_process(0, token, "")) | {"file": _identity(path), "utc_s": time.time()}
    with saving(path):
        # Asked without waiting first: who writes may be writing just now.
        row = connection.execute("SELECT owner FROM lock").fetchone()
        owner = _alive(row[0], path) if row is not None else None
        if owner is not None:
            return "", _told_owner(owner)
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = connection.execute("SELECT owner FROM lock").fetchone()
            owner = _alive(row[0], path) if row is not None else None
            if owner is None:
                connection.execute("INSERT OR REPLACE INTO lock VALUES (1, ?)", (compact(mine),))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    if owner is not None:
        return "", _told_owner(owner)
    OPEN_HERE.add(token)
    return token, ""


def renew(connection: sqlite3.Connection, token: str) -> None:
    """Tell other computers that the log is still being written; inside a transaction."""
    connection.execute(
        "UPDATE lock SET owner = json_set(owner, '$.utc_s', ?) WHERE json_extract(owner, '$.token') = ?",
        (time.time(), token),
    )


def release(connection: sqlite3.Connection, token: str) -> None:
    """Let the next one write; the file is left as one file, without others beside it."""
    with contextlib.suppress(sqlite3.Error):
        connection.execute("DELETE FROM lock WHERE json_extract(owner, '$.token') = ?", (token,))
    with contextlib.suppress(sqlite3.Error):
        # Not worth waiting for a reader; the last one to close tidies up as well.
        connection.execute("PRAGMA busy_timeout=500")
        connection.execute("PRAGMA journal_mode=DELETE")
    OPEN_HERE.discard(token)


def _identity(path: Path) -> str:
    found = path.stat()
    return f"{found.st_dev}:{found.st_ino}"


def _alive(text: str, path: Path) -> Lock | None:
    """Return the lock's owner unless it is gone; one of another computer counts as alive."""
    try:
        values = json.loads(text)
        file, utc_s = values.pop("file", ""), float(values.pop("utc_s", 0.0))
        lock = Lock(**values)
    except (ValueError, TypeError, AttributeError):
        return None
    if not lock.is_of_this_machine:
        return lock if time.time() - utc_s < DESERTED_S else None
    if file != _identity(path) or not lock.is_alive:
        return None
    if lock.pid == os.getpid() and lock.token not in OPEN_HERE:
        return None
    return lock


def _told_owner(lock: Lock) -> str:
    if lock.is_of_this_machine:
        here = " in this window" if lock.pid == os.getpid() else f" by another window (process {lock.pid})"
        return f"These labels are open{here} already, so here they can only be read."
    return (
        f"These labels are open on the computer {lock.host}, so here they can only be read. Close them there;"
        " if that computer broke down, they can be written here"
        f" {DESERTED_S // 3600} hours after the last edit."
    )
