"""Lists of sentences to type or to read aloud, with their Flesch-Kincaid grades.

A list is a CSV file with the columns id, text, grade.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stimuli.problems import Problem
from stimuli.sets import StimulusError
from stimuli.yamlfile import did_you_mean

COLUMNS = ("id", "text", "grade")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its Flesch-Kincaid grade (`stimuli.readability`)."""

    id: str
    text: str
    grade: float


def bundled_sentences() -> dict[str, Path]:
    """Return the bundled lists by name."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "sentences").glob("*.csv"))}


def load_sentences(name_or_file: str | Path, beside: Path | None = None) -> tuple[Sentence, ...]:
    """Read a bundled list by name, or a CSV file given whole or relative to `beside`.

    Raises StimulusError with every problem.
    """
    bundled = bundled_sentences()
    path = bundled.get(str(name_or_file))
    if path is None:
        path = Path(name_or_file) if beside is None else beside / name_or_file
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        message = f'there is no sentence list "{name_or_file}", bundled or as a file.'
        problem = Problem(str(name_or_file), None, message, did_you_mean(name_or_file, bundled))
        raise StimulusError([problem]) from error
    return _read(path, text)


def _read(path: Path, text: str) -> tuple[Sentence, ...]:
    problems: list[Problem] = []
    found: dict[str, Sentence] = {}
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            remedy = f"The first line must be {','.join(COLUMNS)}."
            raise StimulusError([Problem(str(path), 1, "this is not a list of sentences.", remedy)])
        for row in rows:
            result = _sentence(row, found)
            if isinstance(result, Sentence):
                found[result.id] = result
            else:
                problems.append(Problem(str(path), rows.line_num, *result))
    except csv.Error as error:
        problems.append(Problem(str(path), rows.line_num, f"this is not CSV: {error}.", "Check the quotes."))
    if not found and not problems:
        problems.append(Problem(str(path), 1, "the list is empty.", "Add sentences."))
    if problems:
        raise StimulusError(problems)
    return tuple(found.values())


def _sentence(row: Mapping[str | None, object], found: Mapping[str, Sentence]) -> Sentence | tuple[str, str]:
    cells = [row.get(name) for name in COLUMNS]
    if None in row or not all(isinstance(cell, str) and cell.strip() for cell in cells):
        return "a row needs an id, a text and a grade.", "Put text with commas in quotes."
    key, text, grade = (str(cell).strip() for cell in cells)
    if key in found:
        return f'the id "{key}" is given twice.', "Rename one."
    try:
        return Sentence(key, text, float(grade))
    except ValueError:
        return f'the grade "{grade[:40]}" is not a number.', "Compute it with stimuli.readability."
