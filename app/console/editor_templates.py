"""What a new part of a protocol is made of before anybody has written it. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

OPEN_END: Mapping[str, Any] = {"typical_s": 10}

STAGES: Mapping[str, Mapping[str, Any]] = {
    "instruction": {"text": "Please read this.", "duration_s": OPEN_END},
    "fixation": {"duration_s": 0.5},
    "picture": {"duration_s": 5},
    "film": {},
    "sound": {},
    "blank": {"duration_s": 1},
    "mask": {"duration_s": 0.1},
    "sequence": {"steps": [{"mask": "noise", "duration_s": 0.1}], "rounding": "nearest"},
    "flash": {"duration_s": 0.5},
    "rest": {"duration_s": 60},
    "imagery": {"text": "Please imagine the situation.", "duration_s": {"typical_s": 60, "max_s": 180}},
    "questionnaire": {"duration_s": OPEN_END, "instrument": "sam"},
    "typing": {"sentences": "typing", "duration_s": OPEN_END},
    "speaking": {"text": "Please tell what you see.", "duration_s": {"typical_s": 30, "max_s": 90}},
    "choice": {
        "duration_s": 2,
        "options": [
            {"id": "left", "text": "left", "key": "KeyF"},
            {"id": "right", "text": "right", "key": "KeyJ"},
        ],
    },
    "break": {"duration_s": 10},
}
ITEMS: Mapping[str, Mapping[str, Any]] = {
    "likert": {"text": "How strong?", "points": 7, "low": "weak", "high": "strong"},
    "sam": {"text": "Pleasure", "points": 9, "dimension": "valence"},
    "grid": {"text": "Where are you now?", "x": {"dimension": "valence"}, "y": {"dimension": "arousal"}},
    "choice": {"text": "Which one?", "options": [{"id": "yes", "text": "Yes"}, {"id": "no", "text": "No"}]},
    "text": {"text": "Please describe it."},
    "number": {"text": "How many?"},
}
PARTS: Mapping[str, Mapping[str, Any]] = {
    "Block": {"name": "block", "trial": "trial", "draw": {"pleasant": 1}},
    "Category": {},
    "Rotate": {"name": "order", "rotate": ["first", "second"]},
    "First": {"name": "first-category", "block": "main", "first": ["pleasant", "unpleasant"]},
    "Blocks": {"name": "block-order", "blocks": ["first", "second"]},
    "Orders": {"name": "order", "orders": [["first", "second"], ["second", "first"]]},
    "Step": {"mask": "noise", "duration_s": 0.1},
    "ChoiceOption": {"id": "option", "text": "option", "key": "Space"},
    "Option": {"id": "option", "text": "option"},
    "Screening": {"id": "well", "text": "Do you feel well enough to go on?"},
    "Caution": {
        "unpleasant": "Some of what you will see is unpleasant. You can stop at any time.",
        "screening": [{"id": "agrees", "text": "Do you want to go on?"}],
    },
    "Insert": {"every": 2, "trial": "trial", "draw": {"neutral": 1}},
    "Pause": {"every": 4, "stage": {"kind": "break", "duration_s": 10}},
    "Template": {"stages": [{"kind": "fixation", "duration_s": 0.5}]},
}
TITLES: Mapping[str, str] = {
    "Rotate": "order of stages",
    "First": "first category",
    "Blocks": "order of blocks",
    "Orders": "orders written out",
}


def new_part(model: type[Any], tag: str = "") -> dict[str, Any]:
    """Return the values of a new part; `tag` is its kind or scale."""
    if tag and "kind" in model.model_fields:
        return {"kind": tag} | deepcopy(dict(STAGES.get(tag, {})))
    if tag and "scale" in model.model_fields:
        return {"id": tag, "scale": tag} | deepcopy(dict(ITEMS.get(tag, {})))
    return deepcopy(dict(PARTS.get(model.__name__, {})))


def free_name(wanted: str, taken: set[str]) -> str:
    """Return a name like `wanted` that nothing has yet."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"
