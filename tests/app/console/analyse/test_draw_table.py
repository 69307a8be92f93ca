"""Tables of pages: digits by column, units in heads, no number in powers of ten where it can be written."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.analysing.html_page import Table
from app.console.analyse.draw_table import TableView, cell_of, digits_of, head_of
from tests.helpers.analyse_page import rows

COLUMNS = (
    ([0.8, 0.89, 0.672], ["0.800", "0.890", "0.672"]),
    ([2.0, 74.0], ["2", "74"]),
    ([10632.3, 430.78, 9919.2], ["10632", "431", "9919"]),
    ([27.3611, 0.01525, 0.0], ["27.36", "0.0152", "0.00"]),
    ([12314.0, 0.85], ["12314", "0.85"]),
    ([5e-7, 0.3], ["5e-07", "0.3000"]),
    ([0.5, None, float("nan")], ["0.5", "", ""]),
    ([0.0, 0.0], ["0", "0"]),
    ([True, "text", 7], ["yes", "text", "7"]),
)


@pytest.mark.parametrize(("values", "shown"), COLUMNS)
def test_a_column_has_the_digits_of_its_largest_number(values: list[object], shown: list[str]) -> None:
    assert [cell_of(value, digits_of(values)) for value in values] == shown


@pytest.mark.parametrize(
    ("name", "head"),
    [("mean_frequency_hz", "Mean frequency (Hz)"), ("energy_percent", "Energy (%)"), ("p GG", "p GG"),
     ("df1", "df1"), ("F", "F"), ("s", "S"), ("participants", "Participants")],
)  # fmt: skip
def test_a_head_names_the_unit_and_leaves_statistics_small(name: str, head: str) -> None:
    assert head_of(name) == head


def test_the_last_column_takes_the_room_left_over_and_is_never_cut(qtbot: QtBot) -> None:
    view = TableView("Table")
    qtbot.addWidget(view)
    view.resize(900, 300)
    view.show()
    view.show_table(Table("t", ("one", "a_long_name_of_a_column"), ((1.25, "text"),)))
    assert rows(view.table) == [["1.25", "text"]]
    needed = view.table.columnWidth(0)
    view.resize(900, 301)
    assert view.table.columnWidth(0) + view.table.columnWidth(1) == view.table.viewport().width()
    view.resize(needed + 60, 300)
    assert view.table.columnWidth(1) >= view.table.horizontalHeader().sectionSizeHint(1)
