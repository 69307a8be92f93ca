"""Depressed or healthy from nine spoken answers: machines a task, and what decides from all of them.

Source: see the cards. Every input is one task in one embedding: "task-4", or "task-4@R_m" where several
embeddings are put side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.speech_tasks_cards import SELECTED_CARD, STACK_CARD, VOTE_CARD
from analysis.recognizers.speech_tasks_parts import (
    Arrays,
    Floats,
    Ints,
    Machine,
    Stack,
    View,
    fit_machine,
    fit_stack,
    person_folds,
    two_classes,
)
from analysis.recognizers.weights import load_arrays, save_arrays

FILE = "model"
ABOUT = "share of the second class that this task alone gives; a missing task gives the usual share"


class SpeechTasks:
    """What the recognizers of several spoken tasks share: one view an input, and saving."""

    card: ClassVar[Card]

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._names: tuple[str, ...] = ()
        self._widths: tuple[int, ...] = ()

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Learn; `validation` is not used."""
        del validation
        y = two_classes(train, self.card.name)
        self._names = tuple(name for name, each in train.inputs.items() if each.present.any())
        if not self._names:
            raise RecognizerError(f"{self.card.name}: none of the training cases has any task.")
        views = [View.of(train.inputs[name]) for name in self._names]
        self._widths = tuple(view.values.shape[1] for view in views)
        self._learn(train, views, y, context)

    def _learn(self, train: Batch, views: list[View], y: Ints, context: Context) -> None:
        raise NotImplementedError

    def _shares(self, views: list[View]) -> Floats:
        """Return each input's share of the second class, (n, inputs)."""
        raise NotImplementedError

    def _decide(self, shares: Floats, views: list[View]) -> Floats:
        """Return the second class's share (n,) of all together."""
        raise NotImplementedError

    def _views(self, batch: Batch) -> list[View]:
        if not self._names:
            raise RecognizerError(f"{self.card.name} has not been fitted yet.")
        found = []
        for name, width in zip(self._names, self._widths, strict=True):
            each = batch.inputs.get(name)
            if each is None:
                found.append(View(np.zeros((len(batch), width)), np.zeros(len(batch), bool)))
                continue
            view = View.of(each)
            if view.values.shape[1] != width and each.present.any():
                raise RecognizerError(
                    f"input '{name}' gives {view.values.shape[1]} numbers a case; {width} were learnt from."
                )
            found.append(view if view.values.shape[1] == width else _empty(each, width))
        return found

    def predict_proba(self, batch: Batch) -> Floats:
        """Return (n, 2)."""
        views = self._views(batch)
        share = self._decide(self._shares(views), views) if len(batch) else np.zeros(0)
        return np.column_stack([1 - share, share])

    def explain(self, batch: Batch) -> Explanation:
        """Return each task's share of the second class."""
        shares = self._shares(self._views(batch))
        weights = {name: shares[:, place].astype(np.float32) for place, name in enumerate(self._names)}
        return Explanation(weights, dict.fromkeys(weights, ABOUT))

    def _arrays(self) -> Arrays:
        raise NotImplementedError

    def _restore(self, arrays: Arrays) -> None:
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write the arrays and what they are."""
        if not self._names:
            raise RecognizerError(f"{self.card.name} has not been fitted yet.")
        facts = {
            "recognizer": self.card.name,
            "settings": dict(self.settings),
            "names": list(self._names),
            "widths": list(self._widths),
        }
        save_arrays(folder, FILE, self._arrays(), facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        arrays, facts = load_arrays(folder, FILE)
        if facts.get("recognizer") != cls.card.name:
            raise RecognizerError(
                f"{folder} holds a model of '{facts.get('recognizer')}', not of '{cls.card.name}'."
            )
        made = cls(**facts["settings"])
        made._names, made._widths = tuple(facts["names"]), tuple(facts["widths"])
        made._restore(arrays)
        return made


def _empty(each: Input, width: int) -> View:
    return View(np.zeros((len(each.present), width)), np.zeros(len(each.present), bool))


class SpeechTasksStack(SpeechTasks):
    """A machine a task, its shares from persons it was not fitted on, and a network over all shares."""

    card: ClassVar[Card] = STACK_CARD

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._machines: list[Machine] = []
        self._stack: Stack | None = None

    def _learn(self, train: Batch, views: list[View], y: Ints, context: Context) -> None:
        self._machines, rows = machines_of(self, train, views, y, context)
        context.fitted("stack", train.cases.id)
        folds = person_folds(train, y, int(self.settings["inner_folds"]), context.seed + 1)
        self._stack = fit_stack(rows, y, folds, str(self.settings["stack_grid"]), context.seed, context)

    def _shares(self, views: list[View]) -> Floats:
        return _of_machines(self._machines, views)

    def _decide(self, shares: Floats, views: list[View]) -> Floats:
        del views
        assert self._stack is not None
        return self._stack.shares(shares)

    def _arrays(self) -> Arrays:
        assert self._stack is not None
        return {**_packed(self._machines, ""), **_packed_stack(self._stack)}

    def _restore(self, arrays: Arrays) -> None:
        self._machines = _unpacked(arrays, "", len(self._names), str(self.settings["first"]))
        self._stack = _unpacked_stack(arrays)


class SpeechTasksVote(SpeechTasks):
    """Each task votes for the class whose mean vector is closer by cosine; the majority decides."""

    card: ClassVar[Card] = VOTE_CARD

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._centres: list[Floats] = []
        self._means: list[Floats] = []

    def _learn(self, train: Batch, views: list[View], y: Ints, context: Context) -> None:
        context.fitted("class means", train.cases.id)
        self._centres, self._means = [], []
        for place, view in enumerate(views):
            context.check()
            centre = view.values[view.present].mean(axis=0)
            apart = view.values - centre
            means = [
                apart[view.present & (y == kind)].mean(axis=0)
                if (view.present & (y == kind)).any()
                else np.zeros_like(centre)
                for kind in (0, 1)
            ]
            self._centres.append(centre)
            self._means.append(np.array(means))
            context.progress(place + 1, len(views), {})

    def _nearer(self, views: list[View]) -> Floats:
        """Return cosine with the second class's mean less that with the first's, (n, inputs)."""
        columns = []
        for view, centre, means in zip(views, self._centres, self._means, strict=True):
            cosines = _unit(view.values - centre) @ _unit(means).T
            columns.append(np.where(view.present, cosines[:, 1] - cosines[:, 0], 0.0))
        return np.column_stack(columns)

    def _shares(self, views: list[View]) -> Floats:
        return np.asarray(0.5 + 0.25 * self._nearer(views), np.float64)

    def _decide(self, shares: Floats, views: list[View]) -> Floats:
        del views
        # Where as many tasks vote for one as for the other, the sum of the cosines decides.
        votes = (shares > 0.5).sum(axis=1) - (shares < 0.5).sum(axis=1)
        nod = 0.5 * np.sign((shares - 0.5).sum(axis=1))
        count = np.maximum((shares != 0.5).sum(axis=1), 1)
        return np.asarray(0.5 + 0.5 * (votes + np.where(votes == 0, nod, 0.0)) / (count + 1), np.float64)

    def _arrays(self) -> Arrays:
        made: Arrays = {}
        for place, (centre, means) in enumerate(zip(self._centres, self._means, strict=True)):
            made |= {f"{place}.centre": centre, f"{place}.means": means}
        return made

    def _restore(self, arrays: Arrays) -> None:
        places = range(len(self._names))
        self._centres = [arrays[f"{place}.centre"] for place in places]
        self._means = [arrays[f"{place}.means"] for place in places]


class SpeechTasksSelected(SpeechTasks):
    """A machine a task; tasks that tell the classes apart by Welch's t-test go into a second machine."""

    card: ClassVar[Card] = SELECTED_CARD

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._machines: list[Machine] = []
        self._chosen: NDArray[np.intp] = np.zeros(0, np.intp)
        self._second: Machine | None = None

    @property
    def selected(self) -> tuple[str, ...]:
        """The inputs that were kept."""
        return tuple(self._names[place] for place in self._chosen)

    def _learn(self, train: Batch, views: list[View], y: Ints, context: Context) -> None:
        self._machines, rows = machines_of(self, train, views, y, context)
        context.fitted("selection of tasks", train.cases.id)
        shares, answers = one_a_person(rows, y, train.cases.participant)
        self._chosen = tasks_that_tell(shares, answers, float(self.settings["level"]))
        context.fitted("second machine", train.cases.id)
        folds = person_folds(train, y, int(self.settings["inner_folds"]), context.seed + 1)
        every = np.ones(len(y), bool)
        self._second, _ = fit_machine(
            View(rows[:, self._chosen], every),
            y,
            folds,
            "svm",
            str(self.settings["grid"]),
            bool(self.settings["balanced"]),
            context.seed,
            context,
        )

    def _shares(self, views: list[View]) -> Floats:
        return _of_machines(self._machines, views)

    def _decide(self, shares: Floats, views: list[View]) -> Floats:
        del views
        assert self._second is not None
        return self._second.shares(View(shares[:, self._chosen], np.ones(len(shares), bool)))

    def _arrays(self) -> Arrays:
        assert self._second is not None
        packed = {**_packed(self._machines, ""), **_packed([self._second], "second.")}
        return {**packed, "chosen": self._chosen}

    def _restore(self, arrays: Arrays) -> None:
        self._machines = _unpacked(arrays, "", len(self._names), str(self.settings["first"]))
        (self._second,) = _unpacked(arrays, "second.", 1, "svm")
        self._chosen = arrays["chosen"]


