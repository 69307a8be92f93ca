"""Papers' tables as they are shown: the printed ones beside ours, and rows that hold what is searched for."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.literature.paper import PAPERS, Cell, Ours, Paper, Printed, paper
from app.analysing.html_page import Table
from app.analysing.literature.reproducing import SMALLEST, Kept, LiteratureError, kept, quick
from app.analysing.run_figures import Shown
from app.analysing.svg import Figure
from app.study import Study

_SIZE = re.compile(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"')
_TITLE = re.compile(r"<title>([^<]*)</title>")


@dataclass(frozen=True, slots=True)
class Read:
    """A paper, and what the open study keeps of it; `trouble` says why that cannot be read.

    `ours` is what was made last in full, then that of the smallest form.
    """

    paper: Paper
    ours: tuple[Kept, ...] = ()
    figures: tuple[Shown, ...] = ()
    trouble: str = ""

    @property
    def tables(self) -> tuple[Ours, ...]:
        """All tables of ours."""
        return tuple(table for each in self.ours for table in each.tables)


@dataclass
class Drawn(Figure):
    """A figure that was stored as SVG."""

    stored: str = ""

    def svg(self) -> str:
        """Return it as it was stored."""
        return self.stored

    def make(self, width: float, height: float) -> Figure:
        """Return it in its own size, whatever room there is."""
        del width, height
        return self


def read_papers(study: Study | None) -> tuple[Read, ...]:
    """Return every paper with the tables that a study keeps of it."""
    return tuple(_read(name, study) for name in PAPERS)


def _read(name: str, study: Study | None) -> Read:
    from stimuli.problems import EvokeError

    found = paper(name)
    if study is None:
        return Read(found)
    ours: list[Kept] = []
    figures: list[Shown] = []
    trouble: list[str] = []
    for read in (kept, quick):
        try:
            each = read(study, name)
            if each is not None and each not in ours:
                ours.append(each)
                figures += _figures(each)
        except EvokeError as error:
            trouble.append(str(error))
    return Read(found, tuple(ours), tuple(figures), " ".join(dict.fromkeys(trouble)))


def _figures(kept: Kept) -> Iterator[Shown]:
    for path in kept.figures:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LiteratureError(
                f"{path}: this figure cannot be read. Make the paper's tables again."
            ) from error
        size = _SIZE.search(text)
        if size is None:
            raise LiteratureError(f"{path}: is no figure of ours. Make the paper's tables again.")
        said = _TITLE.search(text)
        name = path.stem.replace("-", " ")
        title = f"{name} ({SMALLEST})" if kept.is_quick else name
        about = html.unescape(said[1]) if said else name
        drawn = Drawn(float(size[1]), float(size[2]), about, stored=text)
        yield Shown(
            path.stem, title, about, drawn.make, Table(path.stem, (), ()),
            (drawn.width, drawn.height), (min(320.0, drawn.width), min(240.0, drawn.height)),
        )  # fmt: skip


def matching(table: Printed | Ours, wanted: str) -> Table | None:
    """Return the table with the rows in which each wanted word stands; None where there is no such row.

    A word may also stand in the table's title, data or protocol. Capital letters make no difference.
    """
    head = " ".join((table.title, table.data, table.protocol, *table.columns)).casefold()
    needed = [word for word in wanted.casefold().split() if word not in head]
    rows = tuple(row for row in table.rows if _holds(row, needed))
    if not rows and wanted.strip():
        return None
    columns, shown = table.columns, tuple(tuple(map(_plain, row)) for row in rows)
    if isinstance(table, Ours) and table.published:
        columns, shown = _with_differences(table, rows)
    return Table(file_name(table.title), columns, shown)


def _plain(cell: Cell) -> Cell:
    """Return a count as one: 59317.0 is 59317."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) >= 1e4 else cell


def _holds(row: tuple[Cell, ...], words: list[str]) -> bool:
    text = " ".join("" if cell is None else str(cell) for cell in row).casefold()
    return all(word in text for word in words)


def _with_differences(
    table: Ours, rows: tuple[tuple[Cell, ...], ...]
) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """Add ours minus printed for each column of numbers, row by row of the same first cell."""
    printed = next((each for each in _all_printed() if each.title == table.published), None)
    if printed is None:
        return table.columns, rows
    known = {row[0]: dict(zip(printed.columns, row, strict=True)) for row in printed.rows}
    names = [name for name in table.columns[1:] if name in printed.columns]
    added = tuple(f"{name}, less printed" for name in names)

    def less(row: tuple[Cell, ...], name: str) -> Cell:
        own, theirs = dict(zip(table.columns, row, strict=True))[name], known.get(row[0], {}).get(name)
        return own - theirs if isinstance(own, float) and isinstance(theirs, float) else None

    return (*table.columns, *added), tuple((*row, *(less(row, name) for name in names)) for row in rows)


def _all_printed() -> Iterator[Printed]:
    for name in PAPERS:
        yield from paper(name).printed


def file_name(title: str) -> str:
    """Return a title as the name of a file: letters, digits and hyphens."""
    kept_signs = "".join(sign if sign.isalnum() else " " for sign in title.casefold())
    return "-".join(kept_signs.split())[:60] or "table"


def facts(table: Printed | Ours) -> str:
    """Return what must be known of a table before it is read: data, protocol, controls, notes."""
    lines = [f"Data: {table.data}", f"Protocol: {table.protocol}"]
    if isinstance(table, Ours):
        lines += table.controls
    return "\n".join((*lines, *table.notes))
