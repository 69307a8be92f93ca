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
from typing import Any

from app.presenter.acts import BACKSPACE, Choose, Done, Feel, Key, Press, Proceed, ReadHelp, Talk, TimedAct
from app.presenter.answering import answer_to
from app.presenter.tasks import (
    ChoiceTask,
    ImageryTask,
    QuestionnaireTask,
    SpeakingTask,
    Task,
    TypingTask,
    attention,
)

# Typing of practised adults: key-down to key-down about 180 ms, keys held about 90 ms.
BETWEEN_KEYS_S = 0.18
HELD_S = 0.09
TYPO_PROBABILITY = 0.03
SCATTER_S = 0.15
REACTION_S = 0.28
# Naming a short expression by key, fast and mostly right.
CHOICE_S = 0.62
CORRECT_PROBABILITY = 0.93
MISSED_PROBABILITY = 0.02
# "Feeling it": the first press takes a while, the others follow within half a minute.
FIRST_PRESS_S = 8.0
BETWEEN_PRESSES_S = 14.0

NEIGHBOURS = {
    left: right
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for left, right in zip(row, row[1:] + row[-2], strict=True)
}


class Participant:
    """Plans what an automatic participant does; `norms` holds category, valence and arousal by stimulus."""

    def __init__(self, seed: int, norms: Mapping[str, Mapping[str, Any]]) -> None:
        self._seed = seed
        self._norms = norms

    def plan(self, task: Task, stimulus: str, drift_s: float = 0.0) -> list[TimedAct]:
        """Return the acts of a stage, times in seconds from its onset, in order.

        `stimulus` is that of the trial; `drift_s` is how late the session is, to be made good. Timed stages
        are acted in, and ended by the clock alone.
        """
        stage = task.stage
        chance = random.Random(f"{self._seed}/{stage.index}")
        if stage.kind == "flash":
            return _reaction(stage.duration.typical_s, chance)
        if isinstance(task, ChoiceTask):
            return list(_choosing(task, chance))
        is_timed = stage.duration.is_timed
        end_s = stage.duration.typical_s if is_timed else self._end_s(task, drift_s, chance)
        if is_timed:
            # Nobody answers in the last moment.
            end_s *= 0.9
        acts: list[TimedAct] = []
        if isinstance(task, QuestionnaireTask):
            acts = list(self._answers(task, stimulus, end_s, chance))
        elif isinstance(task, TypingTask):
            acts = list(_typing(task.sentence, end_s, chance))
        elif isinstance(task, SpeakingTask):
            acts = list(_talking(task, end_s, chance))
        elif isinstance(task, ImageryTask):
            acts = list(_feeling(task, end_s, chance))
        if not is_timed:
            acts.append((end_s, Proceed()))
        return sorted(acts, key=lambda entry: entry[0])

    def _end_s(self, task: Task, drift_s: float, chance: random.Random) -> float:
        duration = task.stage.duration
        typical_s = duration.typical_s
        # A late session is caught up by at most a fifth of a stage, so the plan stays a person's.
        correction_s = max(-0.2 * typical_s, min(0.2 * typical_s, -drift_s))
        end_s = typical_s + correction_s + max(-SCATTER_S, min(SCATTER_S, chance.gauss(0, SCATTER_S / 2)))
        longest_s = math.inf if duration.max_s is None else duration.max_s - 0.1
        least_s = duration.min_s + 0.02
        if isinstance(task, SpeakingTask):
            least_s = max(least_s, task.prepare_s + 1.15 * task.min_hold_s + 0.2)
        return max(least_s, min(longest_s, end_s))

    def _answers(
        self, task: QuestionnaireTask, stimulus: str, end_s: float, chance: random.Random
    ) -> Iterator[TimedAct]:
        weights = [_log_normal(chance, 1.0, 0.35) for _ in (*task.items, None)]
        norms = self._norms.get(stimulus, {})
        # Nobody who would be sent away again takes part.
        expected = task.stage.content.get("must_answer") or {}
        time_s = 0.0
        given: dict[str, Any] = {}
        for item, weight in zip(task.items, weights, strict=False):
            time_s += (end_s - 0.05) * weight / sum(weights)
            answer = answer_to(item, norms, chance)
            if item.id in expected:
                wanted = expected[item.id]
                answer = wanted[0] if isinstance(wanted, list | tuple) else wanted
            given[item.id] = answer
            yield time_s, Choose(item.id, given[item.id])
        if task.stage.content.get("helper_text") and attention(task.stage.content, given):
            yield time_s + 0.5 * (end_s - time_s), ReadHelp()


