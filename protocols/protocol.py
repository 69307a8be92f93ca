"""A protocol ready to be expanded: the checked file together with what it draws from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.document import Document
from protocols.instruments import Instrument
from stimuli.sentences import Sentence
from stimuli.sets import StimulusSet


@dataclass(frozen=True)
class Protocol:
    """A checked protocol. `text` is the file's YAML, `sha256` that of its UTF-8 bytes.

    `stimuli` is the set that the protocol names, `pools` are the ids of each category's stimuli (or
    items), `sentences` the lists by the protocol's own names and by language, `instruments` those that
    questionnaires name, `lines` where the file's parts stand (see `stimuli.yamlfile`).
    """

    file: str
    text: str
    sha256: str
    document: Document
    stimuli: StimulusSet
    pools: Mapping[str, tuple[str, ...]]
    sentences: Mapping[str, Mapping[str, tuple[Sentence, ...]]]
    instruments: Mapping[str, Instrument]
    lines: Mapping[tuple[str | int, ...], int] = field(repr=False)

    @property
    def name(self) -> str:
        """The protocol's name, as in `evoke run NAME` and in file names."""
        return self.document.name

    @property
    def version(self) -> int:
        """The file's version; a changed protocol has a higher one."""
        return self.document.version

    @property
    def title(self) -> str:
        """The title for people."""
        return self.document.title

    @property
    def stimulus_set(self) -> str:
        """The stimulus set's name or folder."""
        return self.document.stimuli.set

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that participants may choose from, the usual one first."""
        return self.document.languages

    @property
    def slots(self) -> int:
        """How many counter-balancing slots there are before they repeat, at least 1."""
        return math.prod(factor.levels for factor in self.document.counterbalance)

    def levels(self, slot: int) -> dict[str, int]:
        """Return the level of each counter-balancing factor in `slot`: the first factor counts fastest."""
        levels: dict[str, int] = {}
        for factor in self.document.counterbalance:
            slot, levels[factor.name] = divmod(slot, factor.levels)
        return levels
