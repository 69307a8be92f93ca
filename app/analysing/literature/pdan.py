"""PDAN's table in its own layout, on Emo-DB: women to men and back, one half of the speakers to the other.

The article's six tasks need two corpora more. Here a domain is a group of Emo-DB's speakers: no figure is of
the article's data, and none is subtracted from one of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.evaluation.run_folder import runs_of
from analysis.literature.paper import Cell, Ours
from analysis.targets.recipe import Recipe, Target
from app.analysing.corpora import study_corpus
from app.analysing.cross_corpus import (
    METHODS,
    SELECTIONS,
    Matrix,
    Row,
    Selection,
    cells,
    cross_corpus,
    largest,
)
from app.analysing.evaluating import in_words
from app.analysing.literature.open_data import enter_emodb
from app.analysing.literature.reproducing import Made, Order
from app.analysing.targets import make_target
from app.participant_fields import FieldSpec
from app.participants import change
from app.study import Study

SEX: Mapping[str, str] = MappingProxyType(
    {
        "03": "male", "08": "female", "09": "female", "10": "male", "11": "male", "12": "male",
        "13": "female", "14": "female", "15": "male", "16": "female",
    }
)  # fmt: skip
"""Of Emo-DB's speakers, as its authors publish it."""
CLASSES = ("anger", "sadness", "fear", "happiness", "neutral")
"""The article's five for Emo-DB and CASIA."""
SMALL: Mapping[str, Any] = MappingProxyType(
    {"rate": 1e-3, "weight_decay": 5e-4, "dropout": 0.3, "epochs": 40, "side": 0}
)
QUICK_SPEAKERS = ("03", "08", "09", "10")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is computed: methods, seeds, sets of weights, settings, cases of a class and speaker."""

    methods: tuple[str, ...] = tuple(each.name for each in METHODS)
    selections: tuple[Selection, ...] = ("fixed", "oracle")
    fields: tuple[str, ...] = ("sex", "half")
    seeds: int = 3
    sets: int = 6
    oracle: tuple[str, ...] = ()
    """Methods that the upper bound is made of; () for all."""
    common: Mapping[str, Any] = field(default_factory=lambda: SMALL)
    side: int = 64
    cases: int = 0
    permutations: int = 999
    speakers: tuple[str, ...] = ()
    is_quick: bool = False


FULL = Scale()
QUICK = Scale(
    methods=("svm", "pdan-source", "pdan"),
    fields=("sex",),
    seeds=1,
    sets=2,
    common={**SMALL, "epochs": 3, "width": 0.05, "stride": 1},
    side=24,
    cases=3,
    permutations=99,
    speakers=QUICK_SPEAKERS,
    is_quick=True,
)


def tables(order: Order) -> Made:
    """Make the tables; raises EvokeError with one clear message, CancelledError."""
    return made_at(order, QUICK if order.is_quick else FULL)


def made_at(order: Order, scale: Scale) -> Made:
    """Make the tables with so much of the data and the methods."""
    enter_emodb(order.study, order.source, order.said, scale.speakers)
    study = with_speakers(order.study)
    with in_words():
        corpus = study_corpus(study)
        recipe = Recipe("five-emotions", "category", classes=CLASSES)
        target = fewer(make_target(study, corpus, recipe), corpus, scale.cases)
    methods = tuple(each for each in METHODS if each.name in scale.methods)
    made = []
    for selection in scale.selections:
        rows: list[tuple[Row, ...]] = []
        is_bound = selection == "oracle"
        chosen = tuple(
            each for each in methods if not is_bound or each.name in (scale.oracle or scale.methods)
        )
        # A bound of the blind figures is one of the same seeds only.
        seeds = tuple(order.seed + place for place in range(scale.seeds))
        for name in scale.fields:
            matrix = Matrix(
                name,
                chosen,
                seeds,
                selection,
                scale.sets,
                common=dict(scale.common),
                picture={"side": scale.side},
                permutations=scale.permutations,
            )
            given: dict[str, Any] = {"workers": order.workers, "said": order.said}
            rows.append(cross_corpus(study, corpus, target, matrix, cancelled=order.cancelled, **given))
        made.append(_table(study, joined(rows), target, corpus, scale, selection, len(seeds)))
    return Made(tuple(made))


def with_speakers(study: Study) -> Study:
    """Return the study with sex and half of each speaker of Emo-DB among its participants' fields."""
    known = {spec.name for spec in study.participant_fields}
    wanted = (
        FieldSpec("sex", {"": "Sex"}, "choice", options=("female", "male")),
        FieldSpec("half", {"": "Half of the speakers"}, "choice", options=("first", "second")),
    )
    new = tuple(spec for spec in wanted if spec.name not in known)
    if new:
        study = study.with_settings(participant_fields=(*study.participant_fields, *new))
    present = sorted({session.participant for session in study.sessions()} & SEX.keys())
    for place, code in enumerate(present):
        # Every second one, so that both halves have as many men and women as can be.
        half = "first" if place % 2 == 0 else "second"
        change(study, code, fields={"sex": SEX[code], "half": half})
    return study


