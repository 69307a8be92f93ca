"""Trials of a session as averages need them: category and the moment the stimulus really came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrialOnset:
    """One trial; `onset_s` is the measured onset of its stimulus, NaN where none was measured."""

    index: int
    category: str
    stimulus: str
    onset_s: float
    is_practice: bool


def onsets_of(trials: Mapping[str, NDArray[Any]]) -> tuple[TrialOnset, ...]:
    """Return the trials of a session's table (`Session.trials`) in the order of time."""
    count = len(trials.get("index", ()))
    found = [
        TrialOnset(
            int(trials["index"][row]),
            str(trials["category"][row]),
            str(trials["stimulus"][row]),
            float(trials["actual_onset_s"][row]),
            bool(trials["practice"][row]),
        )
        for row in range(count)
    ]
    order = np.argsort(np.asarray(trials.get("started_s", np.zeros(0))), kind="stable")
    return tuple(found[row] for row in order.tolist())