def machines_of(
    made: SpeechTasks, train: Batch, views: list[View], y: Ints, context: Context
) -> tuple[list[Machine], Floats]:
    """Return a machine an input, and the shares (n, inputs) of persons that each was not fitted on."""
    known = made.settings
    context.fitted("inner folds", train.cases.id)
    folds = person_folds(train, y, int(known["inner_folds"]), context.seed)
    machines, columns = [], []
    for place, view in enumerate(views):
        context.fitted(f"{known['first']} of {list(train.inputs)[place]}", train.cases.id[view.present])
        machine, shares = fit_machine(
            view,
            y,
            folds,
            str(known["first"]),
            str(known["grid"]),
            bool(known["balanced"]),
            context.seed,
            context,
        )
        machines.append(machine)
        columns.append(shares)
        context.progress(place + 1, len(views), {})
    return machines, np.column_stack(columns)


def tasks_that_tell(rows: Floats, y: Ints, level: float) -> NDArray[np.intp]:
    """Return the inputs whose share is larger in the second class than in the first, by Welch's t-test.

    `rows` (n, inputs) are shares of the second class, a row a person. Both classes weigh the same: a share
    that is the base rate for everybody tells nothing, however unequal the classes are. Where no input passes,
    or a class has one person only, the one with the largest t (or difference) stays.
    """
    from scipy.stats import t as student

    ill, well = rows[y == 1], rows[y == 0]
    gap = ill.mean(axis=0) - well.mean(axis=0)
    if min(len(ill), len(well)) < 2:
        return np.array([int(gap.argmax())], np.intp)
    parts = [side.var(axis=0, ddof=1) / len(side) for side in (ill, well)]
    squared = np.maximum(parts[0] + parts[1], 1e-24)
    below = parts[0] ** 2 / (len(ill) - 1) + parts[1] ** 2 / (len(well) - 1)
    freedom = np.divide(squared**2, below, out=np.full_like(gap, len(rows) - 2.0), where=below > 1e-48)
    ratio = gap / np.sqrt(squared)
    kept = np.flatnonzero(student.sf(ratio, freedom) < level / 2)
    return kept if len(kept) else np.array([int(ratio.argmax())], np.intp)


