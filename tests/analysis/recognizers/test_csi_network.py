"""LW-WADL as the paper's count has it, what it costs, and what only its mechanism finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from analysis.corpus.cases import Batch
from analysis.csi.chain import HALF, ChainSpec, centres, follow, segments
from analysis.recognizers.csi_network import (
    Attention,
    FullyConvolutional,
    LightNetwork,
    ResidualNetwork,
    Same,
    TwoConvolutions,
    multiplications,
    numbers_in,
    size_bytes,
    trainable_in,
)
from analysis.recognizers.csi_recognizers import LWWADL, settle
from analysis.recognizers.recognizer import Context, RecognizerError, decide
from analysis.recognizers.table import make
from analysis.simulate.channel import KINDS, Kind, passages
from tests.helpers.batches import make_cases, make_input
from tests.helpers.sample_csi import csi_batch


def test_it_has_the_printed_number_of_numbers() -> None:
    network = LightNetwork(1, 4)
    assert (numbers_in(network), trainable_in(network)) == (12_314, 11_866)
    assert size_bytes(network) == 49_256
    by_part = [numbers_in(part) for part in network.children()]
    assert by_part == [8 + 32 + 128, 256 + 14, 160 + 2048 + 256, 192 + 8192 + 512, 516]


def test_its_cost_is_counted_as_it_runs() -> None:
    by_hand = 201 * (8 + 32) + 2 * 256 + 100 * 14 + 100 * (160 + 2048) + 50 * (192 + 8192) + 512
    assert multiplications(LightNetwork(1, 4), 1, 201) == by_hand == 650_464


@pytest.mark.parametrize(
    ("network", "numbers"),
    [
        (FullyConvolutional(1, 4), 265_732),
        (ResidualNetwork(1, 4), 505_924),
        (TwoConvolutions(1, 4, 201), 23_300),
    ],
)
def test_the_comparators_have_their_usual_sizes(network: nn.Module, numbers: int) -> None:
    assert numbers_in(network) == numbers
    assert network(torch.zeros(3, 1, 201)).shape == (3, 4)


def test_blocks_keep_and_halve_the_length_as_in_the_table() -> None:
    network = LightNetwork(1, 4).eval()
    first = network.first(torch.zeros(2, 1, 201))
    second = network.second(network.attention(first))
    assert (first.shape, second.shape) == ((2, 32, 100), (2, 64, 50))
    assert network.third(second).shape == (2, 128, 50)
    assert network.where(torch.zeros(2, 1, 201)).shape == (2, 100)


def test_an_even_kernel_keeps_the_length_and_looks_one_step_further_ahead() -> None:
    layer = Same(1, 1, 8)
    nn.init.ones_(layer.conv.weight)
    spike = torch.zeros(1, 1, 21)
    spike[0, 0, 10] = 1
    assert torch.nonzero(layer(spike)[0, 0])[:, 0].tolist() == list(range(6, 14))


def test_attention_is_cbam_by_hand_with_its_input_added() -> None:
    torch.manual_seed(0)
    attention = Attention(16)
    values = torch.randn(2, 16, 9)
    mean, top = values.mean(2), values.max(2).values
    up, down = attention.up.weight, attention.down.weight
    which = torch.sigmoid(torch.relu(mean @ down.T) @ up.T + torch.relu(top @ down.T) @ up.T)
    chosen = values * which[:, :, None]
    maps = torch.stack([chosen.max(1).values, chosen.mean(1)], 1)
    padded = nn.functional.pad(maps, (3, 3))
    where = torch.sigmoid(nn.functional.conv1d(padded, attention.where.conv.weight))
    torch.testing.assert_close(attention(values), values + chosen * where)


def test_settling_takes_the_statistics_of_all_rows() -> None:
    norm = nn.BatchNorm1d(2)
    rows = torch.randn(300, 2, 5, generator=torch.Generator().manual_seed(1)) * 3 + 7
    assert norm.running_mean is not None
    norm.running_mean.fill_(100.0)
    settle(norm, rows)
    parts = torch.stack([rows[:256].mean((0, 2)), rows[256:].mean((0, 2))]).mean(0)
    torch.testing.assert_close(norm.running_mean, parts)
    assert norm.momentum == 0.1 and not norm.training


def test_the_size_of_an_event_is_kept_for_one_scale_holds_for_all() -> None:
    random = np.random.default_rng(0)
    batch = csi_batch(4, 10, True)
    bump = np.exp(-(((np.arange(201) - 100) / 30) ** 2))
    values = (1 + 2 * np.asarray(batch.y))[:, None] * bump + 0.02 * random.normal(size=(len(batch), 201))
    same_shape = {"csi": make_input(values[:, None, :].astype(np.float32))}
    told = replace(batch, inputs=same_shape)
    fitted: list[str] = []
    recognizer = make("lw-wadl", {"rate": 0.01, "epochs": 15, "width": 0.25})
    recognizer.fit(told, None, Context(seed=1, fitted=lambda what, ids: fitted.append(what)))
    assert fitted == ["scaling", "network"]
    assert (decide(recognizer.predict_proba(told.without_answers())) == told.y).all()
    weights = recognizer.explain(told).weights["attention"]
    assert weights.shape == (len(told), 100) and (weights >= 0).all() and (weights <= 1).all()


def test_two_wristband_inputs_are_two_channels_and_unequal_ones_are_refused() -> None:
    batch = csi_batch(2, 4, True)
    values = batch.inputs["csi"].values
    both = replace(batch, inputs={"eda": make_input(values), "acceleration": make_input(values[:, :, :])})
    recognizer = LWWADL(epochs=1, width=0.1)
    recognizer.fit(both, None, Context(seed=1))
    assert recognizer.predict_proba(both.missing(("eda",))).shape == (8, 2)
    short = replace(batch, inputs={"eda": make_input(values), "acceleration": make_input(values[:, :, :81])})
    with pytest.raises(RecognizerError, match="must be equally long; there are: acceleration 81, eda 201"):
        LWWADL(epochs=1).fit(short, None, Context(seed=1))
    with pytest.raises(RecognizerError, match="has not been fitted yet"):
        LWWADL().predict_proba(batch)


@pytest.mark.slow
def test_four_separable_kinds_of_passages_are_told_on_other_roads() -> None:
    kinds = {
        "pedestrian": Kind(7, 2.6, 1, 0.1, 0.05),
        "bicycle": Kind(11, 2.2, 2, 0.1, 0.05),
        "motorcycle": Kind(15, 1.5, 1, 0.1, 0.05),
        "car": Kind(15, 3.4, 1, 0.1, 0.05),
    }
    parts, answers = [], []
    for place in range(4):
        y = np.random.default_rng(place).permutation(np.arange(20) % 4)
        made = passages(tuple(tuple(KINDS)[each] for each in y), place, kinds=kinds, gain_sd=0.03)
        found = follow(made.amplitudes, ChainSpec())
        parts.append(segments(found.curve, centres(found.curve, found.detection.events), HALF))
        answers.append(y)
    batch = Batch(
        make_cases(4, 20),
        {"csi": make_input(np.concatenate(parts)[:, None, :].astype(np.float32))},
        np.concatenate(answers).astype(np.int64),
        tuple(KINDS),
    )
    recognizer = make("lw-wadl", {"rate": 0.005, "epochs": 40})
    recognizer.fit(batch.rows(np.arange(60)), None, Context(seed=1))
    test = batch.rows(np.arange(60, 80))
    assert (decide(recognizer.predict_proba(test.without_answers())) == test.y).mean() > 0.95
