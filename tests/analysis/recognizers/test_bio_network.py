"""The bio network: every size of Table I, its weights, and what an absent signal changes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from analysis.recognizers.bio_network import BioNetwork, BioSizes, uniform
from analysis.recognizers.bmmn_card import BIO_LAYERS

TABLE_I = {
    "conv1": (805, 4), "pool1": (402, 4), "conv2": (307, 2), "pool2": (153, 2), "conv3": (357, 2),
    "pool3": (178, 2), "conv4": (382, 2), "pool4": (191, 2),
}  # fmt: skip


def seen(network: nn.Module, x: torch.Tensor, names: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return (length, channels) of each layer's output in the order in which they ran."""
    found: list[tuple[int, int]] = []
    for name in names:
        layer = dict(network.named_children())[name]
        layer.register_forward_hook(
            lambda _, __, out: found.append((out.shape[2], out.shape[1])) if out.ndim == 3 else None
        )
    network(x)
    return found


def test_every_layer_has_the_size_that_the_paper_prints() -> None:
    network = BioNetwork(BioSizes())
    convolved = seen(network, torch.rand(2, 1000), ("conv1", "conv2", "conv3", "conv4"))
    assert convolved == [TABLE_I[name] for name in ("conv1", "conv2", "conv3", "conv4")]
    pooled = seen(BioNetwork(BioSizes()), torch.rand(2, 1000), ("pool",))
    assert pooled == [TABLE_I[name] for name in ("pool1", "pool2", "pool3", "pool4")]
    assert network(torch.rand(2, 1000)).shape == (2, 2652)


def test_sizes_are_told_without_a_network_as_it_has_them() -> None:
    sizes = BioSizes()
    assert sizes.convolved == tuple(TABLE_I[f"conv{n}"][0] for n in range(1, 5))
    assert sizes.pooled == tuple(TABLE_I[f"pool{n}"][0] for n in range(1, 5))
    assert sizes.merged == 2652


def test_the_card_prints_and_builds_these_sizes() -> None:
    said = {layer.name.removeprefix("bio "): layer for layer in BIO_LAYERS}
    for name, (length, channels) in TABLE_I.items():
        assert said[name].printed == said[name].built == f"{length} x {channels}"


def test_it_has_2210_weights() -> None:
    assert sum(each.numel() for each in BioNetwork(BioSizes()).parameters()) == 2210


@pytest.mark.parametrize("samples", [40, 80, 200, 400])
def test_other_segments_scale_the_kernels(samples: int) -> None:
    sizes = BioSizes(samples)
    assert BioNetwork(sizes)(torch.rand(3, samples)).shape == (3, sizes.merged)


def test_uniform_weights_fill_their_range_evenly() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(300, 200)
    uniform(layer)
    limit = (6 / 500) ** 0.5
    assert layer.weight.abs().max() <= limit
    assert float(layer.weight.detach().std()) == pytest.approx(limit / 3**0.5, rel=0.02)
    assert not layer.bias.any()