def one_a_person(rows: Floats, y: Ints, persons: NDArray[np.str_]) -> tuple[Floats, Ints]:
    """Return a row (mean of the visits) and the answer of each person; all rows if one has two.

    For a test, several visits of a person are no independent persons.
    """
    names, first, place = np.unique(persons, return_index=True, return_inverse=True)
    if (y != y[first][place]).any():
        return rows, y
    total = np.zeros((len(names), rows.shape[1]))
    np.add.at(total, place, rows)
    return total / np.bincount(place)[:, None], y[first]


def _of_machines(machines: list[Machine], views: list[View]) -> Floats:
    return np.column_stack([machine.shares(view) for machine, view in zip(machines, views, strict=True)])


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float64)


def _packed(machines: list[Machine], before: str) -> Arrays:
    made: Arrays = {}
    for place, machine in enumerate(machines):
        made |= {f"{before}{place}.{name}": each for name, each in machine.arrays.items()}
        made[f"{before}{place}.usual"] = np.array(machine.usual)
    return made


def _unpacked(arrays: Arrays, before: str, count: int, kind: str) -> list[Machine]:
    found = []
    for place in range(count):
        own = f"{before}{place}."
        held = {name.removeprefix(own): each for name, each in arrays.items() if name.startswith(own)}
        usual = float(held.pop("usual"))
        found.append(Machine(kind, held, usual))
    return found


def _packed_stack(stack: Stack) -> Arrays:
    made: Arrays = {}
    for place, (weight, bias) in enumerate(zip(stack.weights, stack.biases, strict=True)):
        made |= {f"stack.{place}.weight": weight, f"stack.{place}.bias": bias}
    return made


def _unpacked_stack(arrays: Arrays) -> Stack:
    count = sum(name.startswith("stack.") for name in arrays) // 2
    weights = tuple(arrays[f"stack.{place}.weight"] for place in range(count))
    return Stack(weights, tuple(arrays[f"stack.{place}.bias"] for place in range(count)))