def _reaction(length_s: float, chance: random.Random) -> list[TimedAct]:
    """Press the space bar while the flash is on."""
    down_s = min(0.6 * length_s, _log_normal(chance, REACTION_S, 0.15))
    return [(down_s, Key(" ", is_down=True)), (down_s + 0.5 * (length_s - down_s), Key(" ", is_down=False))]


def _choosing(task: ChoiceTask, chance: random.Random) -> Iterator[TimedAct]:
    """Press the key of an option, mostly the right one; now and then be too slow."""
    options = list(task.options)
    wrong = [option for option in options if option.id != task.correct]
    right = [option for option in options if option.id == task.correct]
    is_right = bool(right) and chance.random() < CORRECT_PROBABILITY
    option = right[0] if is_right else chance.choice(wrong or options)
    reaction_s = _log_normal(chance, CHOICE_S, 0.22)
    is_missed = chance.random() < MISSED_PROBABILITY and task.stage.duration.is_timed
    held_s = _log_normal(chance, HELD_S, 0.25)
    if is_missed:
        return
    # Time zero may be an earlier stage's onset.
    down_s = max(0.02, reaction_s - (task.started_s - task.reaction_zero_s))
    longest_s = task.stage.duration.max_s
    if longest_s is not None:
        down_s = min(down_s, 0.8 * longest_s)
    yield down_s, Press(option.key, is_down=True)
    yield down_s + held_s, Press(option.key, is_down=False)


def _feeling(task: ImageryTask, end_s: float, chance: random.Random) -> Iterator[TimedAct]:
    """Press when it is felt, again and again, at least as often as is hoped for."""
    wanted = max(1, task.min_presses) + chance.randrange(3)
    gaps = [_log_normal(chance, FIRST_PRESS_S, 0.4)]
    gaps += [_log_normal(chance, BETWEEN_PRESSES_S, 0.5) for _ in range(wanted - 1)]
    scale = min(1.0, 0.9 * end_s / sum(gaps))
    time_s = 0.0
    for gap in gaps:
        time_s += gap * scale
        yield time_s, Feel()


def _typing(sentence: str, end_s: float, chance: random.Random) -> Iterator[TimedAct]:
    """Type the sentence between reading it and the end, with a typo corrected here and there."""
    chars = list(with_typos(sentence, chance))
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


def with_typos(sentence: str, chance: random.Random) -> Iterator[str]:
    """Yield what is typed for a sentence: here and there a neighbouring key, and taking it back."""
    for char in sentence:
        if char.lower() in NEIGHBOURS and chance.random() < TYPO_PROBABILITY:
            yield NEIGHBOURS[char.lower()]
            yield BACKSPACE
        yield char


def slower(char: str) -> float:
    """Return how many times longer than usual a key takes: words' beginnings, signs and corrections do."""
    return {" ": 1.1, BACKSPACE: 2.0}.get(char, 1.0 if char.islower() else 1.5)


def _gap(char: str, chance: random.Random) -> float:
    """Return the time from the key before."""
    return _log_normal(chance, BETWEEN_KEYS_S * slower(char), 0.3)


def _talking(task: SpeakingTask, end_s: float, chance: random.Random) -> Iterator[TimedAct]:
    """Hold the button while reading; a free answer begins by itself and is ended."""
    until_s = end_s - min(0.1 * end_s, _log_normal(chance, 0.5, 0.2))
    if task.is_free:
        yield end_s, Done()
        return
    latest_s = until_s - task.min_hold_s - 0.05
    begin_s = max(task.prepare_s, min(0.2 * end_s, latest_s, _log_normal(chance, 1.0, 0.25)))
    yield max(0.0, begin_s), Talk(is_down=True)
    yield until_s, Talk(is_down=False)


def _log_normal(chance: random.Random, median: float, spread: float) -> float:
    return median * math.exp(chance.gauss(0.0, spread))
