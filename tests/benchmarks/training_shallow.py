"""ShallowConvNet (Schirrmeister et al. 2017) in three formulations of the same function.

Temporal convolution over each channel, then a spatial one over all channels, no nonlinearity between them:
together they are one convolution. Plain: two of them, one after the other. braindecode's `CombinedConv`:
weights combined at each step, one conv2d. Ours: weights combined at each step, one conv1d over time with
the EEG channels as its channels.
"""

from __future__ import annotations

import time
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Formulation = Literal["two convolutions", "braindecode: one conv2d", "ours: one conv1d"]
FORMULATIONS: tuple[Formulation, ...] = (
    "two convolutions",
    "braindecode: one conv2d",
    "ours: one conv1d",
)
FILTERS, KERNEL, POOL, STRIDE = 40, 25, 75, 15


class ShallowConvNet(nn.Module):
    """(n, channels, samples) -> logits (n, classes): both convolutions, batch norm, square, pool, log."""

    def __init__(self, channels: int, samples: int, classes: int, formulation: Formulation) -> None:
        super().__init__()
        self.formulation = formulation
        self.temporal = nn.Conv2d(1, FILTERS, (KERNEL, 1))
        self.spatial = nn.Conv2d(FILTERS, FILTERS, (1, channels), bias=False)
        self.norm = nn.BatchNorm1d(FILTERS)
        self.dropout = nn.Dropout(0.5)
        steps = (samples - KERNEL + 1 - POOL) // STRIDE + 1
        self.classify = nn.Linear(FILTERS * steps, classes)

    def convolved(self, x: Tensor) -> Tensor:
        """Return (n, filters, samples - 24)."""
        if self.formulation == "two convolutions":
            seen: Tensor = self.spatial(self.temporal(x.transpose(1, 2)[:, None]))
            return seen[..., 0]
        spatial = self.spatial.weight[:, :, 0]
        assert self.temporal.bias is not None
        bias = spatial.sum(dim=2) @ self.temporal.bias
        if self.formulation == "ours: one conv1d":
            folded = torch.einsum("ft,ofc->oct", self.temporal.weight[:, 0, :, 0], spatial)
            return functional.conv1d(x, folded, bias)
        combined = (self.temporal.weight * self.spatial.weight.permute(1, 0, 2, 3)).sum(0)[:, None]
        return functional.conv2d(x.transpose(1, 2)[:, None], combined, bias)[..., 0]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        power = functional.avg_pool1d(self.norm(self.convolved(x)) ** 2, POOL, STRIDE)
        logits: Tensor = self.classify(self.dropout(torch.log(power.clamp(min=1e-6))).flatten(1))
        return logits


def measured(
    repeats: int, batch: int = 64, channels: int = 32, samples: int = 512
) -> dict[str, dict[str, float]]:
    """Return CPU seconds of a training step and of an inference, and differences from two convolutions.

    `difference` is the largest of the logits, `of_gradients` that of the weights' gradients, relative to the
    largest gradient.
    """
    torch.manual_seed(1)
    x, y = torch.randn(batch, channels, samples), torch.arange(batch) % 2
    start = ShallowConvNet(channels, samples, 2, FORMULATIONS[0]).state_dict()
    found: dict[str, dict[str, float]] = {}
    reference: tuple[Tensor, Tensor] | None = None
    for formulation in FORMULATIONS:
        network = ShallowConvNet(channels, samples, 2, formulation)
        network.load_state_dict(start)
        network.eval()
        logits = network(x)
        functional.cross_entropy(logits, y).backward()  # type: ignore[no-untyped-call]
        slopes = torch.cat([each.grad.flatten() for each in network.parameters() if each.grad is not None])
        reference = reference or (logits.detach(), slopes)
        with torch.no_grad():
            infer = _quickest(lambda made=network: made(x), repeats)
        network.train()
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

        def step(made: nn.Module = network, by: torch.optim.Optimizer = optimizer) -> None:
            by.zero_grad()
            functional.cross_entropy(made(x), y).backward()  # type: ignore[no-untyped-call]
            by.step()

        found[formulation] = {
            "train_s": _quickest(step, repeats),
            "infer_s": infer,
            "difference": float((logits.detach() - reference[0]).abs().max()),
            "of_gradients": float((slopes - reference[1]).abs().max() / reference[1].abs().max()),
        }
    return found


def _quickest(call: object, repeats: int) -> float:
    assert callable(call)
    call()
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return min(taken)
