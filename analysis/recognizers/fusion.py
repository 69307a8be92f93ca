"""Fusion at decision level (Yang et al.): a classifier a modality, whose probabilities are put together.

Sum: add the probabilities of each class. Max: take the highest one of each class. Regression: logistic
function of the weighted probabilities, the weights learnt from training cases that the classifiers had not
been trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.recognizers.attention_lstm import AttentionLSTM
from analysis.recognizers.attention_lstm_card import ATTENTION_LSTM_CARD, MODALITY_WORDS, SIZES
from analysis.recognizers.group_folds import group_folds
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError, Setting
from analysis.recognizers.shallow_models import linear_scores, softmax, two_or_more
from analysis.recognizers.weights import load_arrays, save_arrays

Floats64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
FusionKind = Literal["sum", "max", "regression"]

FILE = "fusion"


def modalities_of(inputs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the inputs of each modality as the paper groups them: physiology is BVP, EDA, temperature."""
    found: dict[str, tuple[str, ...]] = {}
    for name in inputs:
        modality = SIZES[name][0] if name in SIZES else name
        found[modality] = (*found.get(modality, ()), name)
    return found


def decision_fusion(
    kind: FusionKind,
    probas: Mapping[str, Floats64],
    present: Mapping[str, Bools] | None = None,
    weights: Mapping[str, NDArray[Any]] | None = None,
) -> Floats64:
    """Return (n, k) probabilities from those of single-modality classifiers, (n, k) each, by modality.

    A modality does not count for cases where `present` (n,) says that it is missing; a case without any
    gives 1/k for each class. "regression" needs `weights` of `fit_regression` with the same modalities in the
    same order. Raises RecognizerError where there is nothing to fuse.
    """
    if not probas:
        raise RecognizerError("there is no classifier whose decisions could be fused.")
    if kind == "regression":
        if weights is None:
            raise RecognizerError("fusion by regression needs weights learnt from training cases.")
        return softmax(two_or_more(linear_scores(weights, _columns(probas, present))))
    stacked = np.stack(list(probas.values()))
    here = np.ones(stacked.shape[:2], bool)
    if present is not None:
        here = np.stack([present[name] for name in probas])
    counted = np.where(here[:, :, None], stacked, 0.0)
    joined = counted.sum(axis=0) if kind == "sum" else counted.max(axis=0)
    joined[~here.any(axis=0)] = 1.0
    shares: Floats64 = joined / joined.sum(axis=1, keepdims=True)
    return shares


def fit_regression(
    probas: Mapping[str, Floats64], y: NDArray[np.int64], present: Mapping[str, Bools] | None = None
) -> dict[str, NDArray[Any]]:
    """Return the weights of the fusion by regression: `coef` (1 or k, columns) and `intercept`.

    `probas` must be of cases that none of the classifiers was trained on, all of them on the training side.
    Raises RecognizerError where a class has no case.
    """
    from sklearn.linear_model import LogisticRegression

    classes = next(iter(probas.values())).shape[1]
    if len(np.unique(y)) < classes:
        raise RecognizerError("fusion by regression: a class has no training case to learn weights from.")
    found = LogisticRegression(max_iter=5000).fit(_columns(probas, present), y)
    return {"coef": found.coef_, "intercept": found.intercept_}


def _columns(probas: Mapping[str, Floats64], present: Mapping[str, Bools] | None) -> Floats64:
    # Centred, so that a missing modality (0) says as much as one that cannot tell.
    parts = []
    for name, proba in probas.items():
        classes = proba.shape[1]
        centred = proba[:, 1:] - 0.5 if classes == 2 else proba - 1 / classes
        parts.append(centred if present is None else np.where(present[name][:, None], centred, 0.0))
    return np.hstack(parts)


def _card(kind: FusionKind, words: str) -> Card:
    folds = Setting("inner_folds", 3, "group-disjoint training folds that the weights are learnt from")
    return replace(
        ATTENTION_LSTM_CARD,
        name=f"attention-lstm-{kind}",
        title=f"Attention-LSTM, decisions fused by {words}",
        about="One attention-LSTM a modality, each trained alone; their probabilities are put together by "
        f"{words}. A modality that a case lacks does not count.",
        settings=(*ATTENTION_LSTM_CARD.settings, *((folds,) if kind == "regression" else ())),
        published=tuple(each for each in ATTENTION_LSTM_CARD.published if each.note.endswith(words)),
    )


