"""Marks in words: for tool tips, the panel of the selected mark, and screen readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.labels.records import NS, Mark
from analysis.labels.scheme import CANNOT_TELL, Label, Tier
from app.console.review.times import clock_words


def label_of(tier: Tier, mark: Mark) -> Label | None:
    """Return the label of a mark, None where it has none."""
    return next((label for label in tier.labels if label.id == mark.label), None)


def name_of(tier: Tier, mark: Mark) -> str:
    """Return what a mark says, shortly: its label, its answers or its note."""
    label = label_of(tier, mark)
    if label is not None:
        return label.name
    if mark.label == CANNOT_TELL:
        return "cannot tell"
    if mark.value:
        return ", ".join(answers_text(tier, mark.value))
    return mark.label or mark.note or "no label"


def answers_text(tier: Tier, value: Mapping[str, object]) -> list[str]:
    """Return answers as `question: answer`, in the scheme's order."""
    told = []
    for question in tier.questions:
        if question.id in value:
            answer = value[question.id]
            names = {label.id: label.name for label in question.labels}
            told.append(f"{question.id} {_said(answer, names)}")
    known = {question.id for question in tier.questions}
    told += [f"{name} {_said(answer, {})}" for name, answer in value.items() if name not in known]
    return told


def _said(answer: object, names: Mapping[str, str]) -> str:
    if answer is None:
        return "cannot tell"
    return f"{answer:g}" if isinstance(answer, float) else names.get(str(answer), str(answer))


def lineage(mark: Mark, names: Mapping[str, str]) -> str:
    """Return where a mark came from; `names` maps marks of models to the model's name."""
    if not mark.derived_from:
        return ""
    if mark.input == "carried":
        return "carried over from an earlier version of the scheme"
    model = names.get(mark.derived_from, "")
    edited = ", edited" if mark.revision > 1 or mark.input != "accept_model" else ""
    return f"from {f'model {model}' if model else 'a model'}{edited}"


def describe(
    tier: Tier, mark: Mark, zero_s: float, who: str = "", names: Mapping[str, str] | None = None
) -> str:
    """Return all that is known of a mark, a line each: label, time, confidence, note, origin."""
    lines = [name_of(tier, mark)]
    if mark.start_ns is not None and mark.end_ns is not None:
        start_s, end_s = mark.start_ns / NS - zero_s, mark.end_ns / NS - zero_s
        if mark.end_ns > mark.start_ns:
            lines.append(f"{clock_words(start_s)} to {clock_words(end_s)} ({end_s - start_s:.2f} s)")
        else:
            lines.append(f"at {clock_words(start_s)}")
    if mark.confidence is not None:
        lines.append(f"confidence {mark.confidence:.2f}")
    if mark.channels:
        lines.append("channels " + ", ".join(mark.channels))
    if mark.note and label_of(tier, mark) is not None:
        lines.append(f"note: {mark.note}")
    if mark.to_confirm:
        lines.append("to confirm: Enter")
    if mark.asks:
        lines.append(f"asked the curator: {mark.asks}")
    came = lineage(mark, names or {})
    if came:
        lines.append(came)
    if who:
        lines.append(f"by {who}")
    return "\n".join(lines)


def several(tier: Tier, marks: Sequence[Mark]) -> str:
    """Return what lies merged under the pointer: how many, of which labels."""
    counts: dict[str, int] = {}
    for mark in marks:
        name = name_of(tier, mark)
        counts[name] = counts.get(name, 0) + 1
    told = sorted(counts.items(), key=lambda pair: -pair[1])
    parts = ", ".join(f"{name} {count}" for name, count in told[:5])
    return f"{len(marks)} marks here: {parts}{' and others' if len(told) > 5 else ''}\nZoom in to see each."
