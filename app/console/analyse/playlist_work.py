"""What the step Playlist reads and computes: a study's viewings, a list, rankers beside each other."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.recommendation.playlists import Entry, Wanted, playlist, unmeasured
from analysis.recommendation.rankers import Target
from analysis.recommendation.stored import Stored
from analysis.recommendation.viewings import Catalogue, RecommendationError
from app import recommenders
from app.analysing.html_page import Table
from app.analysing.recommending import (
    RANKED,
    Material,
    NothingRatedError,
    fitted,
    keep_recommender,
    material_of,
    unmeasured_words,
)
from app.analysing.run_figures import Shown
from app.analysing.svg import BLUE, GREY, ORANGE, RED, Axes, Figure
from app.console.analyse import known
from app.console.analyse.waiting import Told
from app.study import Study
from stimuli.problems import EvokeError

COLUMNS = ("place", "clip", "kind", "s", "score", "valence", "arousal", "SD valence", "SD arousal",
           "watched by", "reason")  # fmt: skip
ARM = 9.0
LEFT, TOP, RIGHT, BOTTOM = 56.0, 26.0, 16.0, 44.0
NEWCOMER = ""


class PlaylistError(EvokeError):
    """A list cannot be made or saved; the text is the one clear message."""


@dataclass(frozen=True)
class Ready:
    """What can be chosen, with the names of the recommenders that are kept."""

    study: Study
    material: Material
    kept: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of clips, in order."""
        return tuple(sorted({clip.category for clip in self.material.catalogue.clips.values()} - {""}))


@dataclass(frozen=True, slots=True)
class Choice:
    """For whom, by which ranker, aiming where, and what the list keeps to."""

    participant: str
    ranker: str
    target: Target | None
    wanted: Wanted


@dataclass(frozen=True)
class Listed:
    """The list, as a table too, how much is known of the participant, and what a reader must know."""

    choice: Choice
    entries: tuple[Entry, ...]
    table: Table
    known: int
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass
class Plane:
    """The plane of valence and arousal; `axes` are those that were drawn last, to tell what was clicked."""

    catalogue: Catalogue
    listed: tuple[str, ...] = ()
    target: Target | None = None
    axes: Axes | None = field(default=None, compare=False)

    def make(self, width: float, height: float) -> Figure:
        """Draw norms (hollow by size), profiles, the list's places, and the target."""
        figure = Figure(width, height, "Clips on the plane of valence and arousal")
        self.axes = axes = Axes(
            figure, LEFT, TOP, max(40.0, width - LEFT - RIGHT), max(40.0, height - TOP - BOTTOM),
            (-1.0, 1.0), (-1.0, 1.0),
        )  # fmt: skip
        axes.x_axis("valence", (-1, -0.5, 0, 0.5, 1), grid=True)
        axes.y_axis("arousal", (-1, -0.5, 0, 0.5, 1))
        figure.line(*axes.at(0, -1), *axes.at(0, 1), opacity=0.4)
        figure.line(*axes.at(-1, 0), *axes.at(1, 0), opacity=0.4)
        for name, clip in self.catalogue.clips.items():
            norm, mean = _point(clip.norms), _point(self.catalogue.profiles[name].mean)
            if norm and mean and norm != mean:
                figure.line(*axes.at(*norm), *axes.at(*mean), GREY, opacity=0.6)
            if norm:
                figure.dot(*axes.at(*norm), GREY, 2.5, f"{name}: norm {_said(norm)}")
            if mean:
                chosen = name in self.listed
                told = self.catalogue.profiles[name]
                tip = f"{name}: {_said(mean)}, {told.n} watched"
                figure.dot(*axes.at(*mean), ORANGE if chosen else BLUE, 5.0 if chosen else 3.5, tip)
        for place, name in enumerate(self.listed, 1):
            mean = _point(self.catalogue.profiles[name].mean)
            if mean:
                x, y = axes.at(*mean)
                figure.text(x + 7, y - 5, str(place), weight="bold")
        if self.target is not None:
            x, y = axes.at(self.target["valence"], self.target["arousal"])
            figure.line(x - ARM, y, x + ARM, y, RED, 2)
            figure.line(x, y - ARM, x, y + ARM, RED, 2)
        self._legend(figure)
        return figure

    def _legend(self, figure: Figure) -> None:
        x = LEFT
        for words, colour in (("norm", GREY), ("felt", BLUE), ("in the list", ORANGE), ("target", RED)):
            figure.dot(x + 4, TOP - 14, colour, 4.0)
            figure.text(x + 12, TOP - 10, words)
            x += 30 + 7.0 * len(words)

    def at(self, x: float, y: float) -> Target | None:
        """Return the affect at a pixel of the figure, None outside the plane."""
        axes = self.axes
        if axes is None:
            return None
        valence = 2 * (x - axes.left) / axes.width - 1
        arousal = 1 - 2 * (y - axes.top) / axes.height
        if max(abs(valence), abs(arousal)) > 1:
            return None
        return {"valence": round(valence, 2), "arousal": round(arousal, 2)}

    def shown(self) -> Shown:
        """Return it with the table of all clips behind it."""
        rows = []
        for name, clip in self.catalogue.clips.items():
            told = self.catalogue.profiles[name]
            rows.append(
                (name, clip.category, clip.norms.get("valence"), clip.norms.get("arousal"),
                 told.mean.get("valence"), told.mean.get("arousal"), told.n)
            )  # fmt: skip
        columns = (
            "clip",
            "kind",
            "norm valence",
            "norm arousal",
            "felt valence",
            "felt arousal",
            "watched by",
        )
        return Shown(
            "clips-on-the-plane", "Clips on the plane",
            "Click to aim. A line leads from a clip's norm to what people felt.", self.make,
            Table("clips", columns, tuple(rows)), (520.0, 320.0), (260.0, 180.0),
        )  # fmt: skip


