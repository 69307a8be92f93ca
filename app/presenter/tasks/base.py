"""What all tasks share: how they are acted on, when they are complete or over, what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.schedule import Stage

Result = tuple[str, float | None, dict[str, Any]]
NOTHING_MISSING = ("", 0)


class Task:
    """A stage that asks nothing: instruction, picture, rest, break. Base of the others.

    `zero_s` is where reaction times count from: the stage's onset, unless the runner sets another
    stage's (`content["reaction_from"]`).
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.started_s = 0.0
        self.zero_s: float | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the participant may go on."""
        return True

    @property
    def is_over(self) -> bool:
        """Whether the stage ends by itself now; asked after every act and tick."""
        return False

    @property
    def missing(self) -> tuple[str, int]:
        """What is still to be done, as a key of `app.presenter.phrases` and a number; ("", 0) if nothing."""
        return NOTHING_MISSING

    @property
    def reaction_zero_s(self) -> float:
        """The time that reaction times count from."""
        return self.started_s if self.zero_s is None else self.zero_s

    def begin(self, onset_s: float) -> None:
        """Take note of the stage's onset."""
        self.started_s = onset_s

    def shift(self, pause_s: float) -> None:
        """Forget a pause of `pause_s` seconds in the reaction times."""
        self.started_s += pause_s
        if self.zero_s is not None:
            self.zero_s += pause_s

    def act(self, action: str, time: float, values: Mapping[str, Any]) -> list[Result] | None:
        """Take an action of the participant at `time`.

        Returns what is to be journalled now as (kind, time or None for the stage's end, payload), which
        may be nothing, and None if the action means nothing here.
        """
        return None

    def tick(self, now: float) -> list[Result]:
        """Let time pass; return what is to be journalled now."""
        return []

    def results(self, with_text: bool) -> list[Result]:
        """Return (kind, time or None for the stage's end, payload) of what is to be journalled then."""
        return []


def declined(item: str, time: float) -> Result:
    """Return the record, made at the stage's end, of what the participant would rather not answer."""
    return ("declined", time, {"what": "item", "item": item})
