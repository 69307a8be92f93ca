"""What a protocol becomes for one participant: flat, frozen stages, ready to run in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

StageKind = Literal[
    "instruction",
    "fixation",
    "picture",
    "blank",
    "flash",
    "rest",
    "questionnaire",
    "typing",
    "speaking",
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
    """

    index: int
    trial: int
    block: str
    kind: StageKind
    name: str
    duration: Duration
    stimulus: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a row of the trial table knows before the session."""

    index: int
    block: str
    practice: bool
    stimulus: str
    category: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """A protocol expanded for one participant, session, counter-balancing slot and seed."""

    protocol: str
    version: int
    stimulus_set: str
    participant: str
    session: int
    slot: int
    seed: int
    trials: tuple[Trial, ...]
    stages: tuple[Stage, ...]

    @property
    def typical_s(self) -> float:
        """Return the expected length in seconds."""
        return sum(stage.duration.typical_s for stage in self.stages)

    @property
    def max_s(self) -> float | None:
        """Return the longest possible length in seconds, None if a stage has no limit."""
        longest = [stage.duration.max_s for stage in self.stages]
        return None if None in longest else sum(s for s in longest if s is not None)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "protocol": self.protocol,
            "version": self.version,
            "stimulus_set": self.stimulus_set,
            "participant": self.participant,
            "session": self.session,
            "slot": self.slot,
            "seed": self.seed,
            "trials": [
                {
                    "index": trial.index,
                    "block": trial.block,
                    "practice": trial.practice,
                    "stimulus": trial.stimulus,
                    "category": trial.category,
                }
                for trial in self.trials
            ],
            "stages": [
                {
                    "index": stage.index,
                    "trial": stage.trial,
                    "block": stage.block,
                    "kind": stage.kind,
                    "name": stage.name,
                    "duration": [
                        stage.duration.min_s,
                        stage.duration.typical_s,
                        stage.duration.max_s,
                    ],
                    "stimulus": stage.stimulus,
                    "content": dict(stage.content),
                }
                for stage in self.stages
            ],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Schedule:
        """Rebuild from `to_json`; raises KeyError or TypeError on a foreign dictionary."""
        return cls(
            **{
                **values,
                "trials": tuple(Trial(**trial) for trial in values["trials"]),
                "stages": tuple(
                    Stage(**{**stage, "duration": Duration(*stage["duration"])}) for stage in values["stages"]
                ),
            }
        )
