"""Numbers as EDF holds them: integers on a straight line between two bounds of eight characters.

The lowest integer is kept for "no sample"; a stream of integers that fit goes as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np
from numpy.typing import NDArray

FIELD = 8
_BASES = ("V", "S", "A", "T", "g", "Pa", "Ohm", "ohm", "Hz", "m", "s", "m/s^2", "deg/s")
_PREFIXES = (("n", -9), ("u", -6), ("µ", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6))


@dataclass(frozen=True, slots=True)
class Scale:
    """value = low + (integer - lowest) * step, in `unit`, which is the stream's by `factor`."""

    unit: str
    factor: float
    low_text: str
    high_text: str
    lowest: int
    highest: int

    @property
    def step(self) -> float:
        """The distance of neighbouring values."""
        return (float(self.high_text) - float(self.low_text)) / (self.highest - self.lowest)

    def integers(self, values: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return values as integers; what is not finite becomes the lowest, which no value takes."""
        finite = np.isfinite(values)
        scaled = (np.where(finite, values, 0.0) * self.factor - float(self.low_text)) / self.step
        whole = np.clip(np.rint(scaled) + self.lowest, self.lowest + 1, self.highest)
        return np.where(finite, whole, self.lowest).astype(np.int32)

    def values(self, integers: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return what a reader makes of integers, in the stream's own unit."""
        read = float(self.low_text) + (integers.astype(np.float64) - self.lowest) * self.step
        return read / self.factor


def scale_for(
    low: float, high: float, unit: str, bits: int, is_whole: bool, needs_marker: bool
) -> Scale | None:
    """Return the finest scale for values from `low` to `high`, None where the header cannot say it.

    `is_whole` allows to take the integers as they are, `needs_marker` keeps the lowest integer free.
    """
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if is_whole and lowest + needs_marker <= low and high <= highest:
        return Scale(unit, 1.0, str(lowest), str(highest), lowest, highest)
    best: Scale | None = None
    for power in (0, 3, 6, 9, -3, -6):
        named = _prefixed(unit, power)
        scale = _fitted(low, high, named or "", 10.0**power, lowest, highest) if named is not None else None
        if scale is not None and (best is None or scale.step / scale.factor < 0.5 * best.step / best.factor):
            best = scale
    return best


def _fitted(low: float, high: float, unit: str, factor: float, lowest: int, highest: int) -> Scale | None:
    low, high = low * factor, high * factor
    apart = high - low or abs(low) * 1e-3 or 1.0
    if low == high:
        low, high = low - apart, high + apart
    margin = 4 * apart / (highest - lowest)
    high_text = eight_characters(high + margin, up=True)
    # Rounding may leave no place below the lowest value for "no sample": then one more step down.
    for _ in range(3):
        low_text = eight_characters(low - margin, up=False)
        if low_text is None or high_text is None:
            return None
        scale = Scale(unit, factor, low_text, high_text, lowest, highest)
        if scale.step > 0 and low - float(low_text) >= scale.step:
            return scale
        margin = max(2 * margin, 2 * scale.step, 1e-6 / (highest - lowest))
    return None


def eight_characters(value: float, up: bool) -> str | None:
    """Return the nearest number of eight characters that is not below (`up`) or above `value`."""
    exact = Decimal(value)
    for digits in range(6, -1, -1):
        rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_CEILING if up else ROUND_FLOOR)
        text = f"{rounded:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        text = "0" if text in ("-0", "") else text
        if len(text) <= FIELD:
            return text
    return None


def _prefixed(unit: str, power: int) -> str | None:
    """Return the unit that is 10**-power of `unit`: V and 6 give uV; None if there is none."""
    if power == 0:
        return unit
    for prefix, exponent in _PREFIXES:
        base = unit[len(prefix) :]
        if unit.startswith(prefix) and base in _BASES:
            wanted = exponent - power
            return next((f"{name}{base}" for name, known in _PREFIXES if known == wanted), None)
    return None
