"""Putting a choice of stimuli into a protocol file, whose other lines stay as people wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stimuli.problems import Problem, ProblemsError
from stimuli.selection import as_categories
from stimuli.yamlfile import read_file


def with_categories(path: Path, ids: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a protocol file with `stimuli: categories:` replaced; raises ProblemsError."""
    source = read_file(path)
    loc = ("stimuli", "categories")
    if loc not in source.lines:
        message = 'there is no "categories" under "stimuli" in this file.'
        raise ProblemsError([Problem(str(path), None, message, "Choose a protocol file.")])
    lines = source.text.splitlines(keepends=True)
    first = source.lines[loc] - 1
    indent = len(lines[first]) - len(lines[first].lstrip(" "))
    if not lines[first].lstrip(" ").startswith("categories"):
        message = '"stimuli" is written in one line here.'
        remedy = "Write it over several lines, each key on its own."
        raise ProblemsError([Problem(str(path), first + 1, message, remedy)])
    last = first + 1
    while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
        last += 1
    # Blank lines and comments before the next key belong to that key.
    while last > first + 1 and not lines[last - 1].strip():
        last -= 1
    block = "".join(f"{' ' * indent}{line}\n" for line in as_categories(ids).splitlines())
    return "".join(lines[:first]) + block + "".join(lines[last:])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
