"""Tables as labs pass them on: every dialect read alike, every hostile file refused with a remedy."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stimuli.import_tables import Table, column_names, plain_name, read_table
from stimuli.sets import StimulusError

ROWS = (("id", "valence", "note"), ("a", "5.5", "one two"), ("b", "6", ""))
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def has_id(names: object) -> bool:
    return isinstance(names, list) and "id" in names and "valence" in names


def read(path: Path) -> Table:
    return read_table(path, has_id)


def written(folder: Path, content: str | bytes, name: str = "table.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(rows: Sequence[Sequence[str]], sheet: str = "") -> bytes:
    cells = ""
    for number, row in enumerate(rows, start=1):
        inside = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row)
        cells += f'<row r="{number}">{inside}</row>'
    text = sheet or f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", text)
    return made.getvalue()


def joined(delimiter: str) -> bytes:
    return "\n".join(delimiter.join(row) for row in ROWS).encode()


DIALECTS = {
    "tabs": joined("\t"),
    "commas": joined(","),
    "semicolons": joined(";"),
    "carriage returns": joined(",").replace(b"\n", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + joined(","),
    "UTF-16": "\n".join("\t".join(row) for row in ROWS).encode("utf-16"),
    "lines above": b"Norms of our lab\n\nAll subjects\n" + joined("\t"),
    "workbook": workbook(ROWS),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_rows(dialect: str, tmp_path: Path) -> None:
    table = read(written(tmp_path, DIALECTS[dialect]))
    assert table.names == ROWS[0]
    assert [cells for _, cells in table.rows] == list(ROWS[1:])


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    table = read(written(tmp_path, b"Norms\n\n" + joined(",")))
    assert table.heading_line == 3
    assert [line for line, _ in table.rows] == [4, 5]


def test_two_lines_of_heading_are_joined(tmp_path: Path) -> None:
    text = ";Valence;;Arousal;\nid;M;SD;M;SD\na;5,5;1;6;2\n"
    table = read_table(written(tmp_path, text), lambda names: "valence_m" in names)
    assert table.names == ("id", "Valence M", "Valence SD", "Arousal M", "Arousal SD")


def test_latin_letters_of_old_programs_are_read(tmp_path: Path) -> None:
    table = read(written(tmp_path, "id,valence,note\na,5,Kröte\n".encode("cp1252")))
    assert table.rows[0][1] == ("a", "5", "Kröte")


def test_shared_strings_of_a_workbook_are_looked_up(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        texts = "".join(f"<si><t>{text}</t></si>" for text in ("id", "valence", "a"))
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{SHEET}">{texts}</sst>')
        rows = (
            '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
            '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="C2"><v>4.25</v></c></row>'
        )
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>',
        )
    table = read(written(tmp_path, made.getvalue(), "table.xlsx"))
    assert table.names == ("id", "", "valence")
    assert table.rows == ((2, ("a", "", "4.25")),)


HOSTILE = {
    "an old Excel file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "save it as CSV"),
    "no heading": (b"a,b\n1,2\n", "is a heading with the columns that are needed"),
    "bytes": (bytes(range(256)) * 4, "no line among the first|not a table"),
    "zeros": (b"\0" * 4000, "not a table of text"),
    "nothing": (b"", "is a heading"),
    "a torn archive": (b"PK\x03\x04" + b"x" * 200, "this workbook cannot be read"),
    "an archive of something else": (workbook((), "<a/>"), "is a heading"),
    "entities": (
        workbook((), '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'),
        "this workbook cannot be read",
    ),
    "an open quote": (b'id,valence\n"' + b"x" * 200_000, "this is not a table"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_table_is_refused_with_a_remedy(case: str, tmp_path: Path) -> None:
    content, expected = HOSTILE[case]
    with pytest.raises(StimulusError, match=expected) as caught:
        read(written(tmp_path, content))
    assert all(problem.remedy for problem in caught.value.problems)


def test_a_table_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StimulusError, match="cannot be read: No such file or directory"):
        read(tmp_path / "none.csv")


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_problem(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    try:
        table = read_table(path, lambda names: len(names) > 0)
    except StimulusError:
        return
    assert all(len(cells) >= len(table.names) or table.is_spaced for _, cells in table.rows)
    column_names(path)


WORD = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='",;'), min_size=1, max_size=8
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(WORD, WORD), min_size=1, max_size=6), st.sampled_from(["\t", ",", ";"]))
def test_words_come_back_as_they_were_written(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str
) -> None:
    text = "\n".join(delimiter.join(row) for row in (("id", "valence"), *rows))
    assert [cells for _, cells in read(written(tmp_path, text)).rows] == rows


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Val_M", "val_m"), ("valence (mean)", "valence_mean"), ("V/H", "v_h"), ("MeanValence", "mean_valence")],
)
def test_names_of_columns_are_compared_plainly(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_columns_to_choose_from_are_those_of_the_heading(tmp_path: Path) -> None:
    text = "Norms of 2014\n;Valence;;Arousal;\nID;M;SD;M;SD\na;5;1;6;2\n"
    assert column_names(written(tmp_path, text)) == (
        "ID",
        "Valence M",
        "Valence SD",
        "Arousal M",
        "Arousal SD",
    )
