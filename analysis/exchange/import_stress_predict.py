"""Stress-Predict: wristband recordings of people who were stressed by three tasks and rested between them.

Iqbal et al., "Stress Monitoring Using Wearable Sensors: A Pilot Study and Stress-Predict Dataset", Sensors
22:8135 (2022). A folder with `Sxx.zip` as the Empatica E4 gives them, `labels.csv.gz` (participant, second,
0 or 1) and `task_times.csv` (begin and end of each task, to the minute, on a clock of twelve hours).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_e4 import read_e4
from analysis.exchange.import_session import Imported, ImportFileError, Source
from analysis.exchange.import_set import Member
from analysis.exchange.import_trials import ImportedStage, ImportedTrial

LABELS, TASKS = "labels.csv.gz", "task_times.csv"
LABELS_BYTES = 64 * 1024 * 1024
COLUMNS: Mapping[str, str] = {
    "Baseline/Questionniare": "baseline",
    "Stroop Test": "stroop",
    "Relax": "relax-1",
    "Interview": "interview",
    "Relax.1": "relax-2",
    "Hyperventilation": "hyperventilation",
    "Relax.2": "relax-3",
    "Questionniare": "questionnaire",
    "Relax/Baseline": "relax-4",
}
"""Columns of the table of times (each is followed by that of the end) and what we call the tasks."""
STRESSFUL = frozenset({"stroop", "interview", "hyperventilation"})
CATEGORIES = ("rest", "stress")
HALF_DAY_S = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the table of times has it, unix seconds."""

    name: str
    start_utc_s: float
    stop_utc_s: float


def members(source: Path) -> tuple[Member, ...]:
    """Return the participants of the folder (or the one whose zip is named); raises ImportFileError."""
    folder = source if source.is_dir() else source.parent
    found = [source] if source.is_file() else [*folder.glob("S[0-9][0-9].zip"), *_folders(folder)]
    found = sorted(place for place in found if re.fullmatch(r"S\d{2}", place.stem))
    if not found:
        raise ImportFileError(f"{source}: holds no Sxx.zip of Stress-Predict. Choose the folder of the set.")
    for name in (LABELS, TASKS):
        if not (folder / name).is_file():
            raise ImportFileError(f"{folder}: {name} is missing. Put it beside the zip files.")
    labels, tasks = _labels(folder / LABELS), _tasks(folder / TASKS)
    tables = (Source.of(folder / LABELS), Source.of(folder / TASKS))
    return tuple(
        Member(
            place.stem,
            1,
            place,
            partial(_read, place, labels.get(place.stem), tasks.get(place.stem, ()), tables),
        )
        for place in found
    )


def _folders(folder: Path) -> Iterator[Path]:
    return (place for place in folder.glob("S[0-9][0-9]") if place.is_dir())


def _read(
    place: Path, labels: NDArray[np.int64] | None, tasks: tuple[Task, ...], tables: tuple[Source, ...]
) -> Imported:
    imported = read_e4(place)
    program = "Stress-Predict (Empatica E4 export)"
    if labels is None:
        text = f"{LABELS} says nothing of {place.stem}: the recording has no trials."
        statements = (*imported.statements, text)
        return replace(imported, program=program, statements=statements, tables=tables)
    trials = _trials(labels, tasks, imported.start_utc_s or 0.0)
    return replace(imported, program=program, trials=trials, tables=tables)


def _trials(
    labels: NDArray[np.int64], tasks: tuple[Task, ...], start_utc_s: float
) -> tuple[ImportedTrial, ...]:
    """Return a trial for each run of equal labels, parted where one task of rest follows another.

    The labels are to the second and the times of tasks to the minute, so a run takes its borders from the
    labels and its name from the task that it covers most of.
    """
    middle = float(labels[:, 0].mean())
    placed = [_on_the_day(task, middle) for task in tasks]
    found: list[ImportedTrial] = []
    for first_s, stop_s, value in _runs(labels):
        for name, begin_s, end_s in _named(placed, first_s, stop_s, bool(value)):
            start, stop = begin_s - start_utc_s, end_s - start_utc_s
            stage = ImportedStage("task", "" if value else "rest", start, stop)
            found.append(ImportedTrial(name, CATEGORIES[value], start, stop, (stage,)))
    return tuple(found)


