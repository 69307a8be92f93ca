"""Changing a YAML text in one place and leaving every other line, with its comments, as it is.

A change finds its place by the marks of the YAML loader, cuts and writes there, and is then read back: a
text that does not say what was meant is never handed out. No Qt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml

from stimuli.problems import EvokeError, ProblemsError
from stimuli.yamlfile import Loc, read_text

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WIDTH = 100
STEP = 2
PLAIN = re.compile(r"^[A-Za-z_ÄÖÜäöüß][^\n:#{}\[\],&*!|>'\"%@`?\\\t\r]*$")
WORDS_OF_YAML = re.compile(r"^(y|n|yes|no|true|false|on|off|null|~|none|nan|inf)$", re.IGNORECASE)


class EditError(EvokeError):
    """A part that cannot be changed without rewriting what stands around it."""

    def __init__(self) -> None:
        super().__init__("This part cannot be changed in the form. Change it in the text.")


def put(text: str, loc: Loc, value: Any) -> str:
    """Return the text with `value` at `loc`, where a value stands or the mapping around it lacks the key."""
    return _checked(text, lambda values: _set(values, loc, value), lambda: _put(text, loc, value))


def remove(text: str, loc: Loc) -> str:
    """Return the text without the key or entry at `loc`; what is empty then goes, too, if it is a list."""
    return _checked(text, lambda values: _del(values, loc), lambda: _remove(text, loc))


def insert(text: str, loc: Loc, place: int, value: Any) -> str:
    """Return the text with a new entry at `place` of the list at `loc`, which is made where it is missing."""
    return _checked(
        text, lambda values: _list(values, loc).insert(place, value), lambda: _insert(text, loc, place, value)
    )


def move(text: str, loc: Loc, place: int, to: int) -> str:
    """Return the text with two neighbouring entries of the list at `loc` exchanged, comments with them."""

    def swap(values: Any) -> None:
        entries = _list(values, loc)
        entries[place], entries[to] = entries[to], entries[place]

    return _checked(text, swap, lambda: _swap(text, loc, *sorted((place, to))))


def duplicate(text: str, loc: Loc, place: int) -> str:
    """Return the text with an entry of the list at `loc` twice, comments with it."""

    def again(values: Any) -> None:
        entries = _list(values, loc)
        entries.insert(place, deepcopy(entries[place]))

    return _checked(text, again, lambda: _duplicate(text, loc, place))


def inline(value: Any) -> str:
    """Write a value on one line, as a part of braces may hold it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(each) for each in value) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Write text, a number, yes or no, or nothing; text without quotes where that is safe."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    is_plain = PLAIN.match(text) and not WORDS_OF_YAML.match(text) and text == text.strip()
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def block(value: Any, indent: int) -> list[str]:
    """Write a mapping as lines, the first without indentation: on one line if it is short."""
    short = inline(value)
    is_long = len(short) + indent > WIDTH or any("\n" in text for text in _texts(value))
    if not isinstance(value, dict) or not is_long:
        return [short]
    lines: list[str] = []
    for key, each in value.items():
        if isinstance(each, list) and len(inline(each)) + indent > WIDTH - 20:
            lines.append(f"{scalar(key)}:")
            for entry in each:
                head, *rest = block(entry, indent + STEP + 2)
                lines.append(f"{' ' * STEP}- {head}")
                lines += [f"{' ' * (STEP + 2)}{line}" for line in rest]
        elif isinstance(each, str) and "\n" in each:
            lines += _literal(scalar(key), each)
        else:
            lines.append(f"{scalar(key)}: {inline(each)}")
    return [lines[0], *lines[1:]]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _literal(key: str, text: str) -> list[str]:
    """Write a text of several lines under its key, if YAML keeps it as it is."""
    lines = text.split("\n")
    if text != text.strip() or any(line != line.rstrip() or "\t" in line for line in lines):
        return [f"{key}: {json.dumps(text, ensure_ascii=False)}"]
    return [f"{key}: |-", *(f"{' ' * STEP}{line}" if line else "" for line in lines)]


# What was meant


def _checked(text: str, change: Callable[[Any], None], write: Callable[[], str]) -> str:
    """Return what `write` makes if it says what `change` makes of the plain values; else EditError."""
    try:
        wanted = deepcopy(_values(text))
        change(wanted)
        written = write()
        found = _values(written)
    except (ProblemsError, LookupError, TypeError, ValueError) as error:
        raise EditError from error
    if found != wanted:
        raise EditError
    return written


def _at(values: Any, loc: Loc) -> Any:
    for part in loc:
        values = values[part]
    return values


def _set(values: Any, loc: Loc, value: Any) -> None:
    _at(values, loc[:-1])[loc[-1]] = value


