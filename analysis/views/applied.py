"""What a kept recognizer said of a recording, as curves over time: files under derivatives/applied.

derivatives/applied/MODEL/RECORDING.npz    `start_s`, `stop_s`, `trial` (n,), `values` (n, k)
derivatives/applied/MODEL/RECORDING.json   written last: `names` (k), model, when, SHA-256 of both
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.views.curves import Curve

APPLIED = Path("derivatives") / "applied"
FORMAT = "evoke-applied"
DEPTH = 4
"""A session lies so many folders deep in its study, at most."""


class AppliedError(Exception):
    """What a recognizer said cannot be read; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class AppliedFile:
    """Output of one model for one recording: `values` (n, k) of cases from `start_s` to `stop_s` (n,).

    Times are on the recording's corrected clock. `names` are classes (values are probabilities), or the
    numbers that are predicted.
    """

    model: str
    start_s: NDArray[np.float64]
    stop_s: NDArray[np.float64]
    trial: NDArray[np.int64]
    values: NDArray[np.float64]
    names: tuple[str, ...]
    is_classes: bool
    facts: Mapping[str, Any]

    def curves(self) -> tuple[Curve, ...]:
        """Return a curve for each name: level over its case, or a line through the middles of windows."""
        order = np.argsort(self.start_s, kind="stable")
        start, stop, values = self.start_s[order], self.stop_s[order], self.values[order]
        unit = "probability" if self.is_classes else ""
        note = "" if not self.facts.get("trained_on") else "the model was trained on this recording"
        found = []
        overlaps = len(start) > 1 and bool((start[1:] < stop[:-1] - 1e-6).any())
        for column, name in enumerate(self.names):
            if overlaps:
                middles = (start + stop) / 2
                gaps = np.flatnonzero(np.diff(self.trial[order]) != 0) + 1
                times = np.insert(middles, gaps, middles[gaps])
                line = np.insert(values[:, column], gaps, np.nan)
            else:
                times = np.column_stack([start, stop, stop]).ravel()
                line = np.column_stack([values[:, column]] * 2 + [np.full(len(start), np.nan)]).ravel()
                times = np.maximum.accumulate(times)
            found.append(Curve(name, unit, times, line, note=note))
        return tuple(found)


def applied_to(recording: Path) -> dict[str, Path]:
    """Return the files of models that were applied to a recording, by the model's code."""
    for study in list(recording.parents)[:DEPTH]:
        folder = study / APPLIED
        if folder.is_dir():
            found = sorted(folder.glob(f"*/{recording.stem}.json"))
            return {path.parent.name: path for path in found if path.with_suffix(".npz").is_file()}
    return {}


def names_in(path: Path) -> tuple[str, ...]:
    """Return the names of a file's curves, () where it cannot be read."""
    try:
        return tuple(str(name) for name in _facts(path)["names"])
    except (AppliedError, KeyError, TypeError):
        return ()


def read_applied(path: Path) -> AppliedFile:
    """Read what was said of a recording; nothing in it is run. Raises AppliedError."""
    facts = _facts(path)
    try:
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            start, stop = np.asarray(arrays["start_s"], np.float64), np.asarray(arrays["stop_s"], np.float64)
            values, trial = np.asarray(arrays["values"], np.float64), np.asarray(arrays["trial"], np.int64)
        names = tuple(str(name) for name in facts["names"])
        if (
            values.shape != (len(start), len(names))
            or stop.shape != start.shape
            or trial.shape != start.shape
        ):
            raise ValueError(f"{values.shape} values for {len(start)} cases and {len(names)} names")
        return AppliedFile(
            str(facts["model"]), start, stop, trial, values, names, bool(facts["is_classes"]), facts
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AppliedError(f"{path}: cannot be read ({error}). Apply the recognizer again.") from error


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise ValueError(f"format {facts['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AppliedError(f"{path}: cannot be read ({error}). Apply the recognizer again.") from error
    return facts
