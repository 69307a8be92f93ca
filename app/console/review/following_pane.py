"""A picture that follows the cursor of an axis, made in a thread: what camera and film share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.console.review.axis import TimeAxis
from app.console.review.newest import Newest
from app.console.review.picture_pane import PicturePane


class FollowingPane(PicturePane):
    """Asks `_maker` for the picture at the cursor in `follow`; `make` runs in a thread of its own.

    `shown` is the number of the picture on the screen, -1 for none.
    """

    shown_changed = Signal()

    def __init__(
        self, axis: TimeAxis, make: Callable[[Any], Any], name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, parent)
        self.axis = axis
        self.shown = -1
        self._maker = Newest(make, self)
        self._maker.arrived.connect(self._on_arrived)
        self._maker.failed.connect(self._on_failed)
        axis.cursor_changed.connect(self.follow)

    @property
    def dropped(self) -> int:
        """How many pictures were passed over because newer ones were due."""
        return self._maker.dropped

    def follow(self) -> None:
        """Want the picture at the cursor."""
        raise NotImplementedError

    def showEvent(self, event: object) -> None:
        """Catch up."""
        self.follow()

    def _on_arrived(self, wish: Any, made: Any) -> None:
        raise NotImplementedError

    def _on_failed(self, wish: Any, error: Exception) -> None:
        raise NotImplementedError
