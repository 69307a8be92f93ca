"""Distances between two sets of vectors that a network can be trained to shrink: MMD, CORAL, a domain critic.

Sources: Zong et al. (2022), "Progressive distribution adapted neural networks", for MMD of classes; Gretton
et al., "A kernel two-sample test" (2012), lemma 6, for its unbiased estimate; Long et al., "Learning
transferable features with deep adaptation networks" (2015); Sun and Saenko, "Deep CORAL" (2016), equation 1;
Ganin et al., "Domain-adversarial training of neural networks" (2016); Zhu et al., "Deep subdomain adaptation
network" (2021), equation 8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

Kernel = Literal["literal", "auto"]
SIGMAS = (2.0, 4.0, 8.0, 16.0, 32.0)
AUTO = (0.25, 0.5, 1.0, 2.0, 4.0)
LEAST_SAMPLES = 2
"""The unbiased estimate needs two vectors on each side."""


def squared_distances(first: Tensor, other: Tensor) -> Tensor:
    """Return |u - v|^2 of every pair (n, m) of rows (n, d) and (m, d); never below 0."""
    squares = (first**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * first @ other.T
    return squares.clamp_min(0)


def kernel_sums(source: Tensor, target: Tensor, kernel: Kernel) -> tuple[Tensor, Tensor, Tensor]:
    """Return the sums of five Gaussians of all pairs: within the source, within the target, between them.

    "literal": exp(-|u - v|^2 / 2 sigma^2) for sigma 2, 4, 8, 16, 32. "auto": exp(-|u - v|^2 / b), b the mean
    squared distance of different vectors of both sets, times 1/4, 1/2, 1, 2, 4; b itself is not learnt.
    ValueError for any other.
    """
    within, others, between = (
        squared_distances(source, source),
        squared_distances(target, target),
        squared_distances(source, target),
    )
    if kernel == "literal":
        widths: Sequence[Tensor | float] = [2 * sigma**2 for sigma in SIGMAS]
    elif kernel == "auto":
        n, m = len(source), len(target)
        total = within.detach().sum() + others.detach().sum() + 2 * between.detach().sum()
        mean = (total / max(1, (n + m) * (n + m - 1))).clamp_min(1e-12)
        widths = [mean * factor for factor in AUTO]
    else:
        raise ValueError(f"kernel {kernel}: there are literal and auto.")
    first, second, third = (
        torch.stack([torch.exp(-each / width) for width in widths]).sum(0)
        for each in (within, others, between)
    )
    return first, second, third


def mmd2(source: Tensor, target: Tensor, kernel: Kernel = "literal") -> Tensor:
    """Return the unbiased estimate of MMD^2 between rows (n, d) and (m, d); it may be below 0.

    Both need two rows at least: ValueError otherwise.
    """
    n, m = len(source), len(target)
    if min(n, m) < LEAST_SAMPLES:
        raise ValueError(f"MMD^2 of {n} and {m} vectors: two of each are needed.")
    within, others, between = kernel_sums(source, target, kernel)
    return (
        (within.sum() - within.diagonal().sum()) / (n * (n - 1))
        + (others.sum() - others.diagonal().sum()) / (m * (m - 1))
        - 2 * between.mean()
    )


def class_mmd2(
    source: Tensor, of_source: Tensor, target: Tensor, of_target: Tensor, classes: int, kernel: Kernel
) -> Tensor:
    """Return the mean over classes of MMD^2 between the source's and the target's vectors of that class.

    `of_source` (n,) and `of_target` (m,) are class numbers. Classes with fewer than two vectors on a side are
    left out of the mean; 0 where none is left.
    """
    found = []
    for kind in range(classes):
        own, other = source[of_source == kind], target[of_target == kind]
        if min(len(own), len(other)) >= LEAST_SAMPLES:
            found.append(mmd2(own, other, kernel))
    return torch.stack(found).mean() if found else source.sum() * 0.0


def local_mmd2(
    source: Tensor, of_source: Tensor, target: Tensor, proba: Tensor, classes: int, kernel: Kernel
) -> Tensor:
    """Return DSAN's local MMD^2: weighted by classes, of the target by its probabilities (m, classes).

    Classes without a source vector in the batch are left out of the mean.
    """
    within, others, between = kernel_sums(source, target, kernel)
    hot = torch.nn.functional.one_hot(of_source, classes).to(source.dtype)
    there = hot.sum(0) > 0
    mine = hot[:, there] / hot[:, there].sum(0)
    yours = proba[:, there] / proba[:, there].sum(0).clamp_min(1e-12)
    each = (
        torch.einsum("ic,ij,jc->c", mine, within, mine)
        + torch.einsum("ic,ij,jc->c", yours, others, yours)
        - 2 * torch.einsum("ic,ij,jc->c", mine, between, yours)
    )
    return each.mean()


def coral(source: Tensor, target: Tensor) -> Tensor:
    """Return Deep CORAL's distance of the covariances of (n, d) and (m, d): |C_s - C_t|_F^2 / 4 d^2."""
    width = source.shape[1]
    return ((_covariance(source) - _covariance(target)) ** 2).sum() / (4 * width**2)


def _covariance(rows: Tensor) -> Tensor:
    centred = rows - rows.mean(0)
    return centred.T @ centred / max(1, len(rows) - 1)


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradients[0], None


def reversed_gradient(x: Tensor, weight: float) -> Tensor:
    """Return x as it is; its gradient comes back times minus `weight`."""
    found: Tensor = _Reversal.apply(x, weight)  # type: ignore[no-untyped-call]
    return found


class Critic(nn.Module):
    """Tells source from target: vectors (n, d) -> a hidden layer -> one logit."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, source: Tensor, target: Tensor, weight: float) -> Tensor:
        """Return the critic's cross-entropy; what made the vectors is driven to raise it, times `weight`."""
        logits = self.layers(reversed_gradient(torch.cat([source, target]), weight))[:, 0]
        truth = torch.cat([torch.ones(len(source)), torch.zeros(len(target))])
        return binary_cross_entropy_with_logits(logits, truth)


def ramp(progress: float) -> float:
    """Return 2 / (1 + e^(-10 p)) - 1 for a progress p from 0 to 1: rises from 0 towards 1."""
    return 2 / (1 + math.exp(-10 * progress)) - 1
