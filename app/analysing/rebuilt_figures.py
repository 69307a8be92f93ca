"""What an auto-encoder gives back of cases it was not trained on: signal and reconstruction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import InputSpec
from analysis.evaluation.run_folder import Run
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.svg import SERIES, Axes, Figure, legend, ticks
from app.analysing.why_figure import Weights, thinned

SEGMENT, REBUILT = "segment.", "reconstruction."
NAMES = ("signal", "reconstruction")
MOST_CASES = 4
PANEL_PX, BETWEEN_PX, LEFT_PX, TOP_PX = 96.0, 26.0, 70.0, 34.0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One tested case: its segment and what came back, (n,) each; `seconds` from the segment's start."""

    title: str
    fold: str
    seconds: NDArray[np.float64]
    signal: NDArray[np.float64]
    back: NDArray[np.float64]


def rebuilt_figures(run: Run) -> tuple[Shown, ...]:
    """Return a figure for each signal that a run's folds tell a reconstruction of, () where none does."""
    names: dict[str, list[tuple[int, Rebuilt]]] = {}
    errors: dict[str, list[float]] = {}
    done = [each.name for each in run.folds if each.state == "finished"]
    chosen = (
        {done[place] for place in np.linspace(0, len(done) - 1, MOST_CASES).astype(int)} if done else set()
    )
    for fold in done:
        weights, _ = run.explanations(fold)
        rows = run.fold_arrays(fold)["rows"].astype(np.intp)
        for name in (each.removeprefix(REBUILT) for each in weights if each.startswith(REBUILT)):
            signal = np.asarray(weights[SEGMENT + name], np.float64)
            back = np.asarray(weights[REBUILT + name], np.float64)
            there = np.flatnonzero((signal != 0).any(axis=1))
            errors.setdefault(name, []).extend(np.square(signal - back)[there].mean(axis=1).tolist())
            share = -(-MOST_CASES // max(1, len(chosen)))
            places = there[np.unique(np.linspace(0, len(there) - 1, share).astype(int))] if len(there) else ()
            for turn, place in enumerate(places if fold in chosen else ()):
                told = _rebuilt(run, fold, int(rows[place]), name, signal[place], back[place])
                names.setdefault(name, []).append((turn, told))
    # Every fold once before one of them twice.
    return tuple(
        _shown(name, [each for _, each in sorted(found, key=_turn)[:MOST_CASES]], errors[name])
        for name, found in names.items()
    )


def _turn(found: tuple[int, Rebuilt]) -> int:
    return found[0]


def _rebuilt(
    run: Run, fold: str, row: int, name: str, signal: NDArray[np.float64], back: NDArray[np.float64]
) -> Rebuilt:
    cases = run.cases
    spec = next((each for each in run.experiment.inputs if each.name == name), None)
    rate_hz = float(spec.settings.get("rate_hz", 0)) if spec is not None else 0.0
    title = f"{cases.participant[row]}, trial {int(cases.trial[row]) + 1}, {float(cases.start_s[row]):.1f} s"
    return Rebuilt(title, fold, np.arange(len(signal)) / (rate_hz or 1.0), signal, back)


def _shown(name: str, cases: Sequence[Rebuilt], errors: Sequence[float]) -> Shown:
    high = TOP_PX + len(cases) * (PANEL_PX + BETWEEN_PX) + 40

    def make(width: float, height: float) -> Figure:
        del height
        figure = Figure(width, high, f"{name}: signal and reconstruction")
        legend(figure, list(NAMES), LEFT_PX, 14)
        y = TOP_PX
        for place, each in enumerate(cases):
            both = np.concatenate([each.signal, each.back])
            room = 0.06 * (float(np.ptp(both)) or 1.0)
            inside = max(60.0, width - LEFT_PX - 24)
            stop_s = max(float(each.seconds[-1]), 1e-9)
            limits = (float(both.min()) - room, float(both.max()) + room)
            axes = Axes(figure, LEFT_PX, y + 12, inside, PANEL_PX - 12, (0.0, stop_s), limits)
            figure.text(LEFT_PX, y + 6, f"{each.title} (fold {each.fold})", "start", 11)
            axes.y_axis(at=ticks(*limits, 3))
            for values, colour, wide in ((each.signal, SERIES[0], 1.2), (each.back, SERIES[1], 1.4)):
                seconds, drawn = thinned(each.seconds, values)
                axes.curve(zip(seconds.tolist(), drawn.tolist(), strict=True), colour, wide)
            axes.x_axis("seconds of the segment" if place == len(cases) - 1 else "")
            y += PANEL_PX + BETWEEN_PX
        return figure

    cells = tuple(
        (each.fold, each.title, float(second), float(value), float(back))
        for each in cases
        for second, value, back in zip(each.seconds, each.signal, each.back, strict=True)
    )
    table = Table(f"reconstruction-{name}", ("fold", "case", "seconds", *NAMES), cells)
    about = (
        f"Cases that the auto-encoder of their fold was not trained on, as the network was given them. "
        f"Mean squared error over all {len(errors)} tested cases with {name}: {np.mean(errors):.4g}."
    )
    return Shown(
        f"reconstruction-{name}",
        f"Reconstruction of {name}",
        about,
        make,
        table,
        (760.0, high),
        (420.0, high),
    )


def joined(lines: Sequence[Weights]) -> tuple[Weights, ...]:
    """Return weights over time with each segment and its reconstruction in one row."""
    back = {each.name.removeprefix(REBUILT): each for each in lines if each.name.startswith(REBUILT)}
    found = []
    for each in lines:
        name = each.name.removeprefix(SEGMENT)
        if each.name.startswith(REBUILT) and f"{SEGMENT}{each.name.removeprefix(REBUILT)}" in {
            other.name for other in lines
        }:
            continue
        if each.name.startswith(SEGMENT) and name in back:
            both = np.column_stack([each.values[:, 0], back[name].values[:, 0]])
            about = "signal as the network was given it, and as the auto-encoder gives it back"
            each = replace(each, name=f"given back: {name}", about=about, values=both, names=NAMES)
        found.append(each)
    return tuple(found)


def sample_times(spec: InputSpec | None, middle_s: float, count: int) -> NDArray[np.float64] | None:
    """Return the moments of a segment's samples about the middle of its case, None for other inputs."""
    settings: Mapping[str, object] = {} if spec is None else spec.settings
    rate_hz, samples = settings.get("rate_hz"), settings.get("count")
    if spec is None or spec.feature != "samples" or not rate_hz or not samples or samples != count:
        return None
    assert isinstance(rate_hz, (int, float))
    return np.asarray(middle_s + (np.arange(count) - (count - 1) / 2) / float(rate_hz), np.float64)
