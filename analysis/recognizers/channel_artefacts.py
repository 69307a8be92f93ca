"""What speaks against a choice of channels: muscle at the rim of the head, and kurtosis of a few samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.recognizers.channel_choice import FEW_SAMPLES
from analysis.views.electrodes import RIM, has_bundles, place

RIM_SHARE = 0.9
"""From this distance from the top on, as a share of the head's equator, an electrode sits over
muscle: temples, neck, forehead."""
MOST = 0.5
MUSCLE_BANDS = ("beta", "gamma", "1-50")


def on_rim(names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which electrodes (c,) sit at the rim of the head; False where the place is not known."""
    known = place(names).positions
    return np.array([name in known and math.hypot(*known[name]) >= RIM_SHARE * RIM for name in names], bool)


def artefact_warnings(
    names: Sequence[str],
    kept: Sequence[int],
    statistic: str,
    band: str,
    due_to_few: NDArray[np.float64] | None = None,
) -> tuple[str, ...]:
    """Return what a reader must know of a choice, in sentences; () where nothing speaks against it.

    `names` are all channels of the recording, `kept` the places of the chosen ones, `due_to_few` (c,) what
    `channel_choice.due_to_few` gives.
    """
    told = []
    chosen = [names[place] for place in kept]
    rim = on_rim(names)
    unknown = place(chosen, names).unknown
    inside = [name for name, place in zip(chosen, kept, strict=True) if rim[place]]
    placed = len(chosen) - len(unknown)
    if placed and len(inside) >= MOST * placed and len(inside) / placed > rim.mean() + 1e-9:
        hertz = "30-50 Hz" if band == "gamma" else "this band"
        why = f"{hertz} is easily muscle there" if band in MUSCLE_BANDS else "eyes and muscle are near"
        told.append(
            f"{len(inside)} of {placed} chosen channels sit at temples, forehead or neck ({_some(inside)}):"
            f" {why}. Look at the recording before believing the choice."
        )
    if due_to_few is not None and statistic in ("kurtosis", "skewness"):
        spiky = [names[place] for place in kept if due_to_few[place] > FEW_SAMPLES]
        if spiky:
            told.append(
                f"{_some(spiky)}: the large {statistic} is due to a thousandth of the samples. That is a"
                " spike or a bad contact rather than the brain."
            )
    if len(unknown) > MOST * len(chosen):
        why = "they have no 10-10 names"
        if has_bundles(names):
            why = "labels such as C5 and H32 are a BioSemi cap's own, no names of the 10-10 system"
        told.append(
            f"{len(unknown)} of {len(chosen)} chosen channels have no known place on the head ({why}):"
            " nobody can say whether the choice sits over muscle."
        )
    return tuple(told)


def _some(names: Sequence[str]) -> str:
    more = len(names) - 4
    return ", ".join(names[:4]) + (f" and {more} more" if more > 0 else "")
