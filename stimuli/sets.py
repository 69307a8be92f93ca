"""Stimulus sets: a folder with a manifest, and whether its files are the ones described.

`manifest.csv` has one row a stimulus (columns: `COLUMNS`); ratings run from 1 to 9, empty where there
are none. Text is UTF-8, columns are separated by commas or semicolons, so spreadsheets can edit it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal, get_args

from stimuli.problems import Problem, ProblemsError
from stimuli.yamlfile import did_you_mean

StimulusKind = Literal["picture", "film", "sound"]
MANIFEST = "manifest.csv"
RATINGS = ("valence", "valence_sd", "arousal", "arousal_sd", "dominance", "dominance_sd")
REQUIRED = ("id", "file", "kind", "category", "licence", "sha256")
COLUMNS = (
    "id",
    "file",
    "kind",
    "category",
    *RATINGS,
    "n",
    "provisional",
    "licence",
    "attribution",
    "sha256",
    "description",
)


class StimulusError(ProblemsError):
    """A set that cannot be read; its text lists every problem."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One stimulus. Ratings are means on 1..9 with their SD over `n` raters, None where unknown.

    `provisional` ratings were set by the makers of the set and measured on nobody.
    """

    id: str
    path: Path
    kind: StimulusKind
    category: str
    valence: float | None = None
    valence_sd: float | None = None
    arousal: float | None = None
    arousal_sd: float | None = None
    dominance: float | None = None
    dominance_sd: float | None = None
    n: int | None = None
    provisional: bool = False
    licence: str = ""
    attribution: str = ""
    sha256: str = ""
    description: str = ""


@dataclass(frozen=True)
class StimulusSet:
    """A set by its name; `items` by id, in the manifest's order."""

    name: str
    folder: Path
    items: Mapping[str, Stimulus]
    lines: Mapping[str, int] = field(repr=False)

    def problems(self, ids: Sequence[str] | None = None) -> list[Problem]:
        """Return what is missing or altered among the files of `ids`, of all by default."""
        return [
            problem
            for key in (self.items if ids is None else ids)
            for problem in self._file_problems(self.items[key])
        ]

    def _file_problems(self, item: Stimulus) -> Iterator[Problem]:
        manifest, line = str(self.folder / MANIFEST), self.lines[item.id]
        remedy = "Put the original file back, or remove the row."
        try:
            digest = hashlib.sha256(item.path.read_bytes()).hexdigest()
        except OSError as error:
            reason = (
                "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
            )
            yield Problem(manifest, line, f"{item.id}: the file {item.path.name} {reason}.", remedy)
            return
        if digest != item.sha256:
            yield Problem(manifest, line, f"{item.id}: the file {item.path.name} was altered.", remedy)


def bundled_sets() -> dict[str, Path]:
    """Return the bundled sets by name."""
    room = Path(__file__).parent
    return {folder.parent.name: folder.parent for folder in sorted(room.glob(f"*/{MANIFEST}"))}


