"""The recording page: signals in the middle, panels around them that can be moved and come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.console.attention import open_attentions
from app.console.media_panel import MediaPanel
from app.console.notes_panel import NotesPanel
from app.console.parts import Banner, Line, Tinted
from app.console.quality_panel import QualityPanel
from app.console.session_panel import SessionPanel, needs_choice
from app.console.signals import SPANS_S, SignalView
from app.console.streams_panel import StreamsPanel
from app.console.told import ALARMED, told_of
from app.plan import SessionPlan

LAYOUT_VERSION = 2
MOST_OF_PAGE = 0.66
ORIGINS: Mapping[str, str] = {
    "automatic": "Automatic participant: the computer answers. This is not a recording of a person.",
    "simulated": "Simulated session: this is not a recording of a person.",
    "imported": "Imported data: not recorded here.",
}
REHEARSAL = "Rehearsal: kept apart from the study, without a code; it counts for nobody."


class LivePage(QMainWindow):
    """Shows a running session; emits names of actions, `abort_confirmed`, `attention_asked(attention)`."""

    asked = Signal(str)
    note_written = Signal(str)
    abort_confirmed = Signal()
    attention_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self.setProperty("help", "session")
        self.setObjectName("recording")
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.signals = SignalView()
        self.panel = SessionPanel()
        self.media = MediaPanel()
        self.streams = StreamsPanel()
        self.quality = QualityPanel()
        self.notes = NotesPanel()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.banner = Banner()
        self.lost = Banner()
        self.confirm = Banner()
        self.hold = Banner()
        self._abort_now = Tinted("Abort now", "abort", self._confirm_abort)
        self._go_on = Tinted("Go on recording", "", self.withdraw_abort)
        self.confirm.row.addWidget(self._go_on)
        self.confirm.row.addWidget(self._abort_now)
        for banner in (self.banner, self.lost, self.confirm, self.hold):
            column.addWidget(banner)
        column.addLayout(self._view_bar())
        column.addWidget(self.signals, 1)
        self.setCentralWidget(middle)
        self.docks = {
            name: self._dock(name, title, widget)
            for name, title, widget in (
                ("session", "Session", self.panel),
                ("media", "Camera and sound", self.media),
                ("streams", "Streams", self.streams),
                ("quality", "Quality", self.quality),
                ("notes", "Notes and alarms", self.notes),
            )
        }
        self.panel.asked.connect(self.asked)
        self.panel.abort_held.connect(self.abort_confirmed)
        self.panel.abort_hinted.connect(self.ask_abort)
        self.panel.attention_asked.connect(self.attention_asked)
        self.notes.note_written.connect(self.note_written)
        self.signals.panels_changed.connect(self._list_panels)
        self._plan: SessionPlan | None = None
        self.reset_layout()

    def _view_bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        self.shown_button = QToolButton()
        self.shown_button.setText("Signals shown")
        self.shown_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.shown_menu = QMenu(self.shown_button)
        self.shown_button.setMenu(self.shown_menu)
        row.addWidget(self.shown_button)
        row.addStretch(1)
        self.view_words = Line("", "muted")
        row.addWidget(self.view_words)
        for name, word in (
            ("flatter", "Flatter"),
            ("taller", "Taller"),
            ("shorter", "Shorter"),
            ("longer", "Longer"),
        ):
            button = Tinted(word, name)
            button.setFlat(True)
            button.clicked.connect(lambda _=False, chosen=name: self.asked.emit(chosen))
            row.addWidget(button)
        self._say_view()
        return row

    def _dock(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        return dock

    def reset_layout(self) -> None:
        """Put all panels where they belong."""
        right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        for name, area in (("session", right), ("media", right), ("streams", right), ("notes", bottom)):
            dock = self.docks[name]
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        self.addDockWidget(right, self.docks["quality"])
        self.docks["quality"].setFloating(False)
        self.tabifyDockWidget(self.docks["streams"], self.docks["quality"])
        self.docks["quality"].show()
        self.docks["streams"].raise_()
        self._share_height()
        side = [self.docks[name] for name in ("session", "media", "streams")]
        self.resizeDocks(side, [380] * 3, Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["notes"]], [130], Qt.Orientation.Vertical)

    def _share_height(self) -> None:
        side = [self.docks[name] for name in ("session", "media", "streams")]
        self.resizeDocks(side, [215, 175, 230], Qt.Orientation.Vertical)

    def layout_bytes(self) -> bytes:
        """Return the layout, to be remembered."""
        return bytes(self.saveState(LAYOUT_VERSION).data())

    def restore_layout(self, state: bytes) -> bool:
        """Take a remembered layout; False (and the usual one) if it does not fit."""
        if not state or not self.restoreState(QByteArray(state), LAYOUT_VERSION):
            self.reset_layout()
            return not state
        return True

    def begin(self) -> None:
        """Forget the last session: another one is being started or attached to."""
        self.panel.participant.forget()
        self.notes.clear()
        self.show_session(None)

    def show_session(self, plan: SessionPlan | None) -> None:
        """Follow a session's rings; None before one is attached."""
        self._plan = plan
        self.lost.say("")
        self.withdraw_abort()
        self.signals.show_session(plan)
        self.media.show_session(plan)
        self.banner.say(banner_words(plan), "info")
        self.hold.say("")
        self.panel.show_state({})
        self.streams.show_state({})
        self._show_quality({})

    def show_state(self, state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Show a `state` message; return the alarms that are new."""
        phase = str(state.get("phase", ""))
        begins = phase == "running" and self.panel.phase != "running"
        self.panel.show_state(state)
        if begins:
            # The results of the checks took room that is free again.
            self._share_height()
        # What stands in the way of a start must be read whole, its button included.
        needed = min(self.panel.needed_height(), round(MOST_OF_PAGE * self.height()))
        if needed != self.panel.minimumHeight():
            self.panel.setMinimumHeight(needed)
        self.streams.show_state(state)
        self._show_quality(state)
        # What the session waits for is not written large where the participant may read it.
        is_discreet = bool(open_attentions(state))
        holds = phase in ("running", "paused") and not needs_choice(state) and not is_discreet
        self.hold.say(str(state.get("message") or "") if holds else "", "warning")
        self.notes.set_possible(phase in ("waiting", "running", "paused"))
        if phase in ("finishing", "finished", "failed"):
            self.withdraw_abort()
        self.signals.waiting_text = "Waiting for the first signals…" if phase in ("", "checking") else ""
        return self.notes.show_alarms(state)

    def take_event(self, event: Mapping[str, Any]) -> None:
        """List what happened with the participant, where it does not come as an alarm."""
        payload, kind = event.get("payload"), str(event.get("kind", ""))
        known = told_of(
            kind,
            payload if isinstance(payload, Mapping) else {},
            int(event.get("trial", -1)),
            str(event.get("stage") or ""),
        )
        if known is None:
            return
        self.panel.participant.take(known)
        if kind not in ALARMED:
            self.notes.add_told(known, float(event.get("time") or 0.0))

    def _show_quality(self, state: Mapping[str, Any]) -> None:
        self.quality.show_state(state)
        poor = sum(stream.verdict == "failed" for stream in self.quality.rows.streams)
        self.docks["quality"].setWindowTitle(f"Quality: {poor} poor" if poor else "Quality")

    def show_lost(self, text: str) -> None:
        """Say that nobody supervises the session any more."""
        self.lost.say(text, "alarm")
        self.signals.show_session(None)
        self.media.show_session(None)
        self.notes.set_possible(False)
        self.panel.show_state({"phase": "failed", "message": text})

    def ask_abort(self) -> None:
        """Ask whether the session shall really end now; the session goes on meanwhile."""
        self.confirm.say("Abort the session? What was recorded so far is kept as a session file.", "alarm")
        self._go_on.setFocus()

    def withdraw_abort(self) -> None:
        """Go on recording."""
        self.confirm.say("")

    @property
    def asks_abort(self) -> bool:
        """Whether the question is on the screen."""
        return bool(self.confirm.text)

    def change_span(self, step: int) -> None:
        """Show a longer (1) or shorter (-1) time."""
        place = SPANS_S.index(self.signals.span_s) + step
        self.signals.set_span(SPANS_S[min(len(SPANS_S) - 1, max(0, place))])
        self._say_view()

    def change_zoom(self, factor: float) -> None:
        """Draw signals taller or flatter."""
        self.signals.set_zoom(self.signals.zoom * factor)
        self._say_view()

    def _confirm_abort(self) -> None:
        self.withdraw_abort()
        self.abort_confirmed.emit()

    def _say_view(self) -> None:
        zoom = self.signals.zoom
        height = "usual height" if zoom == 1 else f"height ×{zoom:g}"
        self.view_words.setText(f"last {self.signals.span_s:g} s, {height}")

    def _list_panels(self) -> None:
        self.shown_menu.clear()
        for panel in self.signals.panels:
            title = panel.group.title
            entry = self.shown_menu.addAction(title)
            entry.setCheckable(True)
            entry.setChecked(title not in self.signals.hidden)
            entry.toggled.connect(lambda on, name=title: self.signals.set_hidden(name, not on))
        self.shown_button.setEnabled(bool(self.signals.panels))


def banner_words(plan: SessionPlan | None) -> str:
    """Return what a session is that is no recording of a person like any other, "" for nothing to say."""
    if plan is None:
        return ""
    rehearsal = REHEARSAL if plan.rehearsal else ""
    return " ".join(filter(None, (rehearsal, ORIGINS.get(plan.origin, ""))))
