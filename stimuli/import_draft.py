"""What an import would write, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stimuli.media import MediaError, kind_of, probe
from stimuli.problems import Problem
from stimuli.sets import Stimulus, StimulusError, digest_of

MAX_FILES = 100_000


@dataclass(frozen=True)
class Draft:
    """`items` are good, their `path` is the file found; `lines` the table's line of each id.

    `columns` says which column was taken for which field, `notes` what was decided on the way. A row with
    a problem is in `problems` and not in `items`.
    """

    source: str
    table: str
    items: tuple[Stimulus, ...]
    lines: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


class Files:
    """The pictures, films and sounds in a folder and below it, found by name or by stem, in any case."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            message = "there is no such folder."
            raise StimulusError([Problem(str(folder), None, message, "Name the folder of the files.")])
        self.folder = folder
        self.all = tuple(sorted(_walk(folder)))
        self._by_name: dict[str, list[Path]] = {}
        for path in self.all:
            for key in {path.name.lower(), path.stem.lower(), path.relative_to(folder).as_posix().lower()}:
                self._by_name.setdefault(key, []).append(path)

    def find(self, name: str) -> list[Path]:
        """Return the files that `name` (a file's name with or without ending, or its place) may mean."""
        return self._by_name.get(name.replace("\\", "/").strip("/ ").lower(), [])


def _walk(folder: Path) -> Iterator[Path]:
    count = 0
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            path = Path(top) / name
            if name.startswith(".") or kind_of(path) is None:
                continue
            count += 1
            if count > MAX_FILES:
                message = f"there are more than {MAX_FILES} files in it."
                raise StimulusError([Problem(str(folder), None, message, "Name a smaller folder.")])
            yield path


def measured(item: Stimulus) -> Stimulus:
    """Return the stimulus with its file's checksum, size and duration; raises MediaError or OSError."""
    facts = probe(item.path)
    if item.kind != "picture" and facts.duration_s is None:
        raise MediaError("its duration cannot be told")
    return replace(
        item,
        sha256=digest_of(item.path),
        duration_s=None if item.kind == "picture" else round(facts.duration_s or 0.0, 3),
        width_px=facts.width_px or None if item.kind != "sound" else None,
        height_px=facts.height_px or None if item.kind != "sound" else None,
    )
