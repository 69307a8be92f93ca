"""A run: the folder of an evaluated experiment. Every figure is computed from the predictions stored in it.

experiment.json    what was asked for, its SHA-256, when
inputs.json        recordings, label files and code with their SHA-256; versions, platform, command, plan
cases.npz          every case, a column a fact, with its answer; what was lost is in inputs.json
division.json      the folds, as case numbers; guards.json what the guards said before training
batch/             inputs as .npy, read by every worker as they lie; gone when the run is finished
folds/NAME.npz     `rows` (n,) tested, `proba` (n, k), `explain.*` (n, ...), `masked.*` (n, k),
                   `plane.*` (n, 2), `plane.trained.*` (m, 2) of the `train_rows` (m,)
folds/NAME.json    written last, with the SHA-256 of the .npz: a fold is finished when this file is there
folds/NAME.failed.json    why a fold did not finish; tried again when the run is resumed
progress.jsonl     see `Run.progress`
result.json        every number, with intervals and controls; written last of all
controls/          label permutations, as they are done
combinations/      runs of the same experiment with fewer modalities; combinations.json their table
cancel             makes every worker stop; lock is held while somebody works
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import CASE_COLUMNS, Batch, Cases, Rows
from analysis.evaluation import batch_files
from analysis.evaluation.experiment import Experiment, SplitSpec
from analysis.evaluation.files import (
    append_line,
    is_worked_on,
    lines_of,
    read_arrays,
    read_json,
    sync_folder,
    write_arrays,
    write_json,
)
from analysis.evaluation.guards import GuardReport
from analysis.evaluation.splits import TO, Division, Fold

RESULTS = Path("derivatives") / "results"
FORMAT = "evoke-run"
VERSION = 1
RunState = Literal["waiting", "running", "cancelled", "incomplete", "finished"]
FoldState = Literal["waiting", "running", "finished", "failed", "stopped"]


class RunError(Exception):
    """A run cannot be read, made or worked on; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class FoldStatus:
    """How far one fold is; `why` where it failed or a guard stopped it, `tested` how many cases it tests."""

    name: str
    state: FoldState
    tested: int
    seconds: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Stored predictions of all finished folds: row i of `proba` is of `cases` row i, tested in `fold`.

    `proba` (n, classes), or (n, k) numbers where there are no classes; `y` (n,) or (n, k).
    """

    cases: Cases
    y: NDArray[Any]
    proba: NDArray[np.float64]
    fold: NDArray[np.str_]
    classes: tuple[str, ...]
    outputs: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.cases)

    def rows(self, rows: Rows) -> Predictions:
        """Return some of them."""
        return Predictions(
            self.cases.rows(rows), self.y[rows], self.proba[rows], self.fold[rows], self.classes, self.outputs
        )


@dataclass(frozen=True)
class Run:
    """A run on disk; everything is read when it is asked for."""

    folder: Path
    experiment: Experiment
    created: str

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def state(self) -> RunState:
        """How far it is; "incomplete" where folds failed, were stopped by a guard, or a process died."""
        if is_worked_on(self.folder):
            return "running"
        if (self.folder / "result.json").exists():
            return "incomplete" if (self.result or {}).get("missing") else "finished"
        if (self.folder / "cancel").exists():
            return "cancelled"
        return "incomplete" if (self.folder / "progress.jsonl").exists() else "waiting"

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """Read inputs.json: what went in, by hash."""
        found: Mapping[str, Any] = self._json("inputs.json")
        return found

    @cached_property
    def division(self) -> Division:
        """The folds, in rows of `cases`."""
        values = self._json("division.json")
        folds = tuple(
            Fold(
                each["name"],
                np.array(each["train"], np.intp),
                np.array(each["validation"], np.intp),
                np.array(each["test"], np.intp),
                _domains_of(each, values["spec"]),
            )
            for each in values["folds"]
        )
        return Division(
            SplitSpec(**values["spec"]),
            folds,
            tuple(tuple(columns) for columns in values["apart"]),
            values["words"],
            tuple(values["notes"]),
            tuple(values["leaks"]),
        )

    @cached_property
    def _columns(self) -> Mapping[str, NDArray[Any]]:
        return read_arrays(self.folder / "cases.npz")

    @cached_property
    def cases(self) -> Cases:
        """Every case of the experiment."""
        return Cases(*(self._columns[name] for name in CASE_COLUMNS))

    @property
    def y(self) -> NDArray[Any]:
        """Answers of all cases."""
        return self._columns["y"]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, () where numbers are predicted."""
        return tuple(str(name) for name in self._columns["classes"])

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the numbers that are predicted, () where classes are."""
        return tuple(str(name) for name in self._columns["outputs"])

    @property
    def guards(self) -> GuardReport:
        """What the guards said: before training, and of every finished fold."""
        lines = [*GuardReport.from_json(self._json("guards.json")).lines]
        for status in self.folds:
            if status.state == "finished":
                lines += GuardReport.from_json(self.fold_facts(status.name).get("guards", [])).lines
        return GuardReport(tuple(lines))

    @property
    def folds(self) -> tuple[FoldStatus, ...]:
        """How far every fold is."""
        running = set(self._running()) if self.state == "running" else set()
        return tuple(self._status(fold, fold.name in running) for fold in self.division.folds)

    def guards_before(self, fold: str) -> GuardReport:
        """Return what the guards said of one fold before training."""
        return GuardReport.from_json(self._json("guards.json")).of(fold)

    def fold_facts(self, name: str) -> dict[str, Any]:
        """Read what a finished fold says of itself: seconds, settings, losses, ledger, guards, warnings."""
        found: dict[str, Any] = self._json(f"folds/{name}.json")
        return found

    def fold_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Read a finished fold's predictions and explanations."""
        return read_arrays(self.folder / "folds" / f"{name}.npz")

    def progress(self) -> tuple[dict[str, Any], ...]:
        """Return what happened so far, in order.

        Every line has `time` (seconds since 1970) and `kind`:
        "run": `state` (started, cancelled, incomplete, finished), `folds`, `done`;
        "fold": `fold`, `state` (started, finished, failed, stopped), `seconds`, `why`;
        "epoch": `fold`, `part` ("" or which part of a search), `epoch`, `epochs`, `losses` by name, at most
        four a second of each fold (a finished fold has all of them in `fold_facts(name)["losses"]`);
        "control": `control` ("permutations", "probe"), `done`, `of`.
        """
        return tuple(lines_of(self.folder / "progress.jsonl"))

    def predictions(self, masked: str = "") -> Predictions:
        """Return the stored predictions of all finished folds; raises RunError where there is none.

        `masked` names a combination of modalities: what was predicted with the others taken away.
        """
        rows, proba, names = [], [], []
        for status in self.folds:
            if status.state == "finished":
                arrays = self.fold_arrays(status.name)
                rows.append(arrays["rows"])
                proba.append(arrays[f"masked.{masked}" if masked else "proba"])
                names.append(np.full(len(arrays["rows"]), status.name))
        if not rows:
            raise RunError(f"{self.name}: no fold is finished yet.")
        every = np.concatenate(rows).astype(np.intp)
        return Predictions(
            self.cases.rows(every),
            self.y[every],
            np.concatenate(proba),
            np.concatenate(names),
            self.classes,
            self.outputs,
        )

    def explanations(self, fold: str) -> tuple[dict[str, NDArray[Any]], Mapping[str, str]]:
        """Return a finished fold's weights by name, first axis as its `rows`, and what they are."""
        weights = {
            name.removeprefix("explain."): values
            for name, values in self.fold_arrays(fold).items()
            if name.startswith("explain.")
        }
        return weights, self.fold_facts(fold).get("explain", {})

    def metrics(self) -> dict[str, Any]:
        """Compute every number anew from the stored predictions, without intervals; see `metrics.assess`."""
        from analysis.evaluation.metrics import assess

        return assess(self.predictions())

    @property
    def result(self) -> dict[str, Any] | None:
        """Read result.json, whose `missing` names folds without predictions; None where there is none yet."""
        if not (self.folder / "result.json").exists():
            return None
        found: dict[str, Any] = self._json("result.json")
        return found

    def controls(self) -> dict[str, Any]:
        """Return the controls of a finished run by name, {} before."""
        found: dict[str, Any] = (self.result or {}).get("controls", {})
        return found

    def batch(self) -> Batch:
        """Return cases, inputs (mapped from the disk) and answers; raises RunError where they are gone."""
        inputs = batch_files.read_inputs(self.folder / "batch")
        if inputs is None:
            raise RunError(f"{self.name}: its inputs were removed when it was finished. Rerun it.")
        return Batch(self.cases, inputs, self.y, self.classes, self.outputs)

    def cancel(self) -> None:
        """Ask whoever works on it to stop; finished folds stay."""
        (self.folder / "cancel").touch()

    def tell(self, kind: str, **values: Any) -> None:
        """Append a line to progress.jsonl."""
        time_s = datetime.now(UTC).timestamp()
        append_line(self.folder / "progress.jsonl", {"time": time_s, "kind": kind, **values})

    def _json(self, name: str) -> Any:
        try:
            return read_json(self.folder / name)
        except (OSError, ValueError) as error:
            raise RunError(
                f"{self.folder / name}: cannot be read ({error}). Rerun, or remove the run."
            ) from error

    def _running(self) -> list[str]:
        now: dict[str, bool] = {}
        for line in self.progress():
            if line.get("kind") == "run" and line.get("state") == "started":
                now.clear()
            if line.get("kind") == "fold":
                now[str(line.get("fold"))] = line.get("state") == "started"
        return [name for name, running in now.items() if running]

    def _status(self, fold: Fold, running: bool) -> FoldStatus:
        done = self.folder / "folds" / f"{fold.name}.json"
        if done.exists():
            return FoldStatus(fold.name, "finished", len(fold.test), self.fold_facts(fold.name)["seconds"])
        if running:
            return FoldStatus(fold.name, "running", len(fold.test))
        failed = self.folder / "folds" / f"{fold.name}.failed.json"
        if failed.exists():
            values = self._json(f"folds/{failed.name}")
            state: FoldState = "stopped" if values.get("guard") else "failed"
            return FoldStatus(fold.name, state, len(fold.test), None, str(values.get("why", "")))
        return FoldStatus(fold.name, "waiting", len(fold.test))


