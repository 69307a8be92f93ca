"""PSA-YOLO: backbone with Focus and pyramid attention, SPCP neck, PANet, three heads.

Channels at width 1 and 416 pixels: Focus 12 x 208, 64 x 208, stages 128 x 104, 256 x 52, 512 x 26,
1024 x 13; neck 512 x 13; heads at 52, 26 and 13 of 3 x (4 + 1 + classes) numbers a cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from analysis.detection.blocks import PSA, SPCP, ConvNorm, CSPStage, Focus, Residual, fitting_groups
from analysis.detection.problems import DetectionError

STRIDES = (8, 16, 32)
PER_CELL = 3
"""Anchors a cell."""
VARIANTS: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {0: (1, 2, 8, 8, 4), 1: (1, 1, 4, 4, 2), 2: (1, 2, 2, 2, 2), 3: (1, 3, 4, 6, 3)}
)
"""Residual blocks of the five stages; 0 is CSPDarknet53 itself, 1 the paper's choice."""
NARROWEST = 8
SURE_OF_NOTHING = -4.6
"""Where objectness starts: logit of 0.01, so that empty cells do not drown the first steps."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a network is built of. `width` scales channels, `depth` the residual blocks of a stage."""

    classes: int
    variant: int = 1
    has_focus: bool = True
    has_psa: bool = True
    has_spc: bool = True
    width: float = 1.0
    depth: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Architecture:
        """Rebuild from `to_json`."""
        return cls(**values)

    def channels(self, printed: int) -> int:
        """Return how many channels stand for a printed number: a multiple of 8."""
        return max(NARROWEST, NARROWEST * round(printed * self.width / NARROWEST))

    def blocks(self, stage: int) -> int:
        """Return the residual blocks of a stage, 0 to 4; raises DetectionError for an unknown variant."""
        if self.variant not in VARIANTS:
            raise DetectionError(f"there is no backbone variant {self.variant}. There are 0, 1, 2 and 3.")
        return max(1, round(VARIANTS[self.variant][stage] * self.depth))


class Backbone(nn.Module):
    """Pictures (n, 3, s, s) -> maps at strides 8, 16, 32 of 256, 512, 1024 channels (times width)."""

    def __init__(self, of: Architecture) -> None:
        super().__init__()
        first = of.channels(64)
        half = of.channels(32)
        if of.has_focus:
            self.stem = nn.Sequential(Focus(), ConvNorm(12, first, 3))
        else:
            self.stem = nn.Sequential(ConvNorm(3, half, 3), ConvNorm(half, first, 3, 2))
        quarter = first // 4
        self.psa = PSA(first, fitting_groups(quarter, first)) if of.has_psa else nn.Identity()
        self.begin = nn.Sequential(*(Residual(first, half) for _ in range(of.blocks(0))))
        widths = [of.channels(each) for each in (64, 128, 256, 512, 1024)]
        self.stages = nn.ModuleList(
            CSPStage(widths[place], widths[place + 1], of.blocks(place + 1)) for place in range(4)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the three maps, the finest first."""
        out = self.begin(self.psa(self.stem(x)))
        maps = []
        for stage in self.stages:
            out = stage(out)
            maps.append(out)
        return maps[1:]


def _five(inputs: int, outputs: int) -> nn.Sequential:
    wide = 2 * outputs
    return nn.Sequential(
        ConvNorm(inputs, outputs, 1, mish=False),
        ConvNorm(outputs, wide, 3, mish=False),
        ConvNorm(wide, outputs, 1, mish=False),
        ConvNorm(outputs, wide, 3, mish=False),
        ConvNorm(wide, outputs, 1, mish=False),
    )


class Neck(nn.Module):
    """SPCP, then PANet: down from coarse to fine, and up again."""

    def __init__(self, of: Architecture) -> None:
        super().__init__()
        fine, middle, coarse = (of.channels(each) for each in (256, 512, 1024))
        half = coarse // 2
        pooled = half // 2
        self.pool = SPCP(coarse, fitting_groups(pooled // 4, half), of.has_spc)
        self.to_middle = ConvNorm(half, middle // 2, 1, mish=False)
        self.from_middle = ConvNorm(middle, middle // 2, 1, mish=False)
        self.middle = _five(2 * (middle // 2), middle // 2)
        self.to_fine = ConvNorm(middle // 2, fine // 2, 1, mish=False)
        self.from_fine = ConvNorm(fine, fine // 2, 1, mish=False)
        self.fine = _five(2 * (fine // 2), fine // 2)
        self.down_middle = ConvNorm(fine // 2, middle // 2, 3, 2, mish=False)
        self.up_middle = _five(2 * (middle // 2), middle // 2)
        self.down_coarse = ConvNorm(middle // 2, half, 3, 2, mish=False)
        self.up_coarse = _five(2 * half, half)
        self.widths = (fine // 2, middle // 2, half)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return maps of 128, 256, 512 channels (times width) at strides 8, 16, 32."""
        fine, middle, coarse = maps
        pooled = self.pool(coarse)
        between = self.middle(torch.cat([self.from_middle(middle), _twice(self.to_middle(pooled))], 1))
        first = self.fine(torch.cat([self.from_fine(fine), _twice(self.to_fine(between))], 1))
        second = self.up_middle(torch.cat([self.down_middle(first), between], 1))
        third = self.up_coarse(torch.cat([self.down_coarse(second), pooled], 1))
        return [first, second, third]


def _twice(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2.0, mode="nearest")


class PsaYolo(nn.Module):
    """Pictures (n, 3, s, s) at 0..1 -> raw numbers (n, 3, s/stride, s/stride, 5 + classes) at each stride.

    A cell's numbers are x, y, width, height (of an anchor), objectness, classes: see `decoding`.
    """

    def __init__(self, of: Architecture) -> None:
        super().__init__()
        self.architecture = of
        self.backbone = Backbone(of)
        self.neck = Neck(of)
        outputs = PER_CELL * (5 + of.classes)
        self.heads = nn.ModuleList(
            nn.Sequential(ConvNorm(width, 2 * width, 3, mish=False), nn.Conv2d(2 * width, outputs, 1))
            for width in self.neck.widths
        )
        for head in self.heads:
            last = head[1]  # type: ignore[index]
            with torch.no_grad():
                last.bias.reshape(PER_CELL, -1)[:, 4] = SURE_OF_NOTHING

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the heads' numbers; raises DetectionError for a side that is no multiple of 32."""
        if pictures.shape[-1] % STRIDES[-1] or pictures.shape[-2] % STRIDES[-1]:
            raise DetectionError(
                f"a picture of {pictures.shape[-1]} x {pictures.shape[-2]} cannot be looked at: sides must "
                f"be multiples of {STRIDES[-1]}."
            )
        maps = self.neck(self.backbone(pictures))
        made = []
        for head, each in zip(self.heads, maps, strict=True):
            raw = head(each)
            n, _, height, width = raw.shape
            made.append(raw.reshape(n, PER_CELL, -1, height, width).permute(0, 1, 3, 4, 2))
        return made
