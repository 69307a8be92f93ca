"""What the step EEG channels computes: segments with their rankings, and a sweep over K."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.evaluation.channel_sweep import Sweep, sweep
from analysis.evaluation.experiment import SplitKind, SplitSpec
from analysis.evaluation.splits import SplitError
from analysis.recognizers.channel_choice import ALL, RANDOM, STATISTICS
from analysis.targets.emotions import Table
from app.analysing.channels import Cutting, Ranking, Segments, label_table, rankings, segments
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, in_words
from app.console.analyse.waiting import Told
from app.study import Study

SPLITS: tuple[SplitKind, ...] = ("segments-own", "trials", "loso")
FOLDS = 5
MOST_CHANNELS = 512


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
    settings = {"epochs": epochs, "batch": 16, "rate": 2e-3}
    for number, kind in enumerate(SPLITS):
        batch = cut.made.batch if kind == "loso" else cut.made.of(participant)

        def tell(done: int, of: int, words: str, number: int = number) -> None:
            told(number * of + done, len(SPLITS) * of, words)

        try:
            each = sweep(
                batch, SplitSpec(kind, FOLDS), settings, wanted, progress=tell, cancelled=told.cancelled
            )
        except SplitError as error:
            gone.append(str(error))
            continue
        found.append(_of_one(each, participant) if kind == "loso" and participant else each)
    if not found:
        raise EvaluatingError("No split is possible: " + " ".join(gone))
    return Swept(cut.made.cutting, participant, statistic, tuple(found), tuple(gone))


def _of_one(each: Sweep, participant: str) -> Sweep:
    """Return new people's points as those of one participant."""
    points = tuple(
        replace(point, accuracy=point.people.get(participant, point.accuracy), spread=0.0)
        for point in each.points
    )
    return replace(each, points=points)
