"""Which curves can be computed from which stream, and computing them from an open overview."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from analysis.views.curves import Curve
from analysis.views.heart import LEAST_RATE_HZ, beats_of_ecg, beats_of_pulse, heart_rate
from analysis.views.runs import HOLE_STEPS, whole_runs
from analysis.views.skin import LEAST_RATE_HZ as LEAST_SKIN_HZ
from analysis.views.skin import SkinConductance, level_curve, response_curve, skin_conductance
from analysis.views.voice import STEP_S, level, pitch

if TYPE_CHECKING:
    from analysis.overview import Overview

VOICE_BLOCK_S = 60.0
VOICE_LAP_S = 0.1
"""A sound is read a minute at a time, and so much more: the last windows reach into the next minute."""
LEAST_SOUND_HZ = 4000.0
_PULSE, _ECG, _SKIN, _SOUND = ("bvp", "ppg", "optical"), ("ecg",), ("eda",), ("audio", "microphone", "sound")
TO_MICROSIEMENS = {
    "us": 1.0,
    "µs": 1.0,
    "μs": 1.0,
    "microsiemens": 1.0,
    "ns": 1e-3,
    "ms": 1e3,
    "s": 1e6,
    "": 1.0,
}


def derivable(info: StreamInfo) -> tuple[str, ...]:
    """Return the names of the curves that `derive` computes of a stream, none for most."""
    names: list[str] = []
    for place in range(len(info.channels)):
        names += [name for name, _ in _makers(info, place)]
    return tuple(names)


def derive(
    overview: Overview, stream_id: str, start_s: float | None = None, stop_s: float | None = None
) -> tuple[Curve, ...]:
    """Return the curves of a stream between two times of the recording's clock (default: all of it).

    Heart rate of a pulse wave or an ECG, the level of skin conductance with its responses as marks, level
    and pitch of a sound. An hour of heart takes a twentieth of a second, an hour of sound half a minute:
    call it in a worker. Raises KeyError for a stream without numbers.
    """
    info = overview.infos[stream_id]
    if not derivable(info):
        return ()
    first_s, last_s = overview.span_s(stream_id)
    start_s = first_s if start_s is None else start_s
    stop_s = last_s + 1e-9 if stop_s is None else stop_s
    if not stop_s > start_s:
        return ()
    is_sound = _kind(info, 0) in _SOUND
    step_s = VOICE_BLOCK_S if is_sound else stop_s - start_s
    found: dict[str, list[Curve]] = {name: [] for name in derivable(info)}
    for block in range(max(1, math.ceil((stop_s - start_s) / step_s - 1e-9))):
        begin_s = start_s + block * step_s
        end_s = min(stop_s, begin_s + step_s + (VOICE_LAP_S if is_sound else 0.0))
        times, values = overview.samples(stream_id, begin_s, end_s)
        if len(times) < 2:
            continue
        for place in range(len(info.channels)):
            for name, make in _makers(info, place):
                found[name].append(make(times, values[:, place], info.rate_hz, name))
    return tuple(_joined(curves) for curves in found.values() if curves)


_Make = Callable[[NDArray[np.float64], NDArray[Any], float, str], Curve]


def _makers(info: StreamInfo, place: int) -> list[tuple[str, _Make]]:
    kind = _kind(info, place)
    alike = [other for other in range(len(info.channels)) if _kind(info, other) == kind]
    of = f" ({info.channels[place]})" if len(alike) > 1 else ""
    if kind in _PULSE and info.rate_hz >= LEAST_RATE_HZ:
        return [(f"Heart rate{of}", lambda t, v, rate, name: heart_rate(beats_of_pulse(v, t, rate), name))]
    if kind in _ECG and info.rate_hz >= LEAST_RATE_HZ:
        return [(f"Heart rate{of}", lambda t, v, rate, name: heart_rate(beats_of_ecg(v, t, rate), name))]
    scale = TO_MICROSIEMENS.get(info.units[place].strip().lower())
    if kind in _SKIN and info.rate_hz >= LEAST_SKIN_HZ and scale is not None:

        def found(t: NDArray[np.float64], v: NDArray[Any], rate: float) -> SkinConductance:
            return skin_conductance(np.asarray(v, np.float64) * scale, t, rate)

        return [
            (f"Skin conductance level{of}", lambda t, v, rate, name: level_curve(found(t, v, rate), name)),
            (
                f"Skin conductance responses{of}",
                lambda t, v, rate, name: response_curve(found(t, v, rate), name),
            ),
        ]
    if kind in _SOUND and info.rate_hz >= LEAST_SOUND_HZ:
        return [(f"Level{of}", _by_runs(level)), (f"Pitch{of}", _by_runs(_pitch))]
    return []


def _kind(info: StreamInfo, place: int) -> str:
    own = info.channel_kinds[place].lower()
    return own or info.kind.lower()


def _pitch(sound: NDArray[Any], rate_hz: float, start_s: float, name: str) -> Curve:
    return pitch(sound, rate_hz, start_s, name=name)


def _by_runs(make: Callable[[NDArray[Any], float, float, str], Curve]) -> _Make:
    """Return a maker that goes through each stretch of sound without a hole by itself."""

    def whole(times_s: NDArray[np.float64], values: NDArray[Any], rate_hz: float, name: str) -> Curve:
        runs = whole_runs(np.ones(len(times_s), bool), times_s, rate_hz)
        return _joined([make(values[run], rate_hz, float(times_s[run.start]), name) for run in runs])

    return whole


def _joined(parts: Sequence[Curve]) -> Curve:
    """Return curves one after the other: what overlaps is taken once, a line does not go across a hole."""
    if len(parts) == 1:
        return parts[0]
    times: list[NDArray[np.float64]] = []
    values: list[NDArray[np.float64]] = []
    for part in parts:
        first = int(np.searchsorted(part.times_s, times[-1][-1] + STEP_S / 2)) if times else 0
        if first == len(part.times_s):
            continue
        if times and part.times_s[first] - times[-1][-1] > HOLE_STEPS * STEP_S:
            times.append(part.times_s[first : first + 1])
            values.append(np.array([np.nan]))
        times.append(part.times_s[first:])
        values.append(part.values[first:])
    longest = max(parts, key=lambda part: len(part.times_s))
    if not times:
        return longest
    made = np.concatenate(values)
    note = f"{np.isfinite(made).mean():.0%} voiced" if longest.unit == "Hz" else longest.note
    return Curve(longest.name, longest.unit, np.concatenate(times), made, note=note)
