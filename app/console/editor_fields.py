"""What the form of a protocol's part shows: a field for each key of its model. No Qt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic_core import PydanticUndefined

from protocols.parts import StageBase
from protocols.words import Text, Words
from stimuli.validation import COLOUR_FORM

FieldKind = Literal[
    "words", "area", "text", "number", "whole", "flag", "choice", "colour", "names", "notes", "range",
    "yaml", "either", "part", "parts",
]  # fmt: skip
UNITS: Mapping[str, str] = {"_s": "s", "_px": "px", "_deg": "°"}
LONG = frozenset({"summary", "paper"})
WAYS: Mapping[str, str] = {
    "timed": "by the clock",
    "self-paced": "by the participant",
    "spread": "by the clock, from … to …",
    "fit": "as large as fits",
    "fraction": "share of the screen's height",
    "measure": "measured",
}
TIPS: Mapping[str, str] = {
    "duration_s": "How long the stage lasts, in seconds.",
    "text": "What the participant reads.",
    "prompt": "The line that says what to do.",
    "button": "The words on the button.",
    "background": "The colour behind, such as #808080.",
    "title": "The heading for people.",
    "id": "The name of it in the data.",
    "set": "A bundled set by name, or a folder beside this file.",
    "draw": "How many of each category, as NAME: NUMBER.",
    "symbol": "What stands in the middle.",
    "low": "The words at the lower end.",
    "high": "The words at the upper end.",
    "points": "How many points the scale has.",
    "stimulus": "The stimulus shown here; left out, the trial's own.",
    "trial": "The stages that each trial goes through.",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a part. `model` is the inner part's, `ways` the alternatives of an `either`."""

    key: str
    kind: FieldKind
    tip: str = ""
    needed: bool = False
    default: Any = None
    unit: str = ""
    choices: tuple[Any, ...] = ()
    model: Any = None
    ways: tuple[tuple[str, Field], ...] = ()
    is_mapping: bool = False

    @property
    def label(self) -> str:
        """The key in words."""
        words = re.sub(r"_(s|px|deg)$", "", self.key).replace("_", " ")
        return words[:1].upper() + words[1:]

    def usual_in(self, language: str) -> str:
        """The default in words, a text in `language` where we have it; "" for none."""
        return self.default.default_in(language) if isinstance(self.default, Words) else self.usual

    @property
    def usual(self) -> str:
        """The default in words, "" for none."""
        value = self.default
        if isinstance(value, Words):
            return str(value)
        if value is None or isinstance(value, BaseModel | tuple | dict):
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value:g}" if isinstance(value, float) else str(value)


@cache
def fields(model: type[BaseModel]) -> tuple[Field, ...]:
    """Return the fields of a part in the order of its class, the key that tells its kind left out."""
    found = []
    for key, info in model.model_fields.items():
        if key in ("kind", "scale") and get_origin(info.annotation) is Literal:
            continue
        annotation = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        default = None if info.default is PydanticUndefined else info.default
        kind, extra = _kind(annotation, key)
        found.append(Field(key, kind, _tip(model, key), info.is_required(), default, _unit(key), **extra))
    # The shared fields of stages stand last, where they are in nobody's way.
    shared = set(StageBase.model_fields) if issubclass(model, StageBase) else set()
    return tuple(sorted(found, key=lambda field: field.key in shared - {"name"}))


def _kind(annotation: Any, key: str) -> tuple[FieldKind, dict[str, Any]]:
    inner, marks = _bare(annotation)
    origin = get_origin(inner)
    if isinstance(inner, type) and issubclass(inner, Words):
        return "words", {"model": inner}
    if origin is Literal:
        return "choice", {"choices": get_args(inner)}
    if inner is bool:
        return "flag", {"choices": (True, False)}
    if inner is int:
        return "whole", {}
    if inner is float:
        return "number", {}
    if inner is str:
        is_colour = any(getattr(mark, "pattern", None) == COLOUR_FORM for mark in marks)
        return "colour" if is_colour else "area" if key in LONG else "text", {}
    if origin in (Union, UnionType):
        return _union(inner, key)
    if origin is tuple:
        entry, _ = _bare(get_args(inner)[0])
        if get_args(inner)[-1] is not Ellipsis:
            return "range", {}
        if entry is str:
            return "notes" if key == "notes" else "names", {}
        return ("parts", {"model": entry}) if _is_part(entry) else ("yaml", {})
    if origin is dict:
        entry, _ = _bare(get_args(inner)[1])
        is_tree = _is_part(entry)
        return ("parts", {"model": entry, "is_mapping": True}) if is_tree else ("yaml", {"is_mapping": True})
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return "part", {"model": inner}
    return "yaml", {}


