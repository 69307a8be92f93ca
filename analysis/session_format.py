"""The layout of session files: names, types and versions, and what a user is told of a bad file.

    /                  attributes: format, version, readable_from, uuid, origin, study, participant, ...
    /streams/<id>/     attributes of the stream; data sets data|frames|text, index (blobs), time,
                       chunks, offsets, gaps
    /closed            only in parts: one row once the recorder has closed the part in order
    /protocol /events /keys /frames /trials /end      only in finished files

A chunk's checksum is the CRC-32 of its rows' data, of their index entries where they are byte strings,
of their times, and of the chunk's own entry up to the checksum.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo

FORMAT = "evoke-session"
VERSION = 1
READABLE_FROM = "0.1.0"
"""The first release of Evoke that reads files of this version."""

SIGNATURE = b"\x89HDF\r\n\x1a\n"
CHUNK = np.dtype([("first", "<i8"), ("count", "<i8"), ("received", "<f8"), ("crc32", "<u4"), ("seq", "<i8")])
OFFSET = np.dtype(
    [("t", "<f8"), ("offset", "<f8"), ("uncertainty", "<f8"), ("fresh", "u1"), ("crc32", "<u4")]
)
GAP = np.dtype([("last", "<i8"), ("first", "<i8"), ("missing", "<i8"), ("cause", "S64"), ("crc32", "<u4")])
INDEX = np.dtype([("offset", "<u8"), ("length", "<u8")])
CLOSED = np.dtype([("reason", "S64")])

BLOB_SET = {"jpeg": "frames", "text": "text"}
"""Name of the data set that holds the byte strings of a stream."""


class SessionFileError(Exception):
    """A session file cannot be read; the text is the one clear message."""


class WriteFailedError(Exception):
    """A part cannot be written any more. Nothing may be closed: leave the process by `os._exit`."""

    def __init__(self, message: str, number: int | None = None) -> None:
        self.errno = number
        super().__init__(message)


def payload_name(info: StreamInfo) -> str:
    """Return the name of the data set with a stream's values."""
    return BLOB_SET.get(info.dtype, "data")


def entry_crc(entry: NDArray[Any], start: int = 0) -> int:
    """Return the CRC-32 of a table's entry without its own checksum, going on from `start`."""
    crc = start
    for name in entry.dtype.names or ():
        if name != "crc32":
            crc = zlib.crc32(entry[name].tobytes(), crc)
    return crc


def rows_crc(data: NDArray[Any], index: NDArray[Any] | None, times: NDArray[np.float64]) -> int:
    """Return the CRC-32 of rows, before their chunk's entry is added."""
    crc = zlib.crc32(np.ascontiguousarray(data).data)
    if index is not None:
        crc = zlib.crc32(np.ascontiguousarray(index).view("u1").data, crc)
    return zlib.crc32(np.ascontiguousarray(times).data, crc)


def chunk_entry(first: int, count: int, received: float, seq: int, rows_crc32: int) -> NDArray[Any]:
    """Return a row of a chunk table, checksum included."""
    entry = np.zeros(1, CHUNK)
    entry["first"], entry["count"], entry["received"], entry["seq"] = first, count, received, seq
    entry["crc32"] = entry_crc(entry, rows_crc32)
    return entry


def sealed(entry: NDArray[Any]) -> NDArray[Any]:
    """Return one entry of an offset or gap table with its checksum filled in."""
    entry["crc32"] = entry_crc(entry)
    return entry


def sound_entries(table: NDArray[Any]) -> NDArray[Any]:
    """Return the entries of an offset or gap table whose checksum matches."""
    keep = [entry_crc(table[i : i + 1]) == int(table["crc32"][i]) for i in range(len(table))]
    sound: NDArray[Any] = table[np.array(keep, bool)]
    return sound


def to_attribute(value: Any) -> Any:
    """Return what an HDF5 attribute can hold: text, numbers and truth as they are, the rest as JSON."""
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Path):
        raise TypeError("a session file stores no path")
    return json.dumps(value, ensure_ascii=False, default=_plain)


def set_attributes(owner: h5py.Group, values: Mapping[str, Any]) -> None:
    """Write attributes; what is None is left out."""
    owner.attrs.update({name: to_attribute(value) for name, value in values.items() if value is not None})


def from_attribute(value: Any) -> Any:
    """Return an attribute as Python knows it; text that is a JSON object or list is parsed."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"an attribute cannot hold {type(value).__name__}")


def stream_attributes(info: StreamInfo) -> dict[str, Any]:
    """Return a stream's description as attributes."""
    return {name: to_attribute(value) for name, value in info.to_json().items()}


def stream_info(attributes: Mapping[str, Any]) -> StreamInfo:
    """Rebuild a stream's description from its attributes; raises KeyError or ValueError."""
    parsed = ("channels", "units", "channel_kinds", "details")
    values = {field.name: attributes[field.name] for field in fields(StreamInfo)}
    values |= {name: json.loads(values[name]) for name in parsed}
    return StreamInfo.from_json(values | {"rate_hz": float(values["rate_hz"])})


LIVE_CHUNK_S = 0.5


def rows_per_chunk(info: StreamInfo, seconds: float = LIVE_CHUNK_S) -> int:
    """Return how many rows the HDF5 chunks of a part's stream hold: half a second live, within limits."""
    row_bytes = np.dtype("u1" if info.is_blob else info.dtype).itemsize * len(info.channels)
    rows = info.rate_hz * seconds if info.rate_hz else 32
    return int(max(16, min(rows, 1_000_000 / max(row_bytes, 8))))
