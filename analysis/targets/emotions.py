"""A label table: which imagined emotion counts as high or low in valence and arousal, and recipes made of it.

Spec 05, section 3: the article gives examples only, so the table is a proposal that can be edited: a CSV with
the columns emotion, valence, arousal and the words low and high.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from types import MappingProxyType

from analysis.targets.recipe import Recipe, TargetError

LEVELS = ("low", "high")
DIMENSIONS = ("valence", "arousal")
_HIGH_VALENCE = (
    "awe", "compassion", "contentedness", "excitement", "happiness", "joy", "love", "relief",
)  # fmt: skip
_LOW_VALENCE = ("anger", "disgust", "fear", "frustration", "grief", "jealousy", "sadness")
_HIGH_AROUSAL = (
    "anger", "disgust", "excitement", "fear", "frustration", "happiness", "jealousy", "joy",
)  # fmt: skip

Table = Mapping[str, tuple[str, str]]
"""By emotion in lower case: level of valence, level of arousal."""

EMOTIONS: Table = MappingProxyType(
    {
        name: (LEVELS[name in _HIGH_VALENCE], LEVELS[name in _HIGH_AROUSAL])
        for name in sorted((*_HIGH_VALENCE, *_LOW_VALENCE))
    }
)
PRINTED_TOTALS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"valence": (498, 636), "arousal": (489, 645)}
)
"""Segments that are low and high in the article, 1,134 in all."""


def to_csv(table: Table) -> str:
    """Return a table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("emotion", *DIMENSIONS))
    writer.writerows((name, *levels) for name, levels in table.items())
    return text.getvalue()


def from_csv(text: str, source: str) -> Table:
    """Read a table; raises TargetError with file and line for the first thing that is wrong."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    if not rows or [cell.strip().lower() for cell in rows[0]] != ["emotion", *DIMENSIONS]:
        raise TargetError(f"{source}, line 1: the columns must be emotion, valence, arousal.")
    found: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = [cell.strip().lower() for cell in row]
        if not any(cells):
            continue
        if len(cells) != 3 or not cells[0] or "=" in cells[0]:
            raise TargetError(f"{source}, line {number}: an emotion, its valence and its arousal are needed.")
        wrong = next((cell for cell in cells[1:] if cell not in LEVELS), None)
        if wrong is not None:
            raise TargetError(f"{source}, line {number}: '{wrong}' is neither low nor high.")
        if cells[0] in found:
            raise TargetError(f"{source}, line {number}: {cells[0]} was named before.")
        found[cells[0]] = (cells[1], cells[2])
    return MappingProxyType(found)


def recipe_of(table: Table, dimension: str) -> Recipe:
    """Return the recipe that a table gives for valence or arousal; the whole table is in it."""
    place = DIMENSIONS.index(dimension)
    of = tuple(f"{name}={levels[place]}" for name, levels in table.items())
    return Recipe(f"emotion-{dimension}", "emotion", of, "classes", classes=LEVELS)


def answers_of(recipe: Recipe) -> Mapping[str, str]:
    """Return what a recipe of this kind says of each emotion; raises TargetError."""
    pairs = [entry.partition("=") for entry in recipe.of]
    if any(not (name and found and level) for name, found, level in pairs):
        raise TargetError(f"target {recipe.name}: 'of' must hold entries such as \"awe=high\".")
    return {name.strip().lower(): level.strip() for name, _, level in pairs}


def against_totals(dimension: str, low: int, high: int) -> str:
    """Return, in words, whether class totals are those of the article; "" where the data are other ones."""
    printed = PRINTED_TOTALS[dimension]
    if low + high != sum(printed):
        return ""
    if (low, high) == printed:
        return f"{dimension}: {low} low and {high} high, as the article prints them"
    return (
        f"{dimension}: {low} low and {high} high, but the article prints {printed[0]} and {printed[1]}: the"
        " label table is not the article's"
    )
