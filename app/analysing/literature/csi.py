"""`evoke reproduce csi`: the paper's tables on logs or made-up passages; the network on wristband events."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.csi.chain import HALF
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitKind, SplitSpec
from analysis.features.csi import EVENT
from analysis.literature.paper import Cell, Ours
from analysis.targets.recipe import Lost, Recipe, Target
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, in_words, prepare
from app.analysing.literature.csi_study import csi_study, is_wristband, wristband_study
from app.analysing.literature.finishing import Finished, finished
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.passages import NEAR_S
from app.analysing.targets import make_target
from app.study import Study

NETWORKS: Mapping[str, str] = MappingProxyType(
    {"csi-fcn": "FCN", "csi-two-conv": "two convolutions", "csi-resnet": "ResNet", "lw-wadl": "LW-WADL"}
)
OURS = "lw-wadl"
MIXED: SplitKind = "trials-pooled"
SPLITS: Mapping[SplitKind, str] = MappingProxyType(
    {"loso": "a road left out", "sessions": "a day left out", MIXED: "passages mixed"}
)
CLASS_SETS = (("pedestrian", "car"), ("pedestrian", "bicycle", "car"), ())
SELECTS = (("weighted", "weighted by SNR"), ("average", "average of all"), ("top", "four best by SNR"))
SWEEP = (1, 2, 4, 8, 16, 32, 52)
WIDE = 10.0
"""Half a wristband's segment, in seconds."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is computed."""

    roads: int = 6
    each: int = 10
    networks: tuple[str, ...] = tuple(NETWORKS)
    settings: Mapping[str, Any] = field(default_factory=lambda: {"rate": 1e-3, "epochs": 40})
    narrow: Mapping[str, float] = field(default_factory=lambda: {"csi-fcn": 0.5, "csi-resnet": 0.5})
    sweep: tuple[int, ...] = SWEEP
    folds: int = 5
    people: int = 8
    permutations: int = 999
    words: str = ""


QUICK = Scale(
    2, 6, ("csi-two-conv", "lw-wadl"), {"rate": 0.01, "epochs": 12}, {"csi-two-conv": 0.5, "lw-wadl": 0.5},
    (1, 4, 52), 2, 3, 99, " (quick form: two networks of half the width, 12 epochs)",
)  # fmt: skip
WHOLE = Scale(
    words=" (40 epochs at rate 0.001, the paper has up to 200 at 0.0001; FCN and ResNet in half their width)"
)


@dataclass(frozen=True)
class _Bench:
    """A study of passages with what is computed on it; `notes` says what was not possible, and why."""

    order: Order
    scale: Scale
    study: Study
    corpus: Corpus
    data: str
    grouped: SplitSpec
    notes: list[str] = field(default_factory=list)

    def run(
        self, network: str, classes: tuple[str, ...], split: SplitSpec, **settings: Any
    ) -> Finished | None:
        """Return a finished run of a network on these classes, None where it is not possible."""
        target = self.target(classes)
        if split.kind == MIXED:
            target = apart(self.corpus, target)
        # What is as usual is not named, so that the same run is not made twice.
        named = {name: value for name, value in settings.items() if EVENT.settings[name] != value}
        spec = InputSpec("csi", "csi", "csi.event", named)
        chosen = dict(self.scale.settings)
        if network in self.scale.narrow:
            chosen["width"] = self.scale.narrow[network]
        experiment = Experiment(
            network,
            target.recipe.to_json(),
            target.sha256,
            settings=chosen,
            cases=CaseSpec("trial"),
            inputs=(spec,),
            steps=(),
            split=split,
            controls=ControlSpec(self.scale.permutations, "stored"),
            seed=self.order.seed,
            metric="accuracy",
        )
        chosen_words = (f"{name} {value}" for name, value in settings.items())
        words = ", ".join(
            (NETWORKS[network], f"{len(target.classes)} classes", SPLITS[split.kind], *chosen_words)
        )
        self.order.said(words)
        try:
            prepared = prepare(self.study, self.corpus, target, experiment)
        except EvaluatingError as error:
            self._note(words, str(error))
            return None
        stopped = prepared.guards.stopped
        if stopped:
            self._note(words, f"{stopped[0].fold or 'all folds'}: {stopped[0].words}")
            return None
        return finished(self.study, prepared, self.order)

    def _note(self, words: str, why: str) -> None:
        # What to do about it is said for people who choose splits and inputs, not for a table.
        self.notes.append(f"{words}: not possible: {why.partition('. Take ')[0].rstrip('.')}.")

    def taken(self, first: int = 0) -> tuple[str, ...]:
        """Return what was noted since the first so many."""
        return tuple(dict.fromkeys(self.notes[first:]))

    def target(self, classes: tuple[str, ...]) -> Target:
        """Return the target of these classes, () for all of them."""
        with in_words():
            return make_target(self.study, self.corpus, Recipe("category", "category", classes=classes))


