"""The hand on the signals: select, move, zoom, measure, choose a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu

from app.console.review import traces_readout
from app.console.review.traces_bands import GAIN_STEP

if TYPE_CHECKING:
    from app.console.review.stack import SignalStack

DRAG_PX = 4
GRAB_PX = 5
NOTCH = 120.0
PAN_SHARE = 0.1
ZOOM = 1.25


class Mouse(QObject):
    """Hears the mouse on the canvas of a stack."""

    def __init__(self, stack: SignalStack) -> None:
        super().__init__(stack)
        self._stack = stack
        self._canvas = stack.canvas
        self._pressed: QPointF | None = None
        self._dragging = ""
        self._canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is meant for the signals."""
        if self._canvas.traces is None:
            return False
        if isinstance(event, QWheelEvent):
            return self._on_wheel(event)
        if isinstance(event, QContextMenuEvent):
            self._menu(event.pos().y()).popup(event.globalPos())
            return True
        if isinstance(event, QMouseEvent):
            kind = event.type()
            if kind == QEvent.Type.MouseMove:
                return self._on_move(event)
            if event.button() != Qt.MouseButton.LeftButton:
                return False
            if kind == QEvent.Type.MouseButtonPress:
                return self._on_press(event)
            if kind == QEvent.Type.MouseButtonRelease:
                return self._on_release(event)
            if kind == QEvent.Type.MouseButtonDblClick:
                self._pressed, self._dragging = None, ""
                self._stack.axis.move_cursor(self._time(event.position().x()))
                return True
        if event.type() == QEvent.Type.Leave and self._canvas.scene.measured is None:
            self._stack.tell("")
        return False

    def toggle_measure(self) -> None:
        """Put the measuring cursors into the view, or take them away."""
        if self._canvas.scene.measured is not None:
            self._stack.measure(None)
            return
        axis = self._stack.axis
        start_s, stop_s = axis.start_s + axis.width_s / 3, axis.start_s + axis.width_s * 2 / 3
        selected = axis.selection_s
        if selected is not None and axis.start_s <= selected[0] and selected[1] <= axis.stop_s:
            start_s, stop_s = selected
        self._choose_some_channel()
        self._stack.measure(start_s, stop_s)

    def _choose_some_channel(self) -> None:
        traces = self._canvas.traces
        if self._canvas.scene.current is None and traces is not None and traces.bands:
            band = traces.bands[0]
            self._stack.set_current(band.title, band.shown[0])

    def _time(self, x_px: float) -> float:
        return self._stack.axis.time_at(x_px, self._canvas.width())

    def _grabbed(self, x_px: float) -> str:
        """Return which measuring cursor is under the hand, "" for none."""
        for name, time_s in zip("AB", self._canvas.scene.measured or (), strict=False):
            if abs(self._stack.axis.x_of(time_s, self._canvas.width()) - x_px) <= GRAB_PX:
                return name
        return ""

    def _on_press(self, event: QMouseEvent) -> bool:
        self._stack.setFocus(Qt.FocusReason.MouseFocusReason)
        self._pressed = event.position()
        place = event.position()
        if place.x() < self._canvas.plot.left():
            self._dragging = "name"
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._dragging = "measure"
        else:
            self._dragging = self._grabbed(place.x())
        return True

    def _on_move(self, event: QMouseEvent) -> bool:
        place = event.position()
        if self._pressed is None:
            over_cursor = bool(self._grabbed(place.x()))
            shape = Qt.CursorShape.SplitHCursor if over_cursor else Qt.CursorShape.ArrowCursor
            self._canvas.setCursor(shape)
            if self._canvas.scene.measured is None:
                self._stack.tell(traces_readout.at(self._stack, place.x(), place.y()))
            return False
        moved = abs(place.x() - self._pressed.x()) >= DRAG_PX
        if self._dragging in ("A", "B") and self._canvas.scene.measured is not None:
            one, other = self._canvas.scene.measured
            here = self._time(place.x())
            self._stack.measure(*((here, other) if self._dragging == "A" else (one, here)))
        elif self._dragging == "measure" and moved:
            self._choose_channel(self._pressed.y())
            self._stack.measure(self._time(self._pressed.x()), self._time(place.x()))
        elif self._dragging in ("", "select") and moved:
            self._dragging = "select"
            self._stack.axis.select(self._time(self._pressed.x()), self._time(place.x()))
        return True

    def _on_release(self, event: QMouseEvent) -> bool:
        if self._pressed is not None and self._dragging in ("", "name"):
            self._choose_channel(event.position().y())
            if not self._dragging:
                self._stack.axis.select(None)
        self._pressed, self._dragging = None, ""
        return True

    def _choose_channel(self, y_px: float) -> None:
        band = traces_readout.band_at(self._stack, y_px)
        if band is not None and band.shown:
            self._stack.set_current(band.title, traces_readout.channel_at(self._stack, band, y_px))

    def _on_wheel(self, event: QWheelEvent) -> bool:
        notches = (event.angleDelta().y() or event.angleDelta().x()) / NOTCH
        held = event.modifiers()
        axis = self._stack.axis
        if held & Qt.KeyboardModifier.ControlModifier:
            axis.zoom(ZOOM**-notches, self._time(event.position().x()))
        elif held & Qt.KeyboardModifier.ShiftModifier:
            band = traces_readout.band_at(self._stack, event.position().y())
            self._stack.scale(GAIN_STEP**notches, band)
        else:
            axis.pan(-notches * PAN_SHARE)
        event.accept()
        return True

    def _menu(self, y_px: float) -> QMenu:
        """Return what can be done at a place."""
        stack = self._stack
        menu = QMenu(self._canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        band = traces_readout.band_at(stack, y_px)
        if band is not None and band.curve is not None:
            title, stream = band.title, band.group.stream
            menu.addAction(f"Take {title} away", lambda: stack.remove_curve(stream, title))
        elif band is not None:
            title, shown = band.title, band.shown
            channel = traces_readout.channel_at(stack, band, y_px)
            name = band.group.labels[channel]
            others = [place for place in shown if place != channel]
            menu.addAction(f"Hide {name}", lambda: stack.set_shown(title, others))
            menu.addAction(f"Show only {name}", lambda: stack.set_shown(title, [channel]))
            every = range(len(band.group.labels))
            menu.addAction(f"Show all of {title}", lambda: stack.set_shown(title, list(every)))
        menu.addAction("Channels…", stack.choose_channels)
        menu.addSeparator()
        butterfly = menu.addAction("Butterfly", lambda: stack.set_butterfly(not stack.butterfly))
        raw = menu.addAction("Raw", lambda: stack.set_raw(not stack.is_raw))
        for action, is_on, key in ((butterfly, stack.butterfly, "B"), (raw, stack.is_raw, "R")):
            action.setText(f"{action.text()}\t{key}")
            action.setCheckable(True)
            action.setChecked(is_on)
        menu.addAction("Fit scales\t*", stack.fit_scales)
        menu.addAction("Measure\tD", self.toggle_measure)
        menu.addSeparator()
        menu.addAction("Save picture…", stack.ask_picture)
        menu.addAction("Save table…", stack.ask_table)
        return menu
