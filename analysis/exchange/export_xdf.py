"""XDF 1.0 (https://github.com/sccn/xdf/wiki/Specifications): what LSL's own recorder would have written.

The stamps are those that were delivered, on the senders' clocks; readers correct them by the ClockOffset
chunks, as they do with files of LabRecorder. Pictures of a camera have no place in XDF: its stream holds
their numbers. Events, keys and film frames are streams of JSON texts, and `evoke-markers` holds the
short names that epochs are cut by.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.export_files import Report, Wrote, new_file, row_blocks
from analysis.exchange.export_view import View, view_of
from analysis.session_reader import Session, Stream

MAGIC = b"XDF:"
FILE_HEADER, STREAM_HEADER, SAMPLES, CLOCK_OFFSET, BOUNDARY, STREAM_FOOTER = 1, 2, 3, 4, 5, 6
BOUNDARY_MARK = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
CHANNEL_FORMAT = {
    "float32": "float32",
    "float64": "double64",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "jpeg": "int64",
    "text": "string",
}
_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_xdf(session: Session | View, path: Path) -> Report:
    """Write all streams, events and keys of a session to `path`; counts, values and stamps stay equal.

    Rows go through memory some megabytes at a time. Raises ExportError where `path` exists, OSError.
    """
    view = view_of(session)
    report = Report(left_out=list(view.left_out))
    with new_file(path) as partial, partial.open("xb") as file:
        writer = _Writer(file)
        writer.chunk(FILE_HEADER, _file_header(view))
        tables = _tables(view)
        for number, stream in enumerate(view.streams, start=1):
            writer.chunk(STREAM_HEADER, _stream_header(stream, view), number)
        for number, table in enumerate(tables, start=len(view.streams) + 1):
            writer.chunk(STREAM_HEADER, _table_header(table, view), number)
        writer.boundary()
        for number, stream in enumerate(view.streams, start=1):
            _write_stream(writer, number, stream, view)
            facts: dict[str, Any] = {"clock_offsets": int(np.count_nonzero(stream.offsets["fresh"]))}
            if stream.info.dtype == "jpeg":
                facts["pictures"] = "left out: XDF has no place for them; the stream holds their numbers"
            report.wrote.append(Wrote(path.name, view.name(stream), stream.rows, facts))
        for number, table in enumerate(tables, start=len(view.streams) + 1):
            writer.texts(number, table.times, [text.encode() for text in table.texts])
            writer.chunk(STREAM_FOOTER, _footer(table.times[:1], table.times[-1:], len(table.times)), number)
            writer.boundary()
            report.wrote.append(Wrote(path.name, table.name, len(table.times)))
    return report


@dataclass(frozen=True, slots=True)
class _Table:
    """A stream of texts made from one of the session's tables; `times` on the recording machine's clock."""

    name: str
    channel: str
    meaning: str
    times: Sequence[float]
    texts: Sequence[str] = field(default_factory=list)


class _Writer:
    """Writes chunks: length, tag, the stream's number where there is one, content."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.write(MAGIC)

    def chunk(self, tag: int, content: bytes, stream: int | None = None) -> None:
        head = struct.pack("<H", tag) + (b"" if stream is None else struct.pack("<I", stream))
        self._file.write(_length(len(head) + len(content)) + head)
        self._file.write(content)

    def boundary(self) -> None:
        self.chunk(BOUNDARY, BOUNDARY_MARK)

    def numbers(self, stream: int, times: NDArray[np.float64], values: NDArray[Any]) -> None:
        """Write rows (n, channels), each with its own stamp."""
        row = np.dtype(
            [
                ("stamp_bytes", "u1"),
                ("stamp", "<f8"),
                ("values", values.dtype.newbyteorder("<"), values.shape[1]),
            ]
        )
        rows = np.zeros(len(values), row)
        rows["stamp_bytes"], rows["stamp"] = 8, times
        rows["values"] = values.reshape(rows["values"].shape)
        self.chunk(SAMPLES, _length(len(rows)) + rows.tobytes(), stream)

    def texts(self, stream: int, times: Iterable[float], texts: Sequence[bytes]) -> None:
        """Write byte strings, each with its own stamp."""
        if not texts:
            return
        pieces = [_length(len(texts))]
        for time, text in zip(times, texts, strict=True):
            pieces += [b"\x08", struct.pack("<d", time), _length(len(text)), text]
        self.chunk(SAMPLES, b"".join(pieces), stream)


def _length(count: int) -> bytes:
    if count < 256:
        return struct.pack("<BB", 1, count)
    return struct.pack("<BI", 4, count) if count < 2**32 else struct.pack("<BQ", 8, count)


def _write_stream(writer: _Writer, number: int, stream: Stream, view: View) -> None:
    offsets = stream.offsets
    fresh = offsets[offsets["fresh"] > 0]
    for entry in fresh:
        # Readers expect the sender's time of the measurement, as LabRecorder writes it.
        theirs = float(entry["t"]) - float(entry["offset"]) + view.shift_s
        writer.chunk(CLOCK_OFFSET, struct.pack("<dd", theirs, float(entry["offset"])), number)
    for first, stop in row_blocks(stream):
        times = stream.times[first:stop] + view.shift_s
        if stream.info.dtype == "text":
            writer.texts(number, times, stream.data[first:stop])
        elif stream.info.dtype == "jpeg":
            writer.numbers(number, times, np.arange(first, stop, dtype=np.int64)[:, None])
        else:
            writer.numbers(number, times, stream.data[first:stop][:, view.channels(stream)])
        writer.boundary()
    ends = [stream.times[row] + view.shift_s for row in (0, -1) if stream.rows]
    footer = _footer(ends[:1], ends[1:], stream.rows, stream, fresh, view.shift_s)
    writer.chunk(STREAM_FOOTER, footer, number)
    writer.boundary()


