"""Features of the heart: rate and its variability, and the size of the pulse, of a pulse wave or an ECG.

Beats are found once in the whole recording, as the review window shows them. Only intervals that can be
believed count, and those that lie whole inside a window. Definitions: Task Force of the ESC and NASPE,
"Heart rate variability", Circulation 93 (1996) 1043-1065.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.choosing import chosen
from analysis.features.feature import Feature, Signal, Steps
from analysis.features.reach import filtered
from analysis.features.series import share_of
from analysis.features.windows import Sums, Windows, cut, divided, each_window, reaching_back, widened
from analysis.views.beats import ECG, PULSE, R_HIGH_HZ, R_LOW_HZ
from analysis.views.filters import Filters
from analysis.views.heart import Beats, beats_of_ecg, beats_of_pulse

Floats = NDArray[np.float64]

LEAST_INTERVALS = 5
LEAST_SHARE = 0.5
"""Least share of a window that believable intervals must cover for its spectrum."""
LEAST_HF_S, LEAST_LF_S = 50.0, 110.0
"""Task Force: about a minute for HF, two for LF; a little less here, for windows that lose a beat."""
LF_HZ, HF_HZ = (0.04, 0.15), (0.15, 0.4)
GRID_HZ = 4.0
LONG_S = 0.05
NAMES = (
    "rate_bpm", "rate_sd_bpm", "rate_slope_bpm_per_min", "sdnn_ms", "rmssd_ms", "pnn50", "sd1_sd2",
    "log_lf_ms2", "log_hf_ms2", "lf_hf", "breath_peak_hz", "amplitude_mean", "amplitude_sd", "rise_ms",
    "interval_median_ms", "rise_median_ms", "believable_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heart:
    """A recording's beats and, of each, NaN where it cannot be believed: (b,).

    `interval_s` since the beat before, `change_s` against the interval before, `amplitude` from foot to peak
    in the signal's unit (R peak against the beat's lowest point for an ECG), `rise_s` from foot to peak.
    """

    beats: Beats
    interval_s: Floats
    change_s: Floats
    amplitude: Floats
    rise_s: Floats


def heart_of(signal: Signal, channel: int = 0) -> Heart:
    """Return the beats of a whole recording with their sizes; an ECG where the modality says so."""
    wave = signal.values[:, channel].astype(np.float64)
    times = signal.start_s + np.arange(len(wave)) / signal.rate_hz
    is_ecg = signal.modality == "ecg"
    beats = (beats_of_ecg if is_ecg else beats_of_pulse)(wave, times, signal.rate_hz)
    interval = np.where(beats.is_plausible, beats.intervals_s, np.nan)
    change = np.diff(interval, prepend=np.nan)
    amplitude, rise = _sizes(beats, wave, signal, is_ecg)
    return Heart(beats, interval, change, amplitude, rise)


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return `NAMES` of every window (k, 17), NaN where it holds too few believable beats.

    Five intervals are the least for any of them, 50 s for HF and the peak, 110 s for LF; half of the window
    must be covered. `context_s` lets every window begin so much earlier, `around_s` widens it on both sides
    (known afterwards only); `which` names those wanted.
    """
    asked = cut(spans, window_s, hop_s)
    windows = reaching_back(widened(asked, float(settings["around_s"])), float(settings["context_s"]))
    made = asked.steps(heart_numbers(heart_of(signal), windows), NAMES)
    return chosen(made, settings["which"], "heart")


def heart_numbers(heart: Heart, windows: Windows) -> Floats:
    """Return `NAMES` of windows (k, 17) of beats that were found."""
    times, interval = heart.beats.times_s, heart.interval_s
    # An interval belongs to a window that holds the beat before it too.
    whole = _inner(times, windows, 1)
    twice = _inner(times, windows, 2)
    count = whole.known(interval)
    enough = count >= LEAST_INTERVALS
    mean_s, sdnn = whole.mean(interval, LEAST_INTERVALS), whole.sd(interval, LEAST_INTERVALS)
    rate = divided(np.full(len(times), 60.0), interval, np.isfinite(interval))
    squares = twice.mean(np.square(heart.change_s), LEAST_INTERVALS - 1)
    far = np.where(np.isfinite(heart.change_s), np.abs(heart.change_s) > LONG_S, np.nan)
    sdsd = twice.sd(heart.change_s, LEAST_INTERVALS - 1)
    # Brennan, Palaniswami & Kamen 2001: SD1^2 = SDSD^2 / 2, SD2^2 = 2 SDNN^2 - SD1^2.
    sd1, sd2 = np.square(sdsd) / 2, 2 * np.square(sdnn) - np.square(sdsd) / 2
    inside = Sums.inside(times, windows)
    columns = [
        divided(np.full(len(windows), 60.0), mean_s, enough),
        whole.sd(rate, LEAST_INTERVALS),
        60 * whole.slope(rate, times, LEAST_INTERVALS),
        1000 * sdnn,
        1000 * np.sqrt(squares),
        twice.mean(far, LEAST_INTERVALS - 1),
        np.sqrt(divided(sd1, sd2, sd2 > 0)),
        *_spectrum(heart, windows, divided(whole.of(interval), windows.length_s, windows.length_s > 0)),
        inside.mean(heart.amplitude, LEAST_INTERVALS),
        inside.sd(heart.amplitude, LEAST_INTERVALS),
        1000 * inside.mean(heart.rise_s, LEAST_INTERVALS),
        1000 * share_of(interval, whole, 0.5, LEAST_INTERVALS),
        1000 * share_of(heart.rise_s, inside, 0.5, LEAST_INTERVALS),
        divided(whole.of(interval), windows.length_s, windows.length_s > 0),
    ]
    return np.stack(columns, axis=1)


