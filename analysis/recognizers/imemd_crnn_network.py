"""The network of IMEMD-CRNN: four blocks of convolution, three bidirectional GRUs, three dense layers.

Spec 09, section 6. The widths stand in a figure that is lost; the shapes of the default are those proposed
there: 298 x 43 -> 149 x 21 -> 74 x 10 -> 74 x 5 -> 74 x 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

POOLS = ((2, 2), (2, 2), (1, 2), (1, 2))
"""Of each block, over time and over features."""


@dataclass(frozen=True, slots=True)
class CrnnSpec:
    """Sizes: `frames` x `columns` come in, `channels` filters in the first block, twice as many in each next.

    `gru` units a direction in each of `gru_layers`; `dense` units, half as many, then `classes`.
    """

    frames: int
    columns: int
    classes: int
    channels: int = 64
    gru: int = 128
    gru_layers: int = 3
    dense: int = 128
    dropout: float = 0.2
    dense_dropout: float = 0.3

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Steps and columns behind each block; an axis of 1 is pooled no further."""
        made, steps, columns = [], self.frames, self.columns
        for over_time, over_columns in POOLS:
            steps = steps // over_time if steps >= over_time else steps
            columns = columns // over_columns if columns >= over_columns else columns
            made.append((steps, columns))
        return tuple(made)


class Crnn(nn.Module):
    """Class logits (n, classes) of frames (n, frames, columns), which it brings to mean 0 and SD 1 first."""

    centre: Tensor
    spread: Tensor

    def __init__(self, spec: CrnnSpec) -> None:
        super().__init__()
        self.spec = spec
        self.register_buffer("centre", torch.zeros(spec.columns))
        self.register_buffer("spread", torch.ones(spec.columns))
        blocks, width, before = [], 1, (spec.frames, spec.columns)
        for place, after in enumerate(spec.shapes):
            wide = spec.channels * 2**place
            pool = tuple(2 if now != was else 1 for was, now in zip(before, after, strict=True))
            blocks.append(
                nn.Sequential(
                    nn.Conv2d(width, wide, 3, padding=1, bias=False),
                    nn.BatchNorm2d(wide),
                    nn.ReLU(),
                    nn.MaxPool2d((pool[0], pool[1])),
                )
            )
            width, before = wide, after
        self.blocks = nn.ModuleList(blocks)
        self.gru = nn.GRU(
            width * before[1],
            spec.gru,
            spec.gru_layers,
            batch_first=True,
            bidirectional=True,
            dropout=spec.dropout if spec.gru_layers > 1 else 0.0,
        )
        half = max(1, spec.dense // 2)
        self.head = nn.Sequential(
            nn.Linear(2 * spec.gru, spec.dense),
            nn.ReLU(),
            nn.Dropout(spec.dense_dropout),
            nn.Linear(spec.dense, half),
            nn.ReLU(),
            nn.Dropout(spec.dense_dropout),
            nn.Linear(half, spec.classes),
        )

    def maps(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Return what each block gives, (n, channels, steps, columns)."""
        made, now = [], ((frames - self.centre) / self.spread)[:, None]
        for block in self.blocks:
            now = block(now)
            made.append(now)
        return tuple(made)

    def forward(self, frames: Tensor) -> Tensor:
        """Return logits (n, classes)."""
        last = self.maps(frames)[-1]
        steps = last.permute(0, 2, 1, 3).flatten(2)
        heard: Tensor = self.gru(steps)[0].mean(dim=1)
        logits: Tensor = self.head(heard)
        return logits
