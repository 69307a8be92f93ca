"""Cases and their inputs: what recognizers are given. A case is one decision: a trial, a window, a visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CaseSpec:
    """How trials become cases.

    `unit` "trial": one case a trial; "window": windows of `window_s` every `hop_s` inside the trial (its
    `stage`, or the stimulus' span where `stage` is ""). A window never leaves its trial. "session": one case
    a visit of a participant, from all of its trials; inputs name theirs (`InputSpec.trial`). "press": a
    window of `window_s` (0: two seconds) about each press of a trial's `stage`, its middle `hop_s` from the
    press (0: centred on it, -1 with two seconds: it ends at the press).
    """

    unit: Literal["trial", "window", "press", "session"] = "trial"
    window_s: float = 0.0
    hop_s: float = 0.0
    stage: str = ""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a recognizer: which feature of which signal, cut how.

    `name` is the input's name in the batch ("bvp"), `modality` one of `MODALITIES`, `feature` a name in the
    table of features with its `settings`. The feature's steps are `window_s` long, every `hop_s`, inside
    `stage` of the trial (of the case's span where it is "" or the case is a window). `window_s` 0: one step
    over the whole span; features that bring their own steps (frames, keystrokes) ignore both. A "text"
    without a stage is of the whole trial, where the case is a trial: people speak after the stimulus.
    `trial` is for cases that are a visit: the stimulus or category of the trials that it is cut from
    ("task-1"), "" for all of them; a visit without one lacks the input.
    """

    name: str
    modality: str
    feature: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    window_s: float = 0.0
    hop_s: float = 0.0
    stage: str = ""
    trial: str = ""


MODALITIES = (
    "eeg", "ecg", "bvp", "eda", "temperature", "respiration", "acceleration", "peripheral", "eye", "csi",
    "face", "speech", "keys", "text",
)  # fmt: skip
"""What a stream can hold for a recognizer; `analysis.corpus.signals` finds each in a recording."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What an input was computed of: `spans` (n, 2) in seconds of each case's recording, NaN where absent.

    `filtered_s`: filters may carry the signal this much further, on both sides. `whole` says in words what
    else was taken of the whole recording, "" for nothing.
    """

    spans: NDArray[np.float64]
    filtered_s: float = 0.0
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of n cases: `values` (n, steps, ...) float32, padded with 0 behind `lengths` (n,).

    `present` (n,) says which cases have it at all; of the others `values` are 0 and `lengths` 0. `names` are
    the names of the last axis, () where it has none. NaN inside `lengths` means that a value could not be
    computed.
    """

    values: Floats
    lengths: Rows
    present: NDArray[np.bool_]
    names: tuple[str, ...] = ()
    rate_hz: float = 0.0
    """Steps a second; 0 where steps are not evenly spaced."""
    looked: Looked | None = None
    """None: of the cases' own spans, as far as is known."""

    def rows(self, rows: Rows) -> Input:
        """Return some cases of it."""
        looked = None if self.looked is None else replace(self.looked, spans=self.looked.spans[rows])
        return replace(
            self,
            values=self.values[rows],
            lengths=self.lengths[rows],
            present=self.present[rows],
            looked=looked,
        )

    @property
    def is_flat(self) -> bool:
        """Whether every case has one step of plain numbers."""
        return self.values.ndim == 3 and self.values.shape[1] == 1

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which steps (n, steps) are no padding."""
        return np.arange(self.values.shape[1])[None, :] < self.lengths[:, None]


@dataclass(frozen=True, slots=True)
class Cases:
    """n cases, a column a fact. `id` is the case's number in the experiment, and stays it in every part."""

    id: Rows
    recording: NDArray[np.str_]
    participant: NDArray[np.str_]
    session: NDArray[np.str_]
    trial: NDArray[np.int64]
    stimulus: NDArray[np.str_]
    category: NDArray[np.str_]
    start_s: NDArray[np.float64]
    stop_s: NDArray[np.float64]
    content: NDArray[np.str_]
    """A digest of what all inputs of the case hold: equal content under two numbers is a duplicate."""

    def __len__(self) -> int:
        return len(self.id)

    def rows(self, rows: Rows) -> Cases:
        """Return some of them."""
        return Cases(*(getattr(self, name)[rows] for name in CASE_COLUMNS))

    def groups(self, by: Sequence[str]) -> NDArray[np.str_]:
        """Return what each case belongs to, by columns: ("participant", "session", "trial") is a trial."""
        parts = [getattr(self, name).astype(str) for name in by]
        return np.array(["\x1f".join(each) for each in zip(*parts, strict=True)], dtype=str)


CASE_COLUMNS = (
    "id", "recording", "participant", "session", "trial", "stimulus", "category", "start_s", "stop_s",
    "content",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases with inputs and, where they are known, the answers.

    `y` (n,) int64 class numbers for `classes`; where `classes` is () `y` is (n, k) float64 and `outputs`
    names the k numbers (NaN: not known). None where nobody may know.
    """

    cases: Cases
    inputs: Mapping[str, Input]
    y: NDArray[Any] | None
    classes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.cases)

    def rows(self, rows: Rows) -> Batch:
        """Return some cases of it, answers too."""
        return replace(
            self,
            cases=self.cases.rows(rows),
            inputs={name: each.rows(rows) for name, each in self.inputs.items()},
            y=None if self.y is None else self.y[rows],
        )

    def without_answers(self) -> Batch:
        """Return it as a test side is given to a recognizer."""
        return replace(self, y=None)

    def only(self, names: Sequence[str]) -> Batch:
        """Return it with some of its inputs."""
        return replace(self, inputs={name: self.inputs[name] for name in names})

    def missing(self, names: Sequence[str]) -> Batch:
        """Return it as if these inputs had not been recorded."""
        gone = {name: _gone(self.inputs[name]) for name in names}
        return replace(self, inputs={**self.inputs, **gone})


def _gone(each: Input) -> Input:
    return replace(
        each,
        values=np.zeros_like(each.values),
        lengths=np.zeros_like(each.lengths),
        present=np.zeros_like(each.present),
    )
