"""Which scale a tier's trace is rated on: one line a kind."""

from __future__ import annotations

from analysis.labels.scheme import Tier
from app.console.annotate.trace_hand import Hand
from app.console.annotate.trace_plane import PlaneScale
from app.console.annotate.trace_relative import RelativeScale
from app.console.annotate.trace_scale import SliderScale, TraceScale


def scale_of(tier: Tier, hand: Hand) -> TraceScale:
    """Return the scale for a trace tier: a plane, a slider, or a relative trace without ends."""
    if tier.kind == "trace2d":
        return PlaneScale(tier, hand)
    return SliderScale(tier, hand) if tier.bounded else RelativeScale(tier, hand)
