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
from analysis.recognizers.convnet_layers import deep_lengths
from analysis.recognizers.recognizer import RecognizerError
from analysis.simulate.settings import Settings
from analysis.targets.emotions import recipe_of
from app.analysing.channels import Cutting, Segments, segments
from app.analysing.corpora import study_corpus
from app.analysing.emotion_labels import label_table
from app.analysing.evaluating import EvaluatingError, in_words, prepare
from app.analysing.literature.finishing import finished
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.literature.settings_words import differences
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
ARTICLE_KS = (64, 68, 90)
"""Ks that the article tells of, for caps with more channels than these."""
ARTICLE_EPOCHS: Mapping[str, int] = MappingProxyType({"valence": 150, "arousal": 50})
LOSO_EPOCHS = 10
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
    deep={**SHALLOW, "epochs": 3, "width": 0.2},
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
    deep={**SHALLOW, "epochs": 40, "width": 0.5},
    loso_epochs=10,
    permutations=999,
)
EFFECT_D = 3.0
ON_TEST = "K chosen on the tested side"
BAND = "gamma"


def tables(order: Order) -> Made:
    """Make the tables; raises EvokeError with one clear message, CancelledError."""
    plan = QUICK if order.is_quick else FULL
    study, data = _data(order, plan)
    with in_words():
        corpus = study_corpus(study)
    maker = _Maker(order, plan, study, corpus, data)
    made: list[Ours] = []
    gone: list[str] = []
    for dimension in ("valence", "arousal") if order.source is not None else ("valence",):
        try:
            for table in maker.of(dimension):
                made.append(table)
        except EvaluatingError as error:
            gone.append(f"{dimension}: not all tables could be made. {error}")
            order.said(gone[-1])
    if not made:
        raise LiteratureError(" ".join(gone))
    return Made(tuple(replace(table, notes=(*table.notes, *gone)) for table in made))


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
        self._missed: dict[str, None] = {}

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
    ) -> _Swept:
        """Train and test in each split that these data allow; what is not possible is said in the notes."""
        found: dict[str, Sweep] = {}
        why: list[str] = []
        for kind, words in SPLITS:
            own = {**settings, "epochs": self._plan.loso_epochs} if kind == "loso" else dict(settings)
            split = SplitSpec(kind, self._plan.folds, self._order.seed)
            try:
                with in_words():
                    found[kind] = sweep(
                        made.batch,
                        split,
                        own,
                        wanted,
                        recognizer=recognizer,
                        seed=self._order.seed,
                        cancelled=self._order.cancelled,
                    )
            except EvaluatingError as error:
                why.append(f"{words}: no figures. {error}")
        if not found:
            raise EvaluatingError(f"{self._data}: not possible in any split. {' '.join(why)}")
        self._missed.update(dict.fromkeys(why))
        return _Swept(found)

    def _notes(self, made: Segments, *swept: _Swept) -> tuple[str, ...]:
        quick = ("The small form (--quick): few people, channels and epochs; the figures mean little.",)
        plan, dimension = self._plan, made.cutting.dimension
        others = differences("shallow-convnet", plan.settings, ("epochs",))
        trained = (
            f"Networks of {plan.settings['epochs']} epochs, the article's of {ARTICLE_EPOCHS[dimension]}; for"
            f" new people of {plan.loso_epochs}, the article's of {LOSO_EPOCHS}.",
            f"ShallowConvNet, the card's in brackets: {others}.",
        )
        found = [*(quick if self._order.is_quick else ()), *trained, *made.notes, *self._missed]
        for each in swept:
            found += each.notes
        return tuple(dict.fromkeys(found))

    @property
    def _protocol(self) -> str:
        return (
            f"{self._plan.folds}-fold within each person by segment (LEAKY: windows of a block in both sides)"
            " and by block; leave one person out. Accuracy in per cent, mean over people"
        )

    def _bands(self, dimension: str, by_band: Mapping[str, Segments]) -> Ours:
        rows: list[tuple[Cell, ...]] = []
        swept: list[_Swept] = []
        for band, made in by_band.items():
            self._order.said(f"{dimension}: {band}, all channels")
            swept.append(self._swept(made, ((ALL, 1),), "shallow-convnet", self._plan.settings))
            points = swept[-1].points(ALL)
            rows.append((band, *(part for each in points for part in (_accuracy(each), _f1(each)))))
        heads = tuple(f"{words}{kind}" for _, words in SPLITS for kind in ("", ", F1"))
        return Ours(
            f"All channels, by band: {dimension}",
            self._data,
            self._protocol,
            ("Band", *heads),
            tuple(rows),
            (swept[-1].majority,),
            self._notes(next(iter(by_band.values())), *swept),
        )

    def _statistics(self, dimension: str, gamma: Segments) -> tuple[Ours, int]:
        """Return the table, and the K with which kurtosis was best on the tested side."""
        ks = ks_of(self._plan.ks, len(gamma.channels))
        middle = min(ks, key=lambda k: abs(k - len(gamma.channels) // 4))
        wanted = [(statistic, k) for statistic in self._plan.statistics for k in ks]
        self._order.said(f"{dimension}: {len(wanted)} choices of channels")
        swept = self._swept(gamma, wanted, "shallow-convnet", self._plan.settings)
        rows: list[tuple[Cell, ...]] = []
        for statistic in self._plan.statistics:
            row: list[Cell] = [statistic]
            for kind, _ in SPLITS:
                best, same = swept.best(kind, statistic), swept.at(kind, statistic, middle)
                row += [_accuracy(best), None if best is None else float(best.k), _accuracy(same)]
            rows.append(tuple(row))
        heads = tuple(
            f"{words}{kind}" for _, words in SPLITS for kind in (", best", ", at K", f", K = {middle}")
        )
        table = Ours(
            f"Gamma, accuracy by statistic: {dimension}",
            self._data,
            self._protocol,
            ("Statistic", *heads),
            tuple(rows),
            (swept.majority, "random: as many channels by chance, the control of every statistic"),
            (
                "The best K was found on the tested side: an upper bound, as in the article.",
                f"Ks tried: {', '.join(map(str, ks))} of {len(gamma.channels)} channels; the article tried"
                " every one from 1 to 123.",
                *self._notes(gamma, swept),
            ),
        )
        best = swept.best("trials", "kurtosis") or swept.best(swept.kinds[0], "kurtosis")
        assert best is not None
        return table, best.k

    def _models(self, dimension: str, by_band: Mapping[str, Segments], gamma: Segments, k: int) -> Ours:
        rows: list[tuple[Cell, ...]] = []
        swept: list[_Swept] = []
        deep = {**self._plan.deep, "kernel": deep_kernel(_samples(gamma))}
        for name, made, recognizer, statistic, count, settings in self._asked(by_band, gamma, k, deep):
            self._order.said(f"{dimension}: {name}")
            try:
                swept.append(self._swept(made, ((statistic, count),), recognizer, settings))
            except EvaluatingError as error:
                self._missed[f"{name}: no figures. {error}"] = None
                continue
            points = swept[-1].points(statistic)
            seconds = (None if each is None else round(each.seconds, 2) for each in points)
            rows.append((name, *(_with_spread(each) for each in points), *seconds))
        controls, runs = self._engine(dimension, len(gamma.channels))
        return Ours(
            f"Models and settings: {dimension}",
            self._data,
            self._protocol,
            ("Model, setting", *(words for _, words in SPLITS), *(f"s, {words}" for _, words in SPLITS)),
            tuple(rows),
            controls,
            (
                f"{ON_TEST}: rows so marked are upper bounds, as in the article. K nested was chosen inside"
                " each training side, and so were the runs below the table.",
                "Seconds are computing time of choice, training and test, a person, on one core; filling of"
                " gaps is not in them.",
                f"DeepConvNet, the card's in brackets: {differences('deep-convnet', deep)};"
                f" {_samples(gamma)} samples a segment, the article's have 512.",
                *self._notes(gamma, *swept),
            ),
            runs,
        )

    def _nested(self, channels: int) -> dict[str, Any]:
        shallow = self._plan.settings
        ks = " ".join(str(each) for each in ks_of(self._plan.ks, channels))
        return {**shallow, "k_nested": True, "k_from": ks, "inner_epochs": max(2, shallow["epochs"] // 4)}

    def _asked(
        self, by_band: Mapping[str, Segments], gamma: Segments, k: int, deep: Mapping[str, Any]
    ) -> list[tuple[str, Segments, str, str, int, Mapping[str, Any]]]:
        """Return the rows of the models: name, segments, recognizer, statistic, K, settings."""
        shallow, nested = self._plan.settings, self._nested(len(gamma.channels))
        of_k = f"K = {k} ({ON_TEST})"
        asked: list[tuple[str, Segments, str, str, int, Mapping[str, Any]]] = [
            ("Shallow, gamma", gamma, "shallow-convnet", ALL, 1, shallow),
            (f"Shallow, gamma + kurtosis, {of_k}", gamma, "shallow-convnet", "kurtosis", k, shallow),
            (f"Shallow, gamma + random, {of_k}", gamma, "shallow-convnet", RANDOM, k, shallow),
            ("Shallow, gamma + kurtosis, K nested", gamma, "shallow-convnet", "kurtosis", k, nested),
            ("Deep, gamma", gamma, "deep-convnet", ALL, 1, deep),
            (f"Deep, gamma + kurtosis, {of_k}", gamma, "deep-convnet", "kurtosis", k, deep),
        ]
        if self._order.is_quick:
            asked = asked[1:2] + asked[3:4] + asked[5:]
        if "1-50" in by_band:
            asked.insert(0, ("Shallow, 1-50 Hz", by_band["1-50"], "shallow-convnet", ALL, 1, shallow))
        return asked

    def _engine(self, dimension: str, channels: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Run kurtosis, K chosen inside the training side, as runs of the study with guards and controls."""
        told: list[str] = []
        runs: list[str] = []
        with in_words():
            target = make_target(self._study, self._corpus, recipe_of(label_table(self._study), dimension))
        cutting = Cutting(BAND, dimension)
        for kind, words in SPLITS:
            settings = {**self._nested(channels), "statistic": "kurtosis"}
            if kind == "loso":
                settings["epochs"] = self._plan.loso_epochs
            split = SplitSpec(kind, self._plan.folds, self._order.seed)
            experiment = finished_experiment(
                cutting, settings, split, self._plan.permutations, self._order.seed
            )
            try:
                cancelled = self._order.cancelled
                prepared = prepare(self._study, self._corpus, target, experiment, cancelled=cancelled)
                line = finished(self._study, prepared, self._order, Here() if self._order.is_quick else None)
            except EvaluatingError as error:
                told.append(f"{words}: no run. {error}")
                continue
            runs.append(line.run.name)
            told.append(f"{words}, kurtosis, K chosen inside the training side: {line.words}")
        return tuple(told), tuple(runs)


def finished_experiment(
    cutting: Cutting, settings: Mapping[str, Any], split: SplitSpec, permutations: int, seed: int
) -> Experiment:
    """Return the experiment of one setting, with its controls."""
    controls = ControlSpec(permutations, "stored", probe=False)
    return replace(cutting.experiment(split=split), settings=dict(settings), controls=controls, seed=seed)


def ks_of(asked: Sequence[int], channels: int) -> tuple[int, ...]:
    """Return the Ks that are tried: those asked for, the article's, half of the channels, fewer than all."""
    half = (channels // 2,) if channels // 2 > max(asked) else ()
    return tuple(sorted({k for k in (*asked, *ARTICLE_KS, *half) if 1 < k < channels})) or (1,)


def deep_kernel(samples: int) -> int:
    """Return DeepConvNet's largest kernel, of at most 10, whose four blocks fit a segment."""
    for kernel in range(10, 1, -1):
        try:
            deep_lengths(samples, kernel=kernel)
        except RecognizerError:
            continue
        return kernel
    return 1


def _samples(made: Segments) -> int:
    return int(next(iter(made.batch.inputs.values())).values.shape[1])


@dataclass(frozen=True, slots=True)
class _Swept:
    """A sweep by split, those that the data allow: figures are None in the others."""

    by_kind: Mapping[str, Sweep]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self.by_kind)

    def of(self, kind: str, statistic: str) -> tuple[Point, ...]:
        return self.by_kind[kind].of(statistic) if kind in self.by_kind else ()

    def best(self, kind: str, statistic: str) -> Point | None:
        return max(self.of(kind, statistic), key=lambda point: (point.accuracy, -point.k), default=None)

    def at(self, kind: str, statistic: str, k: int) -> Point | None:
        return next((point for point in self.of(kind, statistic) if point.k == k), None)

    def points(self, statistic: str) -> tuple[Point | None, ...]:
        """Return the one point of each split."""
        return tuple(next(iter(self.of(kind, statistic)), None) for kind, _ in SPLITS)

    @property
    def majority(self) -> str:
        each = ", ".join(
            f"{words} {100 * self.by_kind[kind].points[0].majority:.1f}"
            for kind, words in SPLITS
            if kind in self.by_kind
        )
        return f"majority of the training side: {each}"

    @property
    def notes(self) -> Iterator[str]:
        """Yield how many people each split is of, and what it left out."""
        counts = (
            f"{words} {len(self.by_kind[kind].people)}" for kind, words in SPLITS if kind in self.by_kind
        )
        yield f"People tested: {', '.join(counts)}."
        for kind, words in SPLITS:
            if kind in self.by_kind:
                yield from (f"{words}: {note}" for note in self.by_kind[kind].notes)


def _accuracy(point: Point | None) -> Cell:
    return None if point is None else round(100 * point.accuracy, 2)


def _f1(point: Point | None) -> Cell:
    return None if point is None else round(100 * point.f1, 2)


def _with_spread(point: Point | None) -> Cell:
    if point is None:
        return None
    spread = "" if point.spread is None else f" ± {100 * point.spread:.2f}"
    return f"{100 * point.accuracy:.2f}{spread}"
