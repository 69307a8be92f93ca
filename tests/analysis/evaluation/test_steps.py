"""Steps: fitted on training rows only, blind to padding and to what is absent, the same when read back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from analysis.evaluation.anova import f_values
from analysis.evaluation.files import read_arrays, write_arrays
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.steps import STEPS, StepError, Steps, fit_steps, prepare
from tests.helpers.batches import make_batch, make_input

ALL = tuple(f"{name}=3" if name == "select-k" else name for name in STEPS)


def ragged(seed: int = 0, holes: float = 0.0) -> Batch:
    """A batch with sequences of several lengths, two cases without the input, and holes (NaN)."""
    batch = make_batch(4, 6, {"bvp": (5, 4), "eda": (3, 6)}, seed=seed)
    random = np.random.default_rng(seed)
    inputs: dict[str, Input] = {}
    for name, each in batch.inputs.items():
        lengths = random.integers(1, each.values.shape[1] + 1, len(batch))
        lengths[[3, 20]] = 0
        values = each.values.copy()
        values[random.random(values.shape) < holes] = np.nan
        inputs[name] = make_input(values, lengths)
    return replace(batch, inputs=inputs)


def held(each: Input) -> NDArray[np.float64]:
    """All steps inside lengths, (rows, columns)."""
    return np.asarray(each.values[each.inside], np.float64)


def ledger() -> Ledger:
    return Ledger.of(np.arange(1000))


def applied(name: str, batch: Batch, train: NDArray[np.intp]) -> Batch:
    return prepare((name,), batch, train, ledger())[1]


TRAIN = np.arange(12, dtype=np.intp)


def test_zscore_gives_training_steps_mean_0_and_sd_1() -> None:
    batch = applied("zscore", ragged(), TRAIN)
    for each in batch.inputs.values():
        inside = held(each.rows(TRAIN))
        assert np.allclose(inside.mean(axis=0), 0, atol=1e-6)
        assert np.allclose(inside.std(axis=0), 1, atol=1e-6)


def test_robust_gives_training_steps_median_0_and_quartiles_1_apart() -> None:
    batch = applied("robust", ragged(), TRAIN)
    for each in batch.inputs.values():
        inside = held(each.rows(TRAIN))
        assert np.allclose(np.median(inside, axis=0), 0, atol=1e-6)
        assert np.allclose(np.subtract(*np.quantile(inside, (0.75, 0.25), axis=0)), 1, atol=1e-5)


def test_minmax_clips_what_lies_outside_the_training_range_and_says_so() -> None:
    source = ragged()
    steps, batch = prepare(("minmax",), source, TRAIN, ledger())
    for each in batch.inputs.values():
        assert held(each.rows(TRAIN)).min() == 0
        assert held(each.rows(TRAIN)).max() == 1
        assert held(each).min() >= 0
        assert held(each).max() <= 1
    raw = source.inputs["bvp"]
    train, rest = held(raw.rows(TRAIN)), held(raw.rows(np.arange(12, 24)))
    share = ((rest < train.min(axis=0)) | (rest > train.max(axis=0))).mean()
    assert f"minmax: {share:.1%} of the test values of bvp were clipped" in steps.told


def test_impute_puts_the_training_median_and_leaves_the_rest() -> None:
    source = ragged(holes=0.2)
    batch = applied("impute", source, TRAIN)
    for name, each in batch.inputs.items():
        before, after = held(source.inputs[name]), held(each)
        median = np.nanmedian(held(source.inputs[name].rows(TRAIN)), axis=0)
        assert np.allclose(after[np.isfinite(before)], before[np.isfinite(before)])
        gaps = np.isnan(before)
        assert gaps.any()
        assert np.allclose(after[gaps], np.broadcast_to(median, after.shape)[gaps])


@pytest.mark.parametrize("name", ["zscore-participant", "robust-participant"])
def test_participant_scaling_uses_each_ones_own_cases(name: str) -> None:
    batch = applied(name, ragged(), TRAIN)
    for code in np.unique(batch.cases.participant):
        own = held(batch.inputs["bvp"].rows(np.flatnonzero(batch.cases.participant == code)))
        centre = own.mean(axis=0) if name.startswith("zscore") else np.median(own, axis=0)
        assert np.allclose(centre, 0, atol=1e-5)


def test_select_keeps_the_columns_with_the_largest_f() -> None:
    batch = make_batch(8, 8, {"eda": (4, 6)}, effect=0, fingerprint=0)
    assert batch.y is not None
    values = batch.inputs["eda"].values.copy()
    values[..., [1, 4]] += 3 * batch.y[:, None, None]
    source = replace(batch, inputs={"eda": replace(batch.inputs["eda"], values=values)})
    made = prepare(("select-k=2",), source, np.arange(40, dtype=np.intp), ledger())[1]
    assert made.inputs["eda"].names == ("x1", "x4")
    assert np.array_equal(made.inputs["eda"].values, values[..., [1, 4]])


def test_f_values_are_scikit_learns() -> None:
    from sklearn.feature_selection import f_classif, f_regression

    random = np.random.default_rng(3)
    values, y = random.normal(0, 1, (40, 7)), random.integers(0, 3, 40)
    assert np.allclose(f_values(values, y), f_classif(values, y)[0], rtol=1e-10)
    numbers = random.normal(0, 1, 40)
    assert np.allclose(f_values(values, numbers), f_regression(values, numbers)[0], rtol=1e-8)


@pytest.mark.parametrize("name", ALL)
def test_padding_and_absent_inputs_stay_empty(name: str) -> None:
    batch = applied(name, ragged(), TRAIN)
    for each in batch.inputs.values():
        assert not each.values[~each.inside].any()


@given(name=st.sampled_from(ALL), seed=st.integers(0, 20), junk=st.floats(-1e3, 1e3))
@settings(max_examples=40, deadline=None)
def test_what_lies_in_the_test_side_changes_nothing_of_the_training_side(
    name: str, seed: int, junk: float
) -> None:
    source = ragged(seed)
    rest = np.arange(12, 24)
    changed = {}
    for key, each in source.inputs.items():
        values = each.values.copy()
        values[rest] = np.where(each.inside[rest][..., None], junk, 0)
        changed[key] = replace(each, values=values)
    one = applied(name, source, TRAIN)
    other = applied(name, replace(source, inputs=changed), TRAIN)
    for key in one.inputs:
        assert np.array_equal(one.inputs[key].values[TRAIN], other.inputs[key].values[TRAIN])


@pytest.mark.parametrize("names", [ALL, ("impute", "zscore"), ()])
def test_saved_and_loaded_steps_give_the_same_bits(names: tuple[str, ...], tmp_path: object) -> None:
    from pathlib import Path

    source = ragged(holes=0.1)
    steps = fit_steps(names, source.rows(TRAIN), ledger())
    path = Path(str(tmp_path)) / "steps.npz"
    write_arrays(path, steps.to_arrays())
    again = Steps.from_arrays(names, read_arrays(path))
    one, other = steps.apply(source), again.apply(source)
    for key in one.inputs:
        assert np.array_equal(one.inputs[key].values, other.inputs[key].values, equal_nan=True)
        assert one.inputs[key].names == other.inputs[key].names


def test_a_column_that_never_changes_becomes_0_not_infinite() -> None:
    source = make_batch(2, 4, {"eda": (2, 3)})
    values = source.inputs["eda"].values.copy()
    values[..., 1] = 0.1
    constant = replace(source, inputs={"eda": replace(source.inputs["eda"], values=values)})
    for name in ("zscore", "minmax", "robust", "zscore-participant", "robust-participant"):
        made = applied(name, constant, np.arange(8, dtype=np.intp)).inputs["eda"].values
        assert np.isfinite(made).all()
        assert np.abs(made[..., 1]).max() < 1e-6


@pytest.mark.parametrize("name", ["scale", "zscore=3", "select-k=0", "select-k=x", ""])
def test_an_unknown_step_is_refused(name: str) -> None:
    with pytest.raises(StepError, match="there is no step"):
        fit_steps((name,), make_batch(), ledger())


def test_a_missing_input_is_named() -> None:
    batch = make_batch()
    steps = fit_steps(("zscore",), batch, ledger())
    with pytest.raises(StepError, match="bvp is not there"):
        steps.apply(batch.only(["eda"]))


def test_pictures_have_one_statistic_for_all() -> None:
    values = np.random.default_rng(0).normal(5, 2, (6, 3, 4, 4))
    batch = make_batch(3, 2, {"eda": (1, 1)})
    source = replace(batch, inputs={"face": make_input(values)})
    made = applied("zscore", source, np.arange(6, dtype=np.intp)).inputs["face"].values
    assert abs(float(made.mean())) < 1e-6
    assert abs(float(made.std()) - 1) < 1e-6
