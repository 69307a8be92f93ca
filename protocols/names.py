"""Small helpers for the plain values of a protocol file that may hold anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stimuli.problems import Problem
from stimuli.yamlfile import Loc, YamlFile, did_you_mean

AGAIN = "Remove one of them."


def mapping(value: Any) -> dict[str, Any]:
    """Return `value` if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> list[tuple[int, dict[str, Any]]]:
    """Return the mappings of a list with their places."""
    found = enumerate(value) if isinstance(value, list) else ()
    return [(index, each) for index, each in found if isinstance(each, dict)]


def known(source: YamlFile, loc: Loc, name: Any, what: str, known: Any) -> Iterator[Problem]:
    """Yield a problem if `name` is a text and none of `known`."""
    if isinstance(name, str) and name not in known:
        yield source.problem(loc, f'there is no {what} "{name}".', did_you_mean(name, known))


def twice(
    source: YamlFile,
    names: Sequence[tuple[Loc, Any]],
    what: str,
    remedy: str = "Give one of them another name.",
) -> Iterator[Problem]:
    """Yield a problem for every (place, name) that came before."""
    seen: dict[str, int] = {}
    for loc, name in names:
        if not isinstance(name, str):
            continue
        if name in seen:
            message = f'the {what} "{name}" exists twice (first in line {seen[name]}).'
            yield source.problem(loc, message, remedy)
        seen.setdefault(name, source.line(loc))


def stage_label(stage: dict[str, Any]) -> str:
    """Return a stage's name, or its kind."""
    return str(stage.get("name") or stage.get("kind"))
