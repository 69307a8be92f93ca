"""The survey's families under three protocols that are never pooled, each beside majority and an SVM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from analysis.corpus.building import content_of
from analysis.corpus.cases import Batch, Cases, CaseSpec, Input, InputSpec
from analysis.evaluation.experiment import ControlSpec, Experiment, SearchSpec, SplitKind, SplitSpec
from analysis.evaluation.guards import check_division
from analysis.evaluation.splits import divide
from analysis.evaluation.usable import resolved
from analysis.evaluation.workers import Here
from analysis.features.eeg import DIFFERENTIAL_ENTROPY
from analysis.features.feature import Signal
from analysis.literature.paper import Cell, Ours
from analysis.recognizers.table import recognizer_class
from analysis.simulate.brain import brain, montage
from analysis.simulate.course import Course, Stage
from analysis.simulate.participant import Participant, feel, pushes
from analysis.simulate.settings import Settings
from analysis.targets.recipe import Recipe
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, Prepared, in_words, prepare
from app.analysing.literature.finishing import Finished, finished, guard_words, told
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.literature.settings_words import differences
from app.analysing.targets import make_target, recipes
from app.study import Study

FAMILIES = ("eeg-mlp", "eeg-dbn", "eeg-cnn", "eeg-bilstm", "eeg-cnn-lstm", "dgcnn")
BESIDE = ("majority", "svm")
INNER_FOLDS = 3
MOST_CLASSES = 7
"""The most that a data set of the survey has (MPED)."""
PROTOCOLS: tuple[tuple[SplitKind, str, str], ...] = (
    ("trials", "Trials within a person", "whole trials out, within each person"),
    ("loso", "New people", "leave one person out"),
    ("sessions", "Another visit", "leave one visit out, within each person"),
)
INPUT = InputSpec("eeg", "eeg", "eeg.de", {}, 1.0, 1.0)
CASES = CaseSpec("window", 10.0, 10.0)
RATE_HZ, EFFECT_D, CLASSES = 128.0, 2.0, ("negative", "positive")
REST_S = 4.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many people, visits, trials and channels are simulated, and how networks are trained."""

    people: int
    visits: int
    trials: int
    trial_s: float
    channels: int
    folds: int
    settings: Mapping[str, Any]
    own: Mapping[str, Mapping[str, Any]]
    permutations: int
    searched: int
    """Sets of C and gamma that the SVM is tried with, inside each training side."""


QUICK = Plan(
    people=2,
    visits=2,
    trials=6,
    trial_s=20.0,
    channels=8,
    folds=2,
    settings=MappingProxyType({"epochs": 8, "patience": 0, "rate": 5e-3}),
    own=MappingProxyType(
        {
            "eeg-dbn": {"rbm_epochs": 4},
            "eeg-cnn": {"width": 0.2},
            "eeg-cnn-lstm": {"width": 0.2},
            "eeg-bilstm": {"width": 0.3},
        }
    ),
    permutations=99,
    searched=3,
)
FULL = Plan(
    people=10,
    visits=2,
    trials=15,
    trial_s=60.0,
    channels=32,
    folds=5,
    settings=MappingProxyType({"epochs": 40}),
    own=MappingProxyType({}),
    permutations=999,
    searched=16,
)


def tables(order: Order) -> Made:
    """Make one table a protocol; raises EvokeError with one clear message, CancelledError."""
    plan = QUICK if order.is_quick else FULL
    maker = _OfStudy(order, plan) if order.source is not None else _OfSimulated(order, plan)
    made = []
    gone: list[str] = []
    for kind, title, words in PROTOCOLS:
        try:
            made.append(_table(order, plan, maker, kind, title, words))
        except EvaluatingError as error:
            gone.append(f"{title}: no table. {error}")
            order.said(gone[-1])
    if not made:
        raise LiteratureError(
            f"{maker.data}: none of the three protocols is possible with it. {' '.join(gone)}"
        )
    return Made(tuple(replace(table, notes=(*table.notes, *gone)) for table in made))


class _OfStudy:
    """Cases of a study: its first target with two to seven classes."""

    def __init__(self, order: Order, plan: Plan) -> None:
        assert order.source is not None
        self.study = Study.open(order.source)
        with in_words():
            self._corpus = study_corpus(self.study)
            self._target = next(
                (
                    target
                    for recipe in recipes(self.study, self._corpus)
                    if recipe.rule != "number"
                    and 2
                    <= len((target := make_target(self.study, self._corpus, recipe)).classes)
                    <= MOST_CLASSES
                ),
                None,
            )
        if self._target is None:
            raise LiteratureError(
                f"{self.study.name}: holds no target with two to {MOST_CLASSES} classes. Give its trials"
                " categories, or rate them."
            )
        classes = self._target.classes
        self.data = (
            f"study {self.study.name}, target {self._target.recipe.name} ({len(classes)} classes:"
            f" {', '.join(classes)})"
        )
        self._order = order

    def prepared(self, experiment: Experiment) -> Prepared:
        """Return an experiment on the study."""
        assert self._target is not None
        asked = replace(experiment, inputs=(INPUT,), cases=CASES)
        return prepare(self.study, self._corpus, self._target, asked, cancelled=self._order.cancelled)


