"""How sure a live answer is: by the run's held-out predictions, never by the recognizer's own word alone.

Probabilities are calibrated by one temperature, fitted on the predictions that the run stored of cases it was
not trained on (Guo, Pleiss, Sun, Weinberger 2017, On Calibration of Modern Neural Networks, equation 9, on
the logarithm of the probabilities). The table of how often answers as sure as this one were right comes from
the same predictions. Numbers get the spread of the held-out errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.evaluation.run_folder import Predictions

Floats = NDArray[np.float64]
LEAST_CASES = 20
"""Fewer held-out cases than these tell nothing."""
LEAST_ALIKE = 10
EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0 + 1e-9)
TEMPERATURES = (0.05, 20.0)
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Judged:
    """`proba` calibrated (k,), or numbers as they are; `entropy` 0 (sure) to 1, NaN of numbers.

    `right` is the share of held-out cases as sure as this one whose class was right, None where too few are;
    `sd` (k,) the spread of held-out errors of numbers.
    """

    proba: Floats
    entropy: float
    right: float | None = None
    sd: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `cases` held-out predictions tell; without any (0) nothing is calibrated, and `words` says so.

    `why` says why predictions that there are tell nothing, "" where there are none or too few.
    """

    cases: int = 0
    temperature: float = 1.0
    right: tuple[float | None, ...] = ()
    sd: tuple[float, ...] = ()
    why: str = ""

    @property
    def words(self) -> str:
        """Where the uncertainty comes from."""
        if self.why:
            return f"not calibrated: {self.why}"
        if not self.cases:
            return f"not calibrated: fewer than {LEAST_CASES} held-out predictions of it are at hand"
        if self.sd:
            return f"± is the spread of its errors on {self.cases} held-out cases"
        return f"calibrated on {self.cases} held-out cases (temperature {self.temperature:.2f})"

    def judge(self, proba: Floats, is_classes: bool) -> Judged:
        """Return how sure an answer (k,) is."""
        if not is_classes:
            return Judged(proba, float("nan"), None, self.sd)
        fitted = tempered(proba[None], self.temperature)[0]
        entropy = float(-(fitted * np.log(np.maximum(fitted, _TINY))).sum() / np.log(len(fitted)))
        right = self.right[_bin(float(fitted.max()))] if self.right else None
        return Judged(fitted, min(1.0, max(0.0, entropy)), right)


def calibration_of(predictions: Predictions | None) -> Calibration:
    """Return what a run's held-out predictions tell of how sure its recognizer may be."""
    if predictions is None or len(predictions) < LEAST_CASES:
        return Calibration()
    if not predictions.classes:
        errors = predictions.proba - predictions.y.reshape(predictions.proba.shape)
        return Calibration(len(predictions), sd=tuple(np.nanstd(errors, axis=0).tolist()))
    temperature = fitted_temperature(predictions.proba, predictions.y)
    fitted = tempered(predictions.proba, temperature)
    sure = fitted.max(axis=1)
    is_right = fitted.argmax(axis=1) == predictions.y
    places = np.array([_bin(float(each)) for each in sure])
    right = tuple(
        float(is_right[places == place].mean()) if (places == place).sum() >= LEAST_ALIKE else None
        for place in range(len(EDGES) - 1)
    )
    return Calibration(len(predictions), temperature, right)


def tempered(proba: Floats, temperature: float) -> Floats:
    """Return probabilities (n, k) at a temperature: softmax(log p / T)."""
    if temperature == 1.0:
        return np.asarray(proba, np.float64)
    logits = np.log(np.maximum(proba, _TINY)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def fitted_temperature(proba: Floats, y: NDArray[np.int64]) -> float:
    """Return the temperature with the least mean log loss."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        told = tempered(proba, float(np.exp(log_temperature)))[np.arange(len(y)), y]
        return float(-np.log(np.maximum(told, _TINY)).mean())

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded")
    return float(np.exp(found.x))


def _bin(sure: float) -> int:
    return int(np.clip(np.searchsorted(EDGES, sure, "right") - 1, 0, len(EDGES) - 2))
