"""Recordings and their trials: everything that a recognizer may learn from, without its signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from analysis.records import StreamInfo

Span = tuple[float, float]
"""Start and end in seconds of the recording's corrected clock."""


class CorpusError(Exception):
    """Recordings or trials cannot be used; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A session file: `id` is its file name without suffix, unique in its corpus; `sha256` of its content.

    `streams` are those that may be used, `refused` modalities that the participant did not agree to.
    `program` is what an imported one came from: a program, or a data set ("DEAP").
    """

    id: str
    path: Path
    sha256: str
    participant: str
    session: str
    origin: str
    streams: tuple[StreamInfo, ...]
    refused: tuple[str, ...] = ()
    program: str = ""
    transcript: str = ""
    """The SHA-256 of the transcript beside it, "" where there is none."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial of a recording: a row of /trials.

    `stages` are the spans of its stages by name, and by kind where the name is another ("induction" and
    "picture" give the same spans); `shown` is that of the stimulus (from `start_s` to `stop_s` where no onset
    is known). `ratings` holds the participant's answers that are numbers, by item.
    """

    recording: str
    participant: str
    session: str
    index: int
    stimulus: str
    category: str
    start_s: float
    stop_s: float
    shown: Span
    stages: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    ratings: Mapping[str, float] = field(default_factory=dict)
    practice: bool = False
    end_reason: str = "completed"
    presses: tuple[float, ...] = ()
    """When "I feel it" was pressed, in seconds of the recording's corrected clock, in order."""
    item: str = ""
    """The protocol's item: what was imagined, typed or said, where no stimulus was shown."""
    parts: tuple[Trial, ...] = ()
    """The trials of a visit, where this stands for all of it."""

    @property
    def key(self) -> tuple[str, int]:
        """What names it in the corpus: recording and index."""
        return (self.recording, self.index)


@dataclass(frozen=True, slots=True)
class Left:
    """What does not come into the corpus, and why: a recording (`trial` -1) or a trial of it."""

    recording: str
    trial: int
    why: str


@dataclass(frozen=True)
class Corpus:
    """All recordings of a study that may be used, and their trials, practice left out."""

    name: str
    recordings: tuple[Recording, ...]
    trials: tuple[Trial, ...]
    left_out: tuple[Left, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Recording]:
        """Recordings by id."""
        return {recording.id: recording for recording in self.recordings}

    @property
    def participants(self) -> tuple[str, ...]:
        """Codes of everybody with a recording, in order."""
        return tuple(sorted({recording.participant for recording in self.recordings}))
