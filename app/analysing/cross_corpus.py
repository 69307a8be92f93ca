"""Cross-corpus tables: several methods on every ordered pair of domains, chosen blindly or by the oracle.

Every figure is a run of the engine (split by domains), with its guards, controls and permutations. Weights of
penalties are fixed, or chosen inside the source (blind); the article's way, chosen on the target's own
answers, is the engine's search on the reported folds: an upper bound, and watermarked. It is one of every
blind figure of the same seed: the sets that are tried are the same, and the fixed one is among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from statistics import mean, stdev
from typing import Any, Literal

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import ControlSpec, Experiment, SearchSpec, SplitSpec
from analysis.evaluation.run_folder import Run, RunError, runs_of
from analysis.evaluation.runner import Heard, work
from analysis.evaluation.splits import Division
from analysis.features.store import Store
from analysis.recognizers.table import recognizer_class
from analysis.targets.recipe import Target
from app.analysing.evaluating import EvaluatingError, Prepared, create, in_words, prepare
from app.study import Study

Selection = Literal["fixed", "held-out", "oracle"]
METRIC = "uar"
WEIGHTS = ("marginal", "rough", "fine", "weight")
"""Settings that a grid goes over, of those that a recognizer has."""
SELECTIONS: Mapping[Selection, str] = {
    "fixed": "weights fixed beforehand",
    "held-out": "weights chosen on participants set aside of the source",
    "oracle": "UPPER BOUND: the best of the sets of weights tried, chosen with the target's true labels",
}
P = "p, tasks pooled"
TRIED = "sets tried"


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table: a recognizer with settings, and its own input where that is no spectrogram."""

    name: str
    title: str
    recognizer: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[InputSpec, ...] = ()
    steps: tuple[str, ...] | None = None

    @property
    def weights(self) -> tuple[str, ...]:
        """The settings that a grid goes over: weights of penalties that the method does not fix itself."""
        known = recognizer_class(self.recognizer).card.settings
        return tuple(each.name for each in known if each.name in WEIGHTS and each.name not in self.settings)

    @property
    def is_trained(self) -> bool:
        """Whether it is trained in epochs."""
        return "epochs" in recognizer_class(self.recognizer).card.defaults()

    @property
    def sets(self) -> int:
        """How many sets of weights the whole grid has, 1 without one."""
        known = recognizer_class(self.recognizer).card.settings
        return prod(len(each.choices) for each in known if each.name in self.weights)