def fewer(target: Target, corpus: Corpus, cases: int) -> Target:
    """Return a target with the first `cases` trials of each class and speaker only; 0: all."""
    if not cases:
        return target
    who = {trial.key: trial.participant for trial in corpus.trials}
    counts: dict[tuple[str, float], int] = {}
    kept = {}
    for key, value in sorted(target.values.items()):
        place = (who[key], value)
        counts[place] = counts.get(place, 0) + 1
        if counts[place] <= cases:
            kept[key] = value
    return replace(target, values=kept)


def joined(parts: list[tuple[Row, ...]]) -> tuple[Row, ...]:
    """Return rows of several fields side by side, a method each."""
    found: dict[str, Row] = {}
    for row in (each for part in parts for each in part):
        before = found.get(row.method.name)
        if before is None:
            found[row.method.name] = row
            continue
        found[row.method.name] = replace(
            before,
            tasks={**before.tasks, **row.tasks},
            runs=(*before.runs, *row.runs),
            p=largest((before.p, row.p)),
            titles={**before.titles, **row.titles},
        )
    return tuple(found.values())


def _table(
    study: Study,
    rows: tuple[Row, ...],
    target: Target,
    corpus: Corpus,
    scale: Scale,
    selection: Selection,
    seeds: int,
) -> Ours:
    columns, made = cells(rows)
    people = sorted(set(corpus.participants) & SEX.keys())
    women = sum(SEX[code] == "female" for code in people)
    data = (
        f"Emo-DB, {len(people)} speakers ({women} women), {len(target.values)} utterances of"
        f" {', '.join(CLASSES)}"
    )
    size = ", ".join(f"{name} {value:g}" for name, value in scale.common.items())
    notes = [
        "Domains are groups of speakers of one corpus, not corpora: the article's figures are of other data.",
        f"Not the full network: spectrograms of {scale.side} x {scale.side} pixels, an eighth of the "
        "widths or"
        f" less; {size}.",
        f"{seeds} seed{'' if seeds == 1 else 's'}; means are computed of the rows.",
    ]
    if selection == "oracle":
        notes.append(
            f"Each figure is the best of the sets of weights tried, chosen on the target's answers; at most"
            f" {scale.sets} of the article's grid of 216 (column), the fixed one of the blind table always"
            " among them, with the same seeds. What has no weights is not in this table."
        )
    if scale.is_quick:
        notes.insert(0, "QUICK FORM: a few cases and epochs, to see that it runs. Its figures mean nothing.")
    title = "UAR, per cent, blind" if selection != "oracle" else "UAR, per cent, UPPER BOUND"
    return Ours(
        title,
        data,
        f"one domain trains, the other is tested; adaptation sees the tested side without answers;"
        f" {SELECTIONS[selection]}",
        columns,
        tuple(tuple(_cell(value) for value in row) for row in made),
        controls=_controls(study, rows, scale),
        notes=tuple(notes),
        runs=tuple(name for row in rows for name in row.runs),
    )


def _controls(study: Study, rows: tuple[Row, ...], scale: Scale) -> tuple[str, ...]:
    runs = {run.name: run for run in runs_of(study.folder)}
    found = [
        f"chance, and the majority class: {100 / len(CLASSES):.1f} %",
        f"p: of {scale.permutations} label permutations of each run's predictions, both of its tasks pooled;"
        " the largest over seeds and fields, none where one is undefined",
    ]
    stopped = [
        line.guard for row in rows for name in row.runs if name in runs for line in runs[name].guards.stopped
    ]
    told = sum(
        any(line.guard == "transductive" for line in runs[name].guards.lines)
        for row in rows
        for name in row.runs
        if name in runs
    )
    found.append(
        f"guards: {'none stopped a fold' if not stopped else ', '.join(sorted(set(stopped)))}; {told} "
        "runs are"
        " told to be transductive"
    )
    return tuple(found)


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, str) else float(value)
