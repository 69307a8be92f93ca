"""Opening HDF5 files that their writer has not closed, without waiting for it.

A file in single-writer mode keeps a mark "open for writing" in its head, and HDF5 then reads it in
SWMR mode only. In that mode a block whose checksum differs is read again a hundred times with growing
pauses, in case the writer is just at it: of a file that a power cut has damaged, opening one stream
may take minutes. So the file is shown to HDF5 with a head that says "closed": what is damaged is an
error at once. Nothing on the disk is changed.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

HEAD_BYTES = 48
MARKS_PLACE, EOF_PLACE, CRC_PLACE = 11, 28, 44
_MASK = 0xFFFFFFFF


class AbandonedFile(io.RawIOBase):
    """A file's bytes, read-only, with the marks of its head cleared and its size made true.

    Only for superblock version 3 with addresses of 8 bytes, which is what single-writer mode writes.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        head = bytearray(self._file.read(HEAD_BYTES))
        size = os.fstat(self._file.fileno()).st_size
        if len(head) == HEAD_BYTES and head[8] == 3 and head[9] == 8:
            head[MARKS_PLACE] = 0
            head[EOF_PLACE : EOF_PLACE + 8] = size.to_bytes(8, "little")
            head[CRC_PLACE:] = lookup3(bytes(head[:CRC_PLACE])).to_bytes(4, "little")
        self._head = bytes(head)
        self._file.seek(0)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; return it."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into `buffer`; return how many bytes were there."""
        place = self._file.tell()
        count = self._file.readinto(buffer) or 0
        if place < len(self._head):
            head = self._head[place : place + count]
            memoryview(buffer)[: len(head)] = head
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def lookup3(data: bytes) -> int:
    """Return Bob Jenkins' lookup3 hash of `data`, the checksum of HDF5's own blocks."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
    while len(words) > 3:
        a, b, c = (a + words[0]) & _MASK, (b + words[1]) & _MASK, (c + words[2]) & _MASK
        for turn in (4, 6, 8, 16, 19, 4):
            a = (a - c) & _MASK ^ _turned(c, turn)
            c = (c + b) & _MASK
            a, b, c = b, c, a
        words = words[3:]
    if not words:
        return c
    words += [0] * (3 - len(words))
    a, b, c = (a + words[0]) & _MASK, (b + words[1]) & _MASK, (c + words[2]) & _MASK
    for turn in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _turned(b, turn)) & _MASK
        a, b, c = b, c, a
    # Seven turns of three end one place further.
    return b


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _MASK
