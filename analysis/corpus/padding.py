"""From a feature's steps in many recordings to one padded input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Input, InputSpec, Looked
from analysis.features.feature import Steps
from analysis.features.reach import FILTERED_S, Reach

_EVEN = 1e-3


@dataclass(frozen=True, slots=True)
class Cut:
    """A feature of the spans of one recording, and which case (m,) each span belongs to.

    `looked` (m, 2) is what each was computed of, in seconds; None where that is not known. `reach` says what
    else went in.
    """

    steps: Steps
    owners: NDArray[np.intp]
    looked: NDArray[np.float64] | None = None
    reach: Reach = field(default_factory=Reach)


def padded(spec: InputSpec, cuts: Sequence[Cut], cases: int) -> tuple[Input | None, list[str]]:
    """Return an input of all cases, and what must be said; None where no number could be computed.

    Recordings whose columns are not those of most recordings are brought into their order, or left out where
    they lack one. A case is present where one of its numbers could be computed.
    """
    known = [cut for cut in cuts if len(cut.steps.values)]
    if not known:
        return None, []
    votes = Counter(cut.steps.names for cut in known)
    names = votes.most_common(1)[0][0]
    told: list[str] = []
    places: dict[int, list[NDArray[np.float32]]] = {}
    rate = _rate_hz(spec, known)
    others = 0
    for cut in known:
        order = _order(cut.steps, names, known[0].steps.values.shape[1:])
        if order is None:
            others += 1
            continue
        values = cut.steps.values[:, order]
        for span, owner in enumerate(cut.owners):
            piece = values[cut.steps.first[span] : cut.steps.first[span + 1]]
            if len(piece):
                places.setdefault(int(owner), []).append(piece)
    if others:
        told.append(f"{spec.name}: {others} recordings have other channels, and go without it")
    longest = max((sum(map(len, pieces)) for pieces in places.values()), default=0)
    if not longest:
        return None, told
    shape = next(iter(places.values()))[0].shape[1:]
    made = np.zeros((cases, longest, *shape), np.float32)
    lengths = np.zeros(cases, np.intp)
    for owner, pieces in places.items():
        whole = np.concatenate(pieces)
        if np.isfinite(whole).any():
            made[owner, : len(whole)] = whole
            lengths[owner] = len(whole)
    present = lengths > 0
    if not present.any():
        return None, [*told, f"{spec.name}: nothing could be computed of {spec.modality}; left out"]
    return Input(made, lengths, present, names, rate, _looked(known, present)), told


def _looked(cuts: Sequence[Cut], present: NDArray[np.bool_]) -> Looked:
    """Return from when to when anything was read for each case that has the input."""
    spans = np.full((len(present), 2), np.nan)
    for cut in cuts:
        if cut.looked is not None:
            np.fmin.at(spans[:, 0], cut.owners, cut.looked[:, 0])
            np.fmax.at(spans[:, 1], cut.owners, cut.looked[:, 1])
    spans[~present] = np.nan
    reach = cuts[0].reach
    return Looked(spans, FILTERED_S if reach.is_filtered else 0.0, reach.whole)


def _order(steps: Steps, names: tuple[str, ...], shape: tuple[int, ...]) -> list[int] | None:
    if steps.names == names:
        return list(range(steps.values.shape[1])) if names or steps.values.shape[1:] == shape else None
    if not set(names) <= set(steps.names):
        return None
    return [steps.names.index(name) for name in names]


def _rate_hz(spec: InputSpec, cuts: Sequence[Cut]) -> float:
    """Return how many steps there are a second, 0 where they are not evenly spaced."""
    if spec.window_s > 0:
        return 1 / (spec.hop_s or spec.window_s)
    for cut in cuts:
        sizes = np.diff(cut.steps.first)
        if sizes.max(initial=0) > 2:
            span = int(sizes.argmax())
            gaps = np.diff(cut.steps.times_s[cut.steps.first[span] : cut.steps.first[span + 1]])
            middle = float(np.median(gaps))
            if middle > 0 and np.ptp(gaps) <= _EVEN * middle + 1e-9:
                return 1 / middle
            return 0.0
    return 0.0
