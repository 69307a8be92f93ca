"""Imagining a situation: a press each time the emotion is felt strongly enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.presenter.tasks.base import Result, Task
from protocols.schedule import Stage


class ImageryTask(Task):
    """Imagery with repeated presses of key or button; the participant never hears that they were few.

    | action | values | meaning |
    |---|---|---|
    | feel | - | the button was pressed |
    | key | code | a key was pressed, by its position; counts if it is the stage's |
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.key = str(stage.content.get("key") or "Space")
        self.min_presses = int(stage.content.get("min_presses") or 0)
        self.presses_s: list[float] = []

    def act(self, action: str, time: float, values: Mapping[str, Any]) -> list[Result] | None:
        """Take a press."""
        if action != "feel" and not (action == "key" and values.get("code") == self.key):
            return None
        self.presses_s.append(time)
        payload = {"press": len(self.presses_s), "since_onset_s": time - self.started_s}
        return [("feeling_it", time, payload)]

    def results(self, with_text: bool) -> list[Result]:
        """`few_presses` for the operator if the participant felt it less often than hoped."""
        count = len(self.presses_s)
        if count >= self.min_presses:
            return []
        return [("few_presses", None, {"presses": count, "min_presses": self.min_presses})]
