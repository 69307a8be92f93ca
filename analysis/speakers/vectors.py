"""Ready vectors from a file: one for a trial of a recording, made elsewhere, as CSV or npz.

CSV     recording,trial,v1,v2,...        (or one column `vector` with numbers between spaces)
npz     recording (n,) text, trial (n,) whole numbers, vector (n, d)
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.speakers.settings import SpeakersError

Key = tuple[str, int]
COLUMNS = ("recording", "trial")


@dataclass(frozen=True, slots=True)
class ReadyVectors:
    """Vectors (d,) by recording and trial."""

    dimension: int
    by_trial: Mapping[Key, NDArray[np.float32]]


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file of vectors; raises SpeakersError."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SpeakersError(f"{path}: cannot be read ({error.strerror}).") from error


def vectors_at(path: Path, sha256: str) -> ReadyVectors:
    """Return the vectors of a file, read once; raises SpeakersError for another checksum (unless "")."""
    now = file_checksum(path)
    if sha256 and now != sha256:
        raise SpeakersError(f"{path}: was changed since it was chosen. Choose it again.")
    return _read(path, now)


@lru_cache(maxsize=8)
def _read(path: Path, _: str) -> ReadyVectors:
    return _of_npz(path) if path.suffix.lower() == ".npz" else _of_csv(path)


def _of_npz(path: Path) -> ReadyVectors:
    try:
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            recordings, trials, vectors = file["recording"], file["trial"], file["vector"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise SpeakersError(
            f"{path}: holds no vectors ({error}). It needs the arrays recording, trial and vector."
        ) from error
    if (
        vectors.ndim != 2
        or not len(vectors) == len(recordings) == len(trials)
        or vectors.dtype.kind not in "fiu"
    ):
        raise SpeakersError(f"{path}: 'vector' must be numbers, a row for each recording and trial.")
    keys = [(str(name), int(trial)) for name, trial in zip(recordings, trials, strict=True)]
    return _gathered(path, keys, vectors.astype(np.float32))


def _of_csv(path: Path) -> ReadyVectors:
    keys: list[Key] = []
    rows: list[list[float]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            head = [name.strip().lower() for name in next(reader, [])]
            if tuple(head[:2]) != COLUMNS or len(head) < 3:
                raise SpeakersError(
                    f"{path}, line 1: the head must be recording,trial and the vector's columns."
                )
            is_packed = head[2:] == ["vector"]
            for line in reader:
                if line:
                    cells = line[2].split() if is_packed and len(line) == 3 else line[2:]
                    keys.append((line[0], int(line[1])))
                    rows.append([float(cell) for cell in cells])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpeakersError(f"{path}: cannot be read ({error}).") from error
    except (ValueError, IndexError) as error:
        raise SpeakersError(
            f"{path}, row {len(keys) + 2}: is no recording, trial and numbers ({error})."
        ) from error
    widths = {len(row) for row in rows}
    if len(widths) != 1 or not widths.pop():
        raise SpeakersError(f"{path}: every row needs a vector, and all of one length.")
    return _gathered(path, keys, np.array(rows, np.float32))


def _gathered(path: Path, keys: Sequence[Key], vectors: NDArray[np.float32]) -> ReadyVectors:
    if not np.isfinite(vectors).all():
        raise SpeakersError(f"{path}: holds numbers that are not finite. Leave such trials out.")
    by_trial = dict(zip(keys, vectors, strict=True))
    if len(by_trial) < len(keys):
        raise SpeakersError(f"{path}: a trial of a recording has two vectors. Leave one out.")
    return ReadyVectors(vectors.shape[1], by_trial)
