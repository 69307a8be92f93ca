"""The demo study: six simulated participants, two annotators with their labels, fused labels, a finished run.

Everything in it is made by what makes real ones, so every page and panel has something to show in minutes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.evaluation.experiment import ControlSpec, Experiment
from analysis.evaluation.run_folder import Run
from analysis.evaluation.runner import work
from analysis.labels.scheme import Scheme
from analysis.session_file import open_session
from analysis.simulate.settings import Settings
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import complete, create, in_words, prepare
from app.analysing.plans import freeze_plan
from app.analysing.simulated_files import TRUTH
from app.analysing.simulating import (
    Live,
    Progress,
    Request,
    SimulatingError,
    Simulation,
    simulate,
    simulation_study,
)
from app.analysing.targets import make_target, recipe_named
from app.annotation.agreeing import read_labels
from app.annotation.dealing import Shares
from app.annotation.fusing import Fused, fuse_tier
from app.annotation.places import StudyPlace
from app.annotation.plans import make_plan
from app.annotation.schemes import bundled
from app.study import Study

PROTOCOL = "picture-typing-speaking"
NAME = "Demo study"
PARTICIPANTS = 6
EFFECT_D = 1.5
SCHEME, TIER = "sam", "feeling"
PLAN = "demo"
SHARES = Shares(overlap=1.0, repeats=0.1)
RATERS: Mapping[str, tuple[float, float]] = {"sim-a": (0.3, 0.9), "sim-b": (-0.4, 1.3)}
"""Simulated raters: how far each is off, and how noisy, in points of a scale of nine."""
REACTION_MS = 2400.0
TARGET = "negative-or-positive"
PERMUTATIONS = 999
SMALL: Mapping[str, Any] = {
    "width": 0.25, "epochs": 20, "pretraining_epochs": 10, "optimizer": "adam", "rate": 0.003,
}  # fmt: skip
"""So small that it is trained in half a minute."""
RECOGNIZERS: tuple[tuple[str, tuple[str, ...], Mapping[str, Any]], ...] = (
    ("logistic-regression", ("eeg", "bvp", "eda", "temperature", "face", "keys"), {}),
    ("attention-lstm", ("face", "keys", "eda", "temperature"), SMALL),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo study: how many answers its raters gave, fused labels, finished runs, how long it took."""

    study: Study
    answers: int
    fused: Fused
    runs: tuple[Run, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "study": str(self.study.folder),
            "answers": self.answers,
            "fused": self.fused.annotator,
            "runs": [run.name for run in self.runs],
            "seconds": round(self.seconds, 1),
        }


def make_demo_study(
    folder: Path, live: Live, seed: int = 1, workers: int = 0, progress: Progress | None = None
) -> Demo:
    """Make the demo study in an empty folder; raises EvokeError."""
    begun_s = time.monotonic()
    if (folder / "study.yaml").exists():
        raise SimulatingError(
            f"{folder}: there is a study here already. Choose an empty folder for the demo."
        )
    study = simulation_study(folder, PROTOCOL, NAME)
    settings = Settings(effects=dict.fromkeys(Settings().modalities, EFFECT_D), artefacts=0.1, seed=seed)
    _participants(study, settings, live, workers, progress)
    scheme = next(scheme for scheme in bundled() if scheme.name == SCHEME)
    tell = progress or _nobody
    tell(0, 1, "labels")
    answers = label(study, scheme, seed)
    fused = fuse(study, scheme)
    tell(1, 1, "labels")
    runs = analyse(study, workers, tell)
    return Demo(study, answers, fused, tuple(runs), time.monotonic() - begun_s)


def _participants(
    study: Study, settings: Settings, live: Live, workers: int, progress: Progress | None
) -> Simulation:
    return simulate(study, Request(PROTOCOL, PARTICIPANTS, settings, workers), live, progress)


def label(study: Study, scheme: Scheme, seed: int) -> int:
    """Deal all trials to the simulated raters and let them work through their queues; return how many.

    They rate what was felt, each off and noisy in a way of their own; a trial that comes again is rated anew.
    """
    plan = make_plan(study, PLAN, scheme, tuple(RATERS), seed, SHARES).plan
    felt = felt_in(study)
    place = StudyPlace(study)
    given = 0
    for number, (rater, (off, noise)) in enumerate(RATERS.items()):
        chance = np.random.default_rng([seed, number])
        for item in place.queue(rater, plan.name):
            answer = dict(_answers(felt[item.recording].get(item.trial, 0.0), off, noise, chance))
            with place.log(item, rater) as log:
                log.add(
                    TIER,
                    trial=item.trial,
                    item=item.code,
                    value=answer,
                    media_ns=item.end_ns,
                    reaction_ms=round(REACTION_MS * float(np.exp(0.4 * chance.standard_normal()))),
                )
                log.finish(item.code)
            given += 1
    return given


def fuse(study: Study, scheme: Scheme) -> Fused:
    """Fuse the raters' answers by their mean."""
    return fuse_tier(read_labels(study, scheme), TIER, "mean")


def felt_in(study: Study) -> dict[str, dict[int, float]]:
    """Return what was felt (-1 to 1), by recording and trial, as the simulation itself knows it."""
    found = {}
    for session in study.sessions():
        with open_session(study.folder / session.file) as opened:
            truth = next(event.payload for event in opened.events if event.kind == TRUTH)
        found[Path(session.file).stem] = {int(trial): float(v) for trial, v in truth["felt"].items()}
    return found


def _answers(
    valence: float, off: float, noise: float, chance: np.random.Generator
) -> Iterator[tuple[str, Any]]:
    known = {"valence": 3.2 * valence, "arousal": 2.4 * abs(valence) - 0.8, "dominance": 1.2 * valence}
    for question, shown in known.items():
        drawn = 5.0 + shown + off + noise * float(chance.standard_normal())
        yield question, int(np.clip(round(drawn), 1, 9))


def _nobody(done: int, of: int, words: str) -> None:
    """Tell nobody."""


def analyse(study: Study, workers: int = 0, progress: Progress = lambda done, of, words: None) -> list[Run]:
    """Freeze a plan of two recognizers, evaluate both, and return their finished runs; raises EvokeError."""
    corpus = study_corpus(study)
    target = make_target(study, corpus, recipe_named(study, corpus, TARGET))
    experiments = [
        Experiment(
            recognizer=recognizer,
            target=target.recipe.to_json(),
            target_sha256=target.sha256,
            settings=settings,
            modalities=modalities,
            controls=ControlSpec(permutations=PERMUTATIONS),
        )
        for recognizer, modalities, settings in RECOGNIZERS
    ]
    # A plan says everything: also what the recognizer's card would fill in.
    whole = [complete(each, corpus) for each in experiments]
    plan = freeze_plan(study, PLAN, whole, corpus, note="made with the demo study")
    runs = []
    for number, experiment in enumerate(whole):
        progress(number, len(experiments), experiment.recognizer)
        run = create(study, prepare(study, corpus, target, experiment, plan=plan))
        with in_words():
            runs.append(work(run, workers=workers))
    progress(len(experiments), len(experiments), "evaluated")
    return runs
