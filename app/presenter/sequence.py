"""A rapid sequence: its steps change on their frames, or at their times where a screen has no frames."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from app.presenter.played import Playing
from app.presenter.scenes import Scene, Step
from app.presenter.screen import Happening, Shown
from app.presenter.window import StageWindow
from protocols.frames import step_frames


class Steps(Playing):
    """Steps shown one after the other from textures that are ready."""

    def __init__(self, window: StageWindow, steps: Sequence[Step], planned_s: float) -> None:
        super().__init__("", planned_s)
        self._window = window
        self._steps = tuple(steps)
        self._dues: list[float] = []
        self._frames: list[int | None] = []
        self._on = 0
        window.textures.reserved.update(step.scene.drawing for step in self._steps)
        for step in self._steps:
            window.prepare(step.scene)

    def first(self) -> Scene:
        """Return the first step."""
        return self._steps[0].scene

    def shown_first(self, at_s: float, shown: Shown) -> None:
        """Lay the steps that follow on the screen's frames, counted from the first one's swap."""
        super().shown_first(at_s, shown)
        verified = self._window.facts.verified
        begun_s = shown.actual_s if verified and shown.actual_s is not None else at_s
        lengths = [step.duration_s for step in self._steps]
        self._frames = [None] * len(lengths)
        if verified:
            kept = step_frames(lengths, 1 / self._window.period_s)
            lengths = [length.achievable_s for length in kept]
            self._frames = [length.frames for length in kept]
        self._dues = list(itertools.accumulate(lengths[:-1], initial=begun_s))
        self._dues[0], self._on = at_s, 0
        self._tell(0, shown.actual_s)

    def refresh(self, now: float) -> int:
        """Change to the step that is due."""
        following = self._on + 1
        window = self._window
        if following >= len(self._dues):
            return window.keep_alive()
        if window.facts.verified:
            by_s = window.next_swap_s + window.period_s / 2
            if self._dues[following] > by_s:
                return window.keep_alive()
        elif now < self._dues[following] - self._drawing_lead_s:
            return 0
        else:
            by_s = max(self._dues[following], now + window.drawing_s)
        while following + 1 < len(self._dues) and self._dues[following + 1] <= by_s:
            # Its time has passed already: it is not shown at all.
            self._tell(following, None)
            following += 1
        shown = window.advance(self._steps[following].scene, self._dues[following])
        self._on = following
        self._tell(following, shown.actual_s)
        return shown.dropped

    @property
    def next_s(self) -> float | None:
        """When the next step is due, or the next frame."""
        if self._on + 1 >= len(self._dues):
            return None
        return 0.0 if self._window.facts.verified else self._dues[self._on + 1] - self._drawing_lead_s

    def close(self, at_s: float) -> None:
        """Let the textures go."""
        self._dues = []
        self._window.textures.reserved.subtract(step.scene.drawing for step in self._steps)

    @property
    def _drawing_lead_s(self) -> float:
        return 2 * self._window.drawing_s + 0.002

    def _tell(self, number: int, actual_s: float | None) -> None:
        step, intended_s = self._steps[number], self._dues[number]
        payload = {
            "stimulus": step.stimulus,
            "intended_s": intended_s,
            "actual_s": actual_s,
            "frames": self._frames[number],
            "requested_s": step.duration_s,
        }
        time_s = intended_s if actual_s is None else actual_s
        self.happened.append(Happening("sequence_step", time_s, payload))
