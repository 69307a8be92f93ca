"""The papers' tables as printed: whole rows, sources, doubts with what was chosen, and names that exist."""

from __future__ import annotations

import pytest

from analysis.literature.paper import PAPERS, paper, papers
from analysis.recognizers.table import RECOGNIZERS

EVERY = pytest.mark.parametrize("name", sorted(PAPERS))


@EVERY
def test_it_says_whose_it_is_and_what_is_in_doubt(name: str) -> None:
    found = paper(name)
    assert found.name == name
    assert all((found.title, found.source, found.about, found.printed))
    assert all(what and choice for what, choice in found.doubts)
    assert set(found.recognizers) <= set(RECOGNIZERS)


@EVERY
def test_every_row_of_a_printed_table_fills_its_columns(name: str) -> None:
    tables = paper(name).printed
    assert len({table.title for table in tables}) == len(tables)
    for table in tables:
        assert table.data and table.protocol and table.rows, table.title
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.title


def test_no_two_papers_print_a_table_of_the_same_title() -> None:
    titles = [table.title for each in papers() for table in each.printed]
    assert len(set(titles)) == len(titles)
