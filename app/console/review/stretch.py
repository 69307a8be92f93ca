"""Sound slower or faster at the same pitch: waveform similarity overlap-add (Verhelst and Roelands, 1993)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.03
SEARCH_S = 0.010
COARSE = 4

Wave = NDArray[np.float32]
Read = Callable[[int, int], Wave]
"""Gives samples `first` to `stop` of a sound: (stop - first,), silence beyond its ends."""


class Stretcher:
    """Plays a sound from sample `start` on at `speed` times its tempo.

    Output sample n stands for input sample start + n * speed, to within `SEARCH_S` and a frame.
    """

    def __init__(self, read: Read, start: int, speed: float, rate_hz: float) -> None:
        self._read = read
        self._start = start
        self._speed = speed
        self._hop = max(32, round(FRAME_S * rate_hz / 2))
        self._reach = max(COARSE, round(SEARCH_S * rate_hz))
        # Two halves of this window add up to one.
        self._rise = np.sin(np.pi * (np.arange(self._hop) + 0.5) / (2 * self._hop)).astype(np.float32) ** 2
        self._count = 0
        self._follows: int | None = None
        """Where in the input the sound would simply go on."""

    @property
    def block(self) -> int:
        """How many samples `next` gives."""
        return self._hop

    def next(self) -> Wave:
        """Return the next samples (block,)."""
        hop = self._hop
        wanted = self._start + round(self._count * hop * self._speed)
        self._count += 1
        is_plain = self._follows is None or self._speed == 1.0
        place = wanted if is_plain else self._best(wanted, self._follows or 0)
        frame = self._read(place, place + hop)
        if self._follows is not None and place != self._follows:
            going_on = self._read(self._follows, self._follows + hop)
            frame = frame * self._rise + going_on * self._rise[::-1]
        self._follows = place + hop
        return frame

    def _best(self, wanted: int, follows: int) -> int:
        """Return the place near `wanted` that is most like what would come next."""
        going_on = self._read(follows, follows + self._hop)
        if not going_on.any():
            return wanted
        near = self._read(wanted - self._reach, wanted + self._reach + self._hop)
        coarse = _likeness(near[::COARSE], going_on[::COARSE])
        first = max(0, (int(np.argmax(coarse)) - 1) * COARSE)
        stop = min(2 * self._reach, first + 2 * COARSE)
        fine = _likeness(near[first : stop + self._hop], going_on)
        return wanted - self._reach + first + int(np.argmax(fine))


def _likeness(long: Wave, short: Wave) -> NDArray[np.float64]:
    """Return the normalised correlation of `short` with each place of `long`."""
    product = np.correlate(long, short, "valid").astype(np.float64)
    power = np.concatenate(([0.0], np.cumsum(np.square(long, dtype=np.float64))))
    energy = power[len(short) :] - power[: -len(short)]
    likeness: NDArray[np.float64] = product / np.sqrt(np.maximum(energy[: len(product)], 1e-12))
    return likeness
