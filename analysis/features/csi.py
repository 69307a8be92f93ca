"""Segments about events: of WiFi channel state information, and by the same rule of wristband events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.csi.chain import (
    HALF,
    PRINTED_STEP,
    RATE_HZ,
    TOP,
    ChainSpec,
    centres,
    follow,
    printed_centres,
    segments,
)
from analysis.csi.detector import BETA, THRESHOLD_DB, WINDOW, DetectorSpec
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.reach import Reach
from analysis.features.resampling import resampled
from analysis.features.skin import skin_of
from analysis.features.windows import cut
from analysis.views.filters import FilterError, Filters

SELECTS, BASELINES = ("top", "weighted", "average"), ("subcarrier", "pooled")
AROUND_S = 1.0
MOVEMENT_HZ = 0.5


def chain_of(settings: Mapping[str, Any]) -> tuple[ChainSpec, DetectorSpec]:
    """Return what the settings of `csi.event` ask for; raises FeatureError for what there is not."""
    for name, known in (("select", SELECTS), ("baseline", BASELINES)):
        if settings[name] not in known:
            raise FeatureError(f"csi.event: {name} '{settings[name]}' is unknown: {', '.join(known)}.")
    if int(settings["half"]) < 1 or int(settings["m"]) < 1:
        raise FeatureError("csi.event: half and m must be 1 or more.")
    spec = ChainSpec(
        settings["select"],
        int(settings["m"]),
        bool(settings["rectified"]),
        settings["baseline"],
        int(settings["half"]),
        bool(settings["as_published"]),
    )
    detector = DetectorSpec(
        float(settings["beta"]),
        int(settings["window"]),
        float(settings["threshold_db"]),
        follows_all=bool(settings["follows_all"]),
    )
    return spec, detector


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the segment of each span (k, 2 half + 1), centred on the highest point of the chosen curve.

    `as_published` centres on the printed decision point that is nearest to the span. Raises FeatureError.
    """
    spec, detector = chain_of(settings)
    asked = cut(spans, window_s, hop_s)
    even = resampled(signal, float(settings["rate_hz"]))
    found = follow(even.values.astype(np.float64), spec, detector)
    rows = _rows(even, asked.start_s, asked.stop_s)
    if spec.as_published:
        points = printed_centres(found.curve)
        if not len(points):
            raise FeatureError(
                "csi.event: the recording is shorter than the 4 s of a printed decision point."
            )
        middle = np.array([(first + stop) // 2 for first, stop in rows])
        places = points[np.abs(points[None, :] - middle[:, None]).argmin(axis=1)] if len(rows) else points[:0]
    else:
        places = centres(found.curve, rows, round(AROUND_S * even.rate_hz))
    return asked.steps(segments(found.curve, places, spec.half), _names(spec.half))


def extract_segment(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the segment of each span about its largest event (k, 2 half + 1).

    Skin conductance: the course above the slow level, centred on the highest point of the largest response.
    Acceleration: the strength of movement, centred on its highest. Raises FeatureError for other signals.
    """
    half, rate_hz = int(settings["half"]), float(settings["rate_hz"])
    if half < 1 or rate_hz <= 0:
        raise FeatureError("event.segment: half must be 1 or more and rate_hz above 0.")
    asked = cut(spans, window_s, hop_s)
    wave = _skin(signal) if signal.modality == "eda" else _movement(signal)
    even = resampled(
        Signal(
            signal.modality,
            signal.rate_hz,
            signal.start_s,
            wave[:, None].astype(np.float32),
            ("event",),
            ("",),
        ),
        rate_hz,
    )
    course = even.values[:, 0].astype(np.float64)
    rows = _rows(even, asked.start_s, asked.stop_s)
    made = segments(course, centres(course, rows, 0), half)
    known = np.array([np.isfinite(course[max(0, first) : stop]).any() for first, stop in rows], bool)
    made[~known] = np.nan
    return asked.steps(made, _names(half))


def _skin(signal: Signal) -> NDArray[np.float64]:
    skin = skin_of(signal)
    return np.asarray(skin.smooth_us - skin.level_us, np.float64)


def _movement(signal: Signal) -> NDArray[np.float64]:
    try:
        passed = Filters(MOVEMENT_HZ, None).apply(signal.values, signal.rate_hz)
    except FilterError as error:
        raise FeatureError(str(error)) from error
    return np.asarray(np.linalg.norm(passed, axis=1), np.float64)


def _rows(
    signal: Signal, start_s: NDArray[np.float64], stop_s: NDArray[np.float64]
) -> tuple[tuple[int, int], ...]:
    first = np.floor((start_s - signal.start_s) * signal.rate_hz + 0.5).astype(int)
    stop = np.floor((stop_s - signal.start_s) * signal.rate_hz + 0.5).astype(int)
    last = max(len(signal.values), 1)
    return tuple(
        (min(max(0, low), last - 1), min(max(low + 1, high), last))
        for low, high in zip(first.tolist(), stop.tolist(), strict=True)
    )


def _names(half: int) -> tuple[str, ...]:
    return tuple(f"{place:+d}" for place in range(-half, half + 1))


def reach(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return how far a segment reaches: half its length and a second beyond its span, at most.

    A printed decision point may lie as far from its span as the points lie from each other.
    """
    hertz = float(settings["rate_hz"]) or rate_hz
    around_s = PRINTED_STEP / hertz if settings["as_published"] else AROUND_S
    side_s = int(settings["half"]) / hertz + around_s
    return Reach(side_s, side_s, whole="baseline, quiet and ranking of subcarriers over the whole recording")


def reach_segment(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return the same of a wristband's event."""
    del rate_hz
    side_s = int(settings["half"]) / float(settings["rate_hz"])
    return Reach(side_s, side_s, is_filtered=True)


EVENT = Feature(
    "csi.event",
    1,
    ("csi",),
    "201 readings about the passage: amplitudes smoothed, rectified, the best subcarriers averaged. select:"
    " top (the m best), weighted or average; rectified; baseline: subcarrier or pooled; half: readings on"
    " each side; beta, window, threshold_db, follows_all: the detector (follows_all: its baseline as"
    " printed); as_published: the print's own smoothing, mean and centring.",
    "Song et al. (2023), CSI road users",
    extract,
    {
        "rate_hz": RATE_HZ, "select": "top", "m": TOP, "rectified": True, "baseline": "subcarrier",
        "half": HALF, "as_published": False, "beta": BETA, "window": WINDOW, "threshold_db": THRESHOLD_DB,
        "follows_all": False,
    },
    reach,
)  # fmt: skip
SEGMENT = Feature(
    "event.segment",
    1,
    ("eda", "acceleration"),
    "The course about the largest event of a span: a skin conductance response, or a burst of movement."
    " rate_hz: readings a second; half: readings on each side.",
    "own; the rule of Song et al. (2023) for other short events",
    extract_segment,
    {"rate_hz": 4.0, "half": 40},
    reach_segment,
)
