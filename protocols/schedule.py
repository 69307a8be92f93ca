"""What a protocol becomes for one participant: flat, frozen stages, ready to run in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

StageKind = Literal[
    "instruction",
    "fixation",
    "picture",
    "film",
    "sound",
    "blank",
    "mask",
    "sequence",
    "flash",
    "rest",
    "imagery",
    "questionnaire",
    "typing",
    "speaking",
    "choice",
    "break",
]


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a stage lasts in seconds; `max_s` None means until the participant is done.

    A timed stage has min = typical = max. A self-paced one ends by the participant, never before
    `min_s`, and at `max_s` at the latest.
    """

    min_s: float
    typical_s: float
    max_s: float | None

    @property
    def is_timed(self) -> bool:
        """Whether the clock alone ends the stage."""
        return self.max_s is not None and self.min_s == self.max_s


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on the participant's screen; its onset is the end of the one before.

    `trial` is the trial's index or -1 outside of trials, `stimulus` a stimulus id of the protocol's
    set or "". `content` holds what the stage kind needs to draw itself (texts, items, sentences).
    `until_stimulus_ends`: the film or sound ends the stage, `duration.max_s` at the latest. `always`:
    it also runs after an abort (debriefing, mood repair).
    """

    index: int
    trial: int
    block: str
    kind: StageKind
    name: str
    duration: Duration
    stimulus: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    until_stimulus_ends: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What a row of the trial table knows before the session.

    `item` holds what the protocol says of an item that is no stimulus (its texts, its stimuli). With
    `candidates` the stimulus is chosen among them when the trial begins, by the rule `chosen_by`.
    """

    index: int
    block: str
    practice: bool
    stimulus: str
    category: str
    item: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[str, ...] = ()
    chosen_by: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A protocol expanded for one participant, session, counter-balancing slot, seed and language."""

    protocol: str
    version: int
    stimulus_set: str
    participant: str
    session: int
    slot: int
    seed: int
    trials: tuple[Trial, ...]
    stages: tuple[Stage, ...]
    language: str = "en"

    @property
    def typical_s(self) -> float:
        """Return the expected length in seconds."""
        return sum(stage.duration.typical_s for stage in self.stages)

    @property
    def min_s(self) -> float:
        """Return the shortest length in seconds: films to their end, choices answered at once."""
        return sum(_shortest_s(stage) for stage in self.stages)

    @property
    def max_s(self) -> float | None:
        """Return the longest possible length in seconds, None if a stage has no limit."""
        longest = [stage.duration.max_s for stage in self.stages]
        return None if None in longest else sum(s for s in longest if s is not None)

    def stimuli(self) -> tuple[str, ...]:
        """Return the ids of all stimuli that any stage shows or may choose, each once, in order."""
        shown = [key for trial in self.trials for key in trial.candidates]
        for stage in self.stages:
            shown.append(stage.stimulus)
            shown += [str(stage.content.get(key, "")) for key in ("picture", "read_aloud")]
            if stage.kind == "imagery":
                shown.append(str(stage.content.get("sound", "")))
            shown += [str(step.get("stimulus", "")) for step in stage.content.get("steps", ())]
        return tuple(dict.fromkeys(filter(None, shown)))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary; what came later than the first schedules only where it is used."""
        return {
            "protocol": self.protocol,
            "version": self.version,
            "stimulus_set": self.stimulus_set,
            "participant": self.participant,
            "session": self.session,
            "slot": self.slot,
            "seed": self.seed,
            "trials": [_trial_json(trial) for trial in self.trials],
            "stages": [_stage_json(stage) for stage in self.stages],
            **({} if self.language == "en" else {"language": self.language}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Schedule:
        """Rebuild from `to_json`; raises KeyError or TypeError on a foreign dictionary."""
        return cls(
            **{
                **values,
                "trials": tuple(
                    Trial(**{**trial, "candidates": tuple(trial.get("candidates", ()))})
                    for trial in values["trials"]
                ),
                "stages": tuple(
                    Stage(**{**stage, "duration": Duration(*stage["duration"])}) for stage in values["stages"]
                ),
            }
        )


def _shortest_s(stage: Stage) -> float:
    if stage.kind == "choice":
        return 0.0
    return stage.duration.typical_s if stage.until_stimulus_ends else stage.duration.min_s


def _trial_json(trial: Trial) -> dict[str, Any]:
    values: dict[str, Any] = {
        "index": trial.index,
        "block": trial.block,
        "practice": trial.practice,
        "stimulus": trial.stimulus,
        "category": trial.category,
    }
    if trial.item:
        values["item"] = dict(trial.item)
    if trial.candidates:
        values |= {"candidates": list(trial.candidates), "chosen_by": trial.chosen_by}
    return values


def _stage_json(stage: Stage) -> dict[str, Any]:
    values: dict[str, Any] = {
        "index": stage.index,
        "trial": stage.trial,
        "block": stage.block,
        "kind": stage.kind,
        "name": stage.name,
        "duration": [stage.duration.min_s, stage.duration.typical_s, stage.duration.max_s],
        "stimulus": stage.stimulus,
        "content": dict(stage.content),
    }
    for flag in ("until_stimulus_ends", "always"):
        if getattr(stage, flag):
            values[flag] = True
    return values
