"""Stimulus sets: a folder with a manifest, and whether its files are the ones described.

`manifest.csv` has one row a stimulus (columns: `COLUMNS`, those of `REQUIRED` never empty); ratings run
from 1 to 9, empty where there are none. Other scales (attractiveness, approach, ...) are columns named
`NAME_mean`, `NAME_sd` and `NAME_n` in their own units. Text is UTF-8, columns are separated by commas or
semicolons, so spreadsheets can edit it.
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
SCALES = ("valence", "arousal", "dominance")
RATINGS = ("valence", "valence_sd", "arousal", "arousal_sd", "dominance", "dominance_sd")
SIZES = ("width_px", "height_px")
MOST_PIXELS = 100_000
MOST_SECONDS = 86_400.0
REQUIRED = ("id", "file", "kind", "category", "licence", "sha256")
MAY_BE_EMPTY = ("licence",)
SCORE_COLUMN = re.compile(r"([a-z][a-z0-9-]{0,39})_(mean|sd|n)")
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
    "duration_s",
    *SIZES,
    "model",
    "expression",
)


class StimulusError(ProblemsError):
    """A set that cannot be read; its text lists every problem."""


@dataclass(frozen=True, slots=True)
class Score:
    """What `n` raters said on one scale: mean and SD in the scale's units, None where unknown."""

    scale: str
    mean: float
    sd: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One stimulus. Ratings are means on 1..9 with their SD over `n` raters, None where unknown.

    `provisional` ratings were set by the makers of the set and measured on nobody. `duration_s` is that of
    a film or sound, `width_px` and `height_px` the size of a picture or film, None where unknown; `model`
    (whose face it is) and `expression` are "" where unknown. `scores` are the scales beside the three. An
    empty `licence` is told by `stimuli.checking`, not here: such a set can be looked at.
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
    duration_s: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    model: str = ""
    expression: str = ""
    scores: tuple[Score, ...] = ()

    def score(self, scale: str) -> Score | None:
        """Return what was said on a scale (`valence`, `arousal`, `dominance` or one of its own)."""
        if scale in SCALES:
            mean = getattr(self, scale)
            return None if mean is None else Score(scale, mean, getattr(self, f"{scale}_sd"), self.n)
        return next((score for score in self.scores if score.scale == scale), None)


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
            digest = digest_of(item.path)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({said})"
            yield Problem(manifest, line, f"{item.id}: the file {item.path.name} {reason}.", remedy)
            return
        if digest != item.sha256:
            yield Problem(manifest, line, f"{item.id}: the file {item.path.name} was altered.", remedy)


def bundled_sets() -> dict[str, Path]:
    """Return the bundled sets by name."""
    room = Path(__file__).parent
    return {folder.parent.name: folder.parent for folder in sorted(room.glob(f"*/{MANIFEST}"))}


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    return parse_set(folder, text)


def parse_set(folder: Path, text: str) -> StimulusSet:
    """Read a manifest's text as that of the set in `folder`; raises StimulusError with every problem."""
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
        self._scales: list[str] = []
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
            score = SCORE_COLUMN.fullmatch(name)
            is_score = score is not None and score[1] not in SCALES and f"{score[1]}_mean" in names
            if name not in COLUMNS and not is_score:
                self._problem(1, f'unknown column "{name}".', did_you_mean(name, set(COLUMNS) - set(names)))
            elif names.count(name) > 1:
                self._problem(1, f'the column "{name}" is given twice.', "Remove one of them.")
                break
        self._scales = [name.removesuffix("_mean") for name in names if _is_mean(name)]
        return not self.problems

    def _item(self, row: Mapping[str, str], line: int, too_long: bool) -> Stimulus | None:
        before = len(self.problems)
        if too_long:
            self._problem(line, "the row has more cells than the heading.", "Put text with commas in quotes.")
        for name in REQUIRED:
            if not row[name] and name not in MAY_BE_EMPTY:
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
        count = self._whole(row, "n", "raters", line)
        sizes = {name: self._whole(row, name, "pixels", line) for name in SIZES}
        duration_s = self._duration(row, kind, line)
        scores = tuple(score for scale in self._scales if (score := self._score(row, scale, line)))
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
            n=count,
            provisional=provisional == "true",
            licence=row["licence"],
            attribution=row.get("attribution", ""),
            sha256=row["sha256"],
            description=row.get("description", ""),
            duration_s=duration_s,
            width_px=sizes["width_px"],
            height_px=sizes["height_px"],
            model=row.get("model", ""),
            expression=row.get("expression", ""),
            scores=scores,
            **ratings,
        )

    def _score(self, row: Mapping[str, str], scale: str, line: int) -> Score | None:
        mean, sd = (self._number(row, f"{scale}_{part}", line) for part in ("mean", "sd"))
        count = self._whole(row, f"{scale}_n", "raters", line)
        if sd is not None and sd < 0:
            self._problem(line, f'"{scale}_sd" is below 0.', "Correct it or leave it empty.")
        return None if mean is None else Score(scale, mean, sd, count)

    def _whole(self, row: Mapping[str, str], name: str, unit: str, line: int) -> int | None:
        number = self._number(row, name, line)
        most = MOST_PIXELS if unit == "pixels" else math.inf
        if number is not None and (number != int(number) or not 1 <= number <= most):
            self._problem(
                line, f'"{name}" must be a whole number of {unit}.', "Correct it or leave it empty."
            )
            return None
        return None if number is None else int(number)

    def _duration(self, row: Mapping[str, str], kind: str, line: int) -> float | None:
        seconds = self._number(row, "duration_s", line)
        if seconds is None:
            return None
        if kind == "picture":
            self._problem(line, '"duration_s" is given for a picture.', "Leave it empty.")
        elif not 0 < seconds <= MOST_SECONDS:
            self._problem(
                line, f'"duration_s" is {seconds:g}, outside of 0 to {MOST_SECONDS:g}.', "Give it in seconds."
            )
        return seconds

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


def _is_mean(name: str) -> bool:
    return name not in COLUMNS and name.endswith("_mean") and SCORE_COLUMN.fullmatch(name) is not None
