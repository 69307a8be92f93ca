"""WiFi channel state information: logs of ESP32 nodes, a session each; what passes becomes the trials.

A folder of `WHO_N.csv` (who or where, and which visit or day; `WHO.csv` is the first), columns as
`analysis.exchange.csi_log` tells. Beside them, if there is one, `events.csv` with the columns label and
time_s (or start_s and stop_s), seconds since the first reading, and file where there are several logs
(WHO_N.csv, or WHO_N, as the page Passages writes it): its labels become the category of the passages that the
detector found. Others have none until somebody labels them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.csi.chain import MARGIN, RATE_HZ
from analysis.csi.detector import Detection, detect, level_db
from analysis.exchange.csi_log import SUBCARRIERS, Log, read_log
from analysis.exchange.import_session import (
    Imported,
    ImportedStream,
    ImportFileError,
    Rows,
    Source,
    stream_of,
)
from analysis.exchange.import_set import Member, files_in, stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial
from analysis.records import Gap

EVENTS = "events.csv"
NAME = re.compile(r"(?P<who>.+?)(?:_(?:ses-?|day-?)?(?P<session>\d{1,3}))?")
RECORDING = re.compile(r"sub-(?P<who>[A-Za-z0-9]+)_ses-(?P<session>\d{1,3})(?:_.*)?")
"""How a study calls its recordings: events.csv may name them so."""
LONGEST_BRIDGE_S = 0.2
"""Readings further apart than this have a gap between them; closer ones are joined by a line."""
LONGEST_S = 24 * 3600.0
STAGE = "passage"
NAMED_LINES = 5
Key = tuple[str, int]
"""Who or where, and which visit."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of events.csv: which log ("" for any), from when to when, and the label."""

    file: str
    start_s: float
    stop_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Even:
    """Amplitudes (n, 52) and RSSI (n,) on a grid of 50 Hz, NaN in gaps.

    `bridged` points lie between readings that were further apart than usual.
    """

    amplitudes: NDArray[np.float64]
    rssi_dbm: NDArray[np.float64]
    bridged: int


def members(source: Path) -> tuple[Member, ...]:
    """Return the logs of a folder (or the one that is named), in order; raises ImportFileError, OSError."""
    logs = [path for path in files_in(source, "*.csv", "CSI log") if path.name != EVENTS]
    if not logs:
        raise ImportFileError(f"{source}: holds no CSI log beside {EVENTS}. Choose the folder of the logs.")
    table = (source if source.is_dir() else source.parent) / EVENTS
    said = read_events(table) if table.is_file() else ()
    sources = (Source.of(table),) if table.is_file() else ()
    found: dict[Key, Path] = {}
    for path in logs:
        key = _key(path.stem)
        if not key[0]:
            raise ImportFileError(f"{path}: its name has no letter or digit. Name it WHO_N.csv.")
        if key in found:
            raise ImportFileError(
                f"{path}: is visit {key[1]} of {key[0]}, as {found[key].name} is. Rename one."
            )
        found[key] = path
    alone = next(iter(found)) if len(found) == 1 else None
    owners = [alone if not each.file else _key(re.sub(r"\.csv$", "", each.file, flags=re.I)) for each in said]
    lost = _ownerless([each for each, key in zip(said, owners, strict=True) if key not in found])
    return tuple(
        Member(
            *key,
            path,
            partial(
                read_csi,
                path,
                tuple(each for each, owner in zip(said, owners, strict=True) if owner == key),
                sources,
                lost if place == 0 else (),
            ),
        )
        for place, (key, path) in enumerate(sorted(found.items()))
    )


def _key(name: str) -> Key:
    """Return who and which visit a name without .csv stands for: of a log, or of a recording of a study."""
    known = RECORDING.fullmatch(name) or NAME.fullmatch(name)
    who = re.sub(r"[^A-Za-z0-9]", "", known["who"] if known else name)[:32]
    return who, int((known["session"] if known else None) or 1)


def _ownerless(said: Sequence[Said]) -> tuple[str, ...]:
    """Say which lines of events.csv belong to no log that is read."""
    told = []
    nameless = sum(not each.file for each in said)
    if nameless:
        told.append(
            f"{EVENTS}: {nameless} lines name no file, and there are several logs: they were left out."
        )
    files = list(dict.fromkeys(each.file for each in said if each.file))
    if files:
        named = ", ".join(files[:NAMED_LINES]) + (", …" if len(files) > NAMED_LINES else "")
        lines = len(said) - nameless
        told.append(f"{EVENTS}: {lines} lines are of files that are not here and were left out: {named}.")
    return tuple(told)


