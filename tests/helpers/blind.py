"""Two studies that differ only in what a scheme may hide, and everything that is in a package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from app.study import Study
from tests.helpers.labelled import Facts, make_study

UUID = "11111111-2222-4333-8444-555555555555"
"""Of both studies: it is random by nature and hides nothing."""
ONE = Facts()
OTHER = Facts(
    codes=("Z9", "A1", "M5", "B2"),
    stimuli=("war", "kitten", "funeral", "lamp-with-a-long-name"),
    categories=("negative", "positive", "negative", "fear"),
    answers=(1, 9, 3, 4),
)
"""Other people, stimuli, categories and answers; the signals are the same."""


def twins(folder: Path, participants: int = 2, trials: int = 4) -> tuple[Study, Study]:
    """Make two studies on the same signals; in the second one the trials are numbered backwards too."""
    one = make_study(folder / "one", participants, trials, ONE)
    other = make_study(folder / "other", participants, trials, OTHER)
    for session in other.sessions():
        _renumber(other.folder / session.file, trials)
    return one.with_settings(uuid=UUID), other.with_settings(uuid=UUID)


def _renumber(path: Path, trials: int) -> None:
    path.chmod(0o600)
    with h5py.File(path, "r+") as file:
        for table in ("events", "keys", "frames"):
            known = file[table]["trial"][:]
            file[table]["trial"][:] = np.where(known >= 0, trials - 1 - known, known)
        for name in ("index", "order"):
            file["trials"][name][:] = trials - 1 - file["trials"][name][:]
    path.chmod(0o400)


def contents(package: Path) -> dict[str, bytes]:
    """Return the files of a package, or the zip itself, byte by byte."""
    if package.is_file():
        return {"": package.read_bytes()}
    paths = sorted(path for path in package.rglob("*") if path.is_file())
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in paths}


def everything_told(package: Path) -> str:
    """Return all names, texts and values in a package, session files unpacked."""
    found: list[Any] = [path.relative_to(package).as_posix() for path in package.rglob("*")]
    for path in (path for path in package.rglob("*") if path.is_file()):
        found.append(_walked(path) if path.suffix == ".h5" else path.read_bytes())
    return str(found)


def _walked(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def visit(name: str, node: h5py.HLObject) -> None:
        found[f"{name}@"] = sorted((key, str(value)) for key, value in node.attrs.items())
        if isinstance(node, h5py.Dataset):
            value = node[()]
            found[name] = value.tobytes() if isinstance(value, np.ndarray) else value

    with h5py.File(path, "r") as file:
        visit("/", file)
        file.visititems(visit)
    return found
