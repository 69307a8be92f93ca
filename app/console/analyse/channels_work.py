"""What the step EEG channels computes: segments with their rankings, and a sweep over K."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from analysis.evaluation.channel_sweep import Sweep, sweep
from analysis.evaluation.experiment import SplitKind, SplitSpec
from analysis.evaluation.guards import LeakError
from analysis.evaluation.splits import SplitError
from analysis.recognizers.channel_choice import ALL, RANDOM, STATISTICS
from analysis.targets.emotions import Table
from app.analysing.channel_figures import SPLIT_TITLES
from app.analysing.channels import RECOGNIZER, Cutting, Ranking, Segments, rankings, segments
from app.analysing.corpora import study_corpus
from app.analysing.emotion_labels import label_table
from app.analysing.evaluating import EvaluatingError, in_words
from app.analysing.literature.settings_words import differences
from app.console.analyse.waiting import Told
from app.study import Study

SPLITS: tuple[SplitKind, ...] = ("segments-own", "trials", "loso")
FOLDS = 5
MOST_CHANNELS = 512
FASTER: Mapping[str, Any] = MappingProxyType({"batch": 16, "rate": 2e-3})
"""Fewer and larger steps than the card's: a look at many networks in a short time."""


@dataclass(frozen=True)
class Cut:
    """Segments as they were cut, the channels' rank by participant ("" for everybody) and statistic."""

    made: Segments
    table: Table
    rankings: Mapping[tuple[str, str], Ranking]


@dataclass(frozen=True)
class Swept:
    """What came of a sweep, of whom ("" for everybody) and of which segments."""

    cutting: Cutting
    participant: str
    statistic: str
    sweeps: tuple[Sweep, ...]
    left_out: tuple[str, ...]
    training: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What must be said beside the figures: the splits, who is not in them, how networks were trained."""
        told = list(self.left_out)
        for each in self.sweeps:
            told.append(each.words)
            told += [f"{SPLIT_TITLES[each.split]}: {note}" for note in each.notes]
        return (*told, self.training)


def look(study: Study, cutting: Cutting, told: Told) -> Cut:
    """Cut the segments and rank the channels; raises EvokeError, CancelledError."""
    told(0, 0, "sessions")
    with in_words():
        corpus = study_corpus(study)
        table = label_table(study)
    made = segments(
        study,
        cutting,
        corpus=corpus,
        progress=lambda share: told(round(100 * share), 100, f"cutting {cutting.band}"),
        cancelled=told.cancelled,
    )
    wanted = ("", *made.participants)
    ranked = {}
    for place, code in enumerate(wanted):
        told(place, len(wanted), "ranking channels")
        for name, each in rankings(made, code, (*STATISTICS, RANDOM)).items():
            ranked[code, name] = each
    return Cut(made, table, ranked)


def ks_of(channels: int) -> tuple[int, ...]:
    """Return the numbers of channels that are tried: doubled from 2 on, fewer than all."""
    found = []
    k = 2
    while k < min(channels, MOST_CHANNELS):
        found.append(k)
        k *= 2
    return tuple(found) or (1,)


def swept(cut: Cut, participant: str, statistic: str, epochs: int, told: Told) -> Swept:
    """Train for each K, by the statistic and by chance, and with all channels, in three splits.

    Within-person splits are of the participant alone where one is named. A split that is impossible is left
    out and named. Raises EvokeError, CancelledError.
    """
    ks = ks_of(len(cut.made.channels))
    wanted = [(ALL, 1), *((name, k) for name in dict.fromkeys((statistic, RANDOM)) for k in ks)]
    found: list[Sweep] = []
    gone: list[str] = []
    settings = {**FASTER, "epochs": epochs}
    for number, kind in enumerate(SPLITS):
        batch = cut.made.batch if kind == "loso" else cut.made.of(participant)

        def tell(done: int, of: int, words: str, number: int = number) -> None:
            told(number * of + done, len(SPLITS) * of, words)

        try:
            each = sweep(
                batch, SplitSpec(kind, FOLDS), settings, wanted, progress=tell, cancelled=told.cancelled
            )
        except SplitError as error:
            gone.append(f"{SPLIT_TITLES[kind]}: not possible. {error}")
            continue
        except LeakError as error:
            gone.append(f"{SPLIT_TITLES[kind]}: {error}.")
            continue
        own = _of_one(each, participant) if kind == "loso" and participant else each
        if own.points:
            found.append(own)
        else:
            gone.append(f"{SPLIT_TITLES[kind]}: {participant} was not tested. {' '.join(each.notes)}")
    if not found:
        raise EvaluatingError("No split is possible: " + " ".join(gone))
    training = f"{RECOGNIZER}, its card's settings in brackets: {differences(RECOGNIZER, settings)}."
    return Swept(cut.made.cutting, participant, statistic, tuple(found), tuple(gone), training)


def _of_one(each: Sweep, participant: str) -> Sweep:
    """Return new people's points as those of one participant; without points who was not tested."""
    points = (point.of(participant) for point in each.points)
    return replace(each, points=tuple(point for point in points if point is not None))
