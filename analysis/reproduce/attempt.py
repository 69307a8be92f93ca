"""What is tried on an open data set, fixed before it is scored, and how often it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from analysis.evaluation.experiment import Experiment
from analysis.recognizers.recognizer import Published
from analysis.targets.recipe import Recipe

SCORINGS = Path(__file__).with_name("scorings.json")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the table: a name, what it is in words, and the experiment (without its target's answers).

    `role` is "ours" for what was made for these data, "baseline" for untuned features, "paper" for a network
    of the literature, "leaky" for what is shown only to be seen through.
    """

    name: str
    about: str
    role: str
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A data set: what is recognised, the metric, the attempts, and what others report, never subtracted."""

    name: str
    title: str
    recipe: Recipe
    metric: str
    also: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    known: tuple[Published, ...]

    def planned(self, attempt: Attempt) -> Experiment:
        """Return an attempt's experiment with this target and metric."""
        return replace(attempt.experiment, target=self.recipe.to_json(), metric=self.metric)


@dataclass(frozen=True, slots=True)
class Scoring:
    """One time that the settings were scored on the whole data set: when, which, and what came out."""

    date: str
    attempt: str
    sha256: str
    figure: str


REPRODUCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "stress-predict": "analysis.reproduce.stress_predict:STRESS_PREDICT",
        "emodb": "analysis.reproduce.emodb:EMODB",
    }
)


def reproduction(name: str) -> Reproduction:
    """Return a reproduction by its name; raises KeyError."""
    module, _, attribute = REPRODUCTIONS[name].partition(":")
    found: Reproduction = getattr(import_module(module), attribute)
    return found


def scorings(name: str, path: Path = SCORINGS) -> tuple[Scoring, ...]:
    """Return every time that anything was scored on a whole data set while this version was made."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Scoring(**each) for each in content.get(name, ()))
