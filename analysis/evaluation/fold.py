"""One fold: prepare, fit, predict, and be looked at by the guards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Rows
from analysis.evaluation.guards import (
    GuardLine,
    LeakError,
    blinded,
    check_blind,
    check_inputs,
    check_ledger,
)
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.splits import Fold
from analysis.evaluation.steps import Steps, prepare
from analysis.recognizers.recognizer import Context, Explanation, Recognizer, RecognizerError
from analysis.recognizers.table import make

Maker = Callable[[str, Mapping[str, Any] | None], Recognizer]
_SUM_TOLERANCE = 1e-4
TRAINED = "trained."
LEARNS_UNLABELLED = "learns from the tested side's cases without their answers"


@dataclass(frozen=True, slots=True)
class Training:
    """What a fold is trained with: recognizer, settings, steps, and the groups not to be torn apart."""

    recognizer: str
    settings: Mapping[str, Any]
    steps: tuple[str, ...]
    groups: tuple[str, ...]
    seed: int
    maker: Maker = make


@dataclass(frozen=True, slots=True)
class Fitted:
    """A recognizer with its steps, and what it was fitted on."""

    recognizer: Recognizer
    steps: Steps
    prepared: Batch
    ledger: Ledger
    losses: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class FoldOutcome:
    """Predictions of a test side (n, k), why, and what must be told of them."""

    proba: NDArray[np.float64]
    explanation: Explanation
    ledger: Ledger
    guards: tuple[GuardLine, ...]
    told: tuple[str, ...]
    losses: tuple[Mapping[str, Any], ...] = field(default=())
    masked: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    planes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Where tested cases lie on a recognizer's planes, (n, 2) by name; "trained.NAME": those trained on."""


def seed_of(seed: int, name: str) -> int:
    """Return the seed of a fold (or a part of it): from the experiment's seed and the fold's name."""
    return int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:4], "little") >> 1


def evaluate_fold(
    batch: Batch,
    fold: Fold,
    training: Training,
    context: Context,
    *,
    ledger: Ledger | None = None,
    explain: bool = True,
    masks: Mapping[str, Sequence[str]] | None = None,
) -> FoldOutcome:
    """Train on a fold's training side and predict its test side.

    `masks` names what is also predicted, with these inputs taken away from the test side. Raises LeakError,
    RecognizerError, StepError, CancelledError.
    """
    fitted = fit_on(batch, fold.train, fold.validation, training, context, ledger, fold.name, fold.test)
    test = blinded(fitted.prepared.rows(fold.test))
    check_blind(test, fold.name)
    proba = predict(fitted.recognizer, test, batch)
    explanation = fitted.recognizer.explain(test) if explain else Explanation()
    guards = check_ledger(fitted.ledger, fold.name)
    for line in guards:
        if line.state == "stopped":
            raise LeakError(line)
    told = tuple(fitted.steps.told)
    if fitted.recognizer.card.transductive:
        told = (f"Transductive: {fitted.recognizer.card.title} {LEARNS_UNLABELLED}.", *told)
    masked = {
        name: predict(fitted.recognizer, test.missing(gone), batch) for name, gone in (masks or {}).items()
    }
    planes = _planes(fitted, test, fold.train) if explain else {}
    return FoldOutcome(proba, explanation, fitted.ledger, guards, told, fitted.losses, masked, planes)


def _planes(fitted: Fitted, test: Batch, train: Rows) -> dict[str, NDArray[np.float64]]:
    """Return where both sides lie on the planes of a recognizer that has such."""
    look = getattr(fitted.recognizer, "planes", None)
    if look is None:
        return {}
    side = look(blinded(fitted.prepared.rows(train)))
    return {**look(test), **{f"{TRAINED}{name}": values for name, values in side.items()}}


def fit_on(
    batch: Batch,
    train: Rows,
    validation: Rows,
    training: Training,
    context: Context,
    ledger: Ledger | None = None,
    name: str = "",
    unlabelled: Rows | None = None,
) -> Fitted:
    """Fit steps and recognizer on rows of a batch; every row of it is prepared.

    `unlabelled` are the rows that will be tested: a recognizer whose card says `transductive` gets them
    without answers and without anything that says what was shown, and the ledger is told.
    """
    if ledger is None:
        ledger = Ledger.of(batch.cases.id[train], batch.cases.id[validation])
    steps, prepared = prepare(training.steps, batch, train, ledger)
    side = prepared.rows(train)
    held = prepared.rows(validation) if len(validation) else None
    for part in (side, held):
        if part is not None:
            check_inputs(part, name)
    recognizer = training.maker(training.recognizer, training.settings)
    single_threaded()
    losses: list[Mapping[str, Any]] = []

    def heard(epoch: int, epochs: int, values: Mapping[str, float]) -> None:
        losses.append({"epoch": epoch, "losses": {key: float(value) for key, value in values.items()}})
        context.progress(epoch, epochs, values)

    told = Context(
        seed=training.seed,
        cancelled=context.cancelled,
        progress=heard,
        fitted=ledger.fitted,
        groups=training.groups,
        unlabelled=_given(recognizer, prepared, unlabelled, ledger, name),
    )
    told.check()
    recognizer.fit(side, held, told)
    return Fitted(recognizer, steps, prepared, ledger, tuple(losses))


def _given(
    recognizer: Recognizer, prepared: Batch, rows: Rows | None, ledger: Ledger, name: str
) -> Batch | None:
    if rows is None or not len(rows) or not recognizer.card.transductive:
        return None
    blind = blinded(prepared.rows(rows))
    check_blind(blind, name)
    check_inputs(blind, name)
    ledger.looked(f"{recognizer.card.name} (adaptation)", prepared.cases.id[rows])
    return blind


def predict(recognizer: Recognizer, blind: Batch, like: Batch) -> NDArray[np.float64]:
    """Return predictions of a blinded batch, checked: (n, classes) probabilities or (n, k) numbers."""
    check_inputs(blind)
    proba = np.asarray(recognizer.predict_proba(blind), np.float64)
    width = len(like.classes) or max(1, len(like.outputs))
    if proba.shape != (len(blind), width):
        raise RecognizerError(
            f"{recognizer.card.name} gave predictions of shape {proba.shape} for {len(blind)} cases and"
            f" {width} classes or numbers."
        )
    if not np.isfinite(proba).all():
        raise RecognizerError(
            f"{recognizer.card.name} gave {int((~np.isfinite(proba)).any(axis=1).sum())} predictions that are"
            " no numbers. Lower its learning rate, or look for extreme inputs."
        )
    if like.classes and (np.abs(proba.sum(axis=1) - 1) > _SUM_TOLERANCE).any():
        raise RecognizerError(f"{recognizer.card.name} gave probabilities that do not add up to 1.")
    return proba


def single_threaded() -> None:
    """Keep torch, where it is loaded, from starting threads of its own: folds are what runs side by side."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
