"""Recipes as JSON files: written in one canonical form, read with a message for everything that is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from analysis.targets.recipe import Recipe, RuleKind, SourceKind, TargetError, Tie

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_KEYS = ("name", "source", "of", "rule", "at", "tie", "classes", "mask")
_LISTS = ("of", "classes")
_CHOICES = {"source": get_args(SourceKind), "rule": get_args(RuleKind), "tie": get_args(Tie)}
# How many names each source needs in "of"; None: one or more.
_OF: Mapping[str, tuple[int | None, str]] = {
    "rating": (None, "the items that were answered"),
    "category": (0, ""),
    "norm": (1, "the column of the stimulus set"),
    "annotator": (3, "scheme, variable, annotator"),
    "fused": (3, "scheme, variable, whose"),
    "trace": (3, "scheme, variable, annotator"),
    "emotion": (None, 'the label table, such as "awe=high"'),
    "participant": (1, "the field of the participants"),
    "questionnaire": (2, "the instrument and the score"),
}


def to_text(recipe: Recipe) -> str:
    """Return the text of a recipe's file."""
    return json.dumps(recipe.to_json(), indent=2, ensure_ascii=False) + "\n"


def parse_recipe(text: str, source: str) -> Recipe:
    """Return the recipe in a JSON text; raises TargetError with the first thing that is wrong."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise TargetError(f"{source}, line {error.lineno}: is no JSON: {error.msg}.") from error
    except RecursionError as error:
        raise TargetError(f"{source}: is nested too deeply to be a target.") from error
    if not isinstance(values, dict):
        raise TargetError(f"{source}: is no target. It must be an object with name, source and rule.")
    return from_json(values, source)


def from_json(values: Mapping[str, Any], source: str) -> Recipe:
    """Return the recipe in JSON values; raises TargetError."""
    for key in values:
        if key not in _KEYS:
            raise TargetError(f"{source}: unknown entry '{key}'{_hint(str(key), _KEYS)}")
    for key in ("name", "source"):
        if key not in values:
            raise TargetError(f"{source}: '{key}' is missing.")
    name = values["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise TargetError(
            f"{source}: name {name!r} will not do. Use small letters, digits, dots and hyphens, 60 at most."
        )
    for key, known in _CHOICES.items():
        if key in values and values[key] not in known:
            raise TargetError(f"{source}: {key} {values[key]!r}{_hint(str(values[key]), known)}")
    for key in _LISTS:
        if not all(isinstance(each, str) for each in _listed(values, key, source)):
            raise TargetError(f"{source}: '{key}' must be a list of names.")
    at = values.get("at", 0.0)
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not abs(at) < 1e9:
        raise TargetError(f"{source}: 'at' must be a number, not {at!r}.")
    recipe = Recipe(
        name=name,
        source=values["source"],
        of=tuple(_listed(values, "of", source)),
        rule=values.get("rule", "classes"),
        at=float(at),
        tie=values.get("tie", "drop"),
        classes=tuple(_listed(values, "classes", source)),
        mask=_mask(values.get("mask"), source),
    )
    _check(recipe, source)
    return recipe


def _check(recipe: Recipe, source: str) -> None:
    count, about = _OF[recipe.source]
    if count is None and not recipe.of:
        raise TargetError(f"{source}: 'of' must name {about}.")
    if count is not None and len(recipe.of) != count:
        told = f"must name {about}" if about else "must be empty"
        raise TargetError(f"{source}: 'of' {told} for the source '{recipe.source}'.")
    if recipe.rule == "higher" and (recipe.source != "rating" or len(recipe.of) != 2):
        raise TargetError(f"{source}: the rule 'higher' needs the source 'rating' with two items in 'of'.")
    if recipe.rule not in ("higher", "number") and recipe.source == "rating" and len(recipe.of) != 1:
        raise TargetError(f"{source}: the rule '{recipe.rule}' needs one item in 'of'.")
    if len(set(recipe.classes)) != len(recipe.classes):
        raise TargetError(f"{source}: a class is named twice in 'classes'.")
    if recipe.rule in ("threshold", "higher") and len(recipe.classes) not in (0, 2):
        raise TargetError(f"{source}: the rule '{recipe.rule}' gives two classes; name two, or none.")
    if recipe.rule == "number" and recipe.classes:
        raise TargetError(f"{source}: the rule 'number' has no classes.")
    if recipe.rule == "classes" and recipe.source == "trace":
        raise TargetError(f"{source}: a trace gives numbers: use the rule 'threshold' or 'number'.")
    if recipe.rule == "number" and recipe.source == "category":
        raise TargetError(f"{source}: a category is no number: use the rule 'classes'.")


def _listed(values: Mapping[str, Any], key: str, source: str) -> list[Any]:
    found = values.get(key) or []
    if not isinstance(found, (list, tuple)):
        raise TargetError(f"{source}: '{key}' must be a list of names.")
    return list(found)


def _mask(value: Any, source: str) -> tuple[str, str, float] | None:
    if value is None:
        return None
    if (
        not isinstance(value, (list, tuple))
        or len(value) != 3
        or not all(isinstance(each, str) for each in value[:2])
        or isinstance(value[2], bool)
        or not isinstance(value[2], (int, float))
        or not 0 < value[2] <= 1
    ):
        raise TargetError(
            f"{source}: 'mask' must be a scheme, a tier and a share above 0, "
            'such as ["artefacts@1", "artefact", 0.5].'
        )
    return value[0], value[1], float(value[2])


def _hint(text: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(text, known, n=1)
    return f". Did you mean '{close[0]}'?" if close else f". There are: {', '.join(known)}."
