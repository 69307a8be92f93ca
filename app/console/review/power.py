"""The power spectrum of a stretch: what the spectrum and the head map begin with."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.overview import Overview
from analysis.views.filters import Filters
from analysis.views.spectrum import Spectrum, usual_segment_s, welch
from app.console.review.figure_channels import Piece, read
from app.console.traces import unit_text


@dataclass(frozen=True)
class Stretch:
    """Channels of a stream between two times of the recording's clock; `words` say which stretch it is.

    `within_s` is what may be seen: filters reach no further.
    """

    overview: Overview
    stream_id: str
    places: tuple[int, ...]
    start_s: float
    stop_s: float
    within_s: tuple[float, float]
    words: str
    filters: Filters


@dataclass(frozen=True)
class Power:
    """What was read, its channels and unit, and its spectrum from segments of `segment_s`."""

    piece: Piece
    names: tuple[str, ...]
    unit: str
    rate_hz: float
    segment_s: float
    spectrum: Spectrum


def power_of(asked: Stretch) -> Power:
    """Read a stretch and compute its spectrum; raises FilterError."""
    info = asked.overview.infos[asked.stream_id]
    piece = read(
        asked.overview,
        asked.stream_id,
        asked.places,
        asked.start_s,
        asked.stop_s,
        asked.filters,
        asked.within_s,
    )
    names = tuple(info.channels[at] for at in asked.places)
    unit = unit_text(info.units[asked.places[0]])
    segment_s = usual_segment_s(info.rate_hz, len(piece.times_s) / info.rate_hz)
    found = welch(piece.values, info.rate_hz, names, unit, segment_s=segment_s, times_s=piece.times_s)
    return Power(piece, names, unit, info.rate_hz, segment_s, found)
