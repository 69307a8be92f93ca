"""The printed figures on micro-expressions, computed again: what agrees, and exactly what does not."""

from __future__ import annotations

import pytest
from scipy import stats

from analysis.literature.micro_expressions_checks import (
    d_rows,
    eta_rows,
    labellings,
    mean_rows,
    p_agreeing,
    pair_rows,
    power_rows,
    square_rows,
)
from analysis.literature.paper import Cell, paper


def test_every_printed_partial_eta_squared_follows_from_its_f() -> None:
    verdicts = [row[-1] for row in eta_rows()]
    assert verdicts.count("agrees") == 22 and "does not agree" not in verdicts


def test_every_printed_p_follows_from_its_f() -> None:
    assert p_agreeing() == (18, 18)
    told = {(row[0], row[1]): (row[3], row[4]) for row in eta_rows()}
    assert told["E1 time", "expression"] == ("p = .199", "p = .199")
    assert told["E1 accuracy", "expression"] == ("p < .001", "p < .001")
    assert told["E1 accuracy", "expression in attractive faces"] == (None, "p < .001")


def test_every_printed_d_is_2t_over_the_root_of_36_in_one_experiment_and_37_in_the_other() -> None:
    told: dict[str, set[Cell]] = {"E1": set(), "E2": set()}
    for row in d_rows():
        told[str(row[0])[:2]].add(row[-1])
    assert told == {"E1": {"agrees with df 36"}, "E2": {"agrees with df 37"}}


def test_one_of_36_labellings_fits_the_intervals() -> None:
    found = labellings()
    assert len(found) == 36
    assert found[0].worst <= 0.001 < 0.05 < found[1].worst
    assert found[0].means == {
        "attractive": {"happy": 0.755, "disgust": 0.442, "neutral": 0.666},
        "unattractive": {"happy": 0.361, "disgust": 0.421, "neutral": 0.700},
    }


def test_the_table_of_accuracies_does_not_fit_its_own_intervals() -> None:
    disagreeing = [row for row in mean_rows() if row[-1] == "does not agree"]
    assert [(row[0], row[1]) for row in disagreeing] == [("E1 accuracy", "the table's")] * 2


def test_the_printed_intervals_imply_the_printed_p() -> None:
    assert (
        [row[-2] for row in pair_rows()]
        == [row[-1] for row in pair_rows()]
        == ["p = .011", "p = .002", "p < .001"]
    )


def test_three_f_are_not_the_squares_of_their_t() -> None:
    assert [row[0] for row in square_rows() if row[-1] == "does not agree"] == [
        "E2 accuracy",
        "E2 accuracy",
        "E2 rating",
    ]


def test_the_printed_power_is_that_of_groups_cut_to_three_digits() -> None:
    for row in power_rows():
        groups = row[2]
        assert isinstance(groups, float) and isinstance(row[1], float)
        assert int(min(groups, 0.9999) * 1000) / 1000 == pytest.approx(row[1])


def test_power_of_repeated_measures_grows_with_the_degrees_of_freedom() -> None:
    (eta, _, groups, repeated, spss) = power_rows()[0]
    assert isinstance(eta, float)
    f2, critical = eta / (1 - eta), stats.f.isf(0.05, 2, 74)
    assert repeated == pytest.approx(stats.ncf.sf(critical, 2, 74, f2 * 38 * 2), abs=1e-4)
    assert spss == pytest.approx(stats.ncf.sf(critical, 2, 74, 19.823 * 2), abs=1e-4)
    assert groups == pytest.approx(0.9786, abs=1e-4)


@pytest.mark.parametrize(("name", "tables"), [("micro-expressions", 5), ("csi", 3)])
def test_the_papers_are_whole(name: str, tables: int) -> None:
    found = paper(name)
    assert (found.name, len(found.printed)) == (name, tables)
    for table in found.printed:
        assert all(len(row) == len(table.columns) for row in table.rows)
    assert all(what and chosen for what, chosen in found.doubts)
