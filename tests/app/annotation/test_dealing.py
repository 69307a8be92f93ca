"""Dealing out trials: shares, each one's order, repeats far behind, growth that changes nothing."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.annotation.codes import ALPHABET, LENGTH, chance, draw_codes, letters, shuffled
from app.annotation.dealing import Dealt, Shares, deal
from app.annotation.trials import Trial

PEOPLE = ("anna", "ben", "cem", "dora", "eve")


def trials(recordings: int, each: int, name: str = "rec") -> list[Trial]:
    return [
        Trial(f"{name}-{recording}", f"{name}-uuid-{recording}", trial, 1000 * trial, 1000 * trial + 900)
        for recording in range(recordings)
        for trial in range(each)
    ]


def queue(dealt: tuple[Dealt, ...], person: str) -> list[Dealt]:
    return [each for each in dealt if each.annotator == person]


def labels(dealt: tuple[Dealt, ...]) -> list[Dealt]:
    return [each for each in dealt if each.purpose == "label"]


dealings = st.tuples(
    st.integers(0, 4),
    st.integers(1, 9),
    st.integers(1, 5),
    st.floats(0, 1),
    st.floats(0, 0.5),
    st.integers(0, 2**40),
)


@settings(max_examples=40)
@given(dealings)
def test_every_trial_is_labelled_and_every_two_share_the_overlap(
    asked: tuple[int, int, int, float, float, int],
) -> None:
    recordings, each, people, overlap, repeats, seed = asked
    given_trials = trials(recordings, each)
    dealt = deal(given_trials, PEOPLE[:people], seed, Shares(overlap, repeats))
    holders = {trial.key: {d.annotator for d in labels(dealt) if d.trial == trial} for trial in given_trials}
    assert all(holders.values()), "nobody labels it"
    shared = {key for key, who in holders.items() if len(who) == people}
    if people > 1:
        wanted = max(round(overlap * len(given_trials)), 1 if overlap and given_trials else 0)
        assert abs(len(shared) - wanted) <= 1
        assert {len(who) for who in holders.values()} <= {1, people}
    for one, other in combinations(PEOPLE[:people], 2):
        mine = {d.trial.key for d in queue(dealt, one)}
        assert mine & {d.trial.key for d in queue(dealt, other)} == shared
    loads = [len(labels(tuple(queue(dealt, person)))) for person in PEOPLE[:people]]
    assert max(loads) - min(loads) <= 1, "work is dealt evenly"


@settings(max_examples=40)
@given(dealings)
def test_repeats_come_half_a_queue_behind_the_first_time(
    asked: tuple[int, int, int, float, float, int],
) -> None:
    recordings, each, people, overlap, repeats, seed = asked
    dealt = deal(trials(recordings, each), PEOPLE[:people], seed, Shares(overlap, repeats))
    for person in PEOPLE[:people]:
        mine = queue(dealt, person)
        firsts = {d.trial.key: place for place, d in enumerate(mine) if d.purpose == "label"}
        again = {d.trial.key: place for place, d in enumerate(mine) if d.purpose == "repeat"}
        assert len(again) == min(int(repeats * len(firsts) + 0.5), len(firsts) // 2)
        assert all(place - firsts[key] >= (len(firsts) + 1) // 2 for key, place in again.items())


@settings(max_examples=40)
@given(dealings, st.integers(0, 3), st.integers(0, 4))
def test_what_was_dealt_stays_when_sessions_and_annotators_come(
    asked: tuple[int, int, int, float, float, int], more: int, joining: int
) -> None:
    recordings, each, people, overlap, repeats, seed = asked
    shares = Shares(overlap, repeats)
    early, late = trials(recordings, each), trials(recordings + more, each)
    first = deal(early, PEOPLE[:people], seed, shares)
    people = min(people + joining, len(PEOPLE))
    second = deal(late, PEOPLE[:people], seed, shares, before=first, batch=2)
    both = (*first, *second)
    assert len({d.code for d in both}) == len(both)
    assert not {d.trial.key for d in first if not d.shared} & {d.trial.key for d in second}
    held = Counter((d.annotator, d.trial.key) for d in both if d.purpose == "label")
    assert set(held.values()) <= {1}, "nobody labels a trial twice but in repeats"
    shared = {d.trial.key for d in both if d.shared}
    for person in PEOPLE[:people]:
        assert shared <= {d.trial.key for d in queue(both, person)}, "also whoever joined later"
    assert {d.trial.key for d in both} == {trial.key for trial in late}
    if late and people > 1:
        kept = len({d.trial.key for d in first if d.shared})
        wanted = max(int(overlap * len(late) + 0.5), kept)
        assert abs(len(shared) - wanted) <= 1
    assert deal(late, PEOPLE[:people], seed, shares, before=both, batch=3) == ()


@settings(max_examples=40)
@given(dealings)
def test_it_is_the_same_in_whatever_order_annotators_are_named(
    asked: tuple[int, int, int, float, float, int],
) -> None:
    recordings, each, people, overlap, repeats, seed = asked
    known, shares = trials(recordings, each), Shares(overlap, repeats)
    assert deal(known, PEOPLE[:people], seed, shares) == deal(known, PEOPLE[:people][::-1], seed, shares)


@settings(max_examples=40)
@given(dealings)
def test_names_of_recordings_take_no_part_in_order_and_codes(
    asked: tuple[int, int, int, float, float, int],
) -> None:
    recordings, each, people, overlap, repeats, seed = asked
    shares = Shares(overlap, repeats)
    one = deal(trials(recordings, each), PEOPLE[:people], seed, shares)
    other = deal(trials(recordings, each, "zzz"), PEOPLE[:people], seed, shares)
    told = [
        (d.code, d.annotator, d.trial.recording.rpartition("-")[2], d.trial.trial, d.purpose) for d in one
    ]
    assert told == [
        (d.code, d.annotator, d.trial.recording.rpartition("-")[2], d.trial.trial, d.purpose) for d in other
    ]


def test_any_machine_deals_the_same() -> None:
    dealt = deal(trials(2, 3), ("anna", "ben"), 7, Shares(0.34, 0.25), name="faces")
    told = [(d.code, d.annotator, d.trial.recording, d.trial.trial, d.purpose) for d in dealt]
    assert told == GOLDEN


def test_what_was_handed_to_somebody_does_not_come_to_her_again() -> None:
    known = trials(2, 4)
    first = deal(known, ("anna",), 3, Shares(1.0, 0))
    handed = [("ben", known[0].key)]
    later = deal(known, ("anna", "ben"), 3, Shares(1.0, 0), before=first, handed=handed, batch=2)
    assert {d.trial.key for d in later} == {trial.key for trial in known[1:]}


def test_codes_of_other_plans_are_not_taken_again() -> None:
    first = draw_codes(20, chance(1))
    assert not set(draw_codes(20, chance(1), first)) & set(first)


def test_codes_tell_nothing_and_make_no_words() -> None:
    codes = draw_codes(2000, chance("x"))
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in codes)
    assert not set(ALPHABET) & set("aeiouy01l5s")
    assert sorted(codes) != codes


@settings(max_examples=40)
@given(st.lists(st.integers()), st.integers())
def test_shuffling_loses_nothing(values: list[int], seed: int) -> None:
    assert sorted(shuffled(values, chance(seed))) == sorted(values)


@pytest.mark.parametrize("count", [1, 5, 30])
def test_letters_stand_for_one_name_each_and_are_others_elsewhere(count: int) -> None:
    names = [f"p{place}" for place in range(count)]
    here = letters(names, "view", 1)
    assert sorted(here) == sorted(names)
    assert len(set(here.values())) == count
    assert here == letters(reversed(names), "view", 1)
    if count > 4:
        assert here != letters(names, "view", 2)


GOLDEN = [
    ("nfj7zm", "anna", "rec-1", 1, "label"),
    ("rw8xj9", "anna", "rec-1", 2, "label"),
    ("2qmwm6", "anna", "rec-0", 0, "label"),
    ("tpjbnr", "anna", "rec-1", 1, "repeat"),
    ("tp3rkt", "anna", "rec-1", 0, "label"),
    ("n3fjq7", "ben", "rec-0", 2, "label"),
    ("q8jwrn", "ben", "rec-0", 1, "label"),
    ("zk3w84", "ben", "rec-1", 1, "label"),
    ("gkg3gt", "ben", "rec-0", 1, "repeat"),
    ("3jv26q", "ben", "rec-0", 0, "label"),
]
"""Written down once: what random.Random promises for ever."""
