"""The automatic participant: what a person would do in a stage, planned ahead from a seed.

A plan is a list of timed acts. It depends on seed, stage and stimulus alone, so the same session is
answered the same way everywhere; only how it is carried out differs (real events posted to the window,
or calls of the runner). Self-paced stages end at their typical duration, give or take the small
scatter that the caller's `drift_s` takes back.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.presenter.tasks import Item, QuestionnaireTask, SpeakingTask, Task, TypingTask

# Typing of practised adults: key-down to key-down about 180 ms, keys held about 90 ms.
BETWEEN_KEYS_S = 0.18
HELD_S = 0.09
TYPO_PROBABILITY = 0.03
SCATTER_S = 0.15
REACTION_S = 0.28

BACKSPACE = "\b"

NEIGHBOURS = {
    left: right
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for left, right in zip(row, row[1:] + row[-2], strict=True)
}


@dataclass(frozen=True, slots=True)
class Choose:
    """Answer item `item` with `value`."""

    item: str
    value: int


@dataclass(frozen=True, slots=True)
class Key:
    """Press or release a key: `char` is the text it gives, `BACKSPACE` for the key that takes it back."""

    char: str
    is_down: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """Hold the button, or let it go."""

    is_down: bool


@dataclass(frozen=True, slots=True)
class Proceed:
    """Go on."""


Act = Choose | Key | Talk | Proceed
TimedAct = tuple[float, Act]


class Participant:
    """Plans what an automatic participant does; `norms` holds category, valence and arousal by stimulus."""

    def __init__(self, seed: int, norms: Mapping[str, Mapping[str, Any]]) -> None:
        self._seed = seed
        self._norms = norms

    def plan(self, task: Task, stimulus: str, drift_s: float = 0.0) -> list[TimedAct]:
        """Return the acts of a self-paced stage, times in seconds from its onset, in order.

        `stimulus` is that of the trial; `drift_s` is how late the session is, to be made good.
        """
        stage = task.stage
        chance = random.Random(f"{self._seed}/{stage.index}")
        if stage.kind == "flash":
            return _reaction(stage.duration.typical_s, chance)
        if stage.duration.is_timed:
            return []
        end_s = self._end_s(task, drift_s, chance)
        acts: list[TimedAct] = []
        if isinstance(task, QuestionnaireTask):
            acts = list(self._answers(task, stimulus, end_s, chance))
        elif isinstance(task, TypingTask):
            acts = list(_typing(task.sentence, end_s, chance))
        elif isinstance(task, SpeakingTask):
            acts = list(_talking(task, end_s, chance))
        return sorted([*acts, (end_s, Proceed())], key=lambda entry: entry[0])

    def _end_s(self, task: Task, drift_s: float, chance: random.Random) -> float:
        duration = task.stage.duration
        typical_s = duration.typical_s
        # A late session is caught up by at most a fifth of a stage, so the plan stays a person's.
        correction_s = max(-0.2 * typical_s, min(0.2 * typical_s, -drift_s))
        end_s = typical_s + correction_s + max(-SCATTER_S, min(SCATTER_S, chance.gauss(0, SCATTER_S / 2)))
        longest_s = math.inf if duration.max_s is None else duration.max_s - 0.1
        least_s = duration.min_s + 0.02
        if isinstance(task, SpeakingTask):
            least_s = max(least_s, 1.15 * task.min_hold_s + 0.2)
        return max(least_s, min(longest_s, end_s))

    def _answers(
        self, task: QuestionnaireTask, stimulus: str, end_s: float, chance: random.Random
    ) -> Iterator[TimedAct]:
        weights = [_log_normal(chance, 1.0, 0.35) for _ in (*task.items, None)]
        time_s = 0.0
        for item, weight in zip(task.items, weights, strict=False):
            time_s += (end_s - 0.05) * weight / sum(weights)
            yield time_s, Choose(item.id, self._rating(item, stimulus, chance))

    def _rating(self, item: Item, stimulus: str, chance: random.Random) -> int:
        """Return a rating that follows the stimulus, with a person's noise."""
        mean = _expected(item.dimension or item.id, self._norms.get(stimulus, {}))
        value = 1 + mean * (item.points - 1) + chance.gauss(0, 0.1 * item.points)
        return max(1, min(item.points, round(value)))


