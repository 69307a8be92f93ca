"""What every table of a study stands on: one writer at a time, whole lines, and clear words for the disk."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stimuli.problems import EvokeError


class StudyError(EvokeError):
    """A study cannot be found, read or written, or must not hold what was asked for."""


def utc_now() -> str:
    """Return the time as tables keep it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the disk's refusals into one clear message, a StudyError."""
    try:
        yield
    except FileExistsError as error:
        raise StudyError(
            f"{error.filename}: a file stands where a folder is needed. Move it away."
        ) from error
    except OSError as error:
        if error.errno == errno.EROFS:
            raise StudyError(
                f"{folder}: is on a disk that can only be read. What is there can be looked at; to record,"
                " mount it writable or copy the study to another disk."
            ) from error
        reason = error.strerror or str(error)
        raise StudyError(
            f"{error.filename or folder}: cannot be written ({reason}). Nothing was changed; mend the"
            " permissions there or free some space."
        ) from error


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Turn a table that cannot be read into one clear message, a StudyError."""
    try:
        yield
    except OSError as error:
        raise StudyError(f"{error.filename or folder}: cannot be read: {error.strerror}.") from error


@contextlib.contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """Keep every other process out of the study's tables; the system lets go when we die."""
    with (folder / ".study.lock").open("ab") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Append one JSON line and put it on the disk; a torn line of a killed writer stays on its own."""
    with path.open("ab", buffering=0) as file:
        torn = file.tell() and not path.read_bytes().endswith(b"\n")
        line = json.dumps(values, ensure_ascii=False) + "\n"
        file.write((b"\n" if torn else b"") + line.encode())
        os.fsync(file.fileno())


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON lines, torn ones passed over; nothing where there is no file.

    Raises StudyError where it cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}.") from error
    for line in lines:
        with contextlib.suppress(ValueError):
            values = json.loads(line)
            if isinstance(values, dict):
                yield values
