"""How far a feature looks: the stretch of a recording that the numbers of a span are computed of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.float64]
FILTERED_S = 5.0
"""How far a filter over the whole recording is counted to carry a signal across a window's edge. An edge at
0.05 Hz, the lowest of any feature, rings for about 3 s until a third is left; all others are faster."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What lies outside a span and still decides its numbers.

    `before_s` and `after_s` are seconds read on its sides; `about_s` is a stretch of that length about the
    middle of every window, however short this is; `is_filtered` says that the whole recording is filtered
    first; `whole` says in words what else is taken of the whole recording, "" for nothing. How clearly a beat
    or a breath must stand out, which is judged by the whole recording too, is not counted. `memory_s` over 0:
    nothing is read but so many seconds before a span's end.
    """

    before_s: float = 0.0
    after_s: float = 0.0
    about_s: float = 0.0
    is_filtered: bool = False
    whole: str = ""
    memory_s: float = 0.0

    def of(self, spans: Spans, window_s: float) -> Spans:
        """Return what is read for spans (n, 2), in seconds, (n, 2)."""
        if self.memory_s > 0:
            return np.stack([spans[:, 1] - self.memory_s, spans[:, 1]], axis=1)
        length_s = window_s if window_s > 0 else spans[:, 1] - spans[:, 0]
        more_s = np.maximum(self.about_s - length_s, 0.0) / 2
        low_s = spans[:, 0] - np.maximum(more_s, self.before_s)
        return np.stack([low_s, spans[:, 1] + np.maximum(more_s, self.after_s)], axis=1)


ReachFn = Callable[[Mapping[str, Any], float], Reach]
"""reach(settings, rate_hz of the recorded signal) -> Reach."""


def no_further(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return the reach of a feature that looks at its span only."""
    del settings, rate_hz
    return Reach()


def by_settings(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return the reach of a feature with `context_s` before and `around_s` on both sides of a window."""
    del rate_hz
    around_s = float(settings.get("around_s", 0.0))
    return Reach(around_s + float(settings.get("context_s", 0.0)), around_s)


def filtered(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return the same of a feature that filters the whole recording first."""
    return replace(by_settings(settings, rate_hz), is_filtered=True)