def _inner(times: Floats, windows: Windows, back: int) -> Sums:
    """Return the beats of each window whose `back` last intervals lie inside it."""
    rows = Sums.inside(times, windows)
    return Sums(np.minimum(rows.begin + back, rows.stop), rows.stop)


def _spectrum(heart: Heart, windows: Windows, covered: Floats) -> list[Floats]:
    """Return log LF, log HF, LF / HF and the frequency of the highest HF bin.

    The intervals as a line at 4 Hz, its trend taken off, under a Hann window.
    """
    made = np.full((len(windows), 4), np.nan)
    known = np.isfinite(heart.interval_s)
    if known.sum() >= LEAST_INTERVALS and len(windows):
        times = heart.beats.times_s[known]
        start_s = float(times[0])
        grid = start_s + np.arange(int((times[-1] - start_s) * GRID_HZ) + 1) / GRID_HZ
        line = np.interp(grid, times, 1000 * heart.interval_s[known])
        even = Signal("bvp", GRID_HZ, start_s, line[:, None].astype(np.float32), ("interval",), ("ms",))
        made = np.array(each_window(even, windows, 4, _powers), np.float64)
    poor = covered < LEAST_SHARE
    length_s = windows.length_s
    made[poor | (length_s < LEAST_HF_S)] = np.nan
    made[length_s < LEAST_LF_S, 0] = np.nan
    made[length_s < LEAST_LF_S, 2] = np.nan
    return list(made.T)


def _powers(samples: NDArray[np.floating]) -> Floats:
    from scipy.signal import detrend

    wave = samples[:, 0].astype(np.float64)
    count = wave.shape[1]
    made = np.full((len(wave), 4), np.nan)
    whole = np.isfinite(wave).all(axis=1)
    if count < LEAST_HF_S * GRID_HZ or not whole.any():
        return made
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(count) / count)
    bins = np.abs(np.fft.rfft(detrend(wave[whole], axis=1) * taper, axis=1)) ** 2
    power = 2 * bins / (count * np.square(taper).sum())
    hertz = np.fft.rfftfreq(count, 1 / GRID_HZ)
    in_lf, in_hf = ((hertz >= low) & (hertz < high) for low, high in (LF_HZ, HF_HZ))
    lf, hf = power[:, in_lf].sum(axis=1), power[:, in_hf].sum(axis=1)
    none = np.full(len(lf), np.nan)
    made[whole] = np.stack(
        [
            np.log(lf, out=none.copy(), where=lf > 0),
            np.log(hf, out=none.copy(), where=hf > 0),
            divided(lf, hf, hf > 0),
            hertz[in_hf][power[:, in_hf].argmax(axis=1)],
        ],
        axis=1,
    )
    return made


def _sizes(beats: Beats, wave: Floats, signal: Signal, is_ecg: bool) -> tuple[Floats, Floats]:
    """Return amplitude and rise time of each beat: highest sample from its foot to the next one's."""
    nothing = np.full(len(beats.times_s), np.nan)
    if len(nothing) < 2:
        return nothing, nothing.copy()
    method = ECG if is_ecg else PULSE
    low, high = (R_LOW_HZ, R_HIGH_HZ) if is_ecg else (method.low_hz, method.high_hz)
    clear = Filters(low, min(high, 0.45 * signal.rate_hz)).apply(wave[:, None], signal.rate_hz)[:, 0]
    rows = np.clip(
        np.rint((beats.times_s - signal.start_s) * signal.rate_hz).astype(np.intp), 0, len(wave) - 1
    )
    filled = np.nan_to_num(clear, nan=-np.inf)
    highest = np.maximum.reduceat(filled, rows)
    # A beat is the next one's beginning; across a gap, and at the end, there is no whole beat.
    is_whole = np.append(beats.is_plausible[1:], False)
    if is_ecg:
        lowest = np.minimum.reduceat(np.nan_to_num(clear, nan=np.inf), rows)
        across = np.where(clear[rows] > 0, clear[rows] - lowest, highest - clear[rows])
        return np.where(is_whole, across, np.nan), nothing
    reach = np.diff(np.append(rows, len(wave)))
    level = np.concatenate([np.full(rows[0], np.nan), np.repeat(highest, reach)])
    top = np.minimum.reduceat(np.where(filled == level, np.arange(len(wave)), len(wave)), rows)
    rise = (top - rows) / signal.rate_hz
    return np.where(is_whole, highest - clear[rows], np.nan), np.where(is_whole, rise, np.nan)


HEART = Feature(
    "heart",
    1,
    ("bvp", "ecg"),
    "Heart rate, its variability in time and frequency, amplitude and rise of the pulse, and how much of the"
    " window could be believed. context_s: the window begins so much earlier; around_s: so much more on both"
    " sides; which: only these.",
    "Task Force of the ESC and NASPE, Circulation 93 (1996); beats after Elgendi et al. 2013",
    extract,
    {"context_s": 0.0, "around_s": 0.0, "which": []},
    filtered,
)
