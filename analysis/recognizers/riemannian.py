"""Riemannian classifier for EEG: covariances of the channels, tangent space at their mean, regression."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, CaseSpec, Input, InputSpec
from analysis.recognizers.baseline_cards import BALANCED
from analysis.recognizers.baselines import LogisticRegression
from analysis.recognizers.covariances import covariance, riemannian_mean, tangent_vectors
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError, Setting
from analysis.recognizers.weights import load_arrays, save_arrays

Floats64 = NDArray[np.float64]

FILE = "means"

RIEMANNIAN_CARD = Card(
    name="riemannian",
    title="Riemannian tangent space and logistic regression",
    source="Barachant et al., Multiclass Brain-Computer Interface Classification by Riemannian Geometry, "
    "IEEE Trans. Biomedical Engineering 59 (2012)",
    task=("classes",),
    about="How the channels of a case vary together, as a covariance matrix; the matrices are seen from "
    "their mean over the training cases, where they are plain vectors, and a logistic regression decides.",
    cases=CaseSpec(),
    inputs=(InputSpec("eeg", "eeg", "eeg.raw", {"rate_hz": 128.0, "low_hz": 4.0, "high_hz": 45.0}),),
    steps=("impute",),
    settings=(
        Setting("c", 0.01, "inverse of the regression's regularisation", 1e-5, 1e1, "log10"),
        Setting(
            "mean",
            "affine-invariant",
            "mean and tangent space",
            choices=("affine-invariant", "log-Euclidean"),
        ),
        Setting("shrinkage", -1.0, "of each covariance, 0 to 1; below 0: as Ledoit and Wolf estimate it"),
        BALANCED,
    ),
    doubts=(
        "One covariance over the whole case and one band: what changes inside it is not seen.",
        "Samples are filtered over the whole recording before cases are cut.",
    ),
    missing_inputs=True,
)


class Riemannian(LogisticRegression):
    """Works on every input with two channels or more and more samples than channels."""

    card: ClassVar[Card] = RIEMANNIAN_CARD
    _means: dict[str, Floats64]

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Take the mean of the training covariances, then fit the regression in its tangent space."""
        context.fitted("mean covariance", train.cases.id)
        self._means = {}
        for name, each in train.inputs.items():
            found, here = self._covariances(each)
            if here.any():
                self._means[name] = riemannian_mean(found[here], self.settings["mean"])
        if not self._means:
            raise RecognizerError(
                f"{self.card.name} needs the samples of two channels or more (feature eeg.raw); none of the "
                "inputs has them."
            )
        context.check()
        super().fit(self._tangent(train), None, context)

    def predict_proba(self, batch: Batch) -> Floats64:
        """Return (n, classes)."""
        return super().predict_proba(self._tangent(batch))

    def explain(self, batch: Batch) -> Explanation:
        """Return what each input adds to the decision value."""
        return super().explain(self._tangent(batch))

    def save(self, folder: Path) -> None:
        """Write the means and the regression."""
        super().save(folder)
        save_arrays(folder, FILE, self._means)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        made = super().load(folder)
        made._means, _ = load_arrays(folder, FILE)
        return made

    def _covariances(self, each: Input) -> tuple[Floats64, NDArray[np.bool_]]:
        """Return covariances (n, c, c) and which cases have one."""
        n, steps = each.values.shape[:2]
        values = each.values.reshape(n, steps, -1)
        channels = values.shape[2]
        here = each.present & (each.lengths > channels)
        found = np.tile(np.eye(channels), (n, 1, 1))
        if channels < 2:
            return found, np.zeros(n, bool)
        shrinkage = float(self.settings["shrinkage"])
        for row in np.flatnonzero(here):
            samples = values[row, : each.lengths[row]].astype(np.float64)
            samples = samples[np.isfinite(samples).all(axis=1)]
            here[row] = len(samples) > channels
            if here[row]:
                found[row] = covariance(samples, None if shrinkage < 0 else shrinkage)
        return found, here

    def _tangent(self, batch: Batch) -> Batch:
        made = {}
        for name, mean in getattr(self, "_means", {}).items():
            each = batch.inputs.get(name)
            if each is None:
                continue
            found, here = self._covariances(each)
            if found.shape[1:] != mean.shape:
                raise RecognizerError(
                    f"input '{name}' has {found.shape[1]} channels; {len(mean)} were learnt from."
                )
            seen = tangent_vectors(found, mean, self.settings["mean"])
            values = np.where(here[:, None], seen, 0.0).astype(np.float32)[:, None]
            made[name] = Input(values, here.astype(np.intp), here)
        return replace(batch, inputs=made)
