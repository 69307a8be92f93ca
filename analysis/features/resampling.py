"""Another rate for a signal on an even grid."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from analysis.features.feature import FeatureError, Signal
from analysis.views.runs import whole_runs

LARGEST_FACTOR = 1000


def resampled(signal: Signal, rate_hz: float) -> Signal:
    """Return a signal at another rate, band-limited to the lower of both; `rate_hz` 0: as it is.

    Gaps stay gaps: they are bridged by a line while the rate is changed, and what lies in one is NaN again.
    Raises FeatureError for a rate below 0.
    """
    if rate_hz < 0:
        raise FeatureError(f"a rate of {rate_hz:g} samples a second is impossible: 0 keeps the signal's own.")
    if rate_hz in (0, signal.rate_hz) or len(signal.values) < 2:
        return signal
    from scipy.signal import resample_poly

    ratio = Fraction(rate_hz / signal.rate_hz).limit_denominator(LARGEST_FACTOR)
    wave = signal.values.astype(np.float64)
    finite = np.isfinite(wave)
    rows = np.arange(len(wave), dtype=np.float64)
    for column in range(wave.shape[1]):
        known = finite[:, column]
        if known.any() and not known.all():
            wave[~known, column] = np.interp(rows[~known], rows[known], wave[known, column])
    usable = finite.any(axis=0)
    made = np.full((len(resample_poly(wave[:, 0] * 0, *_pair(ratio))), wave.shape[1]), np.nan)
    if usable.any():
        made[:, usable] = resample_poly(wave[:, usable], *_pair(ratio), axis=0, padtype="line")
    at = np.arange(len(made)) / float(ratio)
    for column in np.flatnonzero(~finite.all(axis=0)).tolist():
        inside = np.zeros(len(made), bool)
        for run in whole_runs(finite[:, column]):
            inside |= (at >= run.start - 0.5) & (at <= run.stop - 0.5)
        made[~inside, column] = np.nan
    return replace(signal, values=made.astype(np.float32), rate_hz=signal.rate_hz * float(ratio))


def _pair(ratio: Fraction) -> tuple[int, int]:
    return ratio.numerator, ratio.denominator
