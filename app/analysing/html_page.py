"""One HTML file that opens anywhere: text, tables and figures in it, no script, nothing from outside."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from app.analysing.svg import Figure
from app.settings import write_atomically

STYLE = """
:root { color-scheme: light dark; --ink: #16191d; --soft: #5b626c; --line: #d5d9df; --back: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #a4acb7; --line: #3a414b; --back: #16191d; }
}
body { font: 15px/1.55 system-ui, 'DejaVu Sans', sans-serif; color: var(--ink); background: var(--back);
  max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; } p { margin: .5rem 0; } .soft { color: var(--soft); }
.warning { border-left: 4px solid #c8641b; padding: .4rem .8rem; margin: .8rem 0; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .92rem; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; } code { font-size: .88em; }
figure { margin: .8rem 0 1.4rem; } figcaption { color: var(--soft); font-size: .9rem; }
nav a { margin-right: 1rem; } a { color: inherit; }
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the name of its CSV file (without suffix), the columns, and rows of plain values."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def csv(self) -> str:
        """Return it as CSV text; what is not known is empty."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([["" if value is None else value for value in row] for row in self.rows])
        return out.getvalue()


@dataclass
class Page:
    """A page while it is written; `tables` are the CSV files that belong to it."""

    title: str
    about: str
    parts: list[str] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    sections: list[tuple[str, str]] = field(default_factory=list)

    def section(self, title: str) -> None:
        """Begin a section."""
        mark = f"s{len(self.sections) + 1}"
        self.sections.append((mark, title))
        self.parts.append(f'<h2 id="{mark}">{escape(title)}</h2>')

    def heading(self, title: str) -> None:
        """Begin a part of a section."""
        self.parts.append(f"<h3>{escape(title)}</h3>")

    def text(self, words: str, soft: bool = False) -> None:
        """Add a paragraph."""
        self.parts.append(f"<p{' class=soft' if soft else ''}>{escape(words)}</p>")

    def warning(self, words: str) -> None:
        """Add what must not be overlooked."""
        self.parts.append(f'<p class="warning"><strong>Careful:</strong> {escape(words)}</p>')

    def code(self, words: str) -> None:
        """Add a command, or a checksum."""
        self.parts.append(f"<p><code>{escape(words)}</code></p>")

    def table(self, table: Table, most: int = 200) -> None:
        """Add a table, its first rows; the file has all of them."""
        self.tables[table.name] = table
        head = "".join(f"<th scope=col>{escape(name)}</th>" for name in table.columns)
        rows = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in table.rows[:most])
        more = len(table.rows) - most
        said = f"{more} more rows in the file. " if more > 0 else ""
        self.parts.append(
            f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
            f'<p class="soft">{said}<a href="csv/{table.name}.csv">{table.name}.csv</a></p>'
        )

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Add names with what they are."""
        rows = "".join(
            f"<tr><th scope=row>{escape(name)}</th>{_cell(value)}</tr>" for name, value in facts.items()
        )
        self.parts.append(f'<div class="wide"><table><tbody>{rows}</tbody></table></div>')

    def figure(self, figure: Figure, caption: str, table: Table | None = None) -> None:
        """Add a figure, and the file with the numbers in it."""
        link = ""
        if table is not None:
            self.tables[table.name] = table
            link = f' <a href="csv/{table.name}.csv">{table.name}.csv</a>'
        self.parts.append(f"<figure>{figure.svg()}<figcaption>{escape(caption)}{link}</figcaption></figure>")

    def html(self) -> str:
        """Return the whole page."""
        links = "".join(f'<a href="#{mark}">{escape(title)}</a>' for mark, title in self.sections)
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<h1>{escape(self.title)}</h1>\n<p class=soft>{escape(self.about)}</p>\n<nav>{links}</nav>\n"
            + "\n".join(self.parts)
            + "\n</body>\n</html>\n"
        )

    def write(self, folder: Path, name: str = "report.html") -> Path:
        """Write the page and its CSV files into a folder; raises OSError."""
        (folder / "csv").mkdir(parents=True, exist_ok=True)
        for table in self.tables.values():
            write_atomically(folder / "csv" / f"{table.name}.csv", table.csv())
        path = folder / name
        write_atomically(path, self.html())
        return path


def _cell(value: Any) -> str:
    if value is None:
        return "<td>–</td>"
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int):
        return f"<td class=n>{value}</td>"
    if isinstance(value, float):
        return f"<td class=n>{value:.4g}</td>"
    return f"<td>{escape(str(value))}</td>"


def table_of(name: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> Table:
    """Return a table of dictionaries; columns in the order given, or of the first row."""
    named = tuple(columns) or tuple(rows[0] if rows else ())
    return Table(name, named, tuple(tuple(row.get(column) for column in named) for row in rows))
