"""Choosing a stream and channels of it for a figure, and reading them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QWidget

from analysis.modalities import shown_as
from analysis.overview import Overview
from analysis.records import StreamInfo
from analysis.views.filters import Filters
from app.console.review.figure_panel import choice, labelled
from app.console.review.figure_ticks import TickMenu
from app.console.review.seen import View
from app.console.review.traces_bands import ELECTRIC, ORDER

Floats = NDArray[np.float64]
MOST_SAMPLES = 6_000_000
"""Figures are computed from so many values at most: what lies behind is left out, and that is said."""
_BOOKKEEPING = ("time", "package", "counter", "marker")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of chosen channels: times (n,), values (n, channels) after the filters.

    `is_cut`: there was more than can be computed at once.
    """

    times_s: Floats
    values: Floats
    is_cut: bool


def streams_of(view: View, kinds: Sequence[str] = ()) -> tuple[StreamInfo, ...]:
    """Return the regular streams of numbers that may be seen, only of `kinds` if given."""
    infos = [
        info
        for info in view.recording.overview.infos.values()
        if info.rate_hz > 0 and view.shows(shown_as(info)) and (not kinds or shown_as(info) in kinds)
    ]
    return tuple(sorted(infos, key=_place))


def _place(info: StreamInfo) -> tuple[bool, int]:
    """Return where a stream stands in a list: as in the stack of signals, sounds last."""
    kind = info.kind.lower()
    return (shown_as(info) == "sound", ORDER.index(kind) if kind in ORDER else len(ORDER))


def signal_places(info: StreamInfo) -> tuple[int, ...]:
    """Return which channels hold signals: not the board's own clock and counters."""
    kinds = info.channel_kinds
    return tuple(place for place, kind in enumerate(kinds) if kind.lower() not in _BOOKKEEPING)


def read(
    overview: Overview,
    stream_id: str,
    places: Sequence[int],
    start_s: float,
    stop_s: float,
    filters: Filters,
    within_s: tuple[float, float],
) -> Piece:
    """Read channels from `start_s` to `stop_s` and filter them, with padding from what lies `within_s`.

    Filters are for electric signals; of others the values stay as they are. Raises FilterError.
    """
    info = overview.infos[stream_id]
    longest_s = MOST_SAMPLES / max(1, len(info.channels)) / info.rate_hz
    is_cut = stop_s - start_s > longest_s
    stop_s = min(stop_s, start_s + longest_s)
    filters = filters if is_filtered(info) else Filters()
    pad_s = filters.padding_s
    low, high = max(within_s[0], start_s - pad_s), min(within_s[1], stop_s + pad_s)
    times, values = overview.samples(stream_id, low, high)
    first, stop = np.searchsorted(times, (start_s, stop_s))
    if filters.is_raw:
        made = np.asarray(values[first:stop][:, list(places)], np.float64)
        return Piece(times[first:stop], made, is_cut)
    kept = list(signal_places(info))
    names = [info.channels[place] for place in kept]
    made = filters.apply(
        values[:, kept], info.rate_hz, channels=names, visible=slice(int(first), int(stop)), times_s=times
    )
    return Piece(times[first:stop], made[:, [kept.index(place) for place in places]], is_cut)


def is_filtered(info: StreamInfo) -> bool:
    """Whether display filters are for this stream."""
    return info.kind.lower() in ELECTRIC


class ChannelChoice(QWidget):
    """Two boxes: which stream, and which of its channels (all, or ticked ones)."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self._infos: tuple[StreamInfo, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.stream = choice(self._on_stream)
        row.addWidget(labelled("Signal:", self.stream))
        self.channels = TickMenu("channel", "channels", changed)
        row.addWidget(self.channels)

    def show_streams(self, infos: Sequence[StreamInfo]) -> None:
        """Offer these streams, the first chosen with all its channels."""
        self._infos = tuple(infos)
        self.stream.clear()
        for info in self._infos:
            self.stream.addItem(info.id)
        self.setEnabled(bool(self._infos))
        self._fill()

    @property
    def info(self) -> StreamInfo | None:
        """The chosen stream, None where there is none."""
        place = self.stream.currentIndex()
        return self._infos[place] if 0 <= place < len(self._infos) else None

    @property
    def places(self) -> tuple[int, ...]:
        """Which channels of the stream are chosen."""
        info = self.info
        if info is None:
            return ()
        offered = signal_places(info)
        return tuple(offered[tick] for tick in self.channels.ticked)

    def choose(self, stream_id: str, names: Sequence[str] | None = None) -> None:
        """Choose a stream and, if given, channels by name."""
        self.stream.setCurrentText(stream_id)
        self._fill()
        if names is not None:
            self.channels.tick(names)
        self._changed()

    def _on_stream(self) -> None:
        self._fill()
        self._changed()

    def _fill(self) -> None:
        info = self.info
        names = [] if info is None else [info.channels[place] for place in signal_places(info)]
        self.channels.show_names(names)
        self.channels.setVisible(len(names) > 1)
