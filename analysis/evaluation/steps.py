"""Steps that prepare inputs: fitted on the training side, applied to everything, saved with the model.

Statistics are those of a column (a place on the last axis) over the cases that have the input and the steps
inside their lengths; padding and absent inputs are never counted and stay 0. Inputs with more axes than steps
and columns (pictures) have one statistic for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Cases, Input
from analysis.evaluation.ledger import Ledger

Floats = NDArray[np.float64]
Fitted = dict[str, NDArray[Any]]
DEFAULT_K = 20
_TINY = 1e-12


SMOOTH_S = 60.0


class StepError(Exception):
    """A step cannot be fitted or applied; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class _Step:
    """`fit(input, y, k)` sees training rows; `apply(input, fitted, participants)` any rows."""

    about: str
    fit: Callable[[Input, NDArray[Any] | None, int], Fitted]
    apply: Callable[[Input, Fitted, NDArray[np.str_]], Input]
    transductive: bool = False
    what: str = "scaling"
    over: Callable[[Input, Cases], Input] | None = None
    """Takes the place of `apply` where it must know when each case was; never across a split's sides."""


@dataclass
class Steps:
    """Fitted steps in order. `told` says what a reader should know (values clipped, columns kept)."""

    names: tuple[str, ...]
    fitted: list[dict[str, Fitted]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def apply(self, batch: Batch) -> Batch:
        """Return a batch prepared; raises StepError where its inputs are others than those fitted."""
        for name, of_inputs in zip(self.names, self.fitted, strict=True):
            step, _ = step_named(name)
            missing = set(of_inputs) - set(batch.inputs)
            if missing:
                raise StepError(f"{name}: input {', '.join(sorted(missing))} is not there.")
            made = {
                key: step.over(batch.inputs[key], batch.cases)
                if step.over is not None
                else step.apply(batch.inputs[key], fitted, batch.cases.participant)
                for key, fitted in of_inputs.items()
            }
            batch = replace(batch, inputs=made)
        return batch

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything fitted, by "number/input/statistic"."""
        return {
            f"{number}/{key}/{part}": values
            for number, of_inputs in enumerate(self.fitted)
            for key, fitted in of_inputs.items()
            for part, values in ({"input": np.zeros(0)} | fitted).items()
        }

    @classmethod
    def from_arrays(cls, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Steps:
        """Rebuild from `to_arrays`; raises StepError."""
        fitted: list[dict[str, Fitted]] = [{} for _ in names]
        try:
            for key, values in arrays.items():
                number, rest = key.split("/", 1)
                name, part = rest.rsplit("/", 1)
                own = fitted[int(number)].setdefault(name, {})
                if part != "input":
                    own[part] = values
        except (ValueError, IndexError) as error:
            raise StepError(f"steps of a model cannot be read ({error}).") from error
        for name in names:
            step_named(name)
        return cls(tuple(names), fitted)


def fit_steps(names: Sequence[str], train: Batch, ledger: Ledger) -> Steps:
    """Fit steps on a training side, one after the other; raises StepError."""
    steps = Steps(tuple(names))
    for name in names:
        step, k = step_named(name)
        fitted = {key: step.fit(each, train.y, k) for key, each in train.inputs.items()}
        ledger.fitted(f"{step.what} {name}", train.cases.id)
        if step.what == "select":
            steps.told += [f"{name}: {key} kept {int(own['kept'].sum())}" for key, own in fitted.items()]
        steps.fitted.append(fitted)
        last = Steps((name,), [fitted])
        train = last.apply(train)
    return steps


def prepare(
    names: Sequence[str], batch: Batch, train: NDArray[np.intp], ledger: Ledger
) -> tuple[Steps, Batch]:
    """Fit steps on some rows and apply them to all rows of a batch; returns both.

    Transductive steps see the inputs of all rows, never an answer, and the ledger is told.
    """
    steps = fit_steps(names, batch.rows(train), ledger)
    for name in names:
        if step_named(name)[0].over is not None:
            _check_apart(name, batch, train)
        if step_named(name)[0].transductive:
            ledger.looked(name, batch.cases.id)
    steps.told += clipped(steps, batch, train)
    return steps, steps.apply(batch)


def clipped(steps: Steps, batch: Batch, train: NDArray[np.intp]) -> list[str]:
    """Say how much of the rows that were not fitted lay outside the range of minmax and was clipped."""
    told = []
    others = np.setdiff1d(np.arange(len(batch)), train)
    for number, name in enumerate(steps.names):
        if name != "minmax" or not len(others):
            continue
        before = Steps(steps.names[:number], steps.fitted[:number]).apply(batch.rows(others))
        for key, fitted in steps.fitted[number].items():
            each = before.inputs[key]
            values = _inside(each)
            outside = (values < fitted["low"]) | (values > fitted["high"])
            if outside.any():
                told.append(f"minmax: {outside.mean():.1%} of the test values of {key} were clipped")
    return told


def step_named(name: str) -> tuple[_Step, int]:
    """Return a step and its number ("select-k=30": 30); raises StepError."""
    found = re.fullmatch(r"([a-z-]+)(?:=([1-9][0-9]*))?", name)
    step = STEPS.get(found[1]) if found else None
    if step is None or found is None or (found[2] and found[1] != "select-k"):
        raise StepError(f"there is no step '{name}'. There are: {', '.join(STEPS)} (select-k=N).")
    return step, int(found[2] or DEFAULT_K)


def is_transductive(names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the steps that look at unlabelled test cases."""
    return tuple(name for name in names if step_named(name)[0].transductive)


def mixes_cases(names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the steps that mix cases of one recording, so that it may not be in both sides."""
    return tuple(name for name in names if step_named(name)[0].over is not None)


def _inside(each: Input) -> Floats:
    """Return all steps inside lengths, (rows, columns); (rows, 1) for pictures, one row a number."""
    inside = each.inside & each.present[:, None]
    values = np.asarray(each.values[inside], np.float64)
    return values if each.values.ndim == 3 else values.reshape(-1, 1)


def _columns(each: Input) -> int:
    return each.values.shape[-1] if each.values.ndim == 3 else 1


def _quiet(statistic: Callable[[Floats], Floats], values: Floats, empty: float) -> Floats:
    """Return a NaN-blind statistic of each column, `empty` where a column holds nothing."""
    known = np.isfinite(values).any(axis=0) if len(values) else np.zeros(values.shape[1], bool)
    found = np.full(values.shape[1], empty)
    if known.any():
        found[known] = statistic(values[:, known])
    return found


def _mapped(each: Input, change: Callable[[Floats], Floats]) -> Input:
    """Return an input whose values inside lengths are changed; padding and absent cases stay 0."""
    inside = each.inside & each.present[:, None]
    values = np.zeros(each.values.shape, np.float32)
    held = np.asarray(each.values[inside], np.float64)
    values[inside] = change(held)
    return replace(each, values=values)


def _fit_impute(each: Input, y: NDArray[Any] | None, k: int) -> Fitted:
    return {"median": _quiet(lambda values: np.nanmedian(values, axis=0), _inside(each), 0.0)}


def _impute(each: Input, fitted: Fitted, who: NDArray[np.str_]) -> Input:
    return _mapped(each, lambda values: np.where(np.isfinite(values), values, fitted["median"]))


def _centre_and_spread(values: Floats) -> tuple[Floats, Floats]:
    centre = _quiet(lambda known: np.nanmean(known, axis=0), values, 0.0)
    return centre, _usable(_quiet(lambda known: np.nanstd(known, axis=0), values, 1.0), centre)


def _median_and_range(values: Floats) -> tuple[Floats, Floats]:
    centre = _quiet(lambda known: np.nanmedian(known, axis=0), values, 0.0)

    def range_of(known: Floats) -> Floats:
        low, high = np.nanquantile(known, (0.25, 0.75), axis=0)
        return np.asarray(high - low)

    return centre, _usable(_quiet(range_of, values, 1.0), centre)


def _usable(spread: Floats, centre: Floats) -> Floats:
    """A column that never changes is divided by 1, whatever rounding left of its spread."""
    return np.where(spread > _TINY + 1e-7 * np.abs(centre), spread, 1.0)


def _fit_zscore(each: Input, y: NDArray[Any] | None, k: int) -> Fitted:
    return dict(zip(("centre", "spread"), _centre_and_spread(_inside(each)), strict=True))


def _fit_robust(each: Input, y: NDArray[Any] | None, k: int) -> Fitted:
    return dict(zip(("centre", "spread"), _median_and_range(_inside(each)), strict=True))


def _scale(each: Input, fitted: Fitted, who: NDArray[np.str_]) -> Input:
    return _mapped(each, lambda values: (values - fitted["centre"]) / fitted["spread"])


def _fit_minmax(each: Input, y: NDArray[Any] | None, k: int) -> Fitted:
    values = _inside(each)
    low = _quiet(lambda known: np.nanmin(known, axis=0), values, 0.0)
    return {"low": low, "high": _quiet(lambda known: np.nanmax(known, axis=0), values, 1.0)}


def _minmax(each: Input, fitted: Fitted, who: NDArray[np.str_]) -> Input:
    low, width = fitted["low"], fitted["high"] - fitted["low"]
    used = np.where(width > _TINY, width, 1.0)
    return _mapped(each, lambda values: np.clip((values - low) / used, 0.0, 1.0))


def _fit_nothing(each: Input, y: NDArray[Any] | None, k: int) -> Fitted:
    return {}


def _by_participant(
    statistics: Callable[[Floats], tuple[Floats, Floats]],
) -> Callable[[Input, Fitted, NDArray[np.str_]], Input]:
    def apply(each: Input, fitted: Fitted, who: NDArray[np.str_]) -> Input:
        values = np.zeros(each.values.shape, np.float32)
        for code in np.unique(who):
            rows = np.flatnonzero(who == code)
            own = each.rows(rows)
            centre, spread = statistics(_inside(own))
            values[rows] = _scale(own, {"centre": centre, "spread": spread}, who[rows]).values
        return replace(each, values=values)

    return apply


def _check_apart(name: str, batch: Batch, train: NDArray[np.intp]) -> None:
    others = np.setdiff1d(np.arange(len(batch)), train)
    torn = set(batch.cases.recording[train]) & set(batch.cases.recording[others])
    if torn:
        raise StepError(
            f"{name}: it mixes neighbours in time, but recording {min(torn)} lies on both sides of the split."
            " Take a split by participant, or leave the step out."
        )


def _smoothed(each: Input, cases: Cases) -> Input:
    """Return means over each recording's cases, by a Gaussian of their distance in time.

    An input with several steps a case stays as it is: these are its own course in time.
    """
    if not each.is_flat:
        return each
    middle_s = (cases.start_s + cases.stop_s) / 2
    values = np.zeros(each.values.shape, np.float32)
    for recording in np.unique(cases.recording):
        rows = np.flatnonzero((cases.recording == recording) & each.present & (each.lengths > 0))
        if not len(rows):
            continue
        apart_s = middle_s[rows, None] - middle_s[None, rows]
        weights = np.exp(-0.5 * np.square(apart_s / SMOOTH_S))
        held = np.asarray(each.values[rows, 0], np.float64)
        known = np.isfinite(held)
        total = weights @ known
        found = np.full(held.shape, np.nan)
        np.divide(weights @ np.where(known, held, 0.0), total, out=found, where=total > 0)
        values[rows, 0] = found
    return replace(each, values=values)


def _ranked(each: Input, fitted: Fitted, who: NDArray[np.str_]) -> Input:
    """Return each participant's numbers as normal scores of their ranks: equal ones share theirs."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    def ranks(values: Floats) -> Floats:
        known = np.isfinite(values).sum(axis=0)
        places = rankdata(values, axis=0, nan_policy="omit") - 0.5
        return np.asarray(ndtri(places / np.maximum(known, 1)), np.float32)

    values = np.zeros(each.values.shape, np.float32)
    for code in np.unique(who):
        rows = np.flatnonzero(who == code)
        if each.rows(rows).inside.any():
            values[rows] = _mapped(each.rows(rows), ranks).values
    return replace(each, values=values)


def _fit_select(each: Input, y: NDArray[Any] | None, k: int) -> Fitted:
    if each.values.ndim != 3 or each.values.shape[-1] <= k:
        return {"kept": np.ones(each.values.shape[-1], bool)}
    if y is None:
        raise StepError("select-k needs the answers of the training side.")
    known = each.present & (each.lengths > 0)
    inside = each.inside[known][..., None]
    means = np.where(inside, each.values[known], 0).sum(axis=1, dtype=np.float64)
    means /= np.maximum(each.lengths[known], 1)[:, None]
    from analysis.evaluation.anova import f_values

    scores = f_values(means, y[known])
    best = np.argsort(-scores, kind="stable")[:k]
    kept = np.zeros(len(scores), bool)
    kept[best] = True
    return {"kept": kept}


def _select(each: Input, fitted: Fitted, who: NDArray[np.str_]) -> Input:
    kept = fitted["kept"]
    names = tuple(name for name, stays in zip(each.names, kept, strict=True) if stays) if each.names else ()
    return replace(each, values=np.asarray(each.values[..., kept]), names=names)


STEPS: Mapping[str, _Step] = MappingProxyType(
    {
        "impute": _Step("values that could not be computed become the training median", _fit_impute, _impute),
        "zscore": _Step("training mean 0 and SD 1", _fit_zscore, _scale),
        "minmax": _Step("training range 0 to 1, anything beyond clipped", _fit_minmax, _minmax),
        "robust": _Step("training median 0 and interquartile range 1", _fit_robust, _scale),
        "zscore-participant": _Step(
            "each participant's own mean 0 and SD 1, from unlabelled cases: transductive",
            _fit_nothing,
            _by_participant(_centre_and_spread),
            transductive=True,
        ),
        "robust-participant": _Step(
            "each participant's own median 0 and interquartile range 1, from unlabelled cases: transductive",
            _fit_nothing,
            _by_participant(_median_and_range),
            transductive=True,
        ),
        "rank-participant": _Step(
            "each participant's own ranks, as normal scores, from unlabelled cases: transductive",
            _fit_nothing,
            _ranked,
            transductive=True,
        ),
        "smooth-recording": _Step(
            f"means over each recording's cases, by a Gaussian in time of SD {SMOOTH_S:g} s: transductive",
            _fit_nothing,
            lambda each, fitted, who: each,
            transductive=True,
            over=_smoothed,
        ),
        "select-k": _Step(
            "the k columns of each input with the largest F of the training cases' means (ANOVA)",
            _fit_select,
            _select,
            what="select",
        ),
    }
)
"""Every step by name."""
