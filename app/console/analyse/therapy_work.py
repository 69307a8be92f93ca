"""What the step Therapy reads: recognizers of valence and arousal that were kept, and sessions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.evaluation.files import read_json
from app.analysing.applying import Kept, kept
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.therapy import AXES, EXPECTED, Assessment, assess, axis_named
from app.analysing.therapy_files import COLUMNS, circumplex, table
from app.console.analyse.known import material_of
from app.console.analyse.waiting import Told
from app.study import Study


@dataclass(frozen=True, slots=True)
class Teller:
    """A kept recognizer and which of the two axes it tells."""

    kept: Kept
    axes: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that can be assessed."""

    path: Path
    participant: str
    session: str


@dataclass(frozen=True)
class Ready:
    """What can be chosen."""

    tellers: tuple[Teller, ...]
    sessions: tuple[SessionRow, ...]


@dataclass(frozen=True)
class Assessed:
    """What came of it: the figure with its table, and the assessment."""

    assessment: Assessment
    shown: Shown


def look(study: Study, told: Told) -> Ready:
    """Read kept recognizers of valence or arousal, and the study's sessions."""
    told(0, 0, "recognizers")
    tellers = []
    for model in kept(study):
        values = read_json(model.folder / "model.json")
        target = values["experiment"]["target"]
        found: list[str] = []
        if values["classes"]:
            if len(values["classes"]) == 2:
                found = [axis_named(" ".join((str(target.get("name", "")), *map(str, target.get("of", ())))))]
        else:
            found = [axis_named(str(each)) for each in values["outputs"]]
        axes = tuple(axis for axis in AXES if axis in found)
        if axes:
            title = f"{model.code}: {target.get('name', '')} ({model.run.experiment.recognizer})"
            tellers.append(Teller(model, axes, title))
    corpus = material_of(study).corpus
    rows = tuple(SessionRow(each.path, each.participant, each.session) for each in corpus.recordings)
    return Ready(tuple(tellers), rows)


def assessed(
    valence: Teller, arousal: Teller, sessions: Sequence[Path], minutes: float, told: Told
) -> Assessed:
    """Assess sessions with one recognizer of both axes, or one for each; raises TherapyError."""

    def progress(share: float) -> None:
        told(round(100 * share), 100, f"{len(sessions)} sessions")

    if valence.kept.folder == arousal.kept.folder:
        found = assess(valence.kept.folder, sessions, minutes, progress, told.cancelled)
    else:
        with tempfile.TemporaryDirectory(prefix="evoke-therapy-models-") as folder:
            for axis, teller in zip(AXES, (valence, arousal), strict=True):
                shutil.copytree(teller.kept.folder, Path(folder) / axis)
            found = assess(Path(folder), sessions, minutes, progress, told.cancelled)
    figure = circumplex(found)
    about = (
        f"{found.expected} of {len(found.people)} sessions moved as expected, from quadrant {EXPECTED[0]} to "
        f"{EXPECTED[1]}: valence up, arousal down. First and last {found.minutes:g} minutes."
    )
    size = (figure.width, figure.height)
    told_table = Table("therapy", COLUMNS, tuple(table(found)))
    # In less room it is drawn smaller, down to this.
    least = (0.66 * figure.width, 0.66 * figure.height)
    shown = Shown(
        "therapy", "Before and after", about, lambda w, h: circumplex(found), told_table, size, least
    )
    return Assessed(found, shown)
