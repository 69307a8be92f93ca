"""What the step Apply does away from the window's thread: training, applying, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.evaluation.files import read_json
from analysis.evaluation.run_folder import open_run
from analysis.labels.scheme import Scheme
from analysis.views.applied import AppliedError, read_applied
from app.analysing.applying import (
    DECISION,
    Kept,
    applied_path,
    apply_to,
    fitting,
    kept_of,
    made_scheme,
    show_labels,
)
from app.analysing.training import train_run
from app.console.analyse.known import material_of
from app.console.analyse.runs_list import RunLine, RunList
from app.console.analyse.waiting import Told
from app.study import Study


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording of the study: whether the kept recognizer was trained on it, when it was applied to it."""

    name: str
    participant: str
    session: str
    trials: int
    trained_on: bool
    applied: str
    path: Path
    first_s: float


@dataclass(frozen=True)
class Applying:
    """A run, what is kept of it, and the recordings it can be applied to."""

    lines: tuple[RunLine, ...]
    folder: Path | None
    kept: Kept | None = None
    words: str = ""
    rows: tuple[RecordingRow, ...] = ()
    schemes: tuple[tuple[Scheme, str], ...] = ()
    classes: tuple[str, ...] = ()


def look(study: Study, folder: Path | None, told: Told) -> Applying:
    """Read what is there; the newest finished run where none is named."""
    lines = tuple(line for line in RunList().read(study) if (line.folder / "result.json").exists())
    chosen = next((line for line in lines if line.folder == folder), None)
    if chosen is None:
        # One with something to apply goes before a newer one without.
        ready = [line for line in lines if (line.folder / "model" / "model.json").exists()]
        chosen = next(iter(ready or lines), None)
    if chosen is None:
        return Applying((), None)
    told(0, 0, "recordings")
    run = open_run(chosen.folder)
    model = kept_of(run)
    corpus = material_of(study).corpus
    seen: Mapping[str, object] = {}
    words = "Nothing is kept of this run yet: its folds were trained to be tested, not to be used."
    if model is not None:
        about = read_json(model.folder / "model.json")["about"]
        seen = about.get("recordings") or {}
        people = len(about.get("participants") or ())
        words = f"Kept as {model.code}: trained on {about.get('cases')} cases of {people} participants."
    rows = []
    for recording in corpus.recordings:
        trials = [trial for trial in corpus.trials if trial.recording == recording.id]
        when = "" if model is None else _applied(study, model, recording.id, recording.sha256)
        first = min((trial.start_s for trial in trials), default=0.0)
        rows.append(
            RecordingRow(
                recording.id, recording.participant, recording.session, len(trials), recording.id in seen,
                when, recording.path, first,
            )
        )  # fmt: skip
    schemes: tuple[tuple[Scheme, str], ...] = ()
    if run.classes:
        made = made_scheme(str(run.experiment.target.get("name", "target")), run.classes)
        there = fitting(study, run.classes)
        own = [] if any(scheme.name == made.name for scheme, _ in there) else [(made, DECISION)]
        schemes = (*own, *there)
    return Applying(lines, chosen.folder, model, words, tuple(rows), schemes, run.classes)


def _applied(study: Study, model: Kept, name: str, sha256: str) -> str:
    path = applied_path(study, model, name)
    if not path.exists():
        return ""
    try:
        facts = read_applied(path).facts
    except AppliedError:
        return "cannot be read"
    when = str(facts.get("applied_utc", ""))[:16].replace("T", " ")
    return when if facts.get("recording_sha256") == sha256 else f"{when}, the recording has changed since"


def keep(study: Study, folder: Path, told: Told) -> Path:
    """Train a run's recognizer on all cases and keep it."""

    def progress(epoch: int, epochs: int, losses: Mapping[str, float]) -> None:
        said = ", ".join(f"{name} {value:.3g}" for name, value in losses.items())
        told(epoch, epochs, f"epoch {epoch} of at most {epochs}{f', {said}' if said else ''}")

    told(0, 0, "inputs")
    return train_run(study, open_run(folder), progress=progress, cancelled=told.cancelled)


def apply(study: Study, model: Kept, names: Sequence[str], told: Told) -> tuple[str, ...]:
    """Apply what is kept to recordings."""
    return apply_to(study, model, names, progress=told, cancelled=told.cancelled)


def label(study: Study, model: Kept, names: Sequence[str], scheme: Scheme, tier: str, told: Told) -> int:
    """Bring the decisions in as labels of the model; return how many are new."""
    told(0, 0, "labels")
    return sum(each.marks for each in show_labels(study, model, names, scheme, tier))
