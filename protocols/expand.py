"""From a protocol to one session's schedule: a pure function of what is written here.

`slot` counts through the counter-balancing, `seed` with participant and session through chance (see
`protocols.ordering.Chance`); slot takes no part in chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from protocols.document import Block, First, Rotate
from protocols.ordering import Chance, order_categories
from protocols.problems import ProtocolError
from protocols.protocol import Protocol
from protocols.schedule import Schedule, Stage, Trial
from protocols.stages import AnyStage, Questionnaire, Speaking, Typing
from stimuli.problems import Problem
from stimuli.sentences import Sentence


def expand(protocol: Protocol, participant: str, session: int, slot: int, seed: int) -> Schedule:
    """Return the schedule of one participant's session in counter-balancing slot `slot` (from 0).

    Raises ProtocolError if the protocol's constraints cannot be met or its stimuli or sentences run
    out, ValueError for a negative slot.
    """
    if slot < 0:
        raise ValueError(f"slots count from 0, not {slot}")
    return _Expansion(protocol, participant, session, slot, seed).schedule()


@dataclass(frozen=True, slots=True)
class _Draw:
    """A stimulus drawn for a trial of template `template`."""

    template: str
    category: str
    stimulus: str


class _Expansion:
    """One call of `expand`: what is still to be drawn, and what was laid out so far."""

    def __init__(self, protocol: Protocol, participant: str, session: int, slot: int, seed: int) -> None:
        self.protocol, self.participant, self.session = protocol, participant, session
        self.slot, self.seed = slot, seed
        self.document = protocol.document
        self.levels = protocol.levels(slot)
        self.stimuli = {name: self._pool(name) for name in self.document.stimuli.categories}
        self.sentences = {
            name: iter(self._chance(f"sentences/{name}").shuffled(protocol.sentences[name]))
            for name in self.document.sentences
        }
        self.templates = {name: self._rotated(stages) for name, stages in self.document.trials.items()}
        self.trials: list[Trial] = []
        self.stages: list[Stage] = []

    def _chance(self, purpose: str) -> Chance:
        return Chance(self.seed, self.session, self.participant, purpose)

    def _error(self, loc: tuple[str | int, ...], message: str, remedy: str) -> ProtocolError:
        line = self.protocol.lines.get(loc)
        return ProtocolError([Problem(self.protocol.file, line, message, remedy)])

    def _pool(self, name: str) -> Iterator[str]:
        ids = self.protocol.pools[name]
        listed = self.document.stimuli.categories[name].pick == "listed"
        return iter(ids if listed else self._chance(f"stimuli/{name}").shuffled(ids))

    def _rotated(self, stages: Sequence[AnyStage]) -> tuple[AnyStage, ...]:
        """Move the stages that factors rotate to the places of this slot's levels."""
        result = list(stages)
        for factor in self.document.counterbalance:
            names = [stage.label for stage in result]
            if isinstance(factor, Rotate) and all(name in names for name in factor.rotate):
                places = [names.index(name) for name in factor.rotate]
                moved = [result[place] for place in places]
                level = self.levels[factor.name]
                for place, stage in zip(places, moved[level:] + moved[:level], strict=True):
                    result[place] = stage
        return tuple(result)

    def schedule(self) -> Schedule:
        document = self.document
        self._lay_out(document.opening, "")
        for index, block in enumerate(document.blocks):
            self._block(block, ("blocks", index))
        self._lay_out(document.closing, "")
        return Schedule(
            protocol=document.name,
            version=document.version,
            stimulus_set=document.stimuli.set,
            participant=self.participant,
            session=self.session,
            slot=self.slot,
            seed=self.seed,
            trials=tuple(self.trials),
            stages=tuple(self.stages),
        )

    def _block(self, block: Block, loc: tuple[str | int, ...]) -> None:
        self._lay_out(block.opening, block.name)
        drawn = self._sequence(block, loc)
        for number, draw in enumerate(drawn, start=1):
            index = len(self.trials)
            self.trials.append(Trial(index, block.name, block.practice, draw.stimulus, draw.category))
            self._lay_out(self.templates[draw.template], block.name, index, draw.stimulus)
            if block.pause and number % block.pause.every == 0 and number < len(drawn):
                self._lay_out([block.pause.stage], block.name)
        self._lay_out(block.closing, block.name)

    def _sequence(self, block: Block, loc: tuple[str | int, ...]) -> list[_Draw]:
        """Return the block's trials in order, inserted ones in their places."""
        by_category = {
            category: iter(
                [self._draw(block.trial, category, (*loc, "draw", category)) for _ in range(count)]
            )
            for category, count in block.draw.items()
        }
        order = self._order(block, loc)
        main = [next(by_category[category]) for category in order]
        insert = block.insert
        if insert is None:
            return main
        extra = [category for category, count in insert.draw.items() for _ in range(count)]
        inserted = self._chance(f"insert/{block.name}").shuffled(extra)
        sequence: list[_Draw] = []
        for number, draw in enumerate(main, start=1):
            sequence.append(draw)
            if number % insert.every == 0:
                category = inserted.pop(0)
                sequence.append(self._draw(insert.trial, category, (*loc, "insert", "draw", category)))
        return sequence

    def _draw(self, template: str, category: str, loc: tuple[str | int, ...]) -> _Draw:
        stimulus = next(self.stimuli[category], None)
        if stimulus is None:
            available = len(self.protocol.pools[category])
            message = f'the category "{category}" has only {available} stimuli, and more are drawn in all.'
            raise self._error(loc, message, "Draw fewer, or add stimuli to the set.")
        return _Draw(template, category, stimulus)

    def _order(self, block: Block, loc: tuple[str | int, ...]) -> list[str]:
        first = self._first(block)
        max_run = block.order.max_run or sum(block.draw.values())
        order: list[str] | None
        if block.order.shuffle:
            order = order_categories(block.draw, max_run, first, self._chance(f"order/{block.name}"))
        else:
            order = [category for category, count in block.draw.items() for _ in range(count)]
            if max(block.draw.values()) > max_run:
                order = None
        if order is None:
            counts = " and ".join(f"{count} {category}" for category, count in block.draw.items())
            begin = f", beginning with {first}" if first else ""
            message = f"{counts} cannot be put in order with at most {max_run} of one in a row{begin}."
            raise self._error(
                (*loc, "order"), f'block "{block.name}": {message}', "Raise max_run or draw more evenly."
            )
        return order

    def _first(self, block: Block) -> str | None:
        for factor in self.document.counterbalance:
            if isinstance(factor, First) and factor.block == block.name:
                return factor.first[self.levels[factor.name]]
        return None

    def _lay_out(self, stages: Sequence[AnyStage], block: str, trial: int = -1, stimulus: str = "") -> None:
        for stage in stages:
            self.stages.append(
                Stage(
                    index=len(self.stages),
                    trial=trial,
                    block=block,
                    kind=stage.kind,
                    name=stage.label,
                    duration=stage.duration(),
                    stimulus=stimulus if stage.kind == "picture" else "",
                    content=self._content(stage),
                )
            )

    def _content(self, stage: AnyStage) -> Mapping[str, Any]:
        """Return what the presenter draws: the stage's own fields, with sentences and order filled in."""
        content = stage.model_dump(mode="json", exclude={"kind", "name", "duration_s", "shuffle", "count"})
        if isinstance(stage, Questionnaire) and stage.shuffle:
            purpose = f"items/{len(self.stages)}"
            content["items"] = self._chance(purpose).shuffled(content["items"])
        if isinstance(stage, Typing):
            del content["sentences"]
            (sentence,) = self._sentences(stage.sentences, 1)
            content |= {"sentence": sentence.text, "sentence_id": sentence.id}
        if isinstance(stage, Speaking):
            drawn = self._sentences(stage.sentences, stage.count)
            content["sentences"] = [sentence.text for sentence in drawn]
            content["sentence_ids"] = [sentence.id for sentence in drawn]
        return content

    def _sentences(self, name: str, count: int) -> list[Sentence]:
        drawn = list(islice(self.sentences[name], count))
        if len(drawn) < count:
            available = len(self.protocol.sentences[name])
            message = f'the list "{name}" has only {available} sentences, and the session needs more.'
            raise self._error(("sentences", name), message, "Add sentences; none is used twice.")
        return drawn
