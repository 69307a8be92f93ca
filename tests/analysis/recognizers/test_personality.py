"""Apparent impressions: late weights in closed form, fusions, streams that are missing, and baselines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import svm
from sklearn.tree import DecisionTreeRegressor

from analysis.corpus.cases import Batch
from analysis.evaluation.number_sums import one_minus_mae, r2
from analysis.recognizers.flattening import Columns
from analysis.recognizers.late_weights import (
    closed_form,
    error_moments,
    not_negative,
    squared_error,
    weights_of,
)
from analysis.recognizers.personality import Personality
from analysis.recognizers.personality_network import Local, Vgg16
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.table import make, recognizer_class
from tests.helpers.planted_effects import halves
from tests.helpers.sample_personality import QUICK, clips

SHORT = {**QUICK, "epochs": 2, "local_epochs": 1}
LEFT_OUT = {"P02", "P05"}
"""Of six people, by the seed 1."""


def correlated(seed: int, count: int = 6, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return predictors (n, count) of an answer (n,), with errors that they partly share."""
    random = np.random.default_rng(seed)
    y = random.uniform(0, 1, n)
    shared = random.normal(0, 0.1, (n, 1))
    own = random.normal(0, 1, (n, count)) * random.uniform(0.02, 0.3, count)
    return y[:, None] + shared + own + random.normal(0, 0.05, count), y


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_the_weights_are_the_closed_form_and_never_worse_than_the_best_alone(seed: int, count: int) -> None:
    predicted, y = correlated(seed, count)
    omega = error_moments(predicted, y)
    found = closed_form(omega, 0.0)
    ones = np.ones(count)
    raw = np.linalg.inv(omega) @ ones
    np.testing.assert_allclose(found, raw / (ones @ raw), rtol=1e-6, atol=1e-8)
    assert found.sum() == pytest.approx(1)
    error = ((predicted @ found - y) ** 2).mean()
    assert error == pytest.approx(squared_error(omega, found))
    best = ((predicted - y[:, None]) ** 2).mean(axis=0).min()
    assert error <= best + 1e-12
    inside = not_negative(omega, 0.0)
    assert (inside >= 0).all() and inside.sum() == pytest.approx(1)
    assert error - 1e-12 <= squared_error(omega, inside) <= best + 1e-12


def test_weights_that_are_not_negative_are_the_best_of_a_fine_grid() -> None:
    predicted, y = correlated(5, 3)
    omega = error_moments(predicted, y)
    grid = np.array([(a, b, 100 - a - b) for a in range(101) for b in range(101 - a)]) / 100
    least = min(squared_error(omega, row) for row in grid)
    assert squared_error(omega, not_negative(omega, 0.0)) <= least + 1e-12


def test_equal_weights_and_predictors_without_an_error() -> None:
    assert weights_of(np.eye(4), "equal").tolist() == [0.25] * 4
    assert closed_form(np.zeros((3, 3))).tolist() == pytest.approx([1 / 3] * 3)
    unknown = error_moments(np.array([[1.0], [2.0]]), np.array([0.0, np.nan]))
    assert unknown.tolist() == [[1.0]]


def fitted(batch: Batch, **more: object) -> Personality:
    recognizer = make("personality", {**SHORT, **more})
    assert isinstance(recognizer, Personality)
    recognizer.fit(batch, None, Context(seed=1))
    return recognizer


def test_late_weights_come_from_people_whom_no_predictor_saw() -> None:
    batch = clips(6, 3, True)
    seen: dict[str, set[int]] = {}

    def fitted_on(what: str, ids: np.ndarray) -> None:
        seen.setdefault(what, set()).update(ids.tolist())

    recognizer = make("personality", SHORT)
    recognizer.fit(batch, None, Context(seed=1, fitted=fitted_on))
    held = seen["weights of late fusion"]
    who = batch.cases.participant
    for what in ("speech bi-lstm", "face transformer", "frames of scene"):
        assert held and not held & seen[what]
        assert not {who[k] for k in held} & {who[k] for k in seen[what]}
    assert isinstance(recognizer, Personality)
    np.testing.assert_allclose(recognizer.late_weights.sum(axis=1), 1, atol=1e-9)
    assert recognizer.late_weights.shape == (2, 6)