def _runs(labels: NDArray[np.int64]) -> Iterator[tuple[float, float, int]]:
    """Yield begin, end and value of the runs of equal labels without a missing second."""
    seconds, values = labels[:, 0], labels[:, 1]
    edges = np.flatnonzero((np.diff(values) != 0) | (np.diff(seconds) != 1)) + 1
    for first, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(values)], strict=True):
        yield float(seconds[first]), float(seconds[stop - 1] + 1), int(values[first])


def _named(
    tasks: list[Task], first_s: float, stop_s: float, is_stress: bool
) -> Iterator[tuple[str, float, float]]:
    """Yield name, begin and end of the tasks of a run; one that mostly lies elsewhere is not of it."""
    kin = [task for task in tasks if (task.name in STRESSFUL) == is_stress]
    inside = [task for task in kin if _common(task, first_s, stop_s) >= 0.5 * _length(task)]
    if not inside:
        inside = sorted(kin, key=lambda task: -_common(task, first_s, stop_s))[:1]
    inside.sort(key=lambda task: task.start_utc_s)
    names = [task.name for task in inside] or ["unknown"]
    starts = [first_s, *(min(max(task.start_utc_s, first_s), stop_s) for task in inside[1:])]
    for name, begin_s, end_s in zip(names, starts, [*starts[1:], stop_s], strict=True):
        if end_s > begin_s:
            yield name, begin_s, end_s


def _common(task: Task, first_s: float, stop_s: float) -> float:
    return max(0.0, min(task.stop_utc_s, stop_s) - max(task.start_utc_s, first_s))


def _length(task: Task) -> float:
    return task.stop_utc_s - task.start_utc_s


def _on_the_day(task: Task, middle_utc_s: float) -> Task:
    """Return a task in the half of the day that the recording was in."""

    def near(time_s: float) -> float:
        return time_s + HALF_DAY_S * round((middle_utc_s - time_s) / HALF_DAY_S)

    return Task(task.name, near(task.start_utc_s), near(task.stop_utc_s))


def _labels(path: Path) -> dict[str, NDArray[np.int64]]:
    """Return (n, 2) second and label of each participant, in order of time."""
    try:
        with gzip.open(path, "rb") as file:
            content = file.read(LABELS_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ImportFileError(f"{path}: cannot be unpacked. Download it again.") from error
    if len(content) > LABELS_BYTES:
        raise ImportFileError(f"{path}: is too large to be the labels of the set.")
    rows: dict[str, list[tuple[int, int]]] = {}
    for line, row in enumerate(csv.reader(io.StringIO(content.decode("utf-8", "replace"))), start=1):
        if line == 1 or not row:
            continue
        if len(row) != 3 or not row[1].isdecimal() or row[2] not in ("0", "1"):
            raise ImportFileError(f"{path}:{line}: is not participant, second and 0 or 1. Mend the line.")
        rows.setdefault(row[0], []).append((int(row[1]), int(row[2])))
    return {who: np.array(sorted(set(found)), np.int64) for who, found in rows.items()}


def _tasks(path: Path) -> dict[str, tuple[Task, ...]]:
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8", errors="replace"))))
    head = lines[0] if lines else []
    missing = [name for name in (*COLUMNS, "Date") if name not in head]
    if missing:
        raise ImportFileError(f"{path}:1: has no column {missing[0]}. Take the table that the set brings.")
    found: dict[str, tuple[Task, ...]] = {}
    for line, row in enumerate(lines[1:], start=2):
        if row and re.fullmatch(r"S\d{2}", row[0]):
            day = "".join(row[head.index("Date") :][:1])
            cells = {name: row[head.index(column) :][:2] for column, name in COLUMNS.items()}
            known = [_task(path, line, name, day, texts) for name, texts in cells.items()]
            found[row[0]] = tuple(task for task in known if task is not None)
    return found


def _task(path: Path, line: int, name: str, day: str, texts: list[str]) -> Task | None:
    """Return a task, None where its cells are empty."""
    if not all(texts):
        return None
    try:
        start_s, stop_s = (
            datetime.strptime(f"{day} {text}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
            for text in texts
        )
    except ValueError as error:
        raise ImportFileError(f"{path}:{line}: {texts} on {day!r} is no time. Mend the line.") from error
    return Task(name, start_s, stop_s)
