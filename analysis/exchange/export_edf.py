"""EDF+ (16 bits) and BDF+ (24 bits): one file a stream, since each stream has a clock of its own.

Written here and not by pyedflib, whose writer cuts annotations after 40 characters, drops those beyond one
a data record, and rounds onsets to 0.1 ms. Layout: https://www.edfplus.info/specs/edfplus.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.export_files import LeftOut, Report, Wrote, new_file, row_blocks
from analysis.exchange.export_grid import Grid, grid_of
from analysis.exchange.export_scale import Scale, scale_for
from analysis.exchange.export_view import View, utc_moment, view_of
from analysis.session_reader import Session, Stream

Kind = Literal["edf", "bdf"]

BITS: dict[Kind, int] = {"edf": 16, "bdf": 24}
RECORD_BYTES = 61_440
"""The largest data record that the specification recommends."""
LONGEST_TEXT = 200
ANONYMOUS_START = datetime(1985, 1, 1, tzinfo=UTC)
GAP = "BAD_gap"
_DURATIONS = ("1", "2", "4", "5", "8", "10", "20", "40", "60", "3", "6", "12", "15", "30")
_SHORT = ("0.5", "0.25", "0.2", "0.1", "0.05", "0.04", "0.02", "0.01", "0.005", "0.002", "0.001")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text at `onset_s` seconds behind the file's first sample, for `duration_s` if not None."""

    onset_s: float
    text: str
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Column:
    place: int
    label: str
    scale: Scale


def write_edf(session: Session | View, folder: Path, kind: Kind = "edf") -> Report:
    """Write every regular stream of numbers to `folder`/<stream>.edf or .bdf; see `write_stream`."""
    view = view_of(session)
    report = Report(left_out=list(view.left_out))
    for stream in view.streams:
        why = unsuited(stream)
        if why:
            report.left_out.append(LeftOut(f"stream {view.name(stream)}", f"{kind.upper()} holds no {why}"))
            continue
        report.add(write_stream(view, stream, folder / f"{view.name(stream)}.{kind}", kind))
    return report


def unsuited(stream: Stream) -> str:
    """Say what of a stream a format with one rate cannot hold, "" if it can."""
    if stream.info.is_blob:
        return "pictures" if stream.info.dtype == "jpeg" else "texts of another program"
    if stream.info.rate_hz <= 0:
        return "streams without a rate"
    return "" if stream.rows else "stream without samples"


def write_stream(session: Session | View, stream: Stream, path: Path, kind: Kind = "edf") -> Report:
    """Write a stream with the session's events as annotations; raises ExportError, OSError.

    Counts stay: holes are filled with each channel's physical minimum, which no sample takes, under an
    annotation `BAD_gap`. The report says what quantisation cost (the largest error of any sample, in the
    file's unit), how far the clock ran from the nominal rate, and the exact start; `channels` there says
    which of the stream's channels each label is.
    """
    view = view_of(session)
    report = Report()
    grid = grid_of(stream)
    columns, refused = _columns(view, stream, kind)
    report.left_out += refused
    if not columns:
        report.left_out.append(LeftOut(f"stream {view.name(stream)}", f"no channel fits {kind.upper()}"))
        return report
    layout = _layout(grid, len(columns), kind)
    padding = -grid.samples % layout.samples
    notes = sorted([*_gap_notes(grid, padding), *event_notes(view, grid)], key=lambda note: note.onset_s)
    with new_file(path) as partial, partial.open("xb") as file:
        records = (grid.samples + padding) // layout.samples
        texts = _Texts(notes, records, layout, kind)
        start = view.utc_s(grid.start_s)
        file.write(_header(view, stream, columns, layout, records, texts.size, kind, start))
        errors, missing = _write_records(file, stream, grid, columns, layout, texts, kind)
    report.wrote.append(
        Wrote(
            path.name,
            view.name(stream),
            stream.rows,
            {
                "samples": grid.samples + padding,
                "filled": sum(hole.count for hole in grid.holes),
                "padded_at_end": padding,
                "not_a_number": missing,
                "largest_error": {
                    c.label: error * c.scale.factor for c, error in zip(columns, errors, strict=True)
                },
                "units": {c.label: c.scale.unit for c in columns},
                "channels": {c.label: c.place for c in columns},
                "rate_hz": layout.rate_hz,
                "drift_ppm": stream.time_model.drift_ppm,
                "furthest_from_corrected_time_s": grid.drift_s,
                "start_utc": _utc_text(start),
                "annotations": len(notes),
            },
        )
    )
    return report


def event_notes(view: View, grid: Grid) -> list[Annotation]:
    """Return the session's markers on a file's own axis."""
    markers = view.markers
    seconds = grid.seconds(np.array([time_s for time_s, _ in markers]))
    return [Annotation(float(at), text) for at, (_, text) in zip(seconds, markers, strict=True)]


def gap_notes(grid: Grid) -> list[Annotation]:
    """Return an annotation for every hole."""
    rate = grid.rate_hz
    return [Annotation(hole.place / rate, f"{GAP}: {hole.cause}", hole.count / rate) for hole in grid.holes]


