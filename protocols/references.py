"""Do the names in a protocol file name something? Told for files with other problems too.

Works on the file's plain values, so that one round of corrections shows everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protocols.factor_names import factor_problems
from protocols.names import AGAIN, entries, known, mapping, stage_label, twice
from stimuli.problems import Problem
from stimuli.yamlfile import Loc, YamlFile, did_you_mean


def reference_problems(source: YamlFile) -> Iterator[Problem]:
    """Yield every name that names nothing and every name given twice."""
    values = source.values if isinstance(source.values, dict) else {}
    stimuli = mapping(values.get("stimuli"))
    categories = mapping(stimuli.get("categories"))
    trials = mapping(values.get("trials"))
    blocks = entries(values.get("blocks"))
    for name in mapping(stimuli.get("originals")):
        yield from known(source, ("stimuli", "originals", name), name, "category", categories)
    for loc, draw, template in _draws(blocks):
        yield from known(source, (*loc, "trial"), template, "trial", trials)
        for name in mapping(draw):
            yield from known(source, (*loc, "draw", name), name, "category", categories)
        yield from _chosen(source, loc, mapping(draw), mapping(trials.get(str(template))))
    names = [(("blocks", index, "name"), block.get("name")) for index, block in blocks]
    yield from twice(source, names, "block")
    for index, block in blocks:
        yield from _together(source, ("blocks", index), block)
    for name, form in trials.items():
        rule = mapping(mapping(form).get("choose")).get("candidates")
        yield from known(source, ("trials", name, "choose", "candidates"), rule, "category", categories)
    for loc, stages in _stage_lists(values, trials, blocks):
        yield from _stages(source, loc, stages, mapping(values.get("sentences")))
    questions = entries(mapping(values.get("warning")).get("screening"))
    ids = [(("warning", "screening", place, "id"), each.get("id")) for place, each in questions]
    yield from twice(source, ids, "question")
    yield from factor_problems(source, entries(values.get("counterbalance")), trials, blocks)


def _chosen(source: YamlFile, loc: Loc, draw: dict[str, Any], template: dict[str, Any]) -> Iterator[Problem]:
    candidates = mapping(template.get("choose")).get("candidates")
    for name in draw:
        if candidates is not None and name != candidates:
            message = f'the trial chooses among "{candidates}", and "{name}" is drawn for it.'
            yield source.problem((*loc, "draw", name), message, f"Draw {candidates}.")


def _together(source: YamlFile, loc: Loc, block: dict[str, Any]) -> Iterator[Problem]:
    groups = mapping(block.get("order")).get("together")
    places = [
        ((*loc, "order", "together", group, place), name)
        for group, names in enumerate(groups if isinstance(groups, list) else ())
        for place, name in enumerate(names if isinstance(names, list) else ())
    ]
    yield from twice(source, places, "category", AGAIN)
    for where, name in places:
        if isinstance(name, str) and name not in mapping(block.get("draw")):
            message = f'the block "{block.get("name")}" does not draw "{name}".'
            yield source.problem(where, message, did_you_mean(name, mapping(block.get("draw"))))


def _draws(blocks: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[Loc, Any, Any]]:
    for index, block in blocks:
        yield ("blocks", index), block.get("draw"), block.get("trial")
        if isinstance(block.get("insert"), dict):
            yield ("blocks", index, "insert"), block["insert"].get("draw"), block["insert"].get("trial")


def _stage_lists(
    values: dict[str, Any], trials: dict[str, Any], blocks: list[tuple[int, dict[str, Any]]]
) -> Iterator[tuple[Loc, Any]]:
    for part in ("opening", "closing", "debriefing"):
        yield (part,), values.get(part)
    for name, form in trials.items():
        if isinstance(form, dict):
            yield ("trials", name, "stages"), form.get("stages")
        else:
            yield ("trials", name), form
    for index, block in blocks:
        for part in ("opening", "closing"):
            yield ("blocks", index, part), block.get(part)
        yield ("blocks", index, "pause"), [mapping(block.get("pause")).get("stage")]


def _stages(source: YamlFile, loc: Loc, stages: Any, sentences: dict[str, Any]) -> Iterator[Problem]:
    names: list[tuple[Loc, Any]] = []
    for index, stage in entries(stages):
        kind = stage.get("kind")
        names.append(((*loc, index), stage_label(stage)))
        if kind in ("typing", "speaking"):
            place = (*loc, index, "sentences")
            yield from known(source, place, stage.get("sentences"), "sentence list", sentences)
        if kind == "questionnaire":
            items = entries(stage.get("items"))
            ids = [((*loc, index, "items", place, "id"), item.get("id")) for place, item in items]
            yield from twice(source, ids, "item")
        if kind == "choice":
            earlier = [label for _, label in names[:-1]]
            zero = stage.get("reaction_from")
            yield from known(source, (*loc, index, "reaction_from"), zero, "stage so far", earlier)
    yield from twice(source, names, "stage")
