"""What the step Cross-corpus reads away from the window's thread: sides, runs, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.evaluation.run_folder import Run, runs_of
from app.analysing.cross_corpus import METHODS, Method
from app.analysing.domains import Domains, all_domains
from app.analysing.run_figures import Shown
from app.analysing.transfer import Kept, Sides, kept_in, sides_between, sides_within
from app.analysing.transfer_figures import (
    LAYERS,
    Curves,
    curves_of,
    loss_figure,
    plane_figure,
    pseudo_figure,
    share_figure,
)
from app.console.analyse.known import material_of
from app.console.analyse.waiting import Told
from app.study import Study
from stimuli.problems import EvokeError

HIGH = ("happiness", "happy", "joy", "surprise", "neutral")
MOST_RUNS = 60


@dataclass(frozen=True)
class Asked:
    """What is chosen: the target, a field of the participants or another study, classes by other names."""

    target: str = ""
    domain: str = ""
    other: Path | None = None
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """A run of a split by domains, a fold of it."""

    run: Run
    fold: str
    title: str


@dataclass(frozen=True)
class Found:
    """What there is to choose, what the choice gives, and what was made already."""

    asked: Asked
    domains: tuple[Domains, ...]
    targets: tuple[str, ...]
    sides: Sides | None
    problem: str
    trained: tuple[Trained, ...]
    kept: tuple[Kept, ...]
    methods: tuple[Method, ...] = METHODS


@dataclass(frozen=True)
class Seen:
    """The figures of one fold, None where there is none yet."""

    curves: Curves
    losses: Shown | None
    shares: Shown | None
    pseudo: Shown | None
    planes: Mapping[str, Shown | None]
    is_finished: bool


def look(study: Study, asked: Asked, told: Told) -> Found:
    """Read what a study offers, and both sides of what is chosen."""
    told(0, 0, "recordings")
    material = material_of(study)
    domains = all_domains(study, material.corpus)
    targets = tuple(
        recipe.name for recipe in material.recipes if recipe.rule in ("classes", "threshold", "higher")
    )
    target = asked.target if asked.target in targets else targets[0] if targets else ""
    known = [each.name for each in domains]
    domain = asked.domain if asked.domain in known or asked.other else next(iter(known), "")
    asked = Asked(target, "" if asked.other else domain, asked.other, asked.labels)
    told(0, 0, "answers")
    sides, problem = None, ""
    try:
        if asked.target and asked.other is not None:
            sides = sides_between(study, Study.open(asked.other), asked.target, dict(asked.labels))
        elif asked.target and asked.domain:
            sides = sides_within(study, asked.target, asked.domain, dict(asked.labels))
        elif not targets:
            problem = "This study has no target with classes."
        else:
            problem = (
                "Nothing divides the participants of this study. Give them a field (sex, age, device) in "
                "the page"
                " Participants, import a second corpus, or choose another study."
            )
    except EvokeError as error:
        problem = str(error)
    if sides is not None:
        problem = sides.problem
    told(0, 0, "runs")
    return Found(asked, domains, targets, sides, problem, trained_in(study), kept_in(study))


def trained_in(study: Study) -> tuple[Trained, ...]:
    """Return every fold of the study's runs over domains, the newest run first."""
    found = []
    own = [run for run in runs_of(study.folder) if run.experiment.split.kind == "domains"]
    for run in reversed(own[-MOST_RUNS:]):
        chosen = run.experiment
        bound = ", upper bound" if chosen.search.sets and not chosen.search.nested else ""
        for fold in run.division.folds:
            title = f"{_method_of(run)}, {fold.title}, seed {chosen.seed}{bound}"
            found.append(Trained(run, fold.name, title))
    return tuple(found)


def _method_of(run: Run) -> str:
    chosen = run.experiment
    same = [each for each in METHODS if each.recognizer == chosen.recognizer]
    fitting = [
        each
        for each in same
        if all(chosen.settings.get(name) == value for name, value in each.settings.items())
    ]
    best = max(fitting or same, key=lambda each: len(each.settings), default=None)
    return chosen.recognizer if best is None else best.title


def see(trained: Trained, told: Told) -> Seen:
    """Return the figures of a fold as far as it is."""
    told(0, 0, trained.fold)
    curves = curves_of(trained.run, trained.fold)
    planes = {layer: plane_figure(trained.run, trained.fold, layer) for layer in LAYERS}
    done = (trained.run.folder / "folds" / f"{trained.fold}.json").exists()
    title = trained.title
    return Seen(
        curves,
        loss_figure(curves, title),
        share_figure(curves, title),
        pseudo_figure(curves, title),
        planes,
        done,
    )
