"""EDF, EDF+ and BDF recordings (https://www.edfplus.info/specs/): signals by rate, annotations as events.

Read here and not by a library, because EDF+D (files with gaps) is refused by those there are. Names and
dates of birth in the header stay behind; the participant's code takes their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import (
    Imported,
    ImportedStream,
    ImportFileError,
    Rows,
    Source,
    stream_id,
    unique,
)
from analysis.exchange.import_trials import imagery_words, imagined
from analysis.records import Gap, StreamInfo

HEAD_BYTES = 256
BLOCK_BYTES = 4 * 1024 * 1024
MOST_SIGNALS = 10_000
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
STATUS = "Status"
TRIGGER_BITS = 0xFFFF
"""The lower 16 bits of BioSemi's status channel are the trigger inputs."""
GAP = "gap of an EDF+D file"
GAP_S = 1e-6
TIME_SOURCE = "place in the file and its rate; of EDF+D the records' own times"
KINDS = (
    "eeg",
    "ecg",
    "eog",
    "emg",
    "resp",
    "temp",
    "eda",
    "gsr",
    "ppg",
    "bvp",
    "acc",
    "sao2",
    "light",
    "sound",
)
SAME = {"temp": "temperature", "gsr": "eda", "acc": "acceleration", "resp": "respiration"}
_TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\x00]*)\x00")