def _tables(view: View) -> list[_Table]:
    """Return events, markers, keys and film frames as streams of texts."""
    tables = [
        (
            "evoke-events",
            "event",
            "everything that happened, as JSON",
            [_row(view, event.to_json()) for event in view.events],
        ),
        (
            "evoke-markers",
            "marker",
            "what epochs are cut by: kind/stage/category/stimulus",
            [(time_s + view.shift_s, text) for time_s, text in view.markers],
        ),
        ("evoke-keys", "key", "keystrokes, as JSON", [_row(view, row) for row in view.keys]),
        ("evoke-frames", "frame", "frames of films, as JSON", [_row(view, row) for row in view.frames]),
    ]
    return [
        _Table(name, channel, meaning, [time_s for time_s, _ in rows], [text for _, text in rows])
        for name, channel, meaning, rows in tables
    ]


def _row(view: View, row: Mapping[str, Any]) -> tuple[float, str]:
    moved = view.moved(row)
    return float(moved["time"]), json.dumps(moved, ensure_ascii=False)


def _file_header(view: View) -> bytes:
    known = {"version": "1.0", "datetime": view.started_utc, "evoke": dict(view.head)}
    return _xml("info", known)


def _stream_header(stream: Stream, view: View) -> bytes:
    info = stream.info
    is_picture = info.dtype == "jpeg"
    channels = [
        {"label": info.channels[place], "unit": info.units[place], "type": info.channel_kinds[place]}
        for place in view.channels(stream)
    ]
    if is_picture:
        channels = [{"label": "frame number", "unit": "", "type": "video"}]
    description = {
        "channels": {"channel": channels},
        "acquisition": {
            "manufacturer": view.device(stream),
            "serial_number": "" if view.is_anonymous else info.serial,
        },
        "synchronization": {"can_drop_samples": "true" if is_picture else "false"},
        "evoke": {
            "kind": info.kind,
            "origin": info.origin,
            "dtype": info.dtype,
            "time_source": info.time_source,
            "details": {} if view.is_anonymous else dict(info.details),
        },
    }
    return _header(
        view.name(stream),
        info.kind,
        len(channels),
        info.rate_hz,
        CHANNEL_FORMAT[info.dtype],
        description,
        view,
        stream,
    )


def _table_header(table: _Table, view: View) -> bytes:
    description = {
        "channels": {"channel": [{"label": table.channel, "unit": "", "type": "marker"}]},
        "evoke": {"kind": "markers", "meaning": table.meaning},
    }
    return _header(table.name, "Markers", 1, 0.0, "string", description, view)


def _header(
    name: str,
    kind: str,
    channels: int,
    rate_hz: float,
    channel_format: str,
    description: Mapping[str, Any],
    view: View,
    stream: Stream | None = None,
) -> bytes:
    source = stream.info.source_id if stream is not None else name
    return _xml(
        "info",
        {
            "name": name,
            "type": "EEG" if kind.lower() == "eeg" else kind,
            "channel_count": channels,
            "nominal_srate": rate_hz,
            "channel_format": channel_format,
            "source_id": name if view.is_anonymous else source,
            "version": "1.1",
            "created_at": stream.times[0] + view.shift_s if stream is not None and stream.rows else 0.0,
            "uid": f"{view.head.get('uuid', '')}:{name}",
            "session_id": str(view.head.get("session", "")),
            "hostname": "",
            "desc": description,
        },
    )


def _footer(
    first: Sequence[float],
    last: Sequence[float],
    count: int,
    stream: Stream | None = None,
    offsets: Sequence[Any] | NDArray[Any] = (),
    shift_s: float = 0.0,
) -> bytes:
    known: dict[str, Any] = {}
    if first and last:
        known = {"first_timestamp": float(first[0]), "last_timestamp": float(last[-1])}
    known["sample_count"] = count
    known["clock_offsets"] = {
        "offset": [
            {"time": float(o["t"]) - float(o["offset"]) + shift_s, "value": float(o["offset"])}
            for o in offsets
        ]
    }
    if stream is not None:
        known["gaps"] = {
            "gap": [
                {"last": gap.last, "first": gap.first, "missing": gap.missing, "cause": gap.cause}
                for gap in stream.gaps
            ]
        }
    return _xml("info", known)


def _xml(name: str, value: Any) -> bytes:
    return f'<?xml version="1.0"?>{_element(name, value)}'.encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list | tuple):
        return "".join(_element(name, inner) for inner in value)
    tag = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not re.match(r"[A-Za-z_]", tag):
        tag = f"_{tag}"
    if isinstance(value, Mapping):
        content = "".join(_element(str(key), inner) for key, inner in value.items())
    else:
        text = repr(float(value)) if isinstance(value, float) else str(value)
        content = escape(_FORBIDDEN_IN_XML.sub("�", text))
    return f"<{tag}>{content}</{tag}>"
