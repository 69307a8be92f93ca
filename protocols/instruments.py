"""Published questionnaires: their items word for word, where they come from and how they are scored.

One file each in `resources/assessment/instruments/`. An item model is that of protocols
(`protocols.questions`); `common` holds what all items of a file share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

import resources
from protocols.parts import Identifier
from protocols.questions import ChoiceItem, GridItem, Items, LikertItem, SamItem
from protocols.words import Label, Language, Text
from stimuli.problems import Problem, ProblemsError
from stimuli.sets import is_file
from stimuli.validation import Part, mistake, validate
from stimuli.yamlfile import did_you_mean, read_file

Said = Annotated[str, Field(min_length=1, max_length=2000)]


class CutOff(Part):
    """What a score of `at_least` and more is called."""

    at_least: float
    label: Label


class Score(Part):
    """A score over `items` (all that have a number, if left out): their sum or mean, some turned around.

    A turned item counts its lowest plus its highest point less the answer.
    """

    id: Identifier
    rule: Literal["sum", "mean"] = "sum"
    items: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    turned: tuple[Identifier, ...] = ()
    range: tuple[float, float] | None = None
    cut_offs: tuple[CutOff, ...] = ()


class Attention(Part):
    """An answer that somebody must look after: `item` answered with more than `above`."""

    item: Identifier
    above: float
    code: Identifier


class Instrument(Part):
    """A questionnaire as published.

    `languages` are those that every text is given in; `translation` says of each but the original's who
    translated it. `text` is the instruction above the items. `source`, `translation` and `licence` go
    into the recording with the answers.
    """

    id: Identifier
    title: Label
    source: Said
    licence: Said
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    items: Items
    text: Text | None = None
    translation: dict[Language, Said] = Field(default_factory=dict)
    scoring: tuple[Score, ...] = ()
    attention: Attention | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_known(self) -> Instrument:
        known = {item.id for item in self.items}
        if len(known) < len(self.items):
            raise mistake("two items have the same id.", "Rename one.")
        named = [name for score in self.scoring for name in (*(score.items or ()), *score.turned)]
        if len({score.rule for score in self.scoring}) > 1:
            raise mistake("the scores of an instrument are all sums or all means.", "Use one rule.")
        for name in [*named, *([self.attention.item] if self.attention else ())]:
            if name not in known:
                raise mistake(f'there is no item "{name}".', did_you_mean(name, known))
        return self

    def score(self, answers: Mapping[str, object]) -> dict[str, float | None]:
        """Return every score by its id; None where an answer that it needs is missing or declined."""
        return {score.id: self._score(score, answers) for score in self.scoring}

    def _score(self, score: Score, answers: Mapping[str, object]) -> float | None:
        items = {item.id: item for item in self.items if _bounds(item) is not None}
        counted: list[float] = []
        for name in score.items or items:
            number = _number(items[name], answers.get(name)) if name in items else None
            if number is None:
                return None
            low, high = _bounds(items[name]) or (0.0, 0.0)
            counted.append(low + high - number if name in score.turned else number)
        total = sum(counted)
        return total if score.rule == "sum" else total / len(counted)

    def band(self, score_id: str, value: float, language: str) -> str:
        """Return what a score's value is called by its cut-offs, "" if nothing."""
        offs: Sequence[CutOff] = next((each.cut_offs for each in self.scoring if each.id == score_id), ())
        reached = [off for off in offs if value >= off.at_least]
        return max(reached, key=lambda off: off.at_least).label.in_language(language) if reached else ""


def _bounds(item: Any) -> tuple[float, float] | None:
    """Return the lowest and highest number of an item's answers, None where answers are no numbers."""
    if isinstance(item, LikertItem):
        return item.first, item.first + item.points - 1
    if isinstance(item, SamItem):
        return 1, item.points
    if isinstance(item, ChoiceItem) and not item.several:
        values = [option.value for option in item.options if option.value is not None]
        return (min(values), max(values)) if len(values) == len(item.options) else None
    return None


def _number(item: Any, answer: object) -> float | None:
    if isinstance(item, ChoiceItem):
        return next((option.value for option in item.options if option.id == answer), None)
    if isinstance(item, GridItem) or isinstance(answer, bool) or not isinstance(answer, int | float):
        return None
    return float(answer)


def _with_common(values: Any) -> Any:
    """Return a file's values with what `common` says put into each item that does not say it itself."""
    if not isinstance(values, dict) or not isinstance(values.get("common"), dict):
        return values
    common, items = values["common"], values.get("items")
    rest = {name: value for name, value in values.items() if name != "common"}
    if isinstance(items, list):
        rest["items"] = [common | item if isinstance(item, dict) else item for item in items]
    return rest


def instrument_files() -> dict[str, Path]:
    """Return the bundled instruments by name."""
    folder = resources.path("assessment/instruments")
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_instrument(name_or_file: str, beside: Path | None = None) -> Instrument:
    """Read a bundled instrument by name, or a file given whole or relative to `beside`.

    Raises ProblemsError with every problem.
    """
    bundled = instrument_files()
    path = bundled.get(name_or_file)
    if path is None:
        path = Path(name_or_file) if beside is None else beside / name_or_file
    if not is_file(path):
        message = f'there is no instrument "{name_or_file}", bundled or as a file.'
        raise ProblemsError([Problem(name_or_file, None, message, did_you_mean(name_or_file, bundled))])
    source = read_file(path)
    source = replace(source, values=_with_common(source.values))
    instrument, problems = validate(Instrument, source)
    if instrument is None:
        raise ProblemsError(problems)
    return instrument