def _gap_notes(grid: Grid, padding: int) -> list[Annotation]:
    end = [Annotation(grid.samples / grid.rate_hz, "BAD_end", padding / grid.rate_hz)] if padding else []
    return [*gap_notes(grid), *end]


def _columns(view: View, stream: Stream, kind: Kind) -> tuple[list[_Column], list[LeftOut]]:
    low, high = np.full(len(stream.info.channels), np.inf), np.full(len(stream.info.channels), -np.inf)
    for first, stop in row_blocks(stream):
        block = stream.data[first:stop].astype(np.float64)
        low = np.minimum(low, np.where(np.isfinite(block), block, np.inf).min(axis=0))
        high = np.maximum(high, np.where(np.isfinite(block), block, -np.inf).max(axis=0))
    empty = ~np.isfinite(low)
    low[empty], high[empty] = 0.0, 0.0
    is_whole = np.issubdtype(np.dtype(stream.info.dtype), np.integer)
    columns: list[_Column] = []
    refused: list[LeftOut] = []
    for place in view.channels(stream):
        unit = stream.info.units[place]
        scale = scale_for(float(low[place]), float(high[place]), unit, BITS[kind], is_whole, True)
        if scale is None:
            what = f"channel {stream.info.channels[place]} of {view.name(stream)}"
            refused.append(
                LeftOut(what, f"its values need more digits than the header of {kind.upper()} holds")
            )
        else:
            columns.append(_Column(place, _unique(stream.info.channels[place], columns), scale))
    return columns, refused


def _unique(label: str, others: Sequence[_Column]) -> str:
    text = ascii_text(label)[:16].strip() or "channel"
    taken = {column.label for column in others}
    count = 1
    unique = text
    while unique in taken:
        count += 1
        unique = f"{text[: 15 - len(str(count))]}~{count}"
    return unique


def ascii_text(text: str) -> str:
    """Return text in printable ASCII: letters without their accents, ? for the rest."""
    plain = unicodedata.normalize("NFKD", text.replace("µ", "u").replace("μ", "u").replace("°", "deg"))
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^ -~]", "?", kept.replace("Ω", "Ohm"))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Data records of `samples` a channel and `duration` seconds (its text in the header)."""

    samples: int
    duration: str

    @property
    def rate_hz(self) -> float:
        return float(self.samples / Fraction(self.duration))


