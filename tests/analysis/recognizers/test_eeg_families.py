"""What is each survey family's own: layout, votes, place, time, the learnt graph, what RBMs learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from analysis.recognizers.dgcnn import DGCNN, GraphNetwork
from analysis.recognizers.eeg_bilstm import AttentiveBiLSTM, EegBiLSTM
from analysis.recognizers.eeg_cnn_lstm import GridLSTM
from analysis.recognizers.eeg_dbn import contrastive_divergence
from analysis.recognizers.eeg_family import EegFamily
from analysis.recognizers.eeg_mlp import Perceptron
from analysis.recognizers.head_grid import SIDE, GridCNN, HeadGrid, cell
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.table import make
from analysis.views.electrodes import on_sphere
from tests.helpers.sample_eeg_families import BANDS, ELECTRODES, NAMES, entropies


def trained(name: str, **settings: object) -> EegFamily:
    small = {"epochs": 2, "batch": 16, **settings}
    recognizer = make(name, small)
    assert isinstance(recognizer, EegFamily)
    recognizer.fit(entropies(2, 6, True), None, Context(seed=1))
    return recognizer


@pytest.mark.parametrize(
    ("channel", "place"),
    [("Fp1", (0, 3)), ("Cz", (4, 4)), ("T7", (4, 0)), ("T8", (4, 8)), ("FT7", (3, 0)), ("TP8", (5, 8)),
     ("PO4", (7, 6)), ("EEG T3-REF", (4, 0)), ("CB1", (8, 2)), ("T9", None), ("A1", None)],
)  # fmt: skip
def test_electrodes_have_their_cell_on_the_head(channel: str, place: tuple[int, int] | None) -> None:
    assert cell(channel) == place


def test_no_two_electrodes_share_a_cell_and_left_is_left() -> None:
    cells = {name: at for name in on_sphere() if (at := cell(name)) is not None}
    assert len(set(cells.values())) == len(cells) > 60
    for name, (row, column) in cells.items():
        x, y, _ = on_sphere()[name]
        assert (column < 4) == (x < -1e-6)
        assert row < 4 or y <= 1e-6 or name in ("C5", "C6")


def test_the_grid_holds_each_number_once_and_zero_elsewhere() -> None:
    x = torch.arange(1.0, 17.0).view(1, 8, 2)
    picture = HeadGrid(ELECTRODES, "test")(x)
    assert picture.shape == (1, 2, SIDE, SIDE)
    assert picture[0, :, 4, 0].tolist() == x[0, ELECTRODES.index("T7")].tolist()
    assert int((picture != 0).sum()) == 16
    with pytest.raises(RecognizerError, match="at least three electrodes"):
        HeadGrid(("A1", "A2", "X"), "eeg-cnn")


def test_labels_of_a_biosemi_cap_have_no_cell_although_some_look_like_sites() -> None:
    assert int(HeadGrid(("C1", "C2", "C3", "Fz"), "eeg-cnn").known.numel()) == 4
    with pytest.raises(RecognizerError, match="at least three electrodes"):
        HeadGrid(("C1", "C2", "C3", "F4", "B17"), "eeg-cnn")


@pytest.mark.parametrize(
    ("network", "weights"),
    [
        (Perceptron(62 * 5, 128, 64, 3, 0.5, nn.ReLU), 310 * 128 + 128 + 128 * 64 + 64 + 64 * 3 + 3),
        (AttentiveBiLSTM(310, 64, 3, 0.5), 310 * 64 + 64 + 2 * 4 * (64 * 64 * 2 + 128) + 129 + 128 * 3 + 3),
        (GraphNetwork(62, 5, 32, 64, 3, 2, 0.5), 62**2 + 3 * 160 + 32 + 62 * 32 * 64 + 64 + 64 * 3 + 3),
    ],
)
def test_the_standard_sizes(network: nn.Module, weights: int) -> None:
    assert sum(each.numel() for each in network.parameters()) == weights


def test_the_case_votes_with_all_of_its_steps() -> None:
    recognizer = trained("eeg-mlp", first=8, second=4)
    batch = entropies(1, 4, True).without_answers()
    each = batch.inputs["eeg"]
    alone = [
        recognizer.predict_proba(
            replace(
                batch,
                inputs={
                    "eeg": replace(each, values=each.values[:, [step]], lengths=np.ones(len(batch), np.intp))
                },
            )
        )
        for step in range(each.values.shape[1])
    ]
    np.testing.assert_allclose(recognizer.predict_proba(batch), np.mean(alone, axis=0), atol=1e-6)


@pytest.mark.parametrize("name", ["eeg-bilstm", "eeg-cnn-lstm"])
def test_padding_behind_a_sequence_changes_nothing_and_order_does(name: str) -> None:
    recognizer = trained(name, width=0.2)
    batch = entropies(1, 4, True).without_answers()
    each = batch.inputs["eeg"]
    longer = np.concatenate([each.values, np.zeros_like(each.values)], axis=1)
    padded = replace(batch, inputs={"eeg": replace(each, values=longer)})
    expected = recognizer.predict_proba(batch)
    np.testing.assert_allclose(recognizer.predict_proba(padded), expected, atol=1e-6)
    turned = replace(each, values=np.ascontiguousarray(each.values[:, ::-1]))
    assert np.abs(recognizer.predict_proba(replace(batch, inputs={"eeg": turned})) - expected).max() > 1e-6


def test_attention_sums_to_one_over_what_is_there() -> None:
    recognizer = trained("eeg-bilstm", width=0.2)
    assert isinstance(recognizer, EegBiLSTM)
    batch = entropies(1, 4, True)
    each = batch.inputs["eeg"]
    short = replace(batch, inputs={"eeg": replace(each, lengths=np.array([5, 3, 1, 5], np.intp))})
    weights = recognizer.explain(short).weights["attention.eeg"]
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    assert weights[1, 3:].tolist() == [0.0, 0.0]
    assert weights[2].tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_the_graph_is_symmetric_and_its_filter_is_the_chebyshev_polynomial() -> None:
    torch.manual_seed(1)
    network = GraphNetwork(6, 5, 4, 8, 2, 2, 0.0).eval()
    scaled = network.laplacian()
    torch.testing.assert_close(scaled, scaled.T)
    assert float(torch.linalg.eigvalsh(scaled.detach()).abs().max()) <= 1 + 1e-5
    x = torch.randn(3, 6, 5)
    terms = (torch.eye(6), scaled, 2 * scaled @ scaled - torch.eye(6))
    mixed = sum(mix(term @ x) for mix, term in zip(network.mix, terms, strict=True))
    expected = network.output(network.dense(torch.relu(mixed).flatten(1)).relu())
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-4)


def test_the_adjacency_is_learnt_and_told_by_electrode() -> None:
    recognizer = trained("dgcnn", width=0.2)
    assert isinstance(recognizer, DGCNN)
    network = recognizer._trained()
    assert isinstance(network, GraphNetwork)
    assert network.adjacency.grad is not None and float(network.adjacency.grad.abs().sum()) > 0
    assert recognizer.explain(entropies(1, 2, True)).weights["electrodes.eeg"].shape == (2, len(ELECTRODES))


@pytest.mark.parametrize("is_gaussian", [True, False])
def test_contrastive_divergence_learns_to_rebuild(is_gaussian: bool) -> None:
    torch.manual_seed(0)
    code = (torch.rand(256, 1) < 0.5).float()
    sign = torch.cat([code, 1 - code], 1).repeat(1, 4)
    rows = 2 * sign - 1 + 0.1 * torch.randn(256, 8) if is_gaussian else sign
    layer = nn.Linear(8, 6)
    rate = 0.02 if is_gaussian else 0.2
    errors = contrastive_divergence(
        layer, rows, epochs=40, rate=rate, is_gaussian=is_gaussian, context=Context()
    )
    assert errors[-1] < 0.5 * errors[0]


def test_pretraining_tells_the_ledger_and_reaches_the_network() -> None:
    told: list[str] = []
    batch = entropies(1, 4, True)
    recognizer = make("eeg-dbn", {"epochs": 1, "rbm_epochs": 1, "first": 4, "second": 3})
    recognizer.fit(batch, None, Context(seed=1, fitted=lambda what, ids: told.append(what)))
    assert told[0] == "restricted Boltzmann machines"


def test_a_cnn_lstm_decides_by_the_state_at_each_cases_last_step() -> None:
    torch.manual_seed(0)
    network = GridLSTM(GridCNN(ELECTRODES, 5, (2, 3, 3), "test"), 3, 2, 0.0).eval()
    x = torch.randn(2, 4, 8, 5)
    both = network(x, torch.tensor([2, 4]))
    torch.testing.assert_close(both[:1], network(x[:1, :2], torch.tensor([2])))


def test_other_columns_than_channel_and_band_are_refused() -> None:
    batch = entropies(1, 4, True)
    mixed = replace(batch.inputs["eeg"], names=(*NAMES[:-2], NAMES[-1], NAMES[-2]))
    for wrong in (replace(mixed, names=()), mixed):
        with pytest.raises(RecognizerError, match="one number a channel and band"):
            make("eeg-mlp").fit(replace(batch, inputs={"eeg": wrong}), None, Context())
    assert len(NAMES) == len(ELECTRODES) * len(BANDS)
