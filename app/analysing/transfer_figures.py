"""Figures of training across domains: losses, pseudo-labels, and where cases of both domains lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.evaluation.run_folder import Run
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.svg import GREY, LEGEND_PX, SERIES, Axes, Figure, legend

ACCURACY = "source accuracy"
CHANGED = "pseudo-labels changed"
TAKEN_FOR = "target taken for "
COLLAPSED = 0.8
"""A class that takes this share of the target or more has swallowed the others."""
LEFT_PX, TOP_PX = 62.0, 40.0
LAYERS = ("h1", "h2", "h3")
LAYER_WORDS = {
    "h1": "first dense layer (h1)", "h2": "second dense layer (h2)", "h3": "logits (h3)"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curves:
    """Losses by name, a point an epoch; `of` is how many epochs there will be at most."""

    losses: Mapping[str, tuple[tuple[int, float], ...]]
    of: int

    @property
    def epoch(self) -> int:
        """The last epoch that is known."""
        return max((points[-1][0] for points in self.losses.values() if points), default=0)

    @property
    def histogram(self) -> Mapping[str, float]:
        """Which share of the target is taken for each class now; {} without a target."""
        return {
            name.removeprefix(TAKEN_FOR): points[-1][1]
            for name, points in self.losses.items()
            if name.startswith(TAKEN_FOR) and points
        }

    @property
    def warning(self) -> str:
        """Say where the pseudo-labels have collapsed, "" where they have not."""
        shares = self.histogram
        top = max(shares, key=lambda name: shares[name], default="")
        if top and shares[top] >= COLLAPSED and len(shares) > 1:
            return (
                f"Collapsed: {shares[top]:.0%} of the target is taken for {top}. What is learnt from such"
                " pseudo-labels is that class. Lower the weights, or train longer."
            )
        return ""


def curves_of(run: Run, fold: str) -> Curves:
    """Return the losses of a fold so far: all of them once it is finished, up to four a second before."""
    done = {status.name for status in run.folds if status.state == "finished"}
    if fold in done:
        told = [(each["epoch"], each["losses"]) for each in run.fold_facts(fold).get("losses") or ()]
        of = max((epoch for epoch, _ in told), default=0)
    else:
        lines = _since_started(run, fold)
        told = [(line["epoch"], line["losses"]) for line in lines]
        of = max((int(line["epochs"]) for line in lines), default=0)
    losses: dict[str, list[tuple[int, float]]] = {}
    for epoch, values in told:
        for name, value in values.items():
            if value is not None:
                losses.setdefault(str(name), []).append((int(epoch), float(value)))
    return Curves({name: tuple(points) for name, points in losses.items()}, of)


def _since_started(run: Run, fold: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for line in run.progress():
        if line.get("fold") != fold:
            continue
        if line["kind"] == "fold" and line.get("state") == "started":
            found = []
        elif line["kind"] == "epoch" and not line.get("part"):
            found.append(line)
    return found


def loss_figure(curves: Curves, title: str) -> Shown | None:
    """Return the losses by epoch; None before the first."""
    names = [
        name for name in curves.losses if name not in (ACCURACY, CHANGED) and not name.startswith(TAKEN_FOR)
    ]
    about = "What is minimised: the emotion loss of the source, and the penalties before their weights."
    return _lines(curves, names, "losses", f"Losses: {title}", about, None)


def share_figure(curves: Curves, title: str) -> Shown | None:
    """Return the source's accuracy and the share of pseudo-labels that changed; None before the first."""
    names = [name for name in (ACCURACY, CHANGED) if name in curves.losses]
    about = "Accuracy on the source in training, and which share of the target's pseudo-labels changed."
    return _lines(curves, names, "shares", f"Shares: {title}", about, (0.0, 1.0))


def pseudo_figure(curves: Curves, title: str) -> Shown | None:
    """Return which share of the target is taken for each class, by epoch; None without a target."""
    names = [name for name in curves.losses if name.startswith(TAKEN_FOR)]
    about = "Which share of the target is taken for each class, after each epoch."
    return _lines(curves, names, "pseudo-labels", f"Pseudo-labels: {title}", about, (0.0, 1.0))


