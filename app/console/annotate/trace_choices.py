"""What an annotator chooses before a trace: mouse or keys, and the step of a key."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QFormLayout, QHBoxLayout, QWidget

from analysis.labels.scheme import Tier
from app.console import preferences
from app.console.annotate.trace_hand import STEPS, USUAL_STEPS
from app.console.editor_rows import combo
from app.console.parts import Option

KEYS = "trace"


class TraceChoices(QWidget):
    """Asks only what the tier leaves open; what was chosen is remembered for the next trace."""

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        self.tier = tier
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        remembered = preferences.get(KEYS, {})
        self._groups: list[QButtonGroup] = []
        first = "Mouse wheel" if self.is_relative else "Mouse"
        self.mouse, self.keys = self._pair(form, "Traced with", first, "Arrow keys")
        (self.keys if remembered.get("keys") else self.mouse).setChecked(True)
        self.step = combo("Step of a key")
        if tier.dimensions and tier.dimensions[0].step > 0:
            self.step.addItem("as the scheme says", 0)
        for parts in STEPS:
            self.step.addItem(f"{parts} steps over the scale", parts)
        at = self.step.findData(remembered.get("steps", 0 if self.step.findData(0) >= 0 else USUAL_STEPS))
        self.step.setCurrentIndex(at if at >= 0 else self.step.findData(USUAL_STEPS))
        form.addRow("Step of a key", self.step)

    @property
    def is_relative(self) -> bool:
        """Whether the trace has no ends."""
        return self.tier.kind == "trace1d" and not self.tier.bounded

    @property
    def uses_keys(self) -> bool:
        """Whether the arrow keys move the mark, and the mouse does not."""
        return self.keys.isChecked()

    @property
    def steps(self) -> int:
        """Into how many steps a key divides the scale; 0: as the scheme says."""
        return int(self.step.currentData())

    @property
    def device(self) -> str:
        """What is kept with the take."""
        words = ["keys" if self.uses_keys else "wheel" if self.is_relative else "mouse"]
        if self.uses_keys or self.is_relative:
            words.append(f"steps={self.steps or 'scheme'}")
        return " ".join(words)

    def remember(self) -> None:
        """Keep what was chosen."""
        preferences.put(KEYS, {"keys": self.uses_keys, "steps": self.steps})

    def _pair(self, form: QFormLayout, title: str, one: str, other: str) -> tuple[Option, Option]:
        row, group = QHBoxLayout(), QButtonGroup(self)
        made = Option(one), Option(other)
        for option in made:
            group.addButton(option)
            row.addWidget(option)
        row.addStretch(1)
        self._groups.append(group)
        holder = QWidget()
        row.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(row)
        form.addRow(title, holder)
        return made
