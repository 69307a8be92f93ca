"""What an annotator works through: items of a plan, repeats and training examples among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from analysis.labels.records import NS, AnnotatorKind, Mark, Take

Purpose = Literal["label", "repeat", "training"]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a queue: a stretch of a recording that is to be labelled by a scheme.

    `code` names it and tells nothing ("" for a whole recording outside of a plan). `recording` is the stem
    of the session's file (in a package the code), `trial` the trial's index (-1: none). `start_ns` and
    `end_ns` are on the recording's clock. `hide` is what the plan hides beyond the scheme, `reference` the
    right answer of a training example.
    """

    code: str
    recording: str
    uuid: str
    trial: int
    start_ns: int
    end_ns: int
    scheme: str
    purpose: Purpose = "label"
    reference: tuple[Mark, ...] = ()
    plan: str = ""
    hide: frozenset[str] = field(default_factory=frozenset)

    @property
    def window_s(self) -> tuple[float, float]:
        """The stretch in seconds on the recording's clock."""
        return self.start_ns / NS, self.end_ns / NS


@dataclass(frozen=True, slots=True)
class Lane:
    """What one other annotator, or one model, said of an item; `name` is a letter where names are hidden."""

    name: str
    kind: AnnotatorKind
    marks: tuple[Mark, ...]
    takes: tuple[Take, ...] = ()


def mark_to_json(mark: Mark) -> dict[str, Any]:
    """Return a JSON-ready dictionary."""
    return asdict(mark) | {"value": dict(mark.value), "channels": list(mark.channels)}


def mark_from_json(values: Mapping[str, Any]) -> Mark:
    """Rebuild from `mark_to_json`, what a later Evoke added left out; raises TypeError or KeyError."""
    known = {name: value for name, value in values.items() if name in Mark.__dataclass_fields__}
    return Mark(
        **known | {"value": dict(known.get("value") or {}), "channels": tuple(known.get("channels") or ())}
    )
