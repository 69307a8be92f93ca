"""Where in a sound somebody speaks, by its level alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.views.voice import LEVEL_WINDOW_S, STEP_S, level

Floats = NDArray[np.float64]

BELOW_LOUD_DB = 30.0
LEAST_DB = -60.0
LOUD_QUANTILE = 0.95
SHORTEST_PAUSE_S = 0.2


def is_speech(
    level_db: Floats,
    hop_s: float,
    below_loud_db: float = BELOW_LOUD_DB,
    least_db: float = LEAST_DB,
    shortest_pause_s: float = SHORTEST_PAUSE_S,
) -> NDArray[np.bool_]:
    """Return which frames (k,) hold speech: those not far below the loud ones, and short gaps between them.

    Loud is what 5 % of the frames above `least_db` exceed: silence that was put behind a file does not
    matter. NaN is no speech. Steady noise less than 30 dB below the speech is taken for speech.
    """
    known = np.isfinite(level_db)
    heard = known & (np.nan_to_num(level_db, nan=-np.inf) > least_db)
    if not heard.any():
        return heard
    loud = float(np.quantile(level_db[heard], LOUD_QUANTILE))
    active = known & (np.nan_to_num(level_db, nan=-np.inf) > max(least_db, loud - below_loud_db))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], active, [False])).astype(np.int8)))
    for stop, start in zip(edges[1:-1:2].tolist(), edges[2::2].tolist(), strict=True):
        if (start - stop) * hop_s < shortest_pause_s and known[stop:start].all():
            active[stop:start] = True
    return np.asarray(active, np.bool_)


def spoken(sound: Floats, rate_hz: float, below_loud_db: float = BELOW_LOUD_DB) -> Floats:
    """Return a sound (n,) from where somebody begins to speak to where he ends, nothing where nobody does."""
    curve = level(sound, rate_hz, 0.0)
    inside = np.flatnonzero(is_speech(curve.values, STEP_S, below_loud_db))
    if not len(inside):
        return sound[:0]
    half_s = LEVEL_WINDOW_S / 2
    first, last = curve.times_s[inside[0]] - half_s, curve.times_s[inside[-1]] + half_s
    return sound[round(first * rate_hz) : round(last * rate_hz)]