def read_events(path: Path) -> tuple[Said, ...]:
    """Return the labels of events.csv; raises ImportFileError with the line, OSError."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        lines = csv.DictReader(file)
        names = [name.strip() for name in lines.fieldnames or ()]
        if "label" not in names or not ({"time_s"} <= set(names) or {"start_s", "stop_s"} <= set(names)):
            raise ImportFileError(
                f"{path}:1: needs the columns label and time_s, or label, start_s and stop_s. It has "
                f"{', '.join(names) or 'none'}."
            )
        lines.fieldnames = names
        return tuple(_said(path, lines.line_num, row) for row in lines)


def _said(path: Path, line: int, row: dict[str, str | None]) -> Said:
    texts = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    first = texts.get("start_s") or texts.get("time_s") or ""
    last = texts.get("stop_s") or first
    try:
        start_s, stop_s = float(first), float(last)
    except ValueError:
        raise ImportFileError(f"{path}:{line}: {first!r} to {last!r} is no time. Write seconds.") from None
    if not (np.isfinite([start_s, stop_s]).all() and stop_s >= start_s and texts.get("label")):
        raise ImportFileError(f"{path}:{line}: needs a label, and an end that is not before its start.")
    return Said(texts.get("file") or "", start_s, stop_s, texts["label"])


def read_csi(
    path: Path, said: Sequence[Said] = (), tables: tuple[Source, ...] = (), more: tuple[str, ...] = ()
) -> Imported:
    """Read one log: amplitudes and RSSI at 50 Hz, and a trial for each passage; raises ImportFileError.

    `more` is to be told beside what is said of this log.
    """
    log = read_log(path)
    if log.times_s[-1] > LONGEST_S:
        raise ImportFileError(f"{path}: goes over {log.times_s[-1] / 3600:.0f} hours; a day is the most.")
    even = resampled_log(log)
    found = detect(level_db(even.amplitudes))
    trials, unfound = labelled(found, said)
    streams = (
        _stream("csi", "csi", [(f"sc{each:+d}", "csi", "") for each in SUBCARRIERS], even.amplitudes),
        _stream("rssi", "rssi", [("rssi", "rssi", "dBm")], even.rssi_dbm[:, None]),
    )
    told = (*_statements(log, even, trials, unfound), *more)
    return Imported(
        "ESP32 CSI log", streams, (), (Source.of(path),), 0.0, log.start_utc_s, told, trials, tables
    )


def resampled_log(log: Log) -> Even:
    """Return a log on its grid of 50 Hz: on the line between readings, NaN where they are too far apart."""
    times = log.times_s
    count = int(np.floor(times[-1] * RATE_HZ + 1e-6)) + 1
    at = np.arange(count) / RATE_HZ
    after = np.clip(np.searchsorted(times, at, "left"), 1, len(times) - 1)
    apart = times[after] - times[after - 1]
    exact = np.isclose(at, times[after], atol=1e-6) | np.isclose(at, times[after - 1], atol=1e-6)
    known = (apart <= LONGEST_BRIDGE_S) | exact
    share = np.clip((at - times[after - 1]) / apart, 0, 1)[:, None]
    values = np.column_stack([log.amplitudes.astype(np.float64), log.rssi_dbm])
    made = values[after - 1] * (1 - share) + values[after] * share
    made[~known] = np.nan
    bridged = int((known & ~exact & (apart > 1.5 / RATE_HZ)).sum())
    return Even(made[:, :-1], made[:, -1], bridged)


def labelled(found: Detection, said: Sequence[Said]) -> tuple[tuple[ImportedTrial, ...], tuple[Said, ...]]:
    """Return a trial for each event, with the label within a second of it; and labels of no event."""
    used: set[int] = set()
    trials = []
    for first, stop in found.events:
        start_s, stop_s = first / RATE_HZ, stop / RATE_HZ
        low, high = start_s - MARGIN / RATE_HZ, stop_s + MARGIN / RATE_HZ
        fitting = [
            place
            for place, each in enumerate(said)
            if place not in used and each.start_s <= high and each.stop_s >= low
        ]
        label = ""
        if fitting:
            middle = (start_s + stop_s) / 2
            chosen = min(fitting, key=lambda p: abs((said[p].start_s + said[p].stop_s) / 2 - middle))
            used.add(chosen)
            label = said[chosen].label
        stage = ImportedStage(STAGE, "", start_s, stop_s)
        trials.append(ImportedTrial(STAGE, label, start_s, stop_s, (stage,)))
    return tuple(trials), tuple(each for place, each in enumerate(said) if place not in used)


def _stream(
    name: str, kind: str, channels: list[tuple[str, str, str]], values: NDArray[np.float64]
) -> ImportedStream:
    known = np.flatnonzero(np.isfinite(values[:, 0]))
    holes = np.flatnonzero(np.diff(known) > 1)
    gaps = tuple(
        Gap(int(row), int(row) + 1, int(known[row + 1] - known[row] - 1), "no reading arrived")
        for row in holes
    )
    about = stream_info(
        name, kind, channels, RATE_HZ, "ESP32", "the node's microseconds, on a grid of 50 Hz from the first"
    )
    rows: Rows = (known / RATE_HZ, values[known].astype(np.float32))
    return stream_of(about, *rows, gaps=gaps)


def _statements(
    log: Log, even: Even, trials: Sequence[ImportedTrial], unfound: Sequence[Said]
) -> tuple[str, ...]:
    said = []
    lines = [(number, why) for number, why in log.bad if number]
    if lines:
        named = "; ".join(f"line {number} {why}" for number, why in lines[:NAMED_LINES])
        more = f"; and {len(lines) - NAMED_LINES} more" if len(lines) > NAMED_LINES else ""
        said.append(f"{len(lines)} lines are no readings and were left out: {named}{more}.")
    said += [f"{why}: left out." for number, why in log.bad if not number]
    if log.restarts:
        said.append(f"The node's clock began anew {log.restarts} times; a second was put in each time.")
    missing = int((~np.isfinite(even.rssi_dbm)).sum())
    if missing:
        said.append(f"{missing / RATE_HZ:.1f} s without a reading for over 0.2 s are gaps.")
    if even.bridged:
        said.append(f"{even.bridged} of {len(even.rssi_dbm)} points lie on a line across shorter holes.")
    empty = sum(not each.category for each in trials)
    said.append(f"{len(trials)} passages were detected, {empty} of them without a label.")
    if unfound:
        named = ", ".join(f"{each.label} at {each.start_s:g} s" for each in unfound[:NAMED_LINES])
        more = f" and {len(unfound) - NAMED_LINES} more" if len(unfound) > NAMED_LINES else ""
        said.append(f"No passage was detected where {EVENTS} has {named}{more}.")
    return tuple(said)
