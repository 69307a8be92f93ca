"""What each category holds, and whether every stimulus that the file names is there and of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from protocols.document import Category, Document
from protocols.filling import TRIAL_NAMES, placeholders_of
from protocols.parts import Names, StageBase
from protocols.words import FILLED
from stimuli.problems import Problem
from stimuli.sets import Stimulus, StimulusKind, StimulusSet
from stimuli.yamlfile import YamlFile, did_you_mean

PLURAL = {"picture": "pictures", "film": "films", "sound": "sounds"}


def find_pools(
    document: Document, source: YamlFile, stimuli: StimulusSet, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Return the ids of each category's stimuli, or of its items; adds to `problems`."""
    shown = {name: _shown_kinds(document, name) for name in document.stimuli.categories}
    pools: dict[str, tuple[str, ...]] = {}
    taken: dict[tuple[bool, str], str] = {}
    for name, category in document.stimuli.categories.items():
        loc: Names = ("stimuli", "categories", name)
        if category.items is not None:
            pools[name] = category.items
        elif category.ids is not None:
            for number, key in enumerate(category.ids):
                problems += _id_problems(stimuli, key, shown[name], source, (*loc, "ids", number))
            pools[name] = tuple(key for key in category.ids if key in stimuli.items)
        else:
            kind = category.kind or _first_kind(shown[name])
            pools[name] = tuple(
                key for key, item in stimuli.items.items() if _belongs(item, name, category, kind)
            )
            if not pools[name]:
                message = f'no {kind} of the set "{stimuli.name}" belongs to "{name}".'
                known = {item.category for item in stimuli.items.values()}
                wanted = category.category or name
                remedy = "Widen the ranges." if wanted in known else did_you_mean(wanted, known)
                problems.append(source.problem(loc, message, remedy))
        for key in pools[name]:
            place_of = (category.items is not None, key)
            if taken.setdefault(place_of, name) != name or pools[name].count(key) > 1:
                what = "item" if category.items is not None else "stimulus"
                message = f'the {what} "{key}" is in "{taken[place_of]}" already.'
                remedy = f"Let categories have no {what} in common."
                problems.append(source.problem(loc, message, remedy))
        if category.sessions > max(1, len(pools[name])):
            message = f'"{name}" has {len(pools[name])}, too few for {category.sessions} sessions.'
            problems.append(source.problem((*loc, "sessions"), message, "Lower sessions."))
    problems += _named_stimuli(document, source, stimuli)
    problems += _lengths(document, source, stimuli, pools)
    return pools


def item_problems(document: Document, source: YamlFile) -> Iterator[Problem]:
    """Yield what trials need of their items and do not find there, and items that are not in the file."""
    for name, category in document.stimuli.categories.items():
        for number, key in enumerate(category.items or ()):
            if key not in document.items:
                named: Names = ("stimuli", "categories", name, "items", number)
                yield source.problem(named, f'there is no item "{key}".', did_you_mean(key, document.items))
    for loc, stage, trial in document.stages():
        drawn = _drawn_with(document, trial)
        for place, name, needed in placeholders_of(stage):
            yield from _placeholder(document, source, (*loc, *place), name, needed, drawn, trial)
        if not stage.shows_trial or getattr(stage, "stimulus", None) is not None:
            continue
        if not trial:
            remedy = 'Name a stimulus, or move it into a trial of "trials".'
            yield source.problem(loc, f"only a trial has a {stage.stage_kind}.", remedy)
        for key in _items_of(document, drawn):
            if "stimulus" not in document.items[key]:
                message = f'the item "{key}" has no stimulus, and the trial "{trial}" shows one.'
                yield source.problem(loc, message, "Give the item a stimulus, or the stage its own.")


def _placeholder(
    document: Document,
    source: YamlFile,
    loc: Names,
    name: str,
    needed: bool,
    drawn: dict[str, Category],
    trial: str,
) -> Iterator[Problem]:
    text = f"{{item.{name}}}"
    if not trial:
        yield source.problem(loc, f"only a trial has an item for {text}.", "Write the text out.")
        return
    if name == "category":
        return
    items = list(_items_of(document, drawn))
    lacking = [key for key in items if name not in {"id", *document.items[key]}]
    if (needed and lacking) or (items and len(lacking) == len(items)):
        known = {each for key in items for each in document.items[key]}
        message = f'the item "{lacking[0]}" has no "{name}" for {text}.'
        yield source.problem(loc, message, did_you_mean(name, {"id", "category", *known}))
    if any(category.items is None for category in drawn.values()) and name not in TRIAL_NAMES:
        message = f"the trials draw stimuli, which have no {text}."
        yield source.problem(loc, message, did_you_mean(name, TRIAL_NAMES))
    if document.template(trial).choose is not None and name != "category":
        message = f"{text} is not known before the trial has chosen its stimulus."
        yield source.problem(loc, message, "Leave it out.")


def _drawn_with(document: Document, trial: str) -> dict[str, Category]:
    """Return the categories that blocks draw for a trial's template."""
    names = [name for block in document.blocks if block.trial == trial for name in block.draw]
    for block in document.blocks:
        if block.insert is not None and block.insert.trial == trial:
            names += block.insert.draw
    return {name: document.stimuli.categories[name] for name in names}