class DecisionFusion:
    """An attention-LSTM a modality, fused by `kind`; subclasses name it."""

    card: ClassVar[Card]
    kind: ClassVar[FusionKind]

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._parts: dict[str, AttentionLSTM] = {}
        self._inputs: dict[str, tuple[str, ...]] = {}
        self._weights: dict[str, NDArray[Any]] = {}

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train the classifiers; for the regression also on each inner fold, to learn its weights."""
        if train.y is None or not train.classes:
            raise RecognizerError(f"{self.card.name} needs classes; this target gives numbers.")
        groups = modalities_of([name for name, each in train.inputs.items() if each.present.any()])
        self._inputs = groups
        folds = []
        if self.kind == "regression":
            names = train.cases.groups(context.groups)
            folds = group_folds(names, int(self.settings["inner_folds"]), context.seed)
            if not folds:
                raise RecognizerError(f"{self.card.name}: all training cases are of one group.")
        if folds:
            context.fitted("fusion weights", train.cases.id)
            # A modality that no case of an inner fold has says nothing of the cases outside of it.
            even = 1 / len(train.classes)
            unseen = {name: np.full((len(train), len(train.classes)), even) for name in groups}
            for number, (inside, outside) in enumerate(folds):
                told = _share(context, number, 1 + len(folds), f"inner fold {number + 1}: ")
                parts = self._trained(train.rows(inside), validation, told)
                for name, proba in self._probas(parts, train.rows(outside)).items():
                    unseen[name][outside] = proba
            self._weights = fit_regression(unseen, np.asarray(train.y, np.int64), self._present(train))
        self._parts = self._trained(train, validation, _share(context, len(folds), 1 + len(folds), ""))

    def _trained(self, train: Batch, validation: Batch | None, context: Context) -> dict[str, AttentionLSTM]:
        settings = {name: value for name, value in self.settings.items() if name != "inner_folds"}
        made = {}
        for number, (modality, names) in enumerate(self._inputs.items()):
            here = _any_present(train, names)
            if not here.any():
                continue
            part = AttentionLSTM(**settings)
            words = f"{MODALITY_WORDS.get(modality, modality)}: "
            told = _share(context, number, len(self._inputs), words)
            watched = None if validation is None else _with(validation, names)
            part.fit(train.rows(np.flatnonzero(here)).only(names), watched, told)
            made[modality] = part
        return made

    def _probas(self, parts: Mapping[str, AttentionLSTM], batch: Batch) -> dict[str, Floats64]:
        return {
            modality: part.predict_proba(
                batch.only([name for name in self._inputs[modality] if name in batch.inputs])
            )
            for modality, part in parts.items()
        }

    def _present(self, batch: Batch) -> dict[str, Bools]:
        return {modality: _any_present(batch, names) for modality, names in self._inputs.items()}

    def predict_proba(self, batch: Batch) -> Floats64:
        """Return (n, classes)."""
        parts = self._fitted()
        return decision_fusion(self.kind, self._probas(parts, batch), self._present(batch), self._weights)

    def explain(self, batch: Batch) -> Explanation:
        """Return the attention of each classifier."""
        weights: dict[str, NDArray[np.float32]] = {}
        about: dict[str, str] = {}
        for modality, part in self._fitted().items():
            names = [name for name in self._inputs[modality] if name in batch.inputs]
            found = part.explain(batch.only(names))
            weights |= found.weights
            about |= found.about
        return Explanation(weights, about)

    def save(self, folder: Path) -> None:
        """Write each classifier into a folder of its own, and the weights of the fusion."""
        for modality, part in self._fitted().items():
            part.save(folder / modality)
        facts = {
            "recognizer": self.card.name,
            "settings": dict(self.settings),
            "inputs": [[modality, *names] for modality, names in self._inputs.items()],
        }
        save_arrays(folder, FILE, self._weights, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        weights, facts = load_arrays(folder, FILE)
        if facts.get("recognizer") != cls.card.name:
            raise RecognizerError(f"{folder} holds a model of '{facts.get('recognizer')}'.")
        made = cls(**facts["settings"])
        made._weights = weights
        made._inputs = {modality: tuple(names) for modality, *names in facts["inputs"]}
        made._parts = {modality: AttentionLSTM.load(folder / modality) for modality in made._inputs}
        return made

    def _fitted(self) -> dict[str, AttentionLSTM]:
        if not self._parts:
            raise RecognizerError(f"{self.card.name} has not been fitted yet.")
        return self._parts


class SumFusion(DecisionFusion):
    """Probabilities added."""

    card: ClassVar[Card] = _card("sum", "sum")
    kind: ClassVar[FusionKind] = "sum"


class MaxFusion(DecisionFusion):
    """The highest probability of each class."""

    card: ClassVar[Card] = _card("max", "maximum")
    kind: ClassVar[FusionKind] = "max"


class RegressionFusion(DecisionFusion):
    """Logistic regression on the probabilities."""

    card: ClassVar[Card] = _card("regression", "logistic regression")
    kind: ClassVar[FusionKind] = "regression"


def _share(context: Context, place: int, parts: int, words: str) -> Context:
    """Return the context of one of several trainings whose epochs are counted through as one."""

    def tell(epoch: int, epochs: int, losses: Mapping[str, float]) -> None:
        named = {words + name: value for name, value in losses.items()}
        context.progress(place * epochs + epoch, parts * epochs, named)

    return replace(context, progress=tell)


def _any_present(batch: Batch, names: Sequence[str]) -> Bools:
    here = np.zeros(len(batch), bool)
    for name in names:
        if name in batch.inputs:
            here |= batch.inputs[name].present
    return here


def _with(batch: Batch, names: Sequence[str]) -> Batch:
    found = [name for name in names if name in batch.inputs]
    return batch.rows(np.flatnonzero(_any_present(batch, found))).only(found)
