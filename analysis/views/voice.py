"""The voice in a sound: its level, and the pitch of what is voiced.

Pitch follows de Cheveigné & Kawahara, "YIN, a fundamental frequency estimator for speech and music"
(J. Acoust. Soc. Am. 111, 2002): the cumulative mean normalised difference, here with the path through
the candidates of all frames chosen at once (as Boersma 1993 does for autocorrelation), so that single
octave errors do not survive and the decision between voiced and unvoiced is part of it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.views.curves import Curve

Floats = NDArray[np.float64]

LEVEL_WINDOW_S = 0.05
STEP_S = 0.01
QUIETEST_DB = -120.0

LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
WORK_RATE_HZ = 11025.0
"""Sound is brought down to about this rate: more than twenty samples of the highest pitch's period."""
FRAME_S = 0.04
CANDIDATES = 5
UNVOICED = 0.42
"""A frame is voiced where its normalised difference is below this, along the best path."""
OCTAVE_DOWN = 0.03
"""What an octave lower costs: half the pitch fits any periodic sound as well as the pitch itself."""
JUMP_OCTAVE = 0.5
SWITCH = 0.1
SILENT_BELOW_PEAK_DB = 40.0
LEAST_DB = -60.0
BLOCK_S = 30.0


def full_scale(values: NDArray[np.generic]) -> Floats:
    """Return sound (n,) as numbers from -1 to 1: integers are divided by their type's range."""
    if values.dtype.kind == "i":
        return np.asarray(values.astype(np.float64) / 2.0 ** (8 * values.dtype.itemsize - 1), np.float64)
    return np.asarray(values, np.float64)


def level(sound: NDArray[np.generic], rate_hz: float, start_s: float, name: str = "Level") -> Curve:
    """Return the level of a sound (n,) that begins at `start_s`, in dB re full scale, every 10 ms.

    20 log10 of the root mean square in windows of 50 ms, the moment being their middle. A square wave of
    full scale has 0 dB, a sine of full scale -3.01 dB; silence is -120 dB. NaN where samples are missing.
    """
    values = full_scale(sound)
    window, step = max(1, round(LEVEL_WINDOW_S * rate_hz)), STEP_S * rate_hz
    if len(values) < window:
        return Curve(name, "dBFS", np.zeros(0), np.zeros(0))
    starts = np.round(np.arange(0, len(values) - window + 1, step)).astype(np.int64)
    starts = starts[starts + window <= len(values)]
    missing = ~np.isfinite(values)
    total = np.cumsum(np.concatenate(([0.0], np.where(missing, 0.0, values) ** 2)))
    power = np.maximum(total[starts + window] - total[starts], 0.0) / window
    decibel = np.asarray(10 * np.log10(np.maximum(power, 10 ** (QUIETEST_DB / 10))), np.float64)
    if missing.any():
        count = np.cumsum(np.concatenate(([0], missing)))
        decibel[count[starts + window] > count[starts]] = np.nan
    note = f"root mean square in {LEVEL_WINDOW_S * 1000:g} ms"
    moments = start_s + (starts.astype(np.float64) + window / 2) / rate_hz
    return Curve(name, "dBFS", np.asarray(moments, np.float64), decibel, note=note)


def pitch(
    sound: NDArray[np.generic],
    rate_hz: float,
    start_s: float,
    *,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
    name: str = "Pitch",
) -> Curve:
    """Return the pitch of a sound (n,) that begins at `start_s`, in Hz, every 10 ms; NaN where unvoiced.

    Windows of 40 ms and one longest period; frames more than 40 dB below the loudest tenth of the sound, or
    below -60 dBFS, are silent. The note tells how much of it is voiced. Half an hour takes seconds: hand in
    what is on show.
    """
    values, rate = _at_work_rate(np.nan_to_num(full_scale(sound)), rate_hz)
    longest = math.ceil(rate / lowest_hz) + 2
    window = round(FRAME_S * rate)
    starts = np.round(np.arange(0, max(0, len(values) - window - longest + 1), STEP_S * rate)).astype(
        np.int64
    )
    if not len(starts):
        return Curve(name, "Hz", np.zeros(0), np.zeros(0), note="Too short for a pitch.")
    parts = np.array_split(starts, max(1, math.ceil(len(starts) * STEP_S / BLOCK_S)))
    found = [_candidates(values, part, window, longest, rate, highest_hz) for part in parts]
    lags, costs = (np.concatenate([pair[i] for pair in found]) for i in range(2))
    costs[_silent(values, starts, window + longest)] = np.inf
    hertz = _best_path(rate / lags, costs)
    note = f"{np.isfinite(hertz).mean():.0%} voiced"
    # A frame compares itself with itself one period later: its middle lies half a period further on.
    usual = np.nanmedian(rate / hertz) if np.isfinite(hertz).any() else 0.0
    moments = start_s + (starts + (window + usual) / 2) / rate
    return Curve(name, "Hz", np.asarray(moments, np.float64), hertz, note=note)


