"""Names and small files of a BIDS data set."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.exchange.export_csv import write_rows
from analysis.exchange.export_grid import Floats
from analysis.exchange.export_view import View

Axis = Callable[[Floats], Floats]
"""From times of the session's clock (n,) to seconds of the recording (n,)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session's files go: `root`/sub-X/ses-Y/<kind>/<stem><entities>_<suffix>."""

    root: Path
    subject: str
    session: str
    task: str
    run: str

    def path(self, kind: str, suffix: str, before_run: str = "", behind_run: str = "") -> Path:
        """Return where a file of this session goes; entities stand before or behind the run."""
        name = f"{self.subject}_{self.session}_task-{self.task}{before_run}_{self.run}{behind_run}_{suffix}"
        return self.root / self.subject / self.session / kind / name

    def relative(self, path: Path) -> str:
        """Return `path` as the data set names it."""
        return path.relative_to(self.root).as_posix()


def subject_label(participant: str) -> str:
    """Return a participant's BIDS label."""
    return "sub-" + (re.sub(r"[^A-Za-z0-9]", "", participant) or "unknown")


def label_of(name: str) -> str:
    """Return a name's letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", name) or "stream"


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a new JSON file; no infinities, no NaN."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        json.dump(values, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def sidecar(path: Path) -> Path:
    """Return the name of the JSON file that describes `path`."""
    return path.with_name(path.name.split(".")[0] + ".json")


def task(view: View) -> dict[str, Any]:
    """Return what every sidecar begins with."""
    return {"TaskName": view.task}


def write_tsv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a table of BIDS: tabs, no quotes, n/a for what is not known."""
    write_rows(path, [{name: _plain(value) for name, value in row.items()} for row in rows], "\t", "n/a")


def _plain(value: Any) -> Any:
    """Return a value that a line of a table without quotes can hold."""
    return re.sub(r"[\t\r\n\"]+", " ", value).strip() or None if isinstance(value, str) else value
