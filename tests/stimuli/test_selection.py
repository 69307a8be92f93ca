"""Balanced sets: what was asked for, the same every time, and an honest answer where it cannot be done."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stimuli.comparing import independent, p_words, paired, sd
from stimuli.selection import Request, SelectionError, as_categories, describe, ends, known_values, select
from stimuli.sets import Score, Stimulus

MEANS = {"pleasant": (7.2, 4.8), "unpleasant": (2.8, 5.6), "neutral": (5.0, 4.0)}


def pool(seed: int = 1, each: int = 80) -> tuple[dict[str, tuple[str, ...]], dict[str, dict[str, float]]]:
    """Three categories as norms tables have them: arousal differs, and overlaps."""
    draw = random.Random(seed)
    groups, values = {}, {}
    for name, (valence, arousal) in MEANS.items():
        groups[name] = tuple(f"{name}-{number:03d}" for number in range(each))
        for key in groups[name]:
            values[key] = {
                "valence": draw.gauss(valence, 0.6),
                "arousal": draw.gauss(arousal, 0.8),
                "luminance": draw.uniform(0.2, 0.7),
            }
    return groups, values


GROUPS, VALUES = pool()


@settings(max_examples=12)
@given(
    st.integers(0, 10_000), st.integers(2, 12), st.sampled_from([("arousal",), ("arousal", "luminance")]),
    st.booleans(),
)  # fmt: skip
def test_groups_are_alike_within_the_tolerance(
    seed: int, n: int, dimensions: tuple[str, ...], spread: bool
) -> None:
    tolerances = {"arousal": 0.25, "luminance": 0.05}
    wanted = {name: tolerances[name] for name in dimensions}
    found = select(Request(GROUPS, n, wanted, seed, spread), VALUES)
    for name, ids in found.ids.items():
        assert len(set(ids)) == n and set(ids) <= set(GROUPS[name])
    for dimension, tolerance in wanted.items():
        figures = [found.summary[dimension][name] for name in GROUPS]
        assert max(mean for mean, *_ in figures) - min(mean for mean, *_ in figures) <= tolerance + 1e-9
        if spread:
            assert max(s for _, s, *_ in figures) - min(s for _, s, *_ in figures) <= tolerance + 1e-9
    assert all(pair.is_within for pair in found.pairs)


def test_the_same_request_gives_the_same_choice() -> None:
    request = Request(GROUPS, 10, {"arousal": 0.2}, seed=3)
    shuffled = {name: tuple(reversed(ids)) for name, ids in reversed(GROUPS.items())}
    first = select(request, VALUES)
    again = select(Request(shuffled, 10, {"arousal": 0.2}, seed=3), VALUES)
    assert dict(first.ids) == dict(again.ids)
    assert select(Request(GROUPS, 10, {"arousal": 0.2}, seed=4), VALUES).ids != first.ids


def test_without_anything_to_match_it_is_a_draw() -> None:
    found = select(Request({"pleasant": GROUPS["pleasant"]}, 5, {}), VALUES)
    assert len(found.ids["pleasant"]) == 5 and found.pairs == ()


def test_the_figures_are_those_of_the_chosen() -> None:
    found = select(Request(GROUPS, 8, {"arousal": 0.3}), VALUES)
    one, other = ([VALUES[key]["arousal"] for key in found.ids[name]] for name in ("pleasant", "unpleasant"))
    pair = next(
        p for p in found.pairs if (p.dimension, p.one, p.other) == ("arousal", "pleasant", "unpleasant")
    )
    expected = stats.ttest_ind(one, other)
    assert pair.comparison.t == pytest.approx(expected.statistic)
    assert pair.comparison.p == pytest.approx(expected.pvalue)
    assert pair.comparison.df == 14
    assert found.summary["arousal"]["pleasant"] == pytest.approx((sum(one) / 8, sd(one), min(one), max(one)))
    assert {pair.dimension for pair in found.pairs} == {"arousal", "valence", "luminance"}


REFUSED = {
    "too few": (Request(GROUPS, 81, {"arousal": 0.3}), r'"neutral" has 80 candidates\. Ask for 80 of each'),
    "nothing asked": (Request({}, 3, {}), "Nothing is asked for"),
    "none of each": (Request(GROUPS, 0, {}), "at least one of each"),
    "a tolerance of nothing": (Request(GROUPS, 3, {"arousal": 0}), "tolerance of arousal is 0"),
    "an unknown rating": (
        Request(GROUPS, 3, {"beauty": 1}),
        r"has 0 candidates \(80 more have no beauty\)",
    ),
    "in two groups": (
        Request({"a": ("x", "y"), "b": ("y", "z")}, 1, {}),
        '"y" is a candidate of "a" and of "b"',
    ),
    "far apart": (
        Request(GROUPS, 10, {"valence": 0.3}),
        r"10 of each cannot be matched on valence within 0\.3: the nearest differs by .* No choice can: "
        r'"unpleasant" reaches valence .* at most, "pleasant" .* at least\..* Or allow .* times',
    ),
    "fewer would do": (Request(GROUPS, 60, {"arousal": 0.05}), r"\d+ of each can be matched"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_explained(case: str) -> None:
    request, expected = REFUSED[case]
    with pytest.raises(SelectionError, match=expected):
        select(request, VALUES)


def test_the_number_that_is_said_to_do_does() -> None:
    with pytest.raises(SelectionError) as caught:
        select(Request(GROUPS, 60, {"arousal": 0.05}), VALUES)
    number = int(str(caught.value).partition(" of each can be matched")[0].rsplit(" ", 1)[1])
    assert 2 <= number < 60
    select(Request(GROUPS, number, {"arousal": 0.05}), VALUES)


def rated(*means: float) -> list[Stimulus]:
    return [
        Stimulus(f"m{number:02d}", Path("a.png"), "picture", "faces", scores=(Score("attractiveness", mean),))
        for number, mean in enumerate(means)
    ]


def test_both_ends_of_a_scale_with_a_paired_test_over_items() -> None:
    highs, lows = (4.4, 4.3, 4.15, 4.05, 4.0), (2.4, 2.3, 2.25, 2.2, 2.0)
    found = ends(rated(3.0, *lows, 3.1, *highs, 3.2), "attractiveness", 5)
    assert found.top == ("m07", "m08", "m09", "m10", "m11")
    assert found.bottom == ("m01", "m02", "m03", "m04", "m05")
    expected = stats.ttest_rel(highs, lows)
    assert (found.comparison.t, found.comparison.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.comparison.df == 4
    assert (found.top_mean, found.bottom_mean) == pytest.approx((4.18, 2.23))


def test_equal_means_go_by_id() -> None:
    found = ends(rated(5, 5, 5, 5), "attractiveness", 2)
    assert (found.top, found.bottom) == (("m00", "m01"), ("m02", "m03"))


def test_too_few_for_both_ends_says_how_many_there_are() -> None:
    with pytest.raises(SelectionError, match=r"3 stimuli have a mean attractiveness\. Ask for at most 1"):
        ends(rated(1, 2, 3), "attractiveness", 2)


def test_values_that_do_not_vary_have_no_t() -> None:
    for comparison in (independent([1, 1], [1, 1]), paired([1, 2], [0, 1]), independent([1], [2])):
        assert str(comparison.t) == "nan" and str(comparison.p) == "nan"


def test_everything_numeric_can_be_matched() -> None:
    (item,) = rated(4)
    found = known_values([item], {"m00": {"luminance": 0.5}})
    assert found == {"m00": {"attractiveness": 4.0, "luminance": 0.5}}
    assert describe({}, found).pairs == ()


def test_a_choice_becomes_categories_of_a_protocol() -> None:
    text = as_categories({"calm": ("1050", 'with "quotes"')})
    assert text == 'categories:\n  calm: {ids: ["1050", "with \\"quotes\\""]}\n'


@pytest.mark.parametrize(
    ("p", "words"), [(0.0421, "= 0.042"), (0.0004, "< 0.001"), (float("nan"), "unknown")]
)
def test_p_values_are_written_as_papers_do(p: float, words: str) -> None:
    assert p_words(p) == words
