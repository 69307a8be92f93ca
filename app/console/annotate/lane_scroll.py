"""Lanes that are more than their room: they scroll, and keep their places on the time axis."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy

from app.console.annotate.lanes import LaneView

USUAL_PX, LEAST_PX = 260, 120


class LaneScroll(QScrollArea):
    """Holds the lanes as one row under the signals; gone where there are none."""

    def __init__(self, lanes: LaneView) -> None:
        super().__init__()
        self.lanes = lanes
        self.setWidget(lanes)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        lanes.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """As tall as the lanes, within limits."""
        return QSize(400, min(USUAL_PX, self.lanes.sizeHint().height()))

    def minimumSizeHint(self) -> QSize:
        """Room for a trace, or for the lanes of a few people."""
        return QSize(120, min(LEAST_PX, self.lanes.sizeHint().height()))

    def fit(self) -> None:
        """Take the height of the lanes; be gone where there are none."""
        self.setVisible(bool(self.lanes.rows))
        self.setMaximumHeight(max(1, self.lanes.sizeHint().height()))
        self.updateGeometry()
        self._cover()

    def show_tier(self, tier: str) -> None:
        """Bring the own lane of a tier into sight."""
        for row, top in zip(self.lanes.rows, self.lanes.tops(), strict=True):
            if row.own and row.tier.name == tier:
                self._bring(top, row.height_px)

    def show_mark(self, mark_id: str) -> None:
        """Bring the lane of a mark into sight."""
        found = self.lanes.mark(mark_id)
        for row, top in zip(self.lanes.rows, self.lanes.tops(), strict=True):
            if found is not None and row is found[0]:
                self._bring(top, row.height_px)

    def _bring(self, top: int, height: int) -> None:
        self.ensureVisible(0, top + height // 2, 0, height // 2 + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say how much lies under the scroll bar."""
        super().resizeEvent(event)
        self._cover()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the lanes."""
        if watched is self.lanes and event.type() == QEvent.Type.Resize:
            self._cover()
        return False

    def _cover(self) -> None:
        covered = max(0, self.width() - self.viewport().width())
        if covered != self.lanes.covered_px:
            self.lanes.covered_px = covered
            self.lanes.update()
