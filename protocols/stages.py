"""The stages a protocol file may hold, one class a kind.

A new kind is one class in `stages_drawn` or `stages_asked`, one member of `AnyStage` and its name in
`protocols.schedule.StageKind`. Fields of a class are the keys of the file; `content` of the expanded
stage has the same names.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator

from protocols.stages_asked import (
    Break,
    Imagery,
    Instruction,
    Questionnaire,
    Rest,
    Speaking,
    Typing,
)
from protocols.stages_drawn import (
    Blank,
    Choice,
    Film,
    Fixation,
    Flash,
    Mask,
    Picture,
    Sequence,
    Sound,
)

STAGES = (
    Instruction,
    Fixation,
    Picture,
    Film,
    Sound,
    Blank,
    Mask,
    Sequence,
    Flash,
    Rest,
    Imagery,
    Questionnaire,
    Typing,
    Speaking,
    Choice,
    Break,
)

AnyStage = Annotated[
    Instruction
    | Fixation
    | Picture
    | Film
    | Sound
    | Blank
    | Mask
    | Sequence
    | Flash
    | Rest
    | Imagery
    | Questionnaire
    | Typing
    | Speaking
    | Choice
    | Break,
    Discriminator("kind"),
]
