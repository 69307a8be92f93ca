"""YAML files that people edit: read safely, and every problem told with its line and a remedy.

Only plain data is read: text, numbers, yes/no, nothing, lists and mappings. Tags, aliases and keys
given twice are problems, so a hostile file can neither run code nor grow without bounds.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stimuli.problems import Problem, ProblemsError

MAX_BYTES = 250_000
MAX_DEPTH = 24
MAX_PROBLEMS = 200
PLAIN = "tag:yaml.org,2002:"
# A date is no type of ours: it stays the text that was written.
TEXT_TAGS = {f"{PLAIN}str", f"{PLAIN}timestamp", f"{PLAIN}value"}

Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file's plain values, and where each of them stands. `file` is the name shown to people."""

    file: str
    text: str
    values: Any
    lines: Mapping[Loc, int] = field(repr=False)

    def line(self, loc: Iterable[str | int]) -> int:
        """Return the line of the value at `loc`, or of the nearest one around it.

        Parts that are not in the file (the names of alternatives in a validator's path) are passed over.
        """
        return self.lines[self.place(loc)]

    def place(self, loc: Iterable[str | int]) -> Loc:
        """Return the part of `loc` that really stands in the file."""
        best: Loc = ()
        wanted = tuple(loc)
        # The name of an alternative may be that of a key, too: what reaches the last part is right.
        for skipped in (None, *range(len(wanted))):
            found: Loc = ()
            for place, part in enumerate(wanted):
                if place != skipped and (*found, part) in self.lines:
                    found = (*found, part)
            if wanted and found[-1:] == wanted[-1:] and skipped != len(wanted) - 1:
                return found
            best = best or found
        return best

    def at(self, loc: Iterable[str | int]) -> Any:
        """Return the value at `loc`; None where there is none."""
        value = self.values
        for part in loc:
            try:
                value = value[part]
            except (LookupError, TypeError):
                return None
        return value

    def problem(self, loc: Iterable[str | int], message: str, remedy: str = "") -> Problem:
        """Return a problem at `loc`."""
        return Problem(self.file, self.line(loc), message, remedy)


def shown(value: object) -> str:
    """Write a value as a person would see it in the file, shortened."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + '..."'


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a remedy naming the nearest known word, or all of them if none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(str(word).lower(), names, 1, 0.6)
    if near:
        return f'Did you mean "{near[0]}"?'
    return f"Known here: {', '.join(names)}." if names else ""


def read_file(path: Path, shown_as: str | None = None) -> YamlFile:
    """Read the YAML file at `path`; raises ProblemsError with every problem of its form."""
    name = shown_as or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ProblemsError([Problem(name, None, "the file is too large.", "At most 250 kB are read.")])
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        found = Problem(name, None, f"byte {error.start} is not UTF-8 text.", "Save the file as UTF-8.")
        raise ProblemsError([found]) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProblemsError([Problem(name, None, f"cannot be read: {reason}.", "Check the path.")]) from error
    return read_text(text, name)


def read_text(text: str, file: str) -> YamlFile:
    """Read YAML text; raises ProblemsError with every problem of its form."""
    try:
        _check_events(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        reason = ": ".join(part for part in (error.context, error.problem) if part)
        remedy = "Check indentation, colons, brackets and quotes there."
        if reason.endswith("got '?'"):
            # In braces YAML takes a question mark for the sign of a key.
            remedy = "Put text that ends in a question mark in quotes."
        raise ProblemsError([Problem(file, line, f"this is not YAML: {reason}.", remedy)]) from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ProblemsError([Problem(file, None, f"this is not YAML: {reason}.")]) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise ProblemsError([_too_deep(file, None)]) from error
    if node is None:
        raise ProblemsError([Problem(file, 1, "the file is empty.", "Start from a file of the library.")])
    reader = _Reader(file)
    values = reader.value(node, ())
    if reader.problems:
        raise ProblemsError(first_problems(reader.problems, file))
    return YamlFile(file, text, values, reader.lines)


def first_problems(problems: Sequence[Problem], file: str) -> list[Problem]:
    """Return the first `MAX_PROBLEMS`, and one that counts the rest: nobody reads thousands."""
    kept = list(problems[:MAX_PROBLEMS])
    left = len(problems) - len(kept)
    return [*kept, more_problems(left, file)] if left else kept


def more_problems(count: int, file: str) -> Problem:
    """Return what stands for `count` problems that are not listed."""
    return Problem(file, None, f"{count} more problems.", "Mend the others first.")


def _check_events(text: str, file: str) -> None:
    """Refuse what must not even be composed: aliases, and depth that takes forever to read."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = None if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            problem = Problem(file, line, "aliases (*) are not read here.", "Write the value out.")
            raise ProblemsError([problem])
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ProblemsError([_too_deep(file, line)])


def _too_deep(file: str, line: int | None) -> Problem:
    return Problem(file, line, "values are nested too deeply.", f"At most {MAX_DEPTH} levels are read.")


class _Reader:
    """Turns YAML nodes into plain values, noting lines and problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Loc, int] = {}
        self.problems: list[Problem] = []
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(loc, line)
        if len(loc) > MAX_DEPTH:
            self.problems.append(_too_deep(self.file, line))
            return None
        if isinstance(node, yaml.MappingNode) and node.tag == f"{PLAIN}map":
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{PLAIN}seq":
            return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, item in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == f"{PLAIN}merge":
                self._problem(line, "a key must be plain text.", "Write NAME: VALUE.")
                continue
            # The key as written: YAML would turn `no:` and `1:` into something else.
            key = str(key_node.value)
            if key in values:
                first = self.lines[(*loc, key)]
                self._problem(line, f'"{key}" is given twice (first in line {first}).', "Remove one of them.")
                continue
            self.lines[(*loc, key)] = line
            values[key] = self.value(item, (*loc, key))
        return values

    def _scalar(self, node: yaml.Node, line: int) -> Any:
        kind = node.tag.removeprefix(PLAIN)
        if isinstance(node, yaml.ScalarNode) and (kind == "null" or node.tag in TEXT_TAGS):
            if kind == "null":
                return None
            return self._text(str(node.value), line)
        if isinstance(node, yaml.ScalarNode) and kind in ("bool", "int", "float"):
            build = getattr(self._scalars, f"construct_yaml_{kind}")
            try:
                return build(node)
            except (ValueError, LookupError, OverflowError):
                self._problem(line, f"{shown(node.value)} is not a number.", "Put text in quotes.")
                return None
        self._problem(
            line, f"the tag {shown(node.tag)} is not read here.", "Write plain values without ! tags."
        )
        return None

    def _text(self, text: str, line: int) -> str | None:
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._problem(line, "the text holds half a character.", "Write the character itself.")
            return None
        return text

    def _problem(self, line: int, message: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, line, message, remedy))
