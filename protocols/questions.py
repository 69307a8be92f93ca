"""The items of a questionnaire: what is asked and how it is answered."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, model_validator

from protocols.parts import Identifier
from protocols.words import Label, Text
from stimuli.validation import OPTION_FORM, Part, mistake

OptionId = Annotated[str, Field(pattern=OPTION_FORM, max_length=64)]
NONE = Label("")


class LikertItem(Part):
    """Points from `low` to `high`; `dimension` names what it measures (positive, negative, ...).

    The answer is a whole number: the lowest point is `first`. `labels` name every point.
    """

    id: Identifier
    text: Text
    scale: Literal["likert"]
    points: Annotated[int, Field(ge=2, le=11)]
    low: Label = NONE
    high: Label = NONE
    dimension: Annotated[str, Field(max_length=200)] = ""
    first: Annotated[int, Field(ge=-10, le=10)] = 1
    labels: tuple[Label, ...] | None = None

    quiet_keys: ClassVar[frozenset[str]] = frozenset({"first"})

    @model_validator(mode="after")
    def _all_named(self) -> LikertItem:
        if self.labels is not None and len(self.labels) != self.points:
            message = f"{self.points} points have {len(self.labels)} labels."
            raise mistake(message, "Write one label for each point.")
        return self


class SamItem(Part):
    """A self-assessment figure row; the higher the point, the more pleasant, aroused or in control."""

    id: Identifier
    text: Text
    scale: Literal["sam"]
    points: Literal[5, 9]
    dimension: Literal["valence", "arousal", "dominance"]
    low: Label = NONE
    high: Label = NONE


class Axis(Part):
    """One side of a grid: what it measures and the words at its ends."""

    dimension: Annotated[str, Field(min_length=1, max_length=200)]
    low: Label = NONE
    high: Label = NONE


class GridItem(Part):
    """A square to point into; the answer is [x, y], each from 1 to `points`, y upwards."""

    id: Identifier
    text: Text
    scale: Literal["grid"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=3, le=21)] = 9


class Option(Part):
    """One answer to choose; `value` is what it counts in scores."""

    id: OptionId
    text: Label
    value: int | None = None


class ChoiceItem(Part):
    """A list to choose from: one option, or with `several` from `min` to `max` of them.

    The answer is the option's id, with `several` the list of ids.
    """

    id: Identifier
    text: Text
    scale: Literal["choice"]
    options: Annotated[tuple[Option, ...], Field(min_length=2, max_length=40)]
    several: bool = False
    min: Annotated[int, Field(ge=0, le=40)] = 1
    max: Annotated[int, Field(ge=1, le=40)] | None = None
    dimension: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _can_be_met(self) -> ChoiceItem:
        if not self.several and (self.min > 1 or self.max not in (None, 1)):
            raise mistake("min and max are for several choices.", "Write several: true, or leave them out.")
        most = self.max or len(self.options)
        if not self.min <= most <= len(self.options):
            message = f"{self.min} to {most} of {len(self.options)} options cannot be chosen."
            raise mistake(message, "Correct min and max.")
        return self


class TextItem(Part):
    """A free answer of up to `max_chars` characters."""

    id: Identifier
    text: Text
    scale: Literal["text"]
    max_chars: Annotated[int, Field(ge=1, le=10_000)] = 1000


class NumberItem(Part):
    """A number from `min` to `max`, with the unit that stands behind it."""

    id: Identifier
    text: Text
    scale: Literal["number"]
    min: float | None = None
    max: float | None = None
    decimals: Annotated[int, Field(ge=0, le=6)] = 0
    unit: Label = NONE

    @model_validator(mode="after")
    def _rises(self) -> NumberItem:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise mistake("min is greater than max.", "Write the smaller number as min.")
        return self


Item = Annotated[LikertItem | SamItem | GridItem | ChoiceItem | TextItem | NumberItem, Discriminator("scale")]
Items = Annotated[tuple[Item, ...], Field(min_length=1, max_length=60)]
