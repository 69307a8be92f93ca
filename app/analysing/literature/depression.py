"""The tables of depression from nine speech tasks: on a study of one's own, or on simulated speakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from analysis.corpus.cases import Batch
from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.literature.depression import SpokenTask
from analysis.literature.paper import Cell, Ours
from analysis.speakers.folder import read_utterances
from analysis.speakers.settings import SpeakersError, making_of
from analysis.speakers.shelf import beside, found_at, shelved, told
from analysis.speakers.training import About, train_extractor
from analysis.targets.recipe import Target
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words, prepare
from app.analysing.literature.finishing import finished
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.speech_confounds import shift_notes
from app.analysing.speech_simulated import Speakers, speaker_folder, speaker_study
from app.analysing.speech_tasks import (
    Embedding,
    answers,
    embeddings_of,
    experiment_inputs,
    input_name,
    persons,
    positive_of,
    spoken_tasks,
    with_positive,
)
from app.analysing.speech_testing import Plan, Tested, chance, figures, tested
from app.analysing.targets import make_target, recipes
from app.study import Study

TARGETS = ("depression", "group", "phq-9-from-10", "phq-9-from-5")
"""Which target is taken of a study: the first of these that gives two classes."""
KINDS = ("R", "T", "I")
"""ResNet, TDNN and i-vector: the order in which embeddings are fused."""
FUSED = (
    "What is fused was fixed before any result: at most three embeddings, ResNets first, then TDNNs, then "
    "i-vectors. Whoever takes the best row of this table chose by the tested persons: its figure is too "
    "good."
)
STACK, VOTE, SELECTED = "speech-tasks-stack", "speech-tasks-vote", "speech-tasks-selected"


@dataclass(frozen=True, slots=True)
class Form:
    """How large the tables are made."""

    plan: Plan
    kinds: tuple[str, ...]
    features: tuple[str, ...]
    speakers: Speakers
    trained_on: tuple[int, int, float]
    making: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    has_forest: bool
    draws: int
    words: str


QUICK = Form(
    Plan(4, 1, 1),
    ("ivector", "tdnn"),
    ("mfcc",),
    Speakers(16, 1.5, 1, 2.5),
    (6, 4, 1.8),
    {
        "ivector": {"components": 8, "dimension": 12, "diagonal_rounds": 3, "full_rounds": 1,
                    "factor_rounds": 3},
        "tdnn": {"width": 24, "pooled": 32, "dimension": 16, "chunk": 60, "epochs": 12, "period": 6,
                 "batch": 8, "rate": 0.01},
    },
    {"grid": "none", "inner_folds": 3},
    False,
    100,
    "QUICK FORM: few speakers, short answers, tiny extractors, one repeat of four folds. It shows that "
    "everything works, and no more.",
)  # fmt: skip
FULL = Form(
    Plan(10, 10, 1),
    ("ivector", "tdnn", "resnet"),
    ("mfcc", "plp", "fbank"),
    Speakers(60, 6.0),
    (30, 12, 5.0),
    {
        "ivector": {"components": 32, "dimension": 64},
        "tdnn": {"width": 64, "pooled": 150, "dimension": 64, "batch": 32, "epochs": 36, "period": 12,
                 "rate": 0.01},
        "resnet": {"width": 4, "dimension": 64, "batch": 16, "epochs": 7},
    },
    {"grid": "coarse", "stack_grid": "coarse"},
    True,
    400,
    "Extractors are narrower than the paper's (their cards say how), so that a computer without an "
    "accelerator trains them.",
)  # fmt: skip


def tables(order: Order) -> Made:
    """Make all tables; raises EvokeError with one clear message.

    The positive class is the last one that a stored target names, else that whose name sounds like it.
    """
    form = QUICK if order.is_quick else FULL
    try:
        with ExitStack() as stack:
            work = _own(order, form) if order.source is not None else _simulated(order, form, stack)
            return Made(tuple(_Tables(order, form, work).made()))
    except SpeakersError as error:
        raise LiteratureError(str(error)) from error


@dataclass(frozen=True)
class _Work:
    study: Study
    corpus: Corpus
    target: Target
    tasks: tuple[SpokenTask, ...]
    embeddings: tuple[Embedding, ...]
    data: str


def _own(order: Order, form: Form) -> _Work:
    del form
    assert order.source is not None
    study = Study.open(order.source)
    with in_words():
        corpus = study_corpus(study)
    tasks = spoken_tasks(corpus)
    found, problems = shelved()
    if not tasks:
        raise LiteratureError(
            f"{study.folder}: holds no spoken answers. The protocol speech-tasks records some."
        )
    if not found:
        raise LiteratureError(
            "there is no extractor on the shelf. Train one with `evoke embeddings train FOLDER ... --shelve "
            "NAME`." + "".join(f" {problem}" for problem in problems)
        )
    target = _target_of(study, corpus)
    data = f"the study {study.name}: target {target.recipe.name}"
    return _Work(study, corpus, target, tasks, embeddings_of([each.name for each in found]), data)


def _target_of(study: Study, corpus: Corpus) -> Target:
    known = {recipe.name: recipe for recipe in recipes(study, corpus)}
    for name in TARGETS:
        if name in known:
            with in_words():
                target = make_target(study, corpus, known[name])
            if len(target.classes) == 2 and len(set(target.values.values())) == 2:
                return target
    raise LiteratureError(
        f"{study.folder}: no target of two classes of persons. Enter the participants' group, or ask the "
        "PHQ-9."
    )


def _simulated(order: Order, form: Form, stack: ExitStack) -> _Work:
    name = "depression-quick" if order.is_quick else "depression"
    folder = order.study.folder / "derivatives" / "simulated" / name / f"seed-{order.seed}"
    wanted = Speakers(form.speakers.people, form.speakers.seconds, order.seed, form.speakers.scale)
    study = speaker_study(folder / "study", wanted, order.said, order.cancelled)
    speakers, utterances, seconds = form.trained_on
    source = speaker_folder(folder / "speakers", speakers, utterances, seconds, order.seed)
    stack.enter_context(beside(folder / "extractors"))
    names = []
    for feature in form.features:
        read = None
        for kind in form.kinds:
            name = f"simulated-{kind}-{feature}"
            names.append(name)
            if (folder / "extractors" / name).exists():
                continue
            order.said(f"training {kind} of {feature}")
            making = making_of(kind, feature, seed=order.seed, **form.making[kind])  # type: ignore[arg-type]
            read = read or read_utterances(source, making.feature)
            found = train_extractor(
                read,
                making,
                About("none: vowels", f"{speakers} simulated speakers"),
                cancelled=order.cancelled,
            )
            found.save(folder / "extractors" / name)
    with in_words():
        corpus = study_corpus(study)
    target = _target_of(study, corpus)
    return _Work(study, corpus, target, spoken_tasks(corpus), embeddings_of(names), wanted.words)


class _Tables:
    def __init__(self, order: Order, form: Form, work: _Work) -> None:
        self._order, self._form, self._work = order, form, work
        order.said("embeddings of all answers")
        built = persons(
            work.study, work.corpus, work.target, work.tasks, work.embeddings, cancelled=order.cancelled
        )
        self._batch: Batch = with_positive(built.batch, positive_in(work.target))
        self._smaller = self._fit_folds()
        self._notes = (form.words, *built.warnings)

    def _fit_folds(self) -> Plan:
        assert self._batch.y is not None
        least = int(min(np.bincount(self._batch.y, minlength=2)))
        if least < 2:
            raise LiteratureError("two persons of each class at least are needed to test on others.")
        plan = self._form.plan
        return Plan(min(plan.folds, least), plan.repeats, self._order.seed)

    @property
    def _people(self) -> str:
        assert self._batch.y is not None
        counts = np.bincount(self._batch.y, minlength=2)
        people = len(np.unique(self._batch.cases.participant))
        visits = "" if people == len(self._batch) else f"visits of {people} persons; "
        told_classes = ", ".join(
            f"{count} {name}" for count, name in zip(counts, self._batch.classes, strict=True)
        )
        return f"{self._work.data} ({told_classes}; {visits}positive: {self._batch.classes[1]})"

    def _names(self, *shorts: str) -> list[str]:
        return [
            name
            for short in shorts
            for task in self._work.tasks
            if (name := input_name(task.name, short)) in self._batch.inputs
        ]

    def _tested(self, recognizer: str, shorts: Sequence[str], **changes: Any) -> Tested:
        self._order.said(f"{recognizer} on {' + '.join(shorts)}")
        known = {**self._form.settings, **changes}
        taken = {
            STACK: ("grid", "inner_folds", "stack_grid", "first"),
            VOTE: (),
            SELECTED: ("grid", "inner_folds"),
        }[recognizer]
        settings = {name: known[name] for name in taken if name in known}
        if recognizer == STACK and self._order.is_quick:
            settings["stack_grid"] = "none"
        with in_words():
            return tested(
                self._batch,
                self._names(*shorts),
                recognizer,
                settings,
                self._smaller,
                cancelled=self._order.cancelled,
            )

    def made(self) -> list[Ours]:
        """Return all tables."""
        shorts = [each.short for each in self._work.embeddings]
        stacks = {short: self._tested(STACK, [short]) for short in shorts}
        found = [self._extractors(), self._single("SVM", stacks)]
        if self._form.has_forest:
            forests = {short: self._tested(STACK, [short], first="forest", grid="none") for short in shorts}
            found.append(self._single("random forest", forests))
        found += [self._grouped(stacks), self._ensembles(stacks), self._fusion(stacks)]
        return found

    def _extractors(self) -> Ours:
        rows: list[tuple[Cell, ...]] = []
        for each in self._work.embeddings:
            words = "ready vectors" if each.is_file else told(found_at(each.name)).words
            rows.append((each.short, each.name, words))
        return self._ours("Extractors", ("embedding", "name", "what it is"), rows, "as each was trained", ())

    def _single(self, what: str, by_short: Mapping[str, Tested]) -> Ours:
        rows: list[tuple[Cell, ...]] = []
        for task in self._work.tasks:
            row: list[Cell] = [task.name]
            row += [_percent(found, input_name(task.name, short)) for short, found in by_short.items()]
            rows.append(tuple(row))
        title = f"Single tasks, {what}: accuracy, %"
        return self._ours(title, ("task", *by_short), rows, self._smaller.words, self._controls(by_short))

    def _grouped(self, by_short: Mapping[str, Tested]) -> Ours:
        groups: dict[tuple[str, str], list[str]] = {}
        for task in self._work.tasks:
            groups.setdefault((task.kind, task.valence), []).append(task.name)
        rows: list[tuple[Cell, ...]] = []
        for (kind, valence), names in groups.items():
            row: list[Cell] = [f"{kind} {valence}".strip(), len(names)]
            for short, found in by_short.items():
                values = [_percent(found, input_name(name, short)) for name in names]
                known = [value for value in values if isinstance(value, float)]
                row.append(float(np.mean(known)) if known else None)
            rows.append(tuple(row))
        title = "Tasks by kind and valence, SVM: accuracy, %"
        return self._ours(title, ("tasks", "how many", *by_short), rows, self._smaller.words, ())

    def _ensembles(self, stacks: Mapping[str, Tested]) -> Ours:
        rows: list[tuple[Cell, ...]] = []
        for short, stack in stacks.items():
            row: list[Cell] = [short]
            for found in (stack, self._tested(VOTE, [short]), self._tested(SELECTED, [short])):
                known = figures(found.y, found.shares, found.persons, draws=0)
                row += [_share(known[name].value) for name in ("accuracy", "F1-D", "F1-H")]
            rows.append(tuple(row))
        heads = [
            f"{name} {metric}"
            for name in ("stack", "vote", "selected")
            for metric in ("accuracy", "F1-D", "F1-H")
        ]
        title = "Ensembles over the tasks, %"
        return self._ours(title, ("embedding", *heads), rows, self._smaller.words, self._controls(stacks))

    def _fusion(self, stacks: Mapping[str, Tested]) -> Ours:
        chosen = to_fuse(self._work.embeddings)
        sets = [each for size in (2, 3) for each in combinations(chosen, size)]
        fused = {"+".join(each): self._tested(STACK, each) for each in sets}
        names = ("accuracy", "balanced accuracy", "AUC", "F1-D", "F1-H", "sensitivity", "specificity",
                 "specificity at 0.8 sensitivity")  # fmt: skip
        rows: list[tuple[Cell, ...]] = []
        for name, found in {**stacks, **fused}.items():
            known = figures(found.y, found.shares, found.persons, self._order.seed, self._form.draws)
            rows.append((name, *(known[metric].words for metric in names)))
        top = sets[0] if sets else chosen[:1]
        run, words = self._engine_run(top)
        controls = (*self._controls(fused or stacks), f"Run of the engine on {'+'.join(top)}: {words}.")
        made = self._ours(
            "Single embeddings and fusion, stacked: mean over repeats [95 % interval over persons]",
            ("system", *names), rows, self._smaller.words, controls,
            (FUSED, *self._shifts()),
        )  # fmt: skip
        return replace(made, runs=(run,))

    def _shifts(self) -> tuple[str, ...]:
        work = self._work
        heard = answers(work.study, work.corpus, work.target, work.tasks)
        return shift_notes(work.study, self._batch, heard)

    def _engine_run(self, shorts: Sequence[str]) -> tuple[str, str]:
        work = self._work
        chosen = [each for each in work.embeddings if each.short in shorts]
        settings = {
            "grid": self._form.settings["grid"], "stack_grid": "none", "inner_folds": 3,
        }  # fmt: skip
        asked = Experiment(
            STACK,
            work.target.recipe.to_json(),
            work.target.sha256,
            settings,
            inputs=experiment_inputs(work.tasks, chosen),
            split=SplitSpec("participants", self._smaller.folds, self._order.seed),
            controls=ControlSpec(199 if self._order.is_quick else 999, probe=False),
            seed=self._order.seed,
        )
        prepared = prepare(work.study, work.corpus, work.target, asked, cancelled=self._order.cancelled)
        done = finished(work.study, prepared, self._order)
        return done.run.name, done.words

    def _controls(self, by_short: Mapping[str, Tested]) -> tuple[str, ...]:
        lines = []
        for short, found in by_short.items():
            said = chance(found.y, found.shares, found.persons, self._order.seed)
            lines.append(f"{short}: {said.words} {found.guard_words}")
        return tuple(lines)

    def _ours(
        self,
        title: str,
        columns: tuple[str, ...],
        rows: Sequence[tuple[Cell, ...]],
        protocol: str,
        controls: tuple[str, ...],
        notes: tuple[str, ...] = (),
    ) -> Ours:
        return Ours(title, self._people, protocol, columns, tuple(rows), controls, (*self._notes, *notes))


def positive_in(target: Target) -> str:
    """Return the positive class: the last that the recipe names, else the one whose name sounds like it."""
    named = target.recipe.classes
    return named[-1] if len(named) == len(target.classes) == 2 else positive_of(target.classes)


def to_fuse(embeddings: Sequence[Embedding]) -> tuple[str, ...]:
    """Return the short names of up to three embeddings to put side by side, by kind and not by result."""

    def order(each: Embedding) -> int:
        return KINDS.index(each.kind) if each.kind in KINDS else len(KINDS)

    return tuple(each.short for each in sorted(embeddings, key=order)[:3])


def _percent(found: Tested, name: str) -> Cell:
    if name not in found.names:
        return None
    y, shares, persons = found.task(name)
    return _share(figures(y, shares, persons, draws=0)["accuracy"].value) if len(y) else None


def _share(value: float | None) -> Cell:
    return None if value is None else round(100 * value, 2)
