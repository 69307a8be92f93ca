"""Skin conductance: responses found in it, and the level beneath them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.views.curves import Curve, Span, joined, spans_where
from analysis.views.runs import whole_runs

Floats = NDArray[np.float64]

THRESHOLD_US = 0.02
"""Least amplitude of a response; 0.01 to 0.05 uS are in use (Boucsein et al., Psychophysiology 49, 2012)."""
SMOOTH_HZ = 1.0
LONGEST_RISE_S = 5.0
SHORTEST_RISE_S = 0.4
LONGEST_FALL_S = 15.0
ONSET_SLOPE = 0.1
"""A response begins where the slope first exceeds this share of its steepest slope."""
LEVEL_S = 5.0
LEAST_RATE_HZ = 2.0

STEP_S, STEP_SHARE = 0.25, 0.8
OUTSIDE_US = (0.05, 60.0)
STEEPEST_US_PER_S = 10.0
WIDEN_S = 2.5
"""Limits of what skin does, after Kleckner et al., IEEE Trans. Biomed. Eng. 65 (2018) 1460-1467."""


@dataclass(frozen=True, slots=True)
class Response:
    """One skin conductance response: times in seconds on the recording's clock, amplitude in microsiemens.

    `rise_s` is peak minus onset, `half_recovery_s` the time from the peak until half the amplitude is lost
    (None where the next response, the end or 15 s came first). `is_plausible` is False where the signal
    around it does what skin cannot: see `doubtful_spans`, or most of the rise within 0.25 s.
    """

    onset_s: float
    peak_s: float
    amplitude_us: float
    level_us: float
    half_recovery_s: float | None
    is_plausible: bool = True

    @property
    def rise_s(self) -> float:
        """Time from onset to peak."""
        return self.peak_s - self.onset_s


@dataclass(frozen=True, slots=True, eq=False)
class SkinConductance:
    """Responses in order; the smoothed signal and the tonic level beneath it, (n,) at `times_s` (n,).

    Both are NaN in gaps. `threshold_us` is the least amplitude that counted, `doubtful_s` the stretches
    that skin cannot do.
    """

    responses: tuple[Response, ...]
    times_s: Floats
    smooth_us: Floats
    level_us: Floats
    threshold_us: float
    doubtful_s: tuple[Span, ...]
    seconds: float

    @property
    def per_minute(self) -> float:
        """Plausible responses a minute, NaN without any signal."""
        count = sum(response.is_plausible for response in self.responses)
        return count / self.seconds * 60 if self.seconds else float("nan")

    def words(self) -> str:
        """Return in words what was found, by which threshold."""
        if not self.seconds:
            return "No skin conductance here: the signal is missing or slower than 2 Hz."
        doubtful = sum(not response.is_plausible for response in self.responses)
        told = f"{len(self.responses)} responses of at least {self.threshold_us:g} µS"
        return told + (f", {doubtful} doubtful" if doubtful else "") + f"; {self.per_minute:.1f} a minute"


def skin_conductance(
    values_us: NDArray[np.floating], times_s: Floats, rate_hz: float, threshold_us: float = THRESHOLD_US
) -> SkinConductance:
    """Find responses in skin conductance `values_us` (n,), microsiemens, at `times_s` (n,).

    The signal is smoothed (zero-phase low-pass at 1 Hz). A response is a rise from a trough to the next peak
    ("trough to peak") of at least `threshold_us` that takes 0.4 to 5 s; its onset is where the slope first
    exceeds a tenth of its steepest. A second rise that begins before the first has turned down is part
    of the first. The level is the median of each 5 s outside responses, joined by straight lines.
    """
    times, signal = np.asarray(times_s, np.float64), np.asarray(values_us, np.float64)
    level, whole = np.full(len(signal), np.nan), np.full(len(signal), np.nan)
    if rate_hz < LEAST_RATE_HZ:
        return SkinConductance((), times, whole, level, threshold_us, (), 0.0)
    doubtful = doubtful_spans(signal, times, rate_hz)
    found: list[Response] = []
    seconds = 0.0
    for run in whole_runs(np.isfinite(signal), times, rate_hz):
        seconds += (run.stop - run.start) / rate_hz
        smooth = _smooth(signal[run], rate_hz)
        places = _responses(smooth, rate_hz, threshold_us)
        steps = _steps(signal[run], places, rate_hz)
        found += [
            _response(smooth, times[run], rate_hz, *place, doubtful, is_step)
            for place, is_step in zip(places, steps, strict=True)
        ]
        whole[run] = smooth
        level[run] = _level(smooth, times[run], rate_hz, places)
    return SkinConductance(tuple(found), times, whole, level, threshold_us, doubtful, seconds)


def level_curve(skin: SkinConductance, name: str = "Skin conductance level") -> Curve:
    """Return the tonic level as a curve; marks are the onsets of responses, spans what is doubtful."""
    onsets = tuple(response.onset_s for response in skin.responses)
    return Curve(name, "µS", skin.times_s, skin.level_us, onsets, skin.doubtful_s, skin.words())


def response_curve(skin: SkinConductance, name: str = "Skin conductance responses") -> Curve:
    """Return what lies above the level (the phasic part); marks are the peaks of responses.

    Spans are what is doubtful: of the signal, and single responses that are.
    """
    single = [(found.onset_s, found.peak_s) for found in skin.responses if not found.is_plausible]
    spans = joined([*skin.doubtful_s, *single])
    peaks = tuple(response.peak_s for response in skin.responses)
    return Curve(name, "µS", skin.times_s, skin.smooth_us - skin.level_us, peaks, spans, skin.words())


def doubtful_spans(values_us: Floats, times_s: Floats, rate_hz: float) -> tuple[Span, ...]:
    """Return stretches that skin cannot do: outside 0.05 to 60 uS, or faster than 10 uS a second."""
    with np.errstate(invalid="ignore"):
        outside = (values_us < OUTSIDE_US[0]) | (values_us > OUTSIDE_US[1])
        # Over a quarter of a second at least: a fine step of a fast converter is no slope.
        reach = max(1, round(0.25 * rate_hz))
        steep = np.zeros(len(values_us), bool)
        if len(values_us) > reach:
            change = np.abs(values_us[reach:] - values_us[:-reach]) * rate_hz / reach
            steep[reach:] = change > STEEPEST_US_PER_S
    return joined(spans_where(outside | steep, times_s, WIDEN_S))


def _smooth(signal: Floats, rate_hz: float) -> Floats:
    if rate_hz <= 2.2 * SMOOTH_HZ or len(signal) < 3:
        return signal
    from scipy.signal import butter, sosfiltfilt

    sections = butter(2, SMOOTH_HZ, "lowpass", fs=rate_hz, output="sos")
    return np.asarray(sosfiltfilt(sections, signal, padlen=min(len(signal) - 1, round(3 * rate_hz))))


def _responses(smooth: Floats, rate_hz: float, threshold_us: float) -> list[tuple[int, int]]:
    """Return (onset, peak) rows of every rise that is high enough and takes as long as skin does."""
    slope = np.diff(smooth)
    rising = np.concatenate(([False], slope > 0, [False]))
    edges = np.flatnonzero(np.diff(rising.astype(np.int8))).reshape(-1, 2)
    high = smooth[edges[:, 1]] - smooth[edges[:, 0]] >= threshold_us
    found = []
    for trough, peak in edges[high].tolist():
        rise = slope[trough:peak]
        steep = np.flatnonzero(rise >= ONSET_SLOPE * rise.max())
        steepest = int(np.argmax(rise))
        # From the steepest place backwards: slow drift long before the response is none of it.
        before = np.flatnonzero(rise[: steepest + 1] < ONSET_SLOPE * rise.max())
        onset = trough + (int(before[-1]) + 1 if len(before) else int(steep[0]))
        length_s = (peak - onset) / rate_hz
        is_high = smooth[peak] - smooth[onset] >= threshold_us
        if is_high and SHORTEST_RISE_S <= length_s <= LONGEST_RISE_S:
            found.append((onset, peak))
    return found


def _steps(signal: Floats, places: list[tuple[int, int]], rate_hz: float) -> list[bool]:
    """Whether most of each rise happens at once: a contact that moved, for glands take longer."""
    reach = max(1, round(STEP_S * rate_hz))
    found = []
    for onset, peak in places:
        part = signal[max(0, onset - reach) : peak + reach + 1]
        jump = float((part[reach:] - part[:-reach]).max()) if len(part) > reach else 0.0
        found.append(jump > STEP_SHARE * float(part.max() - part.min()))
    return found


def _response(
    smooth: Floats,
    times: Floats,
    rate_hz: float,
    onset: int,
    peak: int,
    doubtful: tuple[Span, ...],
    is_step: bool,
) -> Response:
    amplitude = float(smooth[peak] - smooth[onset])
    half = float(smooth[peak]) - amplitude / 2
    after = smooth[peak : peak + round(LONGEST_FALL_S * rate_hz) + 1]
    recovery = None
    below = np.flatnonzero(after <= half)
    if len(below):
        first = int(below[0])
        # Another rise before that is another response: then this one's recovery was never seen.
        if (np.diff(after[: first + 1]) <= 0).all():
            share = (after[first - 1] - half) / (after[first - 1] - after[first])
            recovery = float(times[peak + first - 1] - times[peak]) + float(share) / rate_hz
    begin, end = float(times[onset]), float(times[peak])
    plausible = not is_step and not any(start <= end and stop >= begin for start, stop in doubtful)
    return Response(begin, end, amplitude, float(smooth[onset]), recovery, plausible)


def _level(smooth: Floats, times: Floats, rate_hz: float, places: list[tuple[int, int]]) -> Floats:
    """Return the level of one run (n,): medians of what lies outside responses, joined by lines."""
    quiet = np.ones(len(smooth), bool)
    for onset, peak in places:
        # A response has mostly died away after about as long again as three rises.
        quiet[onset + 1 : peak + max(round(2 * rate_hz), 3 * (peak - onset))] = False
    quiet[[onset for onset, _ in places]] = True
    rows = np.flatnonzero(quiet)
    if not len(rows):
        return np.full(len(smooth), float(np.median(smooth)))
    block = ((times[rows] - times[0]) // LEVEL_S).astype(np.int64)
    starts = np.flatnonzero(np.concatenate(([True], np.diff(block) > 0)))
    parts = np.split(rows, starts[1:])
    knots = np.array([times[part].mean() for part in parts])
    heights = np.array([np.median(smooth[part]) for part in parts])
    # What is beneath cannot lie above the whole.
    return np.asarray(np.minimum(np.interp(times, knots, heights), smooth), np.float64)
