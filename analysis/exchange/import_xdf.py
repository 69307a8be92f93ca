"""XDF recordings (https://github.com/sccn/xdf/wiki/Specifications), such as LabRecorder's, read by pyxdf.

Stamps stay as they are in the file, on the senders' clocks; the ClockOffset chunks become the offset
table by which they are corrected on reading. Streams of strings become events.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import (
    Imported,
    ImportedStream,
    ImportFileError,
    Source,
    stream_id,
    stream_of,
    unique,
)
from analysis.exchange.import_trials import imagery_words, imagined
from analysis.records import Gap, StreamInfo
from analysis.timing_clock import clock_stretches

DTYPES = {
    "float32": "float32",
    "double64": "float64",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
}
STRING = "string"
MAGIC = b"XDF:"
FILE_HEADER, STREAM_HEADER, SAMPLES, CLOCK_OFFSET, BOUNDARY, STREAM_FOOTER = range(1, 7)
OF_A_STREAM = (STREAM_HEADER, SAMPLES, CLOCK_OFFSET, STREAM_FOOTER)
BLOCK_BYTES = 1024 * 1024
UNPACKED_BYTES = 8 * 1024**3
MOST_CHANNELS = 65_536
DETAILS_BYTES = 16_384
XML_BYTES = 64 * 1024**2
HOLE_S, HOLE_PERIODS = 1.0, 5.0
BREAK = "break in the XDF file"
TIME_SOURCE = "stamps of the XDF file, on the sender's clock"


def read_xdf(path: Path) -> Imported:
    """Read an XDF file, packed or not; raises ImportFileError.

    Of a file that was cut off everything up to the last whole chunk is read, and `statements` say so.
    The session's clock is that of the computer that recorded.
    """
    with _opened(path) as file:
        layout = _walk(path, file)
        file.seek(0)
        streams, header, said = _loaded(path, _Head(file, layout.end))
    statements = [*layout.statements, *said]
    taken: list[str] = []
    found: list[ImportedStream] = []
    events: list[tuple[float, str, Mapping[str, Any]]] = []
    for stream in streams:
        name = _said(stream["info"], "name") or f"stream {stream['info']['stream_id']}"
        offsets = _offsets(stream)
        statements += _footer_says(name, stream)
        if _said(stream["info"], "channel_format") == STRING:
            events += _texts(name, stream, offsets)
            continue
        taken.append(stream_id(name, taken))
        found.append(_stream(taken[-1], name, stream, offsets))
    starts = [_first_s(stream) for stream in found if stream.rows] + [time for time, _, _ in events]
    start_s = min(starts, default=0.0)
    trials = imagined(events)
    statements += imagery_words(events, trials)
    return Imported(
        program="XDF",
        streams=tuple(found),
        events=tuple(events),
        sources=(Source.of(path),),
        start_s=start_s,
        start_utc_s=_utc(header),
        statements=tuple(dict.fromkeys(statements)),
        trials=trials,
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path.suffix.lower() != ".xdfz" and not path.name.lower().endswith(".xdf.gz"):
        with path.open("rb") as plain:
            yield plain
        return
    with tempfile.TemporaryFile() as file:
        try:
            with gzip.open(path, "rb") as packed:
                while block := packed.read(BLOCK_BYTES):
                    file.write(block)
                    if file.tell() > UNPACKED_BYTES:
                        raise ImportFileError(f"{path}: unpacks to more than a recording holds.")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ImportFileError(f"{path}: cannot be unpacked ({error}). Copy it again.") from error
        file.seek(0)
        yield file


class _Head(io.RawIOBase):
    """A file as far as `end`: what lies behind it is not whole."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        super().__init__()
        self._file, self._end = file, end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        content = self._file.read(max(0, min(len(view), self._end - self._file.tell())))
        view[: len(content)] = content
        return len(content)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the last whole chunk ends, and what is to be said of the rest."""

    end: int
    statements: tuple[str, ...]


def _walk(path: Path, file: BinaryIO) -> _Layout:
    """Go through the chunks without reading samples; raises ImportFileError for what is no XDF.

    pyxdf takes rows of a chunk that was cut off for whole, and asks no header how large it may be.
    """
    damaged = f"{path}: is damaged at byte"
    try:
        if file.read(4) != MAGIC:
            raise ImportFileError(f"{path}: is not an XDF file.")
        known: set[int] = set()
        while True:
            place = file.tell()
            length = _chunk_length(file)
            if length is None:
                return _Layout(place, ())
            body = file.tell()
            if length < 2 or not _reaches(file, body, length):
                break
            file.seek(body)
            (tag,) = struct.unpack("<H", file.read(2))
            if tag in OF_A_STREAM:
                (number,) = struct.unpack("<I", file.read(4))
                if tag == STREAM_HEADER:
                    _check_header(path, file.read(length - 6))
                    known.add(number)
                elif number not in known:
                    raise ImportFileError(f"{damaged} {place}: a chunk belongs to no stream.")
            elif tag == FILE_HEADER:
                _check_xml(path, file.read(length - 2))
            file.seek(body + length)
        size = file.seek(0, io.SEEK_END)
    except struct.error as error:
        raise ImportFileError(
            f"{damaged} {file.tell()}. Copy it again from where it was recorded."
        ) from error
    if not known:
        raise ImportFileError(f"{path}: was cut off before any stream. Copy it again.")
    return _Layout(place, (f"The file is cut off: its last {size - place} bytes are no whole chunk.",))


def _chunk_length(file: BinaryIO) -> int | None:
    """Return the length of the chunk that begins here, None at the end, 0 where there is no chunk."""
    width = file.read(1)
    if not width:
        return None
    formats = {1: "<B", 4: "<I", 8: "<Q"}
    if width[0] not in formats:
        return 0
    content = file.read(width[0])
    return int(struct.unpack(formats[width[0]], content)[0]) if len(content) == width[0] else 0


def _reaches(file: BinaryIO, body: int, length: int) -> bool:
    """Whether all bytes of a chunk are there."""
    if length > UNPACKED_BYTES:
        return False
    file.seek(body + length - 1)
    return len(file.read(1)) == 1


def _check_xml(path: Path, content: bytes) -> None:
    # Entities can make a small text fill the memory; no recorder writes them.
    if len(content) > XML_BYTES or b"<!" in content.replace(b"<!--", b""):
        raise ImportFileError(f"{path}: a header holds what no recorder writes there. Do not trust it.")


def _check_header(path: Path, content: bytes) -> None:
    from xml.etree.ElementTree import ParseError, fromstring

    _check_xml(path, content)
    try:
        info = fromstring(content.decode("utf-8", "replace"))
        channels, rate = (
            int(info.findtext("channel_count") or ""),
            float(info.findtext("nominal_srate") or ""),
        )
    except (ParseError, ValueError) as error:
        raise ImportFileError(f"{path}: a stream's header is damaged. Copy the file again.") from error
    form = info.findtext("channel_format") or ""
    if not 0 < channels <= MOST_CHANNELS or not 0 <= rate < 1e9 or form not in (*DTYPES, STRING):
        raise ImportFileError(
            f"{path}: the stream {info.findtext('name')!r} claims {channels} channels of type {form!r} at"
            f" {rate} Hz, which cannot be."
        )


class _Said(logging.Handler):
    """Keeps what pyxdf says while it reads."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _loaded(path: Path, file: _Head) -> tuple[list[dict[str, Any]], Mapping[str, Any], list[str]]:
    """Have pyxdf read; return streams, file header and what it found wrong."""
    import pyxdf

    log = logging.getLogger("pyxdf.pyxdf")
    said, passed_on = _Said(), log.propagate
    log.addHandler(said)
    log.propagate = False
    try:
        streams, header = pyxdf.load_xdf(
            io.BufferedReader(file),
            synchronize_clocks=False,
            handle_clock_resets=False,
            dejitter_timestamps=False,
        )
    except (ValueError, KeyError, IndexError, TypeError, struct.error, MemoryError, SyntaxError) as error:
        raise ImportFileError(f"{path}: cannot be read as XDF ({error}). Copy it again.") from error
    finally:
        log.removeHandler(said)
        log.propagate = passed_on
    return streams, header or {}, [f"Reading: {line}" for line in said.lines]


