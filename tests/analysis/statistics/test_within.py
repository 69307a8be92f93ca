"""From trials to tests: what is trimmed, averaged, left out, tested over people and stimuli, and told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from analysis.statistics.cells import cell_means
from analysis.statistics.effects import d_between_form, d_z, noncentral_power, observed_power
from analysis.statistics.items import by_items
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


def test_stimuli_of_one_cell_each_are_tested_as_statsmodels_does() -> None:
    told = rows(repeats=4)
    keep = ~((told.items == "happy-low-3") | (told.items == "disgust-high-0"))
    items, values = told.items[keep], told.values[keep]
    levels = tuple(told.levels[name][keep] for name in ("expression", "level"))
    found = by_items(items, levels, values, ("expression", "level"))
    frame = pd.DataFrame({"item": items, "a": levels[0], "b": levels[1], "y": values})
    means = frame.groupby(["item", "a", "b"], as_index=False)["y"].mean()
    theirs = anova_lm(ols("y ~ C(a, Sum) * C(b, Sum)", means).fit(), typ=3)
    assert found.n == 14 and found.is_between
    for ours, name in zip(found.effects, ("C(a, Sum)", "C(b, Sum)", "C(a, Sum):C(b, Sum)"), strict=True):
        assert (ours.f, ours.p) == pytest.approx((theirs.loc[name, "F"], theirs.loc[name, "PR(>F)"]))
        assert ours.df2 == 10


def test_stimuli_shown_in_every_cell_are_repeated_measures() -> None:
    told = rows()
    same = np.array([item.split("-")[-1] for item in told.items], np.str_)
    found = by_items(same, (told.levels["expression"],), told.values, ("expression",))
    assert (found.n, found.is_between, found.effects[0].df2) == (5, False, 4)


@pytest.mark.parametrize(("t", "df", "printed"), [(2.34, 36, 0.78), (8.692, 36, 2.897), (3.044, 37, 1.001)])
def test_d_is_the_printed_form_and_twice_d_z(t: float, df: int, printed: float) -> None:
    assert d_between_form(t, df) == pytest.approx(printed, abs=6e-4)
    assert d_z(t, 38) == pytest.approx(d_between_form(t, 38) / 2)


def test_power_of_no_effect_is_alpha_and_grows_with_it() -> None:
    assert noncentral_power(0.0, 2, 74) == pytest.approx(0.05)
    assert noncentral_power(1e-6, 2, 74) == pytest.approx(0.05, abs=1e-5)
    assert 0.05 < observed_power(2.0, 2, 74) < observed_power(6.0, 2, 74) < 1
    # Cohen (1988), one-way analysis with three groups of 52: f = .25 has a power of .80.
    assert noncentral_power(0.25**2 * 156, 2, 153) == pytest.approx(0.80, abs=0.005)


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
