"""Tables as labs pass them on: tabs, commas, semicolons or spaces, lines above the heading, xlsx too.

A `Table` has the heading's names and the rows below, each with its line in the file.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from stimuli.problems import Problem
from stimuli.sets import StimulusError

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_COLUMNS = 400
HEADING_WITHIN = 40
_BROKEN = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError)
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` are (line in the file, cells), cells trimmed; a row that is short is filled up.

    In a table that only blanks divide (`is_spaced`) a row may have more cells than there are `names`: words
    of a text.
    """

    file: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    heading_line: int = 1
    is_spaced: bool = False

    def column(self, *patterns: str) -> int | None:
        """Return the place of the first column whose plain name matches a pattern; earlier patterns first."""
        plain = [plain_name(name) for name in self.names]
        for pattern in patterns:
            for place, name in enumerate(plain):
                if re.fullmatch(pattern, name):
                    return place
        return None


Lines = list[tuple[int, list[str]]]


def plain_name(name: str) -> str:
    """Return a column's name in small letters and digits, words joined by single underscores."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def read_table(path: Path, is_heading: Callable[[Sequence[str]], bool]) -> Table:
    """Read a table whose heading is the first line that `is_heading`; raises StimulusError.

    Two lines of heading ("Valence", "", "Arousal" above "M", "SD", "M", "SD") are joined.
    """
    lines, is_spaced = _lines(path)
    for place, (line, cells) in enumerate(lines[:HEADING_WITHIN]):
        above = lines[place - 1][1] if place else []
        for names in (cells, _joined(above, cells)):
            if names and is_heading([plain_name(name) for name in names]):
                return _below(path, names, line, lines[place + 1 :], is_spaced)
    message = f"no line among the first {HEADING_WITHIN} is a heading with the columns that are needed."
    raise StimulusError([Problem(str(path), None, message, "Compare with the table's documentation.")])


def _joined(above: Sequence[str], below: Sequence[str]) -> list[str]:
    if not above or len(above) > len(below):
        return []
    group, joined = "", []
    for place, name in enumerate(below):
        group = (above[place] if place < len(above) else "") or group
        joined.append(f"{group} {name}".strip())
    return joined


def _below(path: Path, names: Sequence[str], heading_line: int, lines: Lines, is_spaced: bool) -> Table:
    width = len(names)
    rows = [
        (line, tuple(cells) if is_spaced else (*cells, *[""] * (width - len(cells))))
        for line, cells in lines
        if any(cells)
    ]
    return Table(str(path), tuple(names), tuple(rows), heading_line, is_spaced)


def _lines(path: Path) -> tuple[Lines, bool]:
    """Return the lines of cells, and whether only blanks divide them."""
    remedy = "Open it in a spreadsheet and save it as CSV (UTF-8)."
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(path, "the table is too large.", "At most 20 MB are read.")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(path, f"cannot be read: {reason}.", "Check the path.") from error
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _refused(path, "this is an Excel file of the old kind (.xls), which is not read here.", remedy)
    if data[:4] == b"PK\x03\x04":
        return _xlsx(path, data), False
    text = _decoded(data)
    if "\0" in text:
        raise _refused(path, "this is not a table of text.", remedy)
    return _text(path, text)


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _text(path: Path, text: str) -> tuple[Lines, bool]:
    delimiter = _delimiter(text)
    if delimiter == " ":
        lines = text.splitlines()
        found = [(number, line.split()) for number, line in enumerate(lines, start=1)]
        return found[: MAX_ROWS + HEADING_WITHIN], True
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found = []
    try:
        for row in rows:
            found.append((rows.line_num, [" ".join(cell.split()) for cell in row[:MAX_COLUMNS]]))
            if len(found) > MAX_ROWS:
                raise _refused(path, "the table has too many rows.", f"At most {MAX_ROWS} are read.")
    except csv.Error as error:
        found_line = rows.line_num
        problem = Problem(str(path), found_line, f"this is not a table: {error}.", "Check the quotes there.")
        raise StimulusError([problem]) from error
    return found, False


def _delimiter(text: str) -> str:
    """Return what separates most lines into the same number of cells."""
    sample = [line for line in text.splitlines()[:200] if line.strip()]
    best, most = " ", 0
    for delimiter in "\t;,":
        counts = [line.count(delimiter) for line in sample if delimiter in line]
        usual = max(set(counts), key=counts.count) if counts else 0
        agreeing = counts.count(usual)
        if usual and agreeing > most and agreeing * 2 >= len(sample):
            best, most = delimiter, agreeing
    return best


def _refused(path: Path, message: str, remedy: str) -> StimulusError:
    return StimulusError([Problem(str(path), None, message, remedy)])


def _xlsx(path: Path, data: bytes) -> Lines:
    """Read the first sheet of a workbook: cells of text and numbers, nothing else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            shared = _part(book, "xl/sharedStrings.xml")
            sheets = [name for name in book.namelist() if re.fullmatch(r"xl/worksheets/[\w-]+\.xml", name)]
            # Sheets are numbered as they were made; "sheet10" must not come before "sheet2".
            sheet = _part(book, min(sheets, key=lambda name: (len(name), name))) if sheets else None
    except (*_BROKEN, ValueError, OSError, RuntimeError) as error:
        remedy = "Open it in a spreadsheet and save it as CSV (UTF-8)."
        raise _refused(path, "this workbook cannot be read.", remedy) from error
    if sheet is None:
        raise _refused(path, "there is no sheet in this workbook.", "Save the table as CSV (UTF-8).")
    texts = [] if shared is None else [_text_of(entry) for entry in shared.iter(f"{_SHEET}si")]
    lines: Lines = []
    for number, row in enumerate(sheet.iter(f"{_SHEET}row"), start=1):
        cells: list[str] = []
        for cell in row.iter(f"{_SHEET}c"):
            place = _place(cell.get("r", ""), len(cells))
            if place < MAX_COLUMNS:
                cells += [""] * (place + 1 - len(cells))
                cells[place] = " ".join(_value(cell, texts).split())
        line = row.get("r", "")
        lines.append((int(line) if line.isdecimal() and len(line) < 9 else number, cells))
    return lines[: MAX_ROWS + HEADING_WITHIN]


