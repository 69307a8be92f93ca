"""Controls and comparisons: permutations, baseline, identity probe, paired tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.evaluation.compare import CompareError, compare
from analysis.evaluation.controls import permutation_facts, permuted, stored_permutations
from analysis.evaluation.metrics import value_of
from analysis.evaluation.paired import holm, sign_flip, wilcoxon
from analysis.evaluation.probe import identity_probe
from analysis.evaluation.run_folder import Predictions
from tests.helpers.batches import make_batch, make_cases


def predicted(skill: float, seed: int = 0, participants: int = 8) -> Predictions:
    """Predictions that are right with this share, the same in everybody."""
    random = np.random.default_rng(seed)
    cases = make_cases(participants, 20)
    y = (cases.trial % 2).astype(np.int64)
    right = random.random(len(cases)) < skill
    high = np.where(right == (y == 1), 0.8, 0.2)
    return Predictions(
        cases, y, np.column_stack([1 - high, high]), np.full(len(cases), "f"), ("negative", "positive")
    )


@given(seed=st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_answers_are_permuted_within_participants_only(seed: int) -> None:
    cases = make_cases(4, 6)
    y = np.random.default_rng(seed).integers(0, 3, len(cases))
    found = permuted(cases, y, np.random.default_rng(seed))
    for code in np.unique(cases.participant):
        own = cases.participant == code
        assert sorted(found[own]) == sorted(y[own])


def test_windows_of_a_trial_keep_one_answer() -> None:
    cases = make_cases(3, 12)
    windows = replace(cases, trial=cases.trial // 4)
    y = (windows.trial % 2).astype(np.int64)
    random = np.random.default_rng(0)
    changed = 0
    for _ in range(20):
        found = permuted(windows, y, random)
        assert (found.reshape(-1, 4) == found.reshape(-1, 4)[:, :1]).all()
        changed += int((found != y).any())
    assert changed > 10


def test_answers_that_differ_in_a_trial_are_rotated_in_time() -> None:
    cases = make_cases(2, 8)
    windows = replace(cases, trial=np.zeros_like(cases.trial))
    shuffled = np.random.default_rng(1).permutation(16)
    y = np.arange(16)[shuffled]
    found = permuted(windows.rows(shuffled), y, np.random.default_rng(0))
    in_time = found[np.argsort(shuffled)]
    for own in (slice(0, 8), slice(8, 16)):
        first = int(in_time[own][0])
        assert in_time[own].tolist() == np.roll(np.arange(16)[own], -(first % 8)).tolist()
    assert not np.array_equal(found, y)


def test_a_slow_course_in_time_is_no_finding_of_windows() -> None:
    cases = make_cases(4, 60)
    windows = replace(cases, trial=np.zeros_like(cases.trial))
    beside = []
    for seed in range(40):
        random = np.random.default_rng(seed)

        def slow(random: np.random.Generator = random) -> NDArray[np.float64]:
            return np.concatenate([np.cumsum(random.normal(size=60)) for _ in range(4)])

        told = Predictions(windows, slow(), slow()[:, None], np.full(240, "f"), (), ("valence",))
        values = stored_permutations(told, "pearson", 99, seed)
        observed = value_of("pearson", told).value
        beside.append(permutation_facts("pearson", observed, values, "stored")["p"])
    # Two walks that know nothing of each other: exchanged one by one, more than half of them are "findings".
    assert np.mean(np.array(beside) < 0.05) < 0.2


def test_permutations_without_a_figure_are_told() -> None:
    values = np.array([0.5] * 120 + [np.nan] * 3)
    facts = permutation_facts("accuracy", 0.8, values, "retrained")
    assert facts["n"] == 120
    assert facts["p"] == pytest.approx(1 / 121)
    assert facts["words"].endswith("; 3 more gave no figure")


def test_p_counts_the_observed_one_too() -> None:
    values = np.array([0.5] * 95 + [0.9] * 4)
    facts = permutation_facts("accuracy", 0.8, values, "stored")
    assert facts["p"] == pytest.approx(5 / 100)
    assert facts["n"] == 99
    assert "stored" in facts["kind"]
    assert "99 permutations" in facts["words"]


def test_for_errors_lower_is_the_further_end() -> None:
    values = np.array([2.0] * 98 + [0.5])
    assert permutation_facts("mae", 1.0, values, "stored")["p"] == pytest.approx(2 / 100)


def test_no_p_under_99_permutations() -> None:
    facts = permutation_facts("accuracy", 0.8, np.full(98, 0.5), "retrained")
    assert facts["p"] is None
    assert facts["reason"] == "needs at least 99 permutations, there are 98"


def test_stored_permutations_of_a_good_and_of_a_guessing_recognizer() -> None:
    good = stored_permutations(predicted(0.9), "balanced_accuracy", 199, 1)
    assert permutation_facts("balanced_accuracy", 0.9, good, "stored")["p"] == pytest.approx(1 / 200)
    assert abs(float(good.mean()) - 0.5) < 0.03
    again = stored_permutations(predicted(0.9), "balanced_accuracy", 199, 1)
    assert np.array_equal(good, again)


def test_probe_finds_fingerprints_and_nothing_where_there_are_none() -> None:
    marked = identity_probe(make_batch(6, 20, fingerprint=3.0, effect=0))
    plain = identity_probe(make_batch(6, 20, fingerprint=0.0, effect=0))
    assert marked["accuracy"] > 0.9
    assert plain["accuracy"] < 0.35
    assert marked["chance"] == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("participants", "trials", "reason"), [(1, 8, "one participant only"), (4, 1, "one trial only")]
)
def test_probe_says_why_it_cannot_tell(participants: int, trials: int, reason: str) -> None:
    found = identity_probe(make_batch(participants, trials))
    assert found["accuracy"] is None
    assert reason in found["reason"]


def test_sign_flip_is_exact_in_small_samples() -> None:
    """Of 2^5 signs only the two with one sign for all reach the sum of five positive differences."""
    assert sign_flip(np.array([1.0, 2.0, 0.5, 3.0, 1.5])).p == pytest.approx(2 / 32)


def test_sign_flip_by_drawing_is_near_the_exact_one() -> None:
    differences = np.random.default_rng(5).normal(0.45, 1, 16)
    exact = sign_flip(differences).p
    drawn = sign_flip(np.append(differences, 0.0)).p
    assert exact is not None
    assert drawn is not None
    assert abs(exact - drawn) < 0.02


def test_sign_flip_keeps_its_level() -> None:
    random = np.random.default_rng(0)
    found = [sign_flip(random.normal(0, 1, 8)).p for _ in range(400)]
    assert 0.02 < np.mean([p is not None and p <= 0.05 for p in found]) < 0.08


def test_wilcoxon_is_scipys() -> None:
    from scipy import stats

    differences = np.random.default_rng(2).normal(0.3, 1, 12)
    assert wilcoxon(differences).p == pytest.approx(float(stats.wilcoxon(differences, method="exact").pvalue))
    assert "exact" in wilcoxon(differences).how
    tied = np.array([0.1, 0.1, 0.2, -0.1, 0.3, 0.0, 0.2])
    assert "approximation" in wilcoxon(tied).how


@pytest.mark.parametrize("test", [sign_flip, wilcoxon])
def test_too_few_participants_give_no_p(test: object) -> None:
    found = test(np.array([0.1, 0.2, 0.3, 0.4]))  # type: ignore[operator]
    assert found.p is None
    assert "at least 5" in found.reason


def test_holm_by_hand() -> None:
    """Four p values: 0.01 x 4, then 0.02 x 3, 0.03 x 2 (not under the one before), 0.5."""
    assert holm([0.02, 0.01, 0.5, 0.03, None]) == pytest.approx([0.06, 0.04, 0.5, 0.06, None])


def test_better_recognizer_is_found_over_participants() -> None:
    found = compare({"good": predicted(0.9, 1), "poor": predicted(0.55, 2)}, "accuracy")
    pair = found.pairs[0]
    assert pair.mean is not None
    assert pair.mean > 0.2
    assert pair.low is not None
    assert pair.low > 0
    assert pair.flip_holm is not None
    assert pair.flip_holm < 0.05
    assert set(pair.differences) == set(np.unique(predicted(0.9).cases.participant))


def test_three_recognizers_give_three_corrected_pairs() -> None:
    runs = {
        name: predicted(skill, seed)
        for seed, (name, skill) in enumerate(zip("abc", (0.9, 0.8, 0.5), strict=True))
    }
    found = compare(runs, "accuracy")
    assert [(pair.first, pair.second) for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    for pair in found.pairs:
        assert pair.flip_p is not None
        assert pair.flip_holm is not None
        assert pair.flip_holm >= pair.flip_p


def test_only_cases_that_all_predicted_are_compared() -> None:
    whole = predicted(0.9)
    part = predicted(0.6, 3).rows(np.arange(20, 160)[::-1])
    found = compare({"whole": whole, "part": part}, "accuracy")
    assert (found.cases, found.left_out) == (140, 20)
    assert "P01" not in found.participants


def test_cases_that_are_tested_twice_are_compared_fold_by_fold() -> None:
    good, bad = predicted(1.0), predicted(0.0)
    rows = np.tile(np.arange(len(good)), 2)
    folds = np.repeat(["a to c", "b to c"], len(good))
    one = replace(good.rows(rows), fold=folds)
    half = np.concatenate([bad.proba, good.proba])
    found = compare({"one": one, "half": replace(one, proba=half)}, "accuracy")
    assert (found.cases, found.left_out) == (2 * len(good), 0)
    assert [each.value for each in found.values] == [1.0, 0.5]
    with pytest.raises(CompareError, match="no case in common"):
        compare({"one": one, "once": good}, "accuracy")


def test_other_targets_and_other_cases_are_refused() -> None:
    one = predicted(0.9)
    with pytest.raises(CompareError, match="another target"):
        compare({"a": one, "b": replace(one, y=1 - one.y)}, "accuracy")
    moved = replace(one, cases=replace(one.cases, start_s=one.cases.start_s + 1))
    with pytest.raises(CompareError, match="no case in common"):
        compare({"a": one, "b": moved}, "accuracy")
    with pytest.raises(CompareError, match="At least two"):
        compare({"a": one}, "accuracy")


def test_the_probe_says_which_inputs_it_saw_in_part() -> None:
    assert "columns only" not in identity_probe(make_batch(3, 4))["words"]
    wide = identity_probe(make_batch(3, 4, {"bvp": (2, 4), "eeg": (2, 501)}))["words"]
    assert wide.endswith("; of eeg the first 500 columns only")