@pytest.mark.parametrize("weights", ["closed form", "not negative", "equal"])
def test_predictors_of_late_fusion_learn_from_the_same_people_whatever_their_weights(weights: str) -> None:
    seen: dict[str, set[int]] = {}

    def fitted_on(what: str, ids: np.ndarray) -> None:
        seen.setdefault(what, set()).update(ids.tolist())

    batch = clips(6, 2, True)
    recognizer = make("personality", {**SHORT, "late_weights": weights, "streams": "speech+face"})
    recognizer.fit(batch, None, Context(seed=1, fitted=fitted_on))
    held = set(range(12)) - seen["speech bi-lstm"]
    assert {str(who) for who in batch.cases.participant[sorted(held)]} == LEFT_OUT
    assert seen["frames of face"] == seen["face transformer"] == seen["speech bi-lstm"]
    assert seen.get("weights of late fusion", held) == held
    assert isinstance(recognizer, Personality)
    if weights == "equal":
        assert np.unique(recognizer.late_weights).tolist() == [0.25]


def test_explanations_say_what_late_weights_come_of() -> None:
    batch = clips(4, 2, True)
    why = fitted(batch).explain(batch.without_answers())
    assert "estimated on 4 held-out cases with every stream" in why.about["weight.face"]
    why = fitted(batch, late_weights="equal").explain(batch.without_answers())
    assert why.about["weight.face"].endswith("; equal, as was asked for")
    alone = batch.rows(np.array([0]))
    why = fitted(alone).explain(alone.without_answers())
    assert "equal, since nobody with every stream could be held out" in why.about["weight.face"]
    # Of four people these two are held out by the seed 1.
    partly = heard_only(batch, ~np.isin(batch.cases.participant, ["P01", "P04"]))
    why = fitted(partly).explain(partly.without_answers())
    assert "equal, since nobody with every stream could be held out" in why.about["weight.face"]
    with pytest.raises(RecognizerError, match="none of the people whom its predictors learn from has speech"):
        fitted(heard_only(batch, np.isin(batch.cases.participant, ["P01", "P04"])))


def heard_only(batch: Batch, there: np.ndarray) -> Batch:
    voices = batch.inputs["speech"]
    values = np.where(there[:, None, None, None], voices.values, 0)
    some = replace(voices, values=values, present=there, lengths=np.where(there, voices.lengths, 0))
    return replace(batch, inputs={**batch.inputs, "speech": some})


def test_vgg_face_is_given_colours_as_its_weights_want_them() -> None:
    red = torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1
    face = Local(Vgg16(1), 2, "vgg-face").scaled(red)[0, :, 0, 0]
    assert face.tolist() == pytest.approx([-93.594, -104.7624, 255 - 129.1863], abs=1e-3)
    other = Local(Vgg16(1), 2).scaled(red)[0, :, 0, 0]
    assert other.tolist() == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], abs=1e-4)
    grey = Local(Vgg16(1), 2, "vgg-face").scaled(torch.ones(2, 1, 4, 4))
    assert grey.shape == (2, 3, 4, 4)


@pytest.mark.parametrize("stream", ["face", "scene"])
def test_weights_from_a_file_are_refused_for_pictures_below_their_size(stream: str) -> None:
    with pytest.raises(RecognizerError, match=f"{stream} has 16 px. Give it size_px 224"):
        fitted(clips(2, 2, True), **{f"{stream}_weights": "nowhere.npz"})


def test_a_model_from_before_there_was_a_choice_keeps_its_scaling(tmp_path: Path) -> None:
    recognizer = fitted(clips(3, 2, True), streams="face")
    recognizer.save(tmp_path / "kept")
    path = tmp_path / "kept" / "weights.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    del said["facts"]["settings"]["face_scaling"]
    path.write_text(json.dumps(said), encoding="utf-8")
    assert Personality.load(tmp_path / "kept").settings["face_scaling"] == "imagenet"
    assert recognizer_class("personality").card.defaults()["face_scaling"] == "vgg-face"


def test_a_clip_without_a_stream_is_weighed_by_those_it_has() -> None:
    batch = clips(4, 3, True)
    recognizer = fitted(batch)
    for gone in (["speech"], ["scene", "face"]):
        blind = batch.missing(gone).without_answers()
        why = recognizer.explain(blind).weights
        total = sum(why[f"weight.{name}"] for name in ("speech", "scene", "face"))
        np.testing.assert_allclose(total, 1, atol=1e-5)
        assert all((why[f"weight.{name}"] == 0).all() for name in gone)
        assert np.isfinite(recognizer.predict_proba(blind)).all()


