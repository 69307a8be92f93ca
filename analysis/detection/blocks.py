"""The building blocks of PSA-YOLO: Focus, convolutions with Mish, pyramid attention, CSP stages, pooling.

Sources: Ma & Zhang (2023), PSA-YOLO (layout); Zhang et al., EPSANet, arXiv 2105.14447 (pyramid squeeze
attention); Wang et al., CSPNet, arXiv 1911.11929; Bochkovskiy et al., YOLOv4, arXiv 2004.10934 (pooling,
head).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from analysis.detection.problems import DetectionError

KERNELS = (3, 5, 7, 9)
GROUPS = (2, 4, 8, 16)
"""2^((k - 1) / 2) of each kernel, as printed; common public code has 1 for k = 3."""
SQUEEZE = 16
POOLS = (5, 9, 13)
SLOPE = 0.1


class Focus(nn.Module):
    """Even and odd rows and columns beside each other: (n, c, h, w) -> (n, 4c, h/2, w/2); nothing is lost."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the four quarters on the channels; raises DetectionError for an odd height or width."""
        if x.shape[-2] % 2 or x.shape[-1] % 2:
            raise DetectionError(f"Focus halves a picture: {x.shape[-1]} x {x.shape[-2]} is odd.")
        quarters = [x[..., row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return torch.cat(quarters, 1)


def unfocus(x: Tensor) -> Tensor:
    """Return the picture that `Focus` was given."""
    n, channels, height, width = x.shape
    made = x.new_empty(n, channels // 4, 2 * height, 2 * width)
    parts = iter(x.chunk(4, 1))
    for column in (0, 1):
        for row in (0, 1):
            made[..., row::2, column::2] = next(parts)
    return made


class ConvNorm(nn.Sequential):
    """Convolution (same padding), batch normalisation, Mish ("CBM") or leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, mish: bool = True) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.Mish() if mish else nn.LeakyReLU(SLOPE),
        )


class SPC(nn.Module):
    """Squeeze and concat: grouped convolutions with kernels 3, 5, 7, 9, a quarter of the outputs each.

    Raises DetectionError where inputs or a quarter of the outputs cannot be divided into the groups.
    """

    def __init__(self, inputs: int, outputs: int, groups: Sequence[int] = GROUPS) -> None:
        super().__init__()
        quarter = outputs // len(KERNELS)
        for group in groups:
            if outputs % len(KERNELS) or quarter % group or inputs % group:
                raise DetectionError(
                    f"PSA: {inputs} channels in and a quarter of {outputs} out do not divide into {group} "
                    "groups. Use widths of which every quarter divides by 16."
                )
        self.branches = nn.ModuleList(
            nn.Conv2d(inputs, quarter, kernel, 1, kernel // 2, groups=group, bias=False)
            for kernel, group in zip(KERNELS, groups, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, 4, quarter, h, w): a branch beside the other."""
        return torch.stack([branch(x) for branch in self.branches], 1)


class SEWeight(nn.Module):
    """The weight of each channel of a branch: sigmoid(W1 ReLU(W0 mean)), (n, c, h, w) -> (n, c)."""

    def __init__(self, channels: int, squeeze: int = SQUEEZE) -> None:
        super().__init__()
        inner = max(1, channels // squeeze)
        self.inner = nn.Linear(channels, inner)
        self.outer = nn.Linear(inner, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return weights between 0 and 1."""
        return torch.sigmoid(self.outer(torch.relu(self.inner(x.mean((2, 3))))))


class PSA(nn.Module):
    """Pyramid squeeze attention: an SPC's four branches, weighed against each other channel by channel."""

    def __init__(self, channels: int, groups: Sequence[int] = GROUPS) -> None:
        super().__init__()
        self.spc = SPC(channels, channels, groups)
        self.weigh = nn.ModuleList(SEWeight(channels // len(KERNELS)) for _ in KERNELS)

    def attention(self, maps: Tensor) -> Tensor:
        """Return (n, 4, quarter) that sum to 1 over the four branches."""
        each = [weigh(maps[:, place]) for place, weigh in enumerate(self.weigh)]
        return torch.softmax(torch.stack(each, 1), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, c, h, w)."""
        maps = self.spc(x)
        out: Tensor = (maps * self.attention(maps)[..., None, None]).flatten(1, 2)
        return out


class Residual(nn.Module):
    """1x1 to `inner`, 3x3 back, added to what came in."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(ConvNorm(channels, inner, 1), ConvNorm(inner, channels, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape."""
        out: Tensor = x + self.inside(x)
        return out


class CSPStage(nn.Module):
    """Half the size, then two 1x1 branches of half the width, `blocks` residuals on one, joined by 1x1."""

    def __init__(self, inputs: int, outputs: int, blocks: int) -> None:
        super().__init__()
        half = outputs // 2
        self.down = ConvNorm(inputs, outputs, 3, 2)
        self.beside = ConvNorm(outputs, half, 1)
        self.through = nn.Sequential(
            ConvNorm(outputs, half, 1), *(Residual(half, half) for _ in range(blocks))
        )
        self.join = ConvNorm(2 * half, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, outputs, h/2, w/2)."""
        down = self.down(x)
        out: Tensor = self.join(torch.cat([self.beside(down), self.through(down)], 1))
        return out


class SPP(nn.Module):
    """Largest values of squares of 5, 9 and 13 beside the map itself: c -> 4c channels."""

    def __init__(self) -> None:
        super().__init__()
        self.pools = nn.ModuleList(nn.MaxPool2d(size, 1, size // 2) for size in POOLS)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, 4c, h, w)."""
        return torch.cat([*(pool(x) for pool in self.pools), x], 1)


class SPCP(nn.Module):
    """The neck's pooling: 1x1 to half, SPC to a quarter (unless `has_spc` is off), SPP, 1x1 to half."""

    def __init__(self, inputs: int, groups: Sequence[int], has_spc: bool = True) -> None:
        super().__init__()
        half = inputs // 2
        pooled = half // 2 if has_spc else half
        self.squeeze = ConvNorm(inputs, half, 1, mish=False)
        self.spc = SPC(half, pooled, groups) if has_spc else None
        self.spp = SPP()
        self.join = ConvNorm(4 * pooled, half, 1, mish=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, inputs / 2, h, w)."""
        out = self.squeeze(x)
        if self.spc is not None:
            out = self.spc(out).flatten(1, 2)
        joined: Tensor = self.join(self.spp(out))
        return joined


def fitting_groups(quarter: int, inputs: int) -> tuple[int, ...]:
    """Return the printed groups where they fit, smaller ones for a network that is narrower than printed."""
    return tuple(math.gcd(math.gcd(group, quarter), inputs) for group in GROUPS)