@dataclass(frozen=True, slots=True)
class _Signal:
    """One signal's header; `place` is where its samples begin in a record, in samples of the file."""

    label: str
    transducer: str
    unit: str
    low: float
    high: float
    digital_low: int
    digital_high: int
    prefilter: str
    count: int
    place: int

    @property
    def is_annotation(self) -> bool:
        return self.label in ANNOTATIONS

    def physical(self, digital: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return digital values in the signal's unit."""
        step = (self.high - self.low) / (self.digital_high - self.digital_low)
        return np.asarray(step * (self.high / step - self.digital_high + digital), np.float64)


@dataclass(frozen=True, slots=True)
class _File:
    """The header of a file and how many whole records there are."""

    path: Path
    sample_bytes: int
    is_plus: bool
    has_gaps: bool
    start_utc_s: float | None
    head_bytes: int
    records: int
    record_s: float
    signals: tuple[_Signal, ...]
    statements: tuple[str, ...]

    @property
    def record_samples(self) -> int:
        return sum(signal.count for signal in self.signals)

    def blocks(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the number of the first record and records as bytes (n, samples, sample_bytes)."""
        size = self.record_samples * self.sample_bytes
        step = max(1, BLOCK_BYTES // size)
        with self.path.open("rb") as file:
            file.seek(self.head_bytes)
            for first in range(0, self.records, step):
                count = min(step, self.records - first)
                content = np.frombuffer(file.read(count * size), np.uint8)
                if len(content) != count * size:
                    raise ImportFileError(f"{self.path}: ended while it was read. Copy it again.")
                yield first, content.reshape(count, self.record_samples, self.sample_bytes)

    def digital(self, block: NDArray[np.uint8], signal: _Signal) -> NDArray[np.int32]:
        """Return one signal's samples of some records, one after the other."""
        part = block[:, signal.place : signal.place + signal.count].astype(np.int32)
        value = part[..., 0]
        for place in range(1, self.sample_bytes):
            value = value | part[..., place] << (8 * place)
        sign = 1 << (8 * self.sample_bytes - 1)
        return np.asarray((value ^ sign) - sign, np.int32).reshape(-1)


@dataclass(slots=True)
class _Told:
    """What the annotations tell: events as (onset in s, kind, payload), and when each record begins."""

    events: list[tuple[float, str, Mapping[str, Any]]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    damaged: int = 0


def read_edf(path: Path) -> Imported:
    """Read an EDF, EDF+ or BDF file; raises ImportFileError.

    Time 0 is the start that the header says. Of a file that was cut off all whole records are read, and
    `statements` say so.
    """
    file = _header(path)
    told = _annotations(file)
    starts: NDArray[np.float64] = np.arange(file.records, dtype=np.float64) * file.record_s
    if told.starts:
        # Only EDF+D promises nothing between records; the others' own times may be rounded.
        starts = np.array(told.starts) if file.has_gaps else starts + told.starts[0]
    statements = list(file.statements)
    if told.damaged:
        statements.append(
            f"{told.damaged} records have no readable time of their own; they follow the others."
        )
    streams: list[ImportedStream] = []
    groups: dict[float, list[_Signal]] = {}
    for signal in file.signals:
        if not signal.is_annotation and file.record_s > 0:
            groups.setdefault(signal.count / file.record_s, []).append(signal)
    for rate, signals in groups.items():
        streams.append(_stream(file, signals, rate, starts, [stream.info.id for stream in streams]))
    events = [*told.events, *_triggers(file, starts)]
    if file.start_utc_s is not None:
        statements.append(
            "The start is local time of an unknown zone in the file; it is kept as if it were UTC."
        )
    trials = imagined(told.events)
    statements += imagery_words(told.events, trials)
    kind = ("BDF" if file.sample_bytes == 3 else "EDF") + ("+" if file.is_plus else "")
    return Imported(
        program=kind,
        streams=tuple(streams),
        events=tuple(events),
        sources=(Source.of(path),),
        start_utc_s=file.start_utc_s,
        statements=tuple(statements),
        trials=trials,
    )


def _header(path: Path) -> _File:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        is_bdf = head[:8] == b"\xffBIOSEMI"
        if len(head) < HEAD_BYTES or not (is_bdf or head[:8].rstrip() == b"0"):
            raise ImportFileError(f"{path}: is neither EDF nor BDF.")
        text = head.decode("latin-1")
        count = int(_number(path, "number of signals", text[252:256], 0, MOST_SIGNALS))
        head_bytes = int(_number(path, "size of the header", text[184:192], 256, 256 * (MOST_SIGNALS + 1)))
        if head_bytes != HEAD_BYTES * (count + 1):
            raise ImportFileError(f"{path}: its header has {head_bytes} bytes for {count} signals.")
        table = file.read(HEAD_BYTES * count).decode("latin-1")
        if len(table) < HEAD_BYTES * count:
            raise ImportFileError(f"{path}: was cut off in its header. Copy it again.")
    signals = _signals(path, table, count)
    reserved = text[192:236].strip()
    sample_bytes = 3 if is_bdf else 2
    record_s = _number(path, "length of a record", text[244:252], 0.0, 1e9)
    records = int(_number(path, "number of records", text[236:244], -1, 2**40))
    record_bytes = sum(signal.count for signal in signals) * sample_bytes
    there = (size - head_bytes) // record_bytes if record_bytes else 0
    statements = []
    if records < 0:
        statements.append(
            "The program that recorded did not come to the end: the header says no number of records."
        )
    elif there < records:
        statements.append(f"The file is cut off: {there} of {records} records are there.")
    elif there > records:
        statements.append(f"{there - records} records behind the end that the header says were left out.")
    return _File(
        path=path,
        sample_bytes=sample_bytes,
        is_plus=reserved[:4] in ("EDF+", "BDF+"),
        has_gaps=reserved[:5] in ("EDF+D", "BDF+D"),
        start_utc_s=_start(text[168:176], text[176:184], text[88:168]),
        head_bytes=head_bytes,
        records=there if records < 0 else min(records, there),
        record_s=record_s,
        signals=signals,
        statements=tuple(statements),
    )


def _signals(path: Path, table: str, count: int) -> tuple[_Signal, ...]:
    fields: list[list[str]] = []
    place = 0
    for width in (16, 80, 8, 8, 8, 8, 8, 80, 8, 32):
        column = table[place : place + width * count]
        fields.append([column[i * width : (i + 1) * width].strip() for i in range(count)])
        place += width * count
    signals: list[_Signal] = []
    placed = 0
    for label, transducer, unit, low, high, digital_low, digital_high, prefilter, samples, _ in zip(
        *fields, strict=True
    ):
        what = f"of the signal {label!r}"
        signal = _Signal(
            label=label,
            transducer=transducer,
            unit=unit,
            low=_number(path, f"physical minimum {what}", low, -1e300, 1e300),
            high=_number(path, f"physical maximum {what}", high, -1e300, 1e300),
            digital_low=int(_number(path, f"digital minimum {what}", digital_low, -(2**31), 2**31)),
            digital_high=int(_number(path, f"digital maximum {what}", digital_high, -(2**31), 2**31)),
            prefilter=prefilter,
            count=int(_number(path, f"number of samples {what}", samples, 1, 2**24)),
            place=placed,
        )
        if signal.digital_low == signal.digital_high or signal.low == signal.high:
            raise ImportFileError(f"{path}: minimum and maximum {what} are equal: its values mean nothing.")
        placed += signal.count
        signals.append(signal)
    return tuple(signals)


def _number(path: Path, what: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text.strip().replace(",", ".")) if "_" not in text else float("nan")
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise ImportFileError(
            f"{path}: the header says {text.strip()[:20]!r} for the {what}, which cannot be."
        )
    return value


def _start(date: str, time: str, recording: str) -> float | None:
    """Return the start as seconds since 1970 as if it were UTC, None where it is no date."""
    long_date = re.match(r"Startdate (\d\d)-([A-Z]{3})-(\d{4})", recording)
    clock = re.fullmatch(r"(\d\d)[.:](\d\d)[.:](\d\d)", time.strip())
    short = re.fullmatch(r"(\d\d)[.\-/](\d\d)[.\-/](\d\d)", date.strip())
    if clock is None:
        return None
    try:
        if long_date is not None:
            months = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()  # noqa: SIM905
            day = (int(long_date[3]), months.index(long_date[2]) + 1, int(long_date[1]))
        elif short is not None:
            year = int(short[3])
            day = (year + (1900 if year >= 85 else 2000), int(short[2]), int(short[1]))
        else:
            return None
        return datetime(*day, int(clock[1]), int(clock[2]), int(clock[3]), tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _annotations(file: _File) -> _Told:
    """Read all annotations; the first of each record says when it begins."""
    told = _Told()
    places = [signal for signal in file.signals if signal.is_annotation]
    if not (file.is_plus and places):
        return told
    for first, block in file.blocks():
        for row in range(len(block)):
            expected = told.starts[-1] + file.record_s if told.starts else (first + row) * file.record_s
            begins: float | None = None
            for signal in places:
                content = block[row, signal.place : signal.place + signal.count].tobytes()
                for number, found in enumerate(_TAL.finditer(content)):
                    onset = float(found[1])
                    texts = found[3].split(b"\x14")[:-1] if found[3] else []
                    if number == 0 and signal is places[0]:
                        begins, texts = onset, texts[1:] if texts and not texts[0] else texts
                    told.events += [_event(onset, found[2], text) for text in texts if text]
            if begins is None:
                told.damaged += 1
            told.starts.append(expected if begins is None else begins)
    return told


def _event(onset_s: float, duration: bytes | None, text: bytes) -> tuple[float, str, Mapping[str, Any]]:
    payload: dict[str, Any] = {"text": text.decode("utf-8", "replace")}
    if duration:
        payload["duration_s"] = float(duration)
    return onset_s, "annotation", payload


def _triggers(file: _File, starts: NDArray[np.float64]) -> Iterator[tuple[float, str, Mapping[str, Any]]]:
    """Yield each change of BioSemi's trigger inputs to another code than 0."""
    signal = next((s for s in file.signals if file.sample_bytes == 3 and s.label == STATUS), None)
    if signal is None or not file.record_s:
        return
    before = 0
    for first, block in file.blocks():
        codes = file.digital(block, signal) & TRIGGER_BITS
        changed = np.flatnonzero(np.diff(codes, prepend=before))
        for row in changed[codes[changed] != 0]:
            record, place = divmod(int(row), signal.count)
            time_s = float(starts[first + record]) + place * file.record_s / signal.count
            yield time_s, "trigger", {"code": int(codes[row])}
        before = int(codes[-1])


def _stream(
    file: _File, signals: list[_Signal], rate_hz: float, starts: NDArray[np.float64], taken: list[str]
) -> ImportedStream:
    count = signals[0].count
    kinds = tuple(_kind(signal) for signal in signals)
    kind = kinds[0] if len(set(kinds)) == 1 else "signals"
    info = StreamInfo(
        id=stream_id(f"{kind}-{rate_hz:g}hz", taken),
        kind=kind,
        origin="imported",
        channels=unique([signal.label or f"{i + 1}" for i, signal in enumerate(signals)]),
        units=tuple(signal.unit for signal in signals),
        channel_kinds=kinds,
        rate_hz=rate_hz,
        dtype="float64",
        time_source=TIME_SOURCE,
        details={
            "transducers": sorted({signal.transducer for signal in signals}),
            "prefilters": sorted({signal.prefilter for signal in signals}),
            "physical_range": sorted({(signal.low, signal.high) for signal in signals}),
        },
    )

    def blocks() -> Iterator[Rows]:
        within = np.arange(count) * (file.record_s / count)
        for first, block in file.blocks():
            times = (starts[first : first + len(block), None] + within).reshape(-1)
            columns = [signal.physical(file.digital(block, signal)) for signal in signals]
            yield times, np.column_stack(columns)

    return ImportedStream(info, file.records * count, blocks, _gaps(file, starts, count, rate_hz))


def _gaps(file: _File, starts: NDArray[np.float64], count: int, rate_hz: float) -> tuple[Gap, ...]:
    holes = np.diff(starts) - file.record_s
    return tuple(
        Gap(
            int(record + 1) * count - 1,
            int(record + 1) * count,
            max(0, round(float(holes[record]) * rate_hz)),
            GAP,
        )
        for record in np.flatnonzero(np.abs(holes) > max(GAP_S, 0.5 / rate_hz))
    )


def _kind(signal: _Signal) -> str:
    """Return what a signal is of by its label ('EEG Fp1', as EDF+ wants it)."""
    word = re.match(r"[A-Za-z0-9]+", signal.label)
    found = word[0].lower() if word else ""
    if found in KINDS:
        return SAME.get(found, found)
    return "trigger" if signal.label == STATUS else "other"
