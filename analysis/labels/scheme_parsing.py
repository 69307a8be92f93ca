"""Reading schemes: every problem at once, each with its place and what to do about it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, get_args

from analysis.labels.scheme import (
    CANNOT_TELL,
    HIDEABLE,
    SHOWABLE,
    Dimension,
    Label,
    Overlap,
    Question,
    QuestionKind,
    Scheme,
    Tier,
    TierKind,
)
from analysis.labels.scheme_json import with_checksum

RESERVED_KEYS: Mapping[str, str] = {
    "0": "cannot tell",
    "a": "accept the model's label",
    "c": "ask the curator",
    "e": "end of the mark",
    "f": "fit the mark",
    "h": "whole recording",
    "l": "loop",
    "m": "merge",
    "q": "start of the mark",
    "r": "reject the model's label",
    "s": "split",
}
"""Keys that mean something else while labels are given, with what they mean."""

FIGURES = ("valence", "arousal", "dominance")
FIGURE_POINTS = (5, 9)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
MOST_RATE_HZ = 1000.0
_KINDS = (*get_args(TierKind),)


class SchemeFileError(Exception):
    """A scheme cannot be used; `problems` lists why, each line with its place and the remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def parse_scheme(text: str, source: str) -> Scheme:
    """Return the scheme in a JSON text, checksum filled in; raises SchemeFileError with every problem.

    `source` is what the messages call it: a file's name.
    """
    try:
        values = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except _JsonError as error:
        raise SchemeFileError([f"{source}: {error}"]) from error
    except json.JSONDecodeError as error:
        raise SchemeFileError(
            [f"{source}:{error.lineno}: is no JSON ({error.msg}). Mend it there, or export the scheme again."]
        ) from error
    except RecursionError as error:
        raise SchemeFileError([f"{source}: is nested too deeply for a scheme."]) from error
    reader = _Reader(source)
    scheme = reader.scheme(values)
    if reader.problems or scheme is None:
        raise SchemeFileError(reader.problems)
    return with_checksum(scheme)


