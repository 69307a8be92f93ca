"""Labels for a study without answers: a recognizer learns from another study, adapted to this one.

The classes and answers are the first study's. Every trial of the other one is learnt from without its
answers, whether it has some or not, and is then recognised. What comes of it is a table, and beside it a file
that says by what; how often it is right is not known here.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import make_batch
from analysis.corpus.cases import Batch, Cases, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation import provenance
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.fold import Training, evaluate_fold, seed_of
from analysis.evaluation.guards import LeakError, check_division
from analysis.evaluation.jobs import one_thread
from analysis.evaluation.splits import KINDS, TO, Division, Fold
from analysis.evaluation.usable import resolved, usable
from analysis.features.store import Store
from analysis.recognizers.recognizer import Context
from analysis.recognizers.table import recognizer_class
from analysis.targets.recipe import Lost, Target
from app.analysing.corpora import study_corpus
from app.analysing.cross_corpus import Matrix, Method
from app.analysing.evaluating import in_words
from app.analysing.html_page import Table
from app.analysing.targets import make_target, recipe_named
from app.analysing.transfer import (
    LEAST_CLASSES,
    STUDY,
    TransferError,
    check_two,
    common_names,
    renamed,
    titles,
    together,
)
from app.analysing.transfer_figures import COLLAPSED
from app.settings import write_atomically
from app.study import Study

FORMAT = "evoke-transfer-labels"
UNKNOWN = (
    "How often these labels are right is not known. Label a few dozen of these recordings by hand, and"
    " compare: of five classes published systems find 34 to 57 % from corpus to corpus."
)
SEEN = ("recording-twice", "duplicate")
"""Guards that find recordings of the other study in the first one too."""
NO_ANSWER = -1
LEAST_CASES = 2
"""A single case is nothing to adapt to."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """What one method says of the other study's cases: `proba` (n, classes), the mean over the seeds."""

    method: Method
    settings: Mapping[str, Any]
    inputs: tuple[InputSpec, ...]
    seeds: tuple[int, ...]
    cases: Cases
    proba: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What all methods say, and what must be told with it.

    `trained` are the first study's cases by class, `lost` trials of the other study without a label, and why.
    """

    first: str
    other: str
    target: Target
    classes: tuple[str, ...]
    trained: Mapping[str, int]
    made: tuple[Predicted, ...]
    lost: tuple[Lost, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both studies as one corpus; answers of the first, by `classes`; what the other's names are here."""

    corpus: Corpus
    target: Target
    own: frozenset[str]
    prefix: str
    titles: tuple[str, str]


