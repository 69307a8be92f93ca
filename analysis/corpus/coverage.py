"""What was recorded of whom: participants by modalities, with how good it is and why not better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.cases import MODALITIES
from analysis.corpus.corpus import Corpus, CorpusError, Recording, Trial
from analysis.corpus.judging import Judged, Looked, judge
from analysis.session_file import SessionFileError, open_session

LEAST_SHARE = 0.5
"""A trial has a signal where so much of its stimulus (of what is spoken, for a voice) is covered."""


class CoverageCancelledError(Exception):
    """Whoever asked does not want to know any more."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A modality of a participant: of `trials`, `with_signal` have one.

    `quality` is the mean share of those trials that is there and not doubtful, 0 where there is none; `why`
    says in words what is missing or doubtful.
    """

    with_signal: int
    trials: int
    quality: float
    why: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of the trials with a signal, 0 where there are no trials."""
        return self.with_signal / self.trials if self.trials else 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Cells by (participant, modality); `modalities` are those that anybody has."""

    participants: tuple[str, ...]
    modalities: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary, the cells as a list."""
        return {
            "participants": list(self.participants),
            "modalities": list(self.modalities),
            "cells": [
                {
                    "participant": participant,
                    "modality": modality,
                    "trials": cell.trials,
                    "with_signal": cell.with_signal,
                    "share": round(cell.share, 4),
                    "quality": round(cell.quality, 4),
                    "why": list(cell.why),
                }
                for (participant, modality), cell in self.cells.items()
            ],
        }


def coverage(
    corpus: Corpus,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Coverage:
    """Go through a corpus once, recording by recording; `progress` gets how many are done, and of how many.

    What is known of a file is kept while this process runs. Raises CoverageCancelledError, CorpusError.
    """
    by_recording: dict[str, list[Trial]] = {}
    for trial in corpus.trials:
        by_recording.setdefault(trial.recording, []).append(trial)
    sums: dict[tuple[str, str], _Sum] = {}
    for place, recording in enumerate(corpus.recordings):
        if cancelled():
            raise CoverageCancelledError
        if progress is not None:
            progress(place, len(corpus.recordings))
        trials = by_recording.get(recording.id, [])
        for modality, judged in _judged(recording, trials).items():
            key = (recording.participant, modality)
            sums.setdefault(key, _Sum()).add(len(trials), judged, modality in recording.refused)
    if progress is not None:
        progress(len(corpus.recordings), len(corpus.recordings))
    had = {modality for (_, modality), each in sums.items() if each.had}
    modalities = tuple(modality for modality in MODALITIES if modality in had)
    cells = {
        (participant, modality): sums[participant, modality].cell()
        for participant in corpus.participants
        for modality in modalities
        if (participant, modality) in sums
    }
    return Coverage(corpus.participants, modalities, cells)


def _judged(recording: Recording, trials: Sequence[Trial]) -> Mapping[str, Judged | None]:
    names = frozenset(info.id for info in recording.streams)
    looked = tuple(Looked.of(trial) for trial in trials)
    return _judged_in(recording.path, recording.sha256, names, recording.refused, looked)


@lru_cache(maxsize=4096)
def _judged_in(
    path: Path, _: str, names: frozenset[str], refused: tuple[str, ...], trials: tuple[Looked, ...]
) -> Mapping[str, Judged | None]:
    try:
        with open_session(path) as session:
            return {
                modality: None if modality in refused else judge(session, modality, names, trials)
                for modality in MODALITIES
            }
    except (SessionFileError, OSError) as error:
        raise CorpusError(f"{path}: cannot be read: {error}") from error


class _Sum:
    """What all recordings of a participant say of a modality."""

    def __init__(self) -> None:
        self.had = 0
        self._recordings = 0
        self._trials = 0
        self._refused = 0
        self._quality: list[float] = []
        self._missing: Counter[str] = Counter()
        self._doubts: dict[str, float] = {}
        self._flat: Counter[str] = Counter()
        self._covered = 0.0

    def add(self, trials: int, judged: Judged | None, is_refused: bool) -> None:
        """Add a recording."""
        self._recordings += 1
        self._trials += trials
        self._refused += is_refused
        if judged is None:
            return
        self.had += 1
        for each in judged.trials:
            self._covered += each.covered_s
            if each.covered < LEAST_SHARE:
                self._missing[each.missing or "nothing was recorded"] += 1
                continue
            self._quality.append(each.quality)
            self._flat.update(each.flat)
        for words, seconds in judged.doubts.items():
            self._doubts[words] = self._doubts.get(words, 0.0) + seconds

    def cell(self) -> Cell:
        """Return the sum."""
        quality = float(np.mean(self._quality)) if self._quality else 0.0
        return Cell(len(self._quality), self._trials, quality, tuple(self._words()))

    def _words(self) -> list[str]:
        words = []
        if self._refused:
            words.append("the participant has not agreed to it")
        absent = self._recordings - self.had - self._refused
        if absent and self._recordings > 1:
            words.append(f"not recorded in {absent} of {self._recordings} recordings")
        elif absent:
            words.append("not recorded")
        if not self._trials:
            words.append("the recording has no trials")
        for cause, count in self._missing.most_common():
            words.append(f"{count} {'trial' if count == 1 else 'trials'} without a signal: {cause}")
        for said, seconds in sorted(self._doubts.items(), key=lambda each: -each[1]):
            share = seconds / self._covered if self._covered else 0.0
            if share >= 0.01:
                words.append(f"{said} in {share:.0%} of the time")
        if self._flat:
            worst = ", ".join(name for name, _ in self._flat.most_common(4))
            more = f" and {len(self._flat) - 4} more" if len(self._flat) > 4 else ""
            words.append(f"channels without a signal: {worst}{more}")
        return words
