"""IMEMD-CRNN: its shapes, segments and switches; variants are trained on and never looked at else."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.fold import Training, evaluate_fold
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.splits import divide
from analysis.recognizers.imemd_crnn import IMEMDCRNN, group_of
from analysis.recognizers.imemd_crnn_network import Crnn, CrnnSpec
from analysis.recognizers.recognizer import Context, RecognizerError
from tests.helpers.batches import make_input
from tests.helpers.sample_imemd_crnn import FRAMES, IMEMD_CRNN, NAMES, make

QUICK = {**IMEMD_CRNN.quick, "epochs": 1}


def fitted(batch: Batch, context: Context | None = None, **changed: Any) -> IMEMDCRNN:
    made = IMEMDCRNN(**{**QUICK, **changed})
    made.fit(batch, None, context or Context(seed=1))
    return made


def replaced(batch: Batch, name: str, values: NDArray[np.float32]) -> Batch:
    old = batch.inputs[name]
    lengths = np.full(len(values), values.shape[1], np.intp)
    new = Input(values, lengths, old.present, old.names, old.rate_hz)
    return Batch(batch.cases, {**batch.inputs, name: new}, batch.y, batch.classes)


def test_blocks_have_the_shapes_of_the_paper() -> None:
    spec = CrnnSpec(298, 43, 7, channels=2, gru=4)
    assert spec.shapes == ((149, 21), (74, 10), (74, 5), (74, 2))
    network = Crnn(spec).eval()
    maps = network.maps(torch.zeros(3, 298, 43))
    assert [tuple(each.shape) for each in maps] == [
        (3, 2, 149, 21), (3, 4, 74, 10), (3, 8, 74, 5), (3, 16, 74, 2),
    ]  # fmt: skip
    assert network(torch.zeros(3, 298, 43)).shape == (3, 7)
    assert network.gru.num_layers == 3
    assert network.gru.bidirectional


def test_the_widths_of_the_article_have_the_parameters_counted_by_hand() -> None:
    network = Crnn(CrnnSpec(298, 43, 7))
    ends = [1, 64, 128, 256, 512]
    blocks = sum(9 * i * o + 2 * o for i, o in pairwise(ends))
    into = [1024, 256, 256]
    gru = sum(2 * 3 * (128 * wide + 128 * 128 + 2 * 128) for wide in into)
    dense = (256 * 128 + 128) + (128 * 64 + 64) + (64 * 7 + 7)
    assert sum(each.numel() for each in network.parameters()) == blocks + gru + dense
    assert network.gru.input_size == 1024


@pytest.mark.parametrize(("columns", "last"), [(4, (74, 1)), (3, (74, 1)), (36, (74, 2)), (43, (74, 2))])
def test_few_columns_are_pooled_as_far_as_they_go(columns: int, last: tuple[int, int]) -> None:
    spec = CrnnSpec(298, columns, 2, channels=1, gru=2, gru_layers=1)
    assert spec.shapes[-1] == last
    assert Crnn(spec).eval()(torch.zeros(2, 298, columns)).shape == (2, 2)


@pytest.mark.parametrize(
    ("name", "group"),
    [("sc", "distribution"), ("su", "distribution"), ("se", "contour"), ("d_se", "contour"),
     ("dd_se", "contour"), ("smfcc_3", "spectral"), ("dd_smfcc_12", "spectral"), ("pitch", "")],
)  # fmt: skip
def test_columns_are_known_by_their_names(name: str, group: str) -> None:
    assert group_of(name) == group


@pytest.mark.parametrize(
    ("features", "columns"), [("all", 12), ("distribution", 2), ("contour", 2), ("spectral", 8)]
)
def test_the_feature_switch_takes_its_columns_alone(features: str, columns: int) -> None:
    batch = make(2, 4, True)
    made = fitted(batch, features=features)
    proba = made.predict_proba(batch.without_answers())
    assert made._network is not None and made._network.spec.columns == columns
    values = batch.inputs["utterance"].values.copy()
    off = [place for place, name in enumerate(NAMES) if features not in ("all", group_of(name))]
    values[:, :, off] = 99
    other = replaced(batch, "utterance", values)
    np.testing.assert_array_equal(made.predict_proba(other.without_answers()), proba)


def test_an_utterance_has_the_mean_of_its_segments() -> None:
    batch = make(2, 4, True)
    made = fitted(batch)
    whole = made.predict_proba(batch.without_answers())
    values = batch.inputs["utterance"].values
    halves = [replaced(batch, "utterance", values[:, part : part + FRAMES]) for part in (0, FRAMES)]
    each = [made.predict_proba(half.without_answers()) for half in halves]
    np.testing.assert_allclose(whole, (each[0] + each[1]) / 2, atol=1e-6)


def test_variants_of_training_cases_are_trained_on_and_told_to_the_ledger() -> None:
    batch = make(2, 4, True)
    heard: list[tuple[str, int]] = []
    context = Context(seed=1, fitted=lambda what, ids: heard.append((what, len(ids))))
    with_them = fitted(batch, context)
    assert ("variants of training cases", 8) in heard
    assert ("network", 8 * 2 + 8) in heard
    without = fitted(batch.only(["utterance"]))
    test = make(3, 2, True).without_answers()
    assert np.abs(with_them.predict_proba(test) - without.predict_proba(test)).max() > 1e-6


def test_no_decision_looks_at_variants() -> None:
    batch = make(2, 4, True)
    made = fitted(batch)
    test = make(3, 2, True).without_answers()
    changed = replaced(test, "variants", test.inputs["variants"].values + 5)
    expected = made.predict_proba(test)
    np.testing.assert_array_equal(made.predict_proba(changed), expected)
    np.testing.assert_array_equal(made.predict_proba(test.only(["utterance"])), expected)


def test_in_a_fold_nothing_of_the_tested_person_is_learnt_from_not_even_variants() -> None:
    batch = make(4, 4, True)
    division = divide(batch.cases, batch.y, SplitSpec("loso"), 0.25)
    fold = division.folds[0]
    training = Training("imemd-crnn", QUICK, ("impute",), ("participant",), 1)

    def run(given: Batch) -> tuple[NDArray[np.float64], Ledger]:
        ledger = Ledger.of(given.cases.id[fold.train], given.cases.id[fold.validation])
        outcome = evaluate_fold(given, fold, training, Context(seed=1), ledger=ledger)
        assert all(line.state != "stopped" for line in outcome.guards)
        return outcome.proba, ledger

    proba, ledger = run(batch)
    assert [entry.outside for entry in ledger.entries] == [0] * len(ledger.entries)
    told = {entry.what: entry.cases for entry in ledger.entries}
    assert told["variants of training cases"] == len(fold.train)
    assert told["network: learning rate"] == len(fold.validation)
    values = batch.inputs["variants"].values.copy()
    values[fold.test] = 77
    values[fold.validation] = -77
    np.testing.assert_array_equal(run(replaced(batch, "variants", values))[0], proba)


def test_explanations_say_what_each_group_adds() -> None:
    batch = make(2, 4, True)
    found = fitted(batch, epochs=8).explain(batch.without_answers())
    assert set(found.weights) == {"without distribution", "without contour", "without spectral"}
    assert set(found.weights) == set(found.about)
    assert all(each.shape == (8,) for each in found.weights.values())
    strength = {name: float(np.abs(each).mean()) for name, each in found.weights.items()}
    assert max(strength, key=strength.__getitem__) == "without spectral"


def test_frames_that_are_no_whole_segments_are_refused() -> None:
    batch = make(2, 4, True)
    with pytest.raises(RecognizerError, match="no multiple of a segment's 7"):
        fitted(batch, segment_frames=7)


def test_without_the_utterance_it_says_what_it_needs() -> None:
    batch = make(2, 4, True)
    with pytest.raises(RecognizerError, match="'utterance'"):
        fitted(batch.only(["variants"]))
    with pytest.raises(RecognizerError, match="other columns"):
        fitted(batch).predict_proba(replaced_names(batch).without_answers())
    numbers = Batch(batch.cases, batch.inputs, np.zeros((8, 1)), (), ("valence",))
    with pytest.raises(RecognizerError, match="needs classes"):
        fitted(numbers)


def replaced_names(batch: Batch) -> Batch:
    values = batch.inputs["utterance"].values
    return Batch(batch.cases, {"utterance": make_input(values)}, batch.y, batch.classes)


def test_the_rate_is_halved_where_the_loss_stays() -> None:
    from torch import nn

    from analysis.recognizers.torch_loop import Data, TrainSpec, reproducible, train_network

    def moved(halve_after: int) -> list[float]:
        with reproducible(1):
            network = nn.Linear(1, 1, bias=False)
            nn.init.zeros_(network.weight)
            data = Data(np.arange(4), {"x": torch.ones(4, 1)})
            places: list[float] = []

            def loss(rows: dict[str, torch.Tensor]) -> torch.Tensor:
                places.append(float(network.weight.detach()))
                # A slope that never ends, with a loss that is always the same.
                value: torch.Tensor = network(rows["x"]).mean()
                return value - value.detach()

            spec = TrainSpec("sgd", 1.0, 4, 7, halve_after=halve_after)
            train_network(network, loss, data, None, spec, Context())  # type: ignore[arg-type]
        return [abs(late - early) for early, late in pairwise(places)]

    assert moved(0) == [1.0] * 6
    assert moved(2) == [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
