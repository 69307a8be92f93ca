"""The survey's result table: every row, and what is said of its protocol."""

from __future__ import annotations

from analysis.literature.eeg_survey import RESULTS


def test_all_rows_are_there_the_one_pair_apart() -> None:
    by_year = {year: sum(each.year == year for each in RESULTS) for year in range(2017, 2023)}
    assert by_year == {2017: 3, 2018: 4, 2019: 7, 2020: 11, 2021: 5, 2022: 6}
    pair = [each for each in RESULTS if each.author == "Huang"]
    assert [each.protocol for each in pair] == ["within", "across"]
    assert [each.author for each in RESULTS if each.protocol == "across"] == ["Huang"]


def test_what_is_no_accuracy_or_misprinted_has_its_caveat() -> None:
    caveats = {(each.year, each.author): each.caveat for each in RESULTS}
    assert "87.25" in caveats[2020, "Hassouneh"]
    assert "workload" in caveats[2018, "Jiao"]
    assert "correlations" in caveats[2021, "Liu & Fu"]
    assert "both sides" in caveats[2022, "Wang"]
