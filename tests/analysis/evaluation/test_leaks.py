"""Planted leaks: each is caught, by the guard that is meant for it; clean data sets off none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import SearchSpec, SplitKind, SplitSpec
from analysis.evaluation.fold import Training, evaluate_fold
from analysis.evaluation.guards import (
    GUARDS,
    GuardReport,
    LeakError,
    blinded,
    check_blind,
    check_division,
    check_inputs,
    check_ledger,
)
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.search import searched
from analysis.evaluation.splits import KINDS, Division, Fold, divide
from analysis.evaluation.steps import fit_steps, prepare
from analysis.recognizers.recognizer import Context
from tests.helpers import engine
from tests.helpers.batches import make_batch, two_domains

NONE = np.zeros(0, np.intp)


def by_participant(batch: Batch) -> Division:
    return divide(batch.cases, batch.y, SplitSpec("loso"))


def change(batch: Batch, **columns: Any) -> Batch:
    return replace(batch, cases=replace(batch.cases, **columns))


def with_fold(division: Division, **sides: Any) -> Division:
    return replace(division, folds=(replace(division.folds[0], **sides), *division.folds[1:]))


def looked_at(batch: Batch, division: Division | None = None, purge_s: float = 0.0) -> GuardReport:
    return check_division(batch, division or by_participant(batch), purge_s)


# Each plants one leak and returns what the guards say of it.


def overlapping_windows() -> GuardReport:
    batch = make_batch()
    start = batch.cases.start_s.copy()
    # Windows of half a trial's length on top of each other, each given out as a trial of its own.
    start[batch.cases.trial % 2 == 1] -= 15.0
    moved = change(batch, start_s=start, stop_s=start + 10.0)
    return looked_at(moved, divide(moved.cases, moved.y, SplitSpec("trials-pooled", 4)))


def windows_too_close() -> GuardReport:
    batch = make_batch()
    return looked_at(batch, divide(batch.cases, batch.y, SplitSpec("trials-pooled", 4)), purge_s=12.0)


def trial_in_both_sides() -> GuardReport:
    batch = make_batch()
    halves = change(batch, trial=batch.cases.trial // 2)
    rows = np.arange(len(batch))
    fold = Fold("half", rows[rows % 2 == 0], NONE, rows[rows % 2 == 1])
    spec = SplitSpec("trials-pooled", 2)
    return looked_at(halves, replace(divide(halves.cases, halves.y, spec), folds=(fold,)))


def participant_in_both_sides() -> GuardReport:
    batch = make_batch()
    division = by_participant(batch)
    first = division.folds[0]
    return looked_at(batch, with_fold(division, train=np.append(first.train, first.test[:2])[:-1]))


def visit_in_both_sides() -> GuardReport:
    batch = make_batch(sessions=2)
    division = divide(batch.cases, batch.y, SplitSpec("sessions"))
    first = division.folds[0]
    moved = with_fold(division, train=np.append(first.train, first.test[0]), test=first.test[1:])
    return looked_at(batch, moved)


def stimulus_in_both_sides() -> GuardReport:
    batch = make_batch()
    division = divide(batch.cases, batch.y, SplitSpec("stimuli", 4))
    first = division.folds[0]
    other = np.setdiff1d(first.test, first.test[:1])
    return looked_at(batch, with_fold(division, train=np.append(first.train, first.test[0]), test=other))


def scaled_on_all_rows() -> GuardReport:
    batch = make_batch()
    fold = by_participant(batch).folds[0]
    ledger = Ledger.of(batch.cases.id[fold.train])
    fit_steps(("impute", "zscore"), batch, ledger)
    return GuardReport(check_ledger(ledger, fold.name))


def selected_on_all_rows() -> GuardReport:
    batch = make_batch()
    fold = by_participant(batch).folds[0]
    ledger = Ledger.of(batch.cases.id[fold.train])
    fit_steps(("select-k=2",), batch, ledger)
    return GuardReport(check_ledger(ledger, fold.name))


def recognizer_tunes_on_test() -> GuardReport:
    batch = make_batch()
    fold = by_participant(batch).folds[0]
    training = Training(
        "nearest-mean", {"fault": "tunes on everything"}, (), ("participant",), 0, engine.make
    )
    with pytest.raises(LeakError) as caught:
        evaluate_fold(batch, fold, training, Context())
    return GuardReport((caught.value.line,))


def validation_is_test() -> GuardReport:
    batch = make_batch()
    division = by_participant(batch)
    return looked_at(batch, with_fold(division, validation=division.folds[0].test))


def same_content_in_both_sides() -> GuardReport:
    batch = make_batch()
    content = batch.cases.content.copy()
    content[3] = content[20]
    return looked_at(change(batch, content=content))


def recording_imported_twice() -> GuardReport:
    batch = make_batch()
    content = batch.cases.content.copy()
    who = batch.cases.participant
    content[who == "P02"] = content[who == "P01"]
    # As two visits of one participant no fold would show it.
    same = change(batch, content=content, participant=np.where(who == "P02", "P01", who))
    return looked_at(same)


def class_missing_in_training() -> GuardReport:
    batch = make_batch()
    assert batch.y is not None
    one = np.where(batch.cases.participant == "P01", 1, 0)
    return looked_at(replace(batch, y=one))


def answer_as_an_input() -> GuardReport:
    batch = make_batch()
    assert batch.y is not None
    values = batch.inputs["eda"].values.copy()
    values[..., 2] = np.where(batch.y == 1, 7.0, 3.0)[:, None]
    return looked_at(replace(batch, inputs={"eda": replace(batch.inputs["eda"], values=values)}))


def number_as_an_input() -> GuardReport:
    batch = make_batch()
    answer = np.random.default_rng(1).normal(0, 1, len(batch))
    values = batch.inputs["eda"].values.copy()
    values[..., 0] = (3 - 2 * answer)[:, None]
    told = {"eda": replace(batch.inputs["eda"], values=values)}
    return looked_at(replace(batch, inputs=told, y=answer[:, None], classes=(), outputs=("valence",)))


def answers_seen_while_predicting() -> GuardReport:
    with pytest.raises(LeakError) as caught:
        check_blind(make_batch())
    return GuardReport((caught.value.line,))


def category_seen_while_predicting() -> GuardReport:
    with pytest.raises(LeakError) as caught:
        check_blind(make_batch().without_answers())
    return GuardReport((caught.value.line,))


def case_numbers_repeated() -> GuardReport:
    batch = make_batch()
    return looked_at(change(batch, id=batch.cases.id // 2))


def case_tested_in_two_folds() -> GuardReport:
    batch = make_batch()
    division = by_participant(batch)
    return looked_at(batch, replace(division, folds=(*division.folds, division.folds[0])))


def nothing_to_train_on() -> GuardReport:
    batch = make_batch()
    return looked_at(batch, with_fold(by_participant(batch), train=NONE))


def values_that_are_no_numbers() -> GuardReport:
    batch = make_batch()
    values = batch.inputs["eda"].values.copy()
    values[4, 2, 1] = np.nan
    with pytest.raises(LeakError) as caught:
        check_inputs(replace(batch, inputs={"eda": replace(batch.inputs["eda"], values=values)}))
    return GuardReport((caught.value.line,))


def values_in_the_padding() -> GuardReport:
    batch = make_batch()
    lengths = batch.inputs["eda"].lengths.copy()
    lengths[5] = 3
    return looked_at(replace(batch, inputs={"eda": replace(batch.inputs["eda"], lengths=lengths)}))


def values_of_what_is_absent() -> GuardReport:
    batch = make_batch()
    present = batch.inputs["eda"].present.copy()
    present[5] = False
    return looked_at(replace(batch, inputs={"eda": replace(batch.inputs["eda"], present=present)}))


LEAKS: list[tuple[Callable[[], GuardReport], str]] = [
    (overlapping_windows, "shared-windows"),
    (windows_too_close, "shared-windows"),
    (trial_in_both_sides, "shared-trial"),
    (participant_in_both_sides, "shared-participant"),
    (visit_in_both_sides, "shared-visit"),
    (stimulus_in_both_sides, "shared-stimulus"),
    (scaled_on_all_rows, "fitted"),
    (selected_on_all_rows, "selection"),
    (recognizer_tunes_on_test, "tuning"),
    (validation_is_test, "validation"),
    (same_content_in_both_sides, "duplicate"),
    (recording_imported_twice, "recording-twice"),
    (class_missing_in_training, "class-in-training"),
    (answer_as_an_input, "answer-in-inputs"),
    (number_as_an_input, "answer-in-inputs"),
    (answers_seen_while_predicting, "answers-visible"),
    (category_seen_while_predicting, "answers-visible"),
    (case_numbers_repeated, "repeated-ids"),
    (case_tested_in_two_folds, "tested-twice"),
    (nothing_to_train_on, "empty-side"),
    (values_that_are_no_numbers, "not-finite"),
    (values_in_the_padding, "absent-values"),
    (values_of_what_is_absent, "absent-values"),
]


@pytest.mark.parametrize(("plant", "guard"), LEAKS, ids=[plant.__name__ for plant, _ in LEAKS])
def test_planted_leak_is_caught_by_name(plant: Callable[[], GuardReport], guard: str) -> None:
    stopped = {line.guard for line in plant().stopped}
    assert guard in stopped


def test_every_guard_that_stops_has_a_planted_leak() -> None:
    told_only = {"class-in-test", "transductive"}
    assert {guard for _, guard in LEAKS} == set(GUARDS) - told_only


@given(
    kind=st.sampled_from(sorted(name for name, kind in KINDS.items() if not kind.leaks)),
    participants=st.integers(2, 7),
    trials=st.integers(6, 12),
    sessions=st.integers(2, 3),
    k=st.integers(2, 5),
    seed=st.integers(0, 50),
    validation=st.sampled_from([0.0, 0.2, 0.4]),
)
@settings(max_examples=60, deadline=None)
def test_clean_data_sets_off_no_guard(
    kind: SplitKind, participants: int, trials: int, sessions: int, k: int, seed: int, validation: float
) -> None:
    batch = make_batch(participants, 2 * trials, {"eda": (2, 3)}, seed=seed, sessions=sessions)
    division = divide(batch.cases, batch.y, SplitSpec(kind, k, seed), validation, two_domains(batch.cases))
    report = check_division(batch, division)
    assert [line for line in report.lines if line.state == "stopped"] == []
    assert not division.leaky


@given(seed=st.integers(0, 30), effect=st.sampled_from([0.0, 1.0, 5.0]))
@settings(max_examples=15, deadline=None)
def test_an_honest_fold_sets_off_no_guard(seed: int, effect: float) -> None:
    batch = make_batch(seed=seed, effect=effect)
    fold = divide(batch.cases, batch.y, SplitSpec("loso"), 0.2).folds[0]
    steps = ("impute", "zscore", "select-k=2")
    training = Training("nearest-mean", {}, steps, ("participant",), 0, engine.make)
    assert evaluate_fold(batch, fold, training, Context()).guards == ()


def test_a_strong_effect_is_not_taken_for_the_answer() -> None:
    report = looked_at(make_batch(effect=40.0))
    assert "answer-in-inputs" not in {line.guard for line in report.stopped}


def test_segments_are_shown_as_leaky_and_go_on() -> None:
    batch = make_batch()
    windows = change(batch, trial=batch.cases.trial // 4, stop_s=batch.cases.start_s + 25.0)
    division = divide(windows.cases, windows.y, SplitSpec("segments", 4))
    report = looked_at(windows, division)
    assert division.leaky
    assert report.stopped == ()
    assert {"shared-trial", "shared-windows"} <= {
        line.guard for line in report.lines if line.state == "shown"
    }


def test_transductive_scaling_is_told_and_does_not_stop() -> None:
    batch = make_batch()
    fold = by_participant(batch).folds[0]
    ledger = Ledger.of(batch.cases.id[fold.train])
    prepare(("zscore-participant",), batch, fold.train, ledger)
    lines = check_ledger(ledger, fold.name)
    assert [(line.guard, line.state) for line in lines] == [("transductive", "told")]


def test_tuning_on_the_reported_folds_is_labelled_not_stopped() -> None:
    batch = make_batch()
    fold = by_participant(batch).folds[0]
    training = Training("nearest-mean", {}, (), ("participant",), 0, engine.make)
    ledger = Ledger.of(batch.cases.id[fold.train])
    experiment = engine.experiment(search=SearchSpec(2, nested=False))
    searched(batch, fold, training, experiment, Context(), ledger)
    assert [(line.guard, line.state) for line in check_ledger(ledger)] == [("tuning", "shown")]


def test_nested_search_never_looks_at_the_test_side() -> None:
    batch = make_batch()
    fold = by_participant(batch).folds[0]
    training = Training("nearest-mean", {}, ("zscore",), ("participant",), 0, engine.make)
    ledger = Ledger.of(batch.cases.id[fold.train])
    found = searched(batch, fold, training, engine.experiment(search=SearchSpec(3)), Context(), ledger)
    assert len(found.tried) == 3
    assert check_ledger(ledger) == ()
    assert {entry.what for entry in ledger.entries} == {"tuning of settings (nested)"}


def test_a_class_missing_in_the_test_side_is_told() -> None:
    batch = make_batch()
    assert batch.y is not None
    one = np.where(batch.cases.participant == "P01", 0, batch.y)
    lines = looked_at(replace(batch, y=one)).lines
    assert [(line.guard, line.state, line.fold) for line in lines if line.state != "passed"] == [
        ("class-in-test", "told", "P01")
    ]


def test_a_blinded_batch_says_nothing_of_what_was_shown() -> None:
    blind = blinded(make_batch())
    check_blind(blind)
    assert set(blind.cases.stimulus) == set(blind.cases.category) == {""}
    assert blind.cases.participant[0] == "P01"