def open_run(folder: Path) -> Run:
    """Open a run; raises RunError."""
    path = folder / "experiment.json"
    try:
        values = read_json(path)
        if values["format"] != FORMAT or values["version"] != VERSION:
            raise ValueError(f"{values['format']} version {values['version']}")
        return Run(folder, Experiment.from_json(values["experiment"]), str(values["created"]))
    except FileNotFoundError as error:
        raise RunError(f"{folder}: holds no run (no experiment.json). Choose a run's own folder.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: does not describe a run ({error}). Remove the run.") from error


def runs_of(study_folder: Path) -> tuple[Run, ...]:
    """Return every run of a study that can be opened, the oldest first."""
    found = []
    for path in sorted((study_folder / RESULTS).glob("[!.]*/experiment.json")):
        with contextlib.suppress(RunError):
            found.append(open_run(path.parent))
    return tuple(sorted(found, key=lambda run: (run.created, run.name)))


def create_run(
    folder: Path,
    experiment: Experiment,
    batch: Batch,
    division: Division,
    guards: GuardReport,
    facts: Mapping[str, Any],
) -> Run:
    """Write a run in which nothing is trained yet, whole or not at all; raises RunError."""
    if folder.exists():
        raise RunError(f"{folder}: is there already. Choose another name, or resume it.")
    if batch.y is None:
        raise RunError("These cases have no answers: nothing can be evaluated.")
    partial = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "folds").mkdir(parents=True)
    created = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = {"format": FORMAT, "version": VERSION, "created": created, "sha256": experiment.sha256}
    write_json(partial / "experiment.json", {**head, "experiment": experiment.to_json()})
    write_json(partial / "inputs.json", dict(facts))
    write_json(partial / "guards.json", guards.to_json())
    write_json(partial / "division.json", _division_json(division))
    columns = {name: getattr(batch.cases, name) for name in CASE_COLUMNS}
    names = {
        "classes": np.array(batch.classes, dtype=np.str_),
        "outputs": np.array(batch.outputs, dtype=np.str_),
    }
    write_arrays(partial / "cases.npz", {**columns, "y": batch.y, **names})
    batch_files.write_inputs(partial / "batch", batch.inputs)
    partial.rename(folder)
    sync_folder(folder.parent)
    return open_run(folder)


def _domains_of(fold: Mapping[str, Any], spec: Mapping[str, Any]) -> tuple[str, ...]:
    if spec["kind"] != "domains":
        return ()
    # A division that was written before has the names in that of the fold's file only.
    return tuple(fold.get("domains") or fold["name"].split(TO, 1))


def _division_json(division: Division) -> dict[str, Any]:
    sides = ("train", "validation", "test")
    return {
        "spec": asdict(division.spec),
        "words": division.words,
        "notes": list(division.notes),
        "leaks": list(division.leaks),
        "apart": [list(columns) for columns in division.apart],
        "folds": [
            {
                "name": fold.name,
                **({"domains": list(fold.domains)} if fold.domains else {}),
                **{side: getattr(fold, side).tolist() for side in sides},
            }
            for fold in division.folds
        ],
    }