@pytest.mark.parametrize(
    "more",
    [
        {"fusion": "early"},
        {"fusion": "model", "model_layers": "8 4"},
        {"fusion": "early", "streams": "face", "temporal": "transformer"},
        {"late_weights": "not negative", "halving": "epoch", "local_loss": "squared error"},
        {"streams": "speech+face", "temporal": "bi-lstm", "late_weights": "equal"},
    ],
)
def test_every_fusion_answers_again_after_loading(more: dict[str, object], tmp_path: Path) -> None:
    batch = clips(3, 3, True)
    recognizer = fitted(batch, **more)
    expected = recognizer.predict_proba(batch.without_answers())
    assert expected.shape == (9, 2) and np.isfinite(expected).all()
    recognizer.save(tmp_path / "kept")
    loaded = Personality.load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.predict_proba(batch.without_answers()), expected)
    percentile = loaded.explain(batch.without_answers()).weights["percentile"]
    assert ((percentile >= 0) & (percentile <= 100)).all()


def test_classes_and_unknown_streams_are_refused() -> None:
    batch = clips(2, 2, True)
    with pytest.raises(RecognizerError, match="streams must be one of"):
        fitted(batch, streams="smell")
    with pytest.raises(RecognizerError, match="no training case has speech"):
        fitted(batch.only(["face"]), streams="speech")
    assert "nobody's traits" in recognizer_class("personality").card.about


@pytest.mark.slow
def test_vgg16_has_its_printed_size() -> None:
    whole = sum(each.numel() for each in Vgg16(4).parameters())
    # 1/16 of the kernels of VGG-16 without its last layer, beside biases and the first layer.
    assert Vgg16(4).out == 256
    assert whole == pytest.approx((138_357_544 - 4_097_000) / 256, rel=0.01)


def rows(seed: int = 0) -> Batch:
    from tests.helpers.batches import make_cases, make_input

    random = np.random.default_rng(seed)
    cases = make_cases(8, 8)
    x = random.normal(0, 1, (64, 1, 4))
    y = np.column_stack([x[:, 0, 0] + 0.1 * random.normal(0, 1, 64), np.abs(x[:, 0, 1])])
    return Batch(cases, {"eda": make_input(x)}, y, (), ("a", "b"))


@pytest.mark.parametrize("kernel", ["linear", "rbf", "poly"])
def test_support_vector_regression_is_the_library_s(kernel: str, tmp_path: Path) -> None:
    train, test = halves(rows())
    recognizer = make("svr", {"kernel": kernel, "gamma": 0.3})
    recognizer.fit(train, None, Context(seed=1))
    columns = Columns.fit(train, "mean and SD")
    assert train.y is not None
    y = train.y[:, 0]
    known = svm.SVR(kernel=kernel, gamma=0.3, epsilon=0.1)
    known.fit(columns.of(train), (y - y.mean()) / y.std())
    expected = known.predict(columns.of(test)) * y.std() + y.mean()
    np.testing.assert_allclose(recognizer.predict_proba(test.without_answers())[:, 0], expected, atol=1e-8)
    recognizer.save(tmp_path / "kept")
    again = recognizer_class("svr").load(tmp_path / "kept").predict_proba(test)
    np.testing.assert_array_equal(again, recognizer.predict_proba(test))


def test_a_regression_tree_is_the_library_s() -> None:
    train, test = halves(rows(2))
    recognizer = make("tree-regression", {"depth": 3})
    recognizer.fit(train, None, Context(seed=3))
    columns = Columns.fit(train, "mean and SD")
    assert train.y is not None
    y = train.y[:, 1]
    known = DecisionTreeRegressor(max_depth=3, random_state=3).fit(
        columns.of(train), (y - y.mean()) / y.std()
    )
    expected = known.predict(columns.of(test)) * y.std() + y.mean()
    np.testing.assert_allclose(recognizer.predict_proba(test)[:, 1], expected, atol=1e-8)
    with pytest.raises(RecognizerError, match="this target gives classes"):
        recognizer.fit(
            Batch(train.cases, train.inputs, np.zeros(len(train), int), ("a", "b")), None, Context()
        )


def test_s_is_one_minus_the_mean_absolute_error_and_r2_that_of_the_book() -> None:
    y, p = np.array([0.1, 0.5, 0.9, np.nan]), np.array([0.2, 0.4, 0.6, 0.0])
    assert one_minus_mae(y, p).outcome().value == pytest.approx(1 - (0.1 + 0.1 + 0.3) / 3)
    assert r2(y, p).outcome().value == pytest.approx(1 - (0.01 + 0.01 + 0.09) / 0.32)
    assert r2(np.ones(3), np.ones(3)).outcome().value is None
    mean = np.full(3, 0.5)
    assert r2(y[:3], mean).outcome().value == pytest.approx(0)
