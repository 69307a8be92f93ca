"""A window without a window: a screen that refreshes on a clock of its own, and remembers what it showed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from PySide6.QtCore import QSize

from app.presenter.scenes import Scene
from app.presenter.screen import ScreenFacts, Shown


class Refreshing:
    """Stands for `StageWindow` where frames are counted: swaps come at whole periods, some of them late."""

    def __init__(self, rate_hz: float = 60.0, verified: bool = True, begun_s: float = 100.0) -> None:
        self.facts = ScreenFacts("fake", 1280, 800, rate_hz, verified)
        self.period_s = 1 / rate_hz
        self.drawing_s = 0.001
        self.lead_s = self.period_s
        self.is_software = False
        self.pixels = QSize(1280, 800)
        self.textures = self
        self.reserved: Counter[Any] = Counter()
        self.largest = 4096
        self.swapped_s = begun_s
        self.slots: dict[int, int] = {}
        self.shown: list[tuple[float, Scene]] = []
        self.stalls: list[int] = []

    @property
    def next_swap_s(self) -> float:
        return self.swapped_s + self.period_s

    def prepare(self, scene: Scene) -> None:
        assert scene is not None

    def upload(self, slot: int, pixels: Any, width: int, smooth: bool) -> None:
        self.slots[slot] = int(pixels[0, 0, 0])

    def reveal(self, at_s: float) -> Shown:
        self.swapped_s = at_s
        return Shown(at_s, 0)

    def advance(self, scene: Scene, at_s: float) -> Shown:
        frames = 1 + (self.stalls.pop(0) if self.stalls else 0)
        self.swapped_s = self.swapped_s + frames * self.period_s if self.facts.verified else at_s
        self.shown.append((self.swapped_s, scene))
        return Shown(self.swapped_s, 0, frames - 1)

    def keep_alive(self) -> int:
        frames = 1 + (self.stalls.pop(0) if self.stalls else 0)
        self.swapped_s += frames * self.period_s
        return frames - 1
