"""Decisions step by step, beside the vote of a clip (Tang et al.): of recognizers that explain with `STEPS`.

Source: Tang, Liu, Zheng, Lu, "Multimodal Emotion Recognition Using Deep Neural Networks", whose figures are
shares of steps, a mean over experiments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.outcome import Outcome, Sums
from analysis.evaluation.intervals import told_of
from analysis.evaluation.run_folder import Run
from analysis.recognizers.paired_steps import STEPS, right_steps
from analysis.recognizers.recognizer import decide

Counts = NDArray[np.float64]


def steps_of(run: Run, cancelled: Callable[[], bool] = lambda: False) -> dict[str, Any] | None:
    """Return the accuracy of single steps with its interval, beside the clips' vote; None without steps.

    `accuracy` and `vote` {value, n, reason, interval}, `folds` [{fold, steps, accuracy, cases, vote}], and
    over the folds `mean` and `sd` (n - 1; None of fewer than two) of the steps' accuracy. JSON-ready; raises
    RunError, CancelledError.
    """
    if not run.classes:
        return None
    counted: list[Counts] = []
    people: list[str] = []
    folds: list[dict[str, Any]] = []
    for status in run.folds:
        if status.state != "finished":
            continue
        arrays = run.fold_arrays(status.name)
        if f"explain.{STEPS}" not in arrays:
            return None
        rows = arrays["rows"].astype(np.intp)
        right, steps = right_steps(arrays[f"explain.{STEPS}"], run.y[rows])
        voted = decide(arrays["proba"]) == run.y[rows]
        counted.append(np.column_stack([right, steps, voted, np.ones(len(rows))]).astype(np.float64))
        people += run.cases.participant[rows].tolist()
        folds.append(
            {
                "fold": status.name,
                "steps": int(steps.sum()),
                "accuracy": _share(right.sum(), steps.sum()),
                "cases": len(rows),
                "vote": _share(voted.sum(), len(rows)),
            }
        )
    if not counted:
        return None
    every, seed = np.concatenate(counted), run.experiment.seed
    known = [each["accuracy"] for each in folds if each["accuracy"] is not None]
    return {
        "accuracy": told_of(_ratio(every[:, 0], every[:, 1]), people, seed, cancelled),
        "vote": told_of(_ratio(every[:, 2], every[:, 3]), people, seed, cancelled),
        "folds": folds,
        "mean": float(np.mean(known)) if known else None,
        "sd": float(np.std(known, ddof=1)) if len(known) > 1 else None,
    }


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _ratio(part: Counts, whole: Counts) -> Sums:
    def finish(total: Counts) -> Outcome:
        value = _share(total[1], total[2])
        return Outcome(value, round(float(total[2])), "" if value is not None else "no case has a step")

    return Sums(np.column_stack([whole > 0, part, whole]), finish)
