"""The shelf of extractors and ready vectors of this user: a study names them, and holds no path.

$EVOKE_HOME/embeddings/NAME/extractor.npz, extractor.json      an extractor
$EVOKE_HOME/embeddings/NAME.csv, NAME.npz                      ready vectors
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from analysis.speakers.extractor import NAME as EXTRACTOR
from analysis.speakers.extractor import checksum, load_extractor
from analysis.speakers.settings import SpeakersError
from analysis.speakers.vectors import file_checksum, vectors_at

FOLDER = "embeddings"
_BESIDE: list[Path] = []
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def shelf() -> Path:
    """Return the folder; it need not be there."""
    chosen = os.environ.get("EVOKE_HOME")
    return (Path(chosen) if chosen else Path(platformdirs.user_data_dir("evoke", "evoke"))) / FOLDER


@dataclass(frozen=True, slots=True)
class Shelved:
    """An extractor on the shelf: its name, checksum, and what it is in words."""

    name: str
    sha256: str
    short: str
    language: str
    domain: str
    words: str


def shelved() -> tuple[tuple[Shelved, ...], tuple[str, ...]]:
    """Return the extractors on the shelf by name, and why others cannot be read."""
    found, problems = [], []
    for place in sorted(shelf().glob(f"*/{EXTRACTOR}.json")):
        try:
            found.append(told(place.parent))
        except SpeakersError as error:
            problems.append(str(error))
    return tuple(found), tuple(problems)


def told(folder: Path) -> Shelved:
    """Return what an extractor is; raises SpeakersError."""
    held = load_extractor(folder)
    making = held.making
    words = (
        f"{making.kind} of {making.feature}, {held.dimension} numbers; {held.speakers} speakers, "
        f"{held.utterances} utterances, {held.hours:.2f} h; {held.language or 'language not said'}, "
        f"{held.domain or 'source not said'}. {held.verification.words}"
    )
    return Shelved(folder.name, checksum(folder), making.short, held.language, held.domain, words)


def place_on_shelf(folder: Path, name: str = "") -> Path:
    """Copy an extractor onto the shelf under a name (its folder's own by default); raises SpeakersError.

    What is there under that name stays; it must be the same one.
    """
    chosen = name or folder.name
    if not _NAME.fullmatch(chosen):
        raise SpeakersError(f"'{chosen}' is no name for an extractor. Use letters, digits, dots and hyphens.")
    load_extractor(folder)
    target = shelf() / chosen
    if target.resolve() == folder.resolve():
        return target
    if target.exists():
        if checksum(target) == checksum(folder):
            return target
        raise SpeakersError(f"'{chosen}' is on the shelf already, and another extractor. Give another name.")
    partial = target.with_name(f".{chosen}.new")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for suffix in (".npz", ".json"):
            shutil.copyfile(folder / f"{EXTRACTOR}{suffix}", partial / f"{EXTRACTOR}{suffix}")
        partial.rename(target)
    except OSError as error:
        raise SpeakersError(f"{target}: cannot be written ({error.strerror}).") from error
    return target


def place_vectors(file: Path) -> Path:
    """Copy a file of ready vectors onto the shelf under its own name; raises SpeakersError.

    What is there under that name stays; it must be the same one.
    """
    if not _NAME.fullmatch(file.name) or file.suffix.lower() not in (".csv", ".npz"):
        raise SpeakersError(
            f"{file.name}: ready vectors are a .csv or .npz file with a plain name. Rename it."
        )
    sha256 = file_checksum(file)
    vectors_at(file, sha256)
    target = shelf() / file.name
    if target.exists():
        if file_checksum(target) == sha256:
            return target
        raise SpeakersError(f"'{file.name}' is on the shelf already with other vectors. Rename the file.")
    partial = target.with_name(f".{file.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, partial)
        partial.replace(target)
    except OSError as error:
        raise SpeakersError(f"{target}: cannot be written ({error.strerror}).") from error
    return target


def shelved_vectors() -> tuple[str, ...]:
    """Return the names of the files of ready vectors on the shelf."""
    return tuple(sorted(path.name for path in shelf().glob("*") if path.suffix.lower() in (".csv", ".npz")))


@contextmanager
def beside(folder: Path) -> Iterator[None]:
    """Look for names in another folder too, as long as this lasts and in this process."""
    _BESIDE.append(folder)
    try:
        yield
    finally:
        _BESIDE.remove(folder)


def found_at(text: str) -> Path:
    """Return the folder (or file) of a setting: a name on the shelf, or a path; raises SpeakersError."""
    if not text:
        raise SpeakersError(
            "no extractor is chosen. Train one with `evoke embeddings train`, or add one with "
            "`evoke embeddings add`, and name it."
        )
    for folder in (*_BESIDE, shelf()) if _NAME.fullmatch(text) else ():
        if (folder / text).exists():
            return folder / text
    path = Path(text)
    if path.exists():
        return path
    raise SpeakersError(
        f"'{text}' is neither on this computer's shelf of extractors nor a folder. Bring its folder here, "
        "and add it with `evoke embeddings add`."
    )