def look(study: Study, told: Told) -> Ready | None:
    """Read the study's viewings, None where nobody has rated anything; raises EvokeError, CorpusError."""
    told(0, 0, "ratings")
    try:
        material = material_of(study, known.material_of(study).corpus)
    except NothingRatedError:
        return None
    return Ready(study, material, recommenders.names(study.folder))


def listed(ready: Ready, choice: Choice, told: Told) -> Listed:
    """Make a list; raises PlaylistError."""
    told(0, 0, "ranking")
    catalogue = ready.material.catalogue
    try:
        entries = playlist(
            catalogue, fitted(ready.material, choice.ranker, choice.target), choice.participant,
            choice.wanted, choice.target,
        )  # fmt: skip
    except RecommendationError as error:
        raise PlaylistError(f"{str(error)[0].upper()}{str(error)[1:]}") from error
    rows = tuple(_row(place, each, catalogue) for place, each in enumerate(entries, 1))
    seconds = sum(catalogue.clips[each.clip].duration_s for each in entries)
    left_out = unmeasured(catalogue, choice.participant, choice.wanted)
    return Listed(
        choice, entries, Table("playlist", COLUMNS, rows), len(catalogue.of(choice.participant)), seconds,
        tuple(unmeasured_words(len(left_out))),
    )  # fmt: skip


def compared(ready: Ready, told: Told) -> Table:
    """Return every ranker's scores with intervals over viewers, newcomers first; raises PlaylistError."""
    from analysis.recommendation.evaluation import evaluate

    rows = []
    hows: Sequence[tuple[str, str]] = (("newcomer", "newcomers after 4 probes"), ("last", "last three clips"))
    done = 0
    for how, words in hows:
        for ranker in RANKED:
            told(done, len(hows) * len(RANKED), ranker)
            done += 1
            try:
                scored = evaluate(
                    ready.material.catalogue, "last" if how == "last" else "newcomer", (ranker,),
                    cancelled=told.cancelled,
                )[0]  # fmt: skip
            except RecommendationError as error:
                if told.cancelled():
                    told(done, done)
                raise PlaylistError(f"{str(error)[0].upper()}{str(error)[1:]}") from error
            metrics = (scored.told(name) for name in ("precision", "recall", "f1", "auc", "mae"))
            rows.append((words, ranker, *map(_interval, metrics), len(scored.viewers)))
    columns = ("tested on", "ranker", "precision", "recall", "F1", "AUC", "MAE of liking", "viewers")
    return Table("rankers", columns, tuple(rows))


def keep(ready: Ready, choice: Choice, name: str) -> Stored:
    """Keep a recommender in the study; raises EvokeError."""
    return keep_recommender(ready.study, ready.material, name, choice.ranker, choice.target)


def write(found: Listed, path: Path) -> None:
    """Write a list as CSV, or JSON by the name's ending; raises PlaylistError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix.lower() == ".json":
                rows = [dict(zip(COLUMNS, row, strict=True)) for row in found.table.rows]
                about = {
                    "participant": found.choice.participant,
                    "ranker": found.choice.ranker,
                    "target": found.choice.target,
                    "clips": rows,
                }
                file.write(json.dumps(about, ensure_ascii=False, indent=1) + "\n")
            else:
                writer = csv.writer(file)
                writer.writerow(COLUMNS)
                writer.writerows([["" if each is None else each for each in row] for row in found.table.rows])
    except OSError as error:
        raise PlaylistError(
            f"{path.name}: cannot be written ({error.strerror}). Choose a folder that you may write to."
        ) from error


def _row(place: int, each: Entry, catalogue: Catalogue) -> tuple[object, ...]:
    clip = catalogue.clips[each.clip]
    return (
        place, each.clip, clip.category, round(clip.duration_s, 1) or None, round(each.score, 3),
        _known(each.expected, "valence"), _known(each.expected, "arousal"),
        _known(each.sd, "valence"), _known(each.sd, "arousal"), each.watched_by, each.reason,
    )  # fmt: skip


def _known(values: Mapping[str, float], name: str) -> float | None:
    value = values.get(name, math.nan)
    return round(value, 2) if math.isfinite(value) else None


def _interval(told: Mapping[str, object]) -> str | None:
    value, between = told["value"], told["interval"]
    if not isinstance(value, float) or not isinstance(between, dict):
        return None
    low, high = between["low"], between["high"]
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _point(values: Mapping[str, float]) -> tuple[float, float] | None:
    if "valence" not in values or "arousal" not in values:
        return None
    return values["valence"], values["arousal"]


def _said(point: tuple[float, float]) -> str:
    return f"valence {point[0]:+.2f}, arousal {point[1]:+.2f}"