def _del(values: Any, loc: Loc) -> None:
    around = _at(values, loc[:-1])
    del around[loc[-1]]
    if isinstance(around, list) and not around and len(loc) > 1:
        _del(values, loc[:-1])


def _list(values: Any, loc: Loc) -> list[Any]:
    around = _at(values, loc[:-1])
    if isinstance(around, dict) and around.get(loc[-1]) is None:
        around[loc[-1]] = []
    found: list[Any] = around[loc[-1]]
    return found


# Where it stands


@lru_cache(maxsize=4)
def _values(text: str) -> Any:
    return read_text(text, "").values


@lru_cache(maxsize=4)
def _compose(text: str) -> yaml.Node:
    node = yaml.compose(text, Loader=LOADER)
    if node is None:
        raise EditError
    return node


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node | None, yaml.Node]:
    """Return (key, value) of a mapping, or (None, entry) of a list; KeyError or IndexError."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key, value
        raise KeyError(part)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        return None, node.value[part]
    raise KeyError(part)


def _find(text: str, loc: Loc) -> tuple[yaml.Node, yaml.Node | None, yaml.Node]:
    """Return (around, key, value) at `loc`."""
    around, key, value = _compose(text), None, _compose(text)
    for part in loc:
        around = value
        key, value = _child(around, part)
    return around, key, value


def _end(text: str, node: yaml.Node) -> int:
    """Return where a value really ends: the loader's mark of a block lies behind comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return start + len(text[start:end].rstrip())
    return end


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    """Return where the line ends, before its line break."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _in_flow(text: str, loc: Loc) -> bool:
    node = _compose(text)
    for part in loc:
        if _is_flow(node):
            return True
        _, node = _child(node, part)
    return _is_flow(node)


# How it is written


def _put(text: str, loc: Loc, value: Any) -> str:
    around, key, old = _find_or_none(text, loc)
    if old is None:
        return _add(text, loc[:-1], around, str(loc[-1]), value)
    start, end = old.start_mark.index, _end(text, old)
    if key is None:
        written = inline(value)
        return text[:start] + written + text[end:]
    colon = text.index(":", key.end_mark.index) + 1
    in_flow = _is_flow(around) or _in_flow(text, loc[:-1])
    lines = _literal("", str(value))[1:] if isinstance(value, str) and "\n" in value and not in_flow else []
    if lines:
        pad = " " * key.start_mark.column
        written = " |-\n" + "\n".join(f"{pad}{line}" if line else "" for line in lines)
        return text[:colon] + written + _without_comment(text, end)
    on_one_line = "\n" not in text[colon:start] and start >= colon and start < end
    if on_one_line and not (isinstance(old, yaml.CollectionNode) and not old.flow_style):
        return text[:start] + inline(value) + text[end:]
    return text[:colon] + " " + inline(value) + text[max(colon, end) :]


def _without_comment(text: str, end: int) -> str:
    """Return the rest after a value; a literal's first line may not have what followed a plain one."""
    rest = text[end : _line_end(text, end)]
    return text[end + len(rest) :] if not rest.strip() else text[end:]


def _find_or_none(text: str, loc: Loc) -> tuple[yaml.Node, yaml.Node | None, yaml.Node | None]:
    try:
        return _find(text, loc)
    except KeyError:
        _, _, around = _find(text, loc[:-1])
        if not isinstance(around, yaml.MappingNode):
            raise
        return around, None, None


def _add(text: str, loc: Loc, around: yaml.Node, key: str, value: Any) -> str:
    """Write a new key as the last one of a mapping."""
    end = _end(text, around)
    if _is_flow(around) or not around.value:
        inside = f"{scalar(key)}: {inline(value)}"
        if not around.value:
            return text[: around.start_mark.index] + "{" + inside + "}" + text[end:]
        last = _end(text, around.value[-1][1])
        return f"{text[:last]}, {inside}{text[last:]}"
    indent = around.value[0][0].start_mark.column
    place = _line_end(text, end)
    lines = _entry_lines(key, value, indent)
    return (
        text[:place] + "".join(f"\n{' ' * indent}{line}" if line else "\n" for line in lines) + text[place:]
    )


def _entry_lines(key: str, value: Any, indent: int) -> list[str]:
    if isinstance(value, str) and "\n" in value:
        return _literal(scalar(key), value)
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        lines = [f"{scalar(key)}:"]
        for each in value:
            head, *rest = block(each, indent + STEP + 2)
            lines += [f"{' ' * STEP}- {head}", *(f"{' ' * (STEP + 2)}{line}" for line in rest)]
        return lines
    if isinstance(value, dict) and len(inline(value)) + indent + len(key) > WIDTH:
        return [f"{scalar(key)}:", *(f"{' ' * STEP}{line}" for line in block(value, indent + STEP))]
    return [f"{scalar(key)}: {inline(value)}"]


