"""What the body did in each category: features of the stimulus' span, and effects between categories."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Corpus, CorpusError, Recording
from analysis.corpus.signals import modalities_of, signal_of
from analysis.features.feature import FeatureError, Signal
from analysis.features.store import Store
from app.analysing.html_page import Page, Table
from app.analysing.report.effects import Effect, paired_effect
from app.analysing.svg import Estimate, forest

MEASURED = (
    InputSpec("heart (BVP)", "bvp", "heart"),
    InputSpec("heart (ECG)", "ecg", "heart"),
    InputSpec("skin conductance", "eda", "skin"),
    InputSpec("skin temperature", "temperature", "temperature"),
    InputSpec("respiration", "respiration", "respiration"),
)
CELLS = ("measure", "feature", "category", "participants", "trials", "mean", "sd")
EFFECTS = ("measure", "feature", "from", "to", "participants", "difference", "d_z", "low", "high", "why")


@dataclass(frozen=True, slots=True)
class Measured:
    """One feature: its values by category and participant."""

    measure: str
    feature: str
    by: dict[str, dict[str, list[float]]]

    def cells(self) -> Iterator[tuple[object, ...]]:
        """Yield the rows of the table of means; the SD is that of participants' means."""
        for category, people in sorted(self.by.items()):
            means = [float(np.mean(values)) for values in people.values()]
            sd = float(np.std(means, ddof=1)) if len(means) > 1 else None
            trials = sum(len(values) for values in people.values())
            yield self.measure, self.feature, category, len(means), trials, float(np.mean(means)), sd

    def effects(self) -> Iterator[tuple[str, str, Effect]]:
        """Yield the effect between every two categories."""
        for one, other in itertools.combinations(sorted(self.by), 2):
            yield one, other, paired_effect(self.by[one], self.by[other])


def measure(
    corpus: Corpus, store: Store, cancelled: Callable[[], bool] = lambda: False
) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """Return everything measured in the stimulus' spans, and what could not be."""
    values: defaultdict[tuple[str, str], dict[str, dict[str, list[float]]]] = defaultdict(dict)
    problems: list[str] = []
    for recording in corpus.recordings:
        trials = [trial for trial in corpus.trials if trial.recording == recording.id]
        if not trials or cancelled():
            continue
        spans = np.array([trial.shown for trial in trials])
        has = set(modalities_of(recording))
        for spec in MEASURED:
            if spec.modality not in has:
                continue
            try:
                steps = store.steps(recording, spec, spans, _reader(recording, spec.modality))
            except (FeatureError, CorpusError) as error:
                problems.append(f"{recording.id}, {spec.name}: {error}")
                continue
            if steps is None:
                continue
            for place, trial in enumerate(trials):
                rows = steps.values[steps.first[place] : steps.first[place + 1]]
                for column, name in enumerate(steps.names):
                    known = rows[np.isfinite(rows[:, column]), column]
                    if len(known):
                        categories = values[spec.name, name].setdefault(trial.category or "–", {})
                        categories.setdefault(trial.participant, []).append(float(np.mean(known)))
    found = tuple(Measured(*names, by) for names, by in sorted(values.items()))
    return found, tuple(problems)


def _reader(recording: Recording, modality: str) -> Callable[[], Signal | None]:
    return lambda: signal_of(recording, modality)


def add_body(page: Page, corpus: Corpus, store: Store, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Add the section to a page."""
    page.section("Physiology by category")
    found, problems = measure(corpus, store, cancelled)
    if not found:
        page.text("No heart, skin or breathing signal was recorded in these sessions.")
    else:
        page.text(
            "Values of the stimulus' span without a baseline taken off. Trials are averaged within "
            "participants; d_z is the mean difference in SDs of the difference, corrected for few "
            "participants, with a percentile bootstrap over participants (95 %). These are many comparisons "
            "and none is a test."
        )
        effects = [(each, one, other, effect) for each in found for one, other, effect in each.effects()]
        table = Table(
            "physiology-effects",
            EFFECTS,
            tuple(
                (
                    each.measure, each.feature, one, other, effect.participants, effect.difference,
                    effect.dz, effect.low, effect.high, effect.why,
                )
                for each, one, other, effect in effects
            ),
        )  # fmt: skip
        pairs = sorted({(one, other) for _, one, other, _ in effects})
        for one, other in pairs:
            rows = [
                Estimate(f"{each.measure}: {each.feature}", effect.dz, effect.low, effect.high, effect.why)
                for each, first, second, effect in effects
                if (first, second) == (one, other)
            ]
            page.figure(
                forest(rows, f"{other} less {one}", "d_z", 0.0), f"{other} less {one}, d_z with 95 %.", table
            )
        page.table(Table("physiology", CELLS, tuple(row for each in found for row in each.cells())), most=30)
    for problem in problems[:10]:
        page.warning(problem)
