"""Batches with a known effect: what recognizers and guards are tried on without any recording."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Cases, Input

SHAPES: Mapping[str, tuple[int, int]] = {"bvp": (7, 8), "eda": (7, 4)}
TRIAL_S = 10.0


def make_cases(participants: int, trials: int, sessions: int = 1) -> Cases:
    """Return cases of a study: everybody saw the same stimuli, in the same order."""
    n = participants * sessions * trials
    numbers = np.arange(n)
    person, rest = np.divmod(numbers, sessions * trials)
    visit, trial = np.divmod(rest, trials)
    codes = np.array([f"P{each:02d}" for each in person + 1])
    visits = (visit + 1).astype(str)
    return Cases(
        id=numbers.astype(np.intp),
        recording=np.array([f"sub-{code}_ses-{each}" for code, each in zip(codes, visits, strict=True)]),
        participant=codes,
        session=visits,
        trial=trial.astype(np.int64),
        stimulus=np.array([f"picture-{each}" for each in trial]),
        category=np.where(trial % 2 == 0, "pleasant", "unpleasant"),
        start_s=trial * 2 * TRIAL_S,
        stop_s=trial * 2 * TRIAL_S + TRIAL_S,
        content=np.array([f"content-{each}" for each in numbers]),
    )


def make_batch(
    participants: int = 6,
    trials: int = 8,
    shapes: Mapping[str, tuple[int, int]] = SHAPES,
    effect: float = 1.0,
    fingerprint: float = 1.0,
    seed: int = 0,
    classes: tuple[str, ...] = ("negative", "positive"),
    sessions: int = 1,
) -> Batch:
    """Return a batch: noise of SD 1, class means `effect` apart, a person's own mean of SD `fingerprint`.

    `shapes` gives steps and numbers of each input.
    """
    random = np.random.default_rng(seed)
    cases = make_cases(participants, trials, sessions)
    y = (cases.trial % len(classes)).astype(np.int64)
    inputs = {
        name: make_input(_values(cases, y, shape, effect, fingerprint, len(classes), random))
        for name, shape in shapes.items()
    }
    return Batch(cases, inputs, y, classes)


def two_domains(cases: Cases) -> dict[str, str]:
    """Return the domain of each participant, as a study's field would say it: one and another in turn."""
    return {
        str(code): "one" if place % 2 else "other" for place, code in enumerate(np.unique(cases.participant))
    }


def make_input(values: NDArray[np.floating], lengths: NDArray[np.integer] | None = None) -> Input:
    """Return an input of these values (n, steps, d), padded behind `lengths` with 0."""
    n, steps = values.shape[:2]
    known = np.full(n, steps, np.intp) if lengths is None else lengths.astype(np.intp)
    inside = np.arange(steps)[None, :] < known[:, None]
    padded = np.where(inside.reshape(n, steps, *[1] * (values.ndim - 2)), values, 0).astype(np.float32)
    names = tuple(f"x{each}" for each in range(values.shape[-1]))
    return Input(padded, known, known > 0, names)


def _values(
    cases: Cases,
    y: NDArray[np.int64],
    shape: tuple[int, int],
    effect: float,
    fingerprint: float,
    classes: int,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    steps, width = shape
    means = random.normal(0, 1, (classes, width))
    means *= effect / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    people, place = np.unique(cases.participant, return_inverse=True)
    own = random.normal(0, fingerprint, (len(people), width))
    values: NDArray[np.float64] = (
        random.normal(0, 1, (len(cases), steps, width)) + means[y][:, None] + own[place][:, None]
    )
    return values
