"""A speeded choice by key: the first key of an option is the answer, the stage's end the time-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.presenter.tasks.base import Result, Task
from protocols.schedule import Stage

FEEDBACK_S = 0.6
ANTICIPATION_S = 0.15

Verdict = Literal["", "correct", "wrong"]


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers: its id, its words, and the position of its key (KeyJ, Digit1, Space, ...)."""

    id: str
    text: str
    key: str


class ChoiceTask(Task):
    """Choosing among options by key, as fast as can be.

    | action | values | meaning |
    |---|---|---|
    | key | code | a key went down, by its position |
    | choose | value | an option was chosen by its id |

    `chosen` is the option's id or "", `verdict` what feedback tells. The stage is over with the answer,
    with feedback `FEEDBACK_S` later. A key pressed earlier than `anticipation_s` after zero is an answer
    marked as an anticipation.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        content = stage.content
        self.options = tuple(
            Option(str(entry["id"]), str(entry.get("text") or ""), str(entry["key"]))
            for entry in content["options"]
        )
        self.correct = str(content.get("correct") or "")
        self.feedback = bool(content.get("feedback"))
        given = content.get("anticipation_s")
        self.anticipation_s = ANTICIPATION_S if given is None else float(given)
        self.chosen = ""
        self.chosen_s: float | None = None
        self._now_s = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether a key was pressed."""
        return bool(self.chosen)

    @property
    def is_over(self) -> bool:
        """Whether the answer is there and its feedback was seen."""
        if self.chosen_s is None:
            return False
        return not self.feedback or self._now_s >= self.chosen_s + FEEDBACK_S

    @property
    def verdict(self) -> Verdict:
        """What feedback says of the answer, "" for nothing yet or where nothing is right or wrong."""
        if not self.chosen or not self.correct:
            return ""
        return "correct" if self.chosen == self.correct else "wrong"

    def act(self, action: str, time: float, values: Mapping[str, Any]) -> list[Result] | None:
        """Take the first key or choice that is an option's; others mean nothing."""
        named = {"key": "code", "choose": "value"}.get(action)
        if named is None or self.chosen:
            return None
        wanted = str(values[named])
        for option in self.options:
            if wanted == (option.key if action == "key" else option.id):
                self.chosen, self.chosen_s = option.id, time
                return []
        return None

    def tick(self, now: float) -> list[Result]:
        """Let the feedback's time pass."""
        self._now_s = now
        return []

    def results(self, with_text: bool) -> list[Result]:
        """One `response`; without an answer its value is None and `timeout` true."""
        payload: dict[str, Any] = {"item": self.stage.name, "value": self.chosen or None}
        if self.chosen_s is None:
            return [("response", None, {**payload, "reaction_s": None, "timeout": True})]
        reaction_s = self.chosen_s - self.reaction_zero_s
        payload |= {
            "reaction_s": reaction_s,
            "first_reaction_s": reaction_s,
            "changes": 0,
            "key": next(option.key for option in self.options if option.id == self.chosen),
        }
        if self.correct:
            payload["correct"] = self.chosen == self.correct
        if reaction_s < self.anticipation_s:
            payload["anticipation"] = True
        return [("response", self.chosen_s, payload)]

    def shift(self, pause_s: float) -> None:
        """Move an answer given before the pause along with the onset."""
        super().shift(pause_s)
        if self.chosen_s is not None:
            self.chosen_s += pause_s
