"""What the step Therapy reads: recognizers of valence and arousal that were kept, and sessions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.evaluation.files import read_json
from app.analysing.applying import kept
from app.analysing.axes import AXES, axis_named
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.therapy import EXPECTED, Assessment, TherapyError, assess
from app.analysing.therapy_files import COLUMNS, circumplex, table
from app.analysing.training import MODEL
from app.console.analyse.known import material_of
from app.console.analyse.waiting import Told
from app.study import Study


@dataclass(frozen=True, slots=True)
class Teller:
    """A kept recognizer (its folder) and which of the two axes it tells."""

    folder: Path
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


def look(study: Study, elsewhere: Sequence[Teller], told: Told) -> Ready:
    """Read kept recognizers of valence or arousal, and the study's sessions; `elsewhere` comes last."""
    told(0, 0, "recognizers")
    tellers = []
    for model in kept(study):
        axes, title = _told_by(model.folder)
        if axes:
            told_title = f"{model.code}: {title} ({model.run.experiment.recognizer})"
            tellers.append(Teller(model.folder, axes, told_title))
    own = {each.folder for each in tellers}
    corpus = material_of(study).corpus
    rows = tuple(SessionRow(each.path, each.participant, each.session) for each in corpus.recordings)
    return Ready((*tellers, *(each for each in elsewhere if each.folder not in own)), rows)


def teller_in(folder: Path) -> Teller:
    """Return what is kept in a folder: of a run, or of a recognizer; raises TherapyError.

    Who trains on films and measures therapy has two studies, for a study has one kind of sessions.
    """
    model = next((each for each in (folder, folder / MODEL) if (each / "model.json").is_file()), None)
    if model is None:
        raise TherapyError(
            f"{folder.name} holds no kept recognizer. Choose the folder of a run of which one was kept "
            "(derivatives/results in its study)."
        )
    try:
        axes, title = _told_by(model)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TherapyError(f"{model / 'model.json'} cannot be read ({error}).") from error
    if not axes:
        raise TherapyError(f"{folder.name} tells neither valence nor arousal. Choose another one.")
    return Teller(model, axes, f"{title} ({model.parent.name})")


def _told_by(model: Path) -> tuple[tuple[str, ...], str]:
    """Return the axes that a kept recognizer tells, and its target's name."""
    values = read_json(model / "model.json")
    target = values["experiment"]["target"]
    found: list[str] = []
    if values["classes"]:
        if len(values["classes"]) == 2:
            found = [axis_named(" ".join((str(target.get("name", "")), *map(str, target.get("of", ())))))]
    else:
        found = [axis_named(str(each)) for each in values["outputs"]]
    return tuple(axis for axis in AXES if axis in found), str(target.get("name", ""))


def assessed(
    valence: Teller, arousal: Teller, sessions: Sequence[Path], minutes: float, told: Told
) -> Assessed:
    """Assess sessions with one recognizer of both axes, or one for each; raises TherapyError."""

    def progress(share: float) -> None:
        told(round(100 * share), 100, f"{len(sessions)} sessions")

    if valence.folder == arousal.folder:
        found = assess(valence.folder, sessions, minutes, progress, told.cancelled)
    else:
        with tempfile.TemporaryDirectory(prefix="evoke-therapy-models-") as folder:
            for axis, teller in zip(AXES, (valence, arousal), strict=True):
                shutil.copytree(teller.folder, Path(folder) / axis)
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
