"""The bio auto-encoder: every size of Table II, exact unpooling, and where it starts."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from analysis.recognizers.bae import BaeSizes, BioAutoEncoder, unpool
from analysis.recognizers.bmmn_card import BAE_LAYERS

TABLE_II = {
    "conv1": (801, 16), "pool1": (400, 16), "conv2": (301, 8), "pool2": (150, 8), "conv3": (101, 4),
    "pool3": (50, 4), "conv4": (150, 8), "conv5": (400, 16), "conv6": (1000, 1),
}  # fmt: skip
UNPOOLED = (101, 301, 801)


def test_every_layer_has_the_size_that_the_paper_prints() -> None:
    network = BioAutoEncoder(BaeSizes())
    found: dict[str, tuple[int, int]] = {}
    unpooled: list[int] = []

    def convolved(name: str, layer: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        found[name] = (out.shape[2], out.shape[1])
        if isinstance(layer, nn.ConvTranspose1d):
            unpooled.append(given[0].shape[2])

    layers = dict(network.named_children())
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6"):
        layers[name].register_forward_hook(partial(convolved, name))
    pools = iter(("pool1", "pool2", "pool3"))
    network.pool.register_forward_hook(
        lambda _, __, out: found.update({next(pools): (out[0].shape[2], out[0].shape[1])})
    )
    z, again = network(torch.rand(2, 1000))
    assert found == TABLE_II
    assert tuple(unpooled) == UNPOOLED
    assert z.shape == (2, 128)
    assert again.shape == (2, 1000)


def test_it_has_86781_weights() -> None:
    assert sum(each.numel() for each in BioAutoEncoder(BaeSizes()).parameters()) == 86781


def test_the_card_says_where_the_table_and_the_network_differ() -> None:
    said = {layer.name.removeprefix("BAE "): layer for layer in BAE_LAYERS}
    for name, (length, channels) in TABLE_II.items():
        assert said[name].built == f"{length} x {channels}"
    for place, length in enumerate(UNPOOLED, 1):
        assert said[f"unpool{place}"].built.startswith(f"{length} x ")
    assert all(layer.why for layer in BAE_LAYERS if layer.printed != layer.built)


@pytest.mark.parametrize("length", [8, 101, 301, 801])
def test_unpooling_puts_every_maximum_back_where_it_was(length: int) -> None:
    torch.manual_seed(length)
    before = torch.rand(3, 4, length)
    maxima, places = nn.MaxPool1d(2, return_indices=True)(before)
    after = unpool(maxima, places, length)
    kept = after != 0
    assert torch.equal(after[kept], before[kept])
    assert int(kept.sum()) == maxima.numel()
    assert torch.equal(after, nn.MaxUnpool1d(2)(maxima, places, output_size=(length,)))


def test_gradients_come_back_to_the_maxima_only() -> None:
    before = torch.rand(1, 2, 9, requires_grad=True)
    maxima, places = nn.MaxPool1d(2, return_indices=True)(before)
    (unpool(maxima, places, 9) ** 2).sum().backward()  # type: ignore[no-untyped-call]
    assert before.grad is not None
    assert int((before.grad != 0).sum()) == maxima.numel()


@pytest.mark.parametrize(("relu", "negative"), [(True, False), (False, True)])
def test_a_relu_at_the_end_gives_nothing_below_0(relu: bool, negative: bool) -> None:
    torch.manual_seed(0)
    network = BioAutoEncoder(BaeSizes(80, 16), relu_at_end=relu)
    network.start_at(-0.1)
    assert bool((network(torch.rand(4, 80))[1] < 0).any()) == negative


def test_it_starts_at_the_level_of_its_segments() -> None:
    torch.manual_seed(0)
    network = BioAutoEncoder(BaeSizes(80, 16))
    network.start_at(0.3)
    assert network(torch.zeros(2, 80))[1].detach().mean().item() == pytest.approx(0.3)
