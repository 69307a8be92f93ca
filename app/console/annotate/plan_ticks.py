"""A list of things to tick, whose boxes can be seen on both grounds."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.console.parts import Tick

LINES = 7


class TickList(QScrollArea):
    """Names with a box each; `changed` when one was ticked, or added."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.ticks: dict[str, Tick] = {}
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(8, 6, 8, 6)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self.setWidget(inner)
        self.setFixedHeight(LINES * (self.fontMetrics().height() + 6))

    def add(self, name: str, on: bool, words: str = "") -> None:
        """Add a name, told in words where they are given."""
        tick = Tick(words or name)
        tick.setToolTip(words or name)
        tick.setChecked(on)
        tick.toggled.connect(lambda _: self.changed.emit())
        self.ticks[name] = tick
        self._column.insertWidget(len(self.ticks) - 1, tick)
        self.changed.emit()

    def chosen(self) -> list[str]:
        """Return the names that are ticked."""
        return [name for name, tick in self.ticks.items() if tick.isChecked()]