def _part(book: zipfile.ZipFile, name: str) -> ElementTree.Element | None:
    if name not in book.namelist():
        return None
    if book.getinfo(name).file_size > 5 * MAX_BYTES:
        raise ValueError("too large")
    content = book.read(name)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("entities are not read")
    return ElementTree.fromstring(content)


def _text_of(entry: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in entry.iter(f"{_SHEET}t"))


def _place(reference: str, otherwise: int) -> int:
    letters = re.match(r"[A-Z]{1,3}(?=\d)", reference)
    if letters is None:
        return otherwise
    place = 0
    for letter in letters[0]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _value(cell: ElementTree.Element, texts: Sequence[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text_of(cell)
    value = cell.findtext(f"{_SHEET}v") or ""
    if kind == "s":
        return texts[int(value)] if value.isdecimal() and int(value) < len(texts) else ""
    return value


def column_names(path: Path) -> tuple[str, ...]:
    """Return the names of the fullest line among the first ones: what a person may choose columns from.

    Raises StimulusError.
    """
    lines, _ = _lines(path)
    found: list[str] = []
    above: list[str] = []
    before: list[str] = []
    for _, cells in lines[:HEADING_WITHIN]:
        is_text = sum(bool(re.search(r"[A-Za-z]", cell)) for cell in cells) * 2 > len(cells)
        if is_text and sum(map(bool, cells)) > sum(map(bool, found)):
            above, found = before, cells
        before = cells
    joined = _joined(above, found) if len(set(found)) < len(found) else []
    return tuple(name for name in (joined or found) if name)
