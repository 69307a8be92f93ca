"""The attention-LSTM: the paper's sizes, attention that never sees padding, effects that only it can find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.corpus.cases import Batch, InputSpec
from analysis.features.expression_network import ACTIVATIONS, EXPRESSIONS
from analysis.features.feature import Signal, feature
from analysis.features.windows import cut
from analysis.recognizers.attention_lstm import AttentionLSTM
from analysis.recognizers.attention_lstm_card import ATTENTION_LSTM_CARD, encoder_spec
from analysis.recognizers.attention_lstm_network import LENGTH, AttentionNetwork, Encoder, EncoderSpec
from analysis.recognizers.recognizer import CancelledError, Context, RecognizerError, decide
from analysis.recognizers.table import make
from tests.helpers.batches import make_batch, make_cases, make_input
from tests.helpers.planted_effects import (
    CLASSES,
    SHARE,
    halves,
    held_out_accuracy,
    in_some_steps,
    only_together,
    order_in_time,
)

WIDTHS = {"face": 135, "speech": 39, "keys": 1, "bvp": 160, "eda": 10, "temperature": 10}
STEPS = {"face": 12, "speech": 15, "keys": 9, "bvp": 7, "eda": 7, "temperature": 7}
SMALL: Mapping[str, Any] = {
    "optimizer": "adam", "rate": 5e-3, "epochs": 25, "pretraining_epochs": 5, "width": 0.15, "dropout": 0.2,
    "batch": 32,
}  # fmt: skip
TINY = {**SMALL, "epochs": 3, "pretraining_epochs": 1}


def small(**settings: Any) -> AttentionLSTM:
    made = make("attention-lstm", {**SMALL, **settings})
    assert isinstance(made, AttentionLSTM)
    return made


def ragged(n: int = 16, seed: int = 0, effect: float = 1.0) -> Batch:
    """All six inputs, of different lengths, some missing."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    inputs = {}
    for place, (name, width) in enumerate(WIDTHS.items()):
        values = random.normal(0, 1, (n, STEPS[name], width)) + effect * y[:, None, None]
        lengths = random.integers(2, STEPS[name] + 1, n)
        lengths[place] = 0
        inputs[name] = make_input(values, lengths)
    return Batch(make_cases(n // 4, 4), inputs, y.astype(np.int64), CLASSES)


def fitted(batch: Batch, **settings: Any) -> AttentionLSTM:
    made = small(**{**TINY, **settings})
    made.fit(batch, None, Context(seed=1))
    return made


def width_of(each: InputSpec, rate_hz: float, random: np.random.Generator) -> int:
    known = feature(each.feature)
    noise = random.normal(0, 1, (int(11 * rate_hz), 1)).astype(np.float32)
    signal = Signal(each.modality, rate_hz, 0.0, noise, (each.name,), ("",))
    settings = {**known.settings, **each.settings}
    spans = np.array([[0.5, 10.5]])
    return int(known.extract(signal, spans, each.window_s, each.hop_s, settings).values.shape[1])


class TestCard:
    def built(self) -> dict[str, str]:
        """Run the default network on inputs of the card's widths, and write down every shape."""
        settings = ATTENTION_LSTM_CARD.defaults()
        specs = tuple(encoder_spec(name, width, settings) for name, width in WIDTHS.items())
        network = AttentionNetwork(specs, 2, fused=settings["fused"]).eval()
        found: dict[str, str] = {}
        words = {"face": "N_f", "speech": "N_s", "keys": "N_k"}

        def noted(title: str, module: nn.Module, steps: str = "") -> None:
            def note(_: nn.Module, given: tuple[Tensor, ...], made: Any) -> None:
                out = made[0] if isinstance(made, tuple) else made
                if isinstance(module, nn.LSTM):
                    found[title] = f"{steps} x {given[0].shape[2]} -> {out.shape[2]}"
                elif steps:
                    assert out.shape[1] == given[0].shape[1]
                    found[title] = f"{steps} x {given[0].shape[2]} -> {steps}"
                else:
                    found[title] = f"{given[0].shape[1]} -> {out.shape[1]}"

            module.register_forward_hook(note)

        for name in WIDTHS:
            each = network.encoder(name)
            assert isinstance(each, Encoder)
            steps = words.get(name, str(STEPS[name]))
            noted(f"{name} LSTM", each.lstm, steps)
            noted(f"{name} attention", each.attention, steps)
            noted(f"{name} dense, ReLU", each.dense)
        noted("fusion, tanh", network.fusion)
        noted("output, sigmoid", network.output)
        rows: dict[str, Tensor] = {}
        for name, width in WIDTHS.items():
            rows[name] = torch.randn(3, STEPS[name], width)
            rows[name + LENGTH] = torch.full((3,), STEPS[name])
        network(rows)
        return found

    def test_every_layer_is_built_as_the_card_says(self) -> None:
        assert self.built() == {each.name: each.built for each in ATTENTION_LSTM_CARD.layers}

    def test_every_layer_is_as_printed_or_says_why_not(self) -> None:
        for each in ATTENTION_LSTM_CARD.layers:
            assert each.printed == each.built or each.why, each.name

    def test_the_printed_sizes_are_those_of_the_paper(self) -> None:
        printed = {each.name: each.printed for each in ATTENTION_LSTM_CARD.layers}
        for name, hidden, outputs in (
            ("face", 256, 128), ("speech", 256, 128), ("keys", 128, 64), ("bvp", 128, 64), ("eda", 64, 16),
            ("temperature", 64, 16),
        ):  # fmt: skip
            assert printed[f"{name} LSTM"].endswith(f"-> {hidden}")
            assert printed[f"{name} dense, ReLU"] == f"{hidden} -> {outputs}"
        assert printed["fusion, tanh"].startswith("416 ->")
        assert printed["face LSTM"].startswith("N_f x 512")

    @pytest.mark.parametrize(("shown_s", "windows"), [(9.97, 7), (9.9998, 7), (10.0, 7), (10.02, 7)])
    def test_seven_windows_fit_into_a_picture_however_the_screen_timed_it(
        self, shown_s: float, windows: int
    ) -> None:
        for each in ATTENTION_LSTM_CARD.inputs[3:]:
            found = cut(np.array([[3.0, 3.0 + shown_s]]), each.window_s, each.hop_s)
            assert len(found) == windows
            assert float(each.settings["rate_hz"]) * each.window_s == WIDTHS[each.name]

    def test_the_default_features_are_as_wide_as_the_card_says(self) -> None:
        random = np.random.default_rng(0)
        for each, rate_hz in zip(ATTENTION_LSTM_CARD.inputs[3:], (64.0, 4.0, 4.0), strict=True):
            assert width_of(each, rate_hz, random) == WIDTHS[each.name]
        assert width_of(ATTENTION_LSTM_CARD.inputs[1], 16_000.0, random) == WIDTHS["speech"]
        assert len(EXPRESSIONS) + ACTIVATIONS == WIDTHS["face"]

    def test_the_papers_figures_are_all_there(self) -> None:
        published = ATTENTION_LSTM_CARD.published
        assert len({each.note for each in published if "per cent right" in each.metric}) == 15
        best = [each.value for each in published if each.note == "P+V+A+T"]
        assert best == [89.24, 89.25]
        assert all("leave one participant out" in each.protocol for each in published)


class TestAttention:
    def test_it_is_the_softmax_of_the_papers_formula(self) -> None:
        torch.manual_seed(0)
        encoder = Encoder(EncoderSpec("bvp", "P", 3, 4, 2), 0.0, False).eval()
        values = torch.randn(1, 5, 3)
        out, alpha = encoder(values, torch.tensor([5]))
        h = encoder.lstm(values)[0][0]
        e = torch.tanh(h @ encoder.attention.dense.weight.T + encoder.attention.dense.bias)
        scores = torch.stack([each @ encoder.attention.context for each in e])
        expected = scores.exp() / scores.exp().sum()
        assert torch.allclose(alpha[0], expected, atol=1e-6)
        pooled = sum(weight * state for weight, state in zip(expected, h, strict=True))
        assert torch.allclose(out[0], torch.relu(encoder.dense(pooled)), atol=1e-6)

    def test_it_sums_to_one_and_is_nothing_on_padding_and_where_an_input_is_missing(self) -> None:
        batch = ragged()
        weights = fitted(batch).explain(batch).weights
        for name, each in batch.inputs.items():
            assert weights[name].shape == each.values.shape[:2]
            assert not weights[name][~each.inside].any()
            assert np.allclose(weights[name].sum(axis=1), each.present, atol=1e-5)

    @pytest.mark.parametrize("longest", [0, 4])
    def test_padding_changes_nothing(self, longest: int) -> None:
        batch = ragged()
        made = fitted(batch, longest=longest)
        padded = replace(
            batch,
            inputs={
                name: replace(each, values=np.pad(each.values, ((0, 0), (0, 13), (0, 0))))
                for name, each in batch.inputs.items()
            },
        )
        assert np.allclose(made.predict_proba(batch), made.predict_proba(padded), atol=1e-6)
        one, other = made.explain(batch).weights, made.explain(padded).weights
        for name, each in batch.inputs.items():
            assert np.allclose(one[name], other[name][:, : each.values.shape[1]], atol=1e-6)
            assert not other[name][:, each.values.shape[1] :].any()

    def test_what_lies_in_the_padding_is_never_read(self) -> None:
        batch = ragged()
        made = fitted(batch)
        before = made.predict_proba(batch)
        for each in batch.inputs.values():
            each.values[~each.inside] = 1e6
        assert np.array_equal(before, made.predict_proba(batch))

    def test_long_sequences_are_joined_and_attention_is_told_a_step_again(self) -> None:
        random = np.random.default_rng(0)
        values = random.normal(0, 1, (8, 23, 2))
        lengths = np.array([23, 20, 7, 1, 2, 23, 11, 5])
        batch = Batch(make_cases(2, 4), {"speech": make_input(values, lengths)}, np.arange(8) % 2, CLASSES)
        made = fitted(batch, longest=8)
        weights = made.explain(batch).weights["speech"]
        assert np.allclose(weights.sum(axis=1), 1, atol=1e-5)
        assert not weights[~batch.inputs["speech"].inside].any()
        assert np.allclose(weights[0, 0], weights[0, 1:3])
        means = np.stack([values[:, start : start + 3].mean(axis=1) for start in range(0, 23, 3)], axis=1)
        whole = np.array([23, 23]) // 3
        joined = made._tensors(batch)["speech"].numpy()
        assert joined.shape == (8, 8, 2)
        assert np.allclose(joined[[0, 5], : whole[0]], means[[0, 5], : whole[0]], atol=1e-5)

    def test_it_says_how_much_each_modality_adds(self) -> None:
        batch = ragged()
        found = fitted(batch).explain(batch)
        assert {"without face", "without speech", "without typing", "without physiology"} <= set(
            found.weights
        )
        assert not found.weights["without face"][~batch.inputs["face"].present].any()
        assert found.weights["without physiology"].any()
        assert set(found.about) == set(found.weights)


class TestPlanted:
    @pytest.mark.parametrize("plant", [order_in_time, only_together, in_some_steps])
    def test_it_recovers_what_is_there_and_nothing_else(self, plant: Any) -> None:
        assert held_out_accuracy(small(), plant().batch) > 0.9
        assert abs(held_out_accuracy(small(epochs=8), plant(24, effect=False).batch) - 0.5) < 0.17

    def test_attention_lies_on_the_steps_that_tell(self) -> None:
        planted = in_some_steps()
        assert planted.where is not None
        made = small()
        train, test = halves(planted.batch)
        made.fit(train, None, Context(seed=1))
        there = (made.explain(test).weights["bvp"] * planted.where[len(train) :]).sum(axis=1)
        assert planted.where.mean() == pytest.approx(SHARE)
        assert there.mean() > 2.5 * SHARE

    def test_each_of_two_modalities_alone_stays_at_chance_where_both_are_needed(self) -> None:
        batch = only_together(24).batch
        for name in ("bvp", "face"):
            assert abs(held_out_accuracy(small(epochs=8), batch.only([name])) - 0.5) < 0.17

    def test_the_whole_network_overfits_eight_cases(self) -> None:
        batch = ragged(8, effect=0.0)
        made = small(width=1.0, dropout=0.0, rate=1e-3, epochs=15, pretraining_epochs=3)
        made.fit(batch, None, Context())
        assert decide(made.predict_proba(batch)).tolist() == [0, 1] * 4

    @pytest.mark.slow
    @pytest.mark.parametrize("plant", [order_in_time, in_some_steps])
    def test_the_papers_settings_recover_what_is_there(self, plant: Any) -> None:
        assert held_out_accuracy(make("attention-lstm"), plant().batch) > 0.9


class TestTraining:
    def test_the_same_seed_predicts_bit_for_bit_the_same(self) -> None:
        batch = ragged()
        one, other = (fitted(batch, modality_dropout=0.3).predict_proba(batch) for _ in range(2))
        assert np.array_equal(one, other)
        made = small(**TINY)
        made.fit(batch, None, Context(seed=2))
        assert not np.array_equal(one, made.predict_proba(batch))

    def test_each_modality_is_trained_alone_before_the_whole(self) -> None:
        told: list[tuple[int, int, str]] = []
        fit: dict[str, list[int]] = {}
        batch = ragged()
        small(**TINY).fit(
            batch,
            None,
            Context(
                progress=lambda epoch, epochs, losses: told.append((epoch, epochs, next(iter(losses)))),
                fitted=lambda what, ids: fit.update({what: ids.tolist()}),
            ),
        )
        phases = ["face alone", "speech alone", "typing alone", "physiology alone", *["whole network"] * 3]
        assert told == [(place + 1, 7, phase) for place, phase in enumerate(phases)]
        everybody = list(range(16))
        assert fit["whole network"] == fit["physiology alone"] == everybody
        assert fit["speech alone"] == [row for row in everybody if row != 1]

    def test_without_pre_training_only_the_whole_is_trained(self) -> None:
        told: list[str] = []
        made = small(**{**TINY, "pretraining_epochs": 0})
        made.fit(ragged(), None, Context(progress=lambda e, n, losses: told.extend(losses)))
        assert told == ["whole network"] * 3

    def test_to_stop_early_it_sets_whole_groups_aside(self) -> None:
        fit: dict[str, set[int]] = {}
        batch = make_batch(10, 8, effect=2.0)
        made = small(epochs=200, pretraining_epochs=0, patience=4)
        told: list[int] = []
        made.fit(
            batch,
            None,
            Context(
                groups=("participant",),
                progress=lambda epoch, epochs, losses: told.append(epoch),
                fitted=lambda what, ids: fit.update({what: set(ids.tolist())}),
            ),
        )
        training, watched = fit["whole network"], fit["whole network: early stopping"]
        people = batch.cases.participant
        assert training | watched == set(range(80))
        assert not set(people[list(training)]) & set(people[list(watched)])
        assert len(set(people[list(watched)])) == 2
        assert told[-1] < 200

    def test_it_stops_when_told_to(self) -> None:
        with pytest.raises(CancelledError):
            small().fit(ragged(), None, Context(cancelled=lambda: True))

    def test_classes_may_weigh_the_same(self) -> None:
        random = np.random.default_rng(0)
        y = (np.arange(96) % 8 == 0).astype(np.int64)
        values = random.normal(0, 1, (96, 4, 2)) + 0.7 * y[:, None, None]
        batch = Batch(make_cases(12, 8), {"bvp": make_input(values)}, y, CLASSES)

        def rare(**settings: Any) -> float:
            made = small(epochs=10, **settings)
            made.fit(batch, None, Context(seed=1))
            return float(made.predict_proba(batch)[:, 1].mean())

        assert rare(balanced=True) > 1.5 * rare(balanced=False)


class TestInputs:
    def test_a_missing_modality_is_predicted_without_and_changes_the_result(self) -> None:
        batch = ragged(effect=0.5)
        made = fitted(batch)
        whole = made.predict_proba(batch)
        for name in WIDTHS:
            without = made.predict_proba(batch.missing([name]))
            here = batch.inputs[name].present
            assert np.isfinite(without).all()
            assert (np.abs(without - whole).max(axis=1)[here] > 1e-6).mean() > 0.8, name
            assert np.array_equal(without[~here], whole[~here])
        nothing = made.predict_proba(batch.missing(list(WIDTHS)))
        assert len(np.unique(nothing, axis=0)) == 1

    def test_an_input_that_is_not_there_at_all_is_a_missing_one(self) -> None:
        batch = ragged()
        made = fitted(batch)
        less = [name for name in WIDTHS if name != "speech"]
        assert np.array_equal(
            made.predict_proba(batch.only(less)), made.predict_proba(batch.missing(["speech"]))
        )
        assert "speech" not in made.explain(batch.only(less)).weights

    @pytest.mark.parametrize(
        "names", [["bvp", "eda", "temperature"], ["speech"], ["keys"], ["face", "keys"]], ids="+".join
    )
    def test_it_runs_with_whatever_inputs_there_are(self, names: list[str]) -> None:
        batch = ragged().only(names)
        proba = fitted(batch).predict_proba(batch)
        assert np.allclose(proba.sum(axis=1), 1)

    def test_an_input_that_the_paper_does_not_have_is_a_modality_of_its_own(self) -> None:
        batch = make_batch(4, 8, shapes={"bvp": (7, 8), "eeg": (5, 20)})
        weights = fitted(batch).explain(batch).weights
        assert list(weights) == ["bvp", "eeg", "without physiology", "without eeg"]

    def test_steps_of_more_than_one_dimension_are_laid_flat(self) -> None:
        batch = make_batch(4, 8, shapes={"eeg": (5, 20)})
        each = batch.inputs["eeg"]
        folded = replace(batch, inputs={"eeg": replace(each, values=each.values.reshape(32, 5, 4, 5))})
        one, other = fitted(batch), fitted(folded)
        assert np.array_equal(one.predict_proba(batch), other.predict_proba(folded))

    def test_any_number_of_classes(self) -> None:
        batch = make_batch(8, 14, effect=3.0, fingerprint=0.1, classes=tuple("abcdefg"))
        made = small()
        made.fit(batch, None, Context())
        proba = made.predict_proba(batch)
        assert proba.shape == (112, 7)
        assert np.allclose(proba.sum(axis=1), 1)
        assert (decide(proba) == batch.y).mean() > 0.9

    def test_modality_dropout_makes_it_lean_on_every_modality(self) -> None:
        # Both modalities tell everything; without the drop-out it may rest on either.
        batch = make_batch(16, 16, shapes={"bvp": (5, 4), "face": (5, 4)}, effect=4.0, fingerprint=0.1)
        train, test = halves(batch)
        made = small(modality_dropout=0.4)
        made.fit(train, None, Context(seed=1))
        for name in ("bvp", "face"):
            assert (decide(made.predict_proba(test.missing([name]))) == test.y).mean() > 0.9

    def test_modality_dropout_takes_whole_modalities_and_never_all_of_them(self) -> None:
        settings = ATTENTION_LSTM_CARD.defaults() | {"width": 0.1}
        specs = tuple(encoder_spec(name, 2, settings) for name in ("face", "bvp", "eda"))
        network = AttentionNetwork(specs, 2, modality_dropout=0.7)
        torch.manual_seed(1)
        kept = network._without_some([torch.ones(2000, each.outputs) for each in specs])
        face, bvp, eda = ((each != 0).all(dim=1) for each in kept)
        assert all(((each == 0) | (each == 1)).all() for each in kept)
        assert torch.equal(bvp, eda)
        assert (face | bvp).all()
        # Both stay where both were to be kept or both to go: 0.09 + 0.49.
        assert float((face & bvp).float().mean()) == pytest.approx(0.58, abs=0.04)

    def test_what_it_cannot_take_is_explained(self) -> None:
        batch = make_batch(4, 8)
        with pytest.raises(RecognizerError, match="needs classes"):
            small().fit(replace(batch, classes=(), y=np.zeros((32, 1))), None, Context())
        with pytest.raises(RecognizerError, match="none of the training cases has any input"):
            small().fit(batch.missing(["bvp", "eda"]), None, Context())
        with pytest.raises(RecognizerError, match="has not been fitted"):
            small().predict_proba(batch)
        with pytest.raises(RecognizerError, match="input 'bvp' has 5 numbers a step; 8 were learnt from"):
            fitted(batch).predict_proba(make_batch(4, 8, shapes={"bvp": (7, 5)}))


class TestSaved:
    def test_it_predicts_bit_for_bit_what_it_did(self, tmp_path: Path) -> None:
        batch = ragged()
        one = fitted(batch, longest=5)
        one.save(tmp_path / "model")
        other = AttentionLSTM.load(tmp_path / "model")
        assert np.array_equal(one.predict_proba(batch), other.predict_proba(batch.without_answers()))
        assert other.settings == one.settings
        assert explained(one, batch) == explained(other, batch)
        assert {each.suffix for each in (tmp_path / "model").iterdir()} == {".npz", ".json"}


def explained(made: AttentionLSTM, batch: Batch) -> dict[str, list[Any]]:
    found: Mapping[str, NDArray[np.float32]] = made.explain(batch).weights
    return {name: each.tolist() for name, each in found.items()}