def predict_other(
    first: Study,
    other: Study,
    target: str,
    matrix: Matrix,
    labels: Mapping[str, str] | None = None,
    *,
    said: Callable[[str], None] = lambda words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Predictions:
    """Return labels of every trial of `other`, by each method of `matrix` and all its seeds.

    Neither study is changed. Raises EvokeError with one clear message, CancelledError.
    """
    sides = _sides(first, other, target, labels or {})
    made: list[Predicted] = []
    lost: list[Lost] = []
    notes: list[str] = []
    trained: Mapping[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="evoke-transfer-") as folder:
        for method in matrix.methods:
            said(f"{method.title}: {sides.titles[0]} to {sides.titles[1]}")
            found = _predicted(sides, method, matrix, Store(Path(folder)), cancelled)
            made.append(found.made)
            notes += _collapsed(found.made, sides.target.classes)
            lost += found.lost
            notes += found.notes
            trained = found.trained
    notes += [UNKNOWN, f"A withdrawal from {other.name} does not reach this file. Remove it by hand then."]
    return Predictions(
        first.name,
        other.name,
        sides.target,
        sides.target.classes,
        trained,
        tuple(made),
        tuple(dict.fromkeys(lost)),
        tuple(dict.fromkeys(notes)),
    )


def table_of(found: Predictions) -> Table:
    """Return the table: a row a trial and method, with label, probabilities, settings and seeds."""
    heads = (
        "participant", "session", "recording", "trial", "stimulus", "start_s", "stop_s", "label",
        *(f"p_{name}" for name in found.classes), "model", "settings", "seeds", "accuracy",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for each in found.made:
        settings = "; ".join(f"{name}={value}" for name, value in each.settings.items())
        seeds = " ".join(map(str, each.seeds))
        cases = each.cases
        for row, proba in enumerate(each.proba):
            rows.append(
                (
                    str(cases.participant[row]),
                    str(cases.session[row]),
                    str(cases.recording[row]),
                    int(cases.trial[row]),
                    str(cases.stimulus[row]),
                    round(float(cases.start_s[row]), 6),
                    round(float(cases.stop_s[row]), 6),
                    found.classes[int(proba.argmax())],
                    *(round(float(p), 6) for p in proba),
                    each.method.name,
                    settings,
                    seeds,
                    "unknown",
                )
            )
    return Table("labels", heads, tuple(rows))


def facts_of(found: Predictions) -> dict[str, Any]:
    """Return what the file beside the table says: by what, of what, and what is not known."""
    return {
        "format": FORMAT,
        "made_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "learnt_from": found.first,
        "labelled": found.other,
        "target": found.target.recipe.name,
        "target_sha256": found.target.sha256,
        "classes": list(found.classes),
        "trained_on": dict(found.trained),
        "methods": [
            {
                "model": each.method.name,
                "title": each.method.title,
                "recognizer": each.method.recognizer,
                "settings": dict(each.settings),
                "inputs": [{"feature": one.feature, "settings": dict(one.settings)} for one in each.inputs],
                "seeds": list(each.seeds),
                "cases": len(each.cases),
            }
            for each in found.made
        ],
        "accuracy": None,
        "notes": list(found.notes),
        "lost": [
            {"recording": each.trial[0], "trial": each.trial[1], "why": each.why} for each in found.lost
        ],
        "code_sha256": provenance.code_sha256(),
        "versions": provenance.versions(),
    }


def check_place(path: Path) -> None:
    """Raise TransferError where no table can be written to `path`."""
    if path.suffix.lower() != ".csv":
        raise TransferError(f"--out {path}: name a file that ends in .csv.")
    if not path.absolute().parent.is_dir():
        raise TransferError(f"--out {path}: there is no such folder.")


def write(found: Predictions, path: Path) -> Path:
    """Write the table to `path` (.csv) and the file that says by what beside it; return the latter.

    Raises TransferError.
    """
    check_place(path)
    beside = path.with_suffix(".json")
    try:
        write_atomically(beside, json.dumps(facts_of(found), ensure_ascii=False, indent=1))
        write_atomically(path, table_of(found).csv())
    except OSError as error:
        raise TransferError(f"{path}: cannot be written ({error.strerror}).") from error
    return beside


@dataclass(frozen=True, slots=True)
class _Made:
    made: Predicted
    lost: tuple[Lost, ...]
    notes: tuple[str, ...]
    trained: Mapping[str, int]


def _sides(first: Study, other: Study, target: str, labels: Mapping[str, str]) -> _Sides:
    check_two(first, other)
    with in_words():
        mine, yours = study_corpus(first), study_corpus(other)
        answers = make_target(first, mine, recipe_named(first, mine, target))
    here, there = titles(first, other)
    yours, _ = renamed(yours, there)
    named = common_names(answers, labels)
    there_are = {named[answers.classes[int(value)]] for value in answers.values.values()} - {""}
    classes = tuple(name for name in dict.fromkeys(named.values()) if name in there_are)
    if len(classes) < LEAST_CLASSES:
        raise TransferError(
            f"{first.name}: {target} gives {len(classes)} class{'' if len(classes) == 1 else 'es'} with"
            " answers, and two are needed."
        )
    if not yours.trials:
        raise TransferError(f"{other.name}: has no trial that could be labelled.")
    own = {key: named[answers.classes[int(value)]] for key, value in answers.values.items()}
    values = {key: float(classes.index(name)) for key, name in own.items() if name}
    joined = replace(answers, classes=classes, values=values)
    return _Sides(together(mine, yours), joined, frozenset(mine.participants), f"{there}: ", (here, there))


def _predicted(
    sides: _Sides, method: Method, matrix: Matrix, store: Store, cancelled: Callable[[], bool]
) -> _Made:
    asked = replace(matrix, domain=STUDY, selection="fixed")
    card = recognizer_class(method.recognizer).card
    with in_words():
        whole = resolved(asked.experiment(method, sides.target, matrix.seeds[0]), card, True)
        assert whole.cases is not None
        trials = [
            trial
            for trial in sides.corpus.trials
            if trial.participant not in sides.own or trial.key in sides.target.values
        ]
        built = make_batch(
            sides.corpus,
            trials,
            whole.cases,
            whole.inputs,
            store,
            masks=sides.target.masks,
            cancelled=cancelled,
        )
        batch, more = usable(built.batch, card)
        batch, fold = _divided(sides, batch)
        notes = [*built.warnings, *_checked(sides, batch, fold, whole)]
        proba = []
        for seed in matrix.seeds:
            training = Training(
                method.recognizer,
                dict(whole.settings),
                tuple(whole.steps or ()),
                KINDS["domains"].unit,
                seed_of(seed, fold.name),
            )
            with one_thread():
                outcome = evaluate_fold(batch, fold, training, Context(cancelled=cancelled), explain=False)
            proba.append(outcome.proba)
            notes += outcome.told
    assert batch.y is not None
    counts = np.bincount(batch.y[fold.train], minlength=len(sides.target.classes)).tolist()
    settings = {**card.defaults(), **whole.settings}
    return _Made(
        Predicted(
            method,
            settings,
            whole.inputs,
            matrix.seeds,
            _own_names(sides, batch.cases.rows(fold.test)),
            np.mean(proba, axis=0),
        ),
        tuple(
            Lost((each.trial[0].removeprefix(sides.prefix), each.trial[1]), each.why)
            for each in (*built.lost, *more)
            if each.trial[0].startswith(sides.prefix)
        ),
        tuple(notes),
        dict(zip(sides.target.classes, counts, strict=True)),
    )


def _divided(sides: _Sides, batch: Batch) -> tuple[Batch, Fold]:
    """Return the cases with the first study's answers, and the one fold: it trains, the other is tested."""
    keys = zip(batch.cases.recording.tolist(), batch.cases.trial.tolist(), strict=True)
    answers = [sides.target.values.get((str(name), int(trial)), NO_ANSWER) for name, trial in keys]
    y = np.array(answers, np.int64)
    is_own = np.isin(batch.cases.participant, sorted(sides.own))
    whole = replace(
        batch,
        y=y,
        classes=sides.target.classes,
        cases=replace(batch.cases, id=np.arange(len(batch), dtype=np.intp)),
    )
    train, test = np.flatnonzero(is_own), np.flatnonzero(~is_own)
    gone = [name for place, name in enumerate(sides.target.classes) if place not in set(y[train].tolist())]
    if gone or len(test) < LEAST_CASES:
        what = (
            f"{', '.join(gone)} of {sides.titles[0]}" if gone else f"two trials of {sides.titles[1]} at least"
        )
        raise TransferError(f"The method lacks {what}: no recording holds what it takes.")
    return whole, Fold(TO.join(sides.titles), train, np.zeros(0, np.intp), test, sides.titles)


def _checked(sides: _Sides, batch: Batch, fold: Fold, experiment: Experiment) -> list[str]:
    """Return what the guards tell; raises LeakError for what stops every fold.

    The other side has no answers, so nothing is looked up in them.
    """
    division = Division(experiment.split, (fold,), KINDS["domains"].apart, "")
    blind = replace(batch, y=None)
    found = check_division(blind, division, steps=experiment.steps or ())
    for line in found.stopped:
        if line.guard not in SEEN:
            raise LeakError(line)
    told = [line.words for line in found.stopped]
    if not told:
        return []
    return [f"Recordings of {sides.titles[1]} are learnt from with their answers: {'; '.join(told)}."]


def _collapsed(made: Predicted, classes: tuple[str, ...]) -> list[str]:
    """Say where nearly all labels are one."""
    shares = np.bincount(made.proba.argmax(axis=1), minlength=len(classes)) / len(made.proba)
    top = int(shares.argmax())
    if shares[top] < COLLAPSED:
        return []
    return [
        f"{made.method.title}: {shares[top]:.0%} of the labels are {classes[top]}. Unless the recordings are"
        " so, it has learnt to say that. Train longer, or lower the weights."
    ]


def _own_names(sides: _Sides, cases: Cases) -> Cases:
    """Return cases of the other study by the names that they have there."""

    def own(names: NDArray[np.str_]) -> NDArray[np.str_]:
        return np.array([str(name).removeprefix(sides.prefix) for name in names], dtype=np.str_)

    return replace(cases, recording=own(cases.recording), participant=own(cases.participant))


def lines(found: Predictions, path: Path) -> Sequence[str]:
    """Tell what was written, as text."""
    told = [f"{path}: labels of {found.other}, learnt from {found.first} ({', '.join(found.classes)})"]
    for each in found.made:
        counts = np.bincount(each.proba.argmax(axis=1), minlength=len(found.classes)).tolist()
        shares = ", ".join(f"{name} {count}" for name, count in zip(found.classes, counts, strict=True))
        told.append(f"  {each.method.title}: {shares}")
    if found.lost:
        told.append(f"  {len(found.lost)} trials have no label; {path.with_suffix('.json').name} says why")
    return [*told, *(f"note: {note}" for note in found.notes)]
