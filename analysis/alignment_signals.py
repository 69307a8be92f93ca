"""Finding one and the same event in signals of every kind: light, sound, clicks, taps, blinks.

All functions take a signal with its own times and return times on them; nothing here knows a session.
Scipy is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TONE_S = 0.1
TONE_FROM_HZ, TONE_TO_HZ = 800.0, 2400.0
TONE_RAMP_S = 0.002
TONE_LEVEL = 0.5
LEAST_LIKENESS = 0.2
LIKENESS_OVER_NOISE = 5.0
ECHO_S = 0.03
"""An echo may be louder than what comes straight; it comes this much later at most."""
CLICK_FROM_HZ = 4500.0
CLICK_FRAME_S = 0.001
CLICKS_APART_S = 0.2
OVER_NOISE = 8.0
BRIGHT, DARK = 0.9, 0.08
STEP_SIDE_S = 0.3
STEP_GUARD_S = 0.07
AROUND_S = 1.0


def tone(rate_hz: float) -> Floats:
    """Return the sound that is searched for: a tenth of a second that rises in pitch, within -1..1.

    A sweep is found far more exactly than an even tone, in a noisy room too.
    """
    t = np.arange(round(TONE_S * rate_hz)) / rate_hz
    phase = 2 * np.pi * (TONE_FROM_HZ * t + (TONE_TO_HZ - TONE_FROM_HZ) * t**2 / (2 * TONE_S))
    ramp = np.clip(np.minimum(t, TONE_S - t) / TONE_RAMP_S, 0.0, 1.0)
    return np.asarray(TONE_LEVEL * np.sin(phase) * np.sin(np.pi / 2 * ramp) ** 2, np.float64)


def tone_onset(sound: Floats, times_s: Floats, rate_hz: float) -> float | None:
    """Return when `tone` begins in a piece of sound (n,), by matched filter; None where it is not heard."""
    from scipy.signal import fftconvolve, hilbert

    pattern = tone(rate_hz)
    if len(sound) < 2 * len(pattern):
        return None
    centred = sound - sound.mean()
    match = np.abs(fftconvolve(centred, np.conj(hilbert(pattern))[::-1], "valid"))
    power = np.convolve(centred**2, np.ones(len(pattern)), "valid")
    floor = 1e-6 * float(power.max()) + 1e-30
    likeness = match / np.sqrt((power + floor) * float((pattern**2).sum()))
    best = int(np.argmax(likeness))
    if likeness[best] < max(LEAST_LIKENESS, LIKENESS_OVER_NOISE * float(np.median(likeness))):
        return None
    before = match[max(0, best - round(ECHO_S * rate_hz)) : best + 1]
    # What comes straight is the first peak of some height, and not always the highest.
    risen = [i for i in range(1, len(before) - 1) if before[i - 1] < before[i] >= before[i + 1]]
    first = next((i for i in risen if before[i] > 0.6 * before[-1]), len(before) - 1)
    return at_peak(match, best - (len(before) - 1) + first, times_s)


def at_peak(values: Floats, place: int, times_s: Floats) -> float:
    """Return the time of a peak between samples, by the parabola through it and its neighbours."""
    shift = 0.0
    if 0 < place < len(values) - 1:
        low, top, high = values[place - 1 : place + 2]
        bend = low - 2 * top + high
        shift = 0.5 * float(low - high) / float(bend) if bend < 0 else 0.0
    return float(np.interp(place + np.clip(shift, -1, 1), np.arange(len(times_s)), times_s))


def clicks(sound: Floats, times_s: Floats, rate_hz: float) -> Floats:
    """Return when clicks begin: short, high sounds that stand out of the room's noise."""
    from scipy.signal import butter, find_peaks, sosfilt

    frame = max(1, round(CLICK_FRAME_S * rate_hz))
    if len(sound) < 50 * frame:
        return np.zeros(0)
    low_hz = min(CLICK_FROM_HZ, 0.3 * rate_hz)
    high = sosfilt(butter(8, low_hz, "highpass", fs=rate_hz, output="sos"), sound - sound.mean())
    count = len(high) // frame
    level = np.sqrt((high[: count * frame].reshape(count, frame) ** 2).mean(1))
    middle = float(np.median(level))
    limit = middle + OVER_NOISE * max(1.4826 * float(np.median(np.abs(level - middle))), 0.05 * middle)
    if limit <= 0:
        # Digital silence but for the clicks themselves.
        limit = 0.2 * float(level.max())
    if limit <= 0:
        return np.zeros(0)
    peaks, _ = find_peaks(level, height=limit, distance=max(1, round(CLICKS_APART_S / CLICK_FRAME_S)))
    starts = []
    for peak in peaks:
        begin = peak
        while begin > 0 and level[begin - 1] > 0.3 * level[peak] and peak - begin < 20:
            begin -= 1
        starts.append(times_s[begin * frame])
    return np.array(starts)


