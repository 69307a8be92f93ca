"""Files that are whole or not there: written beside their place, put on the disk, and renamed."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TEMPORARY = ".new"
TRIES = 10
BETWEEN_S = 0.02


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step; a killed writer leaves the old one or none."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, values: Any) -> None:
    """Write JSON in one step; NaN is refused, for None must say what is not known."""
    text = json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    write_bytes(path, text.encode())


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write an .npz in one step; returns the SHA-256 of the file."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    content = buffer.getvalue()
    write_bytes(path, content)
    return sha256(content).hexdigest()


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read an .npz, nothing of it run; raises OSError or ValueError."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def read_json(path: Path) -> Any:
    """Read JSON; raises OSError or ValueError."""
    return json.loads(path.read_text(encoding="utf-8"))


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Append one JSON line in one write, so that several processes may; a torn line stays on its own."""
    line = json.dumps(values, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            if os.read(descriptor, 1) != b"\n":
                line = b"\n" + line
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON lines, torn ones passed over; nothing where there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.splitlines():
        with suppress(ValueError):
            values = json.loads(line)
            if isinstance(values, dict):
                yield values


def sync_folder(folder: Path) -> None:
    """Put a folder's names on the disk, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; raises OSError."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class BusyError(Exception):
    """Another process works in the folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other process from working in a folder; the system lets go when we die. Raises BusyError.

    Whoever only looks (`is_worked_on`) holds the lock for a moment: it is asked for several times.
    """
    with (folder / "lock").open("ab") as file:
        for left in reversed(range(TRIES)):
            try:
                _take(file)
                break
            except OSError as error:
                if not left:
                    raise BusyError(
                        f"{folder}: this run is being worked on already. Wait for it, or stop it there."
                    ) from error
                time.sleep(BETWEEN_S)
        yield


def is_worked_on(folder: Path) -> bool:
    """Tell whether a process works in a folder now."""
    if not (folder / "lock").exists():
        return False
    with (folder / "lock").open("ab") as file:
        try:
            _take(file, is_shared=True)
        except OSError:
            return True
    return False


def _take(file: Any, is_shared: bool = False) -> None:
    """Take a lock, or raise OSError; several may hold a shared one, where the system has such."""
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
