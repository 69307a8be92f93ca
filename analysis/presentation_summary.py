"""The timing of a session's presentation in figures: for `evoke info --json`, and as the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.presentation_timing import Film, Keys, PresentationTiming, Reactions, ScreenFound

COLUMNS = (
    "what",
    "time_s",
    "trial",
    "stage",
    "stimulus",
    "intended_s",
    "lateness_ms",
    "requested_ms",
    "achieved_ms",
    "frames",
    "repeated",
    "skipped",
    "dropped",
    "drift_ms",
    "timing",
)
"""Columns of the table: times since the schedule began; `frames` of a film are those that were shown."""
Row = Mapping[str, Any]


def spread(values: NDArray[np.float64] | Sequence[float]) -> dict[str, float] | None:
    """Return count, median, 99th percentile and largest of values in ms; None where there are none."""
    if not len(values):
        return None
    return {
        "count": len(values),
        "median": round(float(np.median(values)), 3),
        "p99": round(float(np.percentile(values, 99)), 3),
        "max": round(float(np.max(values)), 3),
    }


def late_frames(timing: PresentationTiming) -> int | None:
    """Return how many onsets were later than one frame; None where no rate is known."""
    period_ms = timing.screen.period_ms if timing.screen is not None else None
    if period_ms is None:
        return None
    return sum(onset.lateness_ms > period_ms for onset in timing.onsets)


def presentation_summary(timing: PresentationTiming) -> dict[str, Any]:
    """Return what `evoke info --json` holds under `presentation`; null stands for what is not known."""
    return {
        "timing": timing.label,
        "screen": _screen(timing.screen),
        "onsets_ms": spread([onset.lateness_ms for onset in timing.onsets]),
        "onsets_later_than_a_frame": late_frames(timing),
        "onsets_ms_by_kind": {kind: spread(values) for kind, values in timing.kinds().items()},
        "dropped_frames": timing.dropped_frames,
        "films": [_film(film) for film in timing.films],
        "sequence_steps_off_ms": spread(
            [
                abs(step.achieved_ms - step.requested_ms)
                for step in timing.steps
                if step.achieved_ms is not None
            ]
        ),
        "sounds_ms": spread([sound.lateness_ms for sound in timing.sounds]),
        "keys": _keys(timing.keys),
        "reactions": _reactions(timing.reactions),
        "placeholders": list(timing.placeholders),
        "failed_stimuli": list(timing.failed),
    }


def _screen(screen: ScreenFound | None) -> dict[str, Any] | None:
    if screen is None:
        return None
    return {
        "name": screen.name,
        "width_px": screen.width_px,
        "height_px": screen.height_px,
        "rate_hz": screen.rate_hz,
        "measured_hz": _rounded(screen.measured_hz),
        "jitter_sd_ms": _rounded(screen.jitter_sd_ms),
        "verified": screen.verified,
        "renderer": screen.renderer,
    }


def _film(film: Film) -> dict[str, Any]:
    return {
        "stimulus": film.stimulus,
        "trial": film.trial,
        "stage": film.stage,
        "frames": film.frames,
        "repeated": film.repeated,
        "skipped": film.skipped,
        "drift_ms": _rounded(film.drift_ms),
        "drift_ppm": _rounded(film.drift_ppm),
        "worst_ms": _rounded(film.worst_ms),
    }


def _keys(keys: Keys) -> dict[str, Any]:
    return {
        "presses": keys.presses,
        "step_ms": keys.step_ms,
        "wait_median_ms": _rounded(keys.wait_median_ms),
        "wait_p99_ms": _rounded(keys.wait_p99_ms),
    }


def _reactions(reactions: Reactions) -> dict[str, Any]:
    return {
        "count": reactions.count,
        "median_s": _rounded(reactions.median_s),
        "missed": reactions.missed,
        "anticipations": reactions.anticipations,
    }


def table_rows(timing: PresentationTiming) -> tuple[Row, ...]:
    """Return a row for each onset, film, sequence step, sound and dropped frame, in the order of time."""
    rows = [row | {"timing": timing.label} for row in _rows(timing)]
    return tuple(sorted(rows, key=lambda row: float(row["time_s"])))


def _rows(timing: PresentationTiming) -> Iterator[dict[str, Any]]:
    for onset in timing.onsets:
        yield _row(onset.kind, onset.at_s, onset.trial, onset.stage, onset.stimulus) | {
            "intended_s": onset.intended_s,
            "lateness_ms": onset.lateness_ms,
        }
    for film in timing.films:
        yield _row("film frames", film.at_s, film.trial, film.stage, film.stimulus) | {
            "frames": film.frames,
            "repeated": film.repeated,
            "skipped": film.skipped,
            "drift_ms": film.drift_ms,
            "lateness_ms": float(np.median(film.offsets_ms)),
        }
    for step in timing.steps:
        yield _row(f"step {step.number}", step.at_s, step.trial, step.stage, step.stimulus) | {
            "lateness_ms": step.lateness_ms,
            "requested_ms": step.requested_ms,
            "achieved_ms": step.achieved_ms,
            "frames": step.frames,
        }
    for sound in timing.sounds:
        yield _row("sound onset", sound.at_s, sound.trial, sound.stage, sound.stimulus) | {
            "intended_s": sound.intended_s,
            "lateness_ms": sound.lateness_ms,
        }
    for at_s, trial, stage, count in timing.dropped:
        yield _row("dropped frames", at_s, trial, stage, "") | {"dropped": count}


def _row(what: str, at_s: float, trial: int, stage: str, stimulus: str) -> dict[str, Any]:
    return {"what": what, "time_s": at_s, "trial": trial, "stage": stage, "stimulus": stimulus}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
