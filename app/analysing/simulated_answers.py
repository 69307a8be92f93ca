"""Simulated participants who name expressions with a planted accuracy, time and rating in each cell.

A session is lived through as always; then its answers are drawn anew: the presenter's simulated participant
has no notion of which expression is hard to see.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import MappingProxyType
from typing import Any

from analysis.literature.micro_expressions import DYNAMIC_ACCURACY, RATINGS
from analysis.literature.micro_expressions_checks import labellings
from analysis.records import Event
from analysis.simulate.participant import Felt
from analysis.simulate.participant import Participant as Person
from app.analysing.simulating import Live, Norms
from protocols.schedule import Schedule

LIVE = "app.presenter.simulated:live_through"
RATED = "attractiveness"
EXPRESSIONS = ("happy", "neutral", "disgust")
LEAST_S, LONGEST_S = 0.21, 1.95
SPREAD = 0.25
"""SD of the logarithm of a single time; participants differ by half of it."""


@dataclass(frozen=True, slots=True)
class Planted:
    """What holds in a cell: share of right answers, median time in seconds, mean rating from 1 to 7."""

    accuracy: float
    time_s: float
    rating: float


def planted() -> Mapping[str, Planted]:
    """Return the cells by category: accuracies and ratings of the paper after the reconstruction.

    Times of the clips are the paper's; of the pictures it prints none: all are 0.80 s, without an effect.
    """
    best = labellings()[0].means
    times = {
        "attractive": {"happy": 0.758, "disgust": 0.919},
        "unattractive": {"happy": 0.982, "disgust": 0.822},
    }
    found = {}
    for level in ("attractive", "unattractive"):
        for expression in EXPRESSIONS:
            rating = RATINGS[level][expression]
            found[f"{level}-{expression}"] = Planted(best[level][expression], 0.8, rating)
        for expression in ("happy", "disgust"):
            cell = Planted(
                DYNAMIC_ACCURACY[level][expression], times[level][expression], RATINGS[level][expression]
            )
            found[f"{level}-{expression}-clip"] = cell
    return MappingProxyType(found)


def live_with_answers(
    schedule: Schedule, norms: Norms, person: Person, felt: Mapping[int, Felt], start_s: float
) -> list[Event]:
    """Return the presenter's events of a session with planted answers in every trial of a known category."""
    module, _, attribute = LIVE.partition(":")
    live: Live = getattr(import_module(module), attribute)
    return with_answers(live(schedule, norms, person, felt, start_s), schedule, planted())


def with_answers(events: list[Event], schedule: Schedule, cells: Mapping[str, Planted]) -> list[Event]:
    """Return events whose answers and ratings are drawn from the cells; the schedule's seed decides."""
    chance = random.Random(f"{schedule.seed}/answers")
    spreads = (("accuracy", 0.4), ("time", SPREAD / 2), ("rating", 0.6))
    own = {name: chance.gauss(0, sd) for name, sd in spreads}
    # People differ in the size of effects too, else no test would have an error.
    shifts = {cell: [chance.gauss(0, 1) for _ in range(3)] for cell in sorted(cells)}
    categories = {trial.index: trial.category for trial in schedule.trials}
    right = {
        stage.trial: str(stage.content["correct"])
        for stage in schedule.stages
        if stage.content.get("correct")
    }
    made = []
    for each in events:
        event = each
        category = categories.get(event.trial, "")
        cell = cells.get(category)
        if event.kind == "response" and cell is not None:
            shift = shifts[category]
            if "correct" in event.payload or event.payload.get("timeout"):
                given = _answer(event.payload, right[event.trial], cell, own, shift, chance)
                event = replace(event, payload=given)
            elif event.payload.get("item") == RATED:
                rating = round(cell.rating + own["rating"] + 0.25 * shift[2] + chance.gauss(0, 0.8))
                event = replace(event, payload={**event.payload, "value": min(7, max(1, rating))})
        made.append(event)
    return made


def _answer(
    payload: Mapping[str, Any],
    right: str,
    cell: Planted,
    own: Mapping[str, float],
    shift: list[float],
    chance: random.Random,
) -> dict[str, Any]:
    odds = math.log(cell.accuracy / (1 - cell.accuracy)) + own["accuracy"] + 0.4 * shift[0]
    is_right = chance.random() < 1 / (1 + math.exp(-odds))
    value = right if is_right else chance.choice([each for each in EXPRESSIONS if each != right])
    time_s = cell.time_s * math.exp(own["time"] + 0.06 * shift[1] + chance.gauss(0, SPREAD))
    time_s = min(LONGEST_S, max(LEAST_S, time_s))
    return {
        "item": payload["item"],
        "value": value,
        "reaction_s": time_s,
        "first_reaction_s": time_s,
        "changes": 0,
        "correct": is_right,
    }