def apart(corpus: Corpus, target: Target) -> Target:
    """Return a target without the passages whose segments share readings with those of an earlier one.

    In mixed folds the two could lie on both sides. Of passages further apart nothing is changed.
    """
    near: list[Lost] = []
    last: dict[str, float] = {}
    for trial in sorted(corpus.trials, key=lambda each: each.shown):
        if trial.key not in target.values:
            continue
        if trial.shown[0] < last.get(trial.recording, -np.inf) + NEAR_S:
            near.append(Lost(trial.key, f"less than {NEAR_S:g} s behind another passage"))
        else:
            last[trial.recording] = trial.shown[1]
    if not near:
        return target
    gone = {each.trial for each in near}
    kept = {key: value for key, value in target.values.items() if key not in gone}
    return replace(target, values=kept, lost=(*target.lost, *near))


def tables(order: Order) -> Made:
    """Make the tables; raises EvokeError with one clear message."""
    scale = QUICK if order.is_quick else WHOLE
    study, data = csi_study(order, scale.roads, scale.each)
    with in_words():
        corpus = study_corpus(study)
    labels = {trial.category for trial in corpus.trials if trial.category}
    if len(labels) < 2:
        raise LiteratureError(
            f"{data}: {len(labels)} kinds of passages have a label; two are needed. Put them into "
            "events.csv beside the logs (the page Passages saves one), and give the command again."
        )
    grouped = SplitSpec(_widest(corpus), scale.folds, order.seed)
    bench = _Bench(order, scale, study, corpus, data + scale.words, grouped)
    made = [*_main(bench, labels), _selection(bench), _sweep(bench), _cost(bench)]
    if bench.notes and not any(isinstance(cell, float) for row in made[0].rows for cell in row):
        raise LiteratureError(f"{data}: no table can be made. {bench.notes[0]}")
    if is_wristband(order.source):
        made.append(_wristband(order, scale))
    return Made(tuple(made))


def _widest(corpus: Corpus) -> SplitKind:
    """Return the split that leaves out most at a time: a road, else a day, else passages of the only one."""
    visits = {(trial.participant, trial.session) for trial in corpus.trials if trial.category}
    if len({participant for participant, _ in visits}) > 1:
        return "loso"
    return "sessions" if len(visits) > 1 else MIXED


def _splits(bench: _Bench) -> tuple[tuple[str, SplitSpec], ...]:
    mixed = SplitSpec(MIXED, bench.scale.folds, bench.order.seed)
    if bench.grouped.kind == MIXED:
        return ((f"passages mixed, {mixed.k} folds", mixed),)
    unit = "a road" if bench.grouped.kind == "loso" else "a day"
    return ((f"{unit} left out in turn", bench.grouped), (f"passages mixed, {mixed.k} folds", mixed))