FUNCTIONALS = (InputSpec("speech", "speech", "speech.functionals", {"set": "compact"}),)
METHODS: tuple[Method, ...] = (
    Method("svm", "SVM on functionals", "svm", {}, FUNCTIONALS, ("impute", "zscore")),
    Method("pdan-source", "CNN, no adaptation", "pdan-source"),
    Method("dan", "DAN", "dan"),
    Method("dann", "DANN", "dann"),
    Method("deep-coral", "Deep CORAL", "deep-coral"),
    Method("dsan", "DSAN", "dsan"),
    Method("pdan", "PDAN", "pdan"),
    Method("pdan-m", "PDAN: L_s + L_m", "pdan", {"rough": 0.0, "fine": 0.0}),
    Method("pdan-m-fc", "PDAN: L_s + L_m + L_fc", "pdan", {"rough": 0.0}),
)
"""The rows that are made here, in the article's order."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is compared: methods on the domains of a field, by every seed.

    `common` are settings of all methods that have them, `picture` settings of the spectrogram, `sets` how
    many combinations of weights a search may try.
    """

    domain: str
    methods: tuple[Method, ...] = METHODS
    seeds: tuple[int, ...] = (1,)
    selection: Selection = "fixed"
    sets: int = 216
    inner_k: int = 3
    common: Mapping[str, Any] = field(default_factory=dict)
    picture: Mapping[str, Any] = field(default_factory=dict)
    permutations: int = 999

    def experiment(self, method: Method, target: Target, seed: int) -> Experiment:
        """Return the experiment of a row and a seed."""
        card = recognizer_class(method.recognizer).card
        known = card.defaults()
        inputs = method.inputs or tuple(
            replace(each, settings={**each.settings, **self.picture}) for each in card.inputs
        )
        searched = self.selection != "fixed" and method.weights
        search = SearchSpec(self.sets, self.inner_k, self.selection != "oracle", "grid", method.weights)
        return Experiment(
            method.recognizer,
            target.recipe.to_json(),
            target.sha256,
            settings={
                **{name: value for name, value in self.common.items() if name in known},
                **method.settings,
            },
            cases=CaseSpec("trial"),
            inputs=inputs,
            steps=method.steps if method.steps is not None else card.steps,
            split=SplitSpec("domains", seed=seed, domain=self.domain),
            search=search if searched else SearchSpec(),
            controls=ControlSpec(self.permutations, probe=False),
            seed=seed,
            metric=METRIC,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the result: the figure of each task (per cent UAR) by seed, and the runs behind it.

    Tasks go by the names of their folds; `titles` is what they are called. `p` is of all tasks of a seed
    pooled, the largest of the seeds; None where a seed has none. `tried` is how many sets of weights were
    tried, None where they were fixed.
    """

    method: Method
    selection: Selection
    tasks: Mapping[str, tuple[float, ...]]
    runs: tuple[str, ...]
    p: float | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    tried: int | None = None

    def mean(self, task: str) -> float | None:
        """Return the mean over seeds, None where nothing is known."""
        known = self.tasks.get(task, ())
        return mean(known) if known else None

    def spread(self, task: str) -> float | None:
        """Return the standard deviation over seeds, None for fewer than two."""
        known = self.tasks.get(task, ())
        return stdev(known) if len(known) > 1 else None

    @property
    def over_tasks(self) -> float | None:
        """The mean over tasks, computed of the row."""
        found = [value for task in self.tasks if (value := self.mean(task)) is not None]
        return mean(found) if found else None


def cross_corpus(
    study: Study,
    corpus: Corpus,
    target: Target,
    matrix: Matrix,
    *,
    domains: Mapping[str, str] | None = None,
    store: Store | None = None,
    notes: Sequence[str] = (),
    workers: int = 0,
    said: Callable[[str], None] = lambda words: None,
    heard: Callable[[Heard], None] = lambda heard: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Row, ...]:
    """Run every method with every seed; a finished run of the same experiment is not repeated.

    Nor is it where anything that decides its figures has changed: who is in which domain, a recording, our
    code, the packages that compute.

    `domains` gives each participant's where `matrix.domain` is no field of the study; `notes` are told with
    every run. Raises EvaluatingError, CancelledError.
    """
    rows = []
    for method in matrix.methods:
        if matrix.selection == "oracle" and not method.weights:
            continue
        tasks: dict[str, list[float]] = {}
        titles: dict[str, str] = {}
        names: list[str] = []
        ps: list[float | None] = []
        for seed in matrix.seeds:
            said(f"{method.title}, seed {seed}: {SELECTIONS[matrix.selection]}")
            asked = matrix.experiment(method, target, seed)
            prepared = prepare(
                study, corpus, target, asked, domains=domains, store=store, cancelled=cancelled
            )
            told = {**prepared.facts, "warnings": [*prepared.facts["warnings"], *notes]}
            prepared = replace(prepared, facts=told)
            run = _known(study, prepared) or create(study, prepared)
            if run.state != "finished":
                with in_words():
                    run = work(run, workers=workers, heard=heard, cancelled=cancelled)
            if run.state != "finished":
                whys = [each.why for each in run.folds if each.why]
                raise EvaluatingError(f"{method.title}: the run is {run.state}. {' '.join(whys[:1])}".strip())
            names.append(run.name)
            titles |= {fold.name: fold.title for fold in run.division.folds}
            for task, value in task_scores(run, matrix.selection).items():
                tasks.setdefault(task, []).append(value)
            if matrix.selection != "oracle":
                # Of predictions that were chosen by the answers a test by those answers says nothing.
                ps.append((run.controls().get("permutations") or {}).get("p"))
        is_searched = matrix.selection != "fixed" and bool(method.weights)
        rows.append(
            Row(
                method,
                matrix.selection,
                {task: tuple(each) for task, each in tasks.items()},
                tuple(names),
                largest(ps),
                titles,
                min(matrix.sets, method.sets) if is_searched else None,
            )
        )
    return tuple(rows)


def largest(ps: Sequence[float | None]) -> float | None:
    """Return the largest p, None where there is none at all or one is undefined."""
    known = [p for p in ps if p is not None]
    return max(known) if known and len(known) == len(ps) else None


def task_scores(run: Run, selection: Selection = "fixed") -> dict[str, float]:
    """Return the UAR of each ordered pair of domains, per cent.

    Of the oracle it is the best that any set of weights reached on the target, as the article reports it.
    """
    found: dict[str, float] = {}
    for each in (run.result or {}).get("tasks", ()):
        value = each["metrics"][METRIC]["value"]
        if selection == "oracle":
            value = run.fold_facts(each["fold"])["search"].get("score", value)
        if value is not None:
            found[str(each["fold"])] = 100 * float(value)
    return found


def tasks_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the tasks of a table, in order."""
    return tuple(dict.fromkeys(task for row in rows for task in row.tasks))


def cells(rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[tuple[str | float | None, ...], ...]]:
    """Return columns and rows of a table: method, each task, their mean, the spread over seeds, p.

    Where weights were searched it is also told how many sets of how many were tried.
    """
    tasks = tasks_of(rows)
    titles = {task: title for row in rows for task, title in row.titles.items()}
    is_searched = any(row.tried is not None for row in rows)
    tried = (TRIED,) * is_searched
    columns = ("method", *(titles.get(task, task) for task in tasks), "mean", "SD over seeds", *tried, P)
    made = []
    for row in rows:
        spreads = [value for task in tasks if (value := row.spread(task)) is not None]
        values = [row.mean(task) for task in tasks]
        made.append(
            (
                row.method.title,
                *(None if value is None else round(value, 2) for value in values),
                None if row.over_tasks is None else round(row.over_tasks, 2),
                round(mean(spreads), 2) if spreads else None,
                *((None if row.tried is None else f"{row.tried} of {row.method.sets}",) * is_searched),
                row.p,
            )
        )
    return columns, tuple(made)


def _known(study: Study, prepared: Prepared) -> Run | None:
    """Return the newest run whose figures are those that this one would have, None where there is none."""
    runs = reversed(runs_of(study.folder))
    sha256 = prepared.experiment.sha256
    return next((run for run in runs if run.experiment.sha256 == sha256 and _is_same(run, prepared)), None)


def _is_same(run: Run, prepared: Prepared) -> bool:
    # The experiment names what makes the domains, not who is in which, and no recording's content.
    try:
        return _material(run.facts) == _material(prepared.facts) and _sides(run.division) == _sides(
            prepared.division
        )
    except (RunError, KeyError):
        return False


def _material(facts: Mapping[str, Any]) -> tuple[Any, ...]:
    recordings = {name: each["sha256"] for name, each in facts["recordings"].items()}
    return facts["code_sha256"], facts["versions"], recordings


def _sides(division: Division) -> list[tuple[Any, ...]]:
    return [(fold.name, fold.domains, fold.train.tolist(), fold.test.tolist()) for fold in division.folds]
