"""Flat, saturated and cut-off channels. Data are rows (n, channels); NaN means no sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FLAT_S = 5.0
"""As long as a channel must be flat to count as dead (the default of EEGLAB's clean_rawdata)."""


def is_absent(data: Floats) -> Mask:
    """Return which channels hold no number at all."""
    return np.asarray(~np.isfinite(data).any(axis=0), dtype=np.bool_)


def swing(data: Floats) -> Floats:
    """Return each channel's distance from lowest to highest value, 0 where there is none."""
    if not len(data):
        return np.zeros(data.shape[1])
    known = np.where(np.isfinite(data), data, np.nan)
    low = np.fmin.reduce(known, axis=0)
    high = np.fmax.reduce(known, axis=0)
    swings: Floats = np.nan_to_num(high - low, nan=0.0)
    return swings


def is_flat(data: Floats, limit: float = 0.0) -> Mask:
    """Return which channels swing by `limit` or less (in the data's unit); absent ones do not count.

    Potentials: 1 uV, the peak-to-peak noise that the ADS1299's data sheet states and the value that
    the tutorials of MNE-Python reject at. Other kinds come in coarse steps (the E4 tells 0.0009 uS,
    0.02 degC, 1/64 g) and rest on one for seconds: only one value all the time is flat, limit 0.
    """
    flat: Mask = (swing(data) <= limit) & ~is_absent(data)
    return flat


def rail_share(data: Floats, full_scale: float) -> Floats:
    """Return each channel's largest magnitude as a share of the amplifier's full scale."""
    if not len(data):
        return np.zeros(data.shape[1])
    share: Floats = np.nan_to_num(np.fmax.reduce(np.abs(data), axis=0), nan=0.0) / full_scale
    return share


def cut_share(data: Floats) -> Floats:
    """Return which share of each channel's rows sits exactly at its own highest or lowest value.

    An amplifier whose range is not known gives itself away by it: a signal that is not cut off visits
    its extremes once. A constant channel is flat and not cut off: 0.
    """
    if not len(data):
        return np.zeros(data.shape[1])
    low, high = np.fmin.reduce(data, axis=0), np.fmax.reduce(data, axis=0)
    share = np.maximum((data == low).mean(axis=0), (data == high).mean(axis=0))
    return np.where(swing(data) > 0, share, 0.0)
