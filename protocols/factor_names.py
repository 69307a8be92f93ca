"""Whether the counter-balancing factors of a protocol file name what is there, each once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protocols.names import AGAIN, entries, known, mapping, stage_label, twice
from stimuli.problems import Problem
from stimuli.yamlfile import Loc, YamlFile, did_you_mean


def factor_problems(
    source: YamlFile,
    factors: list[tuple[int, dict[str, Any]]],
    trials: dict[str, Any],
    blocks: list[tuple[int, dict[str, Any]]],
) -> Iterator[Problem]:
    """Yield what the counter-balancing factors name that is not there, or twice."""
    names = [(("counterbalance", index, "name"), factor.get("name")) for index, factor in factors]
    yield from twice(source, names, "factor")
    starts = [
        (("counterbalance", index, "block"), factor.get("block"))
        for index, factor in factors
        if "first" in factor
    ]
    yield from twice(source, starts, "first category of block", AGAIN)
    labels = {
        template: {stage_label(stage) for _, stage in entries(mapping(form).get("stages", form))}
        for template, form in trials.items()
    }
    by_name = {block.get("name"): block for _, block in blocks if isinstance(block.get("name"), str)}
    for index, factor in factors:
        loc = ("counterbalance", index)
        wanted = factor.get("rotate")
        rotated = [name for name in wanted if isinstance(name, str)] if isinstance(wanted, list) else []
        stages = {name for template in labels.values() for name in template}
        for place, name in enumerate(rotated):
            yield from known(source, (*loc, "rotate", place), name, "stage of a trial", stages)
        whole = any(set(rotated) <= template for template in labels.values())
        if rotated and set(rotated) <= stages and not whole:
            message = "no trial has all of these stages."
            yield source.problem((*loc, "rotate"), message, "Rotate stages of one trial.")
        yield from twice(
            source, [((*loc, "rotate", i), name) for i, name in enumerate(rotated)], "stage", AGAIN
        )
        yield from known(source, (*loc, "block"), factor.get("block"), "block", by_name)
        yield from _blocks(source, loc, factor, by_name)
        yield from _first(source, loc, factor, by_name)


def _first(
    source: YamlFile, loc: Loc, factor: dict[str, Any], blocks: dict[Any, dict[str, Any]]
) -> Iterator[Problem]:
    firsts, block = factor.get("first"), blocks.get(str(factor.get("block")))
    if not isinstance(firsts, list) or block is None:
        return
    yield from twice(source, [((*loc, "first", i), name) for i, name in enumerate(firsts)], "category", AGAIN)
    for place, name in enumerate(firsts):
        if isinstance(name, str) and name not in mapping(block.get("draw")):
            message = f'the block "{factor["block"]}" does not draw "{name}".'
            yield source.problem(
                (*loc, "first", place), message, did_you_mean(name, mapping(block.get("draw")))
            )
    if mapping(block.get("order")).get("shuffle") is False:
        message = f'the order of block "{factor["block"]}" is fixed, so its first category cannot change.'
        yield source.problem((*loc, "first"), message, "Set shuffle: true in its order.")


def _blocks(
    source: YamlFile, loc: Loc, factor: dict[str, Any], blocks: dict[Any, dict[str, Any]]
) -> Iterator[Problem]:
    groups = factor.get("blocks")
    named: list[tuple[Loc, Any]] = []
    for place, group in enumerate(groups if isinstance(groups, list) else ()):
        members = group if isinstance(group, list) else [group]
        named += [((*loc, "blocks", place), name) for name in members]
    for where, name in named:
        yield from known(source, where, name, "block", blocks)
    yield from twice(source, named, "block", AGAIN)
    orders = factor.get("orders")
    for place, order in enumerate(orders if isinstance(orders, list) else ()):
        if factor.get("block") is None:
            for name in order if isinstance(order, list) else ():
                yield from known(source, (*loc, "orders", place), name, "block", blocks)
    block = blocks.get(str(factor.get("block")))
    if orders is not None and block and mapping(block.get("order")).get("shuffle") is not False:
        message = f'the block "{factor["block"]}" is shuffled, so no order of it can be named.'
        yield source.problem((*loc, "orders"), message, "Set shuffle: false in its order.")
