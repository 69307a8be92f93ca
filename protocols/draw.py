"""Which stimulus or item each trial of a block is about, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from protocols.document import Block
from protocols.factors import First, Orders
from protocols.ordering import Chance, fill_runs, order_categories
from protocols.parts import Names
from protocols.problems import ProtocolError
from protocols.protocol import Protocol
from stimuli.problems import Problem


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn for a trial of template `template`: the id `key` of a stimulus, or of an item.

    With `candidates` (stimulus ids) `key` is "" and the rule `chosen_by` chooses when the trial begins.
    """

    template: str
    category: str
    key: str
    is_item: bool = False
    candidates: tuple[str, ...] = ()
    chosen_by: str = ""


class Drawing:
    """The draws of one session: what is left of each category's stimuli."""

    def __init__(
        self,
        protocol: Protocol,
        session: int,
        levels: Mapping[str, int],
        chance: Callable[[str], Chance],
    ) -> None:
        self.protocol, self.session, self.levels, self.chance = protocol, session, levels, chance
        self.document = protocol.document
        self._left = {name: self._pool(name) for name in self.document.stimuli.categories}

    def sequences(self) -> list[list[Draw]]:
        """Return the trials of every block of the file, in order, inserted ones in their places.

        Raises ProtocolError where stimuli run out or no order meets the constraints.
        """
        return [self._sequence(block, ("blocks", index)) for index, block in enumerate(self.document.blocks)]

    def _portion(self, name: str) -> tuple[str, ...]:
        """Return the category's ids that belong to this session."""
        ids, sessions = self.protocol.pools[name], self.document.stimuli.categories[name].sessions
        size = len(ids) // sessions
        start = (self.session - 1) % sessions * size
        return ids[start : start + size] if sessions > 1 else ids

    def _pool(self, name: str) -> Iterator[str]:
        ids = self._portion(name)
        listed = self.document.stimuli.categories[name].pick == "listed"
        return iter(ids if listed else self.chance(f"stimuli/{name}").shuffled(ids))

    def _error(self, loc: Names, message: str, remedy: str) -> ProtocolError:
        return ProtocolError([Problem(self.protocol.file, self.protocol.lines.get(loc), message, remedy)])

    def _sequence(self, block: Block, loc: Names) -> list[Draw]:
        drawn = {
            category: [self._draw(block.trial, category, (*loc, "draw", category)) for _ in range(count)]
            for category, count in block.draw.items()
        }
        main = self._shuffled(block, drawn, loc) if block.order.shuffle else self._fixed(block, drawn, loc)
        insert = block.insert
        if insert is None:
            return main
        extra = [category for category, count in insert.draw.items() for _ in range(count)]
        inserted = self.chance(f"insert/{block.name}").shuffled(extra)
        sequence: list[Draw] = []
        for number, draw in enumerate(main, start=1):
            sequence.append(draw)
            if number % insert.every == 0 and inserted:
                category = inserted.pop(0)
                sequence.append(self._draw(insert.trial, category, (*loc, "insert", "draw", category)))
        return sequence

    def _draw(self, template: str, category: str, loc: Names) -> Draw:
        choose = self.document.template(template).choose
        if choose is not None:
            return Draw(template, category, "", candidates=self._portion(category), chosen_by=choose.by)
        key = next(self._left[category], None)
        is_item = self.document.stimuli.categories[category].items is not None
        if key is None:
            what = "items" if is_item else "stimuli"
            available = len(self._portion(category))
            message = f'the category "{category}" has only {available} {what}, and more are drawn in all.'
            remedy = f"Draw fewer, or add {what}" + ("." if is_item else " to the set.")
            raise self._error(loc, message, remedy)
        return Draw(template, category, key, is_item)

    def _fixed(self, block: Block, drawn: Mapping[str, list[Draw]], loc: Names) -> list[Draw]:
        """Return the draws as listed, or in the order of this slot, as often as the block repeats them."""
        once = [draw for draws in drawn.values() for draw in draws]
        for factor in self.document.counterbalance:
            if isinstance(factor, Orders) and factor.block == block.name:
                order = factor.orders[self.levels[factor.name]]
                once.sort(key=lambda draw: order.index(draw.key) if draw.key in order else len(order))
        order_of = {name: group for group, names in enumerate(_groups(block)) for name in names}
        longest = max(len(list(run)) for _, run in groupby(once, key=lambda draw: order_of[draw.category]))
        if block.order.max_run is not None and longest > block.order.max_run:
            raise self._no_order(block, None, loc)
        return once * block.repeat

    def _shuffled(self, block: Block, drawn: Mapping[str, list[Draw]], loc: Names) -> list[Draw]:
        groups = _groups(block)
        members = [[draw for name in names for draw in drawn[name]] for names in groups]
        counts = {group: len(draws) * block.repeat for group, draws in enumerate(members)}
        limit = block.order.max_run or sum(counts.values())
        first = self._first(block)
        first_group = next((group for group, names in enumerate(groups) if first in names), None)
        # One thing alone, shown more than once, must not follow itself where the others can stand between.
        apart = {
            group: 1 if block.repeat > 1 and len(draws) == 1 else limit for group, draws in enumerate(members)
        }
        order = None
        for limits in (apart, dict.fromkeys(counts, limit)):
            order = order or order_categories(counts, limits, first_group, self.chance(f"order/{block.name}"))
        if order is None:
            raise self._no_order(block, first, loc)
        rows = {group: iter(self._row(block, group, order, members[group], first)) for group in counts}
        return [next(rows[group]) for group in order]

    def _row(
        self, block: Block, group: int, order: list[int], members: list[Draw], first: str | None
    ) -> list[Draw]:
        """Return the draws of one group of categories in the order in which they come."""
        categories = {draw.category for draw in members}
        if block.repeat == 1 and len(categories) == 1:
            return members
        runs = [len(list(run)) for each, run in groupby(order) if each == group]
        begins = {n for n, draw in enumerate(members) if draw.category == first}
        counts = dict.fromkeys(range(len(members)), block.repeat)
        allowed = begins if begins and order[0] == group else None
        purpose = f"repeat/{block.name}/{group}"
        return [members[n] for n in fill_runs(runs, counts, allowed, self.chance(purpose))]

    def _no_order(self, block: Block, first: str | None, loc: Names) -> ProtocolError:
        counts = " and ".join(f"{count * block.repeat} {name}" for name, count in block.draw.items())
        begin = f", beginning with {first}" if first else ""
        limit = block.order.max_run
        message = f"{counts} cannot be put in order with at most {limit} of one in a row{begin}."
        return self._error(
            (*loc, "order"), f'block "{block.name}": {message}', "Raise max_run or draw more evenly."
        )

    def _first(self, block: Block) -> str | None:
        for factor in self.document.counterbalance:
            if isinstance(factor, First) and factor.block == block.name:
                return factor.first[self.levels[factor.name]]
        return None


def _groups(block: Block) -> list[tuple[str, ...]]:
    """Return the categories that count as one in the block's order, in the order of its draws."""
    groups: list[tuple[str, ...]] = []
    for category in block.draw:
        together = next((names for names in block.order.together if category in names), (category,))
        group = tuple(name for name in together if name in block.draw)
        if group not in groups:
            groups.append(group)
    return groups
