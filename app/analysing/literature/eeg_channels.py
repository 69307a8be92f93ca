"""The tables of the article on channel selection: on a study of the imagery protocol, or simulated people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.evaluation.channel_sweep import Point, Sweep, sweep
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitKind, SplitSpec
from analysis.evaluation.workers import Here
from analysis.features.eeg_band import SEGMENT_BANDS
from analysis.literature.paper import Cell, Ours
from analysis.recognizers.channel_choice import ALL, RANDOM, STATISTICS
from analysis.simulate.settings import Settings
from analysis.targets.emotions import recipe_of
from app.analysing.channels import Cutting, Segments, label_table, segments
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words, prepare
from app.analysing.literature.finishing import finished
from app.analysing.literature.reproducing import Made, Order
from app.analysing.literature.simulated_people import simulated_study
from app.analysing.targets import make_target
from app.study import Study

SPLITS: tuple[tuple[SplitKind, str], ...] = (
    ("segments-own", "by segment (LEAKY)"),
    ("trials", "by block"),
    ("loso", "new people"),
)
NARROW: Mapping[str, str] = MappingProxyType(
    {
        "name: imagery\nversion: 1": "name: imagery-short\nversion: 1",
        "duration_s: {min_s: 30, typical_s: 200, max_s: 360}": "duration_s: {min_s: 20, typical_s: 40,"
        " max_s: 60}\n      min_presses: 3",
        "name: suggestion\n      duration_s: 20": "name: suggestion\n      duration_s: 3",
        "name: relax\n      duration_s: 20": "name: relax\n      duration_s: 3",
        "duration_s: 120": "duration_s: 6",
    }
)
"""The imagery protocol with short blocks and at least three presses in each."""
PLANTED = (
    "simulated participants of the imagery protocol with short blocks, {people} people, {channels} channels"
    " at 128 Hz; planted: power of 30-45 Hz at electrodes away from the midline (T7, T8, F7, F8, P7, P8 most)"
    " and frontal alpha asymmetry follow the block's valence with d = {effect:g}, and each block has a level"
    " of its own besides"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is trained."""

    people: int
    channels: int
    folds: int
    bands: tuple[str, ...]
    statistics: tuple[str, ...]
    ks: tuple[int, ...]
    settings: Mapping[str, Any]
    deep: Mapping[str, Any]
    loso_epochs: int
    permutations: int


SHALLOW: Mapping[str, Any] = MappingProxyType({"rate": 2e-3, "batch": 16})
QUICK = Plan(
    people=2,
    channels=10,
    folds=2,
    bands=("alpha", "gamma"),
    statistics=("kurtosis", RANDOM),
    ks=(3, 6),
    settings={**SHALLOW, "epochs": 5, "maps": 8},
    deep={**SHALLOW, "epochs": 3, "kernel": 5, "width": 0.2},
    loso_epochs=4,
    permutations=99,
)
FULL = Plan(
    people=10,
    channels=32,
    folds=5,
    bands=tuple(SEGMENT_BANDS),
    statistics=(*STATISTICS, RANDOM),
    ks=(2, 4, 8, 16, 24),
    settings={**SHALLOW, "epochs": 40},
    deep={**SHALLOW, "epochs": 40, "kernel": 5, "width": 0.5},
    loso_epochs=10,
    permutations=999,
)
EFFECT_D = 3.0
BAND = "gamma"


def tables(order: Order) -> Made:
    """Make the tables; raises EvokeError with one clear message, CancelledError."""
    plan = QUICK if order.is_quick else FULL
    study, data = _data(order, plan)
    with in_words():
        corpus = study_corpus(study)
    maker = _Maker(order, plan, study, corpus, data)
    made = []
    for dimension in ("valence", "arousal") if order.source is not None else ("valence",):
        made += list(maker.of(dimension))
    return Made(tuple(made))


def _data(order: Order, plan: Plan) -> tuple[Study, str]:
    if order.source is not None:
        study = Study.open(order.source)
        return study, f"study {study.name}"
    settings = Settings(
        effects={"eeg": EFFECT_D},
        modalities=("eeg",),
        eeg_channels=plan.channels,
        artefacts=0.02,
        seed=order.seed,
    )
    name = f"imagery-{plan.people}-{plan.channels}-{order.seed}"
    study = simulated_study(order, name, "imagery", plan.people, settings, NARROW)
    words = PLANTED.format(people=plan.people, channels=plan.channels, effect=EFFECT_D)
    return study, words


