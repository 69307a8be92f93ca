"""BDDAE: its networks, what it learns that one side alone does not tell, and how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.corpus.cases import Batch
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.steps import prepare
from analysis.recognizers.bddae import BDDAE
from analysis.recognizers.bddae_network import BDDAENetwork
from analysis.recognizers.bimodal_cards import BDDAE_CARD, RANGES
from analysis.recognizers.paired_steps import STEPS, right_steps
from analysis.recognizers.recognizer import Context, RecognizerError, decide
from analysis.recognizers.torch_loop import train_network
from tests.helpers.batches import make_batch
from tests.helpers.planted_effects import halves, held_out_accuracy, only_together

SMALL: Mapping[str, Any] = {
    "eeg_hidden": 16, "other_hidden": 16, "joint_hidden": 16, "pretraining_epochs": 40, "epochs": 60,
    "rate_autoencoder": 1e-2, "rate": 5e-2, "batch": 64, "initial_sd": 0.1,
}  # fmt: skip


def scaled(batch: Batch) -> Batch:
    """Return a batch as the engine prepares it for this card."""
    people = np.unique(batch.cases.participant)
    rows = np.flatnonzero(np.isin(batch.cases.participant, people[: len(people) * 3 // 4]))
    return prepare(BDDAE_CARD.steps, batch, rows, Ledger.of(batch.cases.id))[1]


def test_three_encoders_and_three_decoders_mirror_each_other() -> None:
    network = BDDAENetwork((310, 41), (100, 30, 50), 3, 0.3, 0.001)
    shapes = [tuple(each.shape) for name, each in network.named_parameters() if name.endswith("weight")]
    assert shapes == [(100, 310), (30, 41), (50, 130), (130, 50), (310, 100), (41, 30), (3, 50)]
    first, other = torch.rand(4, 310), torch.rand(4, 41)
    assert network.encode(first, other).shape == (4, 50)
    assert network(first, other).shape == (4, 3)
    again = network.rebuild(first, other)
    assert again.shape == (4, 351)
    assert bool(((again > 0) & (again < 1)).all())


def test_weights_start_near_0_and_biases_at_0() -> None:
    torch.manual_seed(0)
    network = BDDAENetwork((310, 41), (100, 30, 50), 3, 0.3, 0.001)
    for name, each in network.named_parameters():
        values = each.detach()
        assert not values.any() if name.endswith("bias") else 0.0008 < float(values.std()) < 0.0012


def test_inputs_are_set_to_0_only_while_it_is_trained() -> None:
    torch.manual_seed(0)
    network = BDDAENetwork((2000, 0), (4, 4, 4), 2, 0.3, 0.1)
    corrupted = network._corrupted(torch.ones(1, 2000))
    assert set(corrupted.flatten().tolist()) == {0.0, 1.0}
    assert float((corrupted == 0).float().mean()) == pytest.approx(0.3, abs=0.03)
    network.eval()
    assert bool(network._corrupted(torch.ones(1, 2000)).all())


def test_eight_steps_can_be_learnt_by_heart() -> None:
    batch = scaled(make_batch(1, 8, {"eeg": (1, 6), "eye": (1, 3)}, effect=0))
    recognizer = BDDAE(**{**SMALL, "epochs": 300, "corruption": 0.0})
    recognizer.fit(batch, None, Context(seed=1))
    np.testing.assert_array_equal(decide(recognizer.predict_proba(batch.without_answers())), batch.y)


@pytest.mark.parametrize(("effect", "low", "high"), [(True, 0.9, 1.0), (False, 0.3, 0.7)])
def test_it_finds_what_only_both_sides_together_tell(effect: bool, low: float, high: float) -> None:
    batch = scaled(only_together(effect=effect).batch)
    assert low <= held_out_accuracy(BDDAE(**SMALL), batch) <= high


def test_one_of_the_two_sides_alone_tells_nothing() -> None:
    batch = scaled(only_together().batch.only(("bvp",)))
    assert 0.3 <= held_out_accuracy(BDDAE(**SMALL), batch) <= 0.7


@pytest.mark.slow
def test_it_learns_from_the_papers_own_small_weights() -> None:
    batch = scaled(only_together().batch)
    chosen = {**SMALL, "initial_sd": 0.001, "pretraining_epochs": 100, "epochs": 100, "batch": 32}
    assert held_out_accuracy(BDDAE(**chosen), batch) > 0.9


def test_three_classes_are_told_apart() -> None:
    batch = scaled(
        make_batch(4, 12, effect=4.0, fingerprint=0.2, classes=("negative", "neutral", "positive"))
    )
    train, test = halves(batch)
    recognizer = BDDAE(**SMALL)
    recognizer.fit(train, None, Context(seed=1))
    proba = recognizer.predict_proba(test.without_answers())
    np.testing.assert_allclose(proba.sum(1), 1)
    assert (decide(proba) == test.y).mean() > 0.8


def test_encoders_are_tuned_at_a_hundredth_of_the_layers_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    real = train_network

    def watched(*args: Any, **kwargs: Any) -> Any:
        seen.append(kwargs["parameters"])
        return real(*args, **kwargs)

    monkeypatch.setattr("analysis.recognizers.bddae.train_network", watched)
    batch = scaled(make_batch(1, 8, {"eeg": (2, 4), "eye": (2, 3)}))
    BDDAE(**{**SMALL, "pretraining_epochs": 1, "epochs": 1, "rate": 0.2}).fit(batch, None, Context())
    encoders, layer = seen[1]
    assert (encoders["lr"], layer["lr"]) == (pytest.approx(0.002), 0.2)
    assert len(encoders["params"]) == 6
    assert len(seen[0]) == 12


def test_a_side_may_be_missing_in_training_and_after_it() -> None:
    batch = scaled(make_batch(4, 12, {"eeg": (4, 6), "eye": (4, 6)}, effect=5.0, fingerprint=0.0))
    both = BDDAE(**SMALL)
    both.fit(batch, None, Context(seed=1))
    alone = both.predict_proba(batch.missing(("eye",)))
    assert np.isfinite(alone).all()
    np.testing.assert_allclose(both.predict_proba(batch.missing(("eye", "eeg"))), 0.5)
    one = BDDAE(**SMALL)
    one.fit(batch.only(("eeg",)), None, Context(seed=1))
    assert (decide(one.predict_proba(batch.only(("eeg",)))) == batch.y).mean() > 0.9


def test_the_same_seed_gives_the_same_and_so_does_a_saved_one(tmp_path: Path) -> None:
    batch = scaled(make_batch(2, 8))
    short = {**SMALL, "pretraining_epochs": 2, "epochs": 2}
    one, other = BDDAE(**short), BDDAE(**short)
    for each in (one, other):
        each.fit(batch, None, Context(seed=5))
    found = one.predict_proba(batch)
    np.testing.assert_array_equal(found, other.predict_proba(batch))
    one.save(tmp_path / "model")
    np.testing.assert_array_equal(found, BDDAE.load(tmp_path / "model").predict_proba(batch))


def test_it_tells_each_step_and_how_well_each_side_is_given_back() -> None:
    batch = scaled(make_batch(2, 8, {"eeg": (5, 6), "eye": (5, 3)}))
    recognizer = BDDAE(**{**SMALL, "pretraining_epochs": 3, "epochs": 3})
    recognizer.fit(batch, None, Context())
    told = recognizer.explain(batch)
    assert told.weights[STEPS].shape == (16, 5, 2)
    np.testing.assert_allclose(told.weights[STEPS].mean(1), recognizer.predict_proba(batch), atol=1e-6)
    assert {"reconstruction error.eeg", "reconstruction error.eye"} < set(told.weights)
    assert batch.y is not None
    right, steps = right_steps(told.weights[STEPS], batch.y)
    assert (right <= steps).all() and steps.all()


def test_validation_stops_it_and_the_ledger_is_told() -> None:
    train, test = halves(scaled(make_batch(4, 8, effect=5.0)))
    fitted: dict[str, set[int]] = {}
    epochs: list[int] = []
    context = Context(
        1,
        progress=lambda epoch, of, losses: epochs.append(epoch),
        fitted=lambda what, ids: fitted.update({what: set(ids.tolist())}),
    )
    BDDAE(**{**SMALL, "epochs": 200, "patience": 5}).fit(train, test, context)
    assert epochs[-1] < 240
    assert fitted["auto-encoder"] == fitted["SVM layer"] == set(train.cases.id.tolist())
    assert fitted["SVM layer: early stopping"] == set(test.cases.id.tolist())


def test_numbers_and_a_single_class_are_refused() -> None:
    batch = make_batch(1, 8)
    with pytest.raises(RecognizerError, match="choose a target with classes"):
        BDDAE().fit(batch.without_answers(), None, Context())
    with pytest.raises(RecognizerError, match="all training cases are of one class"):
        BDDAE().fit(batch.rows(np.arange(0, 8, 2)), None, Context())


def test_its_card_keeps_to_the_papers_ranges() -> None:
    settings = {each.name: each for each in BDDAE_CARD.settings}
    for name in ("eeg_hidden", "other_hidden", "l2", "rate"):
        assert (settings[name].low, settings[name].high) == RANGES["SEED"][name]
    searched = {name for name, each in settings.items() if each.low is not None}
    assert searched == {
        "eeg_hidden", "other_hidden", "joint_hidden", "corruption", "l2", "rate", "rate_autoencoder"
    }  # fmt: skip
    assert BDDAE().settings == BDDAE_CARD.defaults()