def _said(info: Mapping[str, Any], *names: str) -> str:
    """Return the text at a path of pyxdf's nested lists, '' if there is none."""
    found: Any = info
    for name in names:
        if not isinstance(found, Mapping) or not found.get(name):
            return ""
        found = found[name][0]
    return str(found) if isinstance(found, str) else ""


def _offsets(stream: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    """Return (our time, seconds to add): the file gives the sender's time of each measurement."""
    pairs = zip(stream["clock_times"], stream["clock_values"], strict=True)
    found = [(float(time) + float(value), float(value)) for time, value in pairs]
    return tuple(pair for pair in found if np.isfinite(pair).all())


def _corrected(stamps: NDArray[np.float64], offsets: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Return stamps on the recording computer's clock."""
    table = np.zeros(len(offsets), [("t", "f8"), ("offset", "f8"), ("uncertainty", "f8"), ("fresh", "u1")])
    for row, (time, value) in enumerate(offsets):
        table[row] = (time, value, 0.0, 1)
    corrected = np.array(stamps, np.float64)
    stretches = clock_stretches(table)
    for number, stretch in enumerate(stretches):
        first = -np.inf if number == 0 else stretch.first_s
        rows = (stamps >= first) if number else np.ones(len(stamps), bool)
        corrected[rows] = stamps[rows] + stretch.curve(stamps[rows])
    return corrected


def _texts(
    name: str, stream: Mapping[str, Any], offsets: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, str, Mapping[str, Any]]]:
    stamps = np.asarray(stream["time_stamps"], np.float64)
    times = _corrected(stamps, offsets)
    for time, stamp, values in zip(times, stamps, stream["time_series"], strict=True):
        text = (
            str(values[0]) if len(values) == 1 else json.dumps([str(v) for v in values], ensure_ascii=False)
        )
        yield float(time), "marker", {"stream": name, "text": text, "stamp_s": float(stamp)}


def _stream(
    own_id: str, name: str, stream: Mapping[str, Any], offsets: tuple[tuple[float, float], ...]
) -> ImportedStream:
    info = stream["info"]
    stamps = np.asarray(stream["time_stamps"], np.float64)
    rate = float(_said(info, "nominal_srate"))
    count = int(_said(info, "channel_count"))
    values = np.asarray(stream["time_series"]).reshape(len(stamps), count)
    kind = (_said(info, "type") or "other").lower()
    channels = _channels(info, count)
    described = StreamInfo(
        id=own_id,
        kind=kind,
        origin="imported",
        channels=unique([label or f"{i + 1}" for i, (label, _, _) in enumerate(channels)]),
        units=tuple(unit for _, unit, _ in channels),
        channel_kinds=tuple((of or kind).lower() for _, _, of in channels),
        rate_hz=rate,
        dtype=DTYPES[_said(info, "channel_format")],
        device=_said(info, "desc", "acquisition", "manufacturer") or name,
        serial=_said(info, "desc", "acquisition", "serial_number"),
        time_source=TIME_SOURCE,
        source_id=_said(info, "source_id"),
        details=_details(name, stream),
    )
    return stream_of(described, stamps, values, gaps=_gaps(stamps, rate), offsets=offsets)


def _details(name: str, stream: Mapping[str, Any]) -> dict[str, Any]:
    """Return what header and footer say besides, as far as it is no table."""
    footer = dict(_plain(stream.get("footer")) or {})
    footer = {key: value for key, value in dict(footer.get("info") or {}).items() if key != "clock_offsets"}
    details = {"name": name, "footer": footer}
    description = _plain(stream["info"].get("desc"))
    if len(json.dumps([description, footer])) < DETAILS_BYTES:
        details["description"] = description
    return details


def _channels(info: Mapping[str, Any], count: int) -> list[tuple[str, str, str]]:
    """Return label, unit and type of each channel, '' for what is not said."""
    described: Any = (info.get("desc") or [None])[0] or {}
    described = (described.get("channels") or [None])[0] if isinstance(described, Mapping) else None
    listed = described.get("channel", []) if isinstance(described, Mapping) else []
    found = [tuple(_said(channel, key) for key in ("label", "unit", "type")) for channel in listed[:count]]
    found += [("", "", "")] * (count - len(found))
    return [(label, unit, kind) for label, unit, kind in found]


def _gaps(stamps: NDArray[np.float64], rate_hz: float) -> tuple[Gap, ...]:
    """Return the holes of a regular stream: steps of a second and five periods at least."""
    if not rate_hz or len(stamps) < 2:
        return ()
    steps = np.diff(stamps)
    limit = max(HOLE_S, HOLE_PERIODS / rate_hz)
    return tuple(
        Gap(int(row), int(row) + 1, max(0, round(float(steps[row]) * rate_hz) - 1), BREAK)
        for row in np.flatnonzero((steps >= limit) | (steps < -1 / rate_hz))
    )


def _first_s(stream: ImportedStream) -> float:
    times, _ = next(iter(stream.blocks()))
    return float(_corrected(times[:1], stream.offsets)[0])


def _footer_says(name: str, stream: Mapping[str, Any]) -> Iterator[str]:
    """Compare what the recorder counted with what is there."""
    counted = _said((stream.get("footer") or {}).get("info") or {}, "sample_count")
    rows = len(stream["time_stamps"])
    if not counted:
        yield f"{name}: has no footer: its recorder did not come to the end."
    elif counted.isdecimal() and int(counted) != rows:
        yield f"{name}: {rows} samples are there, and its recorder counted {counted}."


def _utc(header: Mapping[str, Any]) -> float | None:
    """Return when the file was begun."""
    text = _said(header.get("info") or {}, "datetime")
    for shape in ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S"):
        try:
            moment = datetime.strptime(text, shape)
        except ValueError:
            continue
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    return None


def _plain(value: Any) -> Any:
    """Return pyxdf's nested lists as plain JSON values."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(inner) for inner in value]
    return value
