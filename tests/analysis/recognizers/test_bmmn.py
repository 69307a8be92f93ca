"""BMMN and its two variants: what they learn, what they cannot, what is missing, and what is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.corpus.cases import Batch
from analysis.evaluation.label_scores import label_table
from analysis.evaluation.run_folder import Predictions
from analysis.recognizers.bmmn import BMMN
from analysis.recognizers.bmmn_card import BMMN_BAE_1_CARD, BMMN_BAE_2_CARD, BMMN_CARD
from analysis.recognizers.bmmn_network import BioMultiModal, Kind, Shape
from analysis.recognizers.face_network import FaceNetwork, ResNet50
from analysis.recognizers.recognizer import CancelledError, Context, RecognizerError
from analysis.recognizers.table import make
from analysis.recognizers.ten_labels import TEN_LABELS
from tests.helpers.bodies_and_faces import SAMPLES, SIDE_PX, VARIANTS, bodies, both_needed, one_step, quick
from tests.helpers.planted_effects import halves, held_out_accuracy

CARDS = {card.name: card for card in (BMMN_CARD, BMMN_BAE_1_CARD, BMMN_BAE_2_CARD)}


def correlations(recognizer: Any, batch: Batch, seed: int = 1) -> list[float]:
    train, test = halves(batch)
    recognizer.fit(train, None, Context(seed=seed))
    found = recognizer.predict_proba(test.without_answers())
    assert test.y is not None
    return [float(np.corrcoef(found[:, k], test.y[:, k])[0, 1]) for k in range(found.shape[1])]


def trained(name: str, batch: Batch, **settings: Any) -> Any:
    recognizer = make(name, {**quick(name), **settings})
    recognizer.fit(batch, None, Context(seed=3))
    return recognizer


def short(name: str) -> dict[str, Any]:
    """Return settings for tests in which nothing need be learnt."""
    return {key: 2 for key in quick(name) if key.endswith("epochs")}


@pytest.mark.parametrize(("kind", "merged"), [("bmmn", 7352), ("bmmn-bae-1", 2304), ("bmmn-bae-2", 7608)])
def test_merged_widths_are_the_papers(kind: Kind, merged: int) -> None:
    shape = Shape(kind, ("ecg", "eda"), 2048, 1000, 128, 10)
    assert shape.merged == merged
    said = {layer.name: layer for layer in CARDS[kind].layers}
    assert said["merge"].built == f"{merged} x 1"
    assert said["output"].built == "10 x 1"


def test_all_three_run_at_full_size() -> None:
    face = FaceNetwork(ResNet50(), 224)
    rows = {"ecg": torch.rand(1, 1000), "eda": torch.rand(1, 1000), "face": torch.rand(1, 3, 64, 64)}
    rows |= {f"{name}.present": torch.ones(1) for name in tuple(rows)}
    for kind in CARDS:
        network = BioMultiModal(Shape(kind, ("ecg", "eda"), 2048, 1000, 128, 10), face)  # type: ignore[arg-type]
        with torch.no_grad():
            out, again = network(rows)
        assert out.shape == (1, 10)
        assert {name: each.shape[1] for name, each in again.items()} == (
            {} if kind == "bmmn" else {"ecg": 1000, "eda": 1000}
        )


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("bmmn", {"epochs": 80}),
        pytest.param(
            "bmmn-bae-1", {"epochs": 5, "bae_epochs": 40, "joint_epochs": 120}, marks=pytest.mark.slow
        ),
        ("bmmn-bae-2", {"epochs": 5, "bae_epochs": 40, "joint_epochs": 100}),
    ],
)
def test_eight_cases_can_be_learnt_by_heart(name: str, stages: Mapping[str, int]) -> None:
    batch = bodies(1, 8).only(("ecg", "eda") if name != "bmmn" else ("ecg", "eda", "face"))
    recognizer = trained(name, batch, **stages)
    assert batch.y is not None
    errors = np.abs(recognizer.predict_proba(batch.without_answers()) - batch.y)
    assert errors[:, 0].max() < 0.8
    assert errors[:, 1].max() < 0.15


@pytest.mark.parametrize(
    "name", ("bmmn", *(pytest.param(name, marks=pytest.mark.slow) for name in VARIANTS[1:]))
)
def test_a_planted_effect_is_found_and_none_is_invented(name: str) -> None:
    assert min(correlations(make(name, quick(name)), bodies(8, 12))) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_is_found_where_there_is_nothing(name: str) -> None:
    found = correlations(make(name, quick(name)), bodies(8, 24, effect=0))
    assert max(map(abs, found)) < 0.45


def test_ten_outputs_come_back_in_their_own_units() -> None:
    batch = bodies(2, 8).only(("ecg", "eda"))
    assert batch.y is not None
    answers = np.column_stack([batch.y[:, :1]] * 3 + [batch.y[:, 1:]] * 7)
    recognizer = trained("bmmn", replace(batch, y=answers, outputs=TEN_LABELS), epochs=60)
    found = recognizer.predict_proba(batch.without_answers())
    assert found.shape == (16, 10)
    assert np.corrcoef(found[:, 0], answers[:, 0])[0, 1] > 0.8
    assert 1 < found[:, :3].mean() < 9
    assert 0 < found[:, 3:].mean() < 1


def test_answers_that_are_not_known_are_not_learnt() -> None:
    batch = bodies(2, 8).only(("ecg", "eda"))
    assert batch.y is not None
    unknown = batch.y.copy()
    unknown[::2, 1] = np.nan
    with_gaps = trained("bmmn", replace(batch, y=unknown)).predict_proba(batch)
    assert np.isfinite(with_gaps).all()
    assert np.corrcoef(with_gaps[1::2, 1], batch.y[1::2, 1])[0, 1] > 0.9


def test_outputs_are_sums_of_what_each_input_says() -> None:
    batch = bodies(1, 8)
    recognizer = trained("bmmn", batch, **short("bmmn"))
    whole = recognizer.predict_proba(batch)
    alone = [recognizer.predict_proba(batch.missing(gone)) for gone in (("ecg", "eda"), ("face",))]
    neither = recognizer.predict_proba(batch.missing(("ecg", "eda", "face")))
    np.testing.assert_allclose(alone[0] + alone[1] - neither, whole, atol=1e-4)


@pytest.mark.parametrize(
    ("between", "effect", "low", "high"),
    [
        (64, True, 0.9, 1.0),
        pytest.param(0, True, 0.2, 0.75, marks=pytest.mark.slow),
        pytest.param(64, False, 0.2, 0.75, marks=pytest.mark.slow),
    ],
)
def test_what_two_inputs_tell_together_needs_a_layer_between(
    between: int, effect: bool, low: float, high: float
) -> None:
    settings = {**quick("bmmn"), "between": between, "epochs": 40}
    assert low <= held_out_accuracy(make("bmmn", settings), both_needed(effect=effect)) <= high


def test_variants_of_body_and_face_give_the_ablation_table() -> None:
    batch = bodies(2, 8)
    assert batch.y is not None
    variants = {
        part: trained("bmmn", batch, parts=part).predict_proba(batch) for part in ("bio", "face", "both")
    }
    fold = np.full(len(batch), "f")
    told = {
        part: Predictions(batch.cases, np.asarray(batch.y), proba, fold, (), batch.outputs)
        for part, proba in variants.items()
    }
    # The face shows nothing of valence.
    rows = label_table(told, {})["rows"]
    assert [row["label"] for row in rows] == ["valence", "joy", "average"]
    assert rows[0]["accuracy"]["bio"] > rows[0]["accuracy"]["face"]
    without_face = trained("bmmn", batch, parts="bio").predict_proba(batch.missing(("face",)))
    np.testing.assert_array_equal(without_face, variants["bio"])


def test_bvp_stands_in_where_there_is_no_ecg() -> None:
    batch = bodies(1, 8)
    renamed = replace(batch, inputs={"bvp": batch.inputs["ecg"], "eda": batch.inputs["eda"]})
    recognizer = trained("bmmn", renamed, **short("bmmn"))
    assert set(recognizer.explain(renamed).weights) == {"saliency.bvp", "saliency.eda"}
    both = replace(batch, inputs={**batch.inputs, "bvp": batch.inputs["ecg"]})
    recognizer = trained("bmmn", both, **short("bmmn"))
    assert "saliency.bvp" not in recognizer.explain(both).weights


@pytest.mark.parametrize("name", VARIANTS)
def test_the_same_seed_gives_the_same_and_so_does_a_saved_one(name: str, tmp_path: Path) -> None:
    batch = bodies(1, 8)
    one, other = (trained(name, batch, **short(name)) for _ in range(2))
    found = one.predict_proba(batch)
    np.testing.assert_array_equal(found, other.predict_proba(batch))
    one.save(tmp_path / "model")
    again = type(one).load(tmp_path / "model")
    np.testing.assert_array_equal(found, again.predict_proba(batch))
    assert again.settings == one.settings


@pytest.mark.slow
def test_a_network_with_resnets_weights_is_saved_whole(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "weights.npz"
    np.savez(path, **{name: each.numpy() for name, each in ResNet50().state_dict().items()})
    batch = bodies(1, 2)
    recognizer = trained("bmmn", batch, face_weights=str(path), face_tuned=False, epochs=1)
    found = recognizer.predict_proba(batch)
    recognizer.save(tmp_path / "model")
    path.unlink()
    np.testing.assert_array_equal(BMMN.load(tmp_path / "model").predict_proba(batch), found)


def test_a_face_network_that_is_not_tuned_keeps_its_weights() -> None:
    batch = bodies(1, 8)
    kept = {}
    for epochs in (1, 4):
        recognizer = trained("bmmn", batch, face_tuned=False, epochs=epochs)
        kept[epochs] = recognizer._network.face.state_dict()
    assert all(torch.equal(kept[1][name], kept[4][name]) for name in kept[1])


@pytest.mark.parametrize("name", (pytest.param("bmmn-bae-1", marks=pytest.mark.slow), "bmmn-bae-2"))
def test_segments_come_back_and_the_outputs_slope_is_told(name: str) -> None:
    batch = bodies(2, 16)
    chosen = {**short(name), "bae_epochs": 100}
    found = trained(name, batch, **chosen).explain(batch)
    for signal in ("ecg", "eda"):
        segment, again = found.weights[f"segment.{signal}"], found.weights[f"reconstruction.{signal}"]
        assert segment.shape == again.shape == (32, SAMPLES)
        assert np.mean((segment - again) ** 2) < 0.6 * segment.var()
    assert found.weights["saliency.face"].shape == (32, SIDE_PX, SIDE_PX)
    assert set(found.about) == set(found.weights)


def test_saliency_lies_where_the_outputs_change() -> None:
    batch = bodies(1, 4)
    recognizer = trained("bmmn", batch, **short("bmmn"))
    told = recognizer.explain(batch).weights["saliency.ecg"]
    before = recognizer.predict_proba(batch)
    place = int(told[0].argmax())
    ecg = batch.inputs["ecg"].values.copy()
    ecg[0, 0, place] += 1e-2
    moved = recognizer.predict_proba(replace(batch, inputs={**batch.inputs, "ecg": one_step(ecg[:, 0])}))
    slope = np.abs((moved - before)[0] / np.array([8.0, 1.0])).mean() / 1e-2
    assert slope == pytest.approx(told[0, place], rel=0.1)


def test_stages_follow_each_other_and_are_told_to_the_ledger() -> None:
    told: list[tuple[int, int, str]] = []
    fitted: dict[str, set[int]] = {}

    def progress(epoch: int, epochs: int, losses: Mapping[str, float]) -> None:
        told.append((epoch, epochs, next(iter(losses))))

    batch = bodies(1, 8)
    context = Context(1, progress=progress, fitted=lambda what, ids: fitted.update({what: set(ids.tolist())}))
    make("bmmn-bae-2", {**quick("bmmn-bae-2"), **short("bmmn-bae-2")}).fit(batch, None, context)
    assert [each[2] for each in told] == ["BMMN"] * 2 + ["BAE"] * 2 + ["joint"] * 2
    assert [each[0] for each in told] == [1, 2, 3, 4, 5, 6]
    assert {each[1] for each in told} == {6}
    assert set(fitted) == {"scale of the outputs", "BMMN", "BAE", "joint"}
    assert all(ids == set(range(8)) for ids in fitted.values())


def test_it_stops_when_it_is_told_to() -> None:
    with pytest.raises(CancelledError):
        make("bmmn", quick("bmmn")).fit(bodies(1, 8), None, Context(cancelled=lambda: True))


def wrong_length(batch: Batch) -> Batch:
    return replace(batch, inputs={"ecg": one_step(np.zeros((8, 7), np.float32))})


def no_picture(batch: Batch) -> Batch:
    return replace(batch, inputs={"face": one_step(np.zeros((8, 7), np.float32))})


def nothing(batch: Batch) -> Batch:
    return batch.missing(("ecg", "eda", "face"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (wrong_length, "ecg: a step holds 7 numbers, not a segment of 40"),
        (no_picture, "is no picture. Use the feature 'face.pixels'"),
        (nothing, "no training case has ECG, BVP, EDA or a face"),
        (Batch.without_answers, "training cases have no answers"),
    ],
)
def test_what_cannot_be_learnt_is_told_in_a_sentence(change: Any, message: str) -> None:
    with pytest.raises(RecognizerError, match=message):
        make("bmmn", quick("bmmn")).fit(change(bodies(1, 8)), None, Context())


@pytest.mark.parametrize("name", VARIANTS)
def test_cards_say_what_a_reader_needs(name: str) -> None:
    card = CARDS[name]
    assert make(name).settings == card.defaults()
    assert (card.defaults()["rate"], card.defaults()["batch"]) == (1e-4, 115)
    assert len(card.published) in (11, 33)
    assert all(layer.why for layer in card.layers if layer.printed and layer.printed != layer.built)
    spec = next(each for each in card.inputs if each.name == "ecg")
    assert (spec.settings["count"], spec.settings["rate_hz"]) == (1000, 128)
