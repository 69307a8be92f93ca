"""Signal that both sides of a fold look at: the cases' own spans, and what their inputs read beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Cases, Rows
from analysis.evaluation.splits import Fold
from analysis.evaluation.steps import mixes_cases

Spans = NDArray[np.float64]
REMEDY = "Take --split loso or participants, or inputs that do not look beyond their cases"
_TOUCH_S = 1e-6
_LEAST_S = 1e-3
"""An input that looks less far beyond its case is not named: windows are rounded to samples."""


class Sharing:
    """What the folds of a batch share. `purge_s` seconds must lie between both sides; `steps` prepare it."""

    def __init__(self, batch: Batch, purge_s: float = 0.0, steps: Sequence[str] = ()) -> None:
        self._cases = batch.cases
        self._purge_s = purge_s
        self._own = np.stack([batch.cases.start_s, batch.cases.stop_s], axis=1)
        self._looked = looked_at(batch)
        self._filtered = looked_at(batch, with_filters=True)
        self._beyond = _beyond(batch, self._own)
        self._mixing = mixes_cases(steps)
        self._smeared = [
            name for name, each in batch.inputs.items() if each.looked is not None and each.looked.filtered_s
        ]

    def of(self, fold: Fold) -> Iterator[tuple[bool, str]]:
        """Yield, in words, what both sides of a fold share; False where it must only be told."""
        side = np.concatenate([fold.train, fold.validation])
        both = np.intersect1d(self._cases.recording[side], self._cases.recording[fold.test])
        if not len(both):
            return
        if self._mixing:
            words = (
                f"{' and '.join(self._mixing)} mixes neighbours in time, and {len(both)} recordings are in"
            )
            yield True, f"{words} both sides. Take --split loso or participants, or leave the step out"
        own = touching(self._cases, self._own, side, fold.test, self._purge_s)
        looked = touching(self._cases, self._looked, side, fold.test, self._purge_s)
        if own:
            words = f"{own} test cases share time with training cases of the same recording"
            yield True, words + (f", {self._purge_s:g} s around them counted" if self._purge_s else "")
        if looked > own:
            words = f"{looked} test cases share signal with training cases of the same recording"
            yield True, f"{words}, since {', '.join(self._beyond)}. {REMEDY}"
        if not looked:
            near = touching(self._cases, self._filtered, side, fold.test, self._purge_s)
            if near:
                words = f"{near} test cases lie seconds away from training cases of the same recording, and"
                yield False, f"{words} filters of {', '.join(self._smeared)} carry some signal across"


def looked_at(batch: Batch, with_filters: bool = False) -> Spans:
    """Return from when to when each case's inputs look, its own span counted, (n, 2) in seconds."""
    found = np.stack([batch.cases.start_s, batch.cases.stop_s], axis=1).astype(np.float64)
    for each in batch.inputs.values():
        if each.looked is None:
            continue
        more_s = each.looked.filtered_s if with_filters else 0.0
        spans = np.where(each.present[:, None], each.looked.spans, np.nan)
        found[:, 0] = np.fmin(found[:, 0], spans[:, 0] - more_s)
        found[:, 1] = np.fmax(found[:, 1], spans[:, 1] + more_s)
    return found


def touching(cases: Cases, spans: Spans, side: Rows, test: Rows, purge_s: float = 0.0) -> int:
    """Return how many test rows have a span (n, 2) that meets one of the side's in the same recording."""
    found = 0
    for recording in np.intersect1d(cases.recording[side], cases.recording[test]):
        one = spans[side[cases.recording[side] == recording]]
        other = spans[test[cases.recording[test] == recording]]
        one = one[np.argsort(one[:, 0], kind="stable")]
        latest = np.maximum.accumulate(one[:, 1])
        before = np.searchsorted(one[:, 0], other[:, 1] + purge_s - _TOUCH_S)
        ended = latest[np.maximum(before, 1) - 1]
        found += int(((before > 0) & (ended > other[:, 0] - purge_s + _TOUCH_S)).sum())
    return found


def of_whole_recordings(batch: Batch) -> tuple[str, ...]:
    """Return, in words, which inputs took something of whole recordings, the tested cases' too."""
    names: dict[str, list[str]] = {}
    for name, each in batch.inputs.items():
        if each.looked is not None and each.looked.whole:
            names.setdefault(each.looked.whole, []).append(name)
    return tuple(
        f"{', '.join(of)}: {whole}, unlabelled test cases of it too: transductive"
        for whole, of in names.items()
    )


def _beyond(batch: Batch, own: Spans) -> list[str]:
    told = []
    for name, each in batch.inputs.items():
        if each.looked is None:
            continue
        has = each.present & ~np.isnan(each.looked.spans).any(axis=1)
        if not has.any():
            continue
        spans = each.looked.spans[has]
        back_s, ahead_s = own[has, 0] - spans[:, 0], spans[:, 1] - own[has, 1]
        far = [
            f"{seconds:.3g} s {where}"
            for seconds, where in ((back_s.max(), "before"), (ahead_s.max(), "behind"))
            if seconds > _LEAST_S
        ]
        if far:
            told.append(f"{name} looks {' and '.join(far)} its cases")
    return told
