"""JSON lines that carry a checksum each: appended all or none, and read with the damaged one named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.settings import write_atomically
from app.study_files import StudyError

_LENGTH = 16


def append_sealed(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Append lines to a file, all or none; the caller keeps other writers out. Raises OSError."""
    before = path.read_bytes() if path.exists() else b""
    # A line without an end never became one.
    before = before[: before.rfind(b"\n") + 1]
    write_atomically(path, before.decode("utf-8") + "".join(_sealed(line) for line in lines))


def sealed_lines(path: Path, error: type[StudyError] = StudyError) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines of a file with their numbers, none where there is no file.

    A last line without an end never became one and is passed over; raises `error` for a damaged one.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    except OSError as cause:
        raise error(f"{path}: cannot be read: {cause.strerror}.") from cause
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            is_sound = isinstance(line, dict) and line.pop("sum", "") == _sum(line)
        except ValueError:
            is_sound = False
        if is_sound:
            yield number, line
        elif number < len(lines):
            raise error(f"{path}:{number}: is damaged. Restore the file from a backup.")


def _sealed(line: Mapping[str, Any]) -> str:
    return json.dumps({**line, "sum": _sum(line)}, ensure_ascii=False) + "\n"


def _sum(line: Mapping[str, Any]) -> str:
    text = json.dumps(dict(line), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