def _lines(
    curves: Curves,
    names: Sequence[str],
    name: str,
    title: str,
    about: str,
    limits: tuple[float, float] | None,
) -> Shown | None:
    known = {each: curves.losses[each] for each in names if curves.losses[each]}
    if not known:
        return None
    values = [value for points in known.values() for _, value in points]
    room = 0.05 * ((max(values) - min(values)) or 1.0)
    low, high = limits or (min(values) - room, max(values) + room)
    last = max(curves.of, curves.epoch, 2)

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, title)
        axes = Axes(
            figure, LEFT_PX, TOP_PX, width - LEFT_PX - 20, max(60.0, height - TOP_PX - 48), (1, last),
            (low, high),
        )  # fmt: skip
        axes.x_axis("epoch")
        axes.y_axis()
        for place, points in enumerate(known.values()):
            colour = SERIES[place % len(SERIES)]
            axes.curve(points, colour)
            if len(points) == 1:
                figure.dot(*axes.at(*points[0]), colour)
        legend(figure, [each.removeprefix(TAKEN_FOR) for each in known], LEFT_PX, 18)
        return figure

    rows = tuple((each, epoch, value) for each, points in known.items() for epoch, value in points)
    table = Table(name, ("of", "epoch", "value"), rows)
    least = max(360.0, LEFT_PX + sum(33 + 7.2 * len(each.removeprefix(TAKEN_FOR)) for each in known))
    return Shown(name, title, about, make, table, (max(640.0, least), 230.0), (least, 170.0))


def plane_figure(run: Run, fold: str, layer: str) -> Shown | None:
    """Return where both sides of a finished fold lie behind a layer: classes by colour, sides by shape.

    The plane is that of the first two principal components of all cases that were trained on; None where the
    recognizer keeps none, or the fold is not finished.
    """
    if not (run.folder / "folds" / f"{fold}.npz").exists():
        return None
    arrays = run.fold_arrays(fold)
    if f"plane.{layer}" not in arrays:
        return None
    tested, trained = arrays[f"plane.{layer}"], arrays[f"plane.trained.{layer}"]
    y = run.y
    of_tested, of_trained = y[arrays["rows"]], y[arrays["train_rows"]]
    source, target = run.division.fold(fold).domains
    low_x, high_x, low_y, high_y = _limits(np.concatenate([tested, trained]))
    classes = run.classes

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, f"{LAYER_WORDS[layer]} on a plane")
        down = LEGEND_PX * (legend(figure, classes, LEFT_PX, 16, width - 10) - 1)
        axes = Axes(
            figure, LEFT_PX, TOP_PX + 16 + down, width - LEFT_PX - 20, max(80.0, height - TOP_PX - 66 - down),
            (low_x, high_x), (low_y, high_y),
        )  # fmt: skip
        axes.x_axis("first component")
        axes.y_axis("second component")
        for points, kinds, is_source in ((trained, of_trained, True), (tested, of_tested, False)):
            for point, kind in zip(points.tolist(), kinds.tolist(), strict=True):
                colour = SERIES[int(kind) % len(SERIES)]
                x, y_ = axes.at(*point)
                if is_source:
                    tip = f"{classes[int(kind)]}, {source}"
                    figure.rect(x - 2.5, y_ - 2.5, 5, 5, colour, 0.45, tip)
                else:
                    figure.dot(x, y_, colour, 3.2, f"{classes[int(kind)]}, {target}")
        figure.rect(LEFT_PX, 26 + down, 7, 7, GREY, 0.45)
        figure.text(LEFT_PX + 14, 34 + down, f"{source}: trains")
        right = LEFT_PX + 44 + 7.2 * len(f"{source}: trains")
        figure.dot(right, 30 + down, GREY, 3.5)
        figure.text(right + 10, 34 + down, f"{target}: tested, in its true classes")
        return figure

    rows = tuple(
        (side, classes[int(kind)], float(point[0]), float(point[1]))
        for side, points, kinds in ((source, trained, of_trained), (target, tested, of_tested))
        for point, kind in zip(points, kinds, strict=True)
    )
    about = (
        f"Principal components (PCA) of the {LAYER_WORDS[layer]}, of all cases that were trained on. "
        "Adaptation"
        " has worked where dots of a colour lie on squares of that colour."
    )
    table = Table(f"plane-{layer}", ("domain", "class", "first", "second"), rows)
    return Shown(f"plane-{layer}", "Plane", about, make, table, (640.0, 430.0), (420.0, 260.0))


def _limits(points: NDArray[np.floating]) -> tuple[float, float, float, float]:
    low, high = points.min(axis=0), points.max(axis=0)
    room = 0.05 * np.maximum(high - low, 1e-6)
    return (
        float(low[0] - room[0]),
        float(high[0] + room[0]),
        float(low[1] - room[1]),
        float(high[1] + room[1]),
    )
