"""What annotators leave: marks, ratings and traces, as records that are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

AnnotatorKind = Literal["human", "model", "fused"]
ItemState = Literal["untouched", "begun", "finished", "skipped"]
Input = Literal["key", "mouse", "import", "accept_model", "carried"]
TakeState = Literal["open", "done", "interrupted", "superseded"]

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Mark:
    """One label: a point, a segment, or an answer about a whole trial.

    `id` names it for ever, `revision` counts its edits from 1. `start_ns` and `end_ns` are nanoseconds on
    the recording's own clock, equal for a point, None for an answer about the whole trial. `trial` is the
    trial's index (-1: none), `item` the code of the queue's item ("" outside a queue). `label` is a label's
    id in the scheme, "" where there is none; `value` holds answers by question or numbers by name.
    `confidence` is 0..1, None where nobody said. `derived_from` is the mark of a model (or of an earlier
    scheme version) that this one came from. `model_seen`: labels of a model were on the screen.
    `to_confirm`: carried over and not yet looked at. `asks` is the question to the curator, "" for none.
    """

    id: str
    tier: str
    annotator: str
    kind: AnnotatorKind = "human"
    trial: int = -1
    item: str = ""
    start_ns: int | None = None
    end_ns: int | None = None
    label: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
    confidence: float | None = None
    channels: tuple[str, ...] = ()
    note: str = ""
    revision: int = 1
    input: Input = "key"
    derived_from: str = ""
    model_seen: bool = False
    to_confirm: bool = False
    asks: str = ""

    @property
    def is_gold(self) -> bool:
        """Whether it may count as a person's own judgement: no model in sight, nothing left to confirm."""
        return (
            self.kind == "human" and not (self.model_seen or self.to_confirm) and self.input != "accept_model"
        )

    @property
    def duration_ns(self) -> int:
        """Length of a segment, 0 for points and whole trials."""
        return 0 if self.start_ns is None or self.end_ns is None else self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True)
class Take:
    """One pass of a trace, every sample of it as it was read.

    `t_ns` (n,) is the time in the recording that was on the screen, `mono_ns` (n,) the computer's clock,
    `values` (n, dimensions) float32 on the scale of the tier, NaN where the annotator rated nothing.
    """

    id: str
    tier: str
    annotator: str
    trial: int
    item: str
    state: TakeState
    t_ns: NDArray[np.int64]
    mono_ns: NDArray[np.int64]
    values: NDArray[np.float32]
    device: str = ""
    model_seen: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class LogHead:
    """What a log is about: who labelled what by which scheme.

    `recording` is the stem of the session's file name (in a package the item's code), `scheme` is
    `name@version`, `scheme_sha256` the checksum of the scheme's file.
    """

    annotator: str
    kind: AnnotatorKind
    recording: str
    recording_uuid: str
    recording_sha256: str
    scheme: str
    scheme_sha256: str
    place: Literal["study", "pack", "training"] = "study"
