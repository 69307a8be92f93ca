"""EEG and everything else, step by step, for BDDAE and Bimodal-LSTM; and the vote of a clip's steps.

Source: Tang, Liu, Zheng, Lu, "Multimodal Emotion Recognition Using Deep Neural Networks", section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.recognizer import RecognizerError

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
EEG = "eeg"


@dataclass(frozen=True, slots=True)
class Sides:
    """Names and widths of the inputs on each side: EEG (or the first input) and all others together."""

    first: Mapping[str, int]
    other: Mapping[str, int]

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers a step of each side; 0 where a side has no input."""
        return sum(self.first.values()), sum(self.other.values())


@dataclass(frozen=True, slots=True)
class Paired:
    """Steps of n cases: `first` (n, steps, d), `other` (n, steps, e), 0 where absent; `lengths` (n,)."""

    first: Floats
    other: Floats
    lengths: Rows

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which steps (n, steps) are no padding."""
        return np.arange(self.first.shape[1])[None, :] < self.lengths[:, None]


def sides_of(batch: Batch) -> Sides:
    """Return which input goes on which side; inputs that no case has are left out.

    Raises RecognizerError where there is none, or where a picture is among them.
    """
    there = {name: each for name, each in batch.inputs.items() if each.present.any()}
    if not there:
        raise RecognizerError("none of the training cases has any input: there is nothing to learn from.")
    for name, each in there.items():
        if each.values.ndim != 3:
            raise RecognizerError(
                f"{name}: steps must be rows of numbers, not of shape {each.values.shape[2:]}."
            )
    lead = EEG if EEG in there else next(iter(there))
    widths = {name: each.values.shape[2] for name, each in there.items()}
    _check_steps(there)
    return Sides({lead: widths.pop(lead)}, widths)


def _check_steps(inputs: Mapping[str, Input]) -> None:
    """Raise RecognizerError where one input has other steps than another in half of the cases or more."""
    names = list(inputs)
    for name in names[1:]:
        one, other = inputs[names[0]], inputs[name]
        both = one.present & other.present
        apart = np.abs(one.lengths[both] - other.lengths[both])
        if len(apart) and np.median(apart) > 1:
            raise RecognizerError(
                f"{names[0]} and {name} have {int(np.median(one.lengths[both]))} and "
                f"{int(np.median(other.lengths[both]))} steps a case. Give both the same window_s and hop_s."
            )


def paired(batch: Batch, sides: Sides) -> Paired:
    """Return both sides of each case, as many steps as all of its inputs have; raises RecognizerError."""
    n = len(batch)
    wanted = {**sides.first, **sides.other}
    there = {name: batch.inputs[name] for name in wanted if name in batch.inputs}
    for name, each in there.items():
        if each.values.shape[2] != wanted[name]:
            raise RecognizerError(
                f"{name}: {each.values.shape[2]} numbers a step, but it was trained with {wanted[name]}."
            )
    far = np.iinfo(np.intp).max
    lengths = np.full(n, far, np.intp)
    for each in there.values():
        lengths = np.where(each.present, np.minimum(lengths, each.lengths), lengths)
    lengths[lengths == far] = 0
    steps = int(lengths.max(initial=0))
    inside = np.arange(steps)[None, :] < lengths[:, None]
    return Paired(_side(there, sides.first, n, inside), _side(there, sides.other, n, inside), lengths)


def _side(there: Mapping[str, Input], widths: Mapping[str, int], n: int, inside: NDArray[np.bool_]) -> Floats:
    steps = inside.shape[1]
    parts = [np.zeros((n, steps, 0), np.float32)]
    for name, width in widths.items():
        part = np.zeros((n, steps, width), np.float32)
        if name in there:
            each = there[name]
            held = each.values[:, :steps]
            part[:, : held.shape[1]] = np.where(
                (inside & each.present[:, None])[:, : held.shape[1], None], held, 0
            )
        parts.append(part)
    return np.concatenate(parts, axis=2)


def voted(proba: NDArray[np.float64], lengths: Rows) -> NDArray[np.float64]:
    """Return (n, classes): the mean over each case's steps of proba (n, steps, classes).

    A case without steps has even probabilities.
    """
    classes = proba.shape[2]
    inside = np.arange(proba.shape[1])[None, :] < lengths[:, None]
    summed = np.where(inside[:, :, None], proba, 0).sum(1)
    return np.asarray(np.where(lengths[:, None] > 0, summed / np.maximum(lengths, 1)[:, None], 1 / classes))


STEPS = "step probabilities"


def right_steps(proba: NDArray[np.floating], y: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """Return how many steps of each case (n,) are decided rightly, and how many there are.

    `proba` (n, steps, classes) as `STEPS` of an explanation holds it, `y` (n,) the classes of the cases.
    """
    known = np.isfinite(proba).all(axis=2)
    right = known & (np.nan_to_num(proba).argmax(axis=2) == y[:, None])
    return right.sum(axis=1).astype(np.intp), known.sum(axis=1).astype(np.intp)


def with_gaps(proba: NDArray[np.float64], lengths: Rows) -> Floats:
    """Return proba (n, steps, classes) with NaN behind each case's last step, as an explanation holds it."""
    inside = np.arange(proba.shape[1])[None, :] < lengths[:, None]
    return np.where(inside[:, :, None], proba, np.nan).astype(np.float32)


def class_answers(batch: Batch, name: str) -> NDArray[np.int64]:
    """Return the classes of training cases; raises RecognizerError where there are none or fewer than two."""
    if batch.y is None or not batch.classes:
        raise RecognizerError(f"{name} tells classes apart; choose a target with classes.")
    found = np.asarray(batch.y, np.int64)
    if len(np.unique(found)) < 2:
        raise RecognizerError(f"{name}: all training cases are of one class.")
    return found


def as_sequences(each: Floats, lengths: Rows, length: int) -> tuple[Floats, Rows, Rows]:
    """Cut steps (n, steps, d) into sequences (m, length, d); which case each is of, and its own length."""
    n, steps, width = each.shape
    parts = -(-steps // length) if steps else 0
    padded = np.zeros((n, parts * length, width), np.float32)
    padded[:, :steps] = each
    cut = padded.reshape(n * parts, length, width)
    of = np.repeat(np.arange(n, dtype=np.intp), parts)
    begins = np.tile(np.arange(parts, dtype=np.intp) * length, n)
    own = np.clip(np.repeat(lengths, parts) - begins, 0, length)
    kept = own > 0
    return cut[kept], of[kept], own[kept]


def names_of(sides: Sides) -> tuple[str, Sequence[str]]:
    """Return the name of the first side and those on the other."""
    return next(iter(sides.first)), tuple(sides.other)