def _at_work_rate(values: Floats, rate_hz: float) -> tuple[Floats, float]:
    factor = int(rate_hz // WORK_RATE_HZ)
    if factor < 2 or len(values) < 100 * factor:
        return values, rate_hz
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(values, 1, factor), np.float64), rate_hz / factor


def _silent(values: Floats, starts: NDArray[np.int64], window: int) -> NDArray[np.bool_]:
    total = np.cumsum(np.concatenate(([0.0], values**2)))
    power = np.maximum(total[starts + window] - total[starts], 0.0) / window
    decibel = 10 * np.log10(power + 1e-20)
    loud = float(np.quantile(decibel, 0.9))
    return np.asarray(decibel < max(LEAST_DB, loud - SILENT_BELOW_PEAK_DB))


def _candidates(
    values: Floats, starts: NDArray[np.int64], window: int, longest: int, rate_hz: float, highest_hz: float
) -> tuple[Floats, Floats]:
    """Return lags in samples and costs (frames, CANDIDATES) of each frame's best dips, inf where none."""
    normal = _normalised_difference(values, starts, window, longest)
    shortest = max(2, math.floor(rate_hz / highest_hz))
    inner = normal[:, 1:-1]
    is_dip = (inner < normal[:, :-2]) & (inner <= normal[:, 2:])
    is_dip[:, : shortest - 1] = False
    before, here, after = normal[:, :-2], inner, normal[:, 2:]
    bend = before - 2 * here + after
    shift = np.zeros_like(here)
    np.divide(0.5 * (before - after), bend, out=shift, where=is_dip & (bend > 0))
    depth = np.where(is_dip, here - 0.25 * (before - after) * shift, np.inf)
    lags = np.arange(1, longest)[None] + shift
    depth += np.where(is_dip, OCTAVE_DOWN * np.log2(lags / shortest), 0.0)
    order = np.argpartition(depth, CANDIDATES, axis=1)[:, :CANDIDATES]
    return np.take_along_axis(lags, order, 1), np.take_along_axis(depth, order, 1)


def _normalised_difference(values: Floats, starts: NDArray[np.int64], window: int, longest: int) -> Floats:
    """Return YIN's d'(lag) of each frame (frames, longest + 1).

    d(lag) = sum over the window of (x_j - x_(j + lag))^2 from the energies and a correlation by FFT;
    d' = d(lag) / mean of d(1..lag), 1 at lag 0.
    """
    # NumPy's own transform of many short frames takes several times as long.
    from scipy.fft import irfft, rfft

    frames = np.lib.stride_tricks.sliding_window_view(values, window + longest)[starts]
    frames = frames - frames.mean(axis=1, keepdims=True)
    size = 1 << math.ceil(math.log2(2 * window + longest))
    spectrum = rfft(frames, size)
    head = rfft(frames[:, :window], size)
    product = irfft(spectrum * np.conj(head), size)[:, : longest + 1]
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    shifted = energy[:, window : window + longest + 1] - energy[:, : longest + 1]
    difference = np.maximum(shifted[:, :1] + shifted - 2 * product, 0.0)
    running = np.cumsum(difference[:, 1:], axis=1)
    normal: Floats = np.ones(difference.shape)
    np.divide(
        difference[:, 1:] * np.arange(1, longest + 1), running, out=normal[:, 1:], where=running > 1e-12
    )
    return np.asarray(normal, np.float64)


def _best_path(hertz: Floats, costs: Floats) -> Floats:
    """Return the pitch of each frame (n,), NaN where unvoiced, along the cheapest way through all frames.

    A voiced frame costs its candidate's difference, an unvoiced one `UNVOICED`; going on costs
    `JUMP_OCTAVE` an octave, changing between voiced and unvoiced `SWITCH`.
    """
    count, states = costs.shape
    octaves = np.log2(hertz)
    best = np.concatenate([costs[0], [UNVOICED]])
    back = np.zeros((count, states + 1), np.intp)
    move = np.full((states + 1, states + 1), SWITCH)
    move[-1, -1] = 0.0
    columns = np.arange(states + 1)
    for row in range(1, count):
        move[:-1, :-1] = JUMP_OCTAVE * np.abs(octaves[row - 1][:, None] - octaves[row][None])
        total = best[:, None] + move
        back[row] = total.argmin(axis=0)
        best = total[back[row], columns]
        best[:-1] += costs[row]
        best[-1] += UNVOICED
    made = np.full(count, np.nan)
    state = int(best.argmin())
    for row in range(count - 1, -1, -1):
        if state < states:
            made[row] = hertz[row, state]
        state = int(back[row, state])
    return made
