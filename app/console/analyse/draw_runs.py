"""Runs as entries of a box to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from app.console.analyse.runs_list import RunLine


def run_entries(lines: Sequence[RunLine]) -> list[tuple[str, object]]:
    """Return an entry a run: recognizer, target, split, when it was made; its folder behind it."""
    return [
        (
            f"{line.experiment.recognizer}, {line.target}, {line.experiment.split.kind}, {_when(line)}",
            line.folder,
        )
        for line in lines
    ]


def _when(line: RunLine) -> str:
    return line.created[:19].replace("T", " ")
