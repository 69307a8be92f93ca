"""Bimodal-LSTM: order in time, decisions a step, liblinear's last layer, and the paper's inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.features.feature import feature
from analysis.recognizers.bimodal_cards import BIMODAL_LSTM_CARD, DEAP_INPUTS, INPUTS, RANGES, SEED_INPUTS
from analysis.recognizers.bimodal_lstm import BimodalLSTM, BimodalNetwork
from analysis.recognizers.paired_steps import STEPS
from analysis.recognizers.recognizer import Context, decide
from tests.helpers.batches import make_batch, make_input
from tests.helpers.planted_effects import halves, held_out_accuracy, order_in_time

SMALL: Mapping[str, Any] = {
    "eeg_hidden": 16, "other_hidden": 8, "sequence": 10, "epochs": 30, "rate": 2e-2, "initial_sd": 0.1,
}  # fmt: skip


def test_every_layer_has_the_papers_size() -> None:
    network = BimodalNetwork((310, 41), (64, 32), 3, 0.7, 0.001)
    first, other = torch.rand(2, 60, 310), torch.rand(2, 60, 41)
    assert network.features(first, other).shape == (2, 60, 96)
    assert network(first, other).shape == (2, 60, 3)
    sizes = {name: tuple(each.shape) for name, each in network.named_parameters()}
    assert sizes["lstms.0.weight_ih_l0"] == (4 * 64, 310)
    assert sizes["lstms.1.weight_hh_l0"] == (4 * 32, 32)
    assert sizes["out.weight"] == (3, 96)
    # Four gates, each with weights on input and state; torch has two biases a gate where one would do.
    assert sum(each.numel() for each in network.lstms[0].parameters()) == 4 * 64 * (310 + 64 + 2)


def test_weights_start_near_0_and_states_at_0() -> None:
    torch.manual_seed(0)
    network = BimodalNetwork((310, 41), (64, 32), 3, 0.7, 0.001)
    for name, each in network.named_parameters():
        values = each.detach()
        assert not values.any() if "bias" in name else 0.0008 < float(values.std()) < 0.0012
    silence = network.features(torch.zeros(1, 3, 310), torch.zeros(1, 3, 41))
    assert not silence.any()


def test_dropout_leaves_the_mean_of_outputs_as_it_is() -> None:
    torch.manual_seed(0)
    network = BimodalNetwork((4, 0), (4, 4), 2, 0.4, 1.0)
    dropped = network.dropout(torch.ones(100_000))
    assert float(dropped.mean()) == pytest.approx(1, abs=0.02)
    assert float((dropped > 0).float().mean()) == pytest.approx(0.4, abs=0.01)


def test_eight_clips_can_be_learnt_by_heart() -> None:
    batch = make_batch(1, 8, {"eeg": (6, 5), "eye": (6, 3)}, effect=0)
    recognizer = BimodalLSTM(**{**SMALL, "epochs": 150, "keep": 1.0})
    recognizer.fit(batch, None, Context(seed=1))
    np.testing.assert_array_equal(decide(recognizer.predict_proba(batch.without_answers())), batch.y)


@pytest.mark.parametrize(("effect", "low", "high"), [(True, 0.9, 1.0), (False, 0.3, 0.7)])
def test_it_finds_what_only_the_order_of_steps_tells(effect: bool, low: float, high: float) -> None:
    assert low <= held_out_accuracy(BimodalLSTM(**SMALL), order_in_time(effect=effect).batch) <= high


def test_without_a_sequence_there_is_no_order() -> None:
    alone = BimodalLSTM(**{**SMALL, "sequence": 1, "epochs": 10})
    assert 0.3 <= held_out_accuracy(alone, order_in_time().batch) <= 0.7


@pytest.mark.slow
def test_it_learns_from_the_papers_own_small_weights() -> None:
    chosen = {**SMALL, "initial_sd": 0.001, "epochs": 60, "rate": 1e-2}
    assert held_out_accuracy(BimodalLSTM(**chosen), order_in_time().batch) > 0.9


def test_liblinear_makes_the_training_objective_smaller() -> None:
    batch = make_batch(2, 8, {"eeg": (6, 5), "eye": (6, 3)})
    plain = BimodalLSTM(**{**SMALL, "epochs": 3, "liblinear": False})
    better = BimodalLSTM(**{**SMALL, "epochs": 3})
    for each in (plain, better):
        each.fit(batch, None, Context(seed=1))
    before, after = better.objectives
    assert after < before
    assert all(map(math.isnan, plain.objectives))
    one, other = (each._trained().state_dict() for each in (plain, better))
    changed = {name for name in one if not torch.equal(one[name], other[name])}
    assert changed == {"out.weight", "out.bias"}


def test_three_classes_and_clips_of_different_length() -> None:
    batch = make_batch(
        4,
        12,
        {"eeg": (9, 6), "eye": (9, 3)},
        effect=5.0,
        fingerprint=0.2,
        classes=("sad", "neutral", "happy"),
    )
    lengths = 1 + np.arange(len(batch)) % 9
    batch = replace(
        batch, inputs={name: make_input(each.values, lengths) for name, each in batch.inputs.items()}
    )
    train, test = halves(batch)
    recognizer = BimodalLSTM(**{**SMALL, "sequence": 4})
    recognizer.fit(train, None, Context(seed=1))
    proba = recognizer.predict_proba(test.without_answers())
    np.testing.assert_allclose(proba.sum(1), 1)
    assert (decide(proba) == test.y).mean() > 0.8


def test_states_start_anew_in_each_sequence() -> None:
    batch = make_batch(1, 8, {"eeg": (8, 4)})
    recognizer = BimodalLSTM(**{**SMALL, "sequence": 4, "epochs": 2})
    recognizer.fit(batch, None, Context())
    whole = recognizer.explain(batch).weights[STEPS]
    second = replace(batch, inputs={"eeg": make_input(batch.inputs["eeg"].values[:, 4:])})
    np.testing.assert_allclose(recognizer.explain(second).weights[STEPS], whole[:, 4:], atol=1e-6)


def test_what_each_side_adds_and_the_bias_are_the_margin() -> None:
    batch = make_batch(2, 8, {"eeg": (6, 5), "eye": (6, 3)})
    recognizer = BimodalLSTM(**{**SMALL, "epochs": 3})
    recognizer.fit(batch, None, Context())
    told = recognizer.explain(batch).weights
    bias = recognizer._trained().out.bias.detach().numpy()
    margin = told["margin.eeg"] + told["margin.eye"] + bias
    np.testing.assert_allclose(1 / (1 + np.exp(-2 * margin[..., 0])), told[STEPS][..., 1], atol=1e-5)
    np.testing.assert_allclose(told[STEPS].mean(1), recognizer.predict_proba(batch), atol=1e-6)


def test_a_side_may_be_missing() -> None:
    batch = make_batch(2, 8, {"eeg": (6, 5), "eye": (6, 3)})
    recognizer = BimodalLSTM(**{**SMALL, "epochs": 2})
    recognizer.fit(batch, None, Context())
    assert np.isfinite(recognizer.predict_proba(batch.missing(("eeg",)))).all()
    np.testing.assert_allclose(recognizer.predict_proba(batch.missing(("eeg", "eye"))), 0.5)


def test_the_same_seed_gives_the_same_and_so_does_a_saved_one(tmp_path: Path) -> None:
    batch = make_batch(2, 8)
    one, other = (BimodalLSTM(**{**SMALL, "epochs": 2}) for _ in range(2))
    for each in (one, other):
        each.fit(batch, None, Context(seed=5))
    found = one.predict_proba(batch)
    np.testing.assert_array_equal(found, other.predict_proba(batch))
    one.save(tmp_path / "model")
    again = BimodalLSTM.load(tmp_path / "model")
    np.testing.assert_array_equal(found, again.predict_proba(batch))
    assert again.objectives == one.objectives


def test_early_stopping_keeps_the_best_network_and_tells_the_ledger() -> None:
    train, test = halves(make_batch(4, 8, effect=5.0))
    fitted: dict[str, set[int]] = {}
    epochs: list[int] = []
    context = Context(
        1,
        progress=lambda epoch, of, losses: epochs.append(epoch),
        fitted=lambda what, ids: fitted.update({what: set(ids.tolist())}),
    )
    BimodalLSTM(**{**SMALL, "epochs": 200, "patience": 5}).fit(train, test, context)
    assert epochs[-1] < 200
    inside = set(train.cases.id.tolist())
    assert fitted["network"] == fitted["last layer by liblinear"] == inside
    assert fitted["network: early stopping"] == set(test.cases.id.tolist())


@pytest.mark.parametrize(
    ("inputs", "channels", "widths"),
    [
        (SEED_INPUTS, {"eeg": 62}, {"eeg": 310}),
        (DEAP_INPUTS, {"eeg": 32, "peripheral": 8}, {"eeg": 128, "peripheral": 48}),
    ],
)
def test_the_papers_inputs_have_the_papers_widths(
    inputs: Any, channels: dict[str, int], widths: dict[str, int]
) -> None:
    for spec in inputs:
        if spec.name in channels:
            a_channel = len(spec.settings.get("bands", ())) or len(spec.settings["which"])
            assert a_channel * channels[spec.name] == widths[spec.name]
    seconds = {spec.window_s for spec in inputs if spec.window_s}
    assert seconds == ({4.0} if inputs is SEED_INPUTS else {2.0})


def test_every_input_names_a_feature_that_there_is_with_settings_that_it_has() -> None:
    for spec in (*INPUTS, *SEED_INPUTS, *DEAP_INPUTS):
        what = feature(spec.feature)
        assert spec.modality in what.modalities
        assert set(spec.settings) <= set(what.settings)


def test_its_card_searches_the_papers_ranges() -> None:
    settings = {each.name: each for each in BIMODAL_LSTM_CARD.settings}
    searched = {name: (each.low, each.high) for name, each in settings.items() if each.low is not None}
    assert searched == dict(RANGES["SEED"])
    assert {name for name in searched if settings[name].scale == "log10"} == {"l2", "rate"}
    assert settings["sequence"].default == 60
    assert math.log10(RANGES["SEED"]["rate"][1]) == pytest.approx(-1.5)
