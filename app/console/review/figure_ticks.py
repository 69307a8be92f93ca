"""A button whose menu holds names to tick, and times around an onset to choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDoubleSpinBox, QMenu, QToolButton

LONGEST_WORDS = 24


class TickMenu(QToolButton):
    """Says what is ticked; `noun` and `plural` are what names are. Up to `most` may be ticked at once."""

    def __init__(self, noun: str, plural: str, changed: Callable[[], None], most: int | None = None) -> None:
        super().__init__()
        self._noun, self._plural, self._changed, self._most = noun, plural, changed, most
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.held = QMenu(self)
        self.held.setToolTipsVisible(True)
        self.setMenu(self.held)
        self.ticks: list[QAction] = []

    def show_names(self, names: Sequence[str], ticked: int | None = None) -> None:
        """Offer these names, the first `ticked` of them ticked (all, if None)."""
        self.held.clear()
        if self._most is None:
            for words, wanted in (("All", True), ("None", False)):
                action = QAction(words, self.held)
                action.triggered.connect(lambda _=False, wanted=wanted: self._set_all(wanted))
                self.held.addAction(action)
            self.held.addSeparator()
        self.ticks = []
        for place, name in enumerate(names):
            tick = QAction(name.replace("&", "&&"), self.held, checkable=True)
            tick.setChecked(ticked is None or place < ticked)
            tick.triggered.connect(self._on_tick)
            self.held.addAction(tick)
            self.ticks.append(tick)
        self.setEnabled(bool(names))
        self._say()

    @property
    def ticked(self) -> tuple[int, ...]:
        """The places of the ticked names."""
        return tuple(place for place, tick in enumerate(self.ticks) if tick.isChecked())

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(tick.text().replace("&&", "&") for tick in self.ticks)

    def tick(self, names: Sequence[str]) -> None:
        """Tick these names and no others."""
        for tick, name in zip(self.ticks, self.names, strict=True):
            tick.setChecked(name in names)
        self._say()

    def _set_all(self, wanted: bool) -> None:
        for tick in self.ticks:
            tick.setChecked(wanted)
        self._on_tick()

    def _on_tick(self) -> None:
        self._say()
        self._changed()

    def _say(self) -> None:
        names = self.names
        chosen = [names[place] for place in self.ticked]
        text = ", ".join(chosen)
        if len(chosen) == len(names) > 1:
            text = f"All {self._plural}"
        elif not chosen or (len(chosen) != 1 and len(text) > LONGEST_WORDS):
            text = f"{len(chosen)} {self._plural}" if chosen else f"No {self._noun}"
        elif len(text) > LONGEST_WORDS:
            text = f"{text[: LONGEST_WORDS - 1]}…"
        self.setText(text.replace("&", "&&"))
        self.setToolTip("\n".join(chosen))
        self.setAccessibleName(f"{self._plural.capitalize()}: {', '.join(chosen) or 'none'}")
        if self._most is not None:
            for tick in self.ticks:
                tick.setEnabled(tick.isChecked() or len(chosen) < self._most)


def seconds_box(value: float, changed: Callable[[], None], name: str) -> QDoubleSpinBox:
    """Return a box for seconds before or after an onset."""
    box = QDoubleSpinBox()
    box.setRange(0.0, 120.0)
    box.setDecimals(1)
    box.setSingleStep(0.5)
    box.setSuffix(" s")
    box.setValue(value)
    box.setKeyboardTracking(False)
    box.setAccessibleName(name)
    box.valueChanged.connect(lambda _: changed())
    return box