class _OfSimulated:
    """Cases of simulated participants, two visits each, made in memory."""

    def __init__(self, order: Order, plan: Plan) -> None:
        self.study = order.study
        order.said(f"simulating {plan.people} people, {plan.visits} visits each")
        self._batch = simulated(plan, order.seed)
        self.data = (
            f"simulated participants: {plan.people} people, {plan.visits} visits of {plan.trials} trials of"
            f" {plan.trial_s:g} s, {plan.channels} channels at {RATE_HZ:g} Hz; planted: frontal alpha"
            f" asymmetry and temporal power of 30-45 Hz follow what is felt with d = {EFFECT_D:g}; every"
            " person has levels of their own"
        )

    def prepared(self, experiment: Experiment) -> Prepared:
        """Return an experiment on the simulated cases."""
        card = recognizer_class(experiment.recognizer).card
        recipe = Recipe("felt", "category")
        with in_words():
            asked = replace(
                experiment, inputs=(INPUT,), cases=CASES, target=recipe.to_json(), target_sha256=recipe.sha256
            )
            whole = resolved(asked, card, True)
            division = divide(self._batch.cases, self._batch.y, whole.split, card.validation)
            guards = check_division(self._batch, division, steps=whole.steps or ())
        facts: dict[str, Any] = {
            "recipe_sha256": recipe.sha256,
            "warnings": [],
            "plan": None,
            "participants": sorted({str(code) for code in self._batch.cases.participant}),
            "recordings": {},
        }
        return Prepared(whole, self._batch, division, guards, (), (), facts)


def _table(
    order: Order, plan: Plan, maker: _OfStudy | _OfSimulated, kind: SplitKind, title: str, words: str
) -> Ours:
    """Return a protocol's table; raises EvaluatingError where the protocol is impossible with these data."""
    rows: list[tuple[Cell, ...]] = []
    runs: list[str] = []
    notes: list[str] = []
    if order.is_quick:
        notes.append("The small form (--quick): few people and epochs; the figures mean little.")
    notes += _training_words(plan)
    controls: list[tuple[str, str]] = []
    prepared: Prepared | None = None
    for name in (*BESIDE, *FAMILIES):
        order.said(f"{title}: {name}")
        prepared = maker.prepared(_experiment(order, plan, name, kind))
        try:
            done = finished(maker.study, prepared, order, Here() if order.is_quick else None)
        except EvaluatingError as error:
            if name in BESIDE:
                raise
            # A family that these data do not suit is no reason to lose the others.
            notes.append(f"{name}: no figure. {error}")
            continue
        runs.append(done.run.name)
        rows.append((name, *_figures(done.result)))
        controls += _said(name, done)
    assert prepared is not None
    notes += prepared.division.notes
    return Ours(
        f"Families of the survey: {title.lower()}",
        maker.data,
        f"{words}; cases are windows of 10 s, differential entropy a second; class decided by each case",
        ("Model", "Accuracy %", "SD over people", "Balanced accuracy %", "Macro F1 %", "p (permutations)"),
        tuple(rows),
        _shared(controls),
        tuple(dict.fromkeys(notes)),
        tuple(runs),
    )


def _experiment(order: Order, plan: Plan, name: str, kind: SplitKind) -> Experiment:
    settings: Mapping[str, Any] = {}
    search = SearchSpec()
    if name in FAMILIES:
        settings = {**plan.settings, **plan.own.get(name, {})}
    elif name == "svm":
        settings = {"over_steps": "mean and SD", "balanced": True}
        search = SearchSpec(plan.searched, INNER_FOLDS)
    return Experiment(
        name,
        {},
        "",
        settings=settings,
        steps=("impute", "zscore"),
        split=SplitSpec(kind, plan.folds, order.seed),
        search=search,
        controls=ControlSpec(plan.permutations, "stored", probe=False),
        seed=order.seed,
    )


def _training_words(plan: Plan) -> Iterator[str]:
    """Say how each model is trained, and where that is not what its card says."""
    yield (
        f"SVM: C and gamma are the best of {plan.searched} sets, the first one the usual and the others drawn"
        f" on a log scale (no full grid), by {INNER_FOLDS} inner folds of whole groups of the training side."
    )
    yield "The networks' settings are not searched: the SVM has that advantage."
    common = differences(FAMILIES[0], plan.settings)
    if common:
        yield f"All networks, the card's in brackets: {common}."
    for name, own in plan.own.items():
        yield f"{name}, the card's in brackets: {differences(name, own)}."


def _said(name: str, done: Finished) -> list[tuple[str, str]]:
    """Return the controls of a run, each with whose it is."""
    found = [(name, guard_words(done.run)), (name, done.missing)]
    if name == "svm":
        found.insert(0, (name, told(done.result)))
    return [(whose, words) for whose, words in found if words]


