"""A protocol's parts as a tree: what stands in the file, and where something can be added. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from app.console.editor_fields import fields, is_small, model_of, models
from protocols.document import Document
from stimuli.yamlfile import Loc

WORDS = {
    "opening": "Opening",
    "closing": "Closing",
    "debriefing": "Debriefing",
    "counterbalance": "Counter-balancing",
}


@dataclass(frozen=True)
class Node:
    """A part, a list of parts or parts by name, at `loc`. `annotation` says what it or its entries may be."""

    title: str
    loc: Loc
    kind: Literal["part", "list", "map"]
    annotation: Any
    model: Any = None
    is_there: bool = True
    children: tuple[Node, ...] = field(default=(), repr=False)

    def all(self) -> Iterator[Node]:
        """Yield the node and everything below it."""
        yield self
        for child in self.children:
            yield from child.all()


def tree(values: Any) -> Node:
    """Return the tree of a protocol's plain values, whatever is wrong with them."""
    given = values if isinstance(values, dict) else {}
    title = str(given.get("title") or given.get("name") or "Protocol")
    return _part(title, (), Document, given)


def _part(title: str, loc: Loc, annotation: Any, value: Any, is_there: bool = True) -> Node:
    model = model_of(annotation, value)
    given = value if isinstance(value, dict) else {}
    children = tuple(_children(model, loc, given)) if model is not None and is_there else ()
    return Node(title, loc, "part", annotation, model, is_there, children)


def _children(model: Any, loc: Loc, given: dict[str, Any]) -> Iterator[Node]:
    for each in fields(model):
        here = (*loc, each.key)
        value = given.get(each.key)
        title = WORDS.get(each.key, each.label)
        if each.kind == "parts":
            kind: Literal["list", "map"] = "map" if each.is_mapping else "list"
            yield Node(
                title,
                here,
                kind,
                each.model,
                None,
                value is not None,
                tuple(_entries(each.model, here, value)),
            )
        elif each.kind == "part" and not is_small(each.model):
            yield _part(title, here, each.model, value, value is not None)


def _entries(annotation: Any, loc: Loc, value: Any) -> Iterator[Node]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in pairs:
        here = (*loc, key)
        if isinstance(entry, list):
            # A trial that is written as a plain list of its stages.
            stage = next(
                each for model in models(annotation) for each in fields(model) if each.key == "stages"
            )
            yield Node(
                str(key), here, "list", stage.model, None, True, tuple(_entries(stage.model, here, entry))
            )
        else:
            yield _part(_title(key, entry), here, annotation, entry)


def _title(key: Any, entry: Any) -> str:
    """Return what an entry is called: its own name with its kind, or the key that it stands under."""
    if isinstance(key, str):
        return key
    given = entry if isinstance(entry, dict) else {}
    kind = given.get("kind") or given.get("scale")
    name = given.get("name") or given.get("id")
    if name and kind:
        return f"{name} ({kind})"
    told = (
        name
        or kind
        or next((f"{word}: {given[word]}" for word in ("stimulus", "mask", "blank") if word in given), "")
    )
    return str(told or f"entry {key + 1}")


def listed(annotation: Any) -> Any:
    """Return what an entry that is a list of stages holds, None where entries are parts only."""
    return next(
        (each.model for model in models(annotation) for each in fields(model) if each.key == "stages"), None
    )


def tags(annotation: Any) -> list[tuple[str, Any]]:
    """Return (kind, model) of what can be added to a list: kinds of stages and scales, or the model alone."""
    from typing import get_args

    found: list[tuple[str, Any]] = []
    for model in models(annotation):
        told = model.model_fields.get("kind") or model.model_fields.get("scale")
        names = [name for name in get_args(told.annotation) if isinstance(name, str)] if told else []
        needs = told is not None and told.is_required()
        found.append((str(names[0]) if needs and len(names) == 1 else "", model))
    return found
