"""What a target is: where its answers come from, how they become classes, and what they cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from analysis.corpus.corpus import Span

SourceKind = Literal[
    "rating", "category", "norm", "annotator", "fused", "trace", "participant", "questionnaire", "emotion"
]
RuleKind = Literal["threshold", "higher", "classes", "number"]
Tie = Literal["drop", "low", "high"]


class TargetError(Exception):
    """A target cannot be made; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named recipe.

    `source` with `of`: "rating" items (`("positive", "negative")`); "category" (); "norm" columns of the
    stimulus set (`("valence",)`); "annotator" and "fused": scheme, variable as in `evoke agreement`, and
    whose (`("sam@1", "rating.valence", "fused-mean")`; several with commas are a number each); "trace": the
    same, mean over the window after moving it earlier by the rater's stored lag; "participant": a field of
    the participants (`("group",)`); "questionnaire": an instrument's score in the same visit
    (`("phq-9", "total")`). Of these two all trials of the participant, or of the visit, have one answer.
    "emotion": what a label table says of the trial's item (or stimulus), `of` holding it whole
    (`("awe=high", "anger=low")`).

    `rule`: "threshold" (`at`; above is the second class, a value equal to it goes by `tie`), "higher" (of
    the two named ratings the higher one wins; equal: `tie`, "drop" by default (Yang et al.), "classes" (the
    values themselves, of `classes` where some are named, others are lost), "number" (no classes; of several
    ratings each is an output of its own).
    `mask` = (scheme, tier, overlap): a window of which at least this share lies under an artefact mark is
    lost.
    """

    name: str
    source: SourceKind
    of: tuple[str, ...] = ()
    rule: RuleKind = "classes"
    at: float = 0.0
    tie: Tie = "drop"
    classes: tuple[str, ...] = ()
    mask: tuple[str, str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary that JSON gives back unchanged."""
        mask = None if self.mask is None else list(self.mask)
        return asdict(self) | {"of": list(self.of), "classes": list(self.classes), "mask": mask}

    @property
    def numbers(self) -> tuple[str, ...]:
        """What its numbers are called: items, or the questions that annotators were asked."""
        if self.source not in ("annotator", "fused") or len(self.of) != 3:
            return self.of
        return tuple(each.partition(".")[2] or each for each in self.of[1].split(","))

    @property
    def sha256(self) -> str:
        """Of what it says, its name apart: the same recipe under two names is the same."""
        said = {name: value for name, value in self.to_json().items() if name != "name"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


TrialKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Lost:
    """A trial without an answer, and why."""

    trial: TrialKey
    why: str


@dataclass(frozen=True, slots=True)
class Target:
    """A recipe applied to a corpus.

    `values` by trial: a class number for `classes`, or a number where `classes` is (). `masks` are artefacts
    by recording. `files` are the label files that were read (relative to the study) with their SHA-256.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    values: Mapping[TrialKey, float]
    lost: tuple[Lost, ...] = ()
    masks: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    further: Mapping[TrialKey, tuple[float, ...]] = field(default_factory=dict)
    """Of a recipe with several numbers: those behind the first, which is in `values`."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the numbers; () where there are classes."""
        if self.classes:
            return ()
        return self.recipe.numbers if self.further else (self.recipe.name or "answer",)

    @property
    def sha256(self) -> str:
        """Of the recipe, every answer and every mask."""
        said: dict[str, Any] = {
            "recipe": self.recipe.sha256,
            "classes": self.classes,
            "values": sorted((*key, float(value)) for key, value in self.values.items()),
            "masks": sorted((name, *span) for name, spans in self.masks.items() for span in spans),
        }
        if self.further:
            said["further"] = sorted((*key, *each) for key, each in self.further.items())
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
