"""EEG segments about a study's presses, for choosing channels: label table, segments by band, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import Experiment, SplitSpec
from analysis.recognizers.channel_choice import best, due_to_few, scores
from analysis.targets.emotions import EMOTIONS, Table, against_totals, from_csv, recipe_of, to_csv
from analysis.targets.recipe import TargetError
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, in_words, prepare
from app.analysing.targets import make_target
from app.settings import write_atomically
from app.study import Study

RECOGNIZER = "shallow-convnet"
TABLE = Path("derivatives") / "targets" / "emotions.csv"
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


def label_table(study: Study) -> Table:
    """Return the study's label table, or the proposed one; raises TargetError."""
    path = study.folder / TABLE
    if not path.is_file():
        return EMOTIONS
    try:
        return from_csv(path.read_text(encoding="utf-8"), TABLE.as_posix())
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{TABLE.as_posix()}: cannot be read as a label table.") from error


def write_label_table(study: Study, table: Table) -> Path:
    """Write a label table into the study; one that is there is replaced."""
    path = study.folder / TABLE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, to_csv(table))
    return path


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
    return Segments(cutting, made.batch, (*made.warnings, *_counted(made.batch, cutting.dimension)))


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


@dataclass(frozen=True, slots=True)
class Ranking:
    """Channels of one participant (or of all) by a statistic: `order` are places, best first.

    `few` (c,) is the share of the fourth powers that a thousandth of the samples holds.
    """

    channels: tuple[str, ...]
    scores: NDArray[np.float64]
    order: NDArray[np.intp]
    few: NDArray[np.float64]


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
    values = next(iter(batch.inputs.values())).values
    few = due_to_few(values)
    found = {}
    for name in statistics:
        scored = scores(values, batch.cases.participant, name, seed)
        found[name] = Ranking(made.channels, scored, best(scored, len(scored)), few)
    return found


def channel_rows(
    made: Segments, statistic: str, k: int, participants: Sequence[str] = ()
) -> tuple[Mapping[str, str | int | float], ...]:
    """Return a row a participant and channel: its rank, its score, whether it is among the K."""
    rows = []
    for code in participants or made.participants:
        found = ranking(made, code, statistic)
        for rank, place in enumerate(found.order, 1):
            rows.append(
                {
                    "participant": code,
                    "band": made.cutting.band,
                    "statistic": statistic,
                    "rank": rank,
                    "channel": found.channels[place],
                    "score": float(found.scores[place]),
                    "chosen": int(rank <= k),
                }
            )
    return tuple(rows)
