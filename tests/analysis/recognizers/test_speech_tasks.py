"""Nine spoken tasks: shares of persons the machines never met, missing tasks, votes, selection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.splits import divide
from analysis.recognizers.recognizer import Context, RecognizerError, decide
from analysis.recognizers.speech_tasks import (
    SpeechTasksSelected,
    SpeechTasksStack,
    SpeechTasksVote,
    machines_of,
    one_a_person,
    tasks_that_tell,
)
from analysis.recognizers.speech_tasks_parts import View, fit_machine, person_folds, platt, rising, sigmoid
from analysis.recognizers.table import make
from tests.helpers.sample_speech_tasks import QUICK, persons, visits

NAMES = ("speech-tasks-stack", "speech-tasks-vote", "speech-tasks-selected")


def quick(name: str) -> dict[str, object]:
    if name == "speech-tasks-vote":
        return {}
    return {**QUICK, **({"stack_grid": "none"} if name == "speech-tasks-stack" else {})}


def right(recognizer: object, batch: Batch) -> float:
    assert batch.y is not None
    return float((decide(recognizer.predict_proba(batch.without_answers())) == batch.y).mean())  # type: ignore[attr-defined]


def test_folds_of_536_persons_are_those_of_the_paper() -> None:
    cases = persons(536, 1, 0.0).cases
    y = np.array([1] * 310 + [0] * 226)
    division = divide(cases, y, SplitSpec("participants", 10, 3))
    sizes = sorted((len(fold.test), int(y[fold.test].sum())) for fold in division.folds)
    assert sizes == [(53, 31)] * 4 + [(54, 31)] * 6
    for fold in division.folds:
        assert not set(cases.participant[fold.train]) & set(cases.participant[fold.test])


def test_inner_folds_keep_persons_whole_and_classes_shared() -> None:
    batch = visits(6, 3, True)
    assert batch.y is not None
    for inside, outside in person_folds(batch, batch.y, 3, 1):
        assert not set(batch.cases.participant[inside]) & set(batch.cases.participant[outside])
    single = persons(40, 1)
    assert single.y is not None
    assert {int(single.y[outside].sum()) for _, outside in person_folds(single, single.y, 5, 1)} == {4}


def test_platt_finds_the_likeliest_curve() -> None:
    random = np.random.default_rng(1)
    y = np.repeat([0, 1], 40)
    scores = 1.5 * y + random.standard_normal(80)
    wanted = np.where(y == 1, 41 / 42, 1 / 42)

    def surprise(at: np.ndarray) -> float:
        share = sigmoid(-(at[0] * scores + at[1]))
        return -float((wanted * np.log(share) + (1 - wanted) * np.log(1 - share)).sum())

    expected = minimize(surprise, [0.0, 0.0], tol=1e-10).x
    np.testing.assert_allclose(platt(scores, y.astype(np.int64)), expected, atol=1e-3)


def test_a_curve_never_turns_a_machine_round() -> None:
    y = np.array([0] * 5 + [1] * 15)
    assert platt(-1.0 * y, y)[0] > 0
    assert list(rising(-1.0 * y, y)) == pytest.approx([0.0, np.log(6 / 16)])
    assert rising(1.0 * y, y) == platt(1.0 * y, y)


def test_training_shares_are_of_persons_a_machine_was_not_fitted_on() -> None:
    """Noise alone: a machine knows its own persons by heart, and shares of others stay at chance."""
    batch = persons(40, 1, 0.0, seed=5)
    assert batch.y is not None
    view = View.of(batch.inputs["task-1"])
    folds = person_folds(batch, batch.y, 5, 1)
    machine, outside = fit_machine(view, batch.y, folds, "svm", "none", False, 1, Context())
    own = np.abs(machine.arrays["dual"]).sum() > 0
    assert own
    assert abs(((outside > 0.5) == batch.y).mean() - 0.5) < 0.3
    assert np.abs(outside - 0.5).mean() < 0.25


def test_the_stack_beats_single_tasks_where_nine_weak_ones_are_planted() -> None:
    train, test = persons(120, 9, 1.1, seed=1), persons(200, 9, 1.1, seed=2)
    stack = SpeechTasksStack(**quick("speech-tasks-stack"))
    stack.fit(train, None, Context(seed=1))
    assert test.y is not None
    shares = stack.explain(test.without_answers()).weights
    single = [((share > 0.5) == test.y).mean() for share in shares.values()]
    assert len(single) == 9
    assert right(stack, test) > max(single) + 0.05


@pytest.mark.parametrize("name", NAMES)
def test_missing_tasks_are_done_without(name: str, tmp_path: Path) -> None:
    train, test = persons(60, 5, 3.5, seed=1, absent=0.3), persons(60, 5, 3.5, seed=2, absent=0.3)
    found = make(name, quick(name))
    found.fit(train, None, Context(seed=1))
    assert right(found, test) > 0.75
    gone = found.predict_proba(test.without_answers().missing(list(test.inputs)))
    assert np.isfinite(gone).all() and (gone == gone[0]).all()
    without = found.predict_proba(test.without_answers().only(["task-1"]))
    assert without.shape == (60, 2)


def test_a_missing_task_gives_the_mean_share_of_training() -> None:
    train = persons(40, 2, 1.0, seed=3)
    made = SpeechTasksStack(**quick("speech-tasks-stack"))
    assert train.y is not None
    views = [View.of(each) for each in train.inputs.values()]
    machines, rows = machines_of(made, train, views, train.y, Context(seed=1))
    absent = View(views[0].values, np.zeros(40, bool))
    np.testing.assert_allclose(machines[0].shares(absent), rows[:, 0].mean())


def test_the_vote_is_the_majority_of_cosines() -> None:
    train, test = persons(60, 3, 2.0, seed=1), persons(30, 3, 2.0, seed=2)
    found = SpeechTasksVote()
    found.fit(train, None, Context())
    assert train.y is not None
    votes = np.zeros(30)
    for name, each in train.inputs.items():
        x, y = each.values[:, 0].astype(float), train.y
        centre = x.mean(axis=0)
        new = test.inputs[name].values[:, 0].astype(float) - centre
        cosines = [
            new @ mean / np.linalg.norm(new, axis=1) / np.linalg.norm(mean)
            for mean in ((x[y == kind] - centre).mean(axis=0) for kind in (0, 1))
        ]
        votes += np.where(cosines[1] > cosines[0], 1, -1)
    np.testing.assert_array_equal(decide(found.predict_proba(test.without_answers())), votes > 0)


def test_tasks_that_tell_nothing_are_left_out() -> None:
    random = np.random.default_rng(1)
    y = np.repeat([0, 1], 50)
    rows = np.column_stack([0.5 + 0.2 * (y - 0.5) + 0.05 * random.standard_normal(100), random.random(100)])
    assert tasks_that_tell(rows, y, 0.05).tolist() == [0]
    assert tasks_that_tell(1 - rows[:, :1], y, 0.05).tolist() == [0]
    train = persons(80, 2, 3.0, seed=1)
    noise = persons(80, 2, 0.0, seed=9)
    mixed = Batch(
        train.cases,
        {"task-1": train.inputs["task-1"], "task-2": noise.inputs["task-2"]},
        train.y,
        train.classes,
    )
    found = SpeechTasksSelected(**QUICK)
    found.fit(mixed, None, Context(seed=1))
    assert found.selected == ("task-1",)


@pytest.mark.parametrize("first", [0.3, 0.42, 0.5, 0.7])
def test_unequal_classes_let_no_useless_task_pass(first: float) -> None:
    """A machine that knows nothing gives everybody the base rate, or about; 20 such, and one that knows."""
    random = np.random.default_rng(5)
    y = (np.arange(480) >= first * 480).astype(np.int64)
    rows = y.mean() + 0.02 * random.standard_normal((480, 21))
    rows[:, 7] += 0.02 * (y - 0.5)
    kept = tasks_that_tell(rows, y, 0.001).tolist()
    assert kept == [7]
    flat = np.column_stack([np.full(480, y.mean()), rows[:, 7]])
    assert tasks_that_tell(flat, y, 0.05).tolist() == [1]


def test_a_task_of_noise_is_dropped_where_seven_of_ten_are_ill() -> None:
    even = persons(120, 1, 3.0, seed=1)
    assert even.y is not None
    kept = np.sort(np.concatenate([np.flatnonzero(even.y == 1), np.flatnonzero(even.y == 0)[:26]]))
    told = even.rows(kept.astype(np.intp))
    noise = persons(120, 1, 0.0, seed=9).rows(kept.astype(np.intp))
    inputs = {"task-1": told.inputs["task-1"], "task-2": noise.inputs["task-1"]}
    found = SpeechTasksSelected(**QUICK)
    found.fit(Batch(told.cases, inputs, told.y, told.classes), None, Context(seed=1))
    assert found.selected == ("task-1",)


def test_visits_of_a_person_are_one_person_to_the_test() -> None:
    rows = np.array([[0.2], [0.4], [0.9]])
    names = np.array(["a", "a", "b"])
    shares, answers = one_a_person(rows, np.array([0, 0, 1]), names)
    assert (shares[:, 0].tolist(), answers.tolist()) == (pytest.approx([0.3, 0.9]), [0, 1])
    both, answers = one_a_person(rows, np.array([0, 1, 1]), names)
    assert (both.tolist(), answers.tolist()) == (rows.tolist(), [0, 1, 1])


@pytest.mark.slow
def test_a_forest_may_come_first() -> None:
    train, test = persons(40, 1, 4.0, seed=1), persons(40, 1, 4.0, seed=2)
    found = SpeechTasksStack(**{**quick("speech-tasks-stack"), "first": "forest"})
    found.fit(train, None, Context(seed=1))
    assert right(found, test) > 0.8


def test_the_ledger_hears_of_every_fit() -> None:
    told: dict[str, list[int]] = {}
    train = persons(30, 2, 1.0)
    context = Context(seed=1, fitted=lambda what, ids: told.update({what: ids.tolist()}))
    SpeechTasksStack(**quick("speech-tasks-stack")).fit(train, None, context)
    assert set(told) == {"inner folds", "svm of task-1", "svm of task-2", "stack"}
    assert all(ids == list(range(30)) for ids in told.values())


def test_what_is_no_question_of_two_classes_is_refused() -> None:
    train = persons(10, 1)
    three = Batch(train.cases, train.inputs, train.y, ("a", "b", "c"))
    with pytest.raises(RecognizerError, match="between two classes"):
        SpeechTasksVote().fit(three, None, Context())
    with pytest.raises(RecognizerError, match="not been fitted"):
        SpeechTasksVote().predict_proba(train)
