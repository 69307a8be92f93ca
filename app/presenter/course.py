"""What of a schedule runs for this participant: what is left out, what was seen before, who chooses."""

from __future__ import annotations

import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.presenter.phrases import Phrases
from protocols.schedule import Schedule, Stage, Trial


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer given in this session: its trial (-1 outside), the trial's stimulus, item and value."""

    trial: int
    stimulus: str
    item: str
    value: Any


@dataclass(frozen=True, slots=True)
class Pick:
    """A stimulus chosen for a trial, the score of each candidate, and why in one sentence.

    `recommender` is the name and SHA-256 of the stored recommender that chose, "" where none did.
    """

    stimulus: str
    scores: Mapping[str, float]
    reason: str
    recommender: str = ""


class Chooser(typing.Protocol):
    """Chooses the stimulus of a trial among its candidates."""

    def __call__(self, trial: Trial, answers: Sequence[Answer], used: Sequence[str]) -> Pick:
        """Return the choice. `used` are the stimuli of trials that have begun, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Course:
    """How one participant goes through a schedule.

    `done` are the trials that an earlier run of the session completed, `seen` those whose stimulus had
    been on in it. `chosen` are the stimuli that were chosen for trials of both, `answers` what was answered
    there: choosing goes on from them. `keeps_text` is False where the participant refused to have free
    answers kept. `phrases` are the presenter's own words in the participant's language.
    """

    done: frozenset[int] = frozenset()
    seen: frozenset[int] = frozenset()
    chosen: Mapping[int, str] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    chooser: Chooser | None = None
    keeps_text: bool = True
    phrases: Phrases = field(default_factory=Phrases)


def left_out(schedule: Schedule, done: Collection[int]) -> frozenset[int]:
    """Return the stages that a continued session leaves out.

    Those of completed trials; a break that follows one; and what stands between two completed trials of
    a block of which nothing is left. Everything before the first trial and after the last one runs.
    """
    if not done:
        return frozenset()
    blocks_left = {trial.block for trial in schedule.trials if trial.index not in done}
    out: set[int] = set()
    before = -1
    for stage in schedule.stages:
        if stage.trial >= 0:
            before = stage.trial
            if stage.trial in done:
                out.add(stage.index)
        elif before in done and not stage.always:
            after = next((s.trial for s in schedule.stages[stage.index + 1 :] if s.trial >= 0), -1)
            is_between = after in done and stage.block not in blocks_left
            if after >= 0 and (stage.kind == "break" or is_between):
                out.add(stage.index)
    return frozenset(out)


def is_clocked(stage: Stage) -> bool:
    """Whether the stage ends without the participant: by the clock, or with its stimulus."""
    return stage.duration.is_timed or stage.until_stimulus_ends


def takes_input(stage: Stage) -> bool:
    """Whether keys or pointer are the participant's while the stage is on."""
    asks = ("questionnaire", "typing", "speaking", "imagery", "choice", "flash")
    return stage.kind in asks or not is_clocked(stage)


def screened_out(content: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether an answer is not one of those that `must_answer` asks for; no answer is none of them.

    `must_answer` maps an item to the value, or the list of values, with which the session goes on.
    """
    for item, wanted in dict(content.get("must_answer") or {}).items():
        allowed = wanted if isinstance(wanted, (list, tuple)) else (wanted,)
        if answers.get(item) not in allowed:
            return True
    return False
