"""From the stages of a file to what the presenter draws: one language, one trial's names filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from protocols.document import Document
from protocols.parts import Names, StageBase
from protocols.words import FILLED, Words
from stimuli.sets import Stimulus
from stimuli.validation import Part

# What every trial knows without an item; the last two where the set's manifest gives them.
TRIAL_NAMES = ("id", "category", "model", "expression")

Fill = Callable[[str], str]


def filler(attributes: Mapping[str, str]) -> Fill:
    """Return what replaces {item.NAME} by the attribute; an unknown one by nothing."""

    def fill(text: str) -> str:
        return FILLED.sub(lambda found: attributes.get(found[1], ""), text) if "{item." in text else text

    return fill


def stimulus_names(stimulus: Stimulus, category: str) -> dict[str, str]:
    """Return what {item.NAME} may be in a trial about a stimulus."""
    names = {"id": stimulus.id, "category": category}
    for name in ("model", "expression"):
        if getattr(stimulus, name, None):
            names[name] = str(getattr(stimulus, name))
    return names


def item_names(document: Document, item: str, language: str) -> dict[str, str]:
    """Return the id and texts of one of the file's items, as a trial carries them."""
    texts = document.items[item]
    return {"id": item} | {name: text.in_language(language) for name, text in texts.items()}


def plain(value: Any, language: str, fill: Fill) -> Any:
    """Return a part of the file as JSON-ready values: texts in `language`, keys without a value left out."""
    if isinstance(value, Words):
        return fill(value.in_language(language))
    if isinstance(value, str):
        return fill(value)
    if isinstance(value, Part):
        return _part(value, language, fill)
    if isinstance(value, tuple | list):
        return [plain(each, language, fill) for each in value]
    if isinstance(value, Mapping):
        return {key: plain(each, language, fill) for key, each in value.items()}
    return value


def _part(part: Part, language: str, fill: Fill) -> dict[str, Any]:
    quiet: frozenset[str] = getattr(part, "quiet_keys", frozenset())
    values: dict[str, Any] = {}
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        if value is None or (name in quiet and value == info.default):
            continue
        if isinstance(value, Words) and name not in part.model_fields_set:
            values[name] = value.default_in(language)
        else:
            values[name] = plain(value, language, fill)
    return values


def words_of(part: Any, loc: Names = ()) -> Iterator[tuple[Names, Words, bool]]:
    """Yield (place, text, whether the file gives it) of every text within a part of the file."""
    if isinstance(part, Part):
        for name in type(part).model_fields:
            value = getattr(part, name)
            if isinstance(value, Words):
                yield (*loc, name), value, name in part.model_fields_set
            elif name in part.model_fields_set:
                yield from words_of(value, (*loc, name))
    elif isinstance(part, Words):
        yield loc, part, True
    elif isinstance(part, tuple | list):
        for place, each in enumerate(part):
            yield from words_of(each, (*loc, place))
    elif isinstance(part, Mapping):
        for key, each in part.items():
            yield from words_of(each, (*loc, key))


def placeholders_of(stage: StageBase) -> Iterator[tuple[Names, str, bool]]:
    """Yield (place within the stage, name, whether every trial must have it) of each {item.NAME}.

    A picture or sound that only accompanies a stage may be missing from an item.
    """
    for place, words, _ in words_of(stage):
        tables = words.root.values() if isinstance(words.root, dict) else [words.root]
        yield from ((place, name, True) for text in tables for name in FILLED.findall(text))
    for place, key, _ in stage.stimuli():
        needed = place[-1] == "stimulus"
        yield from ((place, name, needed) for name in FILLED.findall(key))
    correct = getattr(stage, "correct", None)
    if correct is not None:
        yield from ((("correct",), name, True) for name in FILLED.findall(correct))
