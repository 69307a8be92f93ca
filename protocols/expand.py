"""From a protocol to one session's schedule: a pure function of what is written here.

`slot` counts through the counter-balancing, `seed` with participant and session through chance (see
`protocols.ordering.Chance`); slot and language take no part in chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from protocols.content import stage_content
from protocols.document import Block
from protocols.draw import Draw, Drawing
from protocols.factors import Blocks, Orders, Rotate
from protocols.filling import Fill, filler, item_names, stimulus_names
from protocols.ordering import Chance
from protocols.parts import Spread, StageBase
from protocols.problems import ProtocolError
from protocols.protocol import Protocol
from protocols.schedule import Duration, Schedule, Stage, Trial
from protocols.screening import screening_stages
from protocols.stages_asked import Questionnaire, Speaking, Typing
from protocols.stages_drawn import Mask
from stimuli.problems import Problem
from stimuli.sentences import Sentence

# How much longer than its manifest says a film may run before the clock ends it.
LONGER_FACTOR, LONGER_S = 1.1, 5.0


def expand(
    protocol: Protocol, participant: str, session: int, slot: int, seed: int, language: str = ""
) -> Schedule:
    """Return the schedule of one participant's session in counter-balancing slot `slot` (from 0).

    `language` is one of the protocol's, "" its first. Raises ProtocolError if the protocol's constraints
    cannot be met, its stimuli or sentences run out or the language is none of its own, ValueError for a
    negative slot.
    """
    if slot < 0:
        raise ValueError(f"slots count from 0, not {slot}")
    spoken = language or protocol.languages[0]
    if spoken not in protocol.languages:
        message = f'the language "{spoken}" is none of this protocol ({", ".join(protocol.languages)}).'
        line = protocol.lines.get(("languages",))
        raise ProtocolError([Problem(protocol.file, line, message, "Choose one of them.")])
    return _Expansion(protocol, participant, session, slot, seed, spoken).schedule()


class _Expansion:
    """One call of `expand`: what was laid out so far, and the sentences still to be drawn."""

    def __init__(
        self, protocol: Protocol, participant: str, session: int, slot: int, seed: int, language: str
    ) -> None:
        self.protocol, self.participant, self.session = protocol, participant, session
        self.slot, self.seed, self.language = slot, seed, language
        self.document = protocol.document
        self.levels = protocol.levels(slot)
        self.sentences = {
            name: iter(self.chance(f"sentences/{name}").shuffled(protocol.sentences[name][language]))
            for name in self.document.sentences
        }
        self.templates = {
            name: self._rotated(self.document.template(name).stages) for name in self.document.trials
        }
        self.trials: list[Trial] = []
        self.stages: list[Stage] = []
        self.seen: Counter[tuple[str, str]] = Counter()

    def chance(self, purpose: str) -> Chance:
        return Chance(self.seed, self.session, self.participant, purpose)

    def schedule(self) -> Schedule:
        document = self.document
        # Drawn in the file's order, so that a slot changes what comes when and nothing else.
        drawn = Drawing(self.protocol, self.session, self.levels, self.chance).sequences()
        if document.warning is not None:
            self.stages += screening_stages(document.warning, document.record, self.language)
        self._lay_out(document.opening, "")
        for index in self._block_order():
            self._block(document.blocks[index], drawn[index])
        self._lay_out(document.closing, "")
        self._lay_out(document.debriefing, "", always=True)
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
            language=self.language,
        )

    def _rotated(self, stages: Sequence[StageBase]) -> tuple[StageBase, ...]:
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

    def _block_order(self) -> list[int]:
        """Return the places of the file's blocks in the order of this slot."""
        names = [block.name for block in self.document.blocks]
        order = list(names)
        for factor in self.document.counterbalance:
            level = self.levels[factor.name]
            wanted: tuple[str, ...] = ()
            if isinstance(factor, Blocks):
                parts = factor.parts[level:] + factor.parts[:level]
                wanted = tuple(name for part in parts for name in part)
            elif isinstance(factor, Orders) and factor.block is None:
                wanted = factor.orders[level]
            for place, name in zip(sorted(order.index(name) for name in wanted), wanted, strict=True):
                order[place] = name
        return [names.index(name) for name in order]

    def _block(self, block: Block, drawn: Sequence[Draw]) -> None:
        self._lay_out(block.opening, block.name)
        for number, draw in enumerate(drawn, start=1):
            self._trial(block, draw)
            if block.pause and number % block.pause.every == 0 and number < len(drawn):
                self._lay_out([block.pause.stage], block.name)
        self._lay_out(block.closing, block.name)

    def _trial(self, block: Block, draw: Draw) -> None:
        item: dict[str, str] = {}
        names = {"category": draw.category}
        stimulus = draw.key
        if draw.is_item:
            item = item_names(self.document, draw.key, self.language)
            names |= item
            stimulus = item.get("stimulus", "")
        elif stimulus:
            names = stimulus_names(self.protocol.stimuli.items[stimulus], draw.category)
        trial = Trial(
            index=len(self.trials),
            block=block.name,
            practice=block.practice,
            stimulus=stimulus,
            category=draw.category,
            item=item,
            candidates=draw.candidates,
            chosen_by=draw.chosen_by,
        )
        self.trials.append(trial)
        self._lay_out(self.templates[draw.template], block.name, trial, filler(names))

    def _lay_out(
        self,
        stages: Iterable[StageBase],
        block: str,
        trial: Trial | None = None,
        fill: Fill = str,
        always: bool = False,
    ) -> None:
        for stage in stages:
            index = len(self.stages)
            stimulus = self._stimulus(stage, trial, fill)
            content = stage_content(stage, self.document, self.protocol.instruments, self.language, fill)
            # Counted within the block, so that another order of blocks leaves this chance as it is.
            self.seen[block, stage.label] += 1
            place = f"{block}/{stage.label}/{self.seen[block, stage.label]}"
            self._by_chance(content, stage, index, place)
            candidates = trial.candidates if trial is not None and not stimulus else ()
            duration, until_end = self._duration(stage, place, [stimulus] if stimulus else candidates)
            self.stages.append(
                Stage(
                    index=index,
                    trial=-1 if trial is None else trial.index,
                    block=block,
                    kind=stage.stage_kind,
                    name=stage.label,
                    duration=duration,
                    stimulus=stimulus,
                    content=content,
                    until_stimulus_ends=until_end,
                    always=always,
                )
            )

    def _stimulus(self, stage: StageBase, trial: Trial | None, fill: Fill) -> str:
        fixed: str | None = getattr(stage, "stimulus", None)
        if fixed is not None:
            return fill(fixed)
        return trial.stimulus if trial is not None and stage.shows_trial else ""

    def _duration(self, stage: StageBase, place: str, shown: Sequence[str]) -> tuple[Duration, bool]:
        """Return how long the stage lasts, and whether its film or sound ends it."""
        given = getattr(stage, "duration_s", None)
        if isinstance(given, Spread):
            share = self.chance(f"duration/{place}").below(10_001) / 10_000
            drawn_s = round(given.from_s + share * (given.to_s - given.from_s), 4)
            return Duration(drawn_s, drawn_s, drawn_s), False
        if given is not None or "duration_s" not in type(stage).model_fields:
            return stage.duration(), False
        lengths = [self.protocol.stimuli.items[key].duration_s or 0.0 for key in shown]
        typical_s = sum(lengths) / len(lengths)
        return Duration(0.0, typical_s, round(LONGER_FACTOR * max(lengths) + LONGER_S, 3)), True

    def _by_chance(self, content: dict[str, Any], stage: StageBase, index: int, place: str) -> None:
        """Fill in what chance decides: the order of items, sentences, the seeds of masks."""
        if isinstance(stage, Questionnaire) and stage.shuffle:
            content["items"] = self.chance(f"items/{index}").shuffled(content["items"])
        if isinstance(stage, Mask):
            content["pattern_seed"] = self.chance(f"mask/{place}").below(2**31)
        for number, step in enumerate(content.get("steps", ())):
            if "mask" in step:
                step["pattern_seed"] = self.chance(f"mask/{place}/{number}").below(2**31)
            else:
                del step["grain_px"]
        if isinstance(stage, Typing):
            del content["sentences"]
            (sentence,) = self._sentences(stage.sentences, 1)
            content |= {"sentence": sentence.text, "sentence_id": sentence.id}
        if isinstance(stage, Speaking):
            drawn = self._sentences(stage.sentences, stage.count) if stage.sentences else []
            content["sentences"] = [sentence.text for sentence in drawn]
            content["sentence_ids"] = [sentence.id for sentence in drawn]

    def _sentences(self, name: str, count: int) -> list[Sentence]:
        drawn = list(islice(self.sentences[name], count))
        if len(drawn) < count:
            available = len(self.protocol.sentences[name][self.language])
            message = f'the list "{name}" has only {available} sentences, and the session needs more.'
            line = self.protocol.lines.get(("sentences", name))
            remedy = "Add sentences; none is used twice."
            raise ProtocolError([Problem(self.protocol.file, line, message, remedy)])
        return drawn