def _remove(text: str, loc: Loc) -> str:
    around, key, value = _find(text, loc)
    count = len(around.value)
    if count == 1 and isinstance(around, yaml.SequenceNode) and len(loc) > 1:
        return _remove(text, loc[:-1])
    nodes = [each[0] if isinstance(each, tuple) else each for each in around.value]
    ends = [_end(text, each[1] if isinstance(each, tuple) else each) for each in around.value]
    place = next(i for i, node in enumerate(nodes) if node is (key or value)) if key or value else 0
    if count == 1:
        written = "{}" if isinstance(around, yaml.MappingNode) else "[]"
        return text[: around.start_mark.index] + written + text[ends[0] :]
    if _is_flow(around):
        if place < count - 1:
            return text[: nodes[place].start_mark.index] + text[nodes[place + 1].start_mark.index :]
        return text[: ends[place - 1]] + text[ends[place] :]
    if isinstance(around, yaml.SequenceNode):
        start, end = _region(text, around, place)
        return (
            text[:start] + text[end:].removeprefix("\n")
            if end < len(text)
            else text[:start].rstrip("\n") + "\n"
        )
    start = _line_start(text, nodes[place].start_mark.index)
    if text[start : nodes[place].start_mark.index].strip():
        # The first key of a list's entry stands behind the dash.
        return text[: nodes[place].start_mark.index] + text[nodes[place + 1].start_mark.index :]
    return text[:start] + text[_line_end(text, ends[place]) :].removeprefix("\n")


def _region(text: str, around: yaml.SequenceNode, place: int) -> tuple[int, int]:
    """Return the lines of a block list's entry: from comments above its dash to the end of its last line."""
    node = around.value[place]
    dash = text.rindex("-", 0, node.start_mark.index)
    start = _line_start(text, dash)
    if text[start:dash].strip():
        raise EditError
    floor = _line_end(text, _end(text, around.value[place - 1])) + 1 if place else 0
    while start > floor:
        before = _line_start(text, start - 1)
        if not text[before:start].lstrip().startswith("#"):
            break
        start = before
    return start, _line_end(text, _end(text, node))


def _insert(text: str, loc: Loc, place: int, value: Any) -> str:
    try:
        _, _, node = _find(text, loc)
    except KeyError:
        _, _, mapping = _find(text, loc[:-1])
        return _add(text, loc[:-1], mapping, str(loc[-1]), [value])
    if not isinstance(node, yaml.SequenceNode):
        return _put(text, loc, [value])
    if not node.value:
        return (
            _put(_remove(text, loc), loc, [value])
            if not _in_flow(text, loc[:-1])
            else _put(text, loc, [value])
        )
    if _is_flow(node):
        if place >= len(node.value):
            last = _end(text, node.value[-1])
            return f"{text[:last]}, {inline(value)}{text[last:]}"
        start = node.value[place].start_mark.index
        return f"{text[:start]}{inline(value)}, {text[start:]}"
    indent = node.start_mark.column
    head, *rest = block(value, indent + 2)
    lines = [f"{' ' * indent}- {head}", *(f"{' ' * (indent + 2)}{line}" if line else "" for line in rest)]
    if place >= len(node.value):
        at = _line_end(text, _end(text, node.value[-1]))
        return text[:at] + "".join(f"\n{line}" for line in lines) + text[at:]
    at, _ = _region(text, node, place)
    return text[:at] + "".join(f"{line}\n" for line in lines) + text[at:]


def _swap(text: str, loc: Loc, first: int, second: int) -> str:
    _, _, node = _find(text, loc)
    if not isinstance(node, yaml.SequenceNode) or second != first + 1:
        raise EditError
    spans: Sequence[tuple[int, int]]
    if _is_flow(node):
        spans = [(node.value[n].start_mark.index, _end(text, node.value[n])) for n in (first, second)]
    else:
        spans = [_region(text, node, n) for n in (first, second)]
    (a, b), (c, d) = spans
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _duplicate(text: str, loc: Loc, place: int) -> str:
    _, _, node = _find(text, loc)
    if not isinstance(node, yaml.SequenceNode):
        raise EditError
    if _is_flow(node):
        start, end = node.value[place].start_mark.index, _end(text, node.value[place])
        return f"{text[:end]}, {text[start:end]}{text[end:]}"
    start, end = _region(text, node, place)
    return f"{text[:end]}\n{text[start:end]}{text[end:]}"
