"""Splits: what is tested on what, and that every kind keeps what it claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evaluation.experiment import SplitKind, SplitSpec
from analysis.evaluation.splits import KINDS, TRIAL, SplitError, divide, held_out, inner_folds
from tests.helpers.batches import make_batch, make_cases, two_domains


@pytest.mark.parametrize(
    ("kind", "k", "folds", "trained", "tested"),
    [
        ("loso", 10, 4, 36, 12),
        ("participants", 2, 2, 24, 24),
        ("sessions", 10, 8, 6, 6),
        ("trials", 3, 12, 8, 4),
        ("stimuli", 3, 3, 32, 16),
        ("first-trials", 4, 8, 4, 2),
        ("trials-pooled", 4, 4, 36, 12),
        ("segments", 4, 4, 36, 12),
    ],
)
def test_sizes_of_every_kind(kind: SplitKind, k: int, folds: int, trained: int, tested: int) -> None:
    """Four people, two visits of six trials each."""
    batch = make_batch(4, 6, sessions=2)
    division = divide(batch.cases, batch.y, SplitSpec(kind, k))
    assert len(division.folds) == folds
    assert {(len(fold.train), len(fold.test)) for fold in division.folds} == {(trained, tested)}
    assert division.leaky == (kind == "segments")


@given(
    kind=st.sampled_from(sorted(KINDS)),
    k=st.integers(2, 6),
    seed=st.integers(0, 99),
    validation=st.sampled_from([0.0, 0.25]),
)
@settings(max_examples=80, deadline=None)
def test_every_case_is_tested_once_and_never_trained_on_in_that_fold(
    kind: SplitKind, k: int, seed: int, validation: float
) -> None:
    batch = make_batch(5, 8, {"eda": (1, 1)}, sessions=2)
    division = divide(batch.cases, batch.y, SplitSpec(kind, k, seed), validation, two_domains(batch.cases))
    tested = np.sort(np.concatenate([fold.test for fold in division.folds]))
    if kind == "first-trials":
        assert len(np.unique(tested)) == len(tested)
    else:
        assert np.array_equal(tested, np.arange(len(batch)))
    for fold in division.folds:
        parts = np.concatenate([fold.train, fold.validation, fold.test])
        assert len(np.unique(parts)) == len(parts)
        unit = KINDS[kind].unit
        groups = batch.cases.groups(unit) if unit else np.arange(len(batch)).astype(str)
        assert not set(groups[fold.test]) & set(groups[np.concatenate([fold.train, fold.validation])])


@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_same_seed_same_folds(kind: SplitKind, seed: int) -> None:
    batch = make_batch(4, 6, {"eda": (1, 1)}, sessions=2)
    spec, groups = SplitSpec(kind, 3, seed), two_domains(batch.cases)
    one, other = (divide(batch.cases, batch.y, spec, 0.3, groups) for _ in range(2))
    for first, second in zip(one.folds, other.folds, strict=True):
        assert first.name == second.name
        for side in ("train", "validation", "test"):
            assert np.array_equal(getattr(first, side), getattr(second, side))


def test_seed_9_6_trains_on_the_first_nine_trials_of_each_recording() -> None:
    batch = make_batch(3, 15)
    division = divide(batch.cases, batch.y, SplitSpec("first-trials", 9))
    for fold in division.folds:
        assert batch.cases.trial[fold.train].tolist() == list(range(9))
        assert batch.cases.trial[fold.test].tolist() == list(range(9, 15))
        assert len(set(batch.cases.recording[np.concatenate([fold.train, fold.test])])) == 1


def test_classes_are_in_balance_in_folds_of_trials() -> None:
    batch = make_batch(4, 10)
    assert batch.y is not None
    for fold in divide(batch.cases, batch.y, SplitSpec("trials", 5)).folds:
        assert np.bincount(batch.y[fold.test]).tolist() == [1, 1]


def test_shared_stimuli_are_told_where_people_are_left_out() -> None:
    batch = make_batch()
    assert "100% of those tested" in " ".join(divide(batch.cases, batch.y, SplitSpec("loso")).notes)
    assert divide(batch.cases, batch.y, SplitSpec("stimuli", 4)).notes == ()


def test_who_has_one_visit_only_is_told() -> None:
    batch = make_batch(3, 6, sessions=2)
    kept = np.flatnonzero((batch.cases.participant != "P02") | (batch.cases.session == "1"))
    division = divide(batch.cases.rows(kept), None, SplitSpec("sessions"))
    assert len(division.folds) == 4
    assert "Without a second visit, and never tested: P02." in division.notes


@pytest.mark.parametrize(
    ("kind", "people", "trials", "words"),
    [
        ("loso", 1, 4, "at least two participants"),
        ("participants", 1, 4, "at least two participants"),
        ("sessions", 2, 4, "a participant with two visits"),
        ("first-trials", 2, 4, "a recording with more than 10 trials"),
        ("trials", 2, 1, "a participant with two trials"),
        ("stimuli", 3, 1, "at least two stimuli"),
    ],
)
def test_what_cannot_be_divided_says_what_it_needs(
    kind: SplitKind, people: int, trials: int, words: str
) -> None:
    with pytest.raises(SplitError, match=words):
        divide(make_cases(people, trials), None, SplitSpec(kind))


def test_names_of_folds_are_names_of_files() -> None:
    cases = make_cases(3, 2)
    odd = np.array(["a/b", "a?b", "A B"])[np.repeat(np.arange(3), 2)]
    division = divide(
        type(cases)(
            **{name: getattr(cases, name) for name in cases.__dataclass_fields__} | {"participant": odd}
        ),
        None,
        SplitSpec("loso"),
    )
    assert [fold.name for fold in division.folds] == ["A-B", "a-b-2", "a-b-3"]


def test_validation_is_whole_participants_and_leaves_every_class() -> None:
    batch = make_batch(6, 8)
    assert batch.y is not None
    for fold in divide(batch.cases, batch.y, SplitSpec("loso"), 0.2).folds:
        who = batch.cases.participant
        assert len(set(who[fold.validation])) == 1
        assert not set(who[fold.validation]) & set(who[fold.train])
        assert set(batch.y[fold.train]) == {0, 1}


def test_a_class_that_only_one_group_has_stays_in_training() -> None:
    cases = make_cases(4, 4)
    y = np.where(cases.participant == "P03", 1, 0)
    for seed in range(10):
        rows = held_out(cases, y, np.arange(16, dtype=np.intp), ("participant",), 0.25, seed)
        assert "P03" not in set(cases.participant[rows])


def test_inner_folds_stay_inside_and_tear_no_group() -> None:
    batch = make_batch(6, 8)
    assert batch.y is not None
    outer = divide(batch.cases, batch.y, SplitSpec("loso")).folds[0]
    inner = inner_folds(batch.cases, batch.y, outer.train, "loso", 3, 1)
    assert len(inner) == 3
    for fold in inner:
        assert set(fold.train) | set(fold.test) == set(outer.train)
        assert not set(batch.cases.participant[fold.train]) & set(batch.cases.participant[fold.test])


def test_inner_folds_of_one_person_keep_trials_whole() -> None:
    batch = make_batch(2, 8)
    assert batch.y is not None
    rows = np.flatnonzero(batch.cases.participant == "P01")
    for fold in inner_folds(batch.cases, batch.y, rows, "loso", 4, 1):
        groups = batch.cases.groups(TRIAL)
        assert not set(groups[fold.train]) & set(groups[fold.test])


@pytest.mark.parametrize(
    ("sessions", "blank", "is_told"),
    [
        (1, "", False),
        # Each picture came once a visit, or (of imagery, without a stimulus) each emotion did.
        (2, "", True),
        (2, "stimulus", True),
    ],
)
def test_trials_of_one_thing_in_two_visits_are_told_where_both_sides_have_them(
    sessions: int, blank: str, is_told: bool
) -> None:
    cases = make_cases(2, 6, sessions)
    emotions = np.array([f"emotion-{each}" for each in cases.trial])
    if blank:
        cases = replace(cases, stimulus=np.full(len(cases), ""), category=emotions)
    division = divide(cases, cases.trial % 2, SplitSpec("trials", 3))
    told = [note for note in division.notes if "nothing is said about new ones" in note]
    again = {
        (str(cases.recording[row]), int(cases.trial[row]))
        for fold in division.folds
        for row in fold.test
        if cases.trial[row] in cases.trial[fold.train]
    }
    # Trials go by number: the same number is the same picture, or emotion, in both visits.
    assert [int(note.split()[0]) for note in told] == ([len(again)] if is_told else [])


def test_many_trials_of_a_category_in_a_visit_are_nothing_to_tell() -> None:
    cases = make_cases(2, 6, 2)
    cases = replace(cases, stimulus=np.full(len(cases), ""))
    division = divide(cases, cases.trial % 2, SplitSpec("trials", 3))
    assert not [note for note in division.notes if "new ones" in note]
