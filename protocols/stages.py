"""The stages a protocol file may hold, one class a kind.

A new kind is one class here, one member of `AnyStage` and its name in `protocols.schedule.StageKind`.
Fields of a class are the keys of the file; `content` of the expanded stage has the same names.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from protocols.schedule import Duration
from stimuli.validation import COLOUR_FORM, NAME_FORM, Part, mistake

Identifier = Annotated[str, Field(pattern=NAME_FORM, max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Label = Annotated[str, Field(max_length=200)]
Colour = Annotated[str, Field(pattern=COLOUR_FORM)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _no_mapping(value: Any) -> Any:
    if isinstance(value, dict):
        raise mistake("the clock ends this stage, so its duration is one number.", "Write the seconds.")
    return value


def _no_number(value: Any) -> Any:
    if isinstance(value, int | float):
        message = "the participant ends this stage, so its duration is not one number."
        raise mistake(message, f"Write {{typical_s: {value:g}}}.")
    return value


Timed = Annotated[Seconds, BeforeValidator(_no_mapping)]


class SelfPaced(Part):
    """A duration that the participant ends: not before `min_s`, at `max_s` (if given) at the latest.

    `typical_s` is what a usual participant takes: the plan of the day and automatic participants use it.
    """

    typical_s: Seconds
    min_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    max_s: Seconds | None = None

    @model_validator(mode="after")
    def _in_order(self) -> SelfPaced:
        if not self.min_s <= self.typical_s <= (self.max_s or self.typical_s):
            raise mistake("min_s, typical_s and max_s must rise in this order.", "Correct the three numbers.")
        if self.min_s == self.max_s:
            raise mistake("min_s and max_s are the same.", "Write one number for a timed stage.")
        return self


ByParticipant = Annotated[SelfPaced, BeforeValidator(_no_number)]


def _pace(value: Any) -> str:
    return "self-paced" if isinstance(value, dict | SelfPaced) else "timed"


AnyDuration = Annotated[
    Annotated[Seconds, Tag("timed")] | Annotated[SelfPaced, Tag("self-paced")], Discriminator(_pace)
]


class _Stage(Part):
    """What all stages have: the name that events and results carry, the kind's name if none is given."""

    name: Identifier = ""

    @property
    def label(self) -> str:
        """The name, or the kind."""
        return self.name or str(getattr(self, "kind", ""))

    def duration(self) -> Duration:
        """Return the duration as schedules hold it."""
        given: float | SelfPaced = getattr(self, "duration_s", 0.0)
        if isinstance(given, SelfPaced):
            return Duration(given.min_s, given.typical_s, given.max_s)
        return Duration(given, given, given)


class Instruction(_Stage):
    """Text to read; with a self-paced duration it ends with a button."""

    kind: Literal["instruction"]
    text: Text
    duration_s: AnyDuration
    button: Label = "CONTINUE"


class Fixation(_Stage):
    """A symbol in the middle to look at."""

    kind: Literal["fixation"]
    duration_s: Timed
    symbol: Annotated[str, Field(min_length=1, max_length=3)] = "+"


def _fit(value: Any) -> str:
    return "fit" if isinstance(value, str) else "fraction"


class Picture(_Stage):
    """The trial's picture, centred. `size` is its height as a fraction of the screen's, or `fit`."""

    kind: Literal["picture"]
    duration_s: Timed
    size: Annotated[
        Annotated[Literal["fit"], Tag("fit")]
        | Annotated[Annotated[float, Field(gt=0, le=1)], Tag("fraction")],
        Discriminator(_fit),
    ] = "fit"
    background: Colour = "#808080"


class Blank(_Stage):
    """Nothing but the background."""

    kind: Literal["blank"]
    duration_s: Timed
    background: Colour = "#808080"


class Flash(_Stage):
    """A bright screen at once, and a tone at the same moment if asked for: what clocks are compared by."""

    kind: Literal["flash"]
    duration_s: Timed
    background: Colour = "#FFFFFF"
    tone: bool = True


class Rest(_Stage):
    """A quiet baseline with a line of text."""

    kind: Literal["rest"]
    duration_s: Timed
    text: Text = "Please relax and look at the middle of the screen."


class LikertItem(Part):
    """Points from `low` to `high`; `dimension` names what it measures (positive, negative, ...)."""

    id: Identifier
    text: Text
    scale: Literal["likert"]
    points: Annotated[int, Field(ge=2, le=11)]
    low: Label = ""
    high: Label = ""
    dimension: Label = ""


class SamItem(Part):
    """A self-assessment figure row; the higher the point, the more pleasant, aroused or in control."""

    id: Identifier
    text: Text
    scale: Literal["sam"]
    points: Literal[5, 9]
    dimension: Literal["valence", "arousal", "dominance"]
    low: Label = ""
    high: Label = ""


Item = Annotated[LikertItem | SamItem, Discriminator("scale")]


class Questionnaire(_Stage):
    """Items answered together; `shuffle` puts them in a new order for every participant and trial."""

    kind: Literal["questionnaire"]
    duration_s: ByParticipant
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=40)]
    title: Label = ""
    button: Label = "CONTINUE"
    shuffle: bool = False


class Typing(_Stage):
    """Copy a sentence of the list `sentences`."""

    kind: Literal["typing"]
    duration_s: ByParticipant
    sentences: Identifier
    prompt: Text = "Please type this sentence."
    show_target: bool = True
    button: Label = "CONTINUE"


class Speaking(_Stage):
    """Hold the button and read `count` sentences of the list `sentences` aloud."""

    kind: Literal["speaking"]
    duration_s: ByParticipant
    sentences: Identifier
    count: Annotated[int, Field(ge=1, le=20)] = 1
    prompt: Text = "Hold the button and read aloud."
    button: Label = "HOLD TO TALK"
    min_hold_s: Annotated[float, Field(ge=0, le=600)] = 1.0

    @model_validator(mode="after")
    def _time_to_speak(self) -> Speaking:
        longest = self.duration_s.max_s
        if longest is not None and self.min_hold_s > longest:
            raise mistake("min_hold_s is longer than the whole stage.", "Lower it or raise max_s.")
        return self


class Break(_Stage):
    """A pause before what comes next."""

    kind: Literal["break"]
    duration_s: Timed
    text: Text = "Short break."
    countdown: bool = True


AnyStage = Annotated[
    Instruction | Fixation | Picture | Blank | Flash | Rest | Questionnaire | Typing | Speaking | Break,
    Discriminator("kind"),
]
