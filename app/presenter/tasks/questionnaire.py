"""Answering questions: chosen, changed, declined, and scored where they form an instrument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.presenter.tasks.base import NOTHING_MISSING, Result, Task, declined
from app.presenter.tasks.items import Item, Value
from app.presenter.tasks.scoring import attention, score
from protocols.schedule import Stage


@dataclass(slots=True)
class Answer:
    """The value of an item, None if declined: when first and last given, how often changed."""

    value: Value | None
    first_s: float
    last_s: float
    changes: int = 0


class QuestionnaireTask(Task):
    """Questions, each of which needs an answer or is declined.

    | action | values | meaning |
    |---|---|---|
    | choose | item, value | the answer as it stands now; an empty text or list takes it back |
    | clear | item | there is no answer any more |
    | decline | item | the participant would rather not answer |
    | read_help | - | the helper text was shown |

    Without `keeps_text` free texts are asked for and not kept: their value is None and `withheld` true.
    """

    def __init__(self, stage: Stage, keeps_text: bool = True) -> None:
        super().__init__(stage)
        self.items = tuple(Item.from_content(item) for item in stage.content["items"])
        self.answers: dict[str, Answer] = {}
        self.has_read_help = False
        self._keeps_text = keeps_text
        self._by_id = {item.id: item for item in self.items}

    @property
    def is_complete(self) -> bool:
        """Whether every item is answered or declined, and help was shown where it is owed."""
        return self.is_filled and not self.owes_help

    @property
    def is_filled(self) -> bool:
        """Whether every item is answered or declined."""
        return all(self.is_answered(item.id) for item in self.items)

    @property
    def missing(self) -> tuple[str, int]:
        """How many answers are missing."""
        count = sum(not self.is_answered(item.id) for item in self.items)
        return ("answers_missing", count) if count else NOTHING_MISSING

    @property
    def attention(self) -> str:
        """The code of what somebody has to look after, '' for nothing."""
        return attention(self.stage.content, self.values)

    @property
    def owes_help(self) -> bool:
        """Whether the study's helper text is still to be shown."""
        has_text = bool(self.stage.content.get("helper_text"))
        return has_text and bool(self.attention) and not self.has_read_help

    @property
    def values(self) -> dict[str, Value | None]:
        """The answers by item; declined ones are None."""
        return {name: answer.value for name, answer in self.answers.items()}

    def is_answered(self, item_id: str) -> bool:
        """Whether an item has a whole answer or was declined."""
        answer = self.answers.get(item_id)
        if answer is None:
            return self._by_id[item_id].nothing is not None
        return answer.value is None or self._by_id[item_id].is_whole(answer.value)

    def is_declined(self, item_id: str) -> bool:
        """Whether an item was declined."""
        answer = self.answers.get(item_id)
        return answer is not None and answer.value is None

    def act(self, action: str, time: float, values: Mapping[str, Any]) -> list[Result] | None:
        """Take an answer, or that there will be none."""
        match action:
            case "choose":
                return [] if self.choose(str(values["item"]), values["value"], time) else None
            case "clear" if values["item"] in self._by_id:
                self.answers.pop(str(values["item"]), None)
                return []
            case "decline" if values["item"] in self._by_id:
                self._take(str(values["item"]), None, time)
                return []
            case "read_help" if self.owes_help:
                self.has_read_help = True
                return [("helper_text_shown", time, {"code": self.attention})]
        return None

    def choose(self, item_id: str, value: Any, time: float) -> bool:
        """Take an answer; False for a value that the item does not have."""
        item = self._by_id.get(item_id)
        if item is None or not item.accepts(value):
            return False
        if value in ("", []):
            self.answers.pop(item_id, None)
            return True
        self._take(item_id, list(value) if isinstance(value, tuple) else value, time)
        return True

    def results(self, with_text: bool) -> list[Result]:
        """One `response` an answered item, in the items' order; scores; a call for attention."""
        responses: list[Result] = []
        for item in self.items:
            answer = self.answers.get(item.id)
            if answer is not None and self.is_answered(item.id):
                responses.append(("response", answer.last_s, self._payload(item, answer)))
                if answer.value is None:
                    responses.append(declined(item.id, answer.last_s))
            elif answer is None and item.nothing is not None and self.is_filled:
                payload = {"item": item.id, "value": item.nothing, "reaction_s": None, "changes": 0}
                responses.append(("response", None, payload))
        if self.stage.content.get("instrument") and responses:
            responses.append(("scored", None, score(self.stage.content, self.values)))
        if self.attention:
            responses.append(("attention", None, {"code": self.attention}))
        return responses

    def shift(self, pause_s: float) -> None:
        """Move the answers given before the pause along with the onset."""
        super().shift(pause_s)
        for answer in self.answers.values():
            answer.first_s += pause_s
            answer.last_s += pause_s

    def _payload(self, item: Item, answer: Answer) -> dict[str, Any]:
        withheld = item.scale == "text" and not self._keeps_text and answer.value is not None
        payload = {
            "item": item.id,
            "value": None if withheld else answer.value,
            "reaction_s": answer.last_s - self.reaction_zero_s,
            "first_reaction_s": answer.first_s - self.reaction_zero_s,
            "changes": answer.changes,
        }
        if answer.value is None:
            payload["declined"] = True
        if withheld:
            payload |= {"withheld": True, "length": len(str(answer.value))}
        return payload

    def _take(self, item_id: str, value: Value | None, time: float) -> None:
        answer = self.answers.get(item_id)
        if answer is None:
            self.answers[item_id] = Answer(value, time, time)
        elif answer.value != value:
            answer.value, answer.last_s, answer.changes = value, time, answer.changes + 1
