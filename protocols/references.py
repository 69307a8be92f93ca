"""Do the names in a protocol file name something? Told for files with other problems too.

Works on the file's plain values, so that one round of corrections shows everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stimuli.problems import Problem
from stimuli.yamlfile import Loc, YamlFile, did_you_mean

AGAIN = "Remove one of them."


def reference_problems(source: YamlFile) -> Iterator[Problem]:
    """Yield every name that names nothing and every name given twice."""
    values = source.values if isinstance(source.values, dict) else {}
    stimuli = _mapping(values.get("stimuli"))
    categories = _mapping(stimuli.get("categories"))
    trials = _mapping(values.get("trials"))
    blocks = _entries(values.get("blocks"))
    for name in _mapping(stimuli.get("originals")):
        yield from _known(source, ("stimuli", "originals", name), name, "category", categories)
    for loc, draw, template in _draws(blocks):
        yield from _known(source, (*loc, "trial"), template, "trial", trials)
        for name in _mapping(draw):
            yield from _known(source, (*loc, "draw", name), name, "category", categories)
    names = [(("blocks", index, "name"), block.get("name")) for index, block in blocks]
    yield from _twice(source, names, "block")
    for loc, stages in _stage_lists(values, trials, blocks):
        yield from _stages(source, loc, stages, _mapping(values.get("sentences")))
    yield from _factors(source, _entries(values.get("counterbalance")), trials, blocks)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: Any) -> list[tuple[int, dict[str, Any]]]:
    """Return the mappings of a list with their places."""
    found = enumerate(value) if isinstance(value, list) else ()
    return [(index, each) for index, each in found if isinstance(each, dict)]


def _known(source: YamlFile, loc: Loc, name: Any, what: str, known: Any) -> Iterator[Problem]:
    if isinstance(name, str) and name not in known:
        yield source.problem(loc, f'there is no {what} "{name}".', did_you_mean(name, known))


def _twice(
    source: YamlFile,
    names: Sequence[tuple[Loc, Any]],
    what: str,
    remedy: str = "Give one of them another name.",
) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for loc, name in names:
        if not isinstance(name, str):
            continue
        if name in seen:
            message = f'the {what} "{name}" exists twice (first in line {seen[name]}).'
            yield source.problem(loc, message, remedy)
        seen.setdefault(name, source.line(loc))


def _draws(blocks: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[Loc, Any, Any]]:
    for index, block in blocks:
        yield ("blocks", index), block.get("draw"), block.get("trial")
        if isinstance(block.get("insert"), dict):
            yield ("blocks", index, "insert"), block["insert"].get("draw"), block["insert"].get("trial")


def _stage_lists(
    values: dict[str, Any], trials: dict[str, Any], blocks: list[tuple[int, dict[str, Any]]]
) -> Iterator[tuple[Loc, Any]]:
    for part in ("opening", "closing"):
        yield (part,), values.get(part)
    for name, stages in trials.items():
        yield ("trials", name), stages
    for index, block in blocks:
        for part in ("opening", "closing"):
            yield ("blocks", index, part), block.get(part)
        yield ("blocks", index, "pause"), [_mapping(block.get("pause")).get("stage")]


def _stages(source: YamlFile, loc: Loc, stages: Any, sentences: dict[str, Any]) -> Iterator[Problem]:
    names: list[tuple[Loc, Any]] = []
    for index, stage in _entries(stages):
        kind = stage.get("kind")
        names.append(((*loc, index), _label(stage)))
        if kind in ("typing", "speaking"):
            place = (*loc, index, "sentences")
            yield from _known(source, place, stage.get("sentences"), "sentence list", sentences)
        if kind == "questionnaire":
            items = _entries(stage.get("items"))
            ids = [((*loc, index, "items", place, "id"), item.get("id")) for place, item in items]
            yield from _twice(source, ids, "item")
        if kind == "picture" and loc[0] != "trials":
            remedy = 'Move it into a trial of "trials".'
            yield source.problem((*loc, index), "only a trial has a picture.", remedy)
    yield from _twice(source, names, "stage")


def _label(stage: dict[str, Any]) -> str:
    return str(stage.get("name") or stage.get("kind"))


def _factors(
    source: YamlFile,
    factors: list[tuple[int, dict[str, Any]]],
    trials: dict[str, Any],
    blocks: list[tuple[int, dict[str, Any]]],
) -> Iterator[Problem]:
    names = [(("counterbalance", index, "name"), factor.get("name")) for index, factor in factors]
    yield from _twice(source, names, "factor")
    starts = [
        (("counterbalance", index, "block"), factor.get("block"))
        for index, factor in factors
        if "first" in factor
    ]
    yield from _twice(source, starts, "first category of block", AGAIN)
    labels = {
        template: {_label(stage) for _, stage in _entries(stages)} for template, stages in trials.items()
    }
    by_name = {block.get("name"): block for _, block in blocks if isinstance(block.get("name"), str)}
    for index, factor in factors:
        loc = ("counterbalance", index)
        wanted = factor.get("rotate")
        rotated = [name for name in wanted if isinstance(name, str)] if isinstance(wanted, list) else []
        known = {name for template in labels.values() for name in template}
        for place, name in enumerate(rotated):
            yield from _known(source, (*loc, "rotate", place), name, "stage of a trial", known)
        whole = any(set(rotated) <= template for template in labels.values())
        if rotated and set(rotated) <= known and not whole:
            message = "no trial has all of these stages."
            yield source.problem((*loc, "rotate"), message, "Rotate stages of one trial.")
        yield from _twice(
            source, [((*loc, "rotate", i), name) for i, name in enumerate(rotated)], "stage", AGAIN
        )
        yield from _known(source, (*loc, "block"), factor.get("block"), "block", by_name)
        yield from _first(source, loc, factor, by_name)


def _first(
    source: YamlFile, loc: Loc, factor: dict[str, Any], blocks: dict[Any, dict[str, Any]]
) -> Iterator[Problem]:
    firsts, block = factor.get("first"), blocks.get(str(factor.get("block")))
    if not isinstance(firsts, list) or block is None:
        return
    yield from _twice(
        source, [((*loc, "first", i), name) for i, name in enumerate(firsts)], "category", AGAIN
    )
    for place, name in enumerate(firsts):
        if isinstance(name, str) and name not in _mapping(block.get("draw")):
            message = f'the block "{factor["block"]}" does not draw "{name}".'
            yield source.problem(
                (*loc, "first", place), message, did_you_mean(name, _mapping(block.get("draw")))
            )
    if _mapping(block.get("order")).get("shuffle") is False:
        message = f'the order of block "{factor["block"]}" is fixed, so its first category cannot change.'
        yield source.problem((*loc, "first"), message, "Set shuffle: true in its order.")
