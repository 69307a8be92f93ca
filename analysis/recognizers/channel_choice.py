"""Which channels are kept: ranked by a statistic of their samples, the K with the largest value.

Spec 05, section 4. Of segments of one band, (n, samples, channels); computed on training segments only, each
participant's segments one after the other, and averaged over participants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Rows

Floats = NDArray[np.floating]
Scores = NDArray[np.float64]

ALL = "all"
"""The setting that keeps every channel."""
RANDOM = "random"
"""A control: channels by chance, drawn from the seed."""
TOP_SHARE = 0.001
FEW_SAMPLES = 1 / 3
"""From this share of the fourth powers on, that a thousandth of the samples holds, kurtosis is due to them.
Of normal noise a thousandth holds about a twentieth."""


def _standardised(samples: Scores) -> Scores:
    spread = samples.std(axis=0)
    centred = samples - samples.mean(axis=0)
    return np.asarray(np.divide(centred, spread, out=np.full_like(centred, np.nan), where=spread > 0))


STATISTICS: Mapping[str, Callable[[Scores], Scores]] = MappingProxyType(
    {
        "mean": lambda samples: samples.mean(axis=0),
        "variance": lambda samples: samples.var(axis=0),
        "rms": lambda samples: np.sqrt(np.square(samples).mean(axis=0)),
        "skewness": lambda samples: (_standardised(samples) ** 3).mean(axis=0),
        "kurtosis": lambda samples: (_standardised(samples) ** 4).mean(axis=0),
    }
)
"""(N, channels) -> (channels,), each over N, not N - 1; kurtosis is 3 of normal noise, not excess."""


def scores(
    values: Floats,
    participants: NDArray[np.str_],
    statistic: str,
    seed: int = 0,
    lengths: Rows | None = None,
) -> NDArray[np.float64]:
    """Return a score for each channel (c,) of segments (n, samples, c); NaN where it does not move.

    A segment with a gap in a channel does not count for that channel; behind `lengths` (n,) is padding. With
    several participants it is the mean of theirs. Raises KeyError for a statistic that there is not.
    """
    channels = values.shape[2]
    if statistic == RANDOM:
        return np.random.default_rng(seed).permutation(channels).astype(np.float64)
    compute = STATISTICS[statistic]
    found = []
    for code in np.unique(participants):
        rows = np.flatnonzero(participants == code)
        own = np.full(channels, np.nan)
        for places, samples in _whole(values[rows], None if lengths is None else lengths[rows]):
            own[places] = np.where(samples.std(axis=0) > 0, compute(samples), np.nan)
        found.append(own)
    known = np.isfinite(found)
    total = np.where(known, found, 0.0).sum(axis=0)
    none = np.full(channels, np.nan)
    return np.asarray(np.divide(total, known.sum(axis=0), out=none, where=known.any(axis=0)))


def with_gaps(values: Floats, lengths: Rows | None = None) -> NDArray[np.bool_]:
    """Return which segments have a gap before their end, a channel each (n, c)."""
    return np.asarray(~(np.isfinite(values) | ~_held(values, lengths)[:, :, None]).all(axis=1))


def _held(values: Floats, lengths: Rows | None) -> NDArray[np.bool_]:
    """Return which samples (n, samples) are no padding."""
    count = values.shape[1]
    ends = np.full(len(values), count) if lengths is None else lengths
    return np.asarray(np.arange(count)[None, :] < ends[:, None])


def _whole(values: Floats, lengths: Rows | None) -> Iterator[tuple[NDArray[np.intp], Scores]]:
    """Yield channels (k,) that have the same whole segments, with the samples (N, k) of these."""
    gaps, held = with_gaps(values, lengths), _held(values, lengths)
    if held.all() and not gaps.any():
        yield np.arange(values.shape[2]), values.reshape(-1, values.shape[2]).astype(np.float64)
        return
    patterns, of = np.unique(gaps, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        rows, places = np.flatnonzero(~pattern), np.flatnonzero(of.reshape(-1) == number)
        samples = values[rows][:, :, places][held[rows]].astype(np.float64)
        if len(samples):
            yield places, samples


def best(scored: Scores, k: int, excluded: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
    """Return the places of the K channels with the largest scores, best first; channels without one last.

    `excluded` (c,) are never taken; of equal scores the earlier channel goes first.
    """
    usable = np.ones(len(scored), bool) if excluded is None else ~excluded
    order = np.argsort(-np.where(np.isfinite(scored), scored, -np.inf), kind="stable")
    return np.asarray([place for place in order if usable[place]][: max(1, k)], np.intp)


def excluded_places(names: Sequence[str], listed: str) -> NDArray[np.bool_]:
    """Return which channels (c,) are named in a list such as "Fp1, T7"; case does not matter."""
    wanted = {name.strip().lower() for name in listed.replace(";", ",").split(",") if name.strip()}
    return np.array([name.lower() in wanted for name in names], bool)


def due_to_few(values: Floats, lengths: Rows | None = None) -> NDArray[np.float64]:
    """Return the share of each channel's fourth powers (c,) that a thousandth of its samples holds.

    Segments with a gap and padding count as in `scores`; 0 where there is nothing.
    """
    found = np.zeros(values.shape[2])
    for places, samples in _whole(values, lengths):
        powers = _standardised(samples) ** 4
        count = max(1, round(TOP_SHARE * len(powers)))
        total = powers.sum(axis=0)
        top = np.partition(powers, -count, axis=0)[-count:].sum(axis=0)
        found[places] = np.divide(top, total, out=np.zeros(len(total)), where=total > 0)
    return found
