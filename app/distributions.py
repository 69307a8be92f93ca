"""Which packages this checkout asks for, and whether an environment has them. Standard library only.

Reads names and versions of what is installed, never imports it: a few milliseconds.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

Version = tuple[int, ...]

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(.*)$")
_CLAUSE = re.compile(r"^(>=|<=|==|!=|<|>)\s*(\d+(?:\.\d+)*)$")


@cache
def version() -> str:
    """Return Evoke's version: of this checkout or, without one, what is installed."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if project.exists():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    return metadata.version("evoke")


def required(project: Path, extras: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the requirements written in `project` (a pyproject.toml), with those of `extras`."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    names = list(table["dependencies"])
    for extra in extras:
        names += table["optional-dependencies"][extra]
    return tuple(names)


def _release(text: str) -> Version:
    """Return the numbers of a version: `2.13.0+cpu` gives (2, 13)."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    numbers = [int(part) for part in found.group().split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def fits(release: str, clauses: str) -> bool:
    """Whether `release` meets `clauses` such as `>=6.8,<6.12,!=6.11.0`; raises ValueError on others."""
    have = _release(release)
    for clause in filter(None, (part.strip() for part in clauses.split(","))):
        found = _CLAUSE.match(clause)
        if found is None:
            raise ValueError(f"cannot read the version clause {clause!r}")
        want = _release(found.group(2))
        holds = {
            ">=": have >= want,
            "<=": have <= want,
            "==": have == want,
            "!=": have != want,
            "<": have < want,
            ">": have > want,
        }[found.group(1)]
        if not holds:
            return False
    return True


def _version_of(distribution: metadata.Distribution) -> str | None:
    """Return a package's version; None for one that pip was writing when it was killed: a folder and no more.

    Where some package has brought a newer reader of its own, that one raises instead of finding nothing.
    """
    try:
        return distribution.metadata["Version"]
    except FileNotFoundError:
        return None


def lacking(requirements: Iterable[str], site_packages: Sequence[Path] | None = None) -> tuple[str, ...]:
    """Return the requirements that are not met, in `site_packages` or else in this interpreter."""
    absent = []
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement)
        if found is None:
            raise ValueError(f"cannot read the requirement {requirement!r}")
        name, clauses = found.groups()
        if site_packages is None:
            installed = metadata.distributions(name=name)
        else:
            installed = metadata.distributions(name=name, path=[str(folder) for folder in site_packages])
        distribution = next(iter(installed), None)
        installed_version = None if distribution is None else _version_of(distribution)
        if installed_version is None or not fits(installed_version, clauses):
            absent.append(requirement)
    return tuple(absent)
