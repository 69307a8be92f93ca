"""EEG segments about a study's presses, for choosing channels: label table, segments by band, lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import Experiment, SplitSpec
from analysis.recognizers.channel_choice import best, due_to_few, scores, with_gaps
from analysis.targets.emotions import against_totals, recipe_of
from app.analysing.corpora import study_corpus
from app.analysing.emotion_labels import TABLE, label_table
from app.analysing.evaluating import EvaluatingError, in_words, prepare
from app.analysing.targets import make_target
from app.study import Study

RECOGNIZER = "shallow-convnet"
STAGE = "imagery"
LEAST_EACH = 5
"""Fewer segments of a class than these say little about a participant."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """How segments are cut: `band`, seconds about each press, samples a second (0: as recorded).

    `ends_at_press`: the window ends at the press instead of lying about it, so that the hand's movement is
    not in it.
    """

    band: str = "gamma"
    dimension: str = "valence"
    window_s: float = 2.0
    ends_at_press: bool = False
    rate_hz: float = 0.0

    @property
    def cases(self) -> CaseSpec:
        """The cases."""
        return CaseSpec("press", self.window_s, -self.window_s / 2 if self.ends_at_press else 0.0, STAGE)

    @property
    def inputs(self) -> tuple[InputSpec, ...]:
        """The one input."""
        settings = {"band": self.band, "order": 4, "rate_hz": self.rate_hz}
        return (InputSpec("eeg", "eeg", "eeg.band", settings),)

    def experiment(self, recognizer: str = RECOGNIZER, split: SplitSpec | None = None) -> Experiment:
        """Return the experiment that cuts like this."""
        return Experiment(
            recognizer, {}, "", cases=self.cases, inputs=self.inputs, split=split or SplitSpec("trials", 5)
        )


@dataclass(frozen=True, slots=True)
class Segments:
    """Segments with answers, and what must be said of them."""

    cutting: Cutting
    batch: Batch
    notes: tuple[str, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return next(iter(self.batch.inputs.values())).names

    @property
    def participants(self) -> tuple[str, ...]:
        """Codes, in order."""
        return tuple(str(code) for code in np.unique(self.batch.cases.participant))

    def of(self, participant: str) -> Batch:
        """Return one participant's; of everybody for ""."""
        if not participant:
            return self.batch
        return self.batch.rows(np.flatnonzero(self.batch.cases.participant == participant))


