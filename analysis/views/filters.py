"""Display filters: what is done to a signal before it is drawn, and the words that say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.views.runs import whole_runs

Floats = NDArray[np.float64]
Baseline = Literal["none", "mean", "start"]

ORDER = 2
"""Order of each Butterworth edge; run forth and back it acts as one of twice this order."""
NOTCH_WIDTH_HZ = 2.0
START_S = 1.0
HIGHEST_SHARE = 0.98
"""A cut-off must lie below this share of half the rate: closer to it no filter can be made."""
SETTLE_CYCLES = 1.5
NOTCH_SETTLE_S = 1.0
RAW = "raw"


class FilterError(Exception):
    """A filter that cannot be had; the text says why and what can."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is done to the signals on show; the default does nothing.

    `low_hz` and `high_hz` are the edges of the band that stays (None: open), where the amplitude is
    halved (-6 dB). `notch_hz` takes out the mains, with `harmonics` its multiples too. `reference` is
    "none", "average" (of all channels handed in) or the names of channels whose mean is subtracted.
    `baseline` subtracts the mean of the visible part ("mean") or of its first second ("start").
    """

    low_hz: float | None = None
    high_hz: float | None = None
    notch_hz: float | None = None
    harmonics: bool = False
    reference: Literal["none", "average"] | tuple[str, ...] = "none"
    baseline: Baseline = "none"

    @property
    def is_raw(self) -> bool:
        """Whether nothing is changed."""
        return self == Filters(harmonics=self.harmonics)

    @property
    def changes_frequencies(self) -> bool:
        """Whether a filter runs over time, so that rows beside the visible ones matter."""
        return (self.low_hz, self.high_hz, self.notch_hz) != (None, None, None)

    @property
    def padding_s(self) -> float:
        """How much signal should be handed in on each side of what is shown, in seconds.

        With so much the picture is the one of the whole recording filtered at once, within a hundredth.
        """
        edges = [SETTLE_CYCLES / edge for edge in (self.low_hz, self.high_hz) if edge]
        return max([0.0, *edges, NOTCH_SETTLE_S if self.notch_hz else 0.0])

    def words(self) -> str:
        """Return what stands on the screen, such as "0.5-40 Hz, notch 50 Hz, average reference"."""
        said = [self._band_words()] if self.low_hz or self.high_hz else []
        if self.notch_hz:
            said.append(f"notch {self.notch_hz:g} Hz" + (" and multiples" if self.harmonics else ""))
        if self.reference == "average":
            said.append("average reference")
        elif self.reference != "none":
            said.append(f"reference {' + '.join(self.reference)}")
        if self.baseline != "none":
            said.append("baseline: " + ("mean of the view" if self.baseline == "mean" else "first second"))
        return ", ".join(said) or RAW

    def problem(self, rate_hz: float, channels: Sequence[str] | None = None) -> str:
        """Return why these filters cannot be had for a signal, "" where they can.

        `channels` are the names of its channels; without them a reference is not examined.
        """
        half_hz = rate_hz / 2
        if self.changes_frequencies and rate_hz <= 0:
            return (
                "A signal without a constant rate cannot be filtered. Switch band-pass and notch off for it."
            )
        for name, edge in (("low", self.low_hz), ("high", self.high_hz), ("notch", self.notch_hz)):
            if edge is not None and not 0 < edge < HIGHEST_SHARE * half_hz:
                return (
                    f"The {name} cut-off {edge:g} Hz is impossible at {rate_hz:g} Hz:"
                    f" choose one between 0 and {HIGHEST_SHARE * half_hz:g} Hz."
                )
        if self.low_hz and self.high_hz and self.low_hz >= self.high_hz:
            return f"The band {self._band_words()} is empty: the low cut-off must lie below the high one."
        if channels is not None and self.reference not in ("none", "average"):
            missing = [name for name in self.reference if name not in channels]
            if missing:
                return f"The reference {', '.join(missing)} is not among the channels: choose another one."
        return ""

    def apply(
        self,
        values: NDArray[np.floating],
        rate_hz: float,
        *,
        channels: Sequence[str] | None = None,
        visible: slice | None = None,
        times_s: Floats | None = None,
    ) -> Floats:
        """Return `values` (n, channels) as they are to be drawn; only the rows of `visible` come back.

        Rows outside `visible` are padding: hand in `padding_s` of them on each side where there are some.
        NaN stays NaN; each run between missing values, or between holes in `times_s` (n,), is filtered
        by itself, forth and back (no delay). `channels` names the columns and is needed for a reference
        by name. Raises FilterError for what `problem` tells of.
        """
        why = self.problem(rate_hz, channels if channels is not None else ())
        if why:
            raise FilterError(why)
        made = np.array(values, np.float64, ndmin=2)
        made[~np.isfinite(made)] = np.nan
        if self.reference != "none":
            made -= self._reference_of(made, channels or ())[:, None]
        if self.changes_frequencies:
            made = _filtered(made, self._sections(rate_hz), times_s, rate_hz, self.padding_s)
        shown = made[slice(None) if visible is None else visible]
        return shown if self.baseline == "none" else shown - self._baseline_of(shown, rate_hz)

    def _band_words(self) -> str:
        if self.low_hz and self.high_hz:
            return f"{self.low_hz:g}-{self.high_hz:g} Hz"
        return f"from {self.low_hz:g} Hz" if self.low_hz else f"up to {self.high_hz:g} Hz"

    def _reference_of(self, values: Floats, channels: Sequence[str]) -> Floats:
        chosen = values
        if self.reference != "average":
            chosen = values[:, [list(channels).index(name) for name in self.reference]]
            return np.asarray(chosen.mean(axis=1), np.float64)
        known = np.isfinite(chosen).sum(axis=1)
        total = np.nansum(chosen, axis=1)
        mean = np.full(len(chosen), np.nan)
        np.divide(total, known, out=mean, where=known > 0)
        return mean

    def _baseline_of(self, shown: Floats, rate_hz: float) -> Floats:
        rows = shown[: max(1, round(START_S * rate_hz))] if self.baseline == "start" else shown
        known = np.isfinite(rows).sum(axis=0)
        total = np.nansum(rows, axis=0)
        level = np.zeros(shown.shape[1])
        np.divide(total, known, out=level, where=known > 0)
        return level

    def _sections(self, rate_hz: float) -> Floats:
        return _design(self.low_hz, self.high_hz, self.notch_hz, self.harmonics, rate_hz)


@lru_cache(maxsize=64)
def _design(
    low_hz: float | None, high_hz: float | None, notch_hz: float | None, harmonics: bool, rate_hz: float
) -> Floats:
    """Return second-order sections (sections, 6): Butterworth edges, then a notch a frequency."""
    from scipy.signal import butter, iirnotch, tf2sos

    sections: list[Floats] = []
    if low_hz:
        sections.append(np.asarray(butter(ORDER, low_hz, "highpass", fs=rate_hz, output="sos")))
    if high_hz:
        sections.append(np.asarray(butter(ORDER, high_hz, "lowpass", fs=rate_hz, output="sos")))
    if notch_hz:
        last = int(HIGHEST_SHARE * rate_hz / 2 / notch_hz) if harmonics else 1
        for number in range(1, last + 1):
            centre = number * notch_hz
            if centre < HIGHEST_SHARE * rate_hz / 2:
                top, bottom = iirnotch(centre, centre / NOTCH_WIDTH_HZ, fs=rate_hz)
                sections.append(np.asarray(tf2sos(top, bottom)))
    return np.concatenate(sections)


def _filtered(
    values: Floats, sections: Floats, times_s: Floats | None, rate_hz: float, padding_s: float
) -> Floats:
    from scipy.signal import sosfiltfilt

    made = np.full(values.shape, np.nan)
    for columns, finite in _alike(np.isfinite(values)):
        for run in whole_runs(finite, times_s, rate_hz):
            edge = min(run.stop - run.start - 1, max(1, round(padding_s * rate_hz)))
            part = np.ascontiguousarray(values[run, columns].T)
            made[run, columns] = sosfiltfilt(sections, part, axis=1, padlen=edge).T
    return made


def _alike(finite: NDArray[np.bool_]) -> Iterator[tuple[slice | NDArray[np.intp], NDArray[np.bool_]]]:
    """Yield groups of columns that miss the same rows: those are filtered together."""
    if (finite == finite[:, :1]).all():
        yield slice(None), finite[:, 0]
        return
    patterns, which = np.unique(finite, axis=1, return_inverse=True)
    for place in range(patterns.shape[1]):
        yield np.flatnonzero(which.ravel() == place), patterns[:, place]
