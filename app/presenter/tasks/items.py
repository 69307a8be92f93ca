"""The questions of a questionnaire: what may be answered, and when an answer is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Value = int | float | str | list[str] | list[int]

GRID_POINTS = 9
TEXT_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a grid: what it measures and the words at its ends."""

    dimension: str
    low: str = ""
    high: str = ""

    @classmethod
    def from_content(cls, values: Mapping[str, Any] | str) -> Axis:
        """Read an axis, or only its dimension."""
        if isinstance(values, str):
            return cls(values)
        return cls(str(values["dimension"]), str(values.get("low") or ""), str(values.get("high") or ""))


@dataclass(frozen=True, slots=True)
class Item:
    """A question; which fields count depends on `scale`.

    | scale | answer |
    |---|---|
    | likert | int from `first` in `points` steps; `low` and `high` at the ends, or `labels` at every point |
    | sam | as likert, with the figures of `dimension` |
    | grid | [x, y], each 1..`points`, along the axes `x` (to the right) and `y` (upwards) |
    | choice | an option's id, or with `several` a list of `least` to `most` ids in the options' order |
    | text | `min_chars` to `max_chars` characters of any script, on `lines` lines |
    | number | from `lowest` to `highest` (None: no bound), whole where `decimals` is 0 |
    """

    id: str
    scale: str
    text: str
    points: int = 0
    low: str = ""
    high: str = ""
    dimension: str = ""
    first: int = 1
    labels: tuple[str, ...] = ()
    x: Axis = Axis("valence")
    y: Axis = Axis("arousal")
    options: tuple[tuple[str, str], ...] = ()
    several: bool = False
    least: int = 1
    most: int = 1
    max_chars: int = TEXT_CHARACTERS
    min_chars: int = 1
    lines: int = 3
    lowest: float | None = None
    highest: float | None = None
    decimals: int = 0
    unit: str = ""

    @classmethod
    def from_content(cls, values: Mapping[str, Any]) -> Item:
        """Read an item of a questionnaire stage."""
        scale = str(values["scale"])
        options = tuple((str(entry["id"]), str(entry["text"])) for entry in values.get("options") or ())
        several = bool(values.get("several", False))
        least, most = values.get("min"), values.get("max")
        return cls(
            id=str(values["id"]),
            scale=scale,
            text=str(values["text"]),
            points=int(values.get("points") or (GRID_POINTS if scale == "grid" else 0)),
            low=str(values.get("low") or ""),
            high=str(values.get("high") or ""),
            dimension=str(values.get("dimension") or ""),
            first=int(values.get("first", 1)),
            labels=tuple(str(label) for label in values.get("labels") or ()),
            x=Axis.from_content(values.get("x") or "valence"),
            y=Axis.from_content(values.get("y") or "arousal"),
            options=options,
            several=several,
            least=1 if scale != "choice" or least is None else int(least),
            most=(len(options) if several else 1) if scale != "choice" or most is None else int(most),
            max_chars=int(values.get("max_chars") or TEXT_CHARACTERS),
            min_chars=int(values.get("min_chars", 1)),
            lines=int(values.get("lines") or 3),
            lowest=None if scale != "number" or least is None else float(least),
            highest=None if scale != "number" or most is None else float(most),
            decimals=int(values.get("decimals") or 0),
            unit=str(values.get("unit") or ""),
        )

    @property
    def last(self) -> int:
        """The highest value of a scale."""
        return self.first + self.points - 1

    @property
    def nothing(self) -> Value | None:
        """The answer of somebody who has nothing to say, None where there must be an answer."""
        if self.scale == "text" and self.min_chars == 0:
            return ""
        return [] if self.scale == "choice" and self.several and self.least == 0 else None

    def accepts(self, value: Any) -> bool:
        """Whether `value` may stand as the answer, be it only a part of one."""
        match self.scale:
            case "likert" | "sam":
                return is_whole(value) and self.first <= value <= self.last
            case "grid":
                whole = isinstance(value, list | tuple) and len(value) == 2
                return whole and all(is_whole(place) and 1 <= place <= self.points for place in value)
            case "choice" if self.several:
                known = {option for option, _ in self.options}
                listed = isinstance(value, list | tuple) and len(set(value)) == len(value)
                return listed and known.issuperset(value) and len(value) <= self.most
            case "choice":
                return isinstance(value, str) and any(option == value for option, _ in self.options)
            case "text":
                return isinstance(value, str) and len(value) <= self.max_chars
            case "number":
                return self._is_number(value)
        return False

    def is_whole(self, value: Value) -> bool:
        """Whether an accepted value answers the question."""
        if self.scale == "choice" and isinstance(value, list):
            return len(value) >= self.least
        return (
            len(value.strip()) >= self.min_chars if self.scale == "text" and isinstance(value, str) else True
        )

    def _is_number(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.decimals == 0 and value != int(value):
            return False
        above = self.lowest is None or value >= self.lowest
        return above and (self.highest is None or value <= self.highest)


def is_whole(value: Any) -> bool:
    """Whether a value is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)
