"""Copying a sentence: every key that changes the text is one action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.presenter.tasks.base import NOTHING_MISSING, Result, Task, declined
from protocols.schedule import Stage


class TypingTask(Task):
    """Copying a sentence: text grows and shrinks at its end only, so every change is one key.

    | action | values | meaning |
    |---|---|---|
    | insert | text | what a key gave |
    | erase | - | the last character is taken back |
    | decline | - | the participant would rather not type |
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.sentence_id = str(stage.content["sentence_id"])
        self.sentence = str(stage.content["sentence"])
        self.text = ""
        self.keys = 0
        self.corrections = 0
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.declined_s: float | None = None

    @property
    def is_declined(self) -> bool:
        """Whether the participant would rather not type."""
        return self.declined_s is not None

    @property
    def is_complete(self) -> bool:
        """Whether something was typed, or declined."""
        return bool(self.text.strip()) or self.is_declined

    @property
    def missing(self) -> tuple[str, int]:
        """Ask for the sentence."""
        return NOTHING_MISSING if self.is_complete else ("please_type", 0)

    def act(self, action: str, time: float, values: Mapping[str, Any]) -> list[Result] | None:
        """Take a key's change."""
        match action:
            case "insert":
                self.insert(str(values["text"]), time)
                return []
            case "erase":
                self.erase(time)
                return []
            case "decline":
                self.declined_s = time
                return []
        return None

    def insert(self, text: str, time: float) -> None:
        """Append what a key gave."""
        self.text += text
        self._count(time)

    def erase(self, time: float) -> None:
        """Take the last character back."""
        self.text = self.text[:-1]
        self.corrections += 1
        self._count(time)

    def results(self, with_text: bool) -> list[Result]:
        """One `typing_result`; the text itself only with `with_text`."""
        payload: dict[str, Any] = {
            "sentence_id": self.sentence_id,
            "keys": self.keys,
            "corrections": self.corrections,
            "characters": len(self.text),
            "errors": edit_distance(self.text, self.sentence),
            "first_key_s": None if self.first_s is None else self.first_s - self.started_s,
            "typing_s": None if self.first_s is None or self.last_s is None else self.last_s - self.first_s,
        }
        if with_text:
            payload["text"] = self.text
        if self.declined_s is None:
            return [("typing_result", None, payload)]
        payload["declined"] = True
        return [("typing_result", None, payload), declined(self.stage.name, self.declined_s)]

    def shift(self, pause_s: float) -> None:
        """Move the first key along with the onset; the pause counts neither before nor after it."""
        super().shift(pause_s)
        if self.first_s is not None and self.last_s is not None:
            self.first_s += pause_s
            self.last_s += pause_s

    def _count(self, time: float) -> None:
        self.declined_s = None
        self.keys += 1
        self.last_s = time
        if self.first_s is None:
            self.first_s = time


def edit_distance(typed: str, target: str) -> int:
    """Return the least number of insertions, deletions and substitutions between two texts."""
    row = list(range(len(target) + 1))
    for above, char in enumerate(typed, start=1):
        diagonal, row[0] = row[0], above
        for column, wanted in enumerate(target, start=1):
            diagonal, row[column] = (
                row[column],
                min(diagonal + (char != wanted), row[column] + 1, row[column - 1] + 1),
            )
    return row[-1]
