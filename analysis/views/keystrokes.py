"""The rhythm of typing: how long keys are held, and what lies between them. Never which keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.views.curves import Curve

PAUSE_S = 5.0
"""What lies further apart is a pause, no rhythm: flight and interval are NaN there."""


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a key: its class, when it went down, and when up (NaN where that was not seen)."""

    down_s: float
    up_s: float
    key_class: str
    trial: int


def presses_of(keys: Mapping[str, NDArray[Any]], classes: Sequence[str] | None = None) -> tuple[Press, ...]:
    """Return the presses of a session's key table (`Session.keys`), in order; only of `classes` if given.

    A signal's table (`analysis.corpus.signals.key_columns`) is taken as well. Down and up belong together by
    the number of the press; where there is none, by the key's name or class, the oldest first. Repeats of a
    held key are no presses.
    """
    if not len(keys.get("time", ())):
        return ()
    held: dict[tuple[str, str], list[int]] = {}
    made: list[Press] = []
    for row in np.argsort(keys["time"], kind="stable").tolist():
        edge, key_class = str(keys["edge"][row]), str(keys["class"][row])
        if edge not in ("down", "up") or (classes is not None and key_class not in classes):
            continue
        time_s = float(keys["time"][row])
        waiting = held.setdefault(_name(keys, row), [])
        if edge == "down":
            waiting.append(len(made))
            made.append(Press(time_s, float("nan"), key_class, int(keys["trial"][row])))
        elif waiting:
            place = waiting.pop(0)
            made[place] = Press(made[place].down_s, time_s, key_class, made[place].trial)
    return tuple(made)


def press_durations(presses: Sequence[Press]) -> Curve:
    """Return how long each key was held (dwell: up minus down), in ms, at the moment it went down."""
    values = [(press.up_s - press.down_s) * 1000 for press in presses]
    return _curve("Press duration", presses, values)


def flight_times(presses: Sequence[Press]) -> Curve:
    """Return the time from one key's up to the next one's down, in ms, at that moment.

    Negative where the next key went down before the last came up. NaN for the first key of a trial and
    after a pause.
    """
    values = _between(presses, [press.up_s for press in presses])
    return _curve("Flight time", presses, values)


def key_intervals(presses: Sequence[Press]) -> Curve:
    """Return the time from one key's down to the next one's down, in ms, at that moment; NaN as in flight."""
    values = _between(presses, [press.down_s for press in presses])
    return _curve("Key interval", presses, values)


def _between(presses: Sequence[Press], ends_s: Sequence[float]) -> list[float]:
    values = [float("nan")] * len(presses)
    for place in range(1, len(presses)):
        last, here = presses[place - 1], presses[place]
        if here.trial == last.trial and here.down_s - last.down_s <= PAUSE_S:
            values[place] = (here.down_s - ends_s[place - 1]) * 1000
    return values


def _curve(name: str, presses: Sequence[Press], values: Sequence[float]) -> Curve:
    times = np.array([press.down_s for press in presses], np.float64)
    known = np.array(values, np.float64)
    finite = known[np.isfinite(known)]
    note = f"{len(finite)} keys, median {np.median(finite):.0f} ms" if len(finite) else "No keys here."
    return Curve(name, "ms", times, known, tuple(times), note=note)


def _name(keys: Mapping[str, NDArray[Any]], row: int) -> tuple[str, str]:
    """Return what the two edges of a press share; it never leaves this file."""
    if "press" in keys:
        return "press", str(keys["press"][row])
    if "payload" in keys:
        payload = json.loads(str(keys["payload"][row]) or "{}")
        if "press" in payload:
            # Each author counts its own presses: a presenter that came back begins anew.
            return str(keys["source"][row]) if "source" in keys else "", f"press {payload['press']}"
    return str(keys["class"][row]), str(keys["key"][row]) if "key" in keys else ""