def _main(bench: _Bench, labels: set[str]) -> list[Ours]:
    sets = [each for each in CLASS_SETS if not each or set(each) <= labels]
    if len(labels) <= 3 and sets and sets[0]:
        sets = [each for each in sets if not each or len(each) < len(labels)]
    four: list[tuple[Cell, ...]] = []
    controls: list[str] = []
    counts: dict[tuple[int, str], dict[str, float | None]] = {}
    runs: list[str] = []
    before = len(bench.notes)
    for words, split in _splits(bench):
        for classes in sets:
            size = len(classes) or len(labels)
            for network in bench.scale.networks:
                found = bench.run(network, classes, split)
                if found is not None:
                    runs.append(found.run.name)
                counts.setdefault((size, words), {})[network] = _percent(found, "accuracy")
                if not classes:
                    figures = [_percent(found, name) for name in ("accuracy", "precision", "uar")]
                    four.append((words, NETWORKS[network], *figures))
                    if found is not None:
                        controls.append(f"{NETWORKS[network]}, {words}: {found.words}")
    notes = (*_left_out(bench), *bench.taken(before))
    names = tuple(NETWORKS[each] for each in bench.scale.networks)
    protocol = "; ".join(words for words, _ in _splits(bench))
    rows: list[tuple[Cell, ...]] = [
        (float(size), words, *(told.get(each) for each in bench.scale.networks))
        for (size, words), told in sorted(counts.items(), key=lambda entry: (entry[0][1], entry[0][0]))
    ]
    return [
        Ours(
            f"{len(labels)} classes",
            bench.data,
            protocol,
            ("split", "method", "accuracy %", "precision % (macro)", "recall % (macro)"),
            tuple(four),
            tuple(controls),
            notes,
            tuple(runs),
        ),
        Ours(
            "Number of classes, accuracy %",
            bench.data,
            protocol,
            ("classes", "split", *names),
            tuple(rows),
            ("chance: 50, 33 and 25 % where classes are as frequent",),
            (
                "Two classes: pedestrian, car. Three: pedestrian, bicycle, car; a target takes "
                "labels as they "
                "are, so that motorcycles are left out and not joined with bicycles.",
                *notes,
            ),
            tuple(runs),
        ),
    ]


def _left_out(bench: _Bench) -> tuple[str, ...]:
    """Say how many passages the mixed rows leave out, and where no road or day can be."""
    every = bench.target(())
    count = len(every.values) - len(apart(bench.corpus, every).values)
    one = "One visit to one road: no other can be left out, and nothing is said of others."
    alone = (one,) if bench.grouped.kind == MIXED else ()
    if not count:
        return alone
    return (
        *alone,
        f"{count} of {len(every.values)} passages lie less than {NEAR_S:g} s behind another one, and their"
        " segments hold readings of both: the mixed rows leave them out.",
    )


def _selection(bench: _Bench) -> Ours:
    rows: list[tuple[Cell, ...]] = []
    before = len(bench.notes)
    for select, words in SELECTS:
        found = bench.run(OURS, (), bench.grouped, select=select)
        rows.append((words, _percent(found, "accuracy")))
    raw = bench.run(OURS, (), bench.grouped, rectified=False)
    rows.append(("four best by SNR, not rectified", _percent(raw, "accuracy")))
    pooled = bench.run(OURS, (), bench.grouped, baseline="pooled")
    rows.append(("four best by SNR, one mean for all subcarriers", _percent(pooled, "accuracy")))
    printed = bench.run(OURS, (), bench.grouped, as_published=True, follows_all=True)
    rows.append(("as printed: its baseline, one mean, segments about minima", _percent(printed, "accuracy")))
    return Ours(
        "Choice of subcarriers, LW-WADL, accuracy %",
        bench.data,
        _splits(bench)[0][0],
        ("choice", "accuracy %"),
        tuple(rows),
        ("each a run of its own with guards; nothing was chosen by these figures",),
        bench.taken(before),
    )


def _sweep(bench: _Bench) -> Ours:
    before = len(bench.notes)
    rows: list[tuple[Cell, ...]] = [
        (float(m), _percent(bench.run(OURS, (), bench.grouped, m=m), "accuracy")) for m in bench.scale.sweep
    ]
    return Ours(
        "Number of subcarriers m, LW-WADL, accuracy %",
        bench.data,
        _splits(bench)[0][0],
        ("m", "accuracy %"),
        tuple(rows),
        ("shown whole, not chosen: the m of the other tables is 4 whatever comes out here",),
        bench.taken(before),
    )


