"""Feedback on a training example: which answers were right, and how far off the others were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.labels.records import NS, Mark
from analysis.labels.scheme import Question, Scheme, Tier

NEAR_S = 0.5
"""A point counts as found this near to the right one."""
LEAST_OVERLAP = 0.5
"""A segment counts as found when it shares this much with the right one (intersection over union)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer against the right one.

    `about` is what was asked, `given` and `right` are what was and should have been said ("" for nothing).
    `off` is how far off a number is (given minus right), `start_off_s` and `end_off_s` how much too late a
    mark begins and ends; None where that means nothing.
    """

    tier: str
    about: str
    given: str
    right: str
    is_right: bool
    off: float | None = None
    start_off_s: float | None = None
    end_off_s: float | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """All answers of an example, in the order of the scheme."""

    answers: tuple[Judged, ...]

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(answer.is_right for answer in self.answers)

    @property
    def asked(self) -> int:
        """How many there were."""
        return len(self.answers)


def feedback(scheme: Scheme, reference: Sequence[Mark], marks: Sequence[Mark]) -> Feedback:
    """Compare what was labelled with the right answer; traces and free texts are not judged.

    A scale is right within one step of it, a choice when it is the same, a point within `NEAR_S`, a segment
    from `LEAST_OVERLAP` on.
    """
    answers: list[Judged] = []
    for tier in scheme.tiers:
        right = [mark for mark in reference if mark.tier == tier.name]
        given = [mark for mark in marks if mark.tier == tier.name]
        if tier.kind == "trial":
            answers += _questions(tier, right, given)
        elif tier.kind in ("point", "segment") and (right or given):
            answers += _stretches(tier, right, given)
    return Feedback(tuple(answers))


def _questions(tier: Tier, right: Sequence[Mark], given: Sequence[Mark]) -> list[Judged]:
    wanted = {name: value for mark in right for name, value in mark.value.items()}
    said = {name: value for mark in given for name, value in mark.value.items()}
    found = []
    for question in tier.questions:
        if question.kind == "text" or question.id not in wanted:
            continue
        found.append(_question(tier, question, said.get(question.id), wanted[question.id]))
    return found


def _question(tier: Tier, question: Question, given: Any, right: Any) -> Judged:
    words: Mapping[Any, str] = {label.id: label.name for label in question.labels}
    told = (words.get(given, _number(given)), words.get(right, _number(right)))
    if question.scale is None or not all(isinstance(v, int | float) for v in (given, right)):
        return Judged(tier.name, question.text, *told, given == right)
    off = float(given) - float(right)
    return Judged(tier.name, question.text, *told, abs(off) <= (question.scale.step or 1.0) + 1e-9, off)


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _stretches(tier: Tier, right: Sequence[Mark], given: Sequence[Mark]) -> list[Judged]:
    names = {label.id: label.name for label in tier.labels}
    left = sorted(given, key=lambda mark: mark.start_ns or 0)
    found = []
    for wanted in sorted(right, key=lambda mark: mark.start_ns or 0):
        name = names.get(wanted.label, tier.title)
        best = max(left, key=lambda mark: _nearness(wanted, mark), default=None)
        if best is None or _nearness(wanted, best) <= 0:
            found.append(Judged(tier.name, name, "", name, False))
            continue
        left.remove(best)
        start_s, end_s = (
            ((mine or 0) - (theirs or 0)) / NS
            for mine, theirs in ((best.start_ns, wanted.start_ns), (best.end_ns, wanted.end_ns))
        )
        is_point = tier.kind == "point"
        is_near = abs(start_s) <= NEAR_S if is_point else _nearness(wanted, best) >= LEAST_OVERLAP
        said = names.get(best.label, tier.title)
        is_right = is_near and best.label == wanted.label
        found.append(
            Judged(tier.name, name, said, name, is_right, None, start_s, None if is_point else end_s)
        )
    found += [
        Judged(tier.name, names.get(m.label, tier.title), names.get(m.label, tier.title), "", False)
        for m in left
    ]
    return found


def _nearness(one: Mark, other: Mark) -> float:
    """Return how much two marks share: 0 nothing, 1 everything; of points 1 at once, 0 a second apart."""
    a, b, c, d = (float(value or 0) for value in (one.start_ns, one.end_ns, other.start_ns, other.end_ns))
    if a == b or c == d:
        return max(0.0, 1.0 - abs(a - c) / NS)
    shared = min(b, d) - max(a, c)
    return max(0.0, shared / (max(b, d) - min(a, c)))
