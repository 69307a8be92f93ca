"""The writes of a real recording as the system saw them, and files as they would be without some of them.

python -m tests.helpers.write_log PART MARKS FLUSHES      records, under strace
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis.records import Gap, StreamInfo
from analysis.session_file import PartWriter
from tests.helpers.recordings import (
    FLUSH_S,
    START_S,
    UUID,
    append,
    camera,
    markers,
    rows_until,
    samples,
)

STREAMS = (
    samples("eeg", 8, 250.0),
    samples("sound", 1, 2000.0, "int16", "audio"),
    camera(),
    markers(),
)
GAP_EVERY = 7
CAUSE = "stream lost"


@dataclass(frozen=True, slots=True)
class Write:
    """One thing that the recorder did to its part: bytes at a place, a new size, or an fsync."""

    kind: Literal["write", "size", "sync", "flushed"]
    place: int = 0
    content: bytes = b""


def has_gap(info: StreamInfo, flush: int) -> bool:
    """Whether a gap ends with the rows of this flush: a gap is told when the row behind it has come."""
    now = START_S + flush * FLUSH_S
    return flush % GAP_EVERY == 0 and rows_until(info, now) > rows_until(info, now - FLUSH_S)


def record_until_killed(part: Path, marks: Path, flushes: int) -> None:
    """Record and leave without closing; a mark is written whenever a flush has come back."""
    descriptor = os.open(marks, os.O_WRONLY | os.O_CREAT)
    writer = PartWriter.create(part, {"uuid": UUID, "boot_id": "boot-1", "part": 1}, STREAMS)
    done = {info.id: 0 for info in STREAMS}
    for number in range(1, flushes + 1):
        now = START_S + number * FLUSH_S
        for info in STREAMS:
            stop = rows_until(info, now)
            append(writer, info, done[info.id], stop - done[info.id], now, done[info.id])
            if has_gap(info, number):
                writer.add_gap(info.id, Gap(done[info.id] - 1, done[info.id], 1, CAUSE))
                writer.add_offset(info.id, now, 0.5, 0.001, True)
            done[info.id] = stop
        writer.flush()
        os.write(descriptor, b"flushed")
    os._exit(0)


def trace(folder: Path, flushes: int) -> list[Write]:
    """Record under strace; return everything that was done to the part, in order."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: sudo apt-get install strace"
    part, marks, log = folder / "traced_part-001.h5", folder / "marks", folder / "log"
    command = [strace, "-f", "-y", "-xx", "-s", "100000000", "-o", str(log)]
    command += ["-e", "trace=pwrite64,write,ftruncate,fsync,fdatasync", "-e", "signal=none"]
    child = [sys.executable, "-m", "tests.helpers.write_log", str(part), str(marks), str(flushes)]
    subprocess.run([*command, *child], check=True, timeout=120, capture_output=True)
    writes = parse(log, part, marks)
    assert rebuilt(writes) == part.read_bytes(), "the log does not hold every write"
    return writes


_CALL = re.compile(
    rb'^\d+ +(\w+)\(\d+<([^>]*)>(?:, (?:"([^"]*)"(?:, (\d+))?(?:, (\d+))?|(\d+)))?\) += (-?\d+)'
)


def parse(log: Path, part: Path, marks: Path) -> list[Write]:
    """Read strace's log of `part`; the marks tell when a flush had come back."""
    names = {_escaped(part): "part", _escaped(marks): "marks", bytes(part): "part", bytes(marks): "marks"}
    found: list[Write] = []
    with log.open("rb") as lines:
        for line in lines:
            call = _CALL.match(line)
            if call is None or int(call[7]) < 0:
                continue
            name = names.get(call[2])
            if name == "marks":
                found.append(Write("flushed"))
            elif name == "part" and call[1] == b"pwrite64":
                content = bytes.fromhex(call[3].replace(b"\\x", b"").decode())
                assert len(content) == int(call[7])
                found.append(Write("write", int(call[5]), content))
            elif name == "part" and call[1] == b"ftruncate":
                found.append(Write("size", int(call[6])))
            elif name == "part" and call[1] in (b"fsync", b"fdatasync"):
                found.append(Write("sync"))
            else:
                assert name != "part", line
    return found


def _escaped(path: Path) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in bytes(path))


def rebuilt(writes: Sequence[Write]) -> bytes:
    """Return the file after these writes."""
    content = bytearray()
    for write in writes:
        if write.kind == "size":
            del content[write.place :]
            content.extend(bytes(write.place - len(content)))
        elif write.kind == "write":
            end = write.place + len(write.content)
            content.extend(bytes(max(0, end - len(content))))
            content[write.place : end] = write.content
    return bytes(content)


if __name__ == "__main__":
    record_until_killed(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
