"""What is drawn where: bands of channels that share a unit, and rows of computed curves. No Qt here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.modalities import shown_as
from analysis.overview import Overview
from analysis.views.curves import Curve
from analysis.views.filters import RAW
from app.console.traces import Group, groups_of, nice_scale

ELECTRIC = ("eeg", "eog", "emg", "ecg", "exg")
"""Kinds that display filters are meant for."""
SOUNDS = ("audio", "microphone", "sound")
SOUND_HZ = 1000.0
ORDER = ("eeg", "eog", "emg", "ecg", "bvp", "ppg", "eda", "temperature", "acceleration")
DENSE = 8
"""From so many channels on their lanes may overlap."""
OVERLAP = 0.6
CURVE_WEIGHT = 3.0
GAIN_STEP = 2**0.5
GAINS = (1 / 64, 64.0)


@dataclass(eq=False)
class Band:
    """Channels of a group, or one curve: what is shown of it, and where.

    `shown` are places in `group.labels` in the order from top to bottom, `middles` (channels of the group)
    the values in the middle of their lanes, `spread` the units that a lane shows at a gain of 1, `usual`
    those that fit the whole recording. `top` and `height` are logical pixels of the lanes, the band's title
    stands above them. `middles` are those of what is drawn now (`drawn_as`, the words of its filters), `kept`
    those of what was drawn before.
    """

    group: Group
    rate_hz: float
    shown: tuple[int, ...]
    middles: NDArray[np.float64]
    spread: float = 1.0
    usual: float = 0.0
    gain: float = 1.0
    curve: Curve | None = None
    top: int = 0
    height: int = 0
    title_top: int = 0
    drawn_as: str = RAW
    kept: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called."""
        return self.group.title if self.curve is None else self.curve.name

    @property
    def is_electric(self) -> bool:
        """Whether display filters are for it."""
        return self.curve is None and self.group.kind.lower() in ELECTRIC

    @property
    def units_per_lane(self) -> float:
        """How much the height of a lane stands for."""
        return self.spread / self.gain

    def lanes(self, butterfly: bool) -> int:
        """Return how many lanes it is divided into."""
        return 1 if butterfly or self.curve is not None else max(1, len(self.shown))

    def scale_gain(self, factor: float) -> None:
        """Draw it taller or flatter, within limits."""
        self.gain = min(max(self.gain * factor, GAINS[0]), GAINS[1])


def bands_of(overview: Overview, kinds: Collection[str]) -> list[Band]:
    """Return a band for each group of channels that may be seen, EEG first; sound has a row elsewhere."""
    found: list[Band] = []
    for info in overview.infos.values():
        is_sound = info.kind.lower() in SOUNDS and info.rate_hz >= SOUND_HZ
        rows = overview.row_times(info.id).rows
        if is_sound or shown_as(info) not in kinds or not rows:
            continue
        reach = overview.reach(info.id)
        for group in groups_of(info):
            places = list(group.channels)
            middles = np.nan_to_num(reach.middle[places])
            shown = tuple(range(len(places)))
            band = Band(group, info.rate_hz, shown, middles)
            band.spread = band.usual = spread_for(reach.swing[places])
            found.append(band)
    return sorted(found, key=lambda band: _rank(band.group))


def spread_for(swings: NDArray[np.float64]) -> float:
    """Return the units of a lane for channels that swing so far: the next of 1, 2, 5, 10, 20, ..."""
    known = swings[np.isfinite(swings) & (swings > 0)]
    if not len(known):
        return 1.0
    usual = float(np.median(known))
    return nice_scale(usual * OVERLAP if len(swings) >= DENSE else usual)


def lay_out(bands: Sequence[Band], height: int, line: int, butterfly: bool) -> None:
    """Divide the height among bands by their channels; each has its title's line above it."""
    if not bands:
        return
    room = max(0, height - len(bands) * (line + 4))
    weights = [CURVE_WEIGHT if band.curve is not None else max(3.0, len(band.shown)) for band in bands]
    if butterfly:
        weights = [CURVE_WEIGHT if band.curve is not None else 3.0 + len(band.shown) ** 0.5 for band in bands]
    total, used, top = sum(weights), 0.0, 0
    for band, weight in zip(bands, weights, strict=True):
        band.title_top = top
        band.top = top + line + 2
        before, used = round(room * used / total), used + weight
        band.height = max(4, round(room * used / total) - before)
        top = band.top + band.height + 2


def curve_band(curve: Curve, beside: Band) -> Band:
    """Return the row of a curve that was computed from the stream of another band."""
    group = Group(beside.group.stream, beside.group.kind, curve.unit, (0,), (curve.name,), False)
    known = curve.values[np.isfinite(curve.values)]
    low, high = np.percentile(known, [1, 99]) if len(known) else (0.0, 1.0)
    band = Band(group, 0.0, (0,), np.array([(low + high) / 2]), curve=curve)
    band.spread = nice_scale(float(high - low) * 1.15)
    return band


def _rank(group: Group) -> tuple[int, str, bool]:
    kind = group.kind.lower()
    place = ORDER.index(kind) if kind in ORDER else len(ORDER)
    return (place, group.stream, not group.is_main)
