"""Exports of Empatica E4 wristbands: a zip (or folder) of CSV files, as the device's portal writes them.

The first line of a file is its start (UTC, unix seconds), the second its rate in Hz, then come the
samples; IBI and tags differ. Nothing is unpacked to the disk.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import (
    Imported,
    ImportedStream,
    ImportFileError,
    Source,
    stream_of,
)
from analysis.records import StreamInfo

MEMBER_BYTES = 512 * 1024 * 1024
"""More than a week of the fastest signal: a longer file is none of a wristband's."""
TOTAL_BYTES = 1024 * 1024 * 1024
RATIO = 200
RATIO_FROM_BYTES = 16 * 1024 * 1024
SAME_RECORDING_S = 24 * 3600.0
LATEST_UTC_S = 4_102_444_800.0
"""The year 2100: a start behind it is no unix time in seconds."""
HIGHEST_RATE_HZ = 10_000.0
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What Python's reader raises for archives that are damaged, encrypted or packed in an unknown way."""
TIME_SOURCE = "start of the file and nominal rate, as the vendor's export says"
HR_LATER_S = 10.0
"""The vendor averages the heart rate over ten seconds, so that its file starts so much later."""


@dataclass(frozen=True, slots=True)
class _Signal:
    """A file of regular samples; `scale` turns what is written into the unit."""

    kind: str
    channels: tuple[str, ...]
    unit: str
    scale: float = 1.0


SIGNALS: Mapping[str, _Signal] = {
    "ACC.csv": _Signal("acceleration", ("x", "y", "z"), "g", 1 / 64),
    "BVP.csv": _Signal("bvp", ("bvp",), "nW"),
    "EDA.csv": _Signal("eda", ("eda",), "uS"),
    "TEMP.csv": _Signal("temperature", ("temperature",), "degC"),
    "HR.csv": _Signal("heart_rate", ("heart_rate",), "bpm"),
}
IBI, TAGS = "IBI.csv", "tags.csv"
KNOWN = (*SIGNALS, IBI, TAGS)


@dataclass(frozen=True, slots=True)
class _Samples:
    name: str
    start_utc_s: float
    rate_hz: float
    values: NDArray[np.float64]


def read_e4(path: Path) -> Imported:
    """Read an E4 export; raises ImportFileError with file and line.

    Times begin with 0 at the earliest start of a signal. Files that are missing or empty are told in
    `statements`; one that is damaged is an error.
    """
    texts, sources = _from_folder(path) if path.is_dir() else _from_zip(path)
    statements = [f"{name} is missing." for name in KNOWN if name not in texts and name != TAGS]
    signals: list[_Samples] = []
    for name, signal in SIGNALS.items():
        if name in texts:
            found = _samples(path, name, texts[name], len(signal.channels))
            if found is None:
                statements.append(f"{name} holds no samples.")
            else:
                signals.append(found)
    if not signals:
        raise ImportFileError(
            f"{path}: holds none of an E4's signals ({', '.join(SIGNALS)}). Choose the zip that E4 connect"
            " gives for one session."
        )
    start_utc_s = min(found.start_utc_s for found in signals)
    if max(found.start_utc_s for found in signals) - start_utc_s > SAME_RECORDING_S:
        raise ImportFileError(f"{path}: its files start more than a day apart. They are not one recording.")
    statements += _starts(signals, start_utc_s)
    streams = [_stream(found, start_utc_s) for found in signals]
    if IBI in texts:
        beats = _beats(path, texts[IBI], start_utc_s)
        if beats is None:
            statements.append(f"{IBI} holds no beats: none was found in the recording.")
        else:
            streams.append(beats)
    ends = [(len(found.values) - 1) / found.rate_hz + found.start_utc_s for found in signals]
    tags = _tags(path, texts.get(TAGS, ""))
    outside = [tag for tag in tags if not start_utc_s <= tag <= max(ends)]
    statements += [f"{TAGS}: {tag:.2f} lies outside the recording." for tag in outside]
    return Imported(
        program="Empatica E4 export",
        streams=tuple(streams),
        events=tuple((tag - start_utc_s, "tag", {"utc_s": tag}) for tag in tags),
        sources=sources,
        start_utc_s=start_utc_s,
        statements=tuple(statements),
    )


def _from_folder(path: Path) -> tuple[dict[str, str], tuple[Source, ...]]:
    files = {name: path / name for name in KNOWN if (path / name).is_file()}
    texts = {}
    for name, file in files.items():
        if file.stat().st_size > MEMBER_BYTES:
            raise ImportFileError(f"{file}: is too large to be of an E4.")
        texts[name] = _text(path, name, file.read_bytes())
    return texts, tuple(Source.of(file) for file in files.values())


def _from_zip(path: Path) -> tuple[dict[str, str], tuple[Source, ...]]:
    texts: dict[str, str] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in _members(path, archive):
                name = PurePosixPath(member.filename).name
                if name in texts:
                    raise ImportFileError(f"{path}: holds {name} twice. Choose the zip of one session.")
                with archive.open(member) as file:
                    # What the list of contents says of its size need not be true.
                    content = file.read(MEMBER_BYTES + 1)
                if len(content) > MEMBER_BYTES:
                    raise ImportFileError(f"{path}: {name} is too large to be of an E4.")
                texts[name] = _text(path, name, content)
    except ZIP_ERRORS as error:
        raise ImportFileError(
            f"{path}: cannot be read as a zip ({_reason(error)}). Download it again."
        ) from error
    return texts, (Source.of(path),)


