"""The way from a page to the runner: what pages may say, and the desk that stamps it with its time."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from app import clock
from app.presenter.keyboard import Keyboard
from app.presenter.runner import Runner
from app.presenter.tasks import Task


class Inputs(typing.Protocol):
    """Where a page sends what the participant does; each call is stamped by the receiver."""

    def act(self, action: str, **values: Any) -> bool:
        """The participant did something; False if it means nothing now."""
        ...

    def proceed(self) -> bool:
        """The participant wants to go on."""
        ...

    def may_proceed(self, task: Task) -> bool:
        """Whether the task's stage runs and may end now."""
        ...

    def level(self) -> float | None:
        """How loud the microphone is now, 0 (silence) to 1 (full scale); None without a microphone."""
        ...


def no_level() -> float | None:
    """Say that there is no microphone."""
    return None


class Desk:
    """Stamps what the participant does on a page with the time of its event and hands it to the runner.

    `wake` makes the loop look again at once, `level` reads the microphone.
    """

    def __init__(
        self,
        runner: Runner,
        keyboard: Keyboard,
        wake: Callable[[], None],
        level: Callable[[], float | None] = no_level,
    ) -> None:
        self._runner = runner
        self._keyboard = keyboard
        self._wake = wake
        self._level = level

    def act(self, action: str, **values: Any) -> bool:
        """Hand over one action; the loop looks at once what it ended, which a level never does."""
        taken = self._runner.act(action, self._keyboard.time(), **values)
        if action != "level":
            self._wake()
        return taken

    def proceed(self) -> bool:
        """The participant wants to go on."""
        moved = self._runner.proceed(clock.now())
        self._wake()
        return moved

    def may_proceed(self, task: Task) -> bool:
        """Whether the task's stage runs and may end now."""
        return self._runner.task is task and self._runner.may_proceed(clock.now())

    def level(self) -> float | None:
        """How loud the microphone is now; None without a microphone."""
        return self._level()