class _Maker:
    """Makes the tables of one study."""

    def __init__(self, order: Order, plan: Plan, study: Study, corpus: Corpus, data: str) -> None:
        self._order, self._plan, self._study, self._corpus, self._data = order, plan, study, corpus, data

    def of(self, dimension: str) -> Iterator[Ours]:
        """Yield the tables of valence, or arousal."""
        by_band = {band: self._cut(band, dimension) for band in self._plan.bands}
        gamma = by_band[BAND]
        yield self._bands(dimension, by_band)
        chosen = self._statistics(dimension, gamma)
        yield chosen[0]
        yield self._models(dimension, by_band, gamma, chosen[1])

    def _cut(self, band: str, dimension: str) -> Segments:
        self._order.said(f"{dimension}: cutting {band}")
        cutting = Cutting(band, dimension)
        return segments(self._study, cutting, corpus=self._corpus, cancelled=self._order.cancelled)

    def _swept(
        self, made: Segments, wanted: Sequence[tuple[str, int]], recognizer: str, settings: Mapping[str, Any]
    ) -> tuple[Sweep, ...]:
        found = []
        for kind, _ in SPLITS:
            own = {**settings, "epochs": self._plan.loso_epochs} if kind == "loso" else dict(settings)
            split = SplitSpec(kind, self._plan.folds, self._order.seed)
            with in_words():
                found.append(
                    sweep(
                        made.batch,
                        split,
                        own,
                        wanted,
                        recognizer=recognizer,
                        seed=self._order.seed,
                        cancelled=self._order.cancelled,
                    )
                )
        return tuple(found)

    def _notes(self, made: Segments) -> tuple[str, ...]:
        quick = ("The small form (--quick): few people, channels and epochs; the figures mean little.",)
        short = f"Networks of {self._plan.settings['epochs']} epochs; the article has 150."
        return (*(quick if self._order.is_quick else ()), short, *made.notes)

    @property
    def _protocol(self) -> str:
        return (
            f"{self._plan.folds}-fold within each person by segment (LEAKY: windows of a block in both sides)"
            " and by block; leave one person out. Accuracy in per cent, mean over people"
        )

    def _bands(self, dimension: str, by_band: Mapping[str, Segments]) -> Ours:
        rows: list[tuple[Cell, ...]] = []
        majority: list[Point] = []
        for band, made in by_band.items():
            self._order.said(f"{dimension}: {band}, all channels")
            swept = self._swept(made, ((ALL, 1),), "shallow-convnet", self._plan.settings)
            points = [each.points[0] for each in swept]
            majority = points
            rows.append((band, *(part for each in points for part in (_per_cent(each.accuracy), _f1(each)))))
        heads = tuple(f"{words}{kind}" for _, words in SPLITS for kind in ("", ", F1"))
        return Ours(
            f"All channels, by band: {dimension}",
            self._data,
            self._protocol,
            ("Band", *heads),
            tuple(rows),
            (_majority(majority),),
            self._notes(next(iter(by_band.values()))),
        )

    def _statistics(self, dimension: str, gamma: Segments) -> tuple[Ours, int]:
        ks = [k for k in self._plan.ks if k < len(gamma.channels)] or [max(1, len(gamma.channels) // 2)]
        middle = min(ks, key=lambda k: abs(k - len(gamma.channels) // 4))
        wanted = [(statistic, k) for statistic in self._plan.statistics for k in ks]
        self._order.said(f"{dimension}: {len(wanted)} choices of channels")
        swept = self._swept(gamma, wanted, "shallow-convnet", self._plan.settings)
        rows: list[tuple[Cell, ...]] = []
        for statistic in self._plan.statistics:
            row: list[Cell] = [statistic]
            for each in swept:
                points = each.of(statistic)
                best = max(points, key=lambda point: (point.accuracy, -point.k))
                same = next(point for point in points if point.k == middle)
                row += [_per_cent(best.accuracy), float(best.k), _per_cent(same.accuracy)]
            rows.append(tuple(row))
        heads = tuple(
            f"{words}{kind}" for _, words in SPLITS for kind in (", best", ", at K", f", K = {middle}")
        )
        blocks = next(each for each in swept if each.split == "trials")
        informed = [point for point in blocks.points if point.statistic != RANDOM]
        table = Ours(
            f"Gamma, accuracy by statistic: {dimension}",
            self._data,
            self._protocol,
            ("Statistic", *heads),
            tuple(rows),
            (
                _majority([each.points[0] for each in swept]),
                "random: as many channels by chance, the control of every statistic",
            ),
            (
                "The best K was found on the tested side: an upper bound, as in the article.",
                *self._notes(gamma),
            ),
        )
        return table, max(informed, key=lambda point: (point.accuracy, -point.k)).k

    def _models(self, dimension: str, by_band: Mapping[str, Segments], gamma: Segments, k: int) -> Ours:
        rows: list[tuple[Cell, ...]] = []
        shallow, deep = self._plan.settings, self._plan.deep
        ks = " ".join(str(each) for each in self._plan.ks)
        nested = {**shallow, "k_nested": True, "k_from": ks, "inner_epochs": max(2, shallow["epochs"] // 4)}
        asked: list[tuple[str, Segments, str, str, int, Mapping[str, Any]]] = [
            ("Shallow, gamma", gamma, "shallow-convnet", ALL, 1, shallow),
            (f"Shallow, gamma + kurtosis, K = {k}", gamma, "shallow-convnet", "kurtosis", k, shallow),
            (f"Shallow, gamma + random, K = {k}", gamma, "shallow-convnet", RANDOM, k, shallow),
            ("Shallow, gamma + kurtosis, K nested", gamma, "shallow-convnet", "kurtosis", k, nested),
            ("Deep, gamma", gamma, "deep-convnet", ALL, 1, deep),
            (f"Deep, gamma + kurtosis, K = {k}", gamma, "deep-convnet", "kurtosis", k, deep),
        ]
        if self._order.is_quick:
            asked = asked[1:2] + asked[3:4] + asked[5:]
        if "1-50" in by_band:
            asked.insert(0, ("Shallow, 1-50 Hz", by_band["1-50"], "shallow-convnet", ALL, 1, shallow))
        for name, made, recognizer, statistic, count, settings in asked:
            self._order.said(f"{dimension}: {name}")
            points = [
                each.points[0] for each in self._swept(made, ((statistic, count),), recognizer, settings)
            ]
            cells = [_with_spread(each) for each in points]
            rows.append((name, *cells, *(round(each.seconds, 2) for each in points)))
        controls, runs = self._engine(dimension, k)
        return Ours(
            f"Models and settings: {dimension}",
            self._data,
            self._protocol,
            ("Model, setting", *(words for _, words in SPLITS), *(f"s, {words}" for _, words in SPLITS)),
            tuple(rows),
            controls,
            (
                "Seconds are computing time of choice, training and test, a person, on one core.",
                "DeepConvNet has kernels of 5 instead of 10: 128 samples a second, half the article's.",
                *self._notes(gamma),
            ),
            runs,
        )

    def _engine(self, dimension: str, k: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Run the chosen setting as runs of the study, with guards, baseline and permutations."""
        told: list[str] = []
        runs: list[str] = []
        with in_words():
            target = make_target(self._study, self._corpus, recipe_of(label_table(self._study), dimension))
        for kind, words in SPLITS:
            settings = {**self._plan.settings, "statistic": "kurtosis", "k": k}
            if kind == "loso":
                settings["epochs"] = self._plan.loso_epochs
            experiment = finished_experiment(
                Cutting(BAND, dimension),
                settings,
                SplitSpec(kind, self._plan.folds, self._order.seed),
                self._plan.permutations,
                self._order.seed,
            )
            prepared = prepare(self._study, self._corpus, target, experiment, cancelled=self._order.cancelled)
            line = finished(self._study, prepared, self._order, Here() if self._order.is_quick else None)
            runs.append(line.run.name)
            told.append(f"{words}, kurtosis, K = {k}: {line.words}")
        return tuple(told), tuple(runs)


def finished_experiment(
    cutting: Cutting, settings: Mapping[str, Any], split: SplitSpec, permutations: int, seed: int
) -> Experiment:
    """Return the experiment of one setting, with its controls."""
    controls = ControlSpec(permutations, "stored", probe=False)
    return replace(cutting.experiment(split=split), settings=dict(settings), controls=controls, seed=seed)


def _per_cent(value: float) -> float:
    return round(100 * value, 2)


def _f1(point: Point) -> float:
    return _per_cent(point.f1)


def _with_spread(point: Point) -> str:
    return f"{100 * point.accuracy:.2f} ± {100 * point.spread:.2f}"


def _majority(points: Sequence[Point]) -> str:
    each = ", ".join(
        f"{words} {100 * point.majority:.1f}" for (_, words), point in zip(SPLITS, points, strict=True)
    )
    return f"majority of the training side: {each}"
