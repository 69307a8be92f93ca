"""Speech as modes: 43 numbers a frame of segments of equal length, by masked decomposition (IMEMD-CRNN)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.decomposition.decompose import decompose
from analysis.decomposition.settings import Decomposition, DecompositionError, Settings
from analysis.decomposition.sifting import Stop, never
from analysis.decomposition.spectra import Instantaneous, instantaneous
from analysis.features import mel
from analysis.features.feature import Feature, FeatureError, OfSpan, Signal, Steps
from analysis.features.resampling import resampled
from analysis.features.sound import speech_of
from analysis.features.sound_variants import Most, variant
from analysis.features.speech import delta
from analysis.features.windows import cut, rows_of
from analysis.recognizers.recognizer import CancelledError

Floats = NDArray[np.float64]

METHODS = ("imemd", "emd", "none")
DISTRIBUTION = ("sc", "sp", "sk", "su")
CONTOUR = ("se", "d_se", "dd_se")
TREND_SHARE = 0.01
"""Modes that cross zero less often than this share of the first one's crossings are the trend."""
LEAST_POWER = 1e-12
"""Below -120 dB of the loudest sample a frame is silence, which has no frequencies."""
LOG_FLOOR = 1e-12


def extract_imemd(
    signal: Signal, spans: Floats, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the frames of every segment of each span, one after the other.

    `window_s` and `hop_s` are ignored. With `variants` the segments of so many changed copies of each span
    instead of its own.
    """
    del window_s, hop_s
    of = imemd_by_span(signal, settings)
    parts = [of(start_s, stop_s, never) for start_s, stop_s in np.reshape(spans, (-1, 2)).tolist()]
    names = _names(settings)
    values = np.concatenate([np.zeros((0, len(names)), np.float32), *(each.values for each in parts)])
    times = np.concatenate([np.zeros(0), *(each.times_s for each in parts)])
    counts = np.cumsum([0, *(len(each.values) for each in parts)])
    return Steps(values, counts.astype(np.intp), times, names)


def imemd_by_span(signal: Signal, settings: Mapping[str, Any]) -> OfSpan:
    """Return what makes the frames of one span, to be stopped within a segment; raises FeatureError."""
    sound = speech_of(signal)
    chosen = _settings(settings)
    segment_s, least_s = float(settings["segment_s"]), float(settings["least_s"])
    frame_s, step_s = float(settings["frame_s"]), float(settings["hop_s"])
    if not 0 < frame_s <= segment_s or step_s <= 0:
        raise FeatureError("speech.imemd: a frame must be longer than 0 and fit into a segment.")
    frames = int((segment_s - frame_s) / step_s + 1e-9) + 1
    names = _names(settings)

    def of(start_s: float, stop_s: float, cancelled: Stop) -> Steps:
        begin, stop = rows_of(sound, cut(np.array([[start_s, stop_s]]), 0, 0))
        own = _span(sound, int(begin[0]), int(stop[0]), float(settings["rate_hz"]))
        parts: list[Floats] = [np.zeros((0, len(names)))]
        times: list[Floats] = [np.zeros(0)]
        for each in _copies(own, settings):
            for number, segment in enumerate(segments(each.values[:, 0], each.rate_hz, segment_s, least_s)):
                if cancelled():
                    raise CancelledError("stopped")
                parts.append(_frames_of(segment, each.rate_hz, frames, chosen, settings, cancelled))
                middles = start_s + number * segment_s + np.arange(frames) * step_s + frame_s / 2
                times.append(np.asarray(middles, np.float64))
        made = np.asarray(np.concatenate(parts), np.float32)
        made[~np.isfinite(made)] = np.nan
        return Steps(made, np.array([0, len(made)], np.intp), np.concatenate(times), names)

    return of


def segments(sound: NDArray[np.floating], rate_hz: float, segment_s: float, least_s: float) -> list[Floats]:
    """Cut a sound (n,) into segments of one length, the last filled up with silence.

    A last one shorter than `least_s` is dropped, unless it is the only one.
    """
    size = round(segment_s * rate_hz)
    whole, rest = divmod(len(sound), size)
    count = whole + ((rest >= least_s * rate_hz - 0.5 and rest > 0) or (whole == 0 and rest > 0))
    filled = np.zeros(count * size)
    taken = min(len(sound), len(filled))
    filled[:taken] = sound[:taken]
    return list(filled.reshape(count, size))


def hilbert_distribution(amplitude: Floats, centre_hz: Floats) -> Floats:
    """Return SC, SP, SK and SU (frames, 4) of modes' mean amplitudes and centres (k, frames).

    Moments of the modes' frequencies, weighted by their share of the amplitude; NaN without amplitude.
    """
    total = amplitude.sum(axis=0)
    share = np.divide(amplitude, total, out=np.full(amplitude.shape, np.nan), where=total > 0)
    centroid = (share * centre_hz).sum(axis=0)
    off = centre_hz - centroid
    spread = np.sqrt((share * off**2).sum(axis=0))
    bare = np.where(spread > 0, spread, np.nan)
    skew, tail = ((share * off**power).sum(axis=0) / bare**power for power in (3, 4))
    return np.stack([centroid, spread, skew, tail], axis=1)


def zero_crossings(modes: Floats) -> Floats:
    """Return how often each mode (k, n) changes its sign."""
    return np.asarray((np.diff(np.signbit(modes), axis=1)).sum(axis=1), np.float64)


def trend(found: Decomposition) -> Floats:
    """Return the sum (n,) of the modes behind the first that hardly cross zero (share `TREND_SHARE`)."""
    crossings = zero_crossings(found.modes)
    slow = np.zeros(len(crossings), bool)
    if len(crossings) > 1 and crossings[0] > 0:
        slow[1:] = crossings[1:] / crossings[0] < TREND_SHARE
    return np.asarray(found.modes[slow].sum(axis=0), np.float64)


def _settings(settings: Mapping[str, Any]) -> Settings | None:
    """Return how to decompose, None where nothing is decomposed; raises FeatureError."""
    method = settings["method"]
    if method not in METHODS:
        raise FeatureError(f"speech.imemd: method '{method}' is unknown: choose {', '.join(METHODS)}.")
    if method == "none":
        return None
    made = Settings(
        method=method,
        n_phases=int(settings["n_phases"]),
        xi0=float(settings["xi0"]),
        eps1_db=float(settings["eps1_db"]),
        sifts=int(settings["sifts"]),
        mask_rule=settings["mask_rule"],
        k_max=int(settings["k_max"]),
    )
    try:
        made.check()
    except DecompositionError as error:
        raise FeatureError(f"speech.imemd: {error}") from error
    return made


def _names(settings: Mapping[str, Any]) -> tuple[str, ...]:
    count = int(settings["coefficients"])
    cepstrum = [
        f"{'d' * order}{'_' if order else ''}smfcc_{i}" for order in range(3) for i in range(1, count + 1)
    ]
    return tuple(cepstrum) if settings["method"] == "none" else (*DISTRIBUTION, *CONTOUR, *cepstrum)


def _span(sound: Signal, first: int, last: int, rate_hz: float) -> Signal:
    """Return a span of a sound by itself, at the rate asked for: nothing around it is touched."""
    low, high = max(0, first), min(len(sound.values), last)
    return resampled(replace(sound, values=sound.values[low : max(low, high)]), rate_hz)


def _copies(own: Signal, settings: Mapping[str, Any]) -> list[Signal]:
    count = int(settings["variants"])
    if not count or not len(own.values):
        return [own]
    most = Most(
        float(settings["semitones"]),
        float(settings["shift_s"]),
        float(settings["lowest_snr_db"]),
        float(settings["highest_snr_db"]),
    )
    heard = np.asarray(own.values[:, 0], np.float64)
    missing = ~np.isfinite(heard)
    filled = np.where(missing, 0.0, heard)
    made = []
    for number in range(1, count + 1):
        changed = variant(filled, own.rate_hz, number, int(settings["seed"]), most)
        if missing.all():
            changed[:] = np.nan
        made.append(replace(own, values=changed[:, None].astype(np.float32)))
    return made


def _frames_of(
    segment: Floats,
    rate_hz: float,
    frames: int,
    chosen: Settings | None,
    settings: Mapping[str, Any],
    cancelled: Stop,
) -> Floats:
    """Return the numbers of one segment's frames (frames, 43), or (frames, 36) without decomposition."""
    missing = ~np.isfinite(segment)
    filled = np.where(missing, 0.0, segment)
    size = float(np.abs(filled).max(initial=0.0))
    whole = filled / size if size else filled
    length = round(float(settings["frame_s"]) * rate_hz)
    starts = np.round(np.arange(frames) * float(settings["hop_s"]) * rate_hz).astype(np.intp)
    starts = np.minimum(starts, len(whole) - length)
    ends = np.array([0, frames], np.intp)
    parts = []
    if chosen is not None:
        found = _decomposed(whole, rate_hz, chosen, cancelled)
        parts += _hilbert(found, starts, length, ends)
        whole = whole - trend(found)
    cepstrum = _cepstrum(_in_frames(whole, starts, length), rate_hz, settings)
    first = delta(cepstrum, ends)
    made = np.concatenate([*parts, cepstrum, first, delta(first, ends)], axis=1)
    made[_in_frames(missing, starts, length).any(axis=-1)] = np.nan
    return made


def _decomposed(whole: Floats, rate_hz: float, chosen: Settings, cancelled: Stop) -> Decomposition:
    """Decompose what sounds; modes are filled with the digital silence before and behind it.

    Splines swing far out over a long stretch without an extremum.
    """
    sounding = np.flatnonzero(whole)
    first, stop = (int(sounding[0]), int(sounding[-1]) + 1) if len(sounding) > 1 else (0, len(whole))
    found = decompose(whole[first:stop], rate_hz, chosen, cancelled=cancelled)
    around = (first, len(whole) - stop)
    return replace(found, modes=np.pad(found.modes, ((0, 0), around)), residue=np.pad(found.residue, around))


def _hilbert(
    found: Decomposition, starts: NDArray[np.intp], length: int, ends: NDArray[np.intp]
) -> list[Floats]:
    frames = len(starts)
    if not len(found.modes):
        amplitude = centre = np.zeros((0, frames))
    else:
        at = _at(found)
        weight = np.square(at.amplitude)
        amplitude = _in_frames(at.amplitude, starts, length).mean(axis=-1)
        total = _in_frames(weight, starts, length).sum(axis=-1)
        above = _in_frames(weight * at.frequency_hz, starts, length).sum(axis=-1)
        centre = np.divide(above, total, out=np.zeros(total.shape), where=total > 0)
    power = np.square(amplitude).sum(axis=0)
    distribution = hilbert_distribution(amplitude, centre)
    distribution[power < LEAST_POWER] = np.nan
    contour = np.log(np.maximum(power, LOG_FLOOR))[:, None]
    first = delta(contour, ends)
    return [distribution, contour, first, delta(first, ends)]


def _at(found: Decomposition) -> Instantaneous:
    """Return amplitudes and frequencies of the modes, 0 in the silence around."""
    sounding = np.flatnonzero((found.modes != 0).any(axis=0))
    if not len(sounding):
        return Instantaneous(np.zeros(found.modes.shape), np.zeros(found.modes.shape))
    first, stop = int(sounding[0]), int(sounding[-1]) + 1
    own = instantaneous(found.modes[:, first:stop], found.rate_hz)
    around = ((0, 0), (first, found.modes.shape[1] - stop))
    return Instantaneous(np.pad(own.amplitude, around), np.pad(own.frequency_hz, around))


def _in_frames(values: NDArray[Any], starts: NDArray[np.intp], length: int) -> NDArray[Any]:
    """Return the frames (..., frames, length) of what lies along the last axis."""
    views: NDArray[Any] = np.lib.stride_tricks.sliding_window_view(values, length, axis=-1)
    return views[..., starts, :]


def _cepstrum(frames: Floats, rate_hz: float, settings: Mapping[str, Any]) -> Floats:
    """Return mel cepstra (frames, coefficients): Hamming, power spectrum, 26 bands, c1 on."""
    length, bands = frames.shape[1], int(settings["bands"])
    size = mel.fft_samples(length)
    power = mel.power_spectrum(frames, mel.hamming(length), size)
    filters = mel.htk_filters(bands, size, rate_hz, 0.0, rate_hz / 2)
    logs = np.log(np.maximum(power @ filters.T, LOG_FLOOR))
    return np.asarray(logs @ mel.cosines(bands, int(settings["coefficients"])), np.float64)


IMEMD = Feature(
    name="speech.imemd",
    version=1,
    modalities=("speech",),
    about=(
        "Four moments of the modes' frequencies (sc, sp, sk, su), the log energy of the modes with slopes "
        "(se), and 12 cepstral coefficients of the sound without its slow trend with slopes (smfcc): 43 "
        "numbers a frame, 298 frames a segment of 3 s, short ones filled with silence. method none: the 36 "
        "of "
        "the plain sound. variants: so many changed copies instead of the sound itself, for training. "
        "Doubts: "
        "the article's formulas of sc to su, se and the trend are lost and rebuilt here; its 64 phases cost "
        "eight times the 8 of the default."
    ),
    source="IMEMD-CRNN, its features: improved masking empirical mode decomposition",
    extract=extract_imemd,
    by_span=imemd_by_span,
    settings={
        "method": "imemd",
        "n_phases": 8,
        "xi0": 1.5,
        "eps1_db": 30.0,
        "sifts": 10,
        "mask_rule": "scaled",
        "k_max": 20,
        "segment_s": 3.0,
        "least_s": 0.5,
        "frame_s": 0.025,
        "hop_s": 0.010,
        "rate_hz": 0.0,
        "bands": 26,
        "coefficients": 12,
        "variants": 0,
        "seed": 1,
        "semitones": 2.0,
        "shift_s": 0.4,
        "lowest_snr_db": -20.0,
        "highest_snr_db": 40.0,
    },
)
