"""What goes on by itself while a stage is on: the base of films, sounds and rapid sequences."""

from __future__ import annotations

from app.presenter.scenes import Scene
from app.presenter.screen import Happening, Shown


class Playing:
    """Something with a course of its own. Prepared by `settle`, drawn from `first`, then refreshed.

    `begin` tells its moment while there is still time for the sound, `shown_first` what came of it. After
    `stop` it may go on with `first`, `begin` and `shown_first`; `close` ends it.
    """

    def __init__(self, stimulus: str, planned_s: float) -> None:
        self.stimulus = stimulus
        self.planned_s = planned_s
        self.onset_s: float | None = None
        self.happened: list[Happening] = []

    def settle(self) -> None:
        """Make ready what comes next, as far as that is possible now."""

    def first(self) -> Scene | None:
        """Return what it begins with; None where it has no picture of its own."""
        return None

    def begin(self, at_s: float) -> None:
        """Begin, or go on, at `at_s`."""

    def shown_first(self, at_s: float, shown: Shown) -> None:
        """Take note of the swap that it began with."""
        if self.onset_s is None:
            self.onset_s = at_s

    def refresh(self, now: float) -> int:
        """Show what is due; return how many frames the screen dropped."""
        return 0

    @property
    def next_s(self) -> float | None:
        """When it wants to be refreshed next; None where it does not."""
        return None

    @property
    def over_s(self) -> float | None:
        """When it ends; None while that is not known."""
        return None

    def fall_silent(self, at_s: float) -> None:
        """End its sound at `at_s`: told early, while pictures still go on."""

    def stop(self, at_s: float) -> None:
        """Stop at `at_s` and stay where it is then."""

    def close(self, at_s: float) -> None:
        """End for good."""
        self.stop(at_s)

    def failed(self, time_s: float, text: str) -> None:
        """Tell that it cannot be played, and that something stands in its place."""
        self.happened.append(Happening("stimulus_failed", time_s, {"stimulus": self.stimulus, "text": text}))

    def happenings(self) -> list[Happening]:
        """Return what happened since the last call."""
        happened, self.happened = self.happened, []
        return happened
