"""Inputs as one row of numbers a case: what recognizers without a notion of time are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.recognizer import RecognizerError
from analysis.views.electrodes import place

Floats64 = NDArray[np.float64]
Over = Literal["mean", "mean and SD"]
LEAST_ELECTRODES = 3


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns come of which input; fitted on training rows, then the same for every batch.

    `widths` are the columns of each input in order, `absent` the inputs that were missing in some training
    case: each of them has a column more, 1 where it is missing. `mean` and `scale` (columns,) standardise.
    """

    over: Over
    widths: Mapping[str, int]
    absent: tuple[str, ...]
    mean: Floats64
    scale: Floats64

    @classmethod
    def fit(cls, batch: Batch, over: Over, *, is_standardised: bool = True) -> Self:
        """Learn them of training rows; raises RecognizerError where no input has a value."""
        names = [name for name, each in batch.inputs.items() if each.present.any()]
        if not names:
            raise RecognizerError("none of the training cases has any input: there is nothing to learn from.")
        widths = {name: _summary(batch.inputs[name], over).shape[1] for name in names}
        absent = tuple(name for name in names if not batch.inputs[name].present.all())
        total = sum(widths.values()) + len(absent)
        plain = cls(over, widths, absent, np.zeros(total), np.ones(total))
        if not is_standardised:
            return plain
        values = plain.of(batch)
        for name, where in plain.slices.items():
            values[~batch.inputs[name].present, where] = np.nan
        spread = np.nanstd(values, axis=0)
        return cls(over, widths, absent, np.nanmean(values, axis=0), np.where(spread > 1e-12, spread, 1.0))

    def of(self, batch: Batch) -> Floats64:
        """Return (n, columns) finite numbers; an input that is missing gives its columns' training mean."""
        parts = []
        first = 0
        for name, width in self.widths.items():
            last = first + width
            part = np.tile(self.mean[first:last], (len(batch), 1))
            each = batch.inputs.get(name)
            if each is not None:
                found = _summary(each, self.over)
                if found.shape[1] != width:
                    raise RecognizerError(
                        f"input '{name}' gives {found.shape[1]} numbers a case; {width} were learnt from."
                    )
                part = np.where(each.present[:, None], found, part)
            parts.append(part)
            first = last
        for name in self.absent:
            each = batch.inputs.get(name)
            here = np.zeros(len(batch), bool) if each is None else each.present
            parts.append(1.0 - here[:, None].astype(np.float64))
        values: Floats64 = (np.hstack(parts) - self.mean) / self.scale
        return values

    @property
    def slices(self) -> dict[str, slice]:
        """Where each input's columns lie."""
        found, first = {}, 0
        for name, width in self.widths.items():
            found[name] = slice(first, first + width)
            first += width
        return found

    def by_electrode(self, batch: Batch, shares: Floats64) -> dict[str, Floats64]:
        """Return the shares (n, columns) summed by electrode (n, electrodes), for each input that has them.

        An input has them where its columns are named "Fp1 alpha" and every first word is a known place on the
        head, as often as any other; electrodes are in the order of the columns.
        """
        found = {}
        for name, where in self.slices.items():
            each = batch.inputs.get(name)
            sites = [] if each is None else [column.rpartition(" ")[0] for column in each.names]
            order = list(dict.fromkeys(sites))
            if len(order) < LEAST_ELECTRODES or len({sites.count(site) for site in order}) > 1:
                continue
            if not set(order) <= place(order).positions.keys():
                continue
            mine = shares[:, where]
            if mine.shape[1] % len(sites):
                continue
            # Means and SDs over steps lie behind one another, each in the order of the names.
            places = np.tile([order.index(site) for site in sites], mine.shape[1] // len(sites))
            found[name] = mine @ (places[:, None] == np.arange(len(order))).astype(np.float64)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return what is no array of it."""
        return {"over": self.over, "widths": list(self.widths.items()), "absent": list(self.absent)}

    @classmethod
    def from_json(cls, said: Mapping[str, Any], mean: Floats64, scale: Floats64) -> Self:
        """Rebuild from `to_json` and its two arrays."""
        widths = {str(name): int(width) for name, width in said["widths"]}
        return cls(said["over"], widths, tuple(said["absent"]), mean, scale)


def _summary(each: Input, over: Over) -> Floats64:
    """Return (n, columns): the only step, or mean (and SD) over the steps that are no padding and no NaN."""
    n, steps = each.values.shape[:2]
    values = each.values.reshape(n, steps, -1).astype(np.float64)
    known = each.inside[:, :, None] & np.isfinite(values)
    values = np.where(known, values, 0.0)
    count = np.maximum(known.sum(axis=1), 1)
    mean: Floats64 = values.sum(axis=1) / count
    if over == "mean" or each.is_flat:
        return mean
    apart = np.where(known, values - mean[:, None], 0.0)
    return np.hstack([mean, np.sqrt((apart**2).sum(axis=1) / count)])
