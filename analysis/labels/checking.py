"""Whether a mark is one that its scheme allows, in words for the person who made it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from analysis.labels.records import Mark
from analysis.labels.scheme import CANNOT_TELL, Dimension, Question, Scheme, Tier

ROUNDING = 1e-6


def problem_of(scheme: Scheme, mark: Mark) -> str:
    """Return why a mark does not fit its scheme, '' if it does."""
    try:
        tier = scheme.tier(mark.tier)
    except KeyError:
        return f"the scheme {scheme.id} has no tier '{mark.tier}'"
    wrong = _time_problem(tier, mark) or _label_problem(tier, mark)
    if not wrong and mark.confidence is not None and not 0 <= mark.confidence <= 1:
        wrong = f"a confidence of {mark.confidence:g} is outside 0..1"
    if not wrong and mark.channels and not tier.channels:
        wrong = "its marks name no channels"
    return f"tier '{tier.name}': {wrong}" if wrong else ""


def _time_problem(tier: Tier, mark: Mark) -> str:
    start, end = mark.start_ns, mark.end_ns
    if tier.kind in ("trace1d", "trace2d"):
        return "takes traces, no marks"
    if tier.kind == "trial":
        return "" if start is None and end is None else "answers are about the whole trial and have no times"
    if start is None or end is None:
        return "a mark needs a time"
    if tier.kind == "point":
        return "" if start == end else "a point has no length"
    return "" if start < end else "a segment has to end after its start"


def _label_problem(tier: Tier, mark: Mark) -> str:
    if tier.kind == "trial":
        if mark.label:
            return "answers go by question and have no label"
        if not mark.value:
            return "an answer is missing"
        return _value_problem({question.id: question for question in tier.questions}, mark)
    if mark.label == CANNOT_TELL:
        if not tier.cannot_tell:
            return "'cannot tell' is not offered"
    elif mark.label:
        known = [label.id for label in tier.labels]
        if mark.label not in known:
            return f"there is no label '{mark.label}' (there are: {', '.join(known) or 'none'})"
    elif tier.labels and not (tier.free_text and mark.note):
        return "a label is missing"
    elif not (tier.labels or mark.note or mark.value):
        return "a text is missing"
    fields: dict[str, Question | Dimension] = {question.id: question for question in tier.questions}
    fields |= {dimension.name: dimension for dimension in tier.dimensions}
    return _value_problem(fields, mark)


def _value_problem(fields: Mapping[str, Question | Dimension], mark: Mark) -> str:
    for name, value in mark.value.items():
        asked = fields.get(name)
        if asked is None:
            return f"nothing called '{name}' is asked (there are: {', '.join(fields) or 'none'})"
        if value is None:
            continue
        if isinstance(asked, Question) and asked.kind == "text":
            wrong = "" if isinstance(value, str) else "is no text"
        elif isinstance(asked, Question) and asked.kind == "choice":
            wrong = "" if value in [label.id for label in asked.labels] else "is no choice"
        else:
            scale = asked if isinstance(asked, Dimension) else asked.scale
            assert scale is not None
            # Means of people and outputs of models lie between the steps that people are offered.
            wrong = number_problem(scale, value, has_steps=mark.kind == "human")
        if wrong:
            return f"'{name}': {value!r} {wrong}"
    return ""


def number_problem(scale: Dimension, value: Any, has_steps: bool = True) -> str:
    """Return why a value is none of a scale, '' if it is one; between steps only without `has_steps`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "is no number"
    if not scale.low - ROUNDING <= value <= scale.high + ROUNDING:
        return f"is outside {scale.low:g} to {scale.high:g}"
    if has_steps and scale.step > 0:
        steps = (value - scale.low) / scale.step
        if abs(steps - round(steps)) > ROUNDING:
            return f"is between the steps of {scale.step:g} from {scale.low:g}"
    return ""
