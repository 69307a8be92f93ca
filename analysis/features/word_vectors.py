"""Tables of word vectors from files; nothing in them is run."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import FeatureError

Floats = NDArray[np.float32]
REMEDY = "Take .vec or .txt as word2vec writes them, or .npz with the arrays words and vectors."
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class WordVectors:
    """Words without case and their vectors (words, width) float32."""

    place: dict[str, int]
    vectors: Floats

    @property
    def width(self) -> int:
        """Numbers of one vector."""
        return int(self.vectors.shape[1])

    def mean(self, words: Sequence[str]) -> Floats | None:
        """Return the mean vector of those words that are known, None where none is."""
        rows = [self.place[word] for word in words if word in self.place]
        return self.vectors[rows].mean(axis=0, dtype=np.float32) if rows else None


def word_vectors(path: Path, most: int) -> WordVectors:
    """Return the first `most` words of a file; read once while it stays as it is. Raises FeatureError."""
    try:
        state = path.stat()
    except OSError as error:
        raise FeatureError(f"{path}: word vectors cannot be read there. {REMEDY}") from error
    return _read(path, most, state.st_mtime_ns, state.st_size)


def file_sha256(path: Path) -> str:
    """Return a file's checksum, computed once while it stays as it is; "" where it cannot be read."""
    try:
        state = path.stat()
    except OSError:
        return ""
    return _sha256(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _sha256(path: Path, *_: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


@lru_cache(maxsize=2)
def _read(path: Path, most: int, *_: int) -> WordVectors:
    readers = {".vec": _lines, ".txt": _lines, ".npz": _npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FeatureError(f"{path}: word vectors are no {path.suffix or 'file without ending'}. {REMEDY}")
    try:
        words, vectors = reader(path, most)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FeatureError(f"{path}: cannot be read as word vectors. {REMEDY}") from error
    if not words or vectors.ndim != 2 or len(vectors) != len(words) or not np.isfinite(vectors).all():
        raise FeatureError(f"{path}: holds no table of words and vectors of numbers. {REMEDY}")
    place: dict[str, int] = {}
    for row, word in enumerate(words):
        # The first spelling is the most frequent one.
        place.setdefault(word.casefold(), row)
    return WordVectors(place, vectors)


def _lines(path: Path, most: int) -> tuple[list[str], Floats]:
    """Read "word number number …" a line; the first line may say how many there are."""
    words: list[str] = []
    rows: list[Floats] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file):
            parts = line.rstrip().split(" ")
            if number == 0 and len(parts) == 2 and all(part.isdigit() for part in parts):
                continue
            if len(words) >= most:
                break
            if len(parts) < 2:
                continue
            words.append(parts[0])
            rows.append(np.array(parts[1:], np.float32))
    return words, np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _npz(path: Path, most: int) -> tuple[list[str], Floats]:
    with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
        return [str(word) for word in file["words"][:most]], np.asarray(file["vectors"][:most], np.float32)
