"""The runs of a study as the step Runs lists them; what cannot change any more is read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.evaluation.experiment import Experiment
from analysis.evaluation.files import is_worked_on
from analysis.evaluation.run_folder import Run, RunState, runs_of
from analysis.evaluation.standing import standing
from app.analysing.combining import FOLDER
from app.console.analyse.runs_scores import headline_of
from app.study import Study


@dataclass(frozen=True, slots=True)
class Parts:
    """The runs of combinations inside a run: how many, how many are finished, which one is worked on."""

    of: int = 0
    done: int = 0
    running: Path | None = None


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the list; `standing` says planned or exploratory, and which of how many."""

    folder: Path
    experiment: Experiment
    created: str
    state: RunState
    done: int
    folds: int
    score: str
    standing: str
    target: str
    parts: Parts = Parts()

    @property
    def state_words(self) -> str:
        """How far it is."""
        share = f"{self.done} of {self.folds} folds"
        if self.done == self.folds and self.parts.of:
            share = f"{self.parts.done} of {self.parts.of} combinations"
        if self.state == "finished":
            return "finished" if self.done == self.folds else f"ended, {share}"
        told = {
            "waiting": "not begun",
            "running": "running",
            "cancelled": "stopped",
            "incomplete": "interrupted",
        }
        return f"{told[self.state]}, {share}"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to do."""
        return self.state == "finished" and self.done == self.folds


class RunList:
    """Lists the runs of a study."""

    def __init__(self) -> None:
        self._kept: dict[Path, RunLine] = {}
        self._names: tuple[str, ...] = ()

    def read(self, study: Study) -> tuple[RunLine, ...]:
        """Return every run, newest first; raises RunError for one that cannot be read."""
        runs = runs_of(study.folder)
        # Which of how many a run is changes when another one is begun, or goes.
        names = tuple(run.name for run in runs)
        is_changed, self._names = names != self._names, names
        return tuple(self._line(run, runs, is_changed) for run in reversed(runs))

    def _line(self, run: Run, runs: tuple[Run, ...], is_changed: bool) -> RunLine:
        kept = self._kept.get(run.folder)
        words = standing(run, runs).words if kept is None or is_changed else kept.standing
        parts = kept.parts if kept is not None and kept.is_whole else parts_of(run)
        state = state_of(run, parts)
        done = sum(
            1 for path in (run.folder / "folds").glob("*.json") if not path.name.endswith(".failed.json")
        )
        folds = kept.folds if kept is not None else len(run.division.folds)
        if run.state != "finished":
            score = ""
        elif kept is not None and kept.score and kept.done == done:
            score = kept.score
        else:
            score = headline_of(run)
        target = str(run.experiment.target.get("name", ""))
        line = RunLine(
            run.folder, run.experiment, run.created, state, done, folds, score, words, target, parts
        )
        self._kept[run.folder] = line
        return line


def parts_of(run: Run) -> Parts:
    """Return how far the combinations of a run are."""
    folders = [path.parent for path in (run.folder / FOLDER).glob("*/experiment.json")]
    done = [folder for folder in folders if (folder / "result.json").exists()]
    running = next((each for each in folders if each not in done and is_worked_on(each)), None)
    return Parts(len(folders), len(done), running)


def state_of(run: Run, parts: Parts) -> RunState:
    """Return how far a run with its combinations is."""
    state = run.state
    if state != "finished" or parts.done == parts.of:
        return state
    return "running" if parts.running is not None else "incomplete"
