"""How far what is known live is from what was known in training: one recording, computed both ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import make_batch
from analysis.corpus.cases import Input
from analysis.corpus.corpus import Corpus, Recording, Span
from analysis.evaluation.trained import Trained
from analysis.features.store import Store
from analysis.live.plan import LivePlan, offline_twin
from analysis.live.replaying import whole_trial

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far an input (or the answer: `name` "answer") is apart: median and largest over cases and columns.

    Inputs are in standard deviations of the whole recording's values, answers in probabilities or numbers.
    `lost` is the share of values that are known afterwards only.
    """

    name: str
    feature: str
    median: float
    largest: float
    lost: float


def differences(
    trained: Trained,
    plan: LivePlan,
    recording: Recording,
    span: Span,
    store: Store,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Difference, ...]:
    """Return what differs in one recording between the whole of it being known and running live.

    Raises CorpusError, FeatureError, TrainedError, CancelledError.
    """
    trial = whole_trial(recording, span)
    corpus = Corpus(recording.id, (recording,), (trial,))
    twin = offline_twin(trained, plan)
    whole = make_batch(corpus, [trial], plan.cases, trained.inputs, store, cancelled=cancelled)
    live = make_batch(corpus, [trial], plan.cases, twin.inputs, store, cancelled=cancelled)
    found = []
    for spec in trained.inputs:
        one, other = whole.batch.inputs.get(spec.name), live.batch.inputs.get(spec.name)
        if one is not None and other is not None and one.values.shape == other.values.shape:
            found.append(_apart(spec.name, spec.feature, _values(one), _values(other), _spread(one)))
    if len(whole.batch) == len(live.batch):
        said, said_live = trained.probabilities(whole.batch), twin.probabilities(live.batch)
        found.append(_apart("answer", trained.card.name, said, said_live, np.ones(said.shape[1])))
    return tuple(found)


def _values(each: Input) -> Floats:
    values = np.asarray(each.values.reshape(-1, each.values.shape[-1]), np.float64)
    inside = (each.inside & each.present[:, None]).reshape(-1)
    values = values.reshape(len(inside), -1)
    values[~inside] = np.nan
    return values


def _spread(each: Input) -> Floats:
    values = _values(each)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    variance = np.where(known, np.square(values - mean), 0.0).sum(axis=0) / count
    return np.where(variance > 0, np.sqrt(variance), 1.0)


def _apart(name: str, feature: str, one: Floats, other: Floats, spread: Floats) -> Difference:
    known, both = np.isfinite(one), np.isfinite(one) & np.isfinite(other)
    apart = (np.abs(one - other) / spread)[both]
    lost = 1 - both.sum() / max(1, known.sum())
    if not len(apart):
        return Difference(name, feature, float("nan"), float("nan"), float(lost))
    return Difference(name, feature, float(np.median(apart)), float(apart.max()), float(lost))
