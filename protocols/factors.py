"""Counter-balancing: what differs from one participant to the next by plan, not by chance."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from protocols.parts import Identifier, StimulusId
from stimuli.validation import Part, mistake


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


def _grouping(value: Any) -> str:
    return "together" if isinstance(value, list | tuple) else "one"


BlockGroup = Annotated[
    Annotated[Identifier, Tag("one")]
    | Annotated[Annotated[tuple[Identifier, ...], Field(min_length=1)], Tag("together")],
    Discriminator(_grouping),
]


class Blocks(Part):
    """Counter-balancing of blocks: each slot moves them one place on.

    A list within the list stays together: [[practice-1, part-1], [practice-2, part-2]].
    """

    name: Identifier
    blocks: Annotated[tuple[BlockGroup, ...], Field(min_length=2, max_length=12)]

    @property
    def levels(self) -> int:
        """How many arrangements there are."""
        return len(self.blocks)

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """The groups of blocks that move together."""
        return tuple((part,) if isinstance(part, str) else part for part in self.blocks)


class Orders(Part):
    """Counter-balancing by whole orders, written out: each slot takes the next one.

    They name blocks; with `block`, the stimuli or items of that block, whose own order must be fixed
    (shuffle: false).
    """

    name: Identifier
    orders: Annotated[
        tuple[Annotated[tuple[StimulusId, ...], Field(min_length=2)], ...], Field(min_length=2, max_length=60)
    ]
    block: Identifier | None = None

    @property
    def levels(self) -> int:
        """How many orders there are."""
        return len(self.orders)

    @model_validator(mode="after")
    def _same_names(self) -> Orders:
        wanted = sorted(self.orders[0])
        for number, order in enumerate(self.orders, start=1):
            if sorted(order) != wanted or len(set(order)) < len(order):
                message = f"order {number} does not name each one once, the same as order 1."
                raise mistake(message, "Write every order with the same names.")
        return self


def _factor(value: Any) -> str:
    for key, kind in (("first", First), ("blocks", Blocks), ("orders", Orders)):
        if isinstance(value, kind) or (isinstance(value, dict) and key in value):
            return key
    return "rotate"


Factor = Annotated[
    Annotated[Rotate, Tag("rotate")]
    | Annotated[First, Tag("first")]
    | Annotated[Blocks, Tag("blocks")]
    | Annotated[Orders, Tag("orders")],
    Discriminator(_factor),
]