@dataclass(frozen=True, slots=True)
class Step:
    """The rise of brightness at one flash: frames at `before_s` and `at_s`, and the latter's `share`.

    `share` is how much of the light the first brighter frame has caught, 1 for all of it.
    """

    before_s: float
    at_s: float
    share: float


def brightness_steps(
    cells: Floats, times_s: Floats, flashes_s: Sequence[float], most_late_s: float
) -> list[Step | None]:
    """Return the step at each flash, None where there is none; `cells` (frames, cells) are grey means.

    The cells that brighten with the flashes are found first: a camera may see the screen, or only the
    light on a face.
    """
    weights, lag_s = _lit_cells(cells, times_s, flashes_s, most_late_s)
    if weights is None:
        return [None] * len(flashes_s)
    light = cells @ weights
    return [_step(light, times_s, flash + lag_s) for flash in flashes_s]


def _lit_cells(
    cells: Floats, times_s: Floats, flashes_s: Sequence[float], most_late_s: float
) -> tuple[Floats | None, float]:
    period = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
    best: tuple[float, Floats | None, float] = (0.0, None, 0.0)
    for lag_s in np.arange(-0.1, most_late_s, period):
        rises = []
        for flash in flashes_s:
            at = flash + lag_s
            dark = (times_s > at - STEP_SIDE_S) & (times_s < at - period / 2)
            lit = (times_s > at + period / 2) & (times_s < at + STEP_SIDE_S)
            if dark.sum() >= 3 and lit.sum() >= 3:
                rises.append(cells[lit].mean(0) - cells[dark].mean(0))
        if len(rises) < 3:
            continue
        rise = np.array(rises)
        sure = rise.mean(0) / (rise.std(0) / np.sqrt(len(rise)) + 0.25)
        weights = np.where((sure > 3) & (rise.mean(0) > 0), rise.mean(0), 0.0)
        total = float(weights.sum())
        if total > best[0]:
            best = (total, weights / total, float(lag_s))
    return best[1], best[2]


def _step(light: Floats, times_s: Floats, near_s: float) -> Step | None:
    dark = light[(times_s > near_s - STEP_SIDE_S) & (times_s < near_s - STEP_GUARD_S)]
    lit = light[(times_s > near_s + STEP_GUARD_S) & (times_s < near_s + STEP_SIDE_S)]
    if len(dark) < 3 or len(lit) < 3:
        return None
    low, high = float(np.median(dark)), float(np.median(lit))
    noise = 1.4826 * float(np.median(np.abs(dark - low))) + 0.2
    if high - low < OVER_NOISE * noise:
        return None
    window = np.flatnonzero((times_s > near_s - STEP_SIDE_S) & (times_s < near_s + STEP_SIDE_S))
    share = (light[window] - low) / (high - low)
    full = int(np.argmax(share >= BRIGHT))
    if full == 0 or share[full] < BRIGHT:
        return None
    first = full - 1 if share[full - 1] > DARK and full >= 2 else full
    row = window[first]
    return Step(float(times_s[row - 1]), float(times_s[row]), float(min(1.0, share[first])))


