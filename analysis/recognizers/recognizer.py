"""What every recognizer is: a card that says where it comes from; fit, predict, explain, save, load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, CaseSpec, InputSpec

Task = Literal["classes", "numbers"]
ProgressFn = Callable[[int, int, Mapping[str, float]], None]
"""Told the epoch (from 1), how many there will be at most, and the losses by name."""


class RecognizerError(Exception):
    """A recognizer cannot be fitted, saved or loaded; the text is the one clear message."""


class CancelledError(Exception):
    """The work was stopped on request."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as the paper prints it and as it is built; `why` where the two differ."""

    name: str
    printed: str
    built: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A figure of the paper: on which data, by which protocol; never shown beside another protocol's."""

    data: str
    protocol: str
    metric: str
    value: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a recognizer: default, range for a search (None: not searched), and what it means."""

    name: str
    default: Any
    about: str
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log10", "int"] = "linear"
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """What a reader must know of a recognizer before believing it.

    `cases` and `inputs` are what it takes by default from a study, by modality; `least` of the inputs must be
    there. `steps` are the preparation fitted on the training rows, by name in `analysis.evaluation.steps`.
    """

    name: str
    title: str
    source: str
    task: tuple[Task, ...]
    about: str
    cases: CaseSpec
    inputs: tuple[InputSpec, ...]
    steps: tuple[str, ...]
    settings: tuple[Setting, ...] = ()
    layers: tuple[Layer, ...] = ()
    published: tuple[Published, ...] = ()
    doubts: tuple[str, ...] = ()
    missing_inputs: bool = False
    """Whether it can predict where an input is missing."""
    least: int = 1
    transductive: bool = False
    """Whether it learns from the tested side's cases, without their answers; every result says so."""
    validation: float = 0.0
    """Share of the training side's groups set aside for early stopping; 0: `fit` gets None."""
    inputs_of: Mapping[str, tuple[InputSpec, ...]] = field(default_factory=dict)
    """What it takes of a published data set instead, by the name that its import gives ("SEED")."""

    def defaults(self) -> dict[str, Any]:
        """Return its settings as they are unless told otherwise."""
        return {setting.name: setting.default for setting in self.settings}


def _never() -> bool:
    return False


def _silent(epoch: int, epochs: int, losses: Mapping[str, float]) -> None:
    del epoch, epochs, losses


@dataclass(frozen=True, slots=True)
class Context:
    """What a fit is given besides data: seed, whether to stop, whom to tell, the ledger of fitted rows.

    `fitted(what, ids)` must be called with the case numbers that anything was fitted, selected or tuned on.
    `validation` rows are of the training side always.
    """

    seed: int = 0
    cancelled: Callable[[], bool] = _never
    progress: ProgressFn = _silent
    fitted: Callable[[str, NDArray[np.intp]], None] = lambda what, ids: None
    groups: tuple[str, ...] = ("participant", "session", "trial")
    """What must not be torn apart where a recognizer splits its training rows again."""
    unlabelled: Batch | None = None
    """The tested side without its answers: given only to recognizers whose card says `transductive`."""

    def check(self) -> None:
        """Raise CancelledError if the work is to stop."""
        if self.cancelled():
            raise CancelledError("stopped")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why: weights by name, each (n, steps) or (n,) or (n, steps, k), with what they are in `about`."""

    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)


class Recognizer(Protocol):
    """A recognizer with settings; made by its class with the settings as keywords.

    The same seed, settings and rows give the same predictions, bit for bit, on one machine.
    """

    card: ClassVar[Card]
    settings: Mapping[str, Any]

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Learn. `validation` may be used for early stopping only; None: train to the end."""

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes) probabilities, or (n, k) numbers where the target has no classes."""

    def explain(self, batch: Batch) -> Explanation:
        """Return what the predictions rest on; empty where the recognizer cannot say."""

    def save(self, folder: Path) -> None:
        """Write arrays (.npz) and JSON into a new folder."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing in it is run."""


def decide(proba: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class of each row: the most probable one, the first where two are equal."""
    return np.asarray(proba.argmax(axis=1), np.int64)