def _expected(dimension: str, norms: Mapping[str, Any]) -> float:
    """Return the expected rating on 0..1 of what the item measures, 0.5 where nothing is known."""
    category = str(norms.get("category", ""))
    guess = {"positive": 7.5, "pleasant": 7.5, "negative": 2.5, "unpleasant": 2.5}.get(category, 5.0)
    valence = norms.get("valence")
    valence = guess if valence is None else float(valence)
    arousal = norms.get("arousal")
    arousal = 3.0 + abs(valence - 5) if arousal is None else float(arousal)
    scales = {
        "valence": (valence - 1) / 8,
        "arousal": (arousal - 1) / 8,
        "dominance": 0.5 + (valence - 5) / 16,
        # One-sided scales: neutral pictures are weak on both.
        "positive": max(0.05, (valence - 4.5) / 4),
        "negative": max(0.05, (5.5 - valence) / 4),
    }
    return min(1.0, max(0.0, scales.get(dimension, 0.5)))


def _reaction(length_s: float, chance: random.Random) -> list[TimedAct]:
    """Press the space bar while the flash is on."""
    down_s = min(0.6 * length_s, _log_normal(chance, REACTION_S, 0.15))
    return [(down_s, Key(" ", is_down=True)), (down_s + 0.5 * (length_s - down_s), Key(" ", is_down=False))]


def _typing(sentence: str, end_s: float, chance: random.Random) -> Iterator[TimedAct]:
    """Type the sentence between reading it and the end, with a typo corrected here and there."""
    chars = list(_with_typos(sentence, chance))
    gaps = [_gap(char, chance) for char in chars]
    reading_s = min(0.25 * end_s, 1.5)
    room_s = max(0.05, end_s - reading_s - 0.4)
    scale = min(1.0, room_s / max(sum(gaps), 1e-9))
    # A slow stage is filled by reading and checking, not by typing in slow motion beyond twice the usual.
    if scale == 1.0:
        scale = min(2.0, max(1.0, 0.8 * room_s / max(sum(gaps), 1e-9)))
    time_s = reading_s
    downs = [time_s := time_s + gap * scale for gap in gaps]
    for place, (char, down_s) in enumerate(zip(chars, downs, strict=True)):
        free_s = end_s - 0.01
        if chars[place + 1 : place + 2] == [char]:
            # A key must come up before it can go down again; others may overlap, as in real typing.
            free_s = down_s + 0.7 * (downs[place + 1] - down_s)
        yield down_s, Key(char, is_down=True)
        yield min(free_s, down_s + _log_normal(chance, HELD_S, 0.25)), Key(char, is_down=False)


def _with_typos(sentence: str, chance: random.Random) -> Iterator[str]:
    for char in sentence:
        if char.lower() in NEIGHBOURS and chance.random() < TYPO_PROBABILITY:
            yield NEIGHBOURS[char.lower()]
            yield BACKSPACE
        yield char


def _gap(char: str, chance: random.Random) -> float:
    """Return the time from the key before: slower at words' beginnings, signs and corrections."""
    slower = {" ": 1.1, BACKSPACE: 2.0}.get(char, 1.0 if char.islower() else 1.5)
    return _log_normal(chance, BETWEEN_KEYS_S * slower, 0.3)


def _talking(task: SpeakingTask, end_s: float, chance: random.Random) -> Iterator[TimedAct]:
    until_s = end_s - min(0.1 * end_s, _log_normal(chance, 0.5, 0.2))
    latest_s = until_s - task.min_hold_s - 0.05
    yield max(0.0, min(0.2 * end_s, latest_s, _log_normal(chance, 1.0, 0.25))), Talk(is_down=True)
    yield until_s, Talk(is_down=False)


def _log_normal(chance: random.Random, median: float, spread: float) -> float:
    return median * math.exp(chance.gauss(0.0, spread))
