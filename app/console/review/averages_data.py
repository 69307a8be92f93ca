"""Reading and averaging trials of one or more recordings for the averages panel. No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.modalities import shown_as
from analysis.overview import Overview, OverviewError, open_overview
from analysis.records import StreamInfo
from analysis.session_file import SessionFileError
from analysis.views.averages import Average, Epochs, average, epochs_of, grid
from analysis.views.derived import derivable, derive
from analysis.views.filters import Filters
from analysis.views.trials import TrialOnset, onsets_of
from app.console.review.figure_channels import read, signal_places
from app.console.traces import unit_text

Floats = NDArray[np.float64]

SIGNAL = "Signal"
EVERY = "All trials"
CURVE_RATE_HZ = 10.0
LONGEST_BEAT_S = 3.0
MOST_POINTS = 6000


@dataclass(frozen=True)
class Wish:
    """What to average: `quantity` is SIGNAL or the name of a derived curve, `others` more recordings."""

    overview: Overview
    stream_id: str
    names: tuple[str, ...]
    quantity: str
    categories: tuple[str, ...]
    before_s: float
    after_s: float
    has_baseline: bool
    filters: Filters
    within_s: tuple[float, float]
    others: tuple[Path, ...]


@dataclass(frozen=True)
class Made:
    """An average a category; `passed_over` tells of recordings that could not be used."""

    wish: Wish
    averages: tuple[tuple[str, Average], ...]
    unit: str
    recordings: int
    passed_over: tuple[str, ...]


def quantities(info: StreamInfo) -> tuple[str, ...]:
    """Return what can be averaged of a stream: its signal, and curves computed from it."""
    return (SIGNAL, *(derivable(info) if shown_as(info) != "sound" else ()))


def make(wish: Wish) -> Made:
    """Average trials by category; raises FilterError."""
    found: dict[str, list[Epochs]] = {category: [] for category in wish.categories}
    passed_over: list[str] = []
    unit, count = _add(found, wish, wish.overview, wish.within_s), 1
    for path in wish.others:
        try:
            with open_overview(path) as overview:
                if wish.stream_id not in overview.infos:
                    passed_over.append(f"{path.stem} has no {wish.stream_id}")
                    continue
                _add(found, wish, overview, overview.extent_s)
                count += 1
        except (SessionFileError, OverviewError, OSError, ValueError) as error:
            passed_over.append(f"{path.stem}: {error}")
    averages = tuple((category, average(groups)) for category, groups in found.items())
    return Made(wish, averages, unit, count, tuple(passed_over))


def _add(
    found: dict[str, list[Epochs]], wish: Wish, overview: Overview, within_s: tuple[float, float]
) -> str:
    """Add one recording's trials to each category; return the unit."""
    info = overview.infos[wish.stream_id]
    participant = str(overview.session.attributes.get("participant") or overview.path.stem)
    trials = [trial for trial in onsets_of(overview.session.trials) if not trial.is_practice]
    # A trial that lies outside what may be seen does not exist here.
    trials = [t for t in trials if not np.isfinite(t.onset_s) or within_s[0] <= t.onset_s <= within_s[1]]
    length_s = wish.before_s + wish.after_s
    if wish.quantity == SIGNAL:
        rate_hz, unit = min(info.rate_hz, MOST_POINTS / length_s), ""
        curve = None
    else:
        rate_hz = CURVE_RATE_HZ
        curve = next((c for c in derive(overview, info.id, *within_s) if c.name == wish.quantity), None)
        unit = curve.unit if curve is not None else ""
    at_s = grid(wish.before_s, wish.after_s, rate_hz)
    for category, groups in found.items():
        chosen = [trial for trial in trials if category in (EVERY, trial.category)]
        if curve is not None:
            known = np.isfinite(curve.values)
            parts = [(curve.times_s[known], curve.values[known])] * len(chosen)
            step_hz = 1.5 / LONGEST_BEAT_S
        elif wish.quantity == SIGNAL:
            parts = [_part(wish, overview, info, trial, within_s) for trial in chosen]
            step_hz = info.rate_hz
        else:
            parts, step_hz = [(np.zeros(0), np.zeros(0))] * len(chosen), 1.0
        groups.append(
            epochs_of(
                parts,
                [trial.onset_s for trial in chosen],
                at_s,
                rate_hz=step_hz,
                baseline_s=(-wish.before_s, 0.0) if wish.has_baseline else None,
                participant=participant,
            )
        )
    return unit or unit_text(info.units[signal_places(info)[0]])


def _part(
    wish: Wish, overview: Overview, info: StreamInfo, trial: TrialOnset, within_s: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Return times and the mean over the chosen channels around a trial's onset."""
    places = places_of(info, wish.names)
    if not np.isfinite(trial.onset_s) or not places:
        return np.zeros(0), np.zeros(0)
    step_s = 1 / info.rate_hz
    start_s = max(within_s[0], trial.onset_s - wish.before_s - step_s)
    stop_s = min(within_s[1] + step_s, trial.onset_s + wish.after_s + 2 * step_s)
    piece = read(overview, info.id, places, start_s, stop_s, wish.filters, within_s)
    return piece.times_s, np.asarray(piece.values.mean(axis=1), np.float64)


def places_of(info: StreamInfo, names: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the channels with these names: other recordings may have them in another order."""
    return tuple(place for place, name in enumerate(info.channels) if name in names)
