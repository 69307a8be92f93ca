"""A decomposition as plain arrays and back, bit for bit: to be kept and read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.decomposition.settings import Decomposition, Settings

VERSION = 1
"""Raise it when the same signal and settings give other modes: what was kept before is another one then."""


def to_arrays(found: Decomposition) -> dict[str, NDArray[Any]]:
    """Return everything but the settings: modes (k, n), residue (n,), masks (k,) or (0,), and words."""
    return {
        "modes": found.modes,
        "residue": found.residue,
        "rate_hz": np.array(found.rate_hz),
        "ended": np.array(found.ended),
        "mask_hz": np.array(found.mask_hz, np.float64),
        "mask_amplitude": np.array(found.mask_amplitude, np.float64),
    }


def from_arrays(arrays: Mapping[str, NDArray[Any]], settings: Settings) -> Decomposition:
    """Return what `to_arrays` was given; `settings` are those it was made with."""
    return Decomposition(
        arrays["modes"],
        arrays["residue"],
        float(arrays["rate_hz"]),
        settings,
        str(arrays["ended"]),
        tuple(arrays["mask_hz"].tolist()),
        tuple(arrays["mask_amplitude"].tolist()),
    )
