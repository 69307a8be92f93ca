"""What study.yaml may say, and changing one entry of it without touching the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from app.participant_fields import fields_from_yaml
from app.study_files import StudyError

LOOKS: Mapping[str, type | tuple[type, ...]] = {
    "palette": str,
    "text_scale": (int, float),
    "screen": str,
    "corner_patch": (bool, dict),
    "calibration": dict,
}
"""What study.yaml may say under `look` of the participant's screen; the workstation's settings hold else."""
_FLAGS = ("network", "characters")
_NAMES = (
    "name",
    "kind",
    "created",
    "protocol",
    "devices",
    *_FLAGS,
    "uuid",
    "visits",
    "participant_fields",
    "look",
)
_WORDS = {bool: "true or false", str: "text in quotes"}


def checked(values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return what study.yaml says of itself, checked; raises StudyError."""
    known = {name: values[name] for name in _NAMES if name in values}
    for name, value in known.items():
        if name == "participant_fields":
            known[name] = fields_from_yaml(value, str(path))
        elif name == "visits":
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 999:
                raise StudyError(f"{path}: visits is {value!r}. Write a number from 1 to 999.")
        elif name == "look":
            known[name] = _look(value, path)
        else:
            wanted = bool if name in _FLAGS else str
            if not isinstance(value, wanted):
                raise StudyError(f"{path}: {name} is {value!r}. Write a {_WORDS[wanted]}.")
    return known


def _look(value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise StudyError(f"{path}: look is {value!r}. Write NAME: VALUE pairs under it.")
    for name, chosen in value.items():
        if name not in LOOKS:
            raise StudyError(f"{path}: look knows no {name}. Write {', '.join(LOOKS)}.")
        if not isinstance(chosen, LOOKS[name]):
            raise StudyError(f"{path}: {name} of look is {chosen!r}, which it cannot be. Mend it.")
    return dict(value)


def with_entry(text: str, name: str, value: Any) -> str:
    """Return study.yaml's text with one entry written anew at its end; comments elsewhere stay."""
    text = re.sub(rf"^{name}:.*\n?(?:[ \t-].*\n?)*", "", text, flags=re.M)
    entry = yaml.safe_dump({name: value}, sort_keys=False, allow_unicode=True)
    return text + ("" if text.endswith("\n") else "\n") + entry
