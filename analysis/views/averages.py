"""Averages over trials, locked to the moment the stimulus really came, with pointwise intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Over = Literal["participants", "trials"]

LEVEL = 0.95
LEAST_SHARE = 0.5
"""A trial of which less than this share is known is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Epochs:
    """Trials of one recording on a common grid of time since onset.

    `times_s` (m,), `values` (trials, m) with NaN where nothing is known, `missing` how many trials could
    not be used (no onset, or no signal there), `participant` whose they are.
    """

    times_s: Floats
    values: Floats
    missing: int
    participant: str


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """A mean over trials with its interval, all (m,) at `times_s` (m,) after onset.

    `count` (m,) is how many participants or trials carry each point; `low` and `high` are NaN where they
    are fewer than two. `trials`, `missing` and `participants` count what went in.
    """

    times_s: Floats
    mean: Floats
    low: Floats
    high: Floats
    count: NDArray[np.int64]
    over: Over
    trials: int
    missing: int
    participants: int
    level: float = LEVEL

    def counted(self) -> str:
        """Return how many trials went in, and how many could not."""
        told = f"{self.trials} trial{'' if self.trials == 1 else 's'}"
        return told + (f", {self.missing} missing" if self.missing else "")

    def method(self) -> str:
        """Return in a sentence over what it is the mean, and what the interval is."""
        people = "participant" if self.participants == 1 else "participants"
        number = self.participants if self.over == "participants" else self.trials
        of = "of the participants' means" if self.over == "participants" else "of the trials"
        if number < 2:
            return "A single trial has no interval."
        return (
            f"Mean {of} ({self.participants} {people});"
            f" {self.level:.0%} t interval over {self.over}, point by point."
        )

    def words(self) -> str:
        """Return how the figure came about, in words to stand under it."""
        if not self.trials:
            return f"No trial can be averaged: none has an onset and a signal ({self.counted()})."
        return f"{self.counted()}. {self.method()}"


def grid(before_s: float, after_s: float, rate_hz: float) -> Floats:
    """Return times from `-before_s` to `after_s` in steps of 1 / `rate_hz`, one of them exactly 0."""
    first, last = round(-before_s * rate_hz), round(after_s * rate_hz)
    return np.asarray(np.arange(first, last + 1) / rate_hz, np.float64)


def epoch(times_s: Floats, values: Floats, onset_s: float, at_s: Floats, longest_step_s: float) -> Floats:
    """Return `values` (n,) at `times_s` (n,) on the grid `at_s` (m,) after an onset, NaN where unknown.

    Between samples it lies on the line that joins them, unless they are further apart than
    `longest_step_s` or one of them is missing.
    """
    wanted = onset_s + at_s
    if not len(times_s):
        return np.full(len(at_s), np.nan)
    right = np.searchsorted(times_s, wanted, "left")
    inside = (right < len(times_s)) & (wanted >= times_s[0])
    right = np.minimum(right, len(times_s) - 1)
    left = np.where(times_s[right] == wanted, right, np.maximum(right - 1, 0))
    width = times_s[right] - times_s[left]
    share = np.zeros(len(wanted))
    np.divide(wanted - times_s[left], width, out=share, where=width > 0)
    made = values[left] + share * (values[right] - values[left])
    return np.asarray(np.where(inside & (width <= longest_step_s), made, np.nan), np.float64)


def epochs_of(
    parts: Sequence[tuple[Floats, Floats]],
    onsets_s: Sequence[float],
    at_s: Floats,
    *,
    rate_hz: float,
    baseline_s: tuple[float, float] | None = None,
    participant: str = "",
) -> Epochs:
    """Return trials on the grid `at_s` (m,): one of `parts` (times, values) around each onset.

    With `baseline_s` (from, to after onset) the mean of that stretch is taken off each trial; a trial
    without a value there is missing, as is one without an onset (NaN) or mostly without signal.
    """
    rows = []
    for (times, values), onset in zip(parts, onsets_s, strict=True):
        if not np.isfinite(onset):
            continue
        row = epoch(times, values, onset, at_s, 1.5 / rate_hz)
        if np.isfinite(row).mean() < LEAST_SHARE:
            continue
        if baseline_s is not None:
            quiet = row[(at_s >= baseline_s[0]) & (at_s <= baseline_s[1])]
            quiet = quiet[np.isfinite(quiet)]
            if not len(quiet):
                continue
            row = row - quiet.mean()
        rows.append(row)
    made = np.array(rows, np.float64).reshape(-1, len(at_s))
    return Epochs(at_s, made, len(onsets_s) - len(rows), participant)


def average(groups: Sequence[Epochs], level: float = LEVEL) -> Average:
    """Return the mean over trials of one or more recordings, with a pointwise confidence interval.

    One participant: over trials. Several: first each participant's mean, then the mean over participants,
    so that who has more trials does not count more. The interval is mean +- t(level, n - 1) s / sqrt(n)
    with Student's t and the standard deviation s (n - 1 in its denominator) of the n trials or
    participants that are known at that point. It holds for each point by itself, not for the curve as
    a whole. Recordings of one participant are put together. Raises ValueError for grids that differ.
    """
    if not groups:
        raise ValueError("no recording to average")
    times = groups[0].times_s
    if any(len(group.times_s) != len(times) or (group.times_s != times).any() for group in groups):
        raise ValueError("recordings on different grids")
    by_person: dict[str, list[Floats]] = {}
    for group in groups:
        if len(group.values):
            by_person.setdefault(group.participant, []).append(group.values)
    people = [np.concatenate(values) for values in by_person.values()]
    several = len(people) > 1
    rows = (
        [_mean(trials)[0] for trials in people] if several else [row for trials in people for row in trials]
    )
    table = np.array(rows, np.float64).reshape(-1, len(times))
    mean, count = _mean(table)
    half = _half_width(table, mean, count, level)
    trials = sum(len(values) for values in people)
    missing = sum(group.missing for group in groups)
    over: Over = "participants" if several else "trials"
    return Average(times, mean, mean - half, mean + half, count, over, trials, missing, len(people), level)


def _mean(table: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return mean (m,) and number (m,) of the known values of each column of (n, m)."""
    known = np.isfinite(table)
    count = np.asarray(known.sum(axis=0), np.int64)
    mean = np.full(table.shape[1], np.nan)
    np.divide(np.where(known, table, 0.0).sum(axis=0), count, out=mean, where=count > 0)
    return mean, count


def _half_width(table: Floats, mean: Floats, count: NDArray[np.int64], level: float) -> Floats:
    from scipy.special import stdtrit

    half = np.full(len(mean), np.nan)
    enough = count > 1
    if enough.any():
        apart = np.where(np.isfinite(table), table - mean, 0.0)[:, enough]
        n = count[enough].astype(np.float64)
        deviation = np.sqrt((apart**2).sum(axis=0) / (n - 1))
        half[enough] = stdtrit(n - 1, 0.5 + level / 2) * deviation / np.sqrt(n)
    return half
