"""Stages with words: what the participant reads, rates, types, says and imagines."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from protocols.parts import (
    AnyDuration,
    ByParticipant,
    Colour,
    Identifier,
    StageBase,
    StimulusId,
    Timed,
)
from protocols.questions import NONE, Items
from protocols.stages_drawn import KeyPosition
from protocols.words import Label, Text
from stimuli.validation import mistake

CONTINUE = Label("CONTINUE")
Sign = Annotated[str, Field(max_length=3)]


class Instruction(StageBase):
    """Text to read, with a `picture` if named; with a self-paced duration it ends with a button."""

    kind: Literal["instruction"]
    text: Text
    duration_s: AnyDuration
    button: Label = CONTINUE
    picture: StimulusId | None = None

    stimulus_keys: ClassVar = {"picture": "picture"}


class Rest(StageBase):
    """A quiet baseline with a line of text; `symbol` to look at, `end_tone` for closed eyes."""

    kind: Literal["rest"]
    duration_s: Timed
    text: Text = Text("Please relax and look at the middle of the screen.")
    symbol: Sign | None = None
    end_tone: bool = False
    background: Colour | None = None
    picture: StimulusId | None = None

    stimulus_keys: ClassVar = {"picture": "picture"}
    quiet_keys: ClassVar = frozenset({"end_tone"})


class Imagery(StageBase):
    """Bringing up a feeling: `button` (or `key`) is pressed each time it is strong.

    `sound` is a spoken suggestion that comes first. `leave_button` ends the stage once min_s has passed;
    less than `min_presses` is told to the operator. `end_tone` calls back those with closed eyes.
    """

    kind: Literal["imagery"]
    duration_s: AnyDuration
    text: Text
    button: Label = Label("I feel it")
    key: KeyPosition = "Space"
    leave_button: Label = Label("I have finished")
    min_presses: Annotated[int, Field(ge=0, le=100)] = 0
    end_tone: bool = False
    background: Colour | None = None
    sound: StimulusId | None = None
    picture: StimulusId | None = None

    stimulus_keys: ClassVar = {"sound": "sound", "picture": "picture"}


class Questionnaire(StageBase):
    """Items answered together: your own, or those of an `instrument` (a bundled one, or a file).

    `shuffle` puts them in a new order for every participant and trial; `text` stands above them. With a
    number of seconds the clock ends it, whatever is answered by then.
    """

    kind: Literal["questionnaire"]
    duration_s: AnyDuration
    items: Items | None = None
    instrument: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    title: Label = NONE
    text: Text | None = None
    button: Label = CONTINUE
    shuffle: bool = False

    @model_validator(mode="after")
    def _asks(self) -> Questionnaire:
        if (self.items is None) == (self.instrument is None):
            raise mistake("a questionnaire has items or an instrument.", "Write one of the two.")
        return self


class Typing(StageBase):
    """Copy a sentence of the list `sentences`."""

    kind: Literal["typing"]
    duration_s: ByParticipant
    sentences: Identifier
    prompt: Text = Text("Please type this sentence.")
    show_target: bool = True
    button: Label = CONTINUE


class Speaking(StageBase):
    """Hold the button and read `count` sentences of the list `sentences` aloud, or answer `text`.

    `read_aloud` is a sound that asks the question, `prepare_s` the time to think before the button
    works. Less than `min_voiced_s` of voice brings `reprompt`, once.
    """

    kind: Literal["speaking"]
    duration_s: ByParticipant
    sentences: Identifier | None = None
    count: Annotated[int, Field(ge=1, le=20)] = 1
    text: Text | None = None
    prompt: Text = Text("Hold the button and read aloud.")
    button: Label = Label("HOLD TO TALK")
    min_hold_s: Annotated[float, Field(ge=0, le=600)] = 1.0
    prepare_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    min_voiced_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    reprompt: Text | None = None
    picture: StimulusId | None = None
    read_aloud: StimulusId | None = None

    stimulus_keys: ClassVar = {"picture": "picture", "read_aloud": "sound"}
    quiet_keys: ClassVar = frozenset({"prepare_s", "min_voiced_s"})

    @model_validator(mode="after")
    def _time_to_speak(self) -> Speaking:
        if (self.sentences is None) == (self.text is None):
            raise mistake("there must be sentences to read or a text to answer.", "Write one of the two.")
        longest = self.duration_s.max_s
        if longest is not None and self.prepare_s + max(self.min_hold_s, self.min_voiced_s) > longest:
            raise mistake("min_hold_s is longer than the whole stage.", "Lower it or raise max_s.")
        if self.reprompt is not None and not self.min_voiced_s:
            raise mistake("reprompt needs min_voiced_s.", "Say how many seconds of voice are enough.")
        return self


class Break(StageBase):
    """A pause before what comes next."""

    kind: Literal["break"]
    duration_s: Timed
    text: Text = Text("Short break.")
    countdown: bool = True
    picture: StimulusId | None = None

    stimulus_keys: ClassVar = {"picture": "picture"}
