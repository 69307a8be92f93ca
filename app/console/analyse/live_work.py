"""What the step Live reads: kept recognizers, finished sessions, and whether a session runs now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.evaluation.files import read_json
from analysis.evaluation.steps import is_transductive
from app.analysing.applying import kept
from app.console.analyse.known import material_of
from app.console.analyse.waiting import Told
from app.plan import LIVE_SUFFIX, Lock, SessionPaths
from app.study import Study


@dataclass(frozen=True, slots=True)
class Choice:
    """A kept recognizer: its folder, how it is offered, and whether it needs a baseline."""

    folder: Path
    title: str
    needs_baseline: bool


@dataclass(frozen=True)
class Ready:
    """What can be chosen: recognizers, finished sessions (name, path), the session that runs now."""

    models: tuple[Choice, ...]
    sessions: tuple[tuple[str, Path], ...]
    running: Path | None


def look(study: Study, told: Told) -> Ready:
    """Read what is there."""
    told(0, 0, "recognizers")
    models = []
    for each in kept(study):
        values = read_json(each.folder / "model.json")
        target = str(values["experiment"]["target"].get("name", "")) or "no target"
        title = f"{target}: {each.run.experiment.recognizer} ({each.code})"
        models.append(Choice(each.folder, title, bool(is_transductive(values["steps"]))))
    told(0, 0, "recordings")
    sessions = tuple((each.id, each.path) for each in material_of(study).corpus.recordings)
    return Ready(tuple(models), sessions, running(study))


def running(study: Study) -> Path | None:
    """Return the live folder of the session that runs in a study."""
    for live in sorted(study.folder.glob(f"**/sub-*/ses-*/*{LIVE_SUFFIX}"), reverse=True):
        lock = Lock.read(SessionPaths.of_live(live).lock)
        if lock is not None and lock.is_alive and not lock.finishing:
            return live
    return None
