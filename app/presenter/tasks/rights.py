"""The participant's rights: while this task is on, nothing runs and nothing is asked."""

from __future__ import annotations

from typing import Literal

from app.presenter.tasks.base import Task

Right = Literal["go_on", "skip", "stop"]
RIGHTS: tuple[Right, ...] = ("go_on", "skip", "stop")


class RightsTask(Task):
    """What the page of rights is about: `stage` is the one that was left for it.

    The page sends `act("rights", choice=...)` with one of `RIGHTS` to the runner, not to this task.
    """
