"""What is to be evaluated, whole: `experiment.json` of a run. Equal experiments have equal hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from analysis.corpus.cases import CaseSpec, InputSpec

SplitKind = Literal[
    "loso",  # leave one participant out
    "participants",  # k folds of whole participants
    "sessions",  # a visit out, participant by participant
    "trials",  # k folds of whole trials within each participant
    "stimuli",  # k folds of stimuli
    "first-trials",  # the first n trials of each recording train, the others test (SEED's 9/6)
    "trials-pooled",  # k folds of whole trials over everybody
    "segments",  # k folds of windows: leaky, shown with a watermark only
    "segments-own",  # the same within each participant, overlapping windows together: leaky too
    "domains",  # one group of participants trains, another is tested, for every ordered pair
]


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """How cases are divided. `k` folds, or the number of training trials of "first-trials"; by `seed`.

    `domain` names what makes the groups of "domains": a field of the participants, or "corpus". Who is in
    which is told to `splits.divide`, not kept here: an experiment names no participant.
    """

    kind: SplitKind = "loso"
    k: int = 10
    seed: int = 1
    domain: str = ""


@dataclass(frozen=True, slots=True)
class SearchSpec:
    """Search of settings: `sets` of them; nested in each training side, or (labelled) on the folds.

    "random" draws them from the card's ranges; "grid" takes every combination of the settings that have
    choices (drawn without repetition where there are more than `sets`), and nothing else is changed. `only`
    names the settings that are searched, () for all.
    """

    sets: int = 0
    inner_k: int = 3
    nested: bool = True
    how: Literal["random", "grid"] = "random"
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """Controls: label permutations (retrained, or on the stored predictions) and the identity probe.

    `masking`: each fold also predicts its test side with every combination of modalities taken away, where
    the recognizer can.
    """

    permutations: int = 0
    permutation_kind: Literal["retrained", "stored"] = "stored"
    probe: bool = True
    masking: bool = False


@dataclass(frozen=True, slots=True)
class Experiment:
    """A recognizer, what it is given, what it is to find, and how it is tested.

    `target` is the recipe as JSON, `target_sha256` that of the target it gave. `inputs` () and `steps` None
    mean those of the recognizer's card; `modalities` () means all that the study has, else the names of
    inputs.
    """

    recognizer: str
    target: Mapping[str, Any]
    target_sha256: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    cases: CaseSpec | None = None
    inputs: tuple[InputSpec, ...] = ()
    modalities: tuple[str, ...] = ()
    steps: tuple[str, ...] | None = None
    split: SplitSpec = SplitSpec()
    search: SearchSpec = SearchSpec()
    controls: ControlSpec = ControlSpec()
    seed: int = 1
    metric: str = "balanced_accuracy"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary.

        Fields that came later are left out where they say nothing: older experiments keep their hashes.
        """
        return _without_silent(asdict(self))

    @property
    def sha256(self) -> str:
        """Of everything that decides the predictions."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True, default=str).encode()).hexdigest()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Experiment:
        """Rebuild from `to_json`; raises KeyError, TypeError or ValueError on what it cannot hold."""
        known = dict(values)
        known["cases"] = None if known.get("cases") is None else CaseSpec(**known["cases"])
        known["inputs"] = tuple(InputSpec(**each) for each in known.get("inputs", ()))
        known["modalities"] = tuple(known.get("modalities", ()))
        known["steps"] = None if known.get("steps") is None else tuple(known["steps"])
        for name, kind in (("split", SplitSpec), ("search", SearchSpec), ("controls", ControlSpec)):
            known[name] = kind(**known.get(name, {}))
        known["search"] = replace(known["search"], only=tuple(known["search"].only))
        return cls(**known)


def _without_silent(values: dict[str, Any]) -> dict[str, Any]:
    for part, kind, old in (
        ("split", SplitSpec, ("kind", "k", "seed")),
        ("search", SearchSpec, ("sets", "inner_k", "nested")),
        ("cases", CaseSpec, ("unit", "window_s", "hop_s", "stage")),
    ):
        if values[part] is not None:
            usual = asdict(kind())
            values[part] = {
                name: value for name, value in values[part].items() if name in old or value != usual[name]
            }
    for each in values["inputs"]:
        if not each["trial"]:
            del each["trial"]
    return values
