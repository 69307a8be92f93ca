"""What annotators will see: the panel of questions and labels, and the scale of a trace to try."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from analysis.labels.scheme import Scheme, Tier
from app import clock
from app.console.annotate.question_panel import QuestionPanel
from app.console.annotate.scheme_draft import Path
from app.console.annotate.scheme_editor_file import problems
from app.console.annotate.trace_hand import Hand
from app.console.annotate.trace_overlay import taken_out
from app.console.annotate.trace_scales import scale_of
from app.console.parts import Heading, Line


class SchemePreview(QWidget):
    """Shows the tier that is being edited as annotators will see it; answers given here are kept nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Preview")
        self._shown: tuple[Scheme, str] | None = None
        self._answers: dict[str, Any] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addWidget(Heading("Preview", 1.1))
        self.note = Line("", "muted", True)
        column.addWidget(self.note)
        self.panel = QuestionPanel()
        self.panel.answered.connect(self._on_answered)
        self.panel.tier_chosen.connect(self._on_tier)
        column.addWidget(self.panel, 1)
        self.trace = QVBoxLayout()
        column.addLayout(self.trace, 1)

    def show_scheme(self, scheme: Scheme, path: Path) -> None:
        """Show the tier that a path leads into, the first one for a path outside of tiers."""
        if problems(scheme):
            self.note.setText("As it was before the problems below.")
            self.note.show()
            return
        self.note.hide()
        at = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        self._show(scheme, scheme.tiers[min(at, len(scheme.tiers) - 1)].name)

    def _show(self, scheme: Scheme, name: str) -> None:
        if (scheme, name) == self._shown:
            return
        self._shown = (scheme, name)
        self._answers = {}
        self.panel.show_tier(scheme, name, {})
        if self.panel.trace_button is not None:
            self.panel.trace_button.setEnabled(False)
        for widget in taken_out(self.trace):
            widget.hide()
            widget.deleteLater()
        tier = scheme.tier(name)
        is_trace = tier.kind in ("trace1d", "trace2d")
        self.panel.setMaximumHeight(170 if is_trace else 16777215)
        if is_trace:
            self.trace.addWidget(TryScale(tier))

    def _on_answered(self, tier: str, question: str, value: object) -> None:
        self._answers[question] = value
        self.panel.show_answers(self._answers)

    def _on_tier(self, name: str) -> None:
        if self._shown is not None:
            self._show(self._shown[0], name)


class TryScale(QWidget):
    """A trace's scale that follows the mouse."""

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        self.scale = scale_of(tier, Hand(tier))
        self.scale.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMouseTracking(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(
            self.scale,
            1,
            Qt.AlignmentFlag.AlignHCenter if tier.kind == "trace1d" and tier.bounded else Qt.AlignmentFlag(0),
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the mark."""
        self.scale.point_at(self.scale.mapFrom(self, event.position()))
        self.scale.show_now(clock.now())