def step_times(steps: Sequence[Step | None]) -> tuple[Floats, float]:
    """Return when the light came, to a part of a frame (NaN where there is no step), and what stays open.

    The latter is the standard deviation of a moment that may be anywhere while the shutter is closed.
    How often a frame catches a part of the light tells how much of the time between frames the shutter is
    open; where it is closed, the middle of what is possible is taken.
    """
    found = [step for step in steps if step is not None]
    partial = [step for step in found if step.share < BRIGHT]
    opened = len(partial) / len(found) if found else 0.0
    periods = [step.at_s - step.before_s for step in found]
    open_s = (1 - opened) * float(np.median(periods)) / np.sqrt(12) if periods else 0.0
    times = []
    for step in steps:
        if step is None:
            times.append(np.nan)
            continue
        period = step.at_s - step.before_s
        if step.share < BRIGHT:
            times.append(step.at_s - step.share * opened * period)
        else:
            times.append(step.at_s - (1 + opened) / 2 * period)
    return np.array(times), float(open_s)


def knocks(acceleration: Floats, times_s: Floats) -> Floats:
    """Return the times of sharp peaks in acceleration (n, axes)."""
    from scipy.ndimage import median_filter

    if len(times_s) < 16:
        return np.zeros(0)
    rate_hz = 1 / float(np.median(np.diff(times_s)))
    # Slow movement and gravity go: a knock is over in some samples.
    size = 2 * max(2, round(0.1 * rate_hz)) + 1
    apart = acceleration - median_filter(acceleration, (size, 1))
    strength = np.sqrt((apart**2).sum(1))
    return _peaks(strength, times_s, rate_hz)


def blinks(frontal: Floats, times_s: Floats) -> Floats:
    """Return the peaks of blinks in a frontal EEG signal (n,): slow and far above the rest."""
    from scipy.signal import butter, sosfiltfilt

    if len(times_s) < 64:
        return np.zeros(0)
    rate_hz = 1 / float(np.median(np.diff(times_s)))
    slow = sosfiltfilt(
        butter(2, (0.5, min(10.0, 0.4 * rate_hz)), "bandpass", fs=rate_hz, output="sos"), frontal
    )
    up = float(np.quantile(slow, 0.995)) - float(np.median(slow))
    down = float(np.median(slow)) - float(np.quantile(slow, 0.005))
    return _peaks(slow if up >= down else -slow, times_s, rate_hz, is_wide=True)


def closures(eyes: Floats, times_s: Floats) -> Floats:
    """Return when eyes were closed most, by the grey values (frames, pixels) of their region."""
    from scipy.ndimage import median_filter

    if len(times_s) < 16:
        return np.zeros(0)
    rate_hz = 1 / float(np.median(np.diff(times_s)))
    # Against how they looked around that time: a head that moves or light that changes is slower.
    around = median_filter(eyes, (2 * round(AROUND_S / 2 * rate_hz) + 1, 1), mode="nearest")
    apart = np.abs(eyes - around).mean(1)
    return _peaks(apart, times_s, rate_hz, is_wide=True)


def _peaks(values: Floats, times_s: Floats, rate_hz: float, is_wide: bool = False) -> Floats:
    """Return the times of peaks that stand out; of wide ones the middle of their upper half."""
    from scipy.signal import find_peaks

    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    limit = middle + max(OVER_NOISE * spread, 0.25 * (float(values.max()) - middle))
    found, _ = find_peaks(values, height=limit, distance=max(1, round(CLICKS_APART_S * rate_hz)))
    if not is_wide:
        return np.array([at_peak(values, int(place), times_s) for place in found])
    return np.array([_middle(values, int(place), middle, times_s) for place in found])


def _middle(values: Floats, place: int, ground: float, times_s: Floats) -> float:
    half = ground + (values[place] - ground) / 2
    above = values > half
    first, last = place, place
    while first > 0 and above[first - 1]:
        first -= 1
    while last < len(values) - 1 and above[last + 1]:
        last += 1
    begin, end = float(first), float(last)
    if first > 0:
        begin -= float((values[first] - half) / (values[first] - values[first - 1]))
    if last < len(values) - 1:
        end += float((values[last] - half) / (values[last] - values[last + 1]))
    return float(np.interp((begin + end) / 2, np.arange(len(times_s)), times_s))
