"""An experiment as it is asked for on the page: the same words that the command line takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from analysis.evaluation.experiment import ControlSpec, Experiment, SearchSpec, SplitKind, SplitSpec
from analysis.targets.recipe import Target

SPLITS: tuple[tuple[SplitKind, str], ...] = (
    ("loso", "Leave one participant out"),
    ("participants", "Groups of participants"),
    ("sessions", "Leave one visit out, within a person"),
    ("trials", "Trials, within a person"),
    ("stimuli", "Groups of stimuli"),
    ("first-trials", "First trials train, later ones test"),
    ("trials-pooled", "Trials of everybody, pooled"),
    ("domains", "One domain trains, another is tested"),
    ("segments", "Leaky, to be shown only: windows at random"),
    ("segments-own", "Leaky, to be shown only: windows at random, within a person"),
)
COUNTED = {
    "participants": "Folds",
    "trials": "Folds a person",
    "stimuli": "Folds",
    "first-trials": "Trials that train",
    "trials-pooled": "Folds",
    "segments": "Folds",
    "segments-own": "Folds a person",
}
"""What the number beside a split means; the others need none."""
LEAST_PERMUTATIONS = 99


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every choice of the page; `modalities` are names of inputs (() all), `settings` those changed."""

    recognizer: str
    target: str
    modalities: tuple[str, ...] = ()
    combinations: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: SplitKind = "loso"
    k: int = 10
    search: int = 0
    nested: bool = True
    permutations: int = 999
    permutation_kind: Literal["stored", "retrained"] = "stored"
    metric: str = "balanced_accuracy"
    seed: int = 1
    domain: str = ""

    @property
    def split_spec(self) -> SplitSpec:
        """The split; a number that it does not use is the usual one."""
        k = self.k if self.split in COUNTED else SplitSpec().k
        return SplitSpec(self.split, k, self.seed, self.domain if self.split == "domains" else "")

    def arguments(self, study: Path, plan: str = "") -> list[str]:
        """Return the command that runs it, without the program's name; `plan` is one that holds just it."""
        if plan:
            told = ["evaluate", "--study", str(study), "--plan", plan]
            return [*told, "--combinations"] if self.combinations else told
        told = ["evaluate", "--study", str(study), "--recognizer", self.recognizer, "--target", self.target]
        told += ["--split", self.split]
        if self.split in COUNTED:
            told += ["--k", str(self.k)]
        if self.split == "domains":
            told += ["--domain", self.domain]
        if self.modalities:
            told += ["--modalities", ",".join(self.modalities)]
        if self.combinations:
            told.append("--combinations")
        for name, value in self.settings.items():
            told += ["--set", f"{name}={said(value)}"]
        if self.search:
            told += ["--search", str(self.search)]
            if not self.nested:
                told.append("--search-on-folds")
        told += ["--permutations", str(self.permutations)]
        if self.permutations and self.permutation_kind == "retrained":
            told.append("--retrain")
        return [*told, "--metric", self.metric, "--seed", str(self.seed)]

    def experiment(self, target: Target) -> Experiment:
        """Return it as the engine takes it."""
        return Experiment(
            recognizer=self.recognizer,
            target=target.recipe.to_json(),
            target_sha256=target.sha256,
            settings=dict(self.settings),
            modalities=self.modalities,
            split=self.split_spec,
            search=SearchSpec(self.search, nested=self.nested),
            controls=ControlSpec(self.permutations, self.permutation_kind, masking=self.combinations),
            seed=self.seed,
            metric=self.metric,
        )


def said(value: Any) -> str:
    """Return a setting as the command line reads it."""
    return value if isinstance(value, str) else json.dumps(value)
