"""Features of breathing: of a belt, or of what breathing does to the pulse or the ECG.

Breaths are found once in the whole recording: the signal between 0.05 and 2 Hz, a breath from one trough to
the next with a peak between them that stands out. From a pulse wave three series are drawn out that follow
breathing: intervals, amplitudes and baselines of the beats (Karlen et al., IEEE Trans. Biomed. Eng. 60
(2013) 1946-1953).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.heart import heart_of
from analysis.features.reach import filtered
from analysis.features.windows import Sums, Windows, cut, divided, reaching_back
from analysis.views.filters import Filters
from analysis.views.runs import whole_runs

Floats = NDArray[np.float64]

LOW_HZ, HIGH_HZ = 0.05, 2.0
SHORTEST_S, LONGEST_S = 1.0, 12.0
STANDS_OUT = 0.3
"""A peak must stand out by this share of the recording's usual swing (twice its SD)."""
NEGLIGIBLE = 1e-7
"""A swing below this share of the values is what arithmetic leaves of a signal that does not move: float32
holds no finer step."""
LEAST_BREATHS = 3
FAR_S = 3.0
LEAST_RATE_HZ = 2.0
GRID_HZ = 4.0
NAMES = (
    "rate_per_min", "rate_sd_per_min", "interval_rmssd_s", "depth_mean", "depth_sd", "in_out_ratio",
    "volume_per_min",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Breaths:
    """Breaths of a recording, from trough over peak to trough: times in seconds, (b,) each, in order.

    `depth` is peak minus the trough before, in the signal's unit. Unlikely lengths (under 1 s, over 12 s) are
    left out.
    """

    start_s: Floats
    peak_s: Floats
    stop_s: Floats
    depth: Floats

    @property
    def length_s(self) -> Floats:
        """How long each took."""
        return self.stop_s - self.start_s


def breaths_of(values: Floats, start_s: float, rate_hz: float) -> Breaths:
    """Return the breaths in `values` (n,), up for breathing in; NaN parts it.

    Raises FeatureError below 2 Hz.
    """
    from scipy.signal import find_peaks

    if rate_hz < LEAST_RATE_HZ:
        raise FeatureError(f"breathing needs at least {LEAST_RATE_HZ:g} Hz, not {rate_hz:g}.")
    high_hz = min(HIGH_HZ, 0.45 * rate_hz)
    wave = Filters(LOW_HZ, high_hz).apply(values[:, None], rate_hz)[:, 0]
    if not np.isfinite(wave).any():
        return Breaths(*(np.zeros(0) for _ in range(4)))
    standing = STANDS_OUT * 2 * float(np.nanstd(wave))
    if standing <= NEGLIGIBLE * float(np.nanmax(np.abs(values))):
        return Breaths(*(np.zeros(0) for _ in range(4)))
    parts: list[Floats] = []
    for run in whole_runs(np.isfinite(wave)):
        part = wave[run]
        peaks, _ = find_peaks(part, prominence=standing, distance=max(1, round(SHORTEST_S * rate_hz)))
        if len(peaks) < 2:
            continue
        troughs = np.array([a + int(part[a:b].argmin()) for a, b in pairwise(peaks.tolist())])
        begin, top, end = troughs[:-1], peaks[1:-1], troughs[1:]
        at = start_s + (run.start + np.stack([begin, top, end])) / rate_hz
        parts.append(np.concatenate([at, (part[top] - part[begin])[None]]))
    found = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
    length = found[2] - found[0]
    return Breaths(*found[:, (length >= SHORTEST_S) & (length <= LONGEST_S)])


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return `NAMES` of every window (k, 7), NaN with fewer than three breaths that lie whole inside it.

    Of a pulse wave or ECG the curve is `source`: "amplitude", "baseline" or "interval" of its beats.
    `context_s` lets every window begin so much earlier.
    """
    asked = cut(spans, window_s, hop_s)
    windows = reaching_back(asked, float(settings["context_s"]))
    if signal.modality == "respiration":
        breaths = breaths_of(signal.values[:, 0].astype(np.float64), signal.start_s, signal.rate_hz)
    else:
        breaths = breaths_of(*curve_of(signal, str(settings["source"])), GRID_HZ)
    return asked.steps(_numbers(breaths, windows), NAMES)


def curve_of(signal: Signal, source: str) -> tuple[Floats, float]:
    """Return what breathing does to the beats, at 4 Hz, and the time of its first value.

    "interval": short while breathing in; "amplitude" and "baseline" of the pulse: low while breathing in.
    All are turned so that up is in. NaN where two believable beats are more than 3 s apart. Raises
    FeatureError for another source.
    """
    heart = heart_of(signal)
    wave = signal.values[:, 0].astype(np.float64)
    if source == "baseline":
        rows = np.rint((heart.beats.times_s - signal.start_s) * signal.rate_hz).astype(np.intp)
        series = -wave[np.clip(rows, 0, len(wave) - 1)] if len(wave) else np.zeros(0)
    elif source in ("amplitude", "interval"):
        series = -(heart.amplitude if source == "amplitude" else heart.interval_s)
    else:
        raise FeatureError(f"breathing cannot be taken from '{source}': amplitude, baseline, interval can.")
    known = np.isfinite(series) & np.isfinite(heart.interval_s)
    times, series = heart.beats.times_s[known], series[known]
    if len(times) < 2:
        return np.zeros(0), signal.start_s
    grid = times[0] + np.arange(int((times[-1] - times[0]) * GRID_HZ) + 1) / GRID_HZ
    values = np.interp(grid, times, series)
    after = np.clip(np.searchsorted(times, grid, "left"), 1, len(times) - 1)
    values[times[after] - times[after - 1] > FAR_S] = np.nan
    return values, float(times[0])


def _numbers(breaths: Breaths, windows: Windows) -> Floats:
    # In order of their ends, as of their beginnings: breaths do not overlap.
    begun = Sums.inside(breaths.start_s, windows).begin
    ended = np.searchsorted(breaths.stop_s, windows.stop_s, "right")
    whole = Sums(begun, np.maximum(begun, ended))
    length = breaths.length_s
    enough = whole.count >= LEAST_BREATHS
    rate = divided(np.full(len(length), 60.0), length, length > 0)
    follows = np.append(False, np.abs(breaths.start_s[1:] - breaths.stop_s[:-1]) < 1e-6)[: len(length)]
    change = np.where(follows, np.diff(length, prepend=np.nan), np.nan)
    twice = Sums(np.minimum(whole.begin + 1, whole.stop), whole.stop)
    breathing_in = breaths.peak_s - breaths.start_s
    columns = [
        divided(np.full(len(windows), 60.0), whole.mean(length, LEAST_BREATHS), enough),
        whole.sd(rate, LEAST_BREATHS),
        np.sqrt(twice.mean(np.square(change), LEAST_BREATHS - 1)),
        whole.mean(breaths.depth, LEAST_BREATHS),
        whole.sd(breaths.depth, LEAST_BREATHS),
        divided(whole.of(breathing_in), whole.of(length - breathing_in), enough),
        # Not by the window's length: breaths that it cuts, and what is missing of it, count on neither side.
        divided(60 * whole.of(breaths.depth), whole.of(length), enough),
    ]
    return np.stack(columns, axis=1)


RESPIRATION = Feature(
    "respiration",
    2,
    ("respiration", "bvp", "ecg"),
    "Rate, depth, variability of breaths and the ratio of breathing in to out; volume is depth a minute."
    " Of a pulse wave or ECG by the source amplitude, baseline or interval of the beats."
    " context_s: the window begins so much earlier.",
    "breath by breath from trough to trough; of a pulse after Karlen et al. 2013",
    extract,
    {"context_s": 0.0, "source": "amplitude"},
    filtered,
)