def segments(
    study: Study,
    cutting: Cutting,
    *,
    corpus: Corpus | None = None,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Segments:
    """Cut a study's segments; raises EvaluatingError with one clear message, CancelledError."""
    with in_words():
        known = corpus or study_corpus(study)
        if not any(trial.presses for trial in known.trials):
            raise EvaluatingError(
                f"{study.name}: nobody pressed a button while imagining. Segments are cut about the presses"
                " of the imagery protocol."
            )
        recipe = recipe_of(label_table(study), cutting.dimension)
        target = make_target(study, known, recipe)
        if not target.values:
            raise EvaluatingError(
                f"{study.name}: the label table has none of the emotions that were imagined. Edit"
                f" {TABLE.as_posix()}."
            )
    made = prepare(study, known, target, cutting.experiment(), progress=progress, cancelled=cancelled)
    batch = made.batch
    notes = (*_counted(batch, cutting.dimension), *_gaps(batch), *_twice(batch, known))
    return Segments(cutting, batch, (*made.warnings, *notes))


def _counted(batch: Batch, dimension: str) -> tuple[str, ...]:
    assert batch.y is not None
    totals = [int((batch.y == number).sum()) for number in range(2)]
    told = [f"{dimension.capitalize()}: {totals[0]} segments low, {totals[1]} high"]
    checked = against_totals(dimension, totals[0], totals[1])
    if checked:
        told = [checked]
    few = [
        str(code)
        for code in np.unique(batch.cases.participant)
        if min(int((batch.y[batch.cases.participant == code] == number).sum()) for number in range(2))
        < LEAST_EACH
    ]
    if few:
        told.append(f"Fewer than {LEAST_EACH} segments of a class: {', '.join(few)}")
    return tuple(told)


def _gaps(batch: Batch) -> Iterator[str]:
    """Say what no channel, or nobody, is ranked by."""
    each = next(iter(batch.inputs.values()))
    gaps = with_gaps(each.values, each.lengths)
    touched = gaps.any(axis=1)
    if touched.any():
        yield (
            f"{int(touched.sum())} of {len(batch)} segments have a gap in the signal: channels are not ranked"
            " by them, and networks are given the training median there"
        )
    nobody = [
        str(code)
        for code in np.unique(batch.cases.participant)
        if gaps[batch.cases.participant == code].all(axis=0).all()
    ]
    if nobody:
        yield f"A gap in every segment, so without a rank and not among everybody: {', '.join(nobody)}"
    if len(np.unique(each.lengths[each.present])) > 1:
        yield "Recordings have different rates: their segments are of different numbers of samples"


def _twice(batch: Batch, corpus: Corpus) -> Iterator[str]:
    """Say where a block is not all that there is of an emotion: who imagined one more than once."""
    item_of = {trial.key: (trial.item or trial.stimulus).lower() for trial in corpus.trials}
    blocks: dict[tuple[str, str], set[tuple[str, int]]] = {}
    cases = batch.cases
    for recording, trial, who in zip(cases.recording, cases.trial, cases.participant, strict=True):
        key = (str(recording), int(trial))
        blocks.setdefault((str(who), item_of[key]), set()).add(key)
    again = sorted({who for (who, item), keys in blocks.items() if item and len(keys) > 1})
    if again:
        yield (
            f"The same emotion in several blocks: {', '.join(again)}. By block, it may then be trained on and"
            " tested: that is no test of an emotion never met"
        )


@dataclass(frozen=True, slots=True)
class Ranking:
    """Channels of one participant (or of all) by a statistic: `order` are places, best first.

    A channel that does not move, or has a gap in every segment, has the score NaN and is the last. `few` (c,)
    is the share of the fourth powers that a thousandth of the samples holds.
    """

    channels: tuple[str, ...]
    scores: NDArray[np.float64]
    order: NDArray[np.intp]
    few: NDArray[np.float64]

    def first(self, k: int) -> tuple[int, ...]:
        """Return the places of the K best; fewer where fewer have a score."""
        return tuple(int(place) for place in self.order[:k] if math.isfinite(self.scores[place]))


def ranking(made: Segments, participant: str, statistic: str, seed: int = 1) -> Ranking:
    """Rank the channels by all segments of a participant ("": the mean over all of them).

    To look at; what a network is trained on is ranked by its training segments only.
    """
    return rankings(made, participant, (statistic,), seed)[statistic]


def rankings(
    made: Segments, participant: str, statistics: Sequence[str], seed: int = 1
) -> dict[str, Ranking]:
    """Rank the channels by several statistics."""
    batch = made.of(participant)
    each = next(iter(batch.inputs.values()))
    few = due_to_few(each.values, each.lengths)
    found = {}
    for name in statistics:
        scored = scores(each.values, batch.cases.participant, name, seed, each.lengths)
        found[name] = Ranking(made.channels, scored, best(scored, len(scored)), few)
    return found


def channel_rows(
    made: Segments, statistic: str, k: int, participants: Sequence[str] = ()
) -> tuple[Mapping[str, str | int | float], ...]:
    """Return a row a participant and channel: its rank, its score, whether it is among the K."""
    rows = []
    for code in participants or made.participants:
        found = ranking(made, code, statistic)
        chosen = set(found.first(k))
        for rank, place in enumerate(found.order, 1):
            score = float(found.scores[place])
            rows.append(
                {
                    "participant": code,
                    "band": made.cutting.band,
                    "statistic": statistic,
                    "rank": rank,
                    "channel": found.channels[place],
                    "score": score if math.isfinite(score) else "",
                    "chosen": int(place in chosen),
                }
            )
    return tuple(rows)