class _JsonError(ValueError):
    """Something that JSON allows and a scheme does not."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _JsonError(f"'{name}' stands twice in one place. Remove one of the two.")
        found[name] = value
    return found


def _refuse(name: str) -> Any:
    raise _JsonError(f"{name} is no number. Write a number instead.")


class _Reader:
    """Turns JSON values into records and collects what is wrong."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[str] = []

    def wrong(self, place: str, message: str) -> None:
        self.problems.append(f"{self.source}: {place}: {message}" if place else f"{self.source}: {message}")

    def values(self, value: Any, place: str, known: Iterable[str], needed: Iterable[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.wrong(place, "has to be an object in braces.")
            return {}
        allowed = tuple(known)
        for name in value:
            if name not in allowed:
                self.wrong(place, f"there is no '{name}'.{_near(name, allowed)}")
        for name in needed:
            if name not in value:
                self.wrong(place, f"'{name}' is missing. Add it.")
        return value

    def text(self, values: dict[str, Any], name: str, place: str, needed: bool = False) -> str:
        value = values.get(name, "")
        if not isinstance(value, str):
            self.wrong(_at(place, name), f"has to be a text, not {json.dumps(value)[:40]}.")
            return ""
        if needed and name in values and not value.strip():
            self.wrong(_at(place, name), "is empty. Write something.")
        return value

    def flag(self, values: dict[str, Any], name: str, place: str, default: bool) -> bool:
        value = values.get(name, default)
        if not isinstance(value, bool):
            self.wrong(_at(place, name), "has to be true or false.")
            return default
        return value

    def number(self, values: dict[str, Any], name: str, place: str, default: float = 0.0) -> float:
        value = values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.wrong(_at(place, name), "has to be a number.")
            return default
        return float(value)

    def choice(
        self, values: dict[str, Any], name: str, place: str, known: Sequence[str], default: str
    ) -> str:
        value = values.get(name, default)
        if value not in known:
            near = _near(str(value), known)
            self.wrong(_at(place, name), f"{json.dumps(value)[:40]} is none of {', '.join(known)}.{near}")
            return default
        return str(value)

    def list(self, values: dict[str, Any], name: str, place: str) -> Sequence[Any]:
        value = values.get(name, [])
        if not isinstance(value, list):
            self.wrong(_at(place, name), "has to be a list in brackets.")
            return []
        return value

    def identifier(self, values: dict[str, Any], name: str, place: str) -> str:
        value = self.text(values, name, place)
        if name in values and value == CANNOT_TELL:
            self.wrong(_at(place, name), f"'{value}' is Evoke's own name for an answer. Take another.")
        elif name in values and isinstance(values[name], str) and not IDENTIFIER.fullmatch(value):
            self.wrong(
                _at(place, name),
                f"'{value[:40]}' is no id: small letters, digits, - and _, at most 40, such as 'happy'.",
            )
        return value

    def names(self, values: dict[str, Any], name: str, known: Sequence[str]) -> frozenset[str]:
        found = []
        for value in self.list(values, name, ""):
            if value in known:
                found.append(str(value))
            else:
                near = _near(str(value), known)
                self.wrong(name, f"{json.dumps(value)[:40]} is none of {', '.join(known)}.{near}")
        return frozenset(found)

    def unique(self, found: Iterable[str], place: str, what: str) -> None:
        seen: set[str] = set()
        for name in found:
            if name and name in seen:
                self.wrong(place, f"the {what} '{name}' is given twice. Change one of the two.")
            seen.add(name)

    def labels(self, values: dict[str, Any], place: str) -> tuple[Label, ...]:
        found = []
        for number, entry in enumerate(self.list(values, "labels", place)):
            here = f"{_at(place, 'labels')}[{number}]"
            inner = self.values(entry, here, _names(Label), ("id", "name"))
            colour, key = self.text(inner, "colour", here), self.text(inner, "key", here).lower()
            if colour and not COLOUR.fullmatch(colour):
                self.wrong(_at(here, "colour"), f"'{colour[:40]}' is no colour. Write it as #3366cc.")
            if key and not (len(key) == 1 and key.isascii() and key.isalnum()):
                self.wrong(_at(here, "key"), f"'{key[:40]}' is no key. Take one digit or letter from a to z.")
            elif key in RESERVED_KEYS:
                self.wrong(
                    _at(here, "key"),
                    f"'{key}' is taken: it means '{RESERVED_KEYS[key]}' everywhere. Take another key.",
                )
            found.append(
                Label(
                    id=self.identifier(inner, "id", here),
                    name=self.text(inner, "name", here, needed=True),
                    colour=colour.lower(),
                    key=key,
                    definition=self.text(inner, "definition", here),
                    example=self.text(inner, "example", here),
                )
            )
        here = _at(place, "labels")
        self.unique((label.id for label in found), here, "id")
        self.unique((label.name for label in found), here, "name")
        self.unique((label.key for label in found), here, "key")
        return tuple(found)

    def dimension(self, value: Any, place: str) -> Dimension:
        inner = self.values(value, place, _names(Dimension), ("name", "low", "high"))
        low, high = self.number(inner, "low", place), self.number(inner, "high", place)
        step = self.number(inner, "step", place)
        if {"low", "high"} <= set(inner) and not low < high:
            self.wrong(place, f"goes from {low:g} to {high:g}: 'low' has to be below 'high'.")
        elif step < 0 or (step and abs((high - low) / step - round((high - low) / step)) > 1e-9):
            self.wrong(
                _at(place, "step"), f"steps of {step:g} do not lead from {low:g} to {high:g}. Change one."
            )
        return Dimension(
            name=self.identifier(inner, "name", place),
            low=low,
            high=high,
            low_text=self.text(inner, "low_text", place),
            high_text=self.text(inner, "high_text", place),
            step=step,
        )

    def question(self, value: Any, place: str) -> Question:
        inner = self.values(value, place, _names(Question), ("id", "text", "kind"))
        kind: Any = self.choice(inner, "kind", place, get_args(QuestionKind), "text")
        scale = self.dimension(inner["scale"], _at(place, "scale")) if "scale" in inner else None
        labels = self.labels(inner, place)
        if "kind" in inner and (kind == "scale") != (scale is not None):
            self.wrong(place, "a question of kind 'scale' has a 'scale', and no other has.")
        if "kind" in inner and (kind == "choice") != bool(labels):
            self.wrong(place, "a question of kind 'choice' has 'labels', and no other has.")
        figures = self.text(inner, "figures", place)
        if figures and figures not in FIGURES:
            near = _near(figures, FIGURES)
            self.wrong(_at(place, "figures"), f"'{figures[:40]}' is none of {', '.join(FIGURES)}.{near}")
        elif figures and not (scale and scale.low == 1 and scale.high in FIGURE_POINTS and scale.step == 1):
            self.wrong(_at(place, "figures"), "figures need a scale from 1 to 5 or 1 to 9 in steps of 1.")
        return Question(
            id=self.identifier(inner, "id", place),
            text=self.text(inner, "text", place, needed=True),
            kind=kind,
            scale=scale,
            labels=labels,
            figures=figures,
            required=self.flag(inner, "required", place, True),
        )

    def tier(self, value: Any, place: str) -> Tier:
        inner = self.values(value, place, _names(Tier), ("name", "kind", "title"))
        overlap: Any = self.choice(inner, "overlap", place, get_args(Overlap), "exclusive")
        kind: Any = self.choice(inner, "kind", place, _KINDS, "point")
        questions = tuple(
            self.question(entry, f"{_at(place, 'questions')}[{number}]")
            for number, entry in enumerate(self.list(inner, "questions", place))
        )
        dimensions = tuple(
            self.dimension(entry, f"{_at(place, 'dimensions')}[{number}]")
            for number, entry in enumerate(self.list(inner, "dimensions", place))
        )
        found = Tier(
            name=self.identifier(inner, "name", place),
            kind=kind,
            title=self.text(inner, "title", place, needed=True),
            overlap=overlap,
            labels=self.labels(inner, place),
            questions=questions,
            dimensions=dimensions,
            bounded=self.flag(inner, "bounded", place, True),
            rate_hz=self.number(inner, "rate_hz", place, 60.0),
            free_text=self.flag(inner, "free_text", place, False),
            channels=self.flag(inner, "channels", place, False),
            cannot_tell=self.flag(inner, "cannot_tell", place, True),
            required=self.flag(inner, "required", place, False),
            disc=self.flag(inner, "disc", place, False),
        )
        asked = [question.id for question in questions] + [dimension.name for dimension in dimensions]
        self.unique(asked, place, "id")
        if kind in _KINDS and "kind" in inner:
            self.fitting(found, place)
        return found

    def fitting(self, tier: Tier, place: str) -> None:
        """Say what does not fit the tier's kind."""
        is_trace = tier.kind in ("trace1d", "trace2d")
        if tier.kind == "trial":
            if not tier.questions:
                self.wrong(place, "a tier of whole trials needs 'questions'. Add one.")
            if tier.labels or tier.dimensions:
                self.wrong(place, "a tier of whole trials asks 'questions': no 'labels' or 'dimensions'.")
        elif is_trace:
            count = 1 if tier.kind == "trace1d" else 2
            if len(tier.dimensions) != count or tier.labels or tier.questions:
                self.wrong(place, f"a {tier.kind} has {count} of 'dimensions', no 'labels', no 'questions'.")
            if not 1 <= tier.rate_hz <= MOST_RATE_HZ:
                self.wrong(_at(place, "rate_hz"), f"has to lie between 1 and {MOST_RATE_HZ:g}.")
        elif not (tier.labels or tier.free_text):
            self.wrong(place, "marks need 'labels', or \"free_text\": true.")
        if tier.channels and (is_trace or tier.kind == "trial"):
            self.wrong(_at(place, "channels"), "only points and segments can name channels.")
        if tier.disc and tier.kind != "trace2d":
            self.wrong(_at(place, "disc"), "only a trace2d can be a disc.")
        if not tier.bounded and tier.kind != "trace1d":
            self.wrong(_at(place, "bounded"), "only a trace1d can be without ends.")

    def scheme(self, value: Any) -> Scheme | None:
        known = [name for name in _names(Scheme) if name != "sha256"]
        inner = self.values(value, "", known, ("name", "version", "title", "tiers"))
        if not inner:
            return None
        name = self.text(inner, "name", "")
        if "name" in inner and isinstance(inner["name"], str) and not NAME.fullmatch(name):
            self.wrong("name", f"'{name[:40]}' is no name: small letters, digits and -, at most 40.")
        version = inner.get("version", 1)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            self.wrong("version", "has to be a whole number from 1.")
            version = 1
        entries = self.list(inner, "tiers", "")
        if "tiers" in inner and not entries:
            self.wrong("tiers", "there is none. Add what is to be labelled.")
        tiers = tuple(self.tier(entry, f"tiers[{number}]") for number, entry in enumerate(entries))
        self.unique((tier.name for tier in tiers), "tiers", "name")
        show = self.names(inner, "show", SHOWABLE) if "show" in inner else frozenset(SHOWABLE)
        return Scheme(
            name=name,
            version=version,
            title=self.text(inner, "title", "", needed=True),
            question=self.text(inner, "question", ""),
            tiers=tiers,
            instructions=self.text(inner, "instructions", ""),
            hide=self.names(inner, "hide", HIDEABLE),
            show=show,
            sound_with_stimulus=self.flag(inner, "sound_with_stimulus", "", False),
        )


def _names(record: Any) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(record))


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _near(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""
