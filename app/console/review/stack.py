"""The signals of a recording, stacked on the axis that all rows share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from analysis.overview import Overview
from analysis.views.curves import Curve
from analysis.views.filters import Filters
from app.annotation.visible import EVERYTHING, Visible
from app.console.parts import Elided, Line, Tinted
from app.console.review import channels, traces_picture, traces_readout
from app.console.review.axis import TimeAxis
from app.console.review.canvas import Canvas
from app.console.review.canvas_mouse import Mouse
from app.console.review.traces_bands import GAIN_STEP, Band, bands_of, curve_band
from app.console.review.traces_columns import Traces
from app.console.review.traces_fit import fit, fit_scales
from app.console.saving import PICTURES, TABLES
from stimuli.problems import EvokeError

HELP = "Drag: select · wheel: move · Ctrl+wheel: zoom · double click: cursor · D: measure · B: butterfly"
REFIT_SHARE = 0.5


class SignalStack(QWidget):
    """All numeric streams of a recording but sound, as groups; see `resources/help/review.md` for its keys.

    `filters` are the display filters (`set_filters`), `is_raw` shows everything as it was recorded
    (key R), `butterfly` lays the channels of a group over each other (key B). `state_changed` is sent when
    one of them, the channels or the scales have changed, `status_changed` with what the hand is at, `failed`
    with what could not be saved.
    """

    state_changed = Signal()
    status_changed = Signal(str)
    failed = Signal(str)

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.overview: Overview | None = None
        self.visible: Visible = EVERYTHING
        self.canvas = Canvas(axis)
        self.canvas.fit = self._fit
        self.filters = Filters()
        self.butterfly = False
        self.is_raw = False
        self.event_words: tuple[str, ...] = ()
        self._all: list[Band] = []
        self._curves: list[Band] = []
        self._fitted: tuple[float, float] | None = None
        self._levelled: tuple[float, float] | None = None
        self._state = Line("", "muted")
        self._readout = Elided("")
        self._readout.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.channels_button = Tinted("Channels…", "signals", self.choose_channels)
        self.channels_button.setToolTip("Choose and order channels")
        self._layout()
        self._mouse = Mouse(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Signals")
        self.setProperty("help", "review")
        axis.view_changed.connect(self._say_state)
        self._say_state()

    def _layout(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(6, 2, 6, 2)
        head.setSpacing(10)
        head.addWidget(self.channels_button)
        head.addWidget(self._state)
        head.addWidget(self._readout, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.canvas, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """Prefer the room that a stack of sixteen channels needs."""
        return QSize(900, 420)

    def open(self, overview: Overview | None, visible: Visible = EVERYTHING) -> None:
        """Show a recording as far as it may be seen; None for none. The axis is the caller's to set."""
        self.overview, self.visible = overview, visible
        self._curves, self._fitted, self._levelled = [], None, None
        self.event_words = ()
        scene = self.canvas.scene
        scene.measured, scene.current, scene.events_s = None, None, np.zeros(0)
        self._all = [] if overview is None else bands_of(overview, visible.kinds)
        channels.restore(self._all)
        if overview is None:
            self.canvas.traces = None
            scene.gaps, scene.empty_text = {}, "No recording is open."
        else:
            window = visible.window_s or (-np.inf, np.inf)
            self.canvas.traces = Traces(overview, [], (float(window[0]), float(window[1])))
            streams = {band.group.stream for band in self._all}
            scene.gaps = {stream: overview.gaps(stream) for stream in streams}
            scene.empty_text = "This recording has no signals to show."
        self._arrange()

    @property
    def bands(self) -> tuple[Band, ...]:
        """Every band, also those of which no channel is shown; curves behind their stream's."""
        return tuple(self._with_curves(self._all))

    def set_filters(self, filters: Filters) -> None:
        """Use other display filters, and show them."""
        self.filters, self.is_raw = filters, False
        self._changed()

    def set_raw(self, is_raw: bool) -> None:
        """Show signals as they were recorded, or filtered again."""
        if is_raw != self.is_raw:
            self.is_raw = is_raw
            self._changed()

    def set_butterfly(self, butterfly: bool) -> None:
        """Lay the channels of each group over each other, or give each its lane."""
        if butterfly != self.butterfly:
            self.butterfly = butterfly
            self._changed()

    def scale(self, factor: float, band: Band | None = None) -> None:
        """Draw one band (all, if None) `factor` times as tall."""
        for one in [band] if band is not None else self._with_curves(self._all):
            one.scale_gain(factor)
        self._changed()

    def fit_scales(self) -> None:
        """Choose all scales anew by what is visible."""
        if self.canvas.traces is not None:
            fit_scales(self.canvas.traces, *self._seen())
            self._changed()

    def set_shown(self, title: str, shown: Sequence[int]) -> None:
        """Show these channels of a band (places in its group), in this order, and remember it."""
        for band in self._all:
            if band.title == title:
                band.shown = tuple(shown)
                channels.remember(band)
        self._arrange()

    def add_curve(self, stream_id: str, curve: Curve) -> None:
        """Draw a computed curve as a row of its own under its stream; one of the same name gives way."""
        if not self._all or "signals" in self._refused(stream_id):
            return
        self.remove_curve(stream_id, curve.name, quietly=True)
        beside = next((b for b in self._all if b.group.stream == stream_id), self._all[-1])
        made = curve_band(curve, beside)
        if beside.group.stream != stream_id:
            made.group = replace(made.group, stream=stream_id)
        self._curves.append(made)
        self._arrange()

    def remove_curve(self, stream_id: str, name: str = "", quietly: bool = False) -> None:
        """Take a stream's curve of this name away, or all of them."""
        kept = [b for b in self._curves if b.group.stream != stream_id or (name and b.title != name)]
        if len(kept) != len(self._curves):
            self._curves = kept
            if not quietly:
                self._arrange()

    def set_events(self, times_s: Sequence[float], words: Sequence[str] = ()) -> None:
        """Draw events as thin lines; `words` (one each) are told where the hand is near."""
        order = np.argsort(np.asarray(times_s, np.float64), kind="stable")
        self.canvas.scene.events_s = np.asarray(times_s, np.float64)[order]
        self.event_words = tuple(words[place] for place in order.tolist()) if words else ()
        self.canvas.update()

    def measure(self, one_s: float | None, other_s: float | None = None) -> None:
        """Put the two measuring cursors somewhere; None takes them away."""
        found = None if one_s is None or other_s is None else (one_s, other_s)
        self.canvas.scene.measured = found
        self.canvas.update()
        self.tell(traces_readout.measured(self) if found else "")

    def set_current(self, title: str, channel: int) -> None:
        """Make a channel the one that measuring is about."""
        self.canvas.scene.current = (title, channel)
        self.canvas.redraw()
        if self.canvas.scene.measured is not None:
            self.tell(traces_readout.measured(self))

    def choose_channels(self) -> None:
        """Open the list of channels."""
        channels.ChannelList(self).open_below(self.channels_button)

    def save_picture(self, path: Path) -> None:
        """Save what is visible as SVG or PNG; raises EvokeError."""
        traces_picture.save(self, path)

    def save_table(self, path: Path) -> None:
        """Save the numbers behind what is visible as CSV; raises EvokeError."""
        traces_picture.save_numbers(self, path)

    def settle(self) -> None:
        """Bring signals into their lanes for the present view, as painting does."""
        if self._fit():
            self.canvas.redraw()

    def ask_picture(self) -> None:
        """Ask where to save the picture, and save it."""
        self._ask("Save picture", PICTURES, self.save_picture)

    def ask_table(self) -> None:
        """Ask where to save the table, and save it."""
        self._ask("Save table", TABLES, self.save_table)

    def _ask(self, title: str, kinds: str, save: Callable[[Path], None]) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, title, "", kinds)
        if chosen:
            try:
                save(Path(chosen))
            except EvokeError as error:
                self.failed.emit(str(error))

    def tell(self, text: str) -> None:
        """Say what the hand is at."""
        self._readout.set_whole(text)
        self.status_changed.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """R raw, B butterfly, + and - taller and flatter, * fits scales, D measures; else the page's."""
        key, held = event.key(), event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        held &= ~Qt.KeyboardModifier.KeypadModifier
        if held or self.overview is None:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_R:
            self.set_raw(not self.is_raw)
        elif key == Qt.Key.Key_B:
            self.set_butterfly(not self.butterfly)
        elif key == Qt.Key.Key_D:
            self._mouse.toggle_measure()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.scale(GAIN_STEP)
        elif key == Qt.Key.Key_Minus:
            self.scale(1 / GAIN_STEP)
        elif key == Qt.Key.Key_Asterisk:
            self.fit_scales()
        elif key == Qt.Key.Key_Escape and self.canvas.scene.measured is not None:
            self.measure(None)
        else:
            super().keyPressEvent(event)

    def _refused(self, stream_id: str) -> tuple[str, ...]:
        """Return the kinds that keep a stream's curves from being shown."""
        from analysis.modalities import shown_as

        info = self.overview.infos.get(stream_id) if self.overview is not None else None
        kind = "keys" if info is None else shown_as(info)
        return () if kind in self.visible.kinds else ("signals",)

    def _with_curves(self, bands: Sequence[Band]) -> list[Band]:
        made: list[Band] = []
        left = list(self._curves)
        streams = [band.group.stream for band in bands]
        for place, band in enumerate(bands):
            made.append(band)
            if band.group.stream not in streams[place + 1 :]:
                made += [curve for curve in left if curve.group.stream == band.group.stream]
                left = [curve for curve in left if curve.group.stream != band.group.stream]
        return made + left

    def _arrange(self) -> None:
        """Give every band that is shown its place."""
        if self.canvas.traces is not None:
            self.canvas.traces.bands = [band for band in self._with_curves(self._all) if band.shown]
            self.canvas.scene.empty_text = (
                "No channel is chosen. Choose some under Channels…"
                if self._all and not self.canvas.traces.bands
                else self.canvas.scene.empty_text
            )
        self._changed()

    def _changed(self) -> None:
        traces = self.canvas.traces
        if traces is not None:
            traces.filters, traces.is_raw, traces.butterfly = self.filters, self.is_raw, self.butterfly
            traces.levels = {}
        self._fitted = self._levelled = None
        self.canvas.lay_out()
        self._say_state()
        self.state_changed.emit()

    def _seen(self) -> tuple[float, float]:
        low, high = self.visible.window_s or (-np.inf, np.inf)
        return (float(max(self.axis.start_s, low)), float(min(self.axis.stop_s, high)))

    def _fit(self) -> bool:
        """Before a picture is painted: keep signals in their lanes; True if it has to be drawn anew."""
        traces, view = self.canvas.traces, self._seen()
        if traces is None or view[1] <= view[0]:
            return False
        changed = False
        if self.filters.baseline != "none" and not self.is_raw and view != self._levelled:
            self._levelled = view
            before = traces.levels
            traces.measure_baseline(*view)
            changed = bool(before or traces.levels)
        width_s = view[1] - view[0]
        if self._fitted is not None:
            start_s, stop_s = self._fitted
            moved = abs(view[0] - start_s) > REFIT_SHARE * width_s
            if not moved and abs(width_s - (stop_s - start_s)) < 0.25 * width_s and not changed:
                return False
        self._fitted = view
        return fit(traces, *view) or changed

    def _say_state(self) -> None:
        traces = self.canvas.traces
        text, is_warning = "", False
        if traces is not None and any(band.is_electric for band in traces.bands):
            text, is_warning = traces_readout.state(traces, self.axis.width_s)
        self._state.setText(text)
        self._state.set_colour("warning" if is_warning else "muted")
        self._state.setToolTip(HELP)
