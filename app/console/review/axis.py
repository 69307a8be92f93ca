"""The one time axis of a review: visible range, cursor and selection, shared by every row."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

NARROWEST_S = 0.01


class TimeAxis(QObject):
    """Seconds on the recording's clock; `left_px` and `right_px` are the margins that all rows keep.

    `view_changed`, `cursor_changed`, `selection_changed` and `extent_changed` say that something moved; who
    moves it does not matter. The cursor stays inside the extent, the view never leaves it.
    """

    extent_changed = Signal()
    view_changed = Signal()
    cursor_changed = Signal()
    selection_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.left_px, self.right_px = 112, 12
        self.extent_s = (0.0, 1.0)
        self.zero_s = 0.0
        """Told times count from here."""
        self.start_s, self.width_s = 0.0, 1.0
        self.cursor_s = 0.0
        self.selection_s: tuple[float, float] | None = None

    @property
    def stop_s(self) -> float:
        """End of the visible range."""
        return self.start_s + self.width_s

    def set_extent(self, start_s: float, stop_s: float, zero_s: float | None = None) -> None:
        """Take a new recording: everything visible, cursor at its start, nothing selected."""
        self.extent_s = (start_s, max(stop_s, start_s + NARROWEST_S))
        self.zero_s = start_s if zero_s is None else zero_s
        self.start_s, self.width_s = start_s, self.extent_s[1] - start_s
        self.cursor_s, self.selection_s = start_s, None
        for signal in (self.extent_changed, self.view_changed, self.selection_changed, self.cursor_changed):
            signal.emit()

    def set_view(self, start_s: float, width_s: float) -> None:
        """Show this range, as far as the recording goes."""
        low, high = self.extent_s
        width_s = min(max(width_s, NARROWEST_S), high - low)
        start_s = min(max(start_s, low), high - width_s)
        if (start_s, width_s) != (self.start_s, self.width_s):
            self.start_s, self.width_s = start_s, width_s
            self.view_changed.emit()

    def zoom(self, factor: float, at_s: float) -> None:
        """Widen (factor above 1) or narrow the view; what is at `at_s` stays in its place."""
        low, high = self.extent_s
        width_s = min(max(self.width_s * factor, NARROWEST_S), high - low)
        self.set_view(at_s - (at_s - self.start_s) * width_s / self.width_s, width_s)

    def pan(self, share: float) -> None:
        """Move the view by a share of its width."""
        self.set_view(self.start_s + share * self.width_s, self.width_s)

    def show_all(self) -> None:
        """Show the whole recording."""
        self.set_view(self.extent_s[0], self.extent_s[1] - self.extent_s[0])

    def move_cursor(self, time_s: float, follow: bool = True) -> None:
        """Put the cursor somewhere; `follow` turns the page when it would leave the view."""
        low, high = self.extent_s
        time_s = min(max(time_s, low), high)
        if time_s != self.cursor_s:
            self.cursor_s = time_s
            self.cursor_changed.emit()
        if follow and not self.start_s <= time_s <= self.stop_s:
            self.set_view(time_s - 0.05 * self.width_s, self.width_s)

    def select(self, one_s: float | None, other_s: float | None = None) -> None:
        """Select between two times, in any order; None for nothing."""
        low, high = self.extent_s
        found = None
        if one_s is not None and other_s is not None:
            first, last = sorted((min(max(one_s, low), high), min(max(other_s, low), high)))
            found = (first, last)
        if found != self.selection_s:
            self.selection_s = found
            self.selection_changed.emit()

    def x_of(self, time_s: float, widget_px: float) -> float:
        """Return where a time lies in a row of this width, in pixels from its left edge."""
        plot = max(1.0, widget_px - self.left_px - self.right_px)
        return self.left_px + (time_s - self.start_s) / self.width_s * plot

    def time_at(self, x_px: float, widget_px: float) -> float:
        """Return the time at a place in a row of this width."""
        plot = max(1.0, widget_px - self.left_px - self.right_px)
        return self.start_s + (x_px - self.left_px) / plot * self.width_s
