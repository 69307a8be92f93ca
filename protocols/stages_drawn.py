"""Stages drawn on the participant's screen frame by frame: what is seen, heard, and answered by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from protocols.parts import (
    AnyDuration,
    Colour,
    Identifier,
    Names,
    Seconds,
    Share,
    Size,
    StageBase,
    StimulusId,
    TimedOrSpread,
)
from protocols.questions import NONE
from protocols.schedule import Duration
from protocols.words import Label
from stimuli.sets import StimulusKind
from stimuli.validation import KEY_FORM, OPTION_FORM, Part, mistake

GREY = "#808080"
KeyPosition = Annotated[str, Field(pattern=KEY_FORM)]
Pattern = Literal["noise", "lines"]


class Fixation(StageBase):
    """A symbol in the middle to look at; `duration_s` may be spread: {from_s, to_s}."""

    kind: Literal["fixation"]
    duration_s: TimedOrSpread
    symbol: Annotated[str, Field(min_length=1, max_length=3)] = "+"
    background: Colour | None = None


class Picture(StageBase):
    """A picture, centred: the trial's, or a fixed `stimulus`.

    `size` is its height as a fraction of the screen's, `fit`, or one of {height_deg, width_deg,
    height_px, width_px}.
    """

    kind: Literal["picture"]
    duration_s: TimedOrSpread
    size: Size = "fit"
    background: Colour = GREY
    stimulus: StimulusId | None = None

    stimulus_keys: ClassVar = {"stimulus": "picture"}
    shows_trial: ClassVar = True


class Film(StageBase):
    """A film with or without its sound: the trial's, or a fixed `stimulus`.

    Without `duration_s` it plays to its end; with a number of seconds a longer film is cut and the last
    frame of a shorter one stays.
    """

    kind: Literal["film"]
    duration_s: Seconds | None = None
    size: Size = "fit"
    background: Colour = "#000000"
    sound: bool = True
    volume: Share = 1.0
    stimulus: StimulusId | None = None

    stimulus_keys: ClassVar = {"stimulus": "film"}
    shows_trial: ClassVar = True


class Sound(StageBase):
    """A sound while `symbol` stands in the middle: the trial's, or a fixed `stimulus`. Lasts as a film."""

    kind: Literal["sound"]
    duration_s: Seconds | None = None
    symbol: Annotated[str, Field(max_length=3)] = "+"
    background: Colour = GREY
    volume: Share = 1.0
    stimulus: StimulusId | None = None

    stimulus_keys: ClassVar = {"stimulus": "sound"}
    shows_trial: ClassVar = True


class Blank(StageBase):
    """Nothing but the background; `duration_s` may be spread: {from_s, to_s}."""

    kind: Literal["blank"]
    duration_s: TimedOrSpread
    background: Colour = GREY


class Mask(StageBase):
    """A pattern that wipes out what was seen: noise or lines of `grain_px`, new in every trial."""

    kind: Literal["mask"]
    duration_s: TimedOrSpread
    pattern: Pattern = "noise"
    grain_px: Annotated[int, Field(ge=1, le=500)] = 8
    size: Size = "fit"
    background: Colour = GREY


class Flash(StageBase):
    """A bright screen at once, and a tone at the same moment if asked for: what clocks are compared by."""

    kind: Literal["flash"]
    duration_s: TimedOrSpread
    background: Colour = "#FFFFFF"
    tone: bool = True


class Step(Part):
    """One step of a sequence: a `stimulus`, a `mask` (pattern) or a `blank` (colour), for `duration_s`."""

    duration_s: Seconds
    stimulus: StimulusId | None = None
    mask: Pattern | None = None
    blank: Colour | None = None
    grain_px: Annotated[int, Field(ge=1, le=500)] = 8

    @model_validator(mode="after")
    def _one(self) -> Step:
        if sum(shown is not None for shown in (self.stimulus, self.mask, self.blank)) != 1:
            raise mistake("a step shows one thing.", "Write one of stimulus: ID, mask: noise, blank: COLOUR.")
        return self


class Sequence(StageBase):
    """Pictures, masks and blanks in rapid succession, each for a whole number of frames.

    `rounding: refuse` forbids screens that cannot show every step's duration exactly; `nearest` takes the
    frames nearest to the steps' ends, and both durations are recorded.
    """

    kind: Literal["sequence"]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=100)]
    rounding: Literal["refuse", "nearest"] = "refuse"
    size: Size = "fit"
    background: Colour = GREY

    def duration(self) -> Duration:
        """Return the sum of the steps."""
        total = round(sum(step.duration_s for step in self.steps), 9)
        return Duration(total, total, total)

    def stimuli(self) -> Iterator[tuple[Names, str, StimulusKind]]:
        """Yield the pictures of the steps."""
        for place, step in enumerate(self.steps):
            if step.stimulus is not None:
                yield ("steps", place, "stimulus"), step.stimulus, "picture"


class ChoiceOption(Part):
    """An answer with the place of its key, such as KeyJ, Digit1, Space or ArrowLeft."""

    id: Annotated[str, Field(pattern=OPTION_FORM, max_length=64)]
    text: Label
    key: KeyPosition


class Choice(StageBase):
    """A speeded answer by key. A number of seconds is the time-out; the first answer ends the stage.

    `reaction_from` names the earlier stage of the trial whose onset is time zero, the stage's own if left
    out. Faster answers than `anticipation_s` are marked as anticipated. `correct` is the id of an option,
    and may be filled from the trial: "{item.emotion}", "{item.category}".
    """

    kind: Literal["choice"]
    duration_s: AnyDuration
    options: Annotated[tuple[ChoiceOption, ...], Field(min_length=2, max_length=10)]
    prompt: Label = NONE
    show: Literal["options", "prompt", "blank"] = "options"
    correct: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    feedback: bool = False
    reaction_from: Identifier | None = None
    anticipation_s: Annotated[float, Field(ge=0, le=10)] = 0.15
    background: Colour = GREY

    @model_validator(mode="after")
    def _answers_differ(self) -> Choice:
        ids = [option.id for option in self.options]
        keys = [option.key for option in self.options]
        for given, what in ((ids, "id"), (keys, "key")):
            twice = next((each for each in given if given.count(each) > 1), None)
            if twice is not None:
                raise mistake(f'two options have the {what} "{twice}".', "Give each its own.")
        if self.correct is not None and "{" not in self.correct and self.correct not in ids:
            raise mistake(f'"correct" names no option: "{self.correct}".', f"Options: {', '.join(ids)}.")
        if self.feedback and self.correct is None:
            raise mistake("feedback needs to know what is correct.", "Add correct.")
        return self