def _union(inner: Any, key: str) -> tuple[FieldKind, dict[str, Any]]:
    options = [option for option in get_args(inner) if option is not type(None)]
    bare = [_bare(option)[0] for option in options]
    if all(isinstance(each, type) and issubclass(each, BaseModel) for each in bare):
        return "part", {"model": inner}
    ways = []
    for option in options:
        tag = next((mark.tag for mark in _marks(option) if isinstance(mark, Tag)), "")
        kind, extra = _kind(option, key)
        unit = _unit(key) if kind == "number" else ""
        ways.append((WAYS.get(tag, tag), Field(key, kind, needed=True, unit=unit, **extra)))
    return "either", {"ways": tuple(ways)}


def _marks(annotation: Any) -> list[Any]:
    return list(get_args(annotation)[1:]) if get_origin(annotation) is Annotated else []


def _bare(annotation: Any) -> tuple[Any, list[Any]]:
    """Return a type without its marks and without None, and the marks."""
    marks: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            marks += [part for mark in _marks(annotation) for part in (mark, *getattr(mark, "metadata", ()))]
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation):
            rest = [option for option in get_args(annotation) if option is not type(None)]
            annotation = rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007
            if len(rest) > 1:
                return annotation, marks
        else:
            return annotation, marks


def _is_part(annotation: Any) -> bool:
    return any(True for _ in models(annotation))


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the parts that may stand at a place; texts by language are none."""
    inner, _ = _bare(annotation)
    if get_origin(inner) in (Union, UnionType):
        for option in get_args(inner):
            yield from models(option)
    elif isinstance(inner, type) and issubclass(inner, BaseModel) and not issubclass(inner, Words):
        yield inner


def model_of(annotation: Any, value: Any) -> type[BaseModel] | None:
    """Return the part that a value is meant to be, None where nothing tells."""
    possible = list(models(annotation))
    if len(possible) == 1:
        return possible[0]
    if not isinstance(value, dict):
        return None
    for model in possible:
        for key in ("kind", "scale"):
            told = model.model_fields.get(key)
            if told is not None and value.get(key) in get_args(told.annotation):
                return model
    if any(key in value for key in ("kind", "scale")) and possible and "kind" in possible[0].model_fields:
        return None
    ranked = sorted(possible, key=lambda model: -len(set(value) & set(model.model_fields)))
    return ranked[0] if ranked else None


def is_small(annotation: Any) -> bool:
    """Whether a part is a few plain values, to be shown within the form of what holds it."""
    possible = list(models(annotation))
    return len(possible) == 1 and not any(
        field.kind == "parts" or (field.kind == "part" and not is_small(field.model))
        for field in fields(possible[0])
    )


def is_long(field: Field) -> bool:
    """Whether a text deserves several lines."""
    return field.kind == "words" and isinstance(field.model, type) and issubclass(field.model, Text)


def _unit(key: str) -> str:
    return next((unit for ending, unit in UNITS.items() if key.endswith(ending)), "")


def _tip(model: type[BaseModel], key: str) -> str:
    """Return the sentences of the class's description that speak of the key, else what is usual."""
    for owner in model.__mro__:
        text = " ".join((owner.__doc__ or "").split())
        told = [sentence for sentence in re.split(r"(?<=[.:;]) (?=[A-Z`])", text) if f"`{key}" in sentence]
        if told:
            return " ".join(told).replace("`", "")
    return TIPS.get(key, "")