def _items_of(document: Document, drawn: dict[str, Category]) -> Iterator[str]:
    for category in drawn.values():
        yield from (key for key in category.items or () if key in document.items)


def _shown_kinds(document: Document, category: str) -> set[StimulusKind]:
    """Return the kinds of stimuli that trials drawing `category` show of their own stimulus."""
    kinds: set[StimulusKind] = set()
    for _, stage, trial in document.stages():
        own = stage.shows_trial and getattr(stage, "stimulus", None) in (None, "{item.id}")
        if trial and own and category in _drawn_with(document, trial):
            kinds.add(stage.stimulus_keys["stimulus"])
    return kinds


def _first_kind(kinds: set[StimulusKind]) -> StimulusKind:
    """Return the kind to draw by condition: what is shown, pictures if nothing says."""
    return next((kind for kind in get_args(StimulusKind) if kind in kinds), "picture")


def _belongs(item: Stimulus, name: str, category: Category, kind: StimulusKind) -> bool:
    """Whether a stimulus meets a category's conditions; one without a needed rating does not."""
    conditions = category.category or category.valence or category.arousal
    wanted = category.category or (None if conditions else name)
    if item.kind != kind or (wanted is not None and item.category != wanted):
        return False
    for bounds, rating in ((category.valence, item.valence), (category.arousal, item.arousal)):
        if bounds is not None and (rating is None or not bounds[0] <= rating <= bounds[1]):
            return False
    return True


def _id_problems(
    stimuli: StimulusSet,
    key: str,
    kinds: set[StimulusKind],
    source: YamlFile,
    loc: Names,
    shown_by: str = "its trials show",
) -> Iterator[Problem]:
    item = stimuli.items.get(key)
    if item is None:
        message = f'the set "{stimuli.name}" has no stimulus "{key}".'
        yield source.problem(loc, message, did_you_mean(key, stimuli.items))
        return
    for kind in sorted(kinds - {item.kind}):
        message = f'the stimulus "{key}" is a {item.kind}, and {shown_by} {PLURAL[kind]}.'
        yield source.problem(loc, message, f"Choose a {kind}.")


def _named_stimuli(document: Document, source: YamlFile, stimuli: StimulusSet) -> Iterator[Problem]:
    """Yield the stimuli that stages name, themselves or through items, and that are not there."""
    seen: set[tuple[str, str, str]] = set()
    for loc, stage, trial in document.stages():
        for place, written, kind in stage.stimuli():
            names = FILLED.findall(written)
            if not names:
                yield from _id_problems(stimuli, written, {kind}, source, (*loc, *place), "this asks for")
            elif written == f"{{item.{names[0]}}}":
                for key in _items_of(document, _drawn_with(document, trial)):
                    value = document.items[key].get(names[0])
                    if value is not None and (key, names[0], kind) not in seen:
                        seen.add((key, names[0], kind))
                        found = value.in_language(document.languages[0])
                        yield from _id_problems(stimuli, found, {kind}, source, ("items", key, names[0]))
            else:
                message = f'"{written}" is no stimulus.'
                yield source.problem((*loc, *place), message, 'Write an id, or "{item.NAME}" and no more.')
        if stage.shows_trial and trial and getattr(stage, "stimulus", None) is None:
            kind = stage.stimulus_keys["stimulus"]
            for key in _items_of(document, _drawn_with(document, trial)):
                value = document.items[key].get("stimulus")
                if value is not None and (key, "stimulus", kind) not in seen:
                    seen.add((key, "stimulus", kind))
                    found = value.in_language(document.languages[0])
                    yield from _id_problems(stimuli, found, {kind}, source, ("items", key, "stimulus"))


def _lengths(
    document: Document, source: YamlFile, stimuli: StimulusSet, pools: dict[str, tuple[str, ...]]
) -> Iterator[Problem]:
    """Yield stages that end with a film or sound whose length the set does not tell."""
    for loc, stage, trial in document.stages():
        if not stage.shows_trial or getattr(stage, "duration_s", 0) is not None:
            continue
        for key in possible_stimuli(document, stage, trial, pools):
            item = stimuli.items.get(key)
            if item is not None and item.duration_s is None:
                message = f'the set does not say how long "{key}" is, and the stage lasts as long as it.'
                remedy = "Fill in duration_s in the set's manifest, or write duration_s here."
                yield source.problem(loc, message, remedy)


def possible_stimuli(
    document: Document, stage: StageBase, trial: str, pools: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Yield the ids of all stimuli that a stage may show or play, in any session."""
    written = [key for _, key, _ in stage.stimuli()]
    if stage.shows_trial and getattr(stage, "stimulus", None) is None:
        written.append("{item.stimulus}")
    for key in written:
        names = FILLED.findall(key)
        if not names:
            yield key
            continue
        for name, category in _drawn_with(document, trial).items():
            if category.items is None:
                yield from pools[name]
                continue
            texts = [document.items[item].get(names[0]) for item in category.items if item in document.items]
            yield from (text.in_language(document.languages[0]) for text in texts if text is not None)
