"""A paper's tables on the data at hand: made by one command, kept in a study, read by the page Literature.

derivatives/literature/NAME.json            tables, with the figures in NAME/
derivatives/literature/NAME-quick.json      those of the smallest form, which replaces nothing but itself
derivatives/literature/earlier/             whole ones that were made anew since, with the time in their name
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from analysis.literature.paper import Cell, Ours, Paper, paper
from app.study import Study
from stimuli.problems import EvokeError

LITERATURE = Path("derivatives") / "literature"
QUICK = "-quick"
EARLIER = "earlier"
SMALLEST = "smallest form"


class LiteratureError(EvokeError):
    """A paper's tables cannot be made or read; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a paper's file is given: the source (None: none was named), the study to work in, whom to tell.

    `is_quick` asks for the small form that tests and demonstrations use; its tables must say so.
    """

    study: Study
    source: Path | None = None
    workers: int = 0
    seed: int = 1
    is_quick: bool = False
    said: Callable[[str], None] = lambda words: None
    cancelled: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Made:
    """Tables made, and figures as SVG by file name."""

    tables: tuple[Ours, ...]
    figures: Mapping[str, str] = field(default_factory=dict)


MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "mer-sem-mbt": "app.analysing.literature.mer_sem_mbt:tables",
        "personality": "app.analysing.literature.personality:tables",
        "csi": "app.analysing.literature.csi:tables",
        "micro-expressions": "app.analysing.literature.micro_expressions:tables",
        "depression": "app.analysing.literature.depression:tables",
        "eeg-channels": "app.analysing.literature.eeg_channels:tables",
        "eeg-survey": "app.analysing.literature.eeg_survey:tables",
        "imemd": "app.analysing.literature.imemd:tables",
        "pdan": "app.analysing.literature.pdan:tables",
        "psa-yolo": "app.analysing.literature.psa_yolo:tables",
        "recommendation": "app.analysing.literature.recommendation:tables",
    }
)
"""By paper's name: "module:function", function(order: Order) -> Made."""


def make(name: str, order: Order, keep_in: Study) -> Made:
    """Make a paper's tables and keep them in a study; raises EvokeError with one clear message."""
    module, _, attribute = MAKERS[name].partition(":")
    maker: Callable[[Order], Made] = getattr(import_module(module), attribute)
    made = maker(order)
    keep(keep_in, name, made, order.is_quick)
    return made


def words(paper: Paper, tables: tuple[Ours, ...]) -> list[str]:
    """Return the tables as lines of text."""
    shown = [paper.title, paper.source]
    for table in tables:
        shown += ["", table.title, f"  data: {table.data}", f"  protocol: {table.protocol}"]
        cells = [table.columns, *(tuple(_cell(value) for value in row) for row in table.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(table.columns))]
        shown += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        shown += [f"  {line}" for line in (*table.controls, *(f"note: {note}" for note in table.notes))]
    return shown


def _cell(value: Cell) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}"


def keep(study: Study, name: str, made: Made, is_quick: bool = False) -> Path:
    """Write tables and figures.

    The smallest form lies apart and replaces only its own kind; whole ones of an earlier time, which may have
    taken hours, are put aside.
    """
    folder = study.folder / LITERATURE
    place = f"{name}{QUICK}" if is_quick else name
    path = folder / f"{place}.json"
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists() and not is_quick:
        _put_aside(path)
    for file, svg in made.figures.items():
        target = folder / place / file
        target.parent.mkdir(exist_ok=True)
        target.write_text(svg, encoding="utf-8")
    content = {
        "paper": name,
        "made_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "tables": [asdict(table) for table in made.tables],
        "figures": sorted(made.figures),
    }
    # Two processes may make the same paper's.
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)
    return path


def _put_aside(path: Path) -> None:
    aside = path.parent / EARLIER
    aside.mkdir(exist_ok=True)
    stamp = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y%m%dT%H%M%S")
    number, name = 1, f"{path.stem}-{stamp}"
    while (aside / f"{name}.json").exists():
        number += 1
        name = f"{path.stem}-{stamp}-{number}"
    path.replace(aside / f"{name}.json")
    figures = path.with_suffix("")
    if figures.is_dir():
        figures.replace(aside / name)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a study keeps of a paper: its tables, when they were made, the figures' files.

    `is_quick`: all are of the smallest form; their titles say so.
    """

    paper: Paper
    made_utc: str
    tables: tuple[Ours, ...]
    figures: tuple[Path, ...]
    is_quick: bool = False


def kept(study: Study, name: str) -> Kept | None:
    """Return what a study keeps of a paper, else of its smallest form; None for nothing.

    Raises LiteratureError for a broken file.
    """
    return _kept(study, name, False) or quick(study, name)


def quick(study: Study, name: str) -> Kept | None:
    """Return what a study keeps of a paper's smallest form; None for nothing. Raises LiteratureError."""
    return _kept(study, name, True)


def _kept(study: Study, name: str, is_quick: bool) -> Kept | None:
    place = f"{name}{QUICK}" if is_quick else name
    path = study.folder / LITERATURE / f"{place}.json"
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        tables = tuple(_table(each) for each in content["tables"])
        if is_quick:
            tables = tuple(replace(each, title=f"{each.title} ({SMALLEST})") for each in tables)
        figures = tuple(path.parent / place / file for file in content["figures"])
        return Kept(paper(name), content["made_utc"], tables, figures, is_quick)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LiteratureError(
            f"{path}: these tables cannot be read ({type(error).__name__}). Delete the file and make them "
            f"again: evoke reproduce {name}{' --quick' if is_quick else ''}."
        ) from error


def _table(values: Mapping[str, Any]) -> Ours:
    known: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in values.items()
    }
    known["rows"] = tuple(tuple(row) for row in values["rows"])
    return Ours(**known)
