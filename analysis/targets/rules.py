"""How answers become classes: one function for every rule of a recipe."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from analysis.targets.recipe import Lost, Recipe, TargetError, Tie, TrialKey

Answer = tuple[float | str, ...]
"""What is known of a trial: one entry for each thing that the rule needs."""

LOW_HIGH = ("low", "high")

_Rule = Callable[[Recipe, Sequence[float]], float | None]


def apply_rule(
    recipe: Recipe, answers: Mapping[TrialKey, Answer]
) -> tuple[tuple[str, ...], dict[TrialKey, float], tuple[Lost, ...]]:
    """Return classes, the value of each trial, and the trials that the rule leaves without one.

    Raises TargetError where the rule does not fit what was given.
    """
    if recipe.rule == "threshold":
        return _by(recipe, answers, LOW_HIGH, _threshold)
    if recipe.rule == "higher":
        if len(recipe.of) != 2:
            raise TargetError(f"target {recipe.name}: 'higher' compares two ratings, not {len(recipe.of)}.")
        return _by(recipe, answers, recipe.of, _higher)
    if recipe.rule == "number":
        return _by(recipe, answers, (), _number)
    return _classes(recipe, answers)


def _by(
    recipe: Recipe,
    answers: Mapping[TrialKey, Answer],
    classes: Sequence[str],
    rule: _Rule,
) -> tuple[tuple[str, ...], dict[TrialKey, float], tuple[Lost, ...]]:
    values: dict[TrialKey, float] = {}
    lost = []
    for key, answer in answers.items():
        numbers = [each for each in answer if isinstance(each, (int, float)) and math.isfinite(each)]
        if len(numbers) != len(answer):
            lost.append(Lost(key, "the answer is no number"))
            continue
        value = rule(recipe, numbers)
        if value is None:
            lost.append(Lost(key, _tie_words(recipe, numbers)))
        else:
            values[key] = value
    named = recipe.classes if len(recipe.classes) == len(classes) and classes else tuple(classes)
    return named, values, tuple(lost)


def _tie_words(recipe: Recipe, numbers: Sequence[float]) -> str:
    if recipe.rule == "higher":
        return f"a tie: {recipe.of[0]} and {recipe.of[1]} are both {numbers[0]:g}"
    return f"a tie: exactly {numbers[0]:g}"


def _threshold(recipe: Recipe, numbers: Sequence[float]) -> float | None:
    (number,) = numbers
    return _tied(recipe.tie) if number == recipe.at else float(number > recipe.at)


def _higher(recipe: Recipe, numbers: Sequence[float]) -> float | None:
    first, second = numbers
    return _tied(recipe.tie) if first == second else float(second > first)


def _number(recipe: Recipe, numbers: Sequence[float]) -> float | None:
    del recipe
    return float(numbers[0])


def _tied(tie: Tie) -> float | None:
    return {"drop": None, "low": 0.0, "high": 1.0}[tie]


def _classes(
    recipe: Recipe, answers: Mapping[TrialKey, Answer]
) -> tuple[tuple[str, ...], dict[TrialKey, float], tuple[Lost, ...]]:
    texts = {key: _text(answer[0]) for key, answer in answers.items()}
    classes = recipe.classes or tuple(sorted({text for text in texts.values() if text}, key=_as_number))
    places = {name: float(place) for place, name in enumerate(classes)}
    values = {key: places[text] for key, text in texts.items() if text in places}
    lost = tuple(
        Lost(key, f"'{text}' is none of the classes" if text else "no class is known")
        for key, text in texts.items()
        if text not in places
    )
    return classes, values, lost


def _text(answer: float | str) -> str:
    if isinstance(answer, str):
        return answer
    return f"{answer:g}" if math.isfinite(answer) else ""


def _as_number(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return math.inf, text
