"""From trials to tests: what is trimmed, averaged, left out, tested over people and stimuli, and told."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.cells import cell_means
from analysis.statistics.effects import d_between_form, d_z
from analysis.statistics.paragraph import number, p_words, paragraph
from analysis.statistics.repeated import StatisticsError
from analysis.statistics.trimming import Trimming, trim
from analysis.statistics.within import Design, Rows, analyse


def rows(people: int = 8, repeats: int = 5, effect: float = 2.0, seed: int = 0) -> Rows:
    """Return people x 2 expressions x 2 levels x repeats, the expression with an effect."""
    random = np.random.default_rng(seed)
    told = [
        (f"P{who}", f"{face}-{level}-{place}", face, level)
        for who in range(people)
        for face in ("happy", "disgust")
        for level in ("high", "low")
        for place in range(repeats)
    ]
    values = random.normal(size=len(told)) + np.array([effect * (face == "happy") for _, _, face, _ in told])
    who, item, face, level = (np.array(column, np.str_) for column in zip(*told, strict=True))
    return Rows(who, item, {"expression": face, "level": level}, values)


DESIGN = Design(("expression", "level"), {}, measure="accuracy")


def test_values_beyond_one_and_a_half_sd_go_by_each_participants_own_mean() -> None:
    values = np.array([1.0, 2, 3, 10, 101, 102, 103, 110])
    who = np.array(["a"] * 4 + ["b"] * 4)
    cells = np.array(["x", "x", "y", "y"] * 2)
    upper = trim(values, who, cells, Trimming("upper"))
    limit = values[:4].mean() + 1.5 * values[:4].std(ddof=1)
    assert limit > 10 and upper.lost == 0
    tight = trim(values, who, cells, Trimming("upper", 1.0))
    np.testing.assert_array_equal(tight.keep, values % 100 != 10)
    assert [each[:3] for each in tight.groups] == [("a", 4, 1), ("b", 4, 1)]
    assert trim(values, who, cells, Trimming("none")).keep.all()
    # Two values are never further than 0.71 SD from their mean.
    assert trim(values, who, cells, Trimming("both", 0.8, "cell")).keep.all()


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40), st.floats(0.5, 3))
def test_trimming_the_upper_side_never_takes_a_value_below_the_mean(values: list[float], sd: float) -> None:
    array = np.array(values)
    who = np.full(len(array), "a")
    upper, both = (trim(array, who, who, Trimming(side, sd)) for side in ("upper", "both"))
    assert upper.keep[array <= array.mean()].all()
    assert (both.keep <= upper.keep).all()


def test_trials_become_one_mean_a_participant_and_cell() -> None:
    told = rows()
    found = analyse(told, DESIGN)
    mine = (
        (told.participants == "P3") & (told.levels["expression"] == "happy") & (told.levels["level"] == "low")
    )
    assert found.levels == (("disgust", "happy"), ("high", "low"))
    assert found.means[3, 1, 1] == pytest.approx(told.values[mine].mean())
    assert found.trials == len(told) and (found.counts == 5).all()
    assert [each.name for each in found.effects] == ["expression", "level", "expression x level"]
    assert found.effects[0].p < 0.001 < found.effects[1].p


def test_who_lacks_a_cell_is_left_out_by_name_and_lost_trials_are_counted_with_why() -> None:
    told = rows()
    values = told.values.copy()
    values[
        (told.participants == "P2") & (told.levels["level"] == "low") & (told.levels["expression"] == "happy")
    ] = np.nan
    values[0] = np.nan
    found = analyse(
        Rows(told.participants, told.items, told.levels, values), DESIGN, [("answered wrongly", 7)]
    )
    assert found.left_out == (("P2", "no value in happy x low"),)
    assert "P2" not in found.participants and len(found.participants) == 7
    assert found.lost == (("answered wrongly", 7), ("nothing measured", 6))
    assert any("P2" in words for words in found.warnings)
    assert "P2 (no value in happy x low)" in paragraph(found)


def test_levels_that_are_not_named_do_not_count() -> None:
    told = rows()
    three = {
        **told.levels,
        "expression": np.where(told.participants == "P0", "neutral", told.levels["expression"]),
    }
    found = analyse(
        Rows(told.participants, told.items, three, told.values),
        Design(("expression",), {"expression": ("happy", "disgust")}),
    )
    assert found.levels == (("happy", "disgust"),)
    assert found.lost == (("not of these levels", 20),)


def test_one_level_or_one_person_cannot_be_tested() -> None:
    told = rows()
    with pytest.raises(StatisticsError, match="expression has 1 of its levels here"):
        analyse(told, Design(("expression",), {"expression": ("happy",)}))
    with pytest.raises(StatisticsError, match="1 of 1 participants"):
        analyse(rows(people=1), DESIGN)
    with pytest.raises(StatisticsError, match="one factor, or two different ones"):
        analyse(told, Design(("level", "level"), {}))


def test_within_intervals_leave_out_how_people_differ() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(size=(30, 3))
    alone = cell_means(noise, (("a", "b", "c"),))
    apart = cell_means(noise + 100 * random.normal(size=(30, 1)), (("a", "b", "c"),))
    for one, other in zip(alone, apart, strict=True):
        assert other.high - other.low == pytest.approx(one.high - one.low)
        assert other.se > 10 * one.se


@pytest.mark.parametrize(("t", "df", "printed"), [(2.34, 36, 0.78), (8.692, 36, 2.897), (3.044, 37, 1.001)])
def test_d_is_the_printed_form_and_twice_d_z(t: float, df: int, printed: float) -> None:
    assert d_between_form(t, df) == pytest.approx(printed, abs=6e-4)
    assert d_z(t, 38) == pytest.approx(d_between_form(t, 38) / 2)


def test_the_paragraph_says_the_tests_in_the_usual_form() -> None:
    words = paragraph(analyse(rows(), DESIGN), "exploratory")
    assert "8 participants (160 trials)" in words and "(exploratory)" in words
    assert "There was an effect of expression, F(1, 7) = " in words
    assert "partial eta squared = ." in words and "p < .001" in words
    assert (number(0.0123), number(1.2), p_words(0.0499), p_words(0.0001)) == (
        ".012",
        "1.200",
        "p = .050",
        "p < .001",
    )


def test_one_level_where_everybody_is_at_ceiling_costs_its_own_test_and_nothing_else() -> None:
    told = rows()
    flat = np.where(told.levels["level"] == "high", 1.0, told.values)
    found = analyse(Rows(told.participants, told.items, told.levels, flat), DESIGN)
    by_place = {(each.factor, each.inside): each for each in found.simples}
    assert by_place["expression", "high"].univariate is None
    assert by_place["expression", "high"].multivariate is None
    (pair,) = by_place["expression", "high"].pairs
    assert math.isnan(pair.t) and math.isnan(pair.p_bonferroni) and (pair.low, pair.high) == (0, 0)
    assert by_place["expression", "low"].univariate is not None
    assert len(found.effects) == 3 and len(found.cells) == 4
    words = paragraph(found)
    assert "Simple effect of expression in high: no test" in words and "nan" not in words


def test_an_effect_that_nobody_differs_in_is_not_called_absent() -> None:
    told = rows()
    # The level shifts everybody by the very same amount, in both expressions.
    shift = np.where(told.levels["level"] == "high", 1 / 3, 0.1)
    base = np.array([sum(map(ord, who + face)) for who, face in
                     zip(told.participants, told.levels["expression"], strict=True)]) % 7 / 7  # fmt: skip
    found = analyse(Rows(told.participants, told.items, told.levels, base + shift), DESIGN)
    assert [each.is_flat for each in found.effects] == [False, True, True]
    words = paragraph(found)
    assert "level cannot be tested: every participant gives the very same differences." in words
    assert "effect was found of level" not in words and "nan" not in words
    assert "No effect was found of expression" in words or "There was an effect of expression" in words


def test_tests_over_stimuli_rest_on_the_people_of_the_main_tests() -> None:
    told = rows(repeats=4)
    gone = (
        (told.participants == "P2") & (told.levels["level"] == "low") & (told.levels["expression"] == "happy")
    )
    values = np.where(gone, np.nan, told.values + 50.0 * (told.participants == "P2"))
    found = analyse(Rows(told.participants, told.items, told.levels, values), DESIGN)
    without = told.participants != "P2"
    alone = analyse(
        Rows(
            told.participants[without],
            told.items[without],
            {name: own[without] for name, own in told.levels.items()},
            told.values[without],
        ),
        DESIGN,
    )
    assert found.items is not None and alone.items is not None
    assert [each.f for each in found.items.effects] == [each.f for each in alone.items.effects]


def test_models_are_counted_where_they_are_known_and_that_they_are_not_is_said() -> None:
    told = rows(repeats=4)
    # Four models a level, each with both expressions.
    models = np.array([f"{item.split('-')[1]}-{item.split('-')[2]}" for item in told.items], np.str_)
    known = analyse(Rows(told.participants, told.items, told.levels, told.values, models), DESIGN)
    assert known.items is not None
    assert (known.items.unit, known.items.n) == ("model", 8)
    assert (known.items.between, known.items.within) == (("level",), ("expression",))
    assert [(each.df1, each.df2) for each in known.items.effects] == [(1, 6)] * 3
    assert "Over 8 models (level between them, expression within each): expression, F2(1, 6) = " in paragraph(
        known
    )
    assert not any("same person" in words for words in known.warnings)
    some = np.where(told.participants == "P0", "", models)
    for own in (None, some):
        unknown = analyse(Rows(told.participants, told.items, told.levels, told.values, own), DESIGN)
        assert unknown.items is not None and (unknown.items.unit, unknown.items.n) == ("stimulus", 16)
        assert any("show the same person count as separate" in words for words in unknown.warnings)


def test_names_in_any_script_come_through_and_large_differences_are_written_out() -> None:
    told = rows()
    levels = {"Ausdruck β": np.char.add("é-", told.levels["expression"]), "水準": told.levels["level"]}
    found = analyse(
        Rows(told.participants, told.items, levels, 1e4 * told.values),
        Design(("Ausdruck β", "水準"), {}, unit="ms", measure="Zeit"),
    )
    words = paragraph(found)
    assert found.effects[2].name == "Ausdruck β x 水準" and "e+0" not in words
    assert "é-disgust minus é-happy: -" in words and " ms [" in words


def test_two_people_are_enough_for_every_number_that_is_shown() -> None:
    found = analyse(rows(people=2), DESIGN)
    assert all(math.isfinite(each.f) for each in found.effects)
    assert all(math.isfinite(each.low) and each.low < each.high for each in found.cells)
    assert "Only 2 participants" in " ".join(found.warnings)
    assert all(each.multivariate is not None for each in found.simples)


def test_within_intervals_of_two_cells_are_those_of_the_paired_difference() -> None:
    # Of two cells Cousineau's interval with Morey's correction is that of the difference over root 2.
    values = np.random.default_rng(4).normal(size=(12, 2)) + np.random.default_rng(5).normal(size=(12, 1))
    told = stats.ttest_rel(values[:, 0], values[:, 1]).confidence_interval(0.95)
    for cell in cell_means(values, (("a", "b"),)):
        assert (cell.high - cell.low) * np.sqrt(2) == pytest.approx(told.high - told.low)


def test_within_intervals_are_the_published_formula_step_by_step() -> None:
    values = np.random.default_rng(6).normal(size=(9, 2, 3))
    flat = values.reshape(9, 6)
    normed = pd.DataFrame(flat).sub(flat.mean(axis=1), axis=0) + flat.mean()
    half = normed.sem() * np.sqrt(6 / 5) * stats.t.ppf(0.975, 8)
    for place, cell in enumerate(cell_means(values, (("a", "b"), ("x", "y", "z")))):
        assert (cell.low, cell.high) == pytest.approx(
            (flat[:, place].mean() - half[place], flat[:, place].mean() + half[place])
        )