def _layout(grid: Grid, channels: int, kind: Kind) -> _Layout:
    rate = Fraction(grid.rate_hz).limit_denominator(10_000)
    most = max(1, RECORD_BYTES // (channels * BITS[kind] // 8))
    fitting = [
        _Layout(int(rate * Fraction(text)), text)
        for text in (*_DURATIONS, *_SHORT)
        if (rate * Fraction(text)).denominator == 1 and rate * Fraction(text) >= 1
    ]
    if abs(float(rate) - grid.rate_hz) < 1e-9 * grid.rate_hz and fitting:
        small = [layout for layout in fitting if layout.samples <= most]
        return small[0] if small else min(fitting, key=lambda layout: layout.samples)
    # No short text says this rate exactly: come as near as eight characters can.
    samples = min(most, max(1, round(grid.rate_hz)))
    return _Layout(samples, f"{samples / grid.rate_hz:.8f}"[:8])


class _Texts:
    """Annotations spread over the data records, each beginning with the record's own onset."""

    def __init__(self, notes: Sequence[Annotation], records: int, layout: _Layout, kind: Kind) -> None:
        self._duration = Fraction(layout.duration)
        encoded = [_tal(note) for note in notes]
        width = BITS[kind] // 8
        heading = len(self._onset(max(0, records - 1)))
        size = max(map(len, encoded), default=0) + heading
        size = max(size, heading + -(-sum(map(len, encoded)) // max(1, records)), 15 * width)
        while (packed := self._packed(encoded, records, size)) is None:
            size = size * 5 // 4 + width
        self._records = packed
        self.size = -(-size // width) * width

    def _onset(self, record: int) -> bytes:
        return f"+{_decimal(float(record * self._duration))}\x14\x14\x00".encode()

    def _packed(self, encoded: Sequence[bytes], records: int, size: int) -> list[bytes] | None:
        packed: list[bytes] = []
        next_one = 0
        for record in range(records):
            content = self._onset(record)
            while next_one < len(encoded) and len(content) + len(encoded[next_one]) <= size:
                content += encoded[next_one]
                next_one += 1
            packed.append(content)
        return packed if next_one == len(encoded) else None

    def record(self, number: int) -> bytes:
        return self._records[number].ljust(self.size, b"\0")


def _tal(note: Annotation) -> bytes:
    text = re.sub(r"[\x00-\x1f\x7f]", " ", note.text)[:LONGEST_TEXT]
    duration = "" if note.duration_s is None else f"\x15{_decimal(note.duration_s)}"
    sign = "" if note.onset_s < 0 else "+"
    return f"{sign}{_decimal(note.onset_s)}{duration}\x14{text}\x14\x00".encode()


def _decimal(value: float) -> str:
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _header(
    view: View,
    stream: Stream,
    columns: Sequence[_Column],
    layout: _Layout,
    records: int,
    text_bytes: int,
    kind: Kind,
    start_utc_s: float | None,
) -> bytes:
    start = ANONYMOUS_START
    if start_utc_s is not None and not view.is_anonymous:
        start = utc_moment(start_utc_s)
    if not 1985 <= start.year <= 2084:
        start = ANONYMOUS_START
    day = f"{start.day:02d}-{_MONTHS[start.month - 1]}-{start.year}"
    exact = start.strftime("%H:%M:%S.%f") if not view.is_anonymous else "X"
    subject = re.sub(r"[^!-~]", "_", ascii_text(str(view.head.get("participant") or "X")))
    device = re.sub(r"[^!-~]", "_", ascii_text(view.device(stream)))[:24] or "X"
    version = b"0".ljust(8) if kind == "edf" else b"\xffBIOSEMI"
    sizes = [layout.samples] * len(columns) + [text_bytes // (BITS[kind] // 8)]
    lowest, highest = -(2 ** (BITS[kind] - 1)), 2 ** (BITS[kind] - 1) - 1
    head = [
        (f"{subject} X X X", 80),
        (f"Startdate {'X' if view.is_anonymous else day} X X {device} {exact}", 80),
        (start.strftime("%d.%m.%y"), 8),
        (start.strftime("%H.%M.%S"), 8),
        (str(256 * (len(sizes) + 1)), 8),
        (f"{kind.upper()}+C", 44),
        (str(records), 8),
        (layout.duration, 8),
        (str(len(sizes)), 4),
    ]
    none = [""] * len(columns)
    fields: list[tuple[list[str], int]] = [
        ([*(column.label for column in columns), f"{kind.upper()} Annotations"], 16),
        ([*none, ""], 80),
        ([*(ascii_text(column.scale.unit)[:8] for column in columns), ""], 8),
        ([*(column.scale.low_text for column in columns), "-1"], 8),
        ([*(column.scale.high_text for column in columns), "1"], 8),
        ([*(str(column.scale.lowest) for column in columns), str(lowest)], 8),
        ([*(str(column.scale.highest) for column in columns), str(highest)], 8),
        ([*none, ""], 80),
        ([str(size) for size in sizes], 8),
        ([*none, ""], 32),
    ]
    texts = [text[:width].ljust(width) for text, width in head]
    texts += [text[:width].ljust(width) for entries, width in fields for text in entries]
    return version + "".join(texts).encode("ascii")


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _write_records(
    file: BinaryIO,
    stream: Stream,
    grid: Grid,
    columns: Sequence[_Column],
    layout: _Layout,
    texts: _Texts,
    kind: Kind,
) -> tuple[list[float], int]:
    """Write all data records; return each channel's largest error and how many values were no numbers."""
    errors = [0.0] * len(columns)
    missing = 0
    pending = np.zeros((0, len(columns)), np.int32)
    record = 0
    for block in _blocks(stream, grid, layout.samples):
        integers = np.empty((len(block), len(columns)), np.int32)
        for number, column in enumerate(columns):
            if block.dtype == object:
                integers[:, number] = column.scale.lowest
                continue
            values = block[:, column.place].astype(np.float64)
            integers[:, number] = column.scale.integers(values)
            apart = np.abs(values - column.scale.values(integers[:, number]))[np.isfinite(values)]
            errors[number] = max(errors[number], float(apart.max(initial=0.0)))
            missing += int(np.count_nonzero(~np.isfinite(values)))
        pending = np.concatenate([pending, integers])
        whole = len(pending) // layout.samples
        for number in range(whole):
            rows = pending[number * layout.samples : (number + 1) * layout.samples]
            file.write(_bytes(rows.T, kind) + texts.record(record))
            record += 1
        pending = pending[whole * layout.samples :]
    if len(pending):
        fill = np.array([[column.scale.lowest for column in columns]], np.int32)
        rows = np.concatenate([pending, np.repeat(fill, layout.samples - len(pending), axis=0)])
        file.write(_bytes(rows.T, kind) + texts.record(record))
    return errors, missing


def _blocks(stream: Stream, grid: Grid, samples: int) -> Iterator[NDArray[Any]]:
    """Yield the rows in order; holes as arrays (n, 1) of None."""
    step = max(samples, 262_144 // len(stream.info.channels))
    for _, count, first in grid.pieces(step):
        yield np.empty((count, 1), object) if first < 0 else stream.data[first : first + count]


def _bytes(integers: NDArray[np.int32], kind: Kind) -> bytes:
    if kind == "edf":
        return integers.astype("<i2").tobytes()
    whole = np.ascontiguousarray(integers, "<i4")
    return np.ascontiguousarray(whole.view("u1").reshape(*whole.shape, 4)[..., :3]).tobytes()


def _utc_text(utc_s: float | None) -> str:
    return "" if utc_s is None else utc_moment(utc_s).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
