"""The protocol file as a model: what an experimenter may write, field by field.

`protocols/library/*.yaml` are the examples to read first; every field's meaning stands here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from protocols.stages import AnyStage, Identifier, Label, Text
from stimuli.validation import Part, mistake

Rating = Annotated[float, Field(ge=1, le=9)]
Range = tuple[Rating, Rating]
Draw = Annotated[dict[Identifier, Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
Stages = Annotated[tuple[AnyStage, ...], Field(max_length=60)]


class Category(Part):
    """Which stimuli of the set form a category; without any condition those that the set calls so.

    `ids` names them one by one; `category`, `valence` and `arousal` (ranges of ratings) choose among all.
    `pick: listed` draws in the order of the list and not at random.
    """

    ids: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    category: Text | None = None
    valence: Range | None = None
    arousal: Range | None = None
    pick: Literal["random", "listed"] = "random"

    @model_validator(mode="after")
    def _one_way(self) -> Category:
        if self.ids is not None and (self.category or self.valence or self.arousal):
            raise mistake('"ids" and conditions cannot be combined.', "Keep one of them.")
        for low, high in filter(None, (self.valence, self.arousal)):
            if low > high:
                raise mistake("a range must rise.", "Write the smaller number first.")
        return self


class Stimuli(Part):
    """The stimulus set (a bundled one by name, or a folder) and the categories drawn from it.

    `originals` names the stimuli that the paper used, by category, where licences keep them out.
    """

    set: Text
    categories: Annotated[dict[Identifier, Category], Field(min_length=1)]
    originals: dict[Identifier, tuple[Text, ...]] = Field(default_factory=dict)


class Order(Part):
    """How a block's trials are put in order: at random, with at most `max_run` of one category in a row."""

    shuffle: bool = True
    max_run: Annotated[int, Field(ge=1)] | None = None


class Insert(Part):
    """Trials that come after every so many trials of the block, such as a neutral one after every two."""

    every: Annotated[int, Field(ge=1)]
    trial: Identifier
    draw: Draw


class Pause(Part):
    """A stage between trials, after every so many of them; none after the last."""

    every: Annotated[int, Field(ge=1)]
    stage: AnyStage


class Block(Part):
    """Trials that belong together. `draw` says how many of each category, each stimulus once a session."""

    name: Identifier
    trial: Identifier
    draw: Draw
    practice: bool = False
    order: Order = Order()
    insert: Insert | None = None
    pause: Pause | None = None
    opening: Stages = ()
    closing: Stages = ()

    @model_validator(mode="after")
    def _inserts_fit(self) -> Block:
        if self.insert is not None:
            trials, inserted = sum(self.draw.values()), sum(self.insert.draw.values())
            places = trials // self.insert.every
            if inserted != places:
                raise mistake(
                    f"after every {self.insert.every} of {trials} trials makes {places} inserted trials, "
                    f"but {inserted} are drawn.",
                    f"Draw {places} in insert.",
                )
        return self


class Rotate(Part):
    """Counter-balancing of stages: each slot moves the named stages of a trial one place on."""

    name: Identifier
    rotate: Annotated[tuple[Identifier, ...], Field(min_length=2, max_length=12)]

    @property
    def levels(self) -> int:
        """How many arrangements there are."""
        return len(self.rotate)


class First(Part):
    """Counter-balancing of a block's first category: each slot begins with the next one."""

    name: Identifier
    block: Identifier
    first: Annotated[tuple[Identifier, ...], Field(min_length=2, max_length=12)]

    @property
    def levels(self) -> int:
        """How many beginnings there are."""
        return len(self.first)


def _factor(value: Any) -> str:
    has_first = "first" in value if isinstance(value, dict) else isinstance(value, First)
    return "first" if has_first else "rotate"


Factor = Annotated[Annotated[Rotate, Tag("rotate")] | Annotated[First, Tag("first")], Discriminator(_factor)]


class Document(Part):
    """A whole protocol file.

    `opening` and `closing` are the stages around all blocks; `trials` the templates that blocks name.
    `notes` say what the paper leaves open and what was chosen. `counterbalance` factors are crossed: the
    participant's slot counts through their combinations, the first factor fastest.
    """

    name: Identifier
    version: Annotated[int, Field(ge=1)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    stimuli: Stimuli
    trials: Annotated[dict[Identifier, Annotated[Stages, Field(min_length=1)]], Field(min_length=1)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    summary: str = ""
    paper: str = ""
    notes: tuple[str, ...] = ()
    sentences: dict[Identifier, Label] = Field(default_factory=dict)
    opening: Stages = ()
    closing: Stages = ()
    counterbalance: Annotated[tuple[Factor, ...], Field(max_length=6)] = ()
