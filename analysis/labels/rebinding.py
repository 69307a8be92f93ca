"""Labels of a recording that was written anew on purpose: they stay writable."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from analysis.labels.format import LabelFileError, check_header, compact, damaged


def rebind(path: Path, old_sha256: str, new_sha256: str) -> bool:
    """Say in a log that its recording has another checksum now; return whether it was about the old one.

    For withdrawals, which take streams out of a recording and change no time in it: every label stays
    true. A log about other contents is left alone. Raises LabelFileError.
    """
    check_header(path)
    try:
        with closing(sqlite3.connect(path, timeout=20.0, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            (text,) = connection.execute("SELECT value FROM meta WHERE key = 'head'").fetchone()
            head = json.loads(text)
            is_about_it: bool = head.get("recording_sha256") == old_sha256
            if is_about_it:
                told = compact(head | {"recording_sha256": new_sha256})
                connection.execute("UPDATE meta SET value = ? WHERE key = 'head'", (told,))
            connection.execute("COMMIT")
            return is_about_it
    except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error


def rebind_all(annotations: Path, recording: str, old_sha256: str, new_sha256: str) -> list[str]:
    """Do so for every log of a recording (its stem); return what could not be done, in words."""
    from analysis.labels.reader import find_logs

    problems = []
    for path in find_logs(annotations, recording):
        try:
            rebind(path, old_sha256, new_sha256)
        except LabelFileError as error:
            problems.append(str(error))
    return problems
