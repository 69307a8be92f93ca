"""Annotation schemes: what is asked of annotators, and what they may see while they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TierKind = Literal["point", "segment", "trace1d", "trace2d", "trial"]
Overlap = Literal["exclusive", "allow"]
QuestionKind = Literal["scale", "choice", "text"]

CANNOT_TELL = "cannot_tell"
"""Label of a mark whose annotator could not tell. In answers by question None stands for it; a question that
is absent was not answered."""

HIDEABLE = ("condition", "participant", "file_names", "others", "model", "order", "answers")
"""Facts that a scheme may hide: stimulus and category, code, names of files, other annotators' labels,
labels of models, number and time of the trial, what the participant answered."""

SHOWABLE = ("camera", "sound", "eeg", "wristband", "signals", "keys", "events", "stimulus")
"""What a scheme may show; `signals` are those that are neither EEG nor of a wristband."""


@dataclass(frozen=True, slots=True)
class Label:
    """One choice: `id` is stored, `name` shown; `key` is one digit or letter."""

    id: str
    name: str
    colour: str = ""
    key: str = ""
    definition: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One axis of a trace, or the range of a scale."""

    name: str
    low: float
    high: float
    low_text: str = ""
    high_text: str = ""
    step: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a whole trial; `figures` is a row of bundled figures (`valence`, `arousal`, ...)."""

    id: str
    text: str
    kind: QuestionKind
    scale: Dimension | None = None
    labels: tuple[Label, ...] = ()
    figures: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Tier:
    """One layer of labels.

    `point` and `segment` take `labels`, `trial` takes `questions`, traces take one or two `dimensions`.
    `bounded` False: a relative trace that has no ends. `free_text`: a note instead of, or beside, a label.
    `disc`: a trace of two dimensions stays inside the disc that fits its square.
    `channels`: marks may name channels. `cannot_tell`: the answer 'cannot tell' is offered (key 0).
    """

    name: str
    kind: TierKind
    title: str
    overlap: Overlap = "exclusive"
    labels: tuple[Label, ...] = ()
    questions: tuple[Question, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    bounded: bool = True
    rate_hz: float = 60.0
    free_text: bool = False
    channels: bool = False
    cannot_tell: bool = True
    required: bool = False
    disc: bool = False


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme in one version, for ever; `hide` and `show` decide what an annotator sees.

    `sound_with_stimulus`: sound is heard while a stimulus plays although the condition is hidden.
    `sha256` is the checksum of its canonical JSON, colours aside.
    """

    name: str
    version: int
    title: str
    question: str
    tiers: tuple[Tier, ...]
    instructions: str = ""
    hide: frozenset[str] = frozenset()
    show: frozenset[str] = frozenset(SHOWABLE)
    sound_with_stimulus: bool = False
    sha256: str = ""

    @property
    def id(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    def tier(self, name: str) -> Tier:
        """Return a tier; raises KeyError."""
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise KeyError(name)