def _members(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members to read; raises ImportFileError for an archive that is not what it says."""
    wanted = []
    for member in archive.infolist():
        name = member.filename.replace("\\", "/")
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or ":" in name or "\0" in name:
            raise ImportFileError(f"{path}: holds a file with the name {member.filename!r}. Do not trust it.")
        # macOS adds files of its own under the same names.
        if place.name in KNOWN and "__MACOSX" not in place.parts:
            wanted.append(member)
    size = sum(member.file_size for member in wanted)
    packed = sum(member.compress_size for member in wanted)
    if size > TOTAL_BYTES or (size > RATIO_FROM_BYTES and size > RATIO * max(1, packed)):
        raise ImportFileError(
            f"{path}: would unpack to {size} bytes. It is not a recording; do not trust it."
        )
    return wanted


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _text(path: Path, name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFileError(f"{path}: {name} is not a text file. Download the export again.") from error


def _lines(text: str) -> list[str]:
    """Return lines without the empty ones at the end."""
    return text.rstrip().splitlines()


def _samples(path: Path, name: str, text: str, width: int) -> _Samples | None:
    """Return a file's samples, None if there are none; raises ImportFileError."""
    lines = _lines(text)
    if not lines:
        return None
    # The portal repeats start and rate for each axis.
    start = _number(path, name, 1, lines[0].partition(",")[0], 0.0, LATEST_UTC_S)
    if len(lines) < 2:
        return None
    rate = _number(path, name, 2, lines[1].partition(",")[0], 0.0, HIGHEST_RATE_HZ)
    if rate <= 0:
        raise ImportFileError(f"{path}: {name}:2: {lines[1].strip()!r} is no rate in Hz.")
    values = _table(path, name, lines[2:], 3, width)
    return None if not len(values) else _Samples(name, start, rate, values)


def _table(path: Path, name: str, lines: list[str], first_line: int, width: int) -> NDArray[np.float64]:
    """Return rows of numbers; raises ImportFileError naming the first line that is none."""
    if not lines:
        return np.zeros((0, width))
    try:
        table = np.loadtxt(io.StringIO("\n".join(lines)), delimiter=",", comments=None, ndmin=2)
        is_whole = table.shape == (len(lines), width) and bool(np.isfinite(table).all())
    except ValueError:
        is_whole = False
    if is_whole:
        return np.asarray(table, np.float64)
    for number, line in enumerate(lines, start=first_line):
        cells = line.split(",")
        if len(cells) != width:
            raise ImportFileError(
                f"{path}: {name}:{number}: {len(cells)} values where {width} belong ({line.strip()!r})."
            )
        for cell in cells:
            _number(path, name, number, cell, -1e300, 1e300)
    raise ImportFileError(f"{path}: {name}: cannot be read as a table of numbers.")


def _number(path: Path, name: str, line: int, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    # Python reads 1_000 as a number; no program writes it.
    if not least <= value <= most or "_" in text:
        raise ImportFileError(f"{path}: {name}:{line}: {text.strip()[:40]!r} is not what belongs there.")
    return value


def _starts(signals: list[_Samples], start_utc_s: float) -> list[str]:
    """Tell of files that do not start together; the heart rate always starts ten seconds later."""
    return [
        f"{found.name} starts {found.start_utc_s - start_utc_s:g} s later than the recording."
        for found in signals
        if found.start_utc_s - start_utc_s not in (0.0, HR_LATER_S if found.name == "HR.csv" else 0.0)
    ]


def _info(kind: str, channels: tuple[str, ...], unit: str, rate_hz: float, file: str) -> StreamInfo:
    return StreamInfo(
        id=f"e4-{kind.replace('_', '-')}",
        kind=kind,
        origin="imported",
        channels=channels,
        units=(unit,) * len(channels),
        channel_kinds=(kind,) * len(channels),
        rate_hz=rate_hz,
        dtype="float64",
        device="Empatica E4",
        time_source=TIME_SOURCE,
        details={"file": file},
    )


def _stream(found: _Samples, start_utc_s: float) -> ImportedStream:
    signal = SIGNALS[found.name]
    times = found.start_utc_s - start_utc_s + np.arange(len(found.values)) / found.rate_hz
    info = _info(signal.kind, signal.channels, signal.unit, found.rate_hz, found.name)
    return stream_of(info, times, found.values * signal.scale)


def _beats(path: Path, text: str, start_utc_s: float) -> ImportedStream | None:
    """Return the intervals between heartbeats, at the beats' times; None if there are none."""
    lines = _lines(text)
    if len(lines) < 2:
        return None
    own = _number(path, IBI, 1, lines[0].partition(",")[0], 0.0, LATEST_UTC_S)
    table = _table(path, IBI, lines[1:], 2, 2)
    info = _info("ibi", ("ibi",), "s", 0.0, IBI)
    return stream_of(info, own - start_utc_s + table[:, 0], table[:, 1:])


def _tags(path: Path, text: str) -> list[float]:
    return [
        _number(path, TAGS, number, line, 0.0, LATEST_UTC_S)
        for number, line in enumerate(_lines(text), start=1)
        if line.strip()
    ]
