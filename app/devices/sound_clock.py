"""When each sample of a microphone was taken: from noisy readings, one a block."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

OLDEST_ADC_S = 0.3
TRIAL_S = 3.0
STEADY_S = 0.02


class BlockClock:
    """Gives each sample of successive blocks its time, from one noisy reading a block.

    A delay-locked loop of second order: it follows the device's true rate and takes the jitter of the
    readings out, so times rise evenly from block to block. Where samples were lost the loop starts
    again: at an overflow that the driver tells, or when readings stay late for `PATIENCE` blocks (a
    busy computer makes a few late ones, which the blocks behind them make up for).
    """

    JUMP_S = 0.1
    PATIENCE = 5

    def __init__(self, rate_hz: float, block: int) -> None:
        self.lost = 0
        self.jumps = 0
        self._rate_hz = rate_hz
        self._block_s = block / rate_hz
        self._next_s: float | None = None
        self._period_s = self._block_s
        self._blocks = 0
        self._late = 0

    def is_late(self, measured_s: float) -> bool:
        """Whether a block measured at `measured_s` begins so late that sound may be missing before it."""
        return self._next_s is not None and measured_s - self._next_s > self.JUMP_S

    def times(
        self, measured_s: float, count: int, overflowed: bool = False, waited: bool = False
    ) -> NDArray[np.float64]:
        """Return the times (count,) of a block whose first sample was measured at `measured_s`.

        The measurement of a block that had to wait with others behind it tells nothing.
        """
        if self._next_s is None:
            self._next_s = measured_s
        error_s = 0.0 if waited else measured_s - self._next_s
        self._late = self._late + 1 if error_s > self.JUMP_S else 0
        if self._late >= self.PATIENCE or (overflowed and error_s > self._block_s / 2):
            self.jumps += 1
            self.lost += round(error_s * self._rate_hz)
            self._next_s, error_s = measured_s, 0.0
            self._period_s, self._blocks, self._late = self._block_s, 0, 0
        if self._late:
            # Not known yet whether samples are missing: go on as before.
            error_s = 0.0
        # Quick at first, then slow enough that a block's jitter does not show.
        bandwidth_hz = max(0.02, 2.0 / (1.0 + 4.0 * self._blocks * self._block_s))
        omega = 2 * math.pi * bandwidth_hz * self._block_s
        start_s = self._next_s
        length_s = self._period_s * count / (self._block_s * self._rate_hz)
        # However wrong a reading is, samples keep their order and about their distance.
        end_s = start_s + float(
            np.clip(length_s + math.sqrt(2) * omega * error_s, 0.8 * length_s, 1.2 * length_s)
        )
        self._period_s += omega * omega * float(np.clip(error_s, -self.JUMP_S, self.JUMP_S))
        self._next_s = end_s
        self._blocks += 1
        return start_s + (end_s - start_s) * np.arange(count) / count


class Readings:
    """Decides by the first seconds whether the driver's ADC times are to be believed.

    No sample of a full block is younger than the block is long, and the age of a block does not drift
    while blocks come in step. PulseAudio's ALSA plugin breaks both rules. Until the driver has proved
    itself, and for ever where it fails, a block's time is its arrival less its length.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._tried_s = 0.0
        self._failed = False
        self._youngest_s, self._oldest_s = math.inf, -math.inf

    @property
    def believes_adc(self) -> bool:
        """Whether the ADC times are used."""
        return not self._failed and self._tried_s >= TRIAL_S

    def measure(self, arrived_s: float, age_s: float, count: int) -> float:
        """Return when the first sample of a block was taken, as well as one knows."""
        length_s = count / self._rate_hz
        if not self.believes_adc:
            self._tried_s += length_s
            self._youngest_s, self._oldest_s = min(self._youngest_s, age_s), max(self._oldest_s, age_s)
            self._failed |= self._oldest_s - self._youngest_s > STEADY_S
        self._failed |= not 0.9 * length_s <= age_s <= length_s + OLDEST_ADC_S
        return arrived_s - (age_s if self.believes_adc else length_s)
