"""Level, silence and clipping of a microphone, block by block as it comes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOOR_DBFS = -120.0
FLOAT_FULL = 0.999


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of sound: its end, its samples, their summed power (full scale 1), and how many are cut off."""

    end_s: float
    count: int
    power: float
    clipped: int


@dataclass(frozen=True, slots=True)
class Loudness:
    """Level of a stretch of sound, of its loudest block, and the share of samples at full scale."""

    level_dbfs: float
    loudest_dbfs: float
    clipping: float


def measure(data: NDArray[Any], end_s: float) -> Block:
    """Look at samples (n, channels): integers as they are, floats with full scale 1."""
    if np.issubdtype(data.dtype, np.integer):
        full = float(np.iinfo(data.dtype).max)
        values = data.astype(np.float32) / full
        clipped = int(np.count_nonzero(np.abs(values) >= (full - 0.5) / full))
    else:
        values = data.astype(np.float32)
        clipped = int(np.count_nonzero(np.abs(values) >= FLOAT_FULL))
    return Block(end_s, values.size, float(np.square(values).sum(dtype=np.float64)), clipped)


def loudness(blocks: deque[Block]) -> Loudness | None:
    """Sum up blocks; None of none."""
    count = sum(block.count for block in blocks)
    if not count:
        return None
    loudest = max(block.power / block.count for block in blocks if block.count)
    return Loudness(
        _dbfs(sum(block.power for block in blocks) / count),
        _dbfs(loudest),
        sum(block.clipped for block in blocks) / count,
    )


def _dbfs(power: float) -> float:
    return round(10 * float(np.log10(max(power, 10 ** (FLOOR_DBFS / 10)))), 1)