def _shared(said: list[tuple[str, str]]) -> tuple[str, ...]:
    """Return controls as lines: what several models share stands once."""
    whose: dict[str, list[str]] = {}
    for name, words in said:
        whose.setdefault(words, []).append(name)
    every = len({name for name, _ in said})
    return (
        *(
            f"{'every model' if len(names) == every > 1 else ', '.join(names)}: {words}"
            for words, names in whose.items()
        ),
        "majority and svm stand beside every family",
    )


def _figures(result: Mapping[str, Any]) -> Iterator[Cell]:
    metrics = result.get("metrics", {})
    people = [
        float(row["accuracy"]) for row in result.get("participants", ()) if row.get("accuracy") is not None
    ]
    yield _per_cent((metrics.get("accuracy") or {}).get("value"))
    yield round(100 * float(np.std(people, ddof=1)), 2) if len(people) > 1 else None
    yield _per_cent((metrics.get("balanced_accuracy") or {}).get("value"))
    yield _per_cent((metrics.get("f1_macro") or {}).get("value"))
    permutations = (result.get("controls") or {}).get("permutations") or {}
    p = permutations.get("p")
    yield None if p is None else float(p)


def _per_cent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def simulated(plan: Plan, seed: int) -> Batch:
    """Return windows of ten seconds of simulated visits, differential entropy a second, classes balanced."""
    parts: list[tuple[Input, Mapping[str, Any]]] = []
    for person in range(plan.people):
        for visit in range(plan.visits):
            parts.append(_visit(plan, seed, person, visit))
    values = np.concatenate([each.values for each, _ in parts])
    n = len(values)
    facts = {key: np.concatenate([np.asarray(own[key]) for _, own in parts]) for key in parts[0][1]}
    steps = values.shape[1]
    whole = Input(values, np.full(n, steps, np.intp), np.ones(n, bool), parts[0][0].names, 1.0)
    cases = Cases(
        id=np.arange(n, dtype=np.intp),
        recording=facts["recording"],
        participant=facts["participant"],
        session=facts["session"],
        trial=facts["trial"].astype(np.int64),
        stimulus=facts["stimulus"],
        category=facts["category"],
        start_s=facts["start_s"],
        stop_s=facts["stop_s"],
        content=content_of({"eeg": whole}),
    )
    y = (facts["category"] == CLASSES[1]).astype(np.int64)
    return Batch(cases, {"eeg": whole}, y, CLASSES)


def _visit(plan: Plan, seed: int, person: int, visit: int) -> tuple[Input, dict[str, Any]]:
    settings = Settings(
        effects={"eeg": EFFECT_D}, modalities=("eeg",), eeg_channels=plan.channels, artefacts=0.0, seed=seed
    )
    # The own levels stay a person's; what is noise is another one at each visit.
    drawn = Participant.draw(settings, person)
    who = replace(drawn, settings=replace(settings, seed=seed + 1000 * (visit + 1)))
    starts = [REST_S + trial * (plan.trial_s + REST_S) for trial in range(plan.trials)]
    stages = tuple(
        Stage(number, number, "film", "film", start, start + plan.trial_s)
        for number, start in enumerate(starts)
    )
    course = Course(0.0, starts[-1] + plan.trial_s + REST_S, stages, ())
    order = np.random.default_rng([seed, person, visit]).permutation(np.arange(plan.trials) % 2)
    meant = {trial: 1.0 if is_positive else -1.0 for trial, is_positive in enumerate(order)}
    moved = pushes(who, "eeg", course, feel(who, meant))
    times = np.arange(round(course.stop_s * RATE_HZ)) / RATE_HZ
    names = montage(plan.channels)
    values = brain(times, names, who, moved, ())
    signal = Signal("eeg", RATE_HZ, 0.0, values.astype(np.float32), names, ("uV",) * len(names))
    windows = [
        (trial, start + offset)
        for trial, start in enumerate(starts)
        for offset in np.arange(0.0, plan.trial_s - 9.99, 10.0)
    ]
    spans = np.array([(start, start + 10.0) for _, start in windows])
    steps = DIFFERENTIAL_ENTROPY.extract(signal, spans, 1.0, 1.0, DIFFERENTIAL_ENTROPY.settings)
    made = steps.values.reshape(len(windows), 10, -1)
    code, count = f"sim{person + 1:02d}", len(windows)
    trials = np.array([trial for trial, _ in windows])
    each = Input(made, np.full(count, 10, np.intp), np.ones(count, bool), steps.names, 1.0)
    return each, {
        "recording": [f"sub-{code}_ses-{visit + 1}"] * count,
        "participant": [code] * count,
        "session": [str(visit + 1)] * count,
        "trial": trials,
        "stimulus": [f"film-{visit + 1}-{trial + 1}" for trial in trials],
        "category": [CLASSES[int(order[trial])] for trial in trials],
        "start_s": spans[:, 0],
        "stop_s": spans[:, 1],
    }
