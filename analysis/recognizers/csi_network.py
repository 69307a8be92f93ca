"""Networks over one short curve: LW-WADL's depthwise-separable one with attention, and three to compare it.

Song et al. (2023) print the blocks and the number of parameters, and no size of anything; the sizes here are
our reconstruction, which has exactly 12,314 numbers for four classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNELS, WIDTHS = (8, 5, 3), (32, 64, 128)
REDUCTION, SPATIAL = 8, 7
FCN_WIDTHS, RESNET_WIDTHS, PLAIN_WIDTHS = (128, 256, 128), (64, 128, 128), (32, 64)


def scaled(widths: Sequence[int], factor: float) -> tuple[int, ...]:
    """Return widths times a factor, 1 at least."""
    return tuple(max(1, round(width * factor)) for width in widths)


class Same(nn.Module):
    """A convolution whose output is as long as its input; an even kernel looks one step further ahead."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, groups: int = 1, bias: bool = False
    ) -> None:
        super().__init__()
        self.sides = ((kernel - 1) // 2, kernel - 1 - (kernel - 1) // 2)
        self.conv = nn.Conv1d(inputs, outputs, kernel, groups=groups, bias=bias)

    def forward(self, values: Tensor) -> Tensor:
        """Return (n, outputs, steps) of (n, inputs, steps)."""
        found: Tensor = self.conv(functional.pad(values, self.sides))
        return found


class Separable(nn.Module):
    """A depthwise-separable block: a kernel a channel, then a mix of channels, batch norm, ReLU, pooling."""

    def __init__(self, inputs: int, outputs: int, kernel: int, pool: bool) -> None:
        super().__init__()
        self.depthwise = Same(inputs, inputs, kernel, groups=inputs)
        self.pointwise = nn.Conv1d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm1d(outputs)
        self.pool = nn.MaxPool1d(2) if pool else nn.Identity()

    def forward(self, values: Tensor) -> Tensor:
        """Return (n, outputs, steps), steps halved where it pools."""
        mixed = self.norm(self.pointwise(self.depthwise(values)))
        found: Tensor = self.pool(torch.relu(mixed))
        return found


class Attention(nn.Module):
    """CBAM in one dimension (Woo et al. 2018): which channels, then which positions, and the input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Linear(channels, max(1, channels // REDUCTION), bias=False)
        self.up = nn.Linear(max(1, channels // REDUCTION), channels, bias=False)
        self.where = Same(2, 1, SPATIAL)

    def positions(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values after the channels' weights, and the weights of positions (n, 1, steps)."""
        pooled = (values.mean(dim=2), values.amax(dim=2))
        which = torch.sigmoid(sum((self.up(torch.relu(self.down(each))) for each in pooled), torch.zeros(1)))
        chosen = values * which[:, :, None]
        maps = torch.stack([chosen.amax(dim=1), chosen.mean(dim=1)], dim=1)
        return chosen, torch.sigmoid(self.where(maps))

    def forward(self, values: Tensor) -> Tensor:
        """Return (n, channels, steps)."""
        chosen, where = self.positions(values)
        return values + chosen * where


class LightNetwork(nn.Module):
    """LW-WADL: three separable blocks, attention behind the first, the mean over positions, one layer."""

    def __init__(self, inputs: int, classes: int, factor: float = 1.0) -> None:
        super().__init__()
        first, second, third = scaled(WIDTHS, factor)
        self.first = Separable(inputs, first, KERNELS[0], True)
        self.attention = Attention(first)
        self.second = Separable(first, second, KERNELS[1], True)
        self.third = Separable(second, third, KERNELS[2], False)
        self.out = nn.Linear(third, classes)

    def where(self, values: Tensor) -> Tensor:
        """Return the weights of positions (n, steps // 2)."""
        return self.attention.positions(self.first(values))[1][:, 0]

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (n, classes) of curves (n, inputs, steps)."""
        found = self.third(self.second(self.attention(self.first(values))))
        logits: Tensor = self.out(found.mean(dim=2))
        return logits


def _block(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(Same(inputs, outputs, kernel), nn.BatchNorm1d(outputs), nn.ReLU())


class FullyConvolutional(nn.Module):
    """FCN (Wang et al. 2017): three convolutions, the mean over positions, one layer."""

    def __init__(self, inputs: int, classes: int, factor: float = 1.0) -> None:
        super().__init__()
        widths = (inputs, *scaled(FCN_WIDTHS, factor))
        self.blocks = nn.Sequential(
            *(_block(one, two, kernel) for one, two, kernel in zip(widths, widths[1:], KERNELS, strict=False))
        )
        self.out = nn.Linear(widths[-1], classes)

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (n, classes)."""
        logits: Tensor = self.out(self.blocks(values).mean(dim=2))
        return logits


class Residual(nn.Module):
    """Three convolutions and a way round them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            _block(inputs, outputs, KERNELS[0]),
            _block(outputs, outputs, KERNELS[1]),
            Same(outputs, outputs, KERNELS[2]),
            nn.BatchNorm1d(outputs),
        )
        same = inputs == outputs
        way = nn.Identity() if same else nn.Conv1d(inputs, outputs, 1, bias=False)
        self.way = nn.Sequential(way, nn.BatchNorm1d(outputs))

    def forward(self, values: Tensor) -> Tensor:
        """Return (n, outputs, steps)."""
        return torch.relu(self.blocks(values) + self.way(values))


class ResidualNetwork(nn.Module):
    """ResNet for time series (Wang et al. 2017): three residual blocks of three convolutions."""

    def __init__(self, inputs: int, classes: int, factor: float = 1.0) -> None:
        super().__init__()
        widths = (inputs, *scaled(RESNET_WIDTHS, factor))
        self.blocks = nn.Sequential(*(Residual(one, two) for one, two in pairwise(widths)))
        self.out = nn.Linear(widths[-1], classes)

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (n, classes)."""
        logits: Tensor = self.out(self.blocks(values).mean(dim=2))
        return logits


class TwoConvolutions(nn.Module):
    """Two convolutions, each with pooling, and a layer over all positions, as DeepWiTraffic has."""

    def __init__(self, inputs: int, classes: int, steps: int, factor: float = 1.0) -> None:
        super().__init__()
        first, second = scaled(PLAIN_WIDTHS, factor)
        self.blocks = nn.Sequential(
            Same(inputs, first, 5, bias=True), nn.ReLU(), nn.MaxPool1d(2),
            Same(first, second, 5, bias=True), nn.ReLU(), nn.MaxPool1d(2),
        )  # fmt: skip
        self.out = nn.Linear(second * max(1, steps // 4), classes)

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (n, classes)."""
        logits: Tensor = self.out(self.blocks(values).flatten(1))
        return logits


def numbers_in(network: nn.Module) -> int:
    """Return how many numbers a network is: parameters, and means and variances of batch norm."""
    kept = [each for name, each in network.named_buffers() if not name.endswith("num_batches_tracked")]
    return sum(each.numel() for each in (*network.parameters(), *kept))


def trainable_in(network: nn.Module) -> int:
    """Return how many parameters are learnt."""
    return sum(each.numel() for each in network.parameters() if each.requires_grad)


def size_bytes(network: nn.Module) -> int:
    """Return the bytes of its numbers as they are stored, 4 each."""
    return 4 * numbers_in(network)


def multiplications(network: nn.Module, inputs: int, steps: int) -> int:
    """Return the multiply-accumulates of one curve (inputs, steps) in convolutions and layers, as they run.

    Batch norm, pooling and the products of attention are not counted.
    """
    total = 0

    def of_convolution(module: nn.Module, _: object, found: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv1d)
        total += found.shape[1] * found.shape[2] * module.weight[0].numel()

    def of_layer(module: nn.Module, _: object, found: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Linear)
        total += module.weight.numel()

    hooks = []
    for module in network.modules():
        if isinstance(module, nn.Conv1d):
            hooks.append(module.register_forward_hook(of_convolution))
        elif isinstance(module, nn.Linear):
            hooks.append(module.register_forward_hook(of_layer))
    was_training = network.training
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, inputs, steps))
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return total
