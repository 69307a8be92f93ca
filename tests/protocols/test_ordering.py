"""Constrained order against every order there is, and chance that never changes."""

from collections import Counter
from itertools import groupby, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ordering import Chance, order_categories

COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 3), min_size=1)


def longest_run(order: list[str]) -> int:
    return max(len(list(group)) for _, group in groupby(order))


def possible_orders(counts: dict[str, int], max_run: int, first: str | None) -> set[tuple[str, ...]]:
    letters = "".join(category * count for category, count in counts.items())
    orders = set(permutations(letters)) if len(letters) <= 7 else set()
    return {
        order
        for order in orders
        if longest_run(list(order)) <= max_run and (first is None or order[0] == first)
    }


@given(COUNTS, st.integers(1, 3), st.sampled_from([None, "a", "b"]), st.integers())
def test_an_order_is_found_exactly_if_there_is_one(
    counts: dict[str, int], max_run: int, first: str | None, seed: int
) -> None:
    found = order_categories(counts, max_run, first, Chance(seed, 1, "x", "test"))
    if sum(counts.values()) <= 7:
        assert (found is not None) == bool(possible_orders(counts, max_run, first))
    if found is not None:
        assert Counter(found) == Counter(counts)
        assert longest_run(found) <= max_run
        assert first in (None, found[0])


def test_every_possible_order_comes_up() -> None:
    counts = {"a": 2, "b": 2, "c": 1}
    found = {
        tuple(order_categories(counts, 1, None, Chance(seed, 1, "x", "test")) or ()) for seed in range(600)
    }
    assert found == possible_orders(counts, 1, None)


def test_hundreds_of_trials_are_no_loop() -> None:
    order = order_categories({"a": 300, "b": 300, "c": 301}, 1, None, Chance(1, 1, "x", "test"))
    assert order is not None and longest_run(order) == 1


def test_five_and_five_without_repeats_is_alternation() -> None:
    for seed in range(20):
        order = order_categories({"a": 5, "b": 5}, 1, "b", Chance(seed, 1, "x", "test"))
        assert order == ["b", "a"] * 5


def test_chance_is_the_documented_one() -> None:
    # SHA-256 of "7/2/P01/order/main", its first eight bytes as the seed of random.Random.
    assert Chance(7, 2, "P01", "order/main").below(1000) == 966
    assert Chance(7, 2, "P01", "order/main").shuffled("abcdefgh") == list("dafcgbeh")


def test_shuffles_are_even() -> None:
    orders = Counter("".join(Chance(seed, 1, "x", "test").shuffled("abc")) for seed in range(6000))
    assert len(orders) == 6
    assert all(count == pytest.approx(1000, abs=120) for count in orders.values())
