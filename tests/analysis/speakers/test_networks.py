"""Speaker networks: shapes and numbers of weights as in the paper, the margin's formula, the optimisers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from analysis.recognizers.torch_loop import reproducible
from analysis.speakers.networks import (
    TDNN,
    ResNet34,
    margin_loss,
    statistics_pooled,
    weight_count,
)
from analysis.speakers.optimising import LOWEST_RATE, Ralamb, Schedule


def test_the_tdnn_has_the_widths_and_weights_of_the_paper() -> None:
    network = TDNN(902)
    weights = [each for each in network.frames.parameters() if each.ndim == 3]
    shapes = [tuple(each.shape) for each in weights]
    assert shapes == [(512, 60, 5), (512, 512, 3), (512, 512, 3), (512, 512, 1), (1500, 512, 1)]
    assert network.affine.in_features == 3000 and network.affine.out_features == 256
    assert 3.7e6 < weight_count(network) < 3.9e6


def test_the_resnet_pools_4096_numbers_at_60_bands() -> None:
    network = ResNet34(902)
    assert network.pooled == 4096
    assert weight_count(network.affine) == 4096 * 256 + 256
    assert 5.2e6 < weight_count(network.backbone) < 5.4e6
    assert [ResNet34(2, high, 1, 1).pooled for high in (8, 60, 64)] == [2 * 8, 8 * 2 * 8, 8 * 2 * 8]


@pytest.mark.parametrize("frames", [8, 9, 17, 64])
def test_the_resnet_gives_one_vector_for_any_length_from_eight(frames: int) -> None:
    network = ResNet34(3, width=2).eval()
    with torch.no_grad():
        assert network.embed(torch.zeros(2, 60, frames)).shape == (2, 256)


def test_the_tdnn_sees_fifteen_frames() -> None:
    network = TDNN(3, width=4, pooled=6, embedding=5).eval()
    with torch.no_grad():
        assert network.frames(torch.zeros(1, 60, 15)).shape == (1, 6, 1)
        assert network.embed(torch.zeros(1, 60, 15)).shape == (1, 5)
        assert network.decide(network.embed(torch.zeros(2, 60, 40))).shape == (2, 5)


def test_pooling_gives_means_and_spreads() -> None:
    frames = torch.tensor([[[1.0, 3.0], [2.0, 2.0]]])
    expected = [2.0, 2.0, math.sqrt(1.0 + 1e-5), math.sqrt(1e-5)]
    assert statistics_pooled(frames)[0].tolist() == pytest.approx(expected)


def test_the_margin_loss_is_its_formula() -> None:
    cosines = torch.tensor([[0.5, -0.2, 0.1], [0.0, 0.9, 0.3]], dtype=torch.float64)
    y = torch.tensor([0, 2])
    expected = 0.0
    for row, kind in enumerate(y.tolist()):
        own = math.exp(30 * (float(cosines[row, kind]) - 0.2))
        others = sum(math.exp(30 * float(cosines[row, j])) for j in range(3) if j != kind)
        expected -= math.log(own / (own + others)) / 2
    assert float(margin_loss(cosines, y)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 1.0), (399, 1.0), (400, 0.5 * (1 + math.cos(math.pi / 6))), (2400, 0.7), (4800, 0.49)],
)
def test_the_rate_falls_along_a_cosine_and_begins_anew_lower(step: int, expected: float) -> None:
    schedule = Schedule(1.0, 6, 0.7)
    assert schedule.at(step, 400) == pytest.approx(expected, abs=1e-6)
    assert schedule.at(2399, 1) > 0
    assert Schedule(1.0, 2).at(1, 1) >= LOWEST_RATE


@pytest.mark.slow
def test_ralamb_finds_the_bottom_of_a_bowl() -> None:
    with reproducible(1):
        weight = nn.Parameter(torch.tensor([3.0, -2.0]))
        optimizer = Ralamb([weight], 0.05)
        for _ in range(300):
            optimizer.zero_grad()
            (weight * torch.tensor([1.0, 2.0])).square().sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert float(weight.detach().norm()) < 0.05