def is_file(path: Path) -> bool:
    """Whether there is a file; False for a path that no system could have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def find_set(name_or_folder: str | Path, beside: Path | None = None) -> Path:
    """Return the folder of a bundled set, or of a folder given whole or relative to `beside`.

    Raises StimulusError where there is no manifest.
    """
    bundled = bundled_sets()
    if str(name_or_folder) in bundled:
        return bundled[str(name_or_folder)]
    folder = Path(name_or_folder) if beside is None else beside / name_or_folder
    if is_file(folder / MANIFEST):
        return folder
    known = did_you_mean(name_or_folder, bundled)
    message = f'there is no stimulus set "{name_or_folder}" and no folder with a {MANIFEST} of that name.'
    raise StimulusError([Problem(str(name_or_folder), None, message, known)])


def load_set(name_or_folder: str | Path, beside: Path | None = None) -> StimulusSet:
    """Read the manifest of a set; raises StimulusError with every problem in it.

    Whether the files are there and unaltered is asked by `StimulusSet.problems`.
    """
    folder = find_set(name_or_folder, beside)
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = Problem(str(path), None, f"cannot be read: {error}.", "Save it as CSV in UTF-8.")
        raise StimulusError([found]) from error
    manifest = _Manifest(folder, text)
    items = manifest.read()
    if manifest.problems:
        raise StimulusError(manifest.problems)
    return StimulusSet(folder.resolve().name, folder, items, manifest.lines)


class _Manifest:
    """Reads the rows of one manifest, gathering problems."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}
        self._text = text

    def _problem(self, line: int, message: str, remedy: str) -> None:
        self.problems.append(Problem(str(self.folder / MANIFEST), line, message, remedy))

    def read(self) -> dict[str, Stimulus]:
        first = self._text.split("\n", 1)[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        rows = csv.DictReader(io.StringIO(self._text, newline=""), delimiter=delimiter)
        items: dict[str, Stimulus] = {}
        try:
            if not self._has_columns(rows):
                return {}
            for row in rows:
                cells = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
                item = self._item(cells, rows.line_num, too_long=None in row)
                if item is not None:
                    items[item.id] = item
        except csv.Error as error:
            self._problem(rows.line_num, f"this is not CSV: {error}.", "Check the quotes there.")
        if not items and not self.problems:
            self._problem(1, "the set is empty.", "Add a row for each stimulus.")
        return items

    def _has_columns(self, rows: csv.DictReader[str]) -> bool:
        names = [name.strip() for name in rows.fieldnames or []]
        rows.fieldnames = names
        for name in sorted(set(REQUIRED) - set(names)):
            self._problem(1, f'the column "{name}" is missing.', "Add it.")
        for name in names:
            if name not in COLUMNS:
                self._problem(1, f'unknown column "{name}".', did_you_mean(name, set(COLUMNS) - set(names)))
        return not self.problems

    def _item(self, row: Mapping[str, str], line: int, too_long: bool) -> Stimulus | None:
        before = len(self.problems)
        if too_long:
            self._problem(line, "the row has more cells than the heading.", "Put text with commas in quotes.")
        for name in REQUIRED:
            if not row[name]:
                self._problem(line, f'"{name}" is empty.', "Fill it in.")
        key, kind = row["id"], row["kind"]
        if key in self.lines:
            self._problem(
                line, f'the id "{key}" is given twice (first in line {self.lines[key]}).', "Rename one."
            )
        if kind and kind not in get_args(StimulusKind):
            self._problem(line, f'unknown kind "{kind}".', did_you_mean(kind, get_args(StimulusKind)))
        if row["sha256"] and not re.fullmatch(r"[0-9a-f]{64}", row["sha256"]):
            self._problem(
                line, '"sha256" is not 64 lower-case hexadecimal digits.', "Compute it with sha256sum."
            )
        file = row["file"]
        if (
            PurePosixPath(file).is_absolute()
            or PureWindowsPath(file).anchor
            or ".." in re.split(r"[/\\]", file)
        ):
            self._problem(line, f'"{file}" lies outside of the set.', "Name a file inside the set's folder.")
        ratings = {name: self._rating(row, name, line) for name in RATINGS}
        count = self._number(row, "n", line)
        if count is not None and (count != int(count) or count < 1):
            self._problem(line, '"n" must be a whole number of raters.', "Correct it or leave it empty.")
        provisional = row.get("provisional", "").lower()
        if provisional not in ("", "true", "false"):
            self._problem(line, '"provisional" must be true or false.', "Correct it.")
        self.lines.setdefault(key, line)
        if len(self.problems) > before:
            return None
        return Stimulus(
            id=key,
            path=self.folder / file,
            kind=kind,  # type: ignore[arg-type]
            category=row["category"],
            n=None if count is None else int(count),
            provisional=provisional == "true",
            licence=row["licence"],
            attribution=row.get("attribution", ""),
            sha256=row["sha256"],
            description=row.get("description", ""),
            **ratings,
        )

    def _number(self, row: Mapping[str, str], name: str, line: int) -> float | None:
        cell = row.get(name, "")
        if not cell:
            return None
        try:
            number = float(cell.replace(",", "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._problem(line, f'"{name}" is not a number: {cell[:40]}.', "Correct it or leave it empty.")
            return None
        return number

    def _rating(self, row: Mapping[str, str], name: str, line: int) -> float | None:
        number = self._number(row, name, line)
        lowest = 0.0 if name.endswith("_sd") else 1.0
        if number is not None and not lowest <= number <= 9:
            self._problem(
                line, f'"{name}" is {number:g}, outside of {lowest:g} to 9.', "Ratings run from 1 to 9."
            )
            return None
        return number