def _cost(bench: _Bench) -> Ours:
    import torch

    from analysis.recognizers.csi_network import (
        FullyConvolutional,
        LightNetwork,
        ResidualNetwork,
        TwoConvolutions,
        multiplications,
        numbers_in,
        size_bytes,
        trainable_in,
    )

    steps, classes = 2 * HALF + 1, 4
    built = {
        "csi-fcn": FullyConvolutional(1, classes),
        "csi-two-conv": TwoConvolutions(1, classes, steps),
        "csi-resnet": ResidualNetwork(1, classes),
        "lw-wadl": LightNetwork(1, classes),
    }
    one = torch.zeros(1, 1, steps)
    rows: list[tuple[Cell, ...]] = []
    for name, network in built.items():
        network.eval()
        times = []
        with torch.no_grad():
            for _ in range(20):
                begun_s = time.perf_counter()
                network(one)
                times.append(1000 * (time.perf_counter() - begun_s))
        rows.append(
            (
                NETWORKS[name],
                f"{numbers_in(network):,}",
                f"{trainable_in(network):,}",
                f"{size_bytes(network) / 1000:.1f}",
                multiplications(network, 1, steps) / 1e6,
                round(statistics.median(times), 3),
            )
        )
    return Ours(
        "Size and cost, four classes, full width",
        "a segment of 201 readings, one at a time",
        "counted as it runs: multiply-accumulates of convolutions and layers; latency is the median of 20 on "
        "this computer",
        ("method", "numbers", "learnt", "kilobytes", "MAC M", "ms a segment"),
        tuple(rows),
        (),
        ("Printed parameters and FLOPs of the comparators are of other layouts and are no target.",),
    )


def _wristband(order: Order, scale: Scale) -> Ours:
    study = wristband_study(order, scale.people)
    with in_words():
        corpus = study_corpus(study)
        target = make_target(study, corpus, Recipe("category", "category"))
    skin = InputSpec("eda", "eda", "event.segment", {"rate_hz": 4.0, "half": round(4 * WIDE)})
    moved = InputSpec(
        "acceleration", "acceleration", "event.segment", {"rate_hz": 4.0, "half": round(4 * WIDE)}
    )
    plain = InputSpec("eda", "eda", "skin")
    tried = (
        (OURS, "LW-WADL, skin conductance responses", (skin,), ()),
        (OURS, "LW-WADL, responses and bursts of movement", (skin, moved), ()),
        (
            "logistic-regression",
            "logistic regression, eleven numbers of skin conductance",
            (plain,),
            ("impute", "zscore"),
        ),
    )
    rows: list[tuple[Cell, ...]] = []
    controls = []
    for name, words, inputs, steps in tried:
        experiment = Experiment(
            name,
            target.recipe.to_json(),
            target.sha256,
            settings=dict(scale.settings) if name == OURS else {},
            cases=CaseSpec("window", 60.0, 60.0),
            inputs=inputs,
            steps=steps,
            split=SplitSpec("loso"),
            controls=ControlSpec(scale.permutations, "stored"),
            seed=order.seed,
        )
        order.said(words)
        found = finished(study, prepare(study, corpus, target, experiment), order)
        rows.append((words, _percent(found, "balanced_accuracy"), _percent(found, "auc")))
        controls.append(f"{words}: {found.words}")
    return Ours(
        "On wristband events",
        f"Stress-Predict, the first {scale.people} participants with labels; stress against "
        f"rest{scale.words}",
        "windows of 60 s, one person left out; a segment of 20 s at 4 Hz about the largest event of "
        "each window",
        ("method", "balanced accuracy %", "AUC %"),
        tuple(rows),
        tuple(controls),
        (
            "A demonstration on a few people: everybody did the tasks in the same order, and nothing "
            "was tuned.",
        ),
    )


def _percent(found: Finished | None, name: str) -> float | None:
    if found is None:
        return None
    value = (found.result.get("metrics", {}).get(name) or {}).get("value")
    return None if value is None or not np.isfinite(value) else round(100 * float(value), 2)
