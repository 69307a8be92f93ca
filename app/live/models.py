"""Kept recognizers ready to run live: loaded, planned, with how sure their run lets them be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.evaluation.files import file_sha256
from analysis.evaluation.run_folder import Run, RunError, open_run
from app.annotation.trials import refusal
from app.consent import Modality
from app.live.scales import Scale, scales_of
from app.study import Study
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.corpus.corpus import Recording
    from analysis.evaluation.trained import Trained
    from analysis.live.plan import LivePlan
    from analysis.live.replaying import Replay
    from analysis.live.uncertainty import Calibration

MODEL = "model"


class LiveUseError(EvokeError):
    """A recognizer cannot be run live here; the text is the one clear message."""


@dataclass(frozen=True)
class Mounted:
    """A recognizer ready to run: `name` is its run's, `sha256` that of its model.json.

    `scales` are from where to where its numbers go, by name, where the study tells it.
    """

    name: str
    folder: Path
    sha256: str
    trained: Trained
    plan: LivePlan
    calibration: Calibration
    scales: Mapping[str, Scale] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Classes, or the names of the numbers."""
        return self.trained.classes or self.trained.outputs

    @property
    def target(self) -> str:
        """What it recognises."""
        return str(self.trained.experiment.target.get("name", ""))

    def telling(self, *more: str) -> Mounted:
        """Return it with more that a reader must know."""
        return replace(self, plan=replace(self.plan, told=(*self.plan.told, *more)))

    def to_json(self) -> dict[str, Any]:
        """Return what a reader of answers must know beforehand, JSON-ready."""
        return {
            "name": self.name,
            "title": self.trained.card.title,
            "recognizer": self.trained.card.name,
            "target": self.target,
            "sha256": self.sha256,
            "classes": list(self.trained.classes),
            "outputs": list(self.trained.outputs),
            "inputs": [
                {"name": spec.name, "modality": spec.modality, "feature": spec.feature}
                for spec in self.plan.inputs
            ],
            "case_s": self.plan.case_s,
            "hop_s": self.plan.hop_s,
            "baseline_s": self.plan.baseline_s,
            "goes_on_without": self.trained.card.missing_inputs,
            "calibration": self.calibration.words,
            "told": list(self.plan.told),
        }


def model_folder(path: Path) -> Path:
    """Return the folder of a trained recognizer: itself, or that of a run; raises LiveUseError."""
    for folder in (path, path / MODEL):
        if (folder / "model.json").is_file():
            return folder
    raise LiveUseError(
        f"{path}: holds no trained recognizer. Keep one first: in Analyse, Apply, or evoke evaluate --save."
    )


def mount(path: Path, *, has_baseline: bool = False, **wishes: float) -> Mounted:
    """Load a recognizer and plan how it runs; `wishes` as `plan_for` takes them. Raises LiveUseError."""
    from analysis.evaluation.trained import TrainedError, load_trained
    from analysis.features.feature import FeatureError
    from analysis.live.plan import LiveError, plan_for

    folder = model_folder(path)
    try:
        trained = load_trained(folder)
        run = _run_of(folder.parent, trained)
        if not wishes.get("case_s"):
            wishes["case_s"] = _usual_s(trained, run)
        plan = plan_for(trained, has_baseline=has_baseline, **wishes)
    except (TrainedError, LiveError, FeatureError) as error:
        raise LiveUseError(str(error)) from error
    name = folder.parent.name if folder.name == MODEL else folder.name
    sha256 = file_sha256(folder / "model.json")
    scales = scales_of(trained, Study.containing(folder))
    return Mounted(name, folder, sha256, trained, plan, _calibration(trained, run), scales)


def modalities_of(mounted: Sequence[Mounted]) -> tuple[str, ...]:
    """Return every modality that recognizers look at."""
    return tuple(dict.fromkeys(spec.modality for each in mounted for spec in each.plan.inputs))


def _run_of(folder: Path, trained: Trained) -> Run | None:
    """Return the run that a recognizer was kept in, None where there is none with predictions of it."""
    try:
        run = open_run(folder)
        return None if run.result is None or (run.classes or ()) != trained.classes else run
    except (RunError, OSError):
        return None


def _calibration(trained: Trained, run: Run | None) -> Calibration:
    """Return what a run's predictions tell of its kept recognizer: nothing where they are not of such a one.

    Cases of a leaky split were half known in training, and settings that were tuned on the test fit it. A
    recognizer that adapts to the tested side measured what it reaches with it; kept and live it does without.
    """
    from analysis.live.uncertainty import Calibration, calibration_of

    if run is None:
        return Calibration()
    if run.division.leaks:
        return Calibration(why=f"its run was split by {run.division.spec.kind}, which leaks")
    if (run.result or {}).get("watermark"):
        return Calibration(why="the settings of its run were tuned on the tested cases")
    if trained.card.transductive:
        return Calibration(why="its run's figures are with adaptation, and live it runs without")
    try:
        return calibration_of(run.predictions())
    except (RunError, OSError):
        return Calibration()


def _usual_s(trained: Trained, run: Run | None) -> float:
    """Return how long the cases were that it was trained on, 0 where that is not known."""
    cases = trained.experiment.cases or trained.card.cases
    if cases.unit == "window" or run is None:
        return 0.0
    return round(float(np.median(run.cases.stop_s - run.cases.start_s)), 3)


def known_to(mounted: Mounted, recording: Recording) -> bool:
    """Whether a recognizer was trained on a recording, under whatever name."""
    seen = mounted.trained.about.get("recordings") or {}
    return recording.id in seen or recording.sha256 in seen.values()


def replay_of(path: Path, modalities: Sequence[str]) -> Replay:
    """Open a finished session to be replayed; of one in a study nothing that its participant refused.

    Raises LiveUseError where it cannot be read, or must not be used.
    """
    from analysis.live.plan import LiveError
    from analysis.live.replaying import Replay

    study = Study.containing(path)
    refused: tuple[Modality, ...] = ()
    for session in () if study is None else study.sessions():
        if study is not None and (study.folder / session.file).resolve() == path.resolve():
            why, refused = refusal(study, session)
            if why:
                raise LiveUseError(f"{path.name}: must not be used: it {why}.")
    try:
        return Replay(path, modalities, refused)
    except LiveError as error:
        raise LiveUseError(str(error)) from error
