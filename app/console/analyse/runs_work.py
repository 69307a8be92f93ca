"""What the step Runs reads of run folders, away from the window's thread; lines are read once."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.evaluation.run_folder import FoldState, Run, RunState, open_run
from app.console.analyse.runs_list import RunLine, RunList
from app.console.analyse.runs_scores import chance_of, fold_score, summary_of
from app.study import Study

MOST_POINTS = 4000
"""Epochs kept of a fold's part: more cannot be told apart in a picture."""


@dataclass(slots=True)
class Part:
    """Losses of one part of a fold's training, epoch by epoch."""

    epochs: list[int] = field(default_factory=list)
    of: int = 0
    losses: dict[str, list[float]] = field(default_factory=dict)

    def add(self, epoch: int, of: int, losses: Mapping[str, Any]) -> None:
        """Add an epoch."""
        if self.epochs and epoch <= self.epochs[-1]:
            # It was begun anew: a resumed fold trains from its first epoch.
            self.epochs, self.losses = [], {}
        if len(self.epochs) >= MOST_POINTS:
            return
        self.epochs.append(epoch)
        self.of = of
        for name in dict.fromkeys((*self.losses, *losses)):
            kept = self.losses.setdefault(name, [float("nan")] * (len(self.epochs) - 1))
            value = losses.get(name)
            kept.append(float("nan") if value is None else float(value))


@dataclass(slots=True)
class FoldView:
    """A fold as it is drawn; `score` of the primary metric, None where there is none (yet).

    `label` is what it is called where that is not its name; `title` is what is shown.
    """

    name: str
    state: FoldState
    tested: int
    score: float | None = None
    seconds: float | None = None
    why: str = ""
    parts: dict[str, Part] = field(default_factory=dict)
    label: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.label or self.name


@dataclass(frozen=True)
class RunView:
    """One run as it is drawn. `left_s` seconds are left, by the folds so far; None where nothing is known."""

    line: RunLine
    words: str
    leaky: bool
    folds: tuple[FoldView, ...]
    chance: float | None
    left_s: float | None
    control: str = ""
    trouble: str = ""
    summary: tuple[str, ...] = ()

    def fold(self, name: str) -> FoldView | None:
        """Return a fold by name."""
        return next((each for each in self.folds if each.name == name), None)


class Tail:
    """Reads the lines of a growing file that came since the last time; a line without its end waits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def lines(self) -> list[dict[str, Any]]:
        """Return the new lines; what is no JSON is passed over."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except OSError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        found = []
        for line in whole.splitlines():
            try:
                values = json.loads(line)
            except ValueError:
                continue
            if isinstance(values, dict):
                found.append(values)
        return found


class RunReader:
    """Follows one run: what was read of it stays read."""

    def __init__(self, folder: Path) -> None:
        self.run: Run = open_run(folder)
        self._tail = Tail(folder / "progress.jsonl")
        self.folds = {
            fold.name: FoldView(fold.name, "waiting", len(fold.test), label=fold.title)
            for fold in self.run.division.folds
        }
        self._control = ""
        self._started_s = 0.0
        self._done_before = 0

    def read(self, line: RunLine) -> RunView:
        """Read what is new."""
        for entry in self._tail.lines():
            self._take(entry)
        state = self.run.state
        for fold in self.folds.values():
            self._settle(fold, state)
        done = [fold for fold in self.folds.values() if fold.state == "finished"]
        division = self.run.division
        troubles = [f"{fold.title}: {fold.why}" for fold in self.folds.values() if fold.why]
        return RunView(
            replace(line, done=len(done)),
            division.words,
            division.leaky,
            tuple(replace(fold, parts=dict(fold.parts)) for fold in self.folds.values()),
            chance_of(self.run),
            self._left_s(state, len(done)),
            self._control if state == "running" else "",
            "; ".join(troubles[:3]) + (f"; and {len(troubles) - 3} more" if len(troubles) > 3 else ""),
            summary_of(self.run) if state == "finished" else (),
        )

    def _take(self, entry: Mapping[str, Any]) -> None:
        kind = entry.get("kind")
        if kind == "run" and entry.get("state") == "started":
            self._started_s = float(entry.get("time", 0.0))
            self._done_before = int(entry.get("done", 0))
            self._control = ""
            for each in self.folds.values():
                if each.state in ("running", "failed", "stopped"):
                    each.state, each.why = "waiting", ""
            return
        if kind == "control":
            named = {"permutations": "label permutations", "probe": "identity probe"}
            name = str(entry.get("control", ""))
            self._control = f"{named.get(name, name)}: {entry.get('done', 0)} of {entry.get('of', 0)}"
            return
        fold = self.folds.get(str(entry.get("fold", "")))
        if fold is None:
            return
        if kind == "epoch":
            part = fold.parts.setdefault(str(entry.get("part", "")), Part())
            part.add(int(entry.get("epoch", 0)), int(entry.get("epochs", 0)), entry.get("losses") or {})
        elif kind == "fold":
            told = str(entry.get("state", ""))
            if told == "started":
                fold.state, fold.why = "running", ""
            elif told in ("failed", "stopped"):
                fold.state = "failed" if told == "failed" else "stopped"
                fold.why = str(entry.get("why") or "")

    def _settle(self, fold: FoldView, state: RunState) -> None:
        """Take from the folder what the lines only announce: a finished fold is one whose file is there."""
        if fold.state == "finished" and fold.score is not None:
            return
        if (self.run.folder / "folds" / f"{fold.name}.json").exists():
            facts = self.run.fold_facts(fold.name)
            fold.state, fold.why = "finished", ""
            fold.seconds = float(facts.get("seconds") or 0.0)
            fold.score = fold_score(self.run, fold.name)
            whole = Part()
            for each in facts.get("losses") or ():
                whole.add(int(each["epoch"]), int(each["epoch"]), each["losses"])
            if whole.epochs:
                fold.parts[""] = whole
        elif fold.state == "running" and state != "running":
            fold.state = "waiting"

    def _left_s(self, state: RunState, done: int) -> float | None:
        new = done - self._done_before
        if state != "running" or new <= 0 or not self._started_s:
            return None
        return (time.time() - self._started_s) / new * (len(self.folds) - done)


class RunsReader:
    """Reads the runs of a study, and follows one of them."""

    def __init__(self) -> None:
        self._list = RunList()
        self._reader: RunReader | None = None

    def read(self, study: Study, chosen: Path | None) -> tuple[tuple[RunLine, ...], RunView | None]:
        """Return every run, newest first, and the chosen one whole."""
        lines = self._list.read(study)
        found = next((line for line in lines if line.folder == chosen), None)
        if found is None:
            return lines, None
        if self._reader is None or self._reader.run.folder != found.folder:
            self._reader = RunReader(found.folder)
        return lines, self._reader.read(found)
