"""How long after its logged swap a screen really changes its light: flashes found again by a photodiode.

The diode may lie on any recorded channel: an analogue input of an amplifier, or the microphone's. A signal
that is coupled through a capacitor (sound cards are) shows a peak at each change, others a step; both have
reached half of their height at the moment that is looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.session_reader import Session, Stream

Floats = NDArray[np.float64]

FLASH = "flash"
"""Kind of the stage whose beginning is the flash."""
QUIET_S = 0.15
"""The signal's level before a flash is taken from so long before it."""
EARLY_S, LATE_S = 0.05, 0.25
OVER_NOISE = 8.0
ODD_SHARE = 0.3
"""A change of less than this share of the usual one is none."""
HALF = 0.5
LEAST_FLASHES = 8
LEAST_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class ScreenLag:
    """Lags of one channel in seconds: (n,) in the order of the flashes, NaN where the light was not found.

    Positive: the light came after the logged swap. The channel's own known delay has been taken off.
    `period_s` is the time between two samples, below which nothing can be told.
    """

    stream: str
    channel: str
    flashes_s: Floats
    intended_s: Floats
    lags_s: Floats
    period_s: float
    delay_s: float = 0.0

    @property
    def found(self) -> Floats:
        """The lags of the flashes that were found."""
        return self.lags_s[np.isfinite(self.lags_s)]

    @property
    def is_verified(self) -> bool:
        """Whether enough flashes were found to call the screen measured."""
        return len(self.found) >= max(LEAST_FLASHES, LEAST_SHARE * len(self.lags_s))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary; times in milliseconds, None where nothing was found."""
        found = self.found * 1e3
        some = len(found) > 0

        def rounded(value: float) -> float | None:
            return round(float(value), 3) if some else None

        low, high = np.percentile(found, [1, 99]) if some else (0.0, 0.0)
        return {
            "stream": self.stream,
            "channel": self.channel,
            "flashes": len(self.lags_s),
            "found": len(found),
            "lag_ms": rounded(np.median(found)) if some else None,
            "sd_ms": rounded(found.std()) if some else None,
            "p01_ms": rounded(low),
            "p99_ms": rounded(high),
            "least_ms": rounded(found.min()) if some else None,
            "most_ms": rounded(found.max()) if some else None,
            "sample_ms": round(self.period_s * 1e3, 3),
            "delay_ms": round(self.delay_s * 1e3, 3),
        }


def light_lags(signal: Floats, times_s: Floats, flashes_s: Floats) -> Floats:
    """Return how long after each flash (m,) the light changed in a signal (n,), NaN where it did not."""
    found = [_crossing(signal, times_s, float(flash)) for flash in flashes_s]
    heights = np.array([height for _, height in found])
    risen = heights[heights > 0]
    least = ODD_SHARE * float(np.median(risen)) if len(risen) else np.inf
    return np.array(
        [
            at - flash if height >= least else np.nan
            for (at, height), flash in zip(found, flashes_s, strict=True)
        ],
        np.float64,
    )


def _crossing(signal: Floats, times_s: Floats, flash_s: float) -> tuple[float, float]:
    """Return when the signal had left its level by half of what it does, and by how much it does."""
    quiet = slice(*np.searchsorted(times_s, [flash_s - EARLY_S - QUIET_S, flash_s - EARLY_S]))
    near = slice(*np.searchsorted(times_s, [flash_s - EARLY_S, flash_s + LATE_S]))
    before, after = signal[quiet], signal[near]
    if len(before) < 4 or len(after) < 4:
        return np.nan, 0.0
    level = float(np.median(before))
    noise = 1.4826 * float(np.median(np.abs(before - level)))
    away = np.abs(after - level)
    height = float(away.max())
    if height <= OVER_NOISE * noise:
        return np.nan, 0.0
    row = int(np.argmax(away >= HALF * height))
    if row == 0:
        return np.nan, 0.0
    share = (HALF * height - away[row - 1]) / (away[row] - away[row - 1])
    start, end = times_s[near][row - 1], times_s[near][row]
    return float(start + share * (end - start)), height


def screen_lag(session: Session, stream: str = "", channel: str = "") -> ScreenLag | None:
    """Return what a timing-test session tells of its screen; None without a flash or a channel to look at.

    Without names the channel is taken that finds most flashes, with the least scatter.
    """
    flashes = [
        (float(event.payload["actual_s"]), float(event.payload["intended_s"]))
        for event in session.events
        if event.kind == "stage_started"
        and event.payload.get("kind") == FLASH
        and event.payload.get("actual_s") is not None
    ]
    if not flashes:
        return None
    shown = np.array(flashes, np.float64)
    candidates = [
        found
        for each in session
        if not each.info.is_blob and each.info.rate_hz > 0 and stream in ("", each.info.id)
        for found in _channels(each, channel, shown)
    ]
    return max(candidates, key=_merit, default=None)


def _channels(stream: Stream, channel: str, shown: Floats) -> list[ScreenLag]:
    info = stream.info
    times_s = stream.corrected_times()
    if not len(times_s):
        return []
    delay_s = float(info.details.get("delay_s") or 0.0)
    data = np.asarray(stream.data[: len(times_s)], np.float64).reshape(len(times_s), -1)
    return [
        ScreenLag(
            info.id,
            name,
            shown[:, 0],
            shown[:, 1],
            light_lags(data[:, column], times_s - delay_s, shown[:, 0]),
            1.0 / info.rate_hz,
            delay_s,
        )
        for column, name in enumerate(info.channels)
        if channel in ("", name)
    ]


def _merit(found: ScreenLag) -> tuple[int, float]:
    lags = found.found
    return len(lags), -float(lags.std()) if len(lags) else -np.inf
