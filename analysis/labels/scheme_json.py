"""Schemes as JSON: one spelling, its checksum, and what a change of it means."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

from analysis.labels.format import compact
from analysis.labels.scheme import SHOWABLE, Dimension, Label, Question, Scheme, Tier

_DEFAULTS = {
    Label: asdict(Label("", "")),
    Dimension: asdict(Dimension("", 0.0, 0.0)),
    Question: asdict(Question("", "", "text")),
    Tier: asdict(Tier("", "point", "")),
}


def to_json(scheme: Scheme) -> dict[str, Any]:
    """Return a scheme as JSON-ready values; what is as usual is left out."""
    values: dict[str, Any] = {
        "name": scheme.name,
        "version": scheme.version,
        "title": scheme.title,
        "question": scheme.question,
        "tiers": [_tier(tier) for tier in scheme.tiers],
    }
    if scheme.instructions:
        values["instructions"] = scheme.instructions
    if scheme.hide:
        values["hide"] = sorted(scheme.hide)
    if scheme.show != frozenset(SHOWABLE):
        values["show"] = sorted(scheme.show)
    if scheme.sound_with_stimulus:
        values["sound_with_stimulus"] = True
    return values


def to_text(scheme: Scheme) -> str:
    """Return the canonical JSON text: sorted names, no spaces, what is as usual left out."""
    return compact(to_json(scheme))


def to_file_text(scheme: Scheme) -> str:
    """Return the same JSON for people to read."""
    return json.dumps(to_json(scheme), ensure_ascii=False, indent=2) + "\n"


def checksum(scheme: Scheme) -> str:
    """Return the SHA-256 of the canonical JSON without its colours, which mean nothing."""
    return hashlib.sha256(to_text(without_colours(scheme)).encode()).hexdigest()


def with_checksum(scheme: Scheme) -> Scheme:
    """Return the scheme with its checksum filled in."""
    return replace(scheme, sha256=checksum(scheme))


def changed(old: Scheme, new: Scheme) -> bool:
    """Whether anything but colours differs (version numbers aside): labels by one are none by the other."""
    return checksum(replace(old, version=0)) != checksum(replace(new, version=0))


def without_colours(scheme: Scheme) -> Scheme:
    """Return a scheme whose labels have no colours."""

    def plain(labels: tuple[Label, ...]) -> tuple[Label, ...]:
        return tuple(replace(label, colour="") for label in labels)

    tiers = tuple(
        replace(
            tier,
            labels=plain(tier.labels),
            questions=tuple(replace(asked, labels=plain(asked.labels)) for asked in tier.questions),
        )
        for tier in scheme.tiers
    )
    return replace(scheme, tiers=tiers)


def _short(record: Label | Dimension | Question | Tier) -> dict[str, Any]:
    usual = _DEFAULTS[type(record)]
    return {name: value for name, value in asdict(record).items() if value != usual[name]}


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _dimension(dimension: Dimension) -> dict[str, Any]:
    found = _short(dimension) | {"low": dimension.low, "high": dimension.high}
    return {name: _number(value) if isinstance(value, float) else value for name, value in found.items()}


def _question(question: Question) -> dict[str, Any]:
    found = _short(question) | {"kind": question.kind}
    if question.scale is not None:
        found["scale"] = _dimension(question.scale)
    if question.labels:
        found["labels"] = [_short(label) for label in question.labels]
    return found


def _tier(tier: Tier) -> dict[str, Any]:
    found = _short(tier) | {"kind": tier.kind}
    if tier.labels:
        found["labels"] = [_short(label) for label in tier.labels]
    if tier.questions:
        found["questions"] = [_question(question) for question in tier.questions]
    if tier.dimensions:
        found["dimensions"] = [_dimension(dimension) for dimension in tier.dimensions]
    if "rate_hz" in found:
        found["rate_hz"] = _number(tier.rate_hz)
    return found
