"""What a participant does within a stage, free of Qt: answers, typed text, holding to talk.

A task is changed by the page (or by the automatic participant), asked by the runner whether it is
complete, and asked once, at the stage's end, for the results to journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocols.schedule import Stage

Result = tuple[str, float | None, dict[str, Any]]


@dataclass(slots=True)
class Answer:
    """The chosen value of an item: when it was first and last chosen, how often it was changed."""

    value: int
    first_s: float
    last_s: float
    changes: int = 0


class Task:
    """A stage that asks nothing: instruction, picture, rest, break. Base of the others."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.started_s = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether the participant may go on."""
        return True

    @property
    def missing(self) -> str:
        """Tell the participant what is still to be done, '' if nothing."""
        return ""

    def begin(self, onset_s: float) -> None:
        """Take note of the stage's onset."""
        self.started_s = onset_s

    def shift(self, pause_s: float) -> None:
        """Forget a pause of `pause_s` seconds in the reaction times."""
        self.started_s += pause_s

    def results(self, with_text: bool) -> list[Result]:
        """Return (kind, time or None for the stage's end, payload) of what is to be journalled then."""
        return []


@dataclass(frozen=True, slots=True)
class Item:
    """A rating scale: `points` values from 1, words at its ends, figures of `dimension` if SAM."""

    id: str
    scale: str
    text: str
    points: int
    low: str
    high: str
    dimension: str = ""

    @classmethod
    def from_content(cls, values: Mapping[str, Any]) -> Item:
        """Read an item of a questionnaire stage."""
        return cls(
            id=str(values["id"]),
            scale=str(values["scale"]),
            text=str(values["text"]),
            points=int(values["points"]),
            low=str(values.get("low", "")),
            high=str(values.get("high", "")),
            dimension=str(values.get("dimension", "")),
        )


class QuestionnaireTask(Task):
    """Rating scales, all of which need an answer."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.items = tuple(Item.from_content(item) for item in stage.content["items"])
        self.answers: dict[str, Answer] = {}

    @property
    def is_complete(self) -> bool:
        """Whether every item has an answer."""
        return len(self.answers) == len(self.items)

    @property
    def missing(self) -> str:
        """Say how many answers are missing."""
        count = len(self.items) - len(self.answers)
        if count == 0:
            return ""
        return "One answer is missing." if count == 1 else f"{count} answers are missing."

    def choose(self, item_id: str, value: int, time: float) -> bool:
        """Take an answer; False for a value that the scale does not have."""
        item = next((item for item in self.items if item.id == item_id), None)
        if item is None or not 1 <= value <= item.points:
            return False
        answer = self.answers.get(item_id)
        if answer is None:
            self.answers[item_id] = Answer(value, time, time)
        elif answer.value != value:
            answer.value, answer.last_s, answer.changes = value, time, answer.changes + 1
        return True

    def results(self, with_text: bool) -> list[Result]:
        """One `response` for each item that was answered, in the order of the items."""
        return [
            (
                "response",
                answer.last_s,
                {
                    "item": item.id,
                    "value": answer.value,
                    "reaction_s": answer.last_s - self.started_s,
                    "first_reaction_s": answer.first_s - self.started_s,
                    "changes": answer.changes,
                },
            )
            for item in self.items
            if (answer := self.answers.get(item.id)) is not None
        ]

    def shift(self, pause_s: float) -> None:
        """Move the answers given before the pause along with the onset."""
        super().shift(pause_s)
        for answer in self.answers.values():
            answer.first_s += pause_s
            answer.last_s += pause_s


class TypingTask(Task):
    """Copying a sentence: text grows and shrinks at its end only, so every change is one key."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.sentence_id = str(stage.content["sentence_id"])
        self.sentence = str(stage.content["sentence"])
        self.text = ""
        self.keys = 0
        self.corrections = 0
        self.first_s: float | None = None
        self.last_s: float | None = None

    @property
    def is_complete(self) -> bool:
        """Whether something was typed."""
        return bool(self.text.strip())

    @property
    def missing(self) -> str:
        """Ask for the sentence."""
        return "" if self.is_complete else "Please type the sentence."

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
        return [("typing_result", None, payload)]

    def shift(self, pause_s: float) -> None:
        """Move the first key along with the onset; the pause counts neither before nor after it."""
        super().shift(pause_s)
        if self.first_s is not None and self.last_s is not None:
            self.first_s += pause_s
            self.last_s += pause_s

    def _count(self, time: float) -> None:
        self.keys += 1
        self.last_s = time
        if self.first_s is None:
            self.first_s = time


class SpeakingTask(Task):
    """Reading aloud while HOLD TO TALK is held, once for at least `min_hold_s`."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.sentences = tuple(str(sentence) for sentence in stage.content["sentences"])
        self.sentence_ids = tuple(str(name) for name in stage.content.get("sentence_ids", ()))
        self.min_hold_s = float(stage.content.get("min_hold_s", 1.0))
        self.held_since_s: float | None = None
        self.longest_s = 0.0
        self.holds = 0

    @property
    def is_complete(self) -> bool:
        """Whether one hold was long enough, and none goes on."""
        return self.held_since_s is None and self.longest_s >= self.min_hold_s

    @property
    def missing(self) -> str:
        """Tell what the button is for."""
        if self.is_complete or self.held_since_s is not None:
            return ""
        if self.holds:
            return "That was short. Please hold the button for as long as you read."
        return "Hold the button while you read aloud."

    def hold(self, time: float) -> bool:
        """Begin to hold; False if it is held already."""
        if self.held_since_s is not None:
            return False
        self.held_since_s = time
        self.holds += 1
        return True

    def release(self, time: float) -> float | None:
        """Let go; return the seconds held, None if nothing was held."""
        if self.held_since_s is None:
            return None
        held_s = time - self.held_since_s
        self.held_since_s = None
        self.longest_s = max(self.longest_s, held_s)
        return held_s


def make_task(stage: Stage) -> Task:
    """Return the task of a stage."""
    if stage.kind == "questionnaire":
        return QuestionnaireTask(stage)
    if stage.kind == "typing":
        return TypingTask(stage)
    if stage.kind == "speaking":
        return SpeakingTask(stage)
    return Task(stage)


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
