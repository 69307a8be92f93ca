"""A finished fold of a run with predictions and explanations of our own choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.evaluation.files import write_arrays, write_json
from analysis.evaluation.run_folder import Run
from analysis.evaluation.splits import Fold


def write_fold(run: Run, fold: Fold, proba: NDArray[np.float64], weights: Mapping[str, NDArray[Any]]) -> None:
    """Write a fold as a worker does: `proba` (n, k) of its test rows, `weights` as it would explain them."""
    explained = {f"explain.{name}": values for name, values in weights.items()}
    path = run.folder / "folds" / f"{fold.name}.npz"
    digest = write_arrays(path, {"rows": fold.test, "proba": proba, **explained})
    facts = {"fold": fold.name, "sha256": digest, "seconds": 1.0, "explain": {}, "guards": []}
    write_json(path.with_suffix(".json"), facts)
