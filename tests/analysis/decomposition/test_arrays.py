"""A decomposition kept as arrays is the same, bit for bit."""

from __future__ import annotations

import io

import numpy as np
import pytest

from analysis.decomposition.arrays import from_arrays, to_arrays
from analysis.decomposition.decompose import decompose
from analysis.decomposition.settings import Method, Settings


@pytest.mark.parametrize("method", ["emd", "imemd"])
def test_there_and_back(method: Method) -> None:
    at = np.arange(200) / 100
    settings = Settings(method, n_phases=2, sifts=3)
    found = decompose(np.sin(2 * np.pi * 3 * at) + 0.3 * np.sin(2 * np.pi * 11 * at), 100.0, settings)
    file = io.BytesIO()
    np.savez(file, **to_arrays(found))  # type: ignore[arg-type]
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = from_arrays(dict(arrays), settings)
    np.testing.assert_array_equal(again.modes, found.modes)
    np.testing.assert_array_equal(again.residue, found.residue)
    for name in ("rate_hz", "settings", "ended", "mask_hz", "mask_amplitude"):
        assert getattr(again, name) == getattr(found, name)
